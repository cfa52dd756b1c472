"""An assignment as its author writes it: one MyST notebook with questions, solutions, checks and rubrics.

Cells are told apart by what stands at their head:

- a code cell with ``:question: q1`` holds the solution of a question, a Markdown cell after
  ``+++ {"question": "q5"}`` the model answer of one that is marked by hand;
- a raw cell with ``:question: q1`` holds YAML: either ``checks``, or ``rubric`` and ``points``;
- a code cell and a raw cell with ``:question: p3`` are a prediction before Question 3: the raw cell names what the
  learner predicts (``prediction``) and what the solution finds (``result``), both as expressions; it gives no points,
  and the feedback sets one beside the other;
- everything else is given to the learner as it is; a code cell that begins with ``# Only to look at`` is not run
  by the grader, so that what takes long or draws costs nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import jupytext
import yaml

from carbite_course.debate import JUDGES

SELF_CHECK = "%%selfcheck"
ONLY_SHOWN = "# Only to look at"
MODEL_ANSWER = "<!-- MODEL ANSWER -->"
WORDS_PROMPT = "*Your answer to Question {number}: double-click here, write in the place of this line, run the cell.*"
QUESTION_NAME = re.compile(r"[pq][1-9][0-9]?")
CHECK_KEYS = {"expression", "points", "message", "relative", "absolute", "unordered", "judge", "mistakes"}
PREDICTION_KEYS = {"prediction", "result", "relative", "absolute"}
MISTAKE_KEYS = {"expression", "message", "points"}
RELATIVE = 1e-6
"""Tolerance of a check that states none: what differs only by the order of floating-point sums is the same."""


class AssignmentError(ValueError):
    """The source of an assignment is not as it must be; the message names file, question and what was expected."""


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is worth a word: the value it leads to, what to say, and any points it earns."""

    expression: str
    message: str
    points: float = 0.0


@dataclass(frozen=True)
class Check:
    """One thing that is checked: an expression in the learner's names, compared with its value in the solution.

    A number may differ by ``relative`` of the solution's value or by ``absolute``, whichever is more.
    ``unordered`` lists are compared as sets. ``message`` is what a learner reads whose value differs.
    Where no single value is right, ``judge`` names what looks at the value when it has left the sandbox; its finding
    is compared with that for the solution, and mistakes name other findings.
    """

    expression: str
    points: float
    message: str
    relative: float = RELATIVE
    absolute: float = 0.0
    unordered: bool = False
    judge: str = ""
    mistakes: tuple[Mistake, ...] = ()

    def judged(self, value: Any) -> Any:
        """What is compared: the value, or the judge's finding on it."""
        return JUDGES[self.judge](value) if self.judge else value


@dataclass(frozen=True)
class Question:
    """A question: checked by the machine, read by a person against a rubric, or a prediction of a later result.

    ``prediction`` is the check of what a learner predicts against ``result``, an expression in the solution's names.
    """

    name: str
    solution: str
    checks: tuple[Check, ...] = ()
    rubric: tuple[tuple[float, str], ...] = ()
    manual_points: float = 0.0
    prediction: Check | None = None
    result: str = ""

    @property
    def manual(self) -> bool:
        """Whether a person marks it."""
        return not self.checks and self.prediction is None

    @property
    def points(self) -> float:
        """The most that it gives."""
        return self.manual_points if self.manual else sum(check.points for check in self.checks)


@dataclass(frozen=True)
class Cell:
    """A cell of the learner's notebook: given as it is, or (with a question) the place of an answer."""

    kind: str
    source: str
    question: str = ""

    @property
    def runs(self) -> bool:
        """Whether the grader runs it: self-checks and cells that show something are the learner's."""
        return self.kind == "code" and not self.source.startswith((SELF_CHECK, ONLY_SHOWN))


@dataclass(frozen=True)
class Assignment:
    """The whole of it. ``about`` is the head of the source: title, minutes, objectives."""

    name: str
    about: Mapping[str, Any]
    cells: tuple[Cell, ...]
    questions: Mapping[str, Question]
    source: bytes = field(repr=False)

    @property
    def points(self) -> float:
        """The most that it gives, what is marked by hand included."""
        return sum(question.points for question in self.questions.values())

    @property
    def solution(self) -> dict[str, str]:
        """The answers of the solution, by question."""
        return {name: question.solution for name, question in self.questions.items()}

    @property
    def blank(self) -> dict[str, str]:
        """The answers of a notebook that was handed in as it was handed out."""
        return {name: prompt(name, question.solution) for name, question in self.questions.items()}

    @cached_property
    def fingerprint(self) -> str:
        """Of the source: another text, another fingerprint."""
        return sha256(self.source).hexdigest()


def read(path: Path) -> Assignment:
    """The assignment in a file, or in the file of the same name in a folder.

    Raises AssignmentError for a file that is not there or not as described above.
    """
    file = path / f"{path.name}.md" if path.is_dir() else path
    if not file.is_file():
        raise AssignmentError(f"{file}: there is no such assignment")
    source = file.read_bytes()
    notebook = jupytext.reads(source.decode(), fmt="md:myst")
    about = notebook.metadata.get("course")
    if not isinstance(about, dict) or not {"title", "minutes", "objectives"} <= set(about):
        raise AssignmentError(f"{file}: its head needs 'course' with title, minutes and objectives")
    cells: list[Cell] = []
    solutions: dict[str, str] = {}
    marking: dict[str, Mapping[str, Any]] = {}
    for each in notebook.cells:
        name = each.metadata.get("question", "")
        if name and not QUESTION_NAME.fullmatch(str(name)):
            raise AssignmentError(f"{file}: question {name!r}; expected q1 to q99, or p1 to p99 for a prediction")
        if each.cell_type == "raw":
            if name in marking or not name:
                raise AssignmentError(f"{file}: a raw cell for {name or 'no question'}; expected one a question")
            marking[name] = _yaml(file, name, each.source)
            continue
        if name in solutions:
            raise AssignmentError(f"{file}: {name} has two answer cells; expected one")
        if name:
            solutions[name] = each.source
        cells.append(Cell(each.cell_type, prompt(str(name), each.source) if name else each.source, name))
    if set(solutions) != set(marking):
        raise AssignmentError(f"{file}: answers for {sorted(solutions)}, marking for {sorted(marking)}")
    questions = {name: _question(file, name, solutions[name], marking[name]) for name in solutions}
    return Assignment(file.stem, about, tuple(cells), questions, source)


def prompt(name: str, solution: str) -> str:
    """What a learner starts from: ``...`` in the place of a block between ``# BEGIN SOLUTION`` and ``# END SOLUTION``,
    and on the right-hand side of a line that ends in ``# SOLUTION``. A model answer in words is left out as a whole.
    """
    if solution.lstrip().startswith(MODEL_ANSWER):
        return WORDS_PROMPT.format(number=name[1:])
    return "\n".join(_prompt_lines(solution))


def _prompt_lines(solution: str) -> Iterator[str]:
    inside = False
    for line in solution.split("\n"):
        mark = line.strip()
        if mark in ("# BEGIN SOLUTION", "# END SOLUTION"):
            inside = mark.startswith("# BEGIN")
            if inside:
                yield line.replace(mark, "...")
        elif not inside:
            yield re.sub(r"(?P<left>^\s*(?:return|[^=]*[^=<>!]=(?!=)))\s.*# SOLUTION\s*$", r"\g<left> ...", line)


def _yaml(file: Path, name: str, text: str) -> Mapping[str, Any]:
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise AssignmentError(f"{file}: the marking of {name} is not YAML: {error}") from None
    if name.startswith("p"):
        if not isinstance(said, dict) or not {"prediction", "result"} <= set(said) <= PREDICTION_KEYS:
            raise AssignmentError(f"{file}: {name} is a prediction: it has to hold 'prediction' and 'result'")
    elif not isinstance(said, dict) or set(said) not in ({"checks"}, {"rubric", "points"}):
        raise AssignmentError(f"{file}: the marking of {name} has to hold 'checks', or 'rubric' and 'points'")
    return said


def _question(file: Path, name: str, solution: str, marking: Mapping[str, Any]) -> Question:
    try:
        if "checks" in marking:
            return Question(name, solution, tuple(_check(each) for each in marking["checks"]))
        if "prediction" in marking:
            tolerances = {key: marking[key] for key in ("relative", "absolute") if key in marking}
            check = _check({"expression": marking["prediction"], "points": 0, "message": "", **tolerances})
            compile(marking["result"], "<result>", "eval")
            return Question(name, solution, prediction=check, result=str(marking["result"]))
        rubric = tuple((float(level["points"]), str(level["for"])) for level in marking["rubric"])
        return Question(name, solution, rubric=rubric, manual_points=float(marking["points"]))
    except (KeyError, TypeError, ValueError, SyntaxError) as error:
        raise AssignmentError(f"{file}: the marking of {name}: {error!r}") from None


def _check(said: Mapping[str, Any]) -> Check:
    if unknown := set(said) - CHECK_KEYS:
        raise ValueError(f"unknown {sorted(unknown)}; expected some of {sorted(CHECK_KEYS)}")
    mistakes = []
    for each in said.get("mistakes", ()):
        if unknown := set(each) - MISTAKE_KEYS:
            raise ValueError(f"unknown {sorted(unknown)}; expected some of {sorted(MISTAKE_KEYS)}")
        mistakes.append(Mistake(str(each["expression"]), str(each["message"]), float(each.get("points", 0))))
    compile(said["expression"], "<check>", "eval")
    if said.get("judge", "") not in ("", *JUDGES):
        raise ValueError(f"judge is {said['judge']!r}; expected one of {', '.join(JUDGES)}")
    return Check(
        expression=str(said["expression"]),
        points=float(said["points"]),
        message=str(said["message"]),
        relative=float(said.get("relative", RELATIVE)),
        absolute=float(said.get("absolute", 0.0)),
        unordered=bool(said.get("unordered", False)),
        judge=str(said.get("judge", "")),
        mistakes=tuple(mistakes),
    )
