"""What the slides of a chapter say, before any slide is drawn: from its source, its figures and its comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from carbite import __version__
from carbite.charts import Figure, text_size
from carbite.comparison import parse_question
from carbite.evidence import records, row
from carbite.ledger import PAGES, how_fragile, why_untested
from carbite.prose import rule_in_words
from carbite.references import cited
from carbite.robustness import Fragility, fragility
from carbite.tables import TESTABILITY, Table
from carbite.tables import question as question_in_words
from carbite.verdict import wording
from carbite_course.teaching.chapters import Chapter, FigureCall, Point, names, read
from carbite_course.teaching.plan import PlanError, plan

DISPUTE = "The dispute"
"""The heading under which a chapter's table has camps for its columns; under another it is a table like any."""
TO_THE_ROOM = "A question to the room"
VERDICTS = "What the rule says, and how little would change it"
NO_VERDICT = "Why the rule gives no verdict here"
TAKE_AWAYS = "Take-aways"
NOTICE = "Educational, not medical advice; not a systematic review. Text and data: CC BY 4.0."
TEXT_PX = 17
"""Of the figures: larger than on a page, where a chart is seen from near."""
MOST_SOURCES = 5
"""More than these are counted, not named, so that the line stays one that can be read."""
VERDICT_HEAD = ("Question", "Verdict by the rule", "Odds ratio", "Pairs that agree", "Fewest trials", "Fewest patients")
SHARE_IS_NO_PROBABILITY = (
    "Pairs of subsets of the trials share trials and every bias: their share is no probability. "
    "Fewest trials, fewest patients: what it takes to change the verdict."
)


@dataclass(frozen=True)
class FigureSlide:
    """A figure, with where it comes from."""

    figure: Figure
    source: str


@dataclass(frozen=True)
class TableSlide:
    """What a chapter shows as a table among its figures."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: str


@dataclass(frozen=True)
class VerdictRow:
    """A comparison as a row of the table: its cells by ``VERDICT_HEAD``; what the notes say of it."""

    cells: tuple[str, ...]
    notes: str


@dataclass(frozen=True)
class Deck:
    """The slides of one chapter. ``untested`` says why the chapter has no verdicts, where it has none."""

    name: str
    title: str
    objectives: tuple[str, ...]
    dispute_title: str
    camps: tuple[str, ...]
    arguments: tuple[tuple[str, ...], ...]
    figures: tuple[FigureSlide | TableSlide, ...]
    question: str
    verdicts: tuple[VerdictRow, ...]
    untested: tuple[str, ...]
    limits_title: str
    limits: tuple[Point, ...]
    take_aways: tuple[Point, ...]


def decks(book: Path, title: str) -> Iterator[Deck]:
    """A deck for each chapter of the folder ``book``, in their order; ``title`` is the book's."""
    for name in names(book):
        yield deck(read(book, name), title)


def deck(chapter: Chapter, book: str) -> Deck:
    """The slides of a chapter; ``book`` is the book's title. Raises PlanError where there is no question for it."""
    known = plan().slides
    if chapter.name not in known:
        raise PlanError(f"the plans have no question for the slides of {chapter.name!r}; add it under 'slides'")
    slides = known[chapter.name]
    questions = slides.verdicts if slides.verdicts is not None else _questions(chapter)
    dispute_title, camps, arguments = chapter.dispute
    limits_title, limits = chapter.limits
    return Deck(
        name=chapter.name,
        title=chapter.title,
        objectives=chapter.objectives,
        dispute_title=dispute_title,
        camps=camps,
        arguments=arguments,
        figures=tuple(_shown(call, _source(chapter, call, book)) for call in chapter.figures),
        question=slides.question,
        verdicts=tuple(map(_verdict, questions)),
        untested=() if questions else _untested(chapter),
        limits_title=limits_title,
        limits=limits,
        take_aways=chapter.take_aways,
    )


def _claims(chapter: Chapter) -> list[dict[str, str]]:
    """The claims that the chapter discusses, those that live on its page included."""
    return [
        dict(each)
        for each in records("claims")
        if PAGES.get(str(each["chapter"]), str(each["chapter"])) == chapter.name
    ]


def _questions(chapter: Chapter) -> tuple[str, ...]:
    """The comparisons that test claims of the chapter, each once."""
    return tuple(dict.fromkeys(each for claim in _claims(chapter) for each in (claim["tests"] or "").split()))


def _shown(call: FigureCall, source: str) -> FigureSlide | TableSlide:
    with text_size(TEXT_PX):
        drawn = getattr(import_module(f"carbite.figures.{call.module}"), call.function)(*call.arguments)
    if isinstance(drawn, Figure):
        return FigureSlide(drawn, source)
    if isinstance(drawn, Table):
        rows = drawn.frame.itertuples(index=False, name=None)
        return TableSlide(
            drawn.caption, tuple(map(str, drawn.frame.columns)), tuple(tuple(map(str, row)) for row in rows), source
        )
    raise PlanError(f"carbite.figures.{call.module}.{call.function} gives {type(drawn).__name__}; expected a figure")


def _source(chapter: Chapter, call: FigureCall, book: str) -> str:
    """Where the figure stands, and which sources the text there cites or takes its numbers from."""
    place = f"Source: {book} ({__version__}), {chapter.title.partition(':')[0]}, “{call.heading}”"
    said = [" ".join(cited(row("sources", each))) for each in call.source_ids]
    if not said:
        return f"{place}; each number with its source in the chapter."
    more = f" and {len(said) - MOST_SOURCES} more" if len(said) > MOST_SOURCES else ""
    return f"{place}. Cited there: {'; '.join(said[:MOST_SOURCES])}{more}."


@cache
def _fragility(question: str) -> Fragility:
    return fragility(*parse_question(question), progress=None)


def _verdict(question: str) -> VerdictRow:
    found = _fragility(question)
    verdict, text = found.verdict, found.verdict.text
    tested = verdict.verdict != "not-testable"
    ratio = f"{text['ratio']} ({text['ratio_low']} to {text['ratio_high']})" if tested else "–"
    pairs = f"{found.text['same_pairs']} of {found.text['testable_pairs']}" if tested else "–"
    fragile = (found.text["fewest_trials"], found.text["fewest_patients"]) if tested else ("–", "–")
    how = "".join(f"\n{name}: {said}." for name, said in how_fragile(found).items()) if tested else ""
    caveats = "".join(f"\n{said}" for said in verdict.caveats.values())
    return VerdictRow(
        cells=(question_in_words(verdict), text["verdict"], ratio, pairs, *fragile),
        notes=f"{question_in_words(verdict)}. {verdict.sentence}{how}{caveats}",
    )


def _untested(chapter: Chapter) -> tuple[str, ...]:
    """Why the rule gives no verdict in a chapter: how many claims numbers test, and the reasons."""
    every = _claims(chapter)
    counts = [(said, sum(each["testability"] == name for each in every)) for name, said in TESTABILITY.items()]
    tested = " ".join(f"{said.capitalize()}: {number}." for said, number in counts if number)
    head = f"Claims of this chapter: {len(every)}. {tested}"
    return (head, *dict.fromkeys(why_untested(each) for each in every))


def verdict_caption() -> str:
    """The rule, and how the columns of the table are read."""
    return f"The rule: {rule_in_words()}. {SHARE_IS_NO_PROBABILITY}"


def unanchored() -> str:
    """The caveat that holds for every comparison here."""
    return str(wording()["caveats"]["unanchored"])
