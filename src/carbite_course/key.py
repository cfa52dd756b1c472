"""The answer key of an assignment, for instructors: a page with everything that learners do not get, and the solved
notebook.

The solution is the author's own, so it runs without a sandbox; what it gives stands beside each check.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from carbite.whole_files import write_text
from carbite_course.assignment import MODEL_ANSWER, Assignment, Check
from carbite_course.building import notebook
from carbite_course.feedback import points
from carbite_course.grading import Key

PAGE, SOLVED = "{name}-key.html", "{name}-solved.ipynb"
# Digits of a value that a reader compares with a learner's.
DIGITS = 6


def write(folder: Path, assignment: Assignment, key: Key) -> tuple[Path, Path]:
    """Write the page and the solved notebook of an assignment; returns their paths."""
    shown, solved = (folder / pattern.format(name=assignment.name) for pattern in (PAGE, SOLVED))
    filled = notebook(assignment, assignment.solution)
    write_text(shown, page(assignment, key))
    write_text(solved, json.dumps(filled, indent=1, ensure_ascii=False) + "\n")
    return shown, solved


def page(assignment: Assignment, key: Key) -> str:
    """The key as HTML, in the order of the assignment."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"points": points, "words": _words}
    template = environment.from_string(files("carbite_course").joinpath("key.html").read_text("utf-8"))
    by_hand = sum(each.points for each in assignment.questions.values() if each.manual)
    return template.render(
        assignment=assignment,
        by_hand=by_hand,
        value=lambda name, check: _value(key, name, check),
        mistaken=lambda name, mistake: _shown(key.values[name, mistake.expression]),
    )


def _words(source: str) -> Markup:
    """Markdown as HTML; markup in it is shown, not used."""
    without_mark = source.replace(MODEL_ANSWER, "").strip()
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(without_mark))


def _value(key: Key, name: str, check: Check) -> str:
    """The value of the solution; where any number of values is right, what the judge says of it."""
    value = key.values[name, check.expression]
    return f"judged ({check.judge}): {check.judged(value)}" if check.judge else _shown(value)


def _shown(value: Any) -> str:
    return json.dumps(_rounded(value), ensure_ascii=False)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return value
