"""The plans as Markdown of the book, for the directive ``teaching`` on the pages of the part "Teach with it"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from carbite.comparison import parse_question
from carbite.ledger import anchor
from carbite.link import format_hash
from carbite.markup import EXPLORER_PAGE, Link, page
from carbite.prose import literal
from carbite.tables import question as question_in_words
from carbite_course.assignment import Assignment, read
from carbite_course.tables import table
from carbite_course.teaching import chapters
from carbite_course.teaching.chapters import heading_id
from carbite_course.teaching.plan import (
    FigureAt,
    PageAt,
    PlanError,
    Session,
    Shown,
    State,
    Step,
    Syllabus,
    Week,
    file,
    plan,
)

Found = TypeVar("Found")

SESSIONS = "teach-sessions"
"""The page with the sessions, each under its title."""

LABELS = {"say": "Say", "ask": "Ask", "listen": "Listen for"}
SHEET = "scoring-sheet.csv"
_NONE = "–"


def part(book: Path, asked: str) -> str:
    """A part of the plans as Markdown: ``session harm``, ``misconceptions``, or another of ``PARTS``.

    book: the folder with the chapters, beside which ``course`` stands.
    Raises PlanError for a part that is not known, ChapterSourceError where a chapter lacks what a plan names.
    """
    name, _, which = asked.partition(" ")
    if name not in PARTS:
        raise PlanError(f"the plans have no part {name!r}; expected one of {', '.join(PARTS)}")
    return PARTS[name](book, which)


def files_read(book: Path) -> Iterator[Path]:
    """The files that parts are written from."""
    yield file()
    yield from (book / f"{name}.md" for name in chapters.names(book))
    yield from (each / f"{each.name}.md" for each in _assignment_folders(book))


def _syllabuses(book: Path, _: str) -> str:
    rows = [
        [
            Link(each.title, f"#{heading_id(each.title)}").html(),
            _meetings(each),
            _hours(sum(week.session.minutes for week in each.weeks)),
            _hours(sum(_reading(book, week) for week in each.weeks)),
            _hours(sum(found.about["minutes"] for found in _given(book, each))) if _given(book, each) else _NONE,
            each.suits,
        ]
        for each in plan().syllabuses
    ]
    return _table(["Course", "Meetings", "In class", "Reading", "Assignments", "For whom"], rows)


def _syllabus(book: Path, which: str) -> str:
    syllabus = _found("syllabus", which, {each.id: each for each in plan().syllabuses})
    rows = [
        [
            str(number),
            _session_link(week.session),
            ", ".join(f"{{doc}}`{name}`" for name in week.read),
            _hours(_reading(book, week)),
            "; ".join(map(_assignment, _of_week(book, week))) or _NONE,
        ]
        for number, week in enumerate(syllabus.weeks, start=1)
    ]
    objectives = "\n".join(f"- {each}{';' if each != syllabus.objectives[-1] else '.'}" for each in syllabus.objectives)
    weeks = _table(["Meeting", "Session", "Read before", "Reading", "Assignment after"], rows)
    return f"{syllabus.suits}\n{_meetings(syllabus)}. Learners can afterwards:\n\n{objectives}\n\n{weeks}"


def _session(book: Path, which: str) -> str:
    session = _found("session", which, {each.id: each for each in plan().sessions})
    lines = [f"**{_hours(session.minutes)}.** {session.objective}", "", f"*You need:* {session.needs}", ""]
    start = 0
    for step in session.steps:
        lines += _step(book, step, start)
        start += step.minutes
    return "\n".join(lines)


def _step(book: Path, step: Step, start: int) -> Iterator[str]:
    stop = "" if step.title.endswith("?") else "."
    yield f"- **Minute {start} to {start + step.minutes}: {step.title}{stop}**"
    yield from (f"  - *{LABELS[key]}:* {step.texts[key]}" for key in ("say", "ask") if key in step.texts)
    if step.is_debate:
        rounds = plan().debate.rounds
        order = "; ".join(f"{each.round.lower()}, {_side(each.side)}, {each.minutes} min" for each in rounds)
        yield f"  - *Order:* {order}."
    yield from (f"  - *Show:* {_shown(book, shown)}" for shown in step.show)
    if "listen" in step.texts:
        yield f"  - *{LABELS['listen']}:* {step.texts['listen']}"


def _side(arm: str) -> str:
    return plan().debate.sides[arm].lower()


def _shown(book: Path, shown: Shown) -> str:
    """What to show, as a link; a state of the explorer with its verdict and its odds ratio."""
    if isinstance(shown, PageAt):
        return f"{{doc}}`{shown.name}`"
    if isinstance(shown, FigureAt):
        chapter = chapters.read(book, shown.chapter)
        link = Link(chapter.heading_of(shown.function), chapter.place(shown.function)).html()
        return f"the figure under {link} in {{doc}}`{shown.chapter}`"
    return _state(shown)


def _state(state: State) -> str:
    verdict, name = state.evaluated, f"v:{state.question}"
    address = page(EXPLORER_PAGE, format_hash(*parse_question(state.question))[1:])
    link = Link(question_in_words(verdict), address).html()
    assumed = f" {_as_it_stands(verdict.assumptions)}" if verdict.assumptions else ""
    said = f"{link} in the explorer: **{{number}}`{name}:verdict`**"
    if verdict.verdict == "not-testable":
        return f"{said}. {_as_it_stands(verdict.sentence)}"
    limits = f"{{number}}`{name}:ratio_low` to {{number}}`{name}:ratio_high`"
    return f"{said}, odds ratio {{number}}`{name}:ratio` ({limits}).{assumed}"


def _as_it_stands(text: str) -> str:
    """Text from data as Markdown of the book, in which braces mean something too."""
    return literal(text).replace("{", "\\{")


def _chapters(book: Path, _: str) -> str:
    rows = []
    for name in chapters.names(book):
        chapter = chapters.read(book, name)
        given = [_assignment(each) for each in _assignments(book).values() if each.about.get("chapter") == name]
        rows.append(
            [
                f"{{doc}}`{name}`",
                chapter.time_needed.split(".")[0],
                str(chapter.words),
                _hours(plan().reading_minutes(chapter.words)),
                str(len(chapter.figures)),
                "; ".join(given) or _NONE,
            ]
        )
    head = ["Chapter", "It says it needs", "Words", "Planned reading", "Figures", "Assignment"]
    return _table(head, rows)


def _debate(book: Path, _: str) -> str:
    debate = plan().debate
    rounds = _table(
        ["Round", "Who speaks", "Minutes"],
        [
            *([each.round, debate.sides[each.side], str(each.minutes)] for each in debate.rounds),
            ["**All**", "both sides equally long", f"**{debate.minutes}**"],
        ],
    )
    roles = _table(["Role", "What it does"], [[each["role"], each["does"]] for each in debate.roles])
    return "\n\n".join(
        (
            f"**The motion.** {debate.motion}",
            f"**Who argues what.** {debate.assigning}",
            roles,
            f"**The rounds.** They take {debate.minutes} minutes, and each side has {debate.minutes_of('car_t')}.",
            rounds,
            "**The rules of evidence.**",
            "\n".join(f"- {each}" for each in debate.evidence),
        )
    )


def _scoring(book: Path, _: str) -> str:
    criteria = plan().scoring
    sides = list(plan().debate.sides.values())
    rows = [[each.criterion, each.full, each.half, str(each.points), " ", " "] for each in criteria]
    rows.append(["**All**", "", "", f"**{sum(each.points for each in criteria)}**", " ", " "])
    sheet = _table(["Criterion", "All points", "Half of them", "Most", *sides], rows)
    data = f"data:text/csv;charset=utf-8,{quote(scoring_csv())}"
    return f'{sheet}\n\n<a href="{data}" download="{SHEET}">Download the sheet as CSV</a>'


def scoring_csv() -> str:
    """The scoring sheet as CSV, with empty columns for both sides and for notes."""
    head = ["Criterion", "All points", "Half of them", "Most", *plan().debate.sides.values(), "Notes"]
    criteria = [[each.criterion, each.full, each.half, str(each.points), "", "", ""] for each in plan().scoring]
    total = ["All", "", "", str(sum(each.points for each in plan().scoring)), "", "", ""]
    return table([head, *criteria, total])


def _assessment(book: Path, _: str) -> str:
    rows = [[each.component, f"{each.weight} %", each.how] for each in plan().assessment]
    rows.append(["**All**", f"**{sum(each.weight for each in plan().assessment)} %**", ""])
    return _table(["Part", "Weight", "How it is counted"], rows)


def _misconceptions(book: Path, _: str) -> str:
    lines: list[str] = []
    for each in plan().misconceptions:
        claims = ", ".join(Link(name, page("ledger", anchor(name))).html() for name in each.claims)
        lines += [f"- **“{each.says}”**", f"  - {each.answer}", f"  - *Claims:* {claims}."]
        lines += [f"  - *Show:* {_shown(book, shown)}" for shown in each.show]
    return "\n".join(lines)


PARTS: Mapping[str, Callable[[Path, str], str]] = {
    "syllabuses": _syllabuses,
    "syllabus": _syllabus,
    "session": _session,
    "chapters": _chapters,
    "debate": _debate,
    "scoring": _scoring,
    "assessment": _assessment,
    "misconceptions": _misconceptions,
}


def _found(kind: str, which: str, known: Mapping[str, Found]) -> Found:
    if which not in known:
        raise PlanError(f"there is no {kind} {which!r}; there are {', '.join(known)}")
    return known[which]


def _meetings(syllabus: Syllabus) -> str:
    """``1 meeting of 90 minutes``, ``4 meetings, one a week``."""
    meetings = [each.session.minutes for each in syllabus.weeks]
    if len(meetings) == 1:
        return f"1 meeting of {meetings[0]} minutes"
    return f"{len(meetings)} meetings, one a week"


def _hours(minutes: int) -> str:
    """``60 min``, ``2 h 10 min``."""
    hours, rest = divmod(minutes, 60)
    if minutes <= 90:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _reading(book: Path, week: Week) -> int:
    return sum(plan().reading_minutes(chapters.read(book, name).words) for name in week.read)


def _session_link(session: Session) -> str:
    return Link(session.title, page(SESSIONS, heading_id(session.title))).html()


def _assignment_folders(book: Path) -> list[Path]:
    return sorted(each.parent for each in (book.parent / "course" / "assignments").glob("*/*.md"))


@cache
def _read(folder: Path, changed: float) -> Assignment:
    return read(folder)


def _assignments(book: Path) -> dict[str, Assignment]:
    """The assignments beside the book, by name."""
    folders = _assignment_folders(book)
    return {each.name: _read(each, (each / f"{each.name}.md").stat().st_mtime) for each in folders}


def _of_week(book: Path, week: Week) -> list[Assignment]:
    every = _assignments(book)
    return [every[name] for name in week.assignments if name in every]


def _given(book: Path, syllabus: Syllabus) -> list[Assignment]:
    return [each for week in syllabus.weeks for each in _of_week(book, week)]


def _assignment(found: Assignment) -> str:
    return f"`{found.name}`, {found.about['minutes']} min, {found.points:g} points"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
