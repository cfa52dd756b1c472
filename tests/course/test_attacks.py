"""What hostile submissions tried and did not get: a score, a file, a connection, a process, another's grade."""

from __future__ import annotations

import csv
import re

import pytest

from carbite_course.assignment import read
from tests.course import attacks, files
from tests.course.conftest import TOY, Graded, mentioning

PROBLEMS = {learner: said for learner, (_, _, said) in files.problems(read(TOY)).items()}
BOTH = {**attacks.ON_QUESTION_1, **attacks.ON_QUESTION_2}


def test_the_class_was_graded(graded: Graded) -> None:
    assert graded.run.returncode == 0, graded.run.stderr
    listed = {row["name"] for row in csv.DictReader((graded.folder / "grades.csv").open(encoding="utf-8-sig"))}
    assert listed == {path.name for path in graded.submissions.iterdir()}


@pytest.mark.parametrize("attack", attacks.ON_QUESTION_1)
def test_no_score_is_forged(attack: str, graded: Graded) -> None:
    assert graded.points(attack, "q1") == 0
    assert graded.points(attack, "q2") in (0, 1, 2)


@pytest.mark.parametrize("attack", [each for each in attacks.ON_QUESTION_1 if each not in attacks.ONLY_THEMSELVES])
def test_an_attack_costs_its_own_question_alone(attack: str, graded: Graded) -> None:
    assert graded.points(attack, "q2") == 2


@pytest.mark.parametrize("attack", attacks.ON_QUESTION_2)
def test_a_check_that_fails_costs_its_own_question_alone(attack: str, graded: Graded) -> None:
    assert graded.points(attack, "q1") == 2
    assert graded.points(attack, "q2") == 0


@pytest.mark.parametrize("learner", ["good", "renamed-file", "renamed-cells", "source-as-lines", "extra-cell"])
def test_the_others_are_graded(learner: str, graded: Graded) -> None:
    assert (graded.points(learner, "q1"), graded.points(learner, "q2")) == (2, 2)
    assert graded[learner]["status"] == "ok"


def test_an_archive_is_opened_and_nothing_else_in_it(graded: Graded) -> None:
    assert graded.points("zipped-with-log", "q2") == 2


def test_nothing_outside_was_touched(graded: Graded) -> None:
    assert sorted(path.name for path in graded.outside.iterdir()) == ["precious"]
    assert (graded.outside / "precious").read_text() == "kept"
    assert {path.name for path in graded.folder.iterdir()} == {"results", "feedback", "grades.csv", "manual.csv"}


def test_nobody_called_out(graded: Graded) -> None:
    assert graded.calls == []


def test_no_process_outlives_its_submission(graded: Graded) -> None:
    assert mentioning("carbite_course/driver.py") == []


@pytest.mark.parametrize(
    ("attack", "statuses"),
    {
        "infinite-loop": {"timeout"},
        "ignores-the-clock": {"hung"},
        "stops-itself": {"hung"},
        "trickles": {"hung"},
        "os-exit": {"died"},
        "segfault": {"died"},
        "answers-too-much": {"flooded"},
        # By the limit on address space, by that on what all processes hold, or, where filling memory is slow, by time.
        "memory": {"error", "memory", "timeout"},
        "memory-in-forks": {"error", "memory", "timeout"},
        "checked-exit": {"died"},
        "good": {"ok"},
    }.items(),
)
def test_the_grades_say_what_happened(attack: str, statuses: set[str], graded: Graded) -> None:
    assert graded[attack]["status"] in statuses


@pytest.mark.parametrize(
    ("learner", "said"),
    {
        "infinite-loop": "an answer took too long and was stopped",
        "os-exit": "an answer ended the kernel",
        "error-is-html": "an answer ended with an error, which its page of feedback shows",
    }.items(),
)
def test_a_director_reads_what_happened(learner: str, said: str, graded: Graded) -> None:
    assert f"{learner}: {said}" in graded.run.stderr


@pytest.mark.parametrize("learner", BOTH)
def test_feedback_shows_no_hidden_check(learner: str, graded: Graded) -> None:
    """Neither the inputs of a check nor the solution stand in what a learner reads."""
    page = graded.feedback(learner)
    assert "40961" not in page
    assert "canary sings" not in page.replace("Because a canary sings 7193.", "")
    assert learner in attacks.ON_QUESTION_2 or "given + 1" not in page


@pytest.mark.parametrize("learner", ["html", "error-is-html", "checked-leak"])
def test_feedback_holds_no_markup_of_the_submission(learner: str, graded: Graded) -> None:
    page = graded.feedback(learner)
    assert "default-src 'none'" in page
    assert not re.search(r"<(script|img|b)\b", page)


def test_a_formula_in_an_answer_is_text(graded: Graded) -> None:
    rows = list(csv.DictReader((graded.folder / "manual.csv").open(encoding="utf-8-sig")))
    assert next(row["answer"] for row in rows if row["name"] == "formula") == "'=HYPERLINK(1)"


def test_blank_is_zero_and_a_known_mistake_gets_its_points_and_its_word(graded: Graded) -> None:
    assert [graded.points("blank", name) for name in ("q1", "q2", "q3")] == [0, 0, 0]
    assert graded.points("near-miss", "q1") == 0.5
    assert "One more is missing." in graded.feedback("near-miss")


@pytest.mark.parametrize("learner", PROBLEMS)
def test_a_file_that_cannot_be_used_is_named(learner: str, graded: Graded) -> None:
    said = PROBLEMS[learner]
    assert graded[learner]["status"] == "unreadable"
    assert said in graded[learner]["problem"]
    assert said in " ".join(graded.run.stderr.split())


@pytest.mark.parametrize(
    ("learner", "said"),
    [("two-files", "2 files; expected one notebook"), ("link", "is a link"), ("pipe", "is a link or a device")],
)
def test_what_is_not_one_file_is_named(learner: str, said: str, graded: Graded) -> None:
    assert said in graded[learner]["problem"]


def test_two_answers_to_one_question_are_said_and_not_chosen(graded: Graded) -> None:
    assert graded.points("answered-twice", "q1") == 0
    assert graded.points("answered-twice", "q2") == 2
    assert "q1: 2 answer cells" in graded["answered-twice"]["notes"][0]
