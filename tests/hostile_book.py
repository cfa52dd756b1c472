"""A copy of the book whose data are hostile: markup in every free text, built with the book's own code.

python -m tests.hostile_book FOLDER
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

from tests.site.hostile import MARKUP

ROOT = Path(__file__).parents[1]
COPIED = ("src", "data", "book", "_config.yml", "_toc.yml", "requirements.lock")
# A chapter with explorer, charts and tables, two registers of all that the data say, and the references.
PAGES = ("book/efficacy", "book/ledger", "book/discrepancies", "book/data", "book/references")
# Free text for the schema, but loading reads it: numbers in words, or names of rows.
READ_BY_LOADING = frozenset({"value", "unit", "rests_on", "tests", "codes", "row_id", "field"})


def free_columns(resource: dict[str, Any]) -> list[str]:
    """The columns of a table in which any text may stand."""
    schema = resource["schema"]
    names = {name for key in schema.get("foreignKeys", []) for name in _listed(key["fields"])}
    names |= READ_BY_LOADING | set(_listed(schema.get("primaryKey", [])))
    return [
        field["name"]
        for field in schema["fields"]
        if field["type"] == "string"
        and field["name"] not in names
        and not {"enum", "pattern"} & field.get("constraints", {}).keys()
    ]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def make_hostile(data: Path, code: str) -> int:
    """Put markup behind each free text of the tables; returns into how many cells.

    What stands in quotes in the code stays: a figure may look up its trial by name, and would not find it spoilt.
    """
    payloads = cycle(MARKUP)
    changed = 0
    for resource in json.loads((data / "datapackage.json").read_text("utf-8"))["resources"]:
        path = data / resource["path"]
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            names, rows = list(reader.fieldnames or []), list(reader)
        for row in rows:
            for name in free_columns(resource):
                text = row[name]
                if text and f"'{text}'" not in code and f'"{text}"' not in code:
                    row[name] += f" {next(payloads)}"
                    changed += 1
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return changed


def build(folder: Path, *, whole: bool) -> Path:
    """Copy, spoil, seal and build the book, and its notebooks; returns the folder of the site.

    whole: every page; otherwise those that show each kind of text.

    Raises CalledProcessError with what was said when a step fails.
    """
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    if not whole:
        pages = "".join(f"- file: {name}\n" for name in PAGES)
        (folder / "_toc.yml").write_text(f"format: jb-book\nroot: book/index\nchapters:\n{pages}", "utf-8")
    code = "".join(path.read_text("utf-8") for path in (folder / "src").rglob("*.py"))
    if make_hostile(folder / "data", code) == 0:
        raise ValueError("no cell was changed, so nothing would be tested")
    for command in (
        ["-m", "carbite.seal"],
        ["-m", "carbite.references", "book/references.bib"],
        ["-m", "carbite.notebooks", "book", "_build/notebooks"],
        ["-c", "from jupyter_book.cli.main import main; main()", "build", "."],
    ):
        subprocess.run(
            [sys.executable, *command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder / "src"), "NO_COLOR": "1"},
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
    return folder / "_build" / "html"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True)
    try:
        print(build(target, whole=True))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stdout}\n{error.stderr}")
