"""Which rows of ``data/`` are new since the last release.

``released.json`` keeps the version of that release and the rows that its tables had. ``make released``, a step of
every release, writes it anew. Until a first release there is nothing to be new against, and no row is marked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from carbite.evidence import TABLES, package, records
from carbite.markup import Markup

FILE = "released.json"


@dataclass(frozen=True)
class Release:
    """A version, and for each table the rows that it had by then; no version before the first release."""

    version: str
    rows: Mapping[str, frozenset[str]]


@cache
def last() -> Release:
    """The last release, as ``released.json`` keeps it."""
    kept = json.loads(files("carbite").joinpath(FILE).read_text("utf-8"))
    return Release(kept["version"], {table: frozenset(rows) for table, rows in kept["rows"].items()})


def row_ids(table: str) -> list[str]:
    """What names each row of a table: its key, or the cells of its key with a space between them."""
    key = next(each for each in package()["resources"] if each["name"] == table)["schema"]["primaryKey"]
    return [" ".join(str(row[name]) for name in key) for row in records(table)]


def is_new(table: str, row_id: str, release: Release | None = None) -> bool:
    """Whether a row came after the release (the last one, unless another is given)."""
    release = release or last()
    return bool(release.version) and row_id not in release.rows.get(table, ())


def new_rows(release: Release | None = None) -> dict[str, list[str]]:
    """By table, the rows that came after the release; tables without any are left out."""
    found = {table: [each for each in row_ids(table) if is_new(table, each, release)] for table in TABLES}
    return {table: rows for table, rows in found.items() if rows}


def mark(table: str, row_id: str) -> str:
    """What stands behind a row that is new: ``new since version 0.1.0``; nothing behind any other."""
    return f"new since version {last().version}" if is_new(table, row_id) else ""


def news(release: Release | None = None) -> Markup:
    """The rows that are new since the release, by table, for the page on the data."""
    release = release or last()
    if not release.version:
        return Markup("<p>No version has been released yet, so that nothing is marked as new.</p>")
    found = new_rows(release)
    if not found:
        return Markup(f"<p>No row is new since version {escape(release.version)}.</p>")
    titles = {each["name"]: each["title"] for each in package()["resources"]}
    items = "".join(
        f'<li><a href="#table-{table}">{escape(titles[table])}</a> ({len(rows)}): '
        f"{', '.join(f'<code>{escape(each)}</code>' for each in rows)}</li>"
        for table, rows in found.items()
    )
    return Markup(f"<p>New since version {escape(release.version)}:</p><ul>{items}</ul>")


def kept() -> dict[str, Any]:
    """What ``released.json`` holds after a release of the present data."""
    return {"version": package()["version"], "rows": {table: row_ids(table) for table in TABLES}}


if __name__ == "__main__":
    text = json.dumps(kept(), indent=1, ensure_ascii=False) + "\n"
    Path(__file__).with_name(FILE).write_text(text, encoding="utf-8", newline="\n")
