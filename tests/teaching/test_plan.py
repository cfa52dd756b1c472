"""The plans add up, name only what exists, and say of each state of the explorer what it gives."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from carbite.comparison import parse_question
from carbite.evidence import records
from carbite.link import format_hash
from carbite.markup import page
from carbite.notebooks import notebook
from carbite.verdict import evaluate
from carbite_course.assignment import read as read_assignment
from carbite_course.teaching import chapters, pages
from carbite_course.teaching.plan import FigureAt, PageAt, PlanError, Shown, State, file, plan, read
from tests.typed_figures import figures

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
CAPSTONE = "capstone"
ASSIGNMENTS = sorted(each.parent.name for each in (ROOT / "course" / "assignments").glob("*/*.md"))
# Slow and quick readers of technical prose; the plan lies between.
WORDS_PER_MINUTE = (80, 250)
KEYS_OF_TEXTS = {"say", "ask", "listen", "suits", "objective", "needs", "does", "assigning", "motion", "full", "how"}
KEYS_OF_TEXTS |= {"says", "answer", "question", "title", "criterion", "round", "component", "role"}


def shown() -> list[Shown]:
    steps = [each for session in plan().sessions for step in session.steps for each in step.show]
    return steps + [each for found in plan().misconceptions for each in found.show]


def test_minutes_and_weights_add_up() -> None:
    for session in plan().sessions:
        assert sum(step.minutes for step in session.steps) == session.minutes, session.id
    debate = plan().debate
    assert debate.minutes_of("car_t") + debate.minutes_of("bispecific") == debate.minutes
    (held,) = [step for session in plan().sessions for step in session.steps if step.is_debate]
    assert held.minutes == debate.minutes
    assert sum(each.weight for each in plan().assessment) == 100


def test_a_reader_is_planned_at_a_pace_that_exists() -> None:
    slowest, quickest = WORDS_PER_MINUTE
    assert slowest <= plan().words_per_minute <= quickest
    assert plan().reading_minutes(1) == plan().round_to_minutes
    assert plan().reading_minutes(plan().words_per_minute * plan().round_to_minutes) == plan().round_to_minutes
    assert plan().reading_minutes(plan().words_per_minute * plan().round_to_minutes + 1) == 2 * plan().round_to_minutes


def test_every_state_gives_the_verdict_that_stands_beside_it() -> None:
    states = [each for each in shown() if isinstance(each, State)]
    assert {"car_t", "bispecific", "undecided", "not-testable"} == {each.verdict for each in states}
    for each in states:
        assert evaluate(*parse_question(each.question)).verdict == each.verdict, each.question


def test_every_figure_and_page_exists() -> None:
    for each in shown():
        if isinstance(each, FigureAt):
            assert chapters.read(BOOK, each.chapter).heading_of(each.function)
        if isinstance(each, PageAt):
            assert (BOOK / f"{each.name}.md").is_file()
    known = {row["claim_id"] for row in records("claims")}
    assert {claim for each in plan().misconceptions for claim in each.claims} <= known


def test_the_full_course_reads_every_chapter_once_and_uses_every_assignment() -> None:
    (full,) = [each for each in plan().syllabuses if each.id == "full"]
    assert sorted(name for week in full.weeks for name in week.read) == sorted(chapters.names(BOOK))
    given = [name for week in full.weeks for name in week.assignments]
    assert len(given) == len(set(given))
    assert set(ASSIGNMENTS) <= set(given)
    for syllabus in plan().syllabuses:
        named = {name for week in syllabus.weeks for name in week.assignments}
        assert named <= {*chapters.names(BOOK), CAPSTONE}, "an assignment is called like its chapter"


def test_every_chapter_has_a_question_for_its_slides() -> None:
    assert tuple(sorted(plan().slides)) == tuple(sorted(chapters.names(BOOK)))


def test_the_page_has_the_sessions_under_their_titles() -> None:
    text = (BOOK / f"{pages.SESSIONS}.md").read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [each.title for each in plan().sessions]
    assert re.findall(r"\{teaching\} session (\S+)", text) == [each.id for each in plan().sessions]


def texts(part: Any) -> list[str]:
    """Every text for readers in the file, without minutes, names and weights."""
    if isinstance(part, list):
        return [text for each in part for text in texts(each)]
    if isinstance(part, dict):
        own = [each for key, each in part.items() if key in KEYS_OF_TEXTS and isinstance(each, str)]
        lists = [*part.get("objectives", ()), *part.get("evidence", ())] if "id" in part or "evidence" in part else []
        return own + [str(each) for each in lists] + [text for each in part.values() for text in texts(each)]
    return []


def test_no_figure_is_typed_into_a_plan(tmp_path: Path) -> None:
    every = texts(yaml.safe_load(file().read_text("utf-8")))
    assert len(every) > 100
    page = tmp_path / "plan.md"
    page.write_text("\n\n".join(every), "utf-8")
    assert [(found.line, found.token) for found in figures(page) if not found.exempt] == []


def test_a_session_says_its_minutes_one_after_the_other() -> None:
    for session in plan().sessions:
        said = re.findall(r"^- \*\*Minute (\d+) to (\d+): ", pages.part(BOOK, f"session {session.id}"), re.MULTILINE)
        ends = [(int(start), int(end)) for start, end in said]
        assert ends[0][0] == 0
        assert ends[-1][1] == session.minutes
        assert [start for start, _ in ends[1:]] == [end for _, end in ends[:-1]]


def test_a_state_is_linked_as_the_explorer_writes_it() -> None:
    question = "cr?reading=enrolled&attrition=0.23&population=adults"
    address = page("efficacy", format_hash(*parse_question(question))[1:])
    said = pages.part(BOOK, "session remission")
    assert f'href="{address}"' in said.replace("&amp;", "&")
    assert f"{{number}}`v:{question}:verdict`" in said


def test_the_weeks_show_reading_and_assignments_as_chapters_and_assignments_have_them() -> None:
    said = pages.part(BOOK, "syllabus short")
    efficacy = read_assignment(ROOT / "course" / "assignments" / "efficacy")
    assert f"`efficacy`, {efficacy.about['minutes']} min, {efficacy.points:g} points" in said
    words = chapters.read(BOOK, "efficacy").words
    assert f"| {plan().reading_minutes(words)} min |" in said


def test_words_are_those_of_the_prose(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(
        "---\nhead: not counted here\n---\n# A title\n\nOf {number}`o:eliana-cr` patients, some died.\n\n"
        "```{code-cell} ipython3\nnot = counted\n```\n",
        "utf-8",
    )
    assert chapters.read(tmp_path, "page").words == len(["A", "title", "Of", "number", "patients", "some", "died"])


def test_a_chapter_is_read_as_a_reader_sees_it() -> None:
    chapter = chapters.read(BOOK, "efficacy")
    heading, camps, rows = chapter.dispute
    assert heading == "The dispute"
    assert camps[0] == "CAR T cells are better"
    assert all(len(row) == len(camps) for row in rows)
    outcomes = {row["outcome_id"]: row for row in records("outcomes")}
    assert f"{outcomes['coh-car-cr']['percent_printed']}\u00a0%" in rows[0][0]
    assert "{" not in "".join(text for row in rows for text in row)
    assert [each.function for each in chapter.figures] == [
        "denominators",
        "burden",
        "randomised",
        "early_and_late",
        "remission_scenarios",
    ]
    assert chapter.figures[0].heading == "Whom to count (EF3)"
    assert chapter.limits[1][0].lead.startswith("No one was assigned by chance")
    assert chapter.limits[1][0].rest


@pytest.mark.parametrize("name", chapters.names(BOOK))
def test_every_chapter_can_be_read(name: str) -> None:
    chapter = chapters.read(BOOK, name)
    assert chapter.title
    assert chapter.time_needed
    assert len(chapter.objectives) >= 3
    assert len(chapter.dispute[2]) >= 2
    assert chapter.limits[1]
    assert len(chapter.take_aways) >= 4


def test_the_scoring_sheet_opens_as_a_table() -> None:
    rows = list(csv.reader(io.StringIO(pages.scoring_csv())))
    head, *criteria, total = rows
    assert head[4:6] == list(plan().debate.sides.values())
    assert int(total[3]) == sum(int(row[3]) for row in criteria)
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("name", ["teach", "teach-sessions", "teach-debate", "scoring-sheet", "teach-setup"])
def test_jupyterlab_shows_the_plans_too(name: str) -> None:
    said = "\n".join(cell["source"] for cell in notebook(BOOK / f"{name}.md")["cells"])
    assert "{teaching}" not in said
    assert "{number}" not in said


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda said: said["sessions"][0]["steps"].pop(), "the steps of journal-club take"),
        (lambda said: said["assessment"][0].update(weight=11), "weights add up to 101; expected 100"),
        (lambda said: said["debate"]["rounds"].pop(), "the same for both"),
        (lambda said: said["debate"]["rounds"][0].update(side="nobody"), "expected one of car_t, bispecific"),
        (lambda said: said["misconceptions"][0]["show"][0].update(verdict="undecided"), "gives the verdict 'car_t'"),
        (lambda said: said["misconceptions"][0]["show"][0].update(state="cr?colour=red"), "is not an option"),
        (lambda said: said["misconceptions"][0]["show"][0].update(state="nothing"), "no comparison 'nothing'"),
        (lambda said: said["misconceptions"][0]["show"].append({"film": "x"}), "expected one of state, figure, page"),
        (lambda said: said["syllabuses"][0]["weeks"][0].update(session="lunch"), "expected one of journal-club"),
        (lambda said: said["slides"]["method"].update(verdicts=["nothing"]), "no comparison 'nothing'"),
        (lambda said: said["reading"].update(words_per_minute=0), "expected a whole number from 1 up"),
        (lambda said: said["sessions"][1].pop("objective"), "there is no 'objective'"),
        (lambda said: said["sessions"][1].update(objective=" "), "an empty text; expected words"),
        (lambda said: said.update(scoring=[]), "the list is empty"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_one_sentence(change: Change, expected: str, tmp_path: Path) -> None:
    said = yaml.safe_load(file().read_text("utf-8"))
    change(said)
    wrong = tmp_path / "plan.yml"
    wrong.write_text(yaml.safe_dump(said), "utf-8")
    with pytest.raises(PlanError, match=re.escape(expected)) as refused:
        read(wrong)
    assert "plan.yml, " in str(refused.value)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("lunch", "no part 'lunch'"), ("session lunch", "no session 'lunch'"), ("syllabus x", "no syllabus 'x'")],
)
def test_a_part_that_is_not_there_is_named(asked: str, expected: str) -> None:
    with pytest.raises(PlanError, match=expected):
        pages.part(BOOK, asked)
