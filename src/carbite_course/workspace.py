"""Everything that a learner opens in JupyterLab, in one folder: the chapters, the assignments, and their contents.

    python -m carbite_course.workspace . _build/notebooks

Binder, a hub and a laptop get the same folder. Notebooks that a learner has edited are kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from carbite import notebooks, stamp
from carbite.launch import ASSIGNMENTS, CHAPTERS, CONTENTS, chapter
from carbite_course.assignment import Assignment, AssignmentError, read
from carbite_course.building import notebook

HOW_TO = (
    "Click a title. In the notebook, choose *Run*, then *Run All Cells*. "
    "Change what you like: your notebooks are saved in this folder, and no later version replaces one that you edited."
)


def write(root: Path, target: Path) -> dict[Path, bool]:
    """The folder, from a copy of the repository: each file, and whether it was written (else it was edited)."""
    assignments = [read(folder) for folder in sorted((root / "course" / "assignments").iterdir()) if folder.is_dir()]
    done = notebooks.write(root / "book", target / CHAPTERS)
    for each in assignments:
        file = target / ASSIGNMENTS / f"{each.name}.ipynb"
        done[file] = stamp.write(file, notebook(each))
    file = target / CONTENTS
    done[file] = stamp.write(file, _contents(root, assignments))
    return done


def _contents(root: Path, assignments: list[Assignment]) -> dict[str, Any]:
    """A notebook of one cell: every notebook by its title, in the order of the book."""
    title = yaml.safe_load((root / "_config.yml").read_text("utf-8"))["title"]
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    lines = [f"# {title}", "", HOW_TO, "", _link(root, toc["root"])]
    for part in toc["parts"]:
        lines += ["", f"## {part['caption']}", "", *(_link(root, each["file"]) for each in part["chapters"])]
    lines += ["", "## Assignments", "", *_assignments(assignments)]
    return {
        "cells": [{"cell_type": "markdown", "id": "contents", "metadata": {}, "source": "\n".join(lines)}],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _link(root: Path, page: str) -> str:
    return f"- [{notebooks.title(root / f'{page}.md') or page}]({chapter(page)})"


def _assignments(assignments: list[Assignment]) -> Iterator[str]:
    for each in assignments:
        about: Mapping[str, Any] = each.about
        yield f"- [{about['title']}]({ASSIGNMENTS}/{each.name}.ipynb), {about['minutes']} minutes"


def main() -> None:
    """``python -m carbite_course.workspace ROOT TARGET``."""
    parser = argparse.ArgumentParser(description="Write chapters and assignments as notebooks into one folder.")
    parser.add_argument("root", type=Path, help="a copy of the repository")
    parser.add_argument("target", type=Path, help="folder for the notebooks")
    chosen = parser.parse_args()
    if not (chosen.root / "book").is_dir():
        sys.exit(f"{chosen.root}: holds no folder 'book'; expected a copy of the repository")
    try:
        done = write(chosen.root, chosen.target)
    except (notebooks.ChapterError, AssignmentError) as error:
        sys.exit(str(error))
    print(f"wrote {sum(done.values())} notebooks into {chosen.target}")
    for file, written in done.items():
        if not written:
            print(f"kept {file}, which was edited; rename it to get a fresh one")


if __name__ == "__main__":
    main()
