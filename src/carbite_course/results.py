"""What was found out about one submission, as a file: written whole or not at all, and the same every time."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import carbite
from carbite.evidence import package
from carbite.whole_files import write_text
from carbite_course.assignment import Assignment
from carbite_course.grading import REASONS, Key, Observed, marked, predicted
from carbite_course.sandbox import Limits
from carbite_course.submissions import Submission, legible

FOLDER = "results"
OK, UNREADABLE = "ok", "unreadable"
# From the most to the least telling.
STATUSES = (UNREADABLE, *REASONS, "error", OK)
Result = dict[str, Any]


def fingerprint(assignment: Assignment, submission: Submission, limits: Limits) -> str:
    """Of all that a result depends on: where it is the same, the result can be kept."""
    parts = [carbite.__version__, str(package()["seal"]), assignment.fingerprint, repr(limits), repr(submission)]
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()


def result(assignment: Assignment, submission: Submission, key: Key, seen: Observed, limits: Limits) -> Result:
    """The points of a submission with what led to them. ``points`` of a question that a person marks is None."""
    questions = {}
    blank = assignment.blank
    for name, question in assignment.questions.items():
        answer = submission.answers.get(name, "")
        if answer.strip() == blank[name].strip():
            answer = ""
        checks = [] if question.manual or name not in submission.answers else marked(question, key, seen)
        points = sum(check["points"] for check in checks)
        if question.manual and answer.strip():
            points = None
        questions[name] = {
            "answer": answer,
            "manual": question.manual,
            "error": legible(seen.errors.get(name, "")),
            "checks": checks,
            "prediction": predicted(question, key, seen),
            "points": points,
            "out_of": question.points,
            "comment": "",
        }
    ended = set(seen.failures) | ({"error"} if seen.errors else set())
    status = UNREADABLE if submission.problem else next(word for word in STATUSES if word in {*ended, OK})
    return {
        "assignment": assignment.name,
        "source": assignment.fingerprint,
        "learner": submission.learner,
        "name": submission.name,
        "platform_id": submission.platform_id,
        "file": submission.file,
        "status": status,
        "problem": submission.problem,
        "notes": list(submission.notes),
        "questions": questions,
        "fingerprint": fingerprint(assignment, submission, limits),
    }


def total(found: Result) -> float | None:
    """The points of a submission; None while a person still has to mark a part of it."""
    points = [question["points"] for question in found["questions"].values()]
    return None if None in points else sum(points)


def read(folder: Path, name: str) -> Result | None:
    """The result of that name; None where there is none that can be read."""
    try:
        found = json.loads((folder / FOLDER / f"{name}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"fingerprint", "source"} <= set(found) else None


def read_all(folder: Path) -> list[Result]:
    """Every result, in the order of the names."""
    names = sorted(path.stem for path in (folder / FOLDER).glob("*.json"))
    return [found for name in names if (found := read(folder, name))]


def write(folder: Path, found: Result) -> None:
    """Write a result, whole or not at all."""
    write_text(folder / FOLDER / f"{found['name']}.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")
