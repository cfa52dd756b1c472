"""Grades as a spreadsheet and a platform take them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from carbite_course import roster as rosters
from carbite_course.assignment import Assignment
from carbite_course.gradebook import checksum
from carbite_course.roster import Roster
from carbite_course.tables import TableError, table

CANVAS = """Student,ID,SIS Login ID,Section,Toy (4711),Other (4712)
    Points Possible,,,,8.0,5.0
"Curie, Marie",1234,mc1,A,,3
"Meitner, Lise",77,lm1,A,,
"""
MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments
Participant 1234,Marie Curie,mc@example.org,Submitted,,8,
Participant 77,Lise Meitner,lm@example.org,No submission,,8,
"""
PLAIN = "name,group\nMarie Curie,A\nLise Meitner,B\n"


def result(learner: str, platform_id: str = "", points: float | None = 6.5) -> dict[str, Any]:
    return {
        "name": f"{learner}-{platform_id}",
        "learner": learner,
        "platform_id": platform_id,
        "status": "ok",
        "problem": "",
        "notes": [],
        "questions": {"q1": {"points": points}},
    }


def roster(text: str, folder: Path) -> Roster:
    file = folder / "roster.csv"
    file.write_text(text, "utf-8-sig")
    return rosters.roster(file)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_canvas_gets_its_own_columns_back(toy: Assignment, tmp_path: Path) -> None:
    listed = roster(CANVAS, tmp_path)
    back = rows(listed.filled(toy, [result("curiemarie", "1234")]))
    assert [row["Student"] for row in back] == ["Curie, Marie", "Meitner, Lise"]
    assert [row["Toy (4711)"] for row in back] == ["6.5", ""]
    assert set(back[0]) == {"Student", "ID", "SIS Login ID", "Section", "Toy (4711)"}
    assert listed.check([result("curiemarie", "1234")]) == (["Meitner, Lise"], [], [])


def test_moodle_gets_its_own_columns_back(toy: Assignment, tmp_path: Path) -> None:
    listed = roster(MOODLE, tmp_path)
    back = rows(listed.filled(toy, [result("Marie Curie", "1234")]))
    assert [row["Grade"] for row in back] == ["6.5", ""]
    assert list(back[0]) == MOODLE.splitlines()[0].split(",")


def test_names_are_matched_without_accents_and_case(toy: Assignment, tmp_path: Path) -> None:
    listed = roster(PLAIN.replace("Marie Curie", "Márie CURIE"), tmp_path)
    back = rows(listed.filled(toy, [result("marie-curie"), result("nobody")]))
    assert [row["Toy"] for row in back] == ["6.5", ""]
    assert listed.check([result("marie-curie"), result("nobody")]) == (["Lise Meitner"], ["nobody-"], [])


def test_two_of_one_name_are_not_guessed(toy: Assignment, tmp_path: Path) -> None:
    listed = roster("name,group\nMarie Curie,A\nMarie Curie,B\n", tmp_path)
    assert listed.check([result("Marie Curie")])[1] == ["Marie Curie-"]


def test_of_two_submissions_of_one_learner_none_is_chosen(toy: Assignment, tmp_path: Path) -> None:
    """A name in other letters, or composed of other signs, may be the same learner's, or somebody else's."""
    listed = roster(PLAIN.replace("Marie Curie", "Zo\u00eb Curie"), tmp_path)
    twice = [result("Zo\u00eb Curie"), result("Zoe\u0308 Curie", points=1)]
    assert [row["Toy"] for row in rows(listed.filled(toy, twice))] == ["", ""]
    assert listed.check(twice) == (["Lise Meitner"], [], ["Zo\u00eb Curie (Zo\u00eb Curie-, Zoe\u0308 Curie-)"])


def test_of_two_learners_of_one_name_the_absent_one_is_named(tmp_path: Path) -> None:
    listed = roster(CANVAS.replace("Meitner, Lise", "Curie, Marie"), tmp_path)
    assert listed.check([result("curiemarie", "1234")]) == (["Curie, Marie"], [], [])


def test_points_that_are_still_to_come_are_left_empty(toy: Assignment, tmp_path: Path) -> None:
    back = rows(roster(PLAIN, tmp_path).filled(toy, [result("Marie Curie", points=None)]))
    assert back[0]["Toy"] == ""


def test_a_table_that_is_no_roster_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"roster\.csv: not a roster; expected Canvas's gradebook export"):
        roster("who,what\na,b\n", tmp_path)
    with pytest.raises(TableError, match="not a roster"):
        roster("", tmp_path)


@pytest.mark.parametrize("sign", "=+-@")
def test_no_cell_of_a_submission_is_a_formula(sign: str) -> None:
    assert table([[f"{sign}1+1"]]) == f"'{sign}1+1\n"


def test_a_checksum_is_no_number_for_a_spreadsheet() -> None:
    """One of digits alone, or with one e among them, would come back rounded, and its marks be lost."""
    for number in range(2000):
        with pytest.raises(ValueError, match="could not convert"):
            float(checksum(f"An answer, the {number}th."))
