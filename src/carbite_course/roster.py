"""The platform's own table of learners, which goes back with one column filled.

It is the file that the platform exports, so that no column has to be guessed.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from carbite_course.assignment import Assignment
from carbite_course.feedback import points as shown
from carbite_course.results import Result, total
from carbite_course.tables import TableError, rows

# What tells the exports apart, and which of their columns has the learner's name.
PLATFORMS = {
    "canvas": {"Student", "ID", "Section"},
    "moodle": {"Identifier", "Full name", "Grade"},
    "plain": {"name"},
}
NAME_COLUMN = {"canvas": "Student", "moodle": "Full name", "plain": "name"}
# Canvas takes a file back with these, and with the column of one assignment.
CANVAS_KEPT = {"Student", "ID", "SIS User ID", "SIS Login ID", "Section"}


@dataclass(frozen=True)
class Roster:
    """The learners of a platform's export, and the file as it goes back."""

    platform: str
    rows: tuple[Mapping[str, str], ...]

    def check(self, found: Sequence[Result]) -> tuple[list[str], list[str], list[str]]:
        """Who is on the roster and handed nothing in, which submissions belong to nobody on it, and who has several."""
        claims = self._claims(found)
        absent = [self._owner(row) for row in self.rows if self._owner(row) and id(row) not in claims]
        several = [
            f"{self._owner(row)} ({', '.join(each['name'] for each in claims[id(row)])})"
            for row in self.rows
            if len(claims.get(id(row), ())) > 1
        ]
        return absent, [each["name"] for each in found if not self.row_of(each)], several

    def _claims(self, found: Sequence[Result]) -> dict[int, list[Result]]:
        """The submissions of each line, by its identity."""
        claims: dict[int, list[Result]] = {}
        for each in found:
            if row := self.row_of(each):
                claims.setdefault(id(row), []).append(each)
        return claims

    def _owner(self, row: Mapping[str, str]) -> str:
        return row[NAME_COLUMN[self.platform]].strip()

    def row_of(self, found: Result) -> Mapping[str, str] | None:
        """The line of a submission's owner: by the platform's number, else by a name that only one has."""
        if self.platform == "canvas" and found["platform_id"]:
            fitting = [row for row in self.rows if row["ID"].strip() == found["platform_id"]]
        elif self.platform == "moodle" and found["platform_id"]:
            number = found["platform_id"]
            fitting = [row for row in self.rows if re.sub(r"\D", "", row["Identifier"]) == number]
        else:
            wanted = _letters(found["learner"])
            fitting = [row for row in self.rows if wanted in self._names(row)]
        return fitting[0] if len(fitting) == 1 else None

    def _names(self, row: Mapping[str, str]) -> set[str]:
        cells = [self._owner(row), row.get("Email address", ""), row.get("email", ""), row.get("SIS Login ID", "")]
        return {_letters(cell) for cell in cells if cell.strip()} | {
            _letters("".join(reversed(self._owner(row).split(","))))
        }

    def filled(self, assignment: Assignment, found: Sequence[Result]) -> str:
        """The platform's file with the points of this assignment. Its other cells stay as they were exported.

        A line that has several submissions is left as it was: which of them counts is not guessed.
        """
        totals = {row: total(claims[0]) for row, claims in self._claims(found).items() if len(claims) == 1}
        title = str(assignment.about["title"])
        columns = list(self.rows[0])
        column = {"canvas": _canvas_column(columns, title), "moodle": "Grade", "plain": title}[self.platform]
        kept = [name for name in columns if self.platform != "canvas" or name in CANVAS_KEPT]
        wanted = kept if column in kept else [*kept, column]
        out = io.StringIO()
        writer = csv.DictWriter(out, wanted, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for row in self.rows:
            points = totals.get(id(row))
            filled = row.get(column, "") if points is None else shown(points)
            writer.writerow({**{name: row[name] for name in kept}, column: filled})
        return out.getvalue()


def _canvas_column(columns: Sequence[str], title: str) -> str:
    """Canvas names the column of an assignment ``Title (12345)``; without one, the title makes a new assignment."""
    fitting = [name for name in columns if re.sub(r" \(\d+\)$", "", name).casefold() == title.casefold()]
    return fitting[0] if len(fitting) == 1 else title


def _letters(text: str) -> str:
    """A name for comparing: no case, accents, spaces or punctuation."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if sign.isalnum())


def roster(file: Path) -> Roster:
    """The roster in a file: Canvas's gradebook export, Moodle's grading worksheet, or a table with ``name``.

    Raises TableError for a file that is none of these, or has nobody in it.
    """
    listed = rows(file)
    columns = set(listed[0]) if listed else set()
    platform = next((name for name, expected in PLATFORMS.items() if listed and columns >= expected), "")
    if not platform:
        raise TableError(
            f"{file}: not a roster; expected Canvas's gradebook export ({', '.join(sorted(PLATFORMS['canvas']))}), "
            f"Moodle's grading worksheet ({', '.join(sorted(PLATFORMS['moodle']))}), or a table with the column name"
        )
    if platform == "canvas":
        # Canvas writes the points possible in a row of their own, without an id.
        listed = [row for row in listed if row["ID"].strip()]
    if not listed:
        raise TableError(f"{file}: there is nobody on this roster")
    return Roster(platform, tuple(listed))
