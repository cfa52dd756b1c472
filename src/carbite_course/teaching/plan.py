"""The plans of ``plan.yml``, read and checked: syllabuses, sessions, the debate, marks and misconceptions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from carbite.comparison import parse_question
from carbite.verdict import Verdict, evaluate, wording

NAME = "plan.yml"
STEP_TEXTS = ("say", "ask", "listen")
TOTAL_WEIGHT = 100


class PlanError(ValueError):
    """``plan.yml`` is not as it must be; the message names the place and what was expected."""


@dataclass(frozen=True)
class State:
    """A state of the explorer, as ``parse_question`` reads it, and the verdict that it gives."""

    question: str
    verdict: str

    @property
    def evaluated(self) -> Verdict:
        """What the state says."""
        return _evaluated(self.question)


@dataclass(frozen=True)
class FigureAt:
    """A figure by the chapter that shows it and the function that draws it."""

    chapter: str
    function: str


@dataclass(frozen=True)
class PageAt:
    """A page of the book."""

    name: str


Shown = State | FigureAt | PageAt


@dataclass(frozen=True)
class Step:
    """A part of a session: how long, and what the instructor says, asks, shows and listens for."""

    minutes: int
    title: str
    texts: Mapping[str, str]
    show: tuple[Shown, ...]
    is_debate: bool = False


@dataclass(frozen=True)
class Session:
    """One meeting."""

    id: str
    title: str
    minutes: int
    objective: str
    needs: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Week:
    """A meeting of a syllabus: what is read before it, and the assignments that follow it."""

    session: Session
    read: tuple[str, ...]
    assignments: tuple[str, ...]


@dataclass(frozen=True)
class Syllabus:
    """A course of so many meetings."""

    id: str
    title: str
    suits: str
    objectives: tuple[str, ...]
    weeks: tuple[Week, ...]


@dataclass(frozen=True)
class Round:
    """A round of the debate: who speaks, for how many minutes."""

    round: str
    side: str
    minutes: int


@dataclass(frozen=True)
class Debate:
    """The format of the debate; ``sides`` names both, by arm."""

    motion: str
    sides: Mapping[str, str]
    assigning: str
    roles: tuple[Mapping[str, str], ...]
    rounds: tuple[Round, ...]
    evidence: tuple[str, ...]

    @property
    def minutes(self) -> int:
        """All rounds together."""
        return sum(each.minutes for each in self.rounds)

    def minutes_of(self, side: str) -> int:
        """How long a side speaks."""
        return sum(each.minutes for each in self.rounds if each.side == side)


@dataclass(frozen=True)
class Criterion:
    """A row of the scoring sheet: what earns all points, and what half of them."""

    criterion: str
    full: str
    half: str
    points: int


@dataclass(frozen=True)
class Component:
    """A part of the mark, with its weight in per cent."""

    component: str
    weight: int
    how: str


@dataclass(frozen=True)
class Misconception:
    """What learners say, how to answer it, the claims that it touches, and what to show."""

    says: str
    answer: str
    claims: tuple[str, ...]
    show: tuple[Shown, ...]


@dataclass(frozen=True)
class Slides:
    """What the slides of a chapter need beside it: the question to the room, and the comparisons to judge.

    ``verdicts`` is None where the claims of the chapter name them.
    """

    question: str
    verdicts: tuple[str, ...] | None


@dataclass(frozen=True)
class Plan:
    """All of it."""

    words_per_minute: int
    round_to_minutes: int
    slides: Mapping[str, Slides]
    syllabuses: tuple[Syllabus, ...]
    sessions: tuple[Session, ...]
    debate: Debate
    scoring: tuple[Criterion, ...]
    assessment: tuple[Component, ...]
    misconceptions: tuple[Misconception, ...]

    def reading_minutes(self, words: int) -> int:
        """How long so many words take, rounded up."""
        return math.ceil(words / self.words_per_minute / self.round_to_minutes) * self.round_to_minutes


def file() -> Path:
    """Where the plans stand."""
    return Path(str(files(__package__).joinpath(NAME)))


@cache
def plan() -> Plan:
    """The plans of the book."""
    return read(file())


def read(source: Path) -> Plan:
    """The plans in a file.

    Raises PlanError where a part is missing or of another kind, where minutes or weights do not add up, where a
    session, a side or a comparison is not known, or where a state of the explorer gives another verdict than it says.
    """
    said = _Place(str(source), yaml.safe_load(source.read_text("utf-8")))
    debate = _debate(said.at("debate"))
    sessions = {each.id: each for each in (_session(place, debate) for place in said.at("sessions").items())}
    read_plan = Plan(
        words_per_minute=said.at("reading").at("words_per_minute").positive(),
        round_to_minutes=said.at("reading").at("round_to_minutes").positive(),
        slides={name: _slides(place) for name, place in said.at("slides").named()},
        syllabuses=tuple(_syllabus(place, sessions) for place in said.at("syllabuses").items()),
        sessions=tuple(sessions.values()),
        debate=debate,
        scoring=tuple(
            Criterion(
                place.at("criterion").text(),
                place.at("full").text(),
                place.at("half").text(),
                place.at("points").positive(),
            )
            for place in said.at("scoring").items()
        ),
        assessment=tuple(
            Component(place.at("component").text(), place.at("weight").positive(), place.at("how").text())
            for place in said.at("assessment").items()
        ),
        misconceptions=tuple(
            Misconception(
                place.at("says").text(),
                place.at("answer").text(),
                place.at("claims").texts(),
                tuple(map(_shown, place.at("show").one_or_more())),
            )
            for place in said.at("misconceptions").items()
        ),
    )
    if (total := sum(each.weight for each in read_plan.assessment)) != TOTAL_WEIGHT:
        raise said.at("assessment").wrong(f"weights add up to {total}", f"{TOTAL_WEIGHT}")
    return read_plan


@dataclass(frozen=True)
class _Place:
    """A part of the file, by the way that leads to it, so that a message can name it."""

    way: str
    value: Any

    def wrong(self, found: object, expected: str) -> PlanError:
        return PlanError(f"{self.way}: {found}; expected {expected}")

    def _is(self, kind: type | tuple[type, ...], expected: str) -> Any:
        if not isinstance(self.value, kind):
            raise self.wrong(f"{self.value!r}", expected)
        return self.value

    def at(self, key: str) -> _Place:
        if key not in self._is(dict, "names with values"):
            raise self.wrong(f"there is no {key!r}", f"it beside {', '.join(map(str, self.value)) or 'nothing'}")
        return _Place(f"{self.way}, {key}", self.value[key])

    def get(self, key: str) -> _Place | None:
        return self.at(key) if key in self._is(dict, "names with values") else None

    def named(self) -> list[tuple[str, _Place]]:
        return [(key, self.at(key)) for key in self._is(dict, "names with values")]

    def items(self) -> list[_Place]:
        every = self._is(list, "a list")
        if not every:
            raise self.wrong("the list is empty", "at least one entry")
        return [_Place(f"{self.way}, entry {number}", each) for number, each in enumerate(every, start=1)]

    def one_or_more(self) -> list[_Place]:
        return self.items() if isinstance(self.value, list) else [self]

    def text(self) -> str:
        said = " ".join(self._is(str, "a text").split())
        if not said:
            raise self.wrong("an empty text", "words")
        return said

    def texts(self) -> tuple[str, ...]:
        return tuple(each.text() for each in self.items())

    def positive(self) -> int:
        number = self._is(int, "a whole number")
        if isinstance(number, bool) or number < 1:
            raise self.wrong(repr(number), "a whole number from 1 up")
        return int(number)

    def one_of(self, known: Sequence[str]) -> str:
        if self.value not in known:
            raise self.wrong(repr(self.value), f"one of {', '.join(known)}")
        return str(self.value)


def _slides(place: _Place) -> Slides:
    given = place.get("verdicts")
    if given is not None:
        for each in given.items():
            _question(each)
    return Slides(place.at("question").text(), given.texts() if given else None)


def _debate(place: _Place) -> Debate:
    sides = {arm: place.at("sides").at(arm).text() for arm in ("car_t", "bispecific")}
    debate = Debate(
        motion=place.at("motion").text(),
        sides=sides,
        assigning=place.at("assigning").text(),
        roles=tuple({key: each.at(key).text() for key in ("role", "does")} for each in place.at("roles").items()),
        rounds=tuple(
            Round(each.at("round").text(), each.at("side").one_of(tuple(sides)), each.at("minutes").positive())
            for each in place.at("rounds").items()
        ),
        evidence=place.at("evidence").texts(),
    )
    if debate.minutes_of("car_t") != debate.minutes_of("bispecific"):
        times = {name: debate.minutes_of(arm) for arm, name in sides.items()}
        raise place.at("rounds").wrong(f"the sides have {times} minutes", "the same for both")
    return debate


def _session(place: _Place, debate: Debate) -> Session:
    session = Session(
        id=place.at("id").text(),
        title=place.at("title").text(),
        minutes=place.at("minutes").positive(),
        objective=place.at("objective").text(),
        needs=place.at("needs").text(),
        steps=tuple(_step(each, debate) for each in place.at("steps").items()),
    )
    if (total := sum(step.minutes for step in session.steps)) != session.minutes:
        raise place.wrong(f"the steps of {session.id} take {total} minutes", f"{session.minutes}")
    return session


def _step(place: _Place, debate: Debate) -> Step:
    rounds = place.get("rounds") is not None
    show = place.get("show")
    return Step(
        minutes=debate.minutes if rounds else place.at("minutes").positive(),
        title=place.at("title").text(),
        texts={key: said.text() for key in STEP_TEXTS if (said := place.get(key))},
        show=tuple(map(_shown, show.one_or_more())) if show else (),
        is_debate=rounds,
    )


def _shown(place: _Place) -> Shown:
    kinds: dict[str, Callable[[_Place], Shown]] = {
        "state": lambda said: _state(place),
        "figure": _figure,
        "page": lambda said: PageAt(said.text()),
    }
    for kind, make in kinds.items():
        if (said := place.get(kind)) is not None:
            return make(said)
    raise place.wrong(f"{place.value!r}", f"one of {', '.join(kinds)}")


def _figure(place: _Place) -> FigureAt:
    chapter, _, function = place.text().partition(".")
    if not function:
        raise place.wrong(place.value, "CHAPTER.FUNCTION")
    return FigureAt(chapter, function)


def _state(place: _Place) -> State:
    asked = place.at("state")
    state = State(asked.text(), place.at("verdict").one_of(tuple(wording()["short"])))
    found = _question(asked)
    if found.verdict != state.verdict:
        raise asked.wrong(f"{state.question} gives the verdict {found.verdict!r}", f"{state.verdict!r}, as it says")
    return state


def _question(place: _Place) -> Verdict:
    try:
        return _evaluated(place.text())
    except (KeyError, ValueError) as error:
        raise place.wrong(error.args[0], "a comparison and its options") from error


@cache
def _evaluated(question: str) -> Verdict:
    return evaluate(*parse_question(question))


def _syllabus(place: _Place, sessions: Mapping[str, Session]) -> Syllabus:
    weeks = []
    for each in place.at("weeks").items():
        assignments = each.get("assignments")
        weeks.append(
            Week(
                session=sessions[each.at("session").one_of(tuple(sessions))],
                read=each.at("read").texts(),
                assignments=assignments.texts() if assignments else (),
            )
        )
    return Syllabus(
        id=place.at("id").text(),
        title=place.at("title").text(),
        suits=place.at("suits").text(),
        objectives=place.at("objectives").texts(),
        weeks=tuple(weeks),
    )
