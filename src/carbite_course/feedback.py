"""What a learner reads: a page on its own, without a script, in which nothing of the submission is markup."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from carbite.whole_files import write_text
from carbite_course.assignment import Assignment
from carbite_course.results import Result, total

FOLDER = "feedback"


def points(number: float | None) -> str:
    """Points without needless decimals: ``2``, ``2.5``; a dash where they are still to come."""
    return "–" if number is None else f"{number:g}"


def page(assignment: Assignment, found: Result) -> str:
    """The page as HTML; every text is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["points"] = points
    template = environment.from_string(files("carbite_course").joinpath("feedback.html").read_text("utf-8"))
    rubrics = {name: question.rubric for name, question in assignment.questions.items()}
    return template.render(
        title=assignment.about["title"], found=found, rubrics=rubrics, total=total(found), out_of=assignment.points
    )


def write(folder: Path, assignment: Assignment, found: Result) -> None:
    """Write the page of one submission."""
    write_text(folder / FOLDER / f"{found['name']}.html", page(assignment, found))
