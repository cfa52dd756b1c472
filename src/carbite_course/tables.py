"""CSV as spreadsheets read and write it: nothing in a cell is run, commas or semicolons, rows by their number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from carbite.foreign_text import FORMULA_SIGNS


class TableError(ValueError):
    """A table that a person edited or exported cannot be used; the message names file, row and what was expected."""


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV in which no cell is run by a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell for cell in row] for row in rows)
    return out.getvalue()


def bare(cell: str) -> str:
    """A cell without the sign that kept a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_SIGNS) else cell


def rows(file: Path, expected: Iterable[str] = ()) -> list[Mapping[str, str]]:
    """The rows of a table, an empty text in each empty cell.

    Raises TableError for a file that cannot be read or lacks one of the expected columns.
    """
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise TableError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise TableError(f"{file}: expected UTF-8; in a spreadsheet choose 'CSV UTF-8' when saving") from None
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",")
    columns = set(reader.fieldnames or ())
    if missing := set(expected) - columns:
        raise TableError(f"{file}: the columns {', '.join(sorted(missing))} are missing")
    return [{name: row[name] or "" for name in reader.fieldnames or ()} for row in reader]
