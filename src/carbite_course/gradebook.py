"""The class as tables: grades, and what a person still has to mark.

What came from submissions is never a formula for a spreadsheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from carbite.whole_files import write_text
from carbite_course.assignment import Assignment
from carbite_course.feedback import points as shown
from carbite_course.results import Result, total, write
from carbite_course.roster import Roster
from carbite_course.tables import TableError, bare, rows, table

GRADES, MANUAL, SUPERSEDED = "grades.csv", "manual.csv", "manual.superseded.csv"
# Without it, a spreadsheet may take accents and signs such as "≥" for other ones.
BYTE_ORDER_MARK = "\ufeff"
MANUAL_COLUMNS = ("name", "learner", "question", "out_of", "points", "comment", "answer", "answer_checksum")


def grades(assignment: Assignment, found: Sequence[Result]) -> str:
    """One line a submission: status, points by question, total (empty while a person still has to mark)."""
    names = [name for name, question in assignment.questions.items() if question.prediction is None]
    lines = [["name", "learner", "platform_id", "status", *names, "total", "out_of", "remarks"]]
    for each in found:
        marks = [_cell(each["questions"][name]["points"]) for name in names]
        remarks = "; ".join(filter(None, [each["problem"], *each["notes"]]))
        lines.append(
            [
                each["name"],
                each["learner"],
                each["platform_id"],
                each["status"],
                *marks,
                _cell(total(each)),
                shown(assignment.points),
                remarks,
            ]
        )
    return table(lines)


def _cell(number: float | None) -> str:
    return "" if number is None else shown(number)


def to_mark(found: Sequence[Result]) -> str:
    """The answers in words, one a row, with an empty column for the points; marks already given are in it."""
    lines: list[Sequence[str]] = [MANUAL_COLUMNS]
    for each in found:
        for name, question in each["questions"].items():
            if question["manual"] and question["answer"].strip():
                marks = (shown(question["out_of"]), _cell(question["points"]), question["comment"])
                answer = question["answer"]
                lines.append((each["name"], each["learner"], name, *marks, answer, checksum(answer)))
    return table(lines)


def checksum(answer: str) -> str:
    """Tells whether an answer is the one that was marked. A spreadsheet must not take it for a number."""
    return f"x{sha256(answer.encode()).hexdigest()[:12]}"


def merge(folder: Path, found: Sequence[Result]) -> list[str]:
    """Put the points of ``manual.csv``, if there is one, into the results; returns what was left out, and why.

    A mark whose answer has changed since is left out, and the table kept aside: someone has to read the new answer.
    Raises TableError for points that are no number from 0 to the most, and for missing columns.
    """
    file = folder / MANUAL
    if not file.exists():
        return []
    by_name = {each["name"]: each for each in found}
    left_out = []
    for number, row in enumerate(rows(file, MANUAL_COLUMNS), start=2):
        if not row["points"].strip():
            continue
        place = f"{file}, row {number}"
        question = by_name.get(bare(row["name"]), {"questions": {}})["questions"].get(row["question"])
        if question is None or not question["manual"]:
            left_out.append(f"{place}: there is no {row['question']} of {row['name']} to mark")
            continue
        points = _points(row["points"], question["out_of"], place)
        if checksum(question["answer"]) != row["answer_checksum"]:
            left_out.append(f"{place}: the answer of {row['name']} has changed since it got {shown(points)}")
            continue
        question["points"], question["comment"] = points, bare(row["comment"])
    for each in found:
        write(folder, each)
    if left_out:
        aside = file.with_name(SUPERSEDED)
        write_text(aside, file.read_text("utf-8"))
        left_out.append(f"{aside} keeps these marks")
    return left_out


def _points(text: str, most: float, place: str) -> float:
    try:
        points = float(text.strip().replace(",", "."))
    except ValueError:
        points = -1.0
    if not 0 <= points <= most:
        raise TableError(f"{place}: points are {text!r}; expected a number from 0 to {shown(most)}")
    return points


def write_all(folder: Path, assignment: Assignment, found: Sequence[Result], listed: Roster | None) -> None:
    """Write the tables of a class."""
    for name, text in ((GRADES, grades(assignment, found)), (MANUAL, to_mark(found))):
        write_text(folder / name, BYTE_ORDER_MARK + text)
    if listed:
        mark = BYTE_ORDER_MARK if listed.platform == "plain" else ""
        write_text(folder / f"{listed.platform}.csv", mark + listed.filled(assignment, found))
