"""The learner's version of an assignment: a notebook without solutions, checks or rubrics, in a zip archive.

The same source gives the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import carbite
from carbite.archives import zipped
from carbite_course.assignment import Assignment, Cell
from carbite_course.submissions import cell_id

HOW_TO = """{title}

1. Open {name}.ipynb in JupyterLab: on Binder, on your course's hub, or on a computer with carbite {version}
   (python -m pip install "carbite[notebook,course]"). No network is needed.
2. Answer where it says "Answer to Question ...". Only these cells are marked; keep them, and the names in them.
3. Run a cell with Shift and Enter. The cells that begin with %%selfcheck say whether an answer can be right.
4. Save, and hand in {name}.ipynb. Do not rename it to another kind of file.
"""


def build(assignment: Assignment, folder: Path) -> Path:
    """Write ``NAME.zip`` with the learner's notebook; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{assignment.name}.zip"
    how_to = HOW_TO.format(title=assignment.about["title"], name=assignment.name, version=carbite.__version__)
    files = {
        "README.txt": how_to,
        f"{assignment.name}.ipynb": json.dumps(notebook(assignment), indent=1, ensure_ascii=False) + "\n",
    }
    target.write_bytes(zipped({f"{assignment.name}/{name}": text.encode() for name, text in files.items()}))
    return target


def notebook(assignment: Assignment, answers: dict[str, str] | None = None) -> dict[str, Any]:
    """The learner's notebook (nbformat 4.5) without outputs; with ``answers``, as if it had been filled in."""
    filled = assignment.blank | (answers or {})
    return {
        "cells": [_cell(position, each, filled) for position, each in enumerate(assignment.cells, start=1)],
        "metadata": {
            "course": {"assignment": assignment.name, "carbite": carbite.__version__},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(position: int, cell: Cell, answers: dict[str, str]) -> dict[str, Any]:
    identifier = cell_id(cell.question) if cell.question else f"given-{position}"
    metadata: dict[str, Any] = {"deletable": False}
    metadata |= {"question": cell.question} if cell.question else {"editable": False}
    source = answers[cell.question] if cell.question else cell.source
    written = {"cell_type": cell.kind, "id": identifier, "metadata": metadata, "source": source}
    return written | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})
