"""Questions that readers answer for themselves: one YAML file a chapter, ``book/self-checks/CHAPTER.yml``.

A file is a list of questions:

``id``            begins with the chapter: ``durability-rfs-above-efs``; addresses, stored answers and the identifiers
                  in a learning platform rest on it
``type``          ``one``: of the options one is right; ``many``: one or more are; ``number``: a figure is typed
``claims``        optional: ids of ``data/claims.csv`` that it is about
``question``      what is asked
``options``       of ``one`` and ``many``: three to five, each with ``text`` and ``feedback``, and ``right: true`` where
                  it is
``answer``        of ``number``: the name of a number (:mod:`carbite.prose`) whose text holds one figure
``within``        how far from it an answer may be, in its unit
``unit``          optional: what stands behind the field
``mistakes``      optional: wrong figures that have a reason, each with ``answer`` (a name as well) and ``feedback``
``explanation``   what to take away

Texts are one paragraph of Markdown: words, ``*emphasis*``, ``**more of it**``, ``code`` and the roles of :data:`ROLES`.
Nothing else is let through, so that no text becomes mark-up, and all of it can be said in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

from carbite.evidence import records
from carbite.prose import UnknownNumberError, number

FOLDER = "self-checks"
NOTE = "These questions are for yourself: nothing is marked."
SEVERAL = "More than one may be right."
OPTIONS = range(3, 6)
ROLES = ("number", "term", "cite:t", "cite:p", "doc")

_COMMON = frozenset({"id", "type", "claims", "question", "explanation"})
_FIELDS = {
    "one": _COMMON | {"options"},
    "many": _COMMON | {"options"},
    "number": _COMMON | {"answer", "within", "unit", "mistakes"},
}
_OPTIONAL = frozenset({"claims", "unit", "mistakes", "right"})
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_FIGURE = re.compile(r"[-−]?\d+(?:,\d{3})*(?:\.\d+)?")
_ROLE = re.compile(r"\{([a-z:]+)\}$")
_PLAIN = frozenset({"text", "softbreak", "code_inline", "em_open", "em_close", "strong_open", "strong_close"})


class SelfCheckError(ValueError):
    """A file that cannot be used; the message names the file, the question, the field and what was expected."""


@dataclass(frozen=True)
class Option:
    """One of the answers to choose from; ``text`` and ``feedback`` are Markdown."""

    text: str
    feedback: str
    right: bool


@dataclass(frozen=True)
class Figure:
    """A figure that may be typed: the ``name`` of its number, its ``value``, and what is said to who typed it."""

    name: str
    value: float
    feedback: str = ""


@dataclass(frozen=True)
class Question:
    """A question. Of ``type`` one or many it has ``options``, of type number an ``answer`` and perhaps ``mistakes``."""

    id: str
    type: str
    question: str
    explanation: str
    claims: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    answer: Figure | None = None
    within: float = 0.0
    unit: str = ""
    mistakes: tuple[Figure, ...] = ()

    @property
    def solution(self) -> str:
        """What is right, as Markdown."""
        if self.answer:
            return f"The answer is {_role(self.answer)}; up to {self.within:g} more or less counts as right."
        right = [letter(position) for position, option in enumerate(self.options) if option.right]
        return f"{right[0]} is right." if len(right) == 1 else f"{', '.join(right[:-1])} and {right[-1]} are right."

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """For each option, or each wrong figure that has a reason: how it is called, and its feedback, as Markdown."""
        if self.answer:
            return [(f"Not {_role(mistake)}:", mistake.feedback) for mistake in self.mistakes]
        return [(f"{letter(position)}:", option.feedback) for position, option in enumerate(self.options)]

    @property
    def ledger(self) -> str:
        """Where the claims stand that it is about, as Markdown; empty where it names none."""
        several = "s" if len(self.claims) > 1 else ""
        return f"Claim{several} {', '.join(self.claims)} in {{doc}}`the ledger <ledger>`." if self.claims else ""

    @property
    def texts(self) -> list[str]:
        """Everything that a reader reads, as Markdown, in the order in which it stands on the page."""
        reasons = [f"{label} {feedback}" for label, feedback in self.reasons]
        asked = [self.question, *(option.text for option in self.options)]
        return [*asked, self.solution, *reasons, self.explanation, *filter(None, [self.ledger])]


def letter(position: int) -> str:
    """How the option at this position (from 0) is called."""
    return "ABCDE"[position]


def _role(figure: Figure) -> str:
    return f"{{number}}`{figure.name}`"


def file_of(book: Path, chapter: str) -> Path:
    """Where the questions of a chapter stand."""
    return book / FOLDER / f"{chapter}.yml"


def named(book: Path) -> list[str]:
    """The chapters that have questions."""
    return sorted(file.stem for file in (book / FOLDER).glob("*.yml"))


def read(file: Path) -> tuple[Question, ...]:
    """The questions in a file. Raises SelfCheckError where the file is not there or not as described above."""
    if not file.is_file():
        raise SelfCheckError(f"{file}: there is no such file of self-checks")
    try:
        listed = yaml.load(file.read_text("utf-8"), _Loader)
    except yaml.YAMLError as error:
        raise SelfCheckError(f"{file}: this is not YAML: {error}") from None
    if not isinstance(listed, list) or not listed:
        raise SelfCheckError(f"{file}: expected a list of questions")
    questions: list[Question] = []
    for position, said in enumerate(listed, start=1):
        question = _Reading(file, f"question {position}").question(said)
        if question.id in {each.id for each in questions}:
            raise SelfCheckError(f"{file}: {question.id}: id: there is another question of this id")
        questions.append(question)
    return tuple(questions)


class _Loader(yaml.SafeLoader):
    """Refuses a key that is given twice, of which YAML would take the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


@dataclass
class _Reading:
    """Reads one question; ``where`` names it in messages."""

    file: Path
    where: str

    def wrong(self, field: str, problem: str, expected: str) -> SelfCheckError:
        return SelfCheckError(f"{self.file}: {self.where}: {field}: {problem}; expected {expected}")

    def question(self, said: object) -> Question:
        if not isinstance(said, dict):
            raise SelfCheckError(f"{self.file}: {self.where}: found {said!r}; expected id, type, question and so on")
        chapter = self.file.stem
        name = said.get("id")
        if not isinstance(name, str) or not _ID.fullmatch(name) or not name.startswith(f"{chapter}-"):
            raise self.wrong("id", f"found {name!r}", f"small letters, digits and hyphens, beginning with {chapter}-")
        self.where = name
        kind = said.get("type")
        if kind not in _FIELDS:
            raise self.wrong("type", f"found {kind!r}", "one, many or number")
        self.fields("", said, _FIELDS[kind])
        question, explanation = (self.text(field, said[field]) for field in ("question", "explanation"))
        claims = self.claims(said.get("claims", []))
        if kind == "number":
            return self.numeric(said, question, explanation, claims)
        return Question(name, kind, question, explanation, claims, self.options(kind, said["options"]))

    def fields(self, prefix: str, said: Mapping[str, Any], known: frozenset[str] | set[str]) -> None:
        """Nothing that is not known, and nothing left out that is needed."""
        for field in said:
            if field not in known:
                raise self.wrong(
                    f"{prefix}{field}", "there is no such field here", f"some of {', '.join(sorted(known))}"
                )
        for field in sorted(known - _OPTIONAL):
            if field not in said:
                raise self.wrong(f"{prefix}{field}", "it is missing", "a value")

    def text(self, field: str, said: object) -> str:
        if not isinstance(said, str) or not said.strip():
            raise self.wrong(field, f"found {said!r}", "a text (in quotes, where YAML takes it for something else)")
        try:
            for kind, content in pieces(said):
                if kind == "number":
                    if content.startswith(("live:", "mlive:")):
                        raise ValueError(f"{content!r} follows the page; expected a number that stays")
                    number(content)
        except (ValueError, UnknownNumberError) as error:
            raise SelfCheckError(f"{self.file}: {self.where}: {field}: {error}") from None
        return " ".join(said.split())

    def claims(self, said: object) -> tuple[str, ...]:
        known = {row["claim_id"] for row in records("claims")}
        if not isinstance(said, list) or not all(isinstance(each, str) and each in known for each in said):
            raise self.wrong("claims", f"found {said!r}", "a list of ids of data/claims.csv, such as [DU1]")
        return tuple(said)

    def options(self, kind: str, said: object) -> tuple[Option, ...]:
        found = [self.option(f"options {letter(position)}", each) for position, each in enumerate(self.several(said))]
        right = sum(option.right for option in found)
        if kind == "one" and right != 1:
            raise self.wrong("options", f"{right} are right", "exactly one")
        if not 0 < right < len(found):
            raise self.wrong("options", f"{right} of {len(found)} are right", "some that are and some that are not")
        if len({option.text for option in found}) < len(found):
            raise self.wrong("options", "the same text twice", "different ones")
        return tuple(found)

    def several(self, said: object) -> list[object]:
        if not isinstance(said, list) or len(said) not in OPTIONS:
            count = len(said) if isinstance(said, list) else repr(said)
            raise self.wrong("options", f"found {count}", f"a list of {OPTIONS[0]} to {OPTIONS[-1]}")
        return said

    def option(self, field: str, said: object) -> Option:
        if not isinstance(said, dict):
            raise self.wrong(field, f"found {said!r}", "text, feedback and perhaps right")
        self.fields(f"{field}, ", said, {"text", "feedback", "right"})
        right = said.get("right", False)
        if not isinstance(right, bool):
            raise self.wrong(f"{field}, right", f"found {right!r}", "true, or nothing")
        text, feedback = (self.text(f"{field}, {part}", said[part]) for part in ("text", "feedback"))
        return Option(text, feedback, right)

    def numeric(self, said: Mapping[str, Any], question: str, explanation: str, claims: tuple[str, ...]) -> Question:
        within, unit, mistakes = said["within"], said.get("unit", ""), said.get("mistakes", [])
        if isinstance(within, bool) or not isinstance(within, int | float) or not 0 <= within < float("inf"):
            raise self.wrong("within", f"found {within!r}", "a number that is not negative")
        if not isinstance(unit, str):
            raise self.wrong("unit", f"found {unit!r}", "a text, such as months")
        if not isinstance(mistakes, list):
            raise self.wrong("mistakes", f"found {mistakes!r}", "a list, each with answer and feedback")
        answer = self.figure("answer", said["answer"])
        wrong = [self.mistake(f"mistakes {position}", each) for position, each in enumerate(mistakes, start=1)]
        for position, mistake in enumerate(wrong, start=1):
            if abs(mistake.value - answer.value) <= within:
                raise self.wrong(f"mistakes {position}", f"{mistake.value:g} counts as right", "a figure that does not")
        return Question(
            self.where, "number", question, explanation, claims, (), answer, float(within), unit, tuple(wrong)
        )

    def mistake(self, field: str, said: object) -> Figure:
        if not isinstance(said, dict):
            raise self.wrong(field, f"found {said!r}", "answer and feedback")
        self.fields(f"{field}, ", said, {"answer", "feedback"})
        return self.figure(f"{field}, answer", said["answer"], self.text(f"{field}, feedback", said["feedback"]))

    def figure(self, field: str, said: object, feedback: str = "") -> Figure:
        if not isinstance(said, str) or said.startswith(("live:", "mlive:")):
            raise self.wrong(field, f"found {said!r}", "the name of a number, such as o:eliana-cr")
        try:
            text = number(said).text
        except UnknownNumberError as error:
            raise SelfCheckError(f"{self.file}: {self.where}: {field}: {error}") from None
        figures = _FIGURE.findall(text)
        if len(figures) != 1:
            raise self.wrong(field, f"{said!r} is {text!r}, with {len(figures)} figures in it", "a number with one")
        return Figure(said, float(figures[0].replace(",", "").replace("−", "-")), feedback)


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a text, in order: ``text`` and ``code`` with what they say, the name of a role with its content,
    and ``em_open``, ``em_close``, ``strong_open``, ``strong_close``.

    Raises ValueError for everything else that Markdown knows.
    """
    parsed = MarkdownIt("commonmark").parse(text)
    if [token.type for token in parsed] != ["paragraph_open", "inline", "paragraph_close"]:
        raise ValueError("found more than a paragraph of text; expected one, without lists, headings or blank lines")
    children = parsed[1].children or []
    words = ""
    for token in children:
        if token.type not in _PLAIN:
            found = token.type.removesuffix("_open").replace("_inline", "").upper()
            raise ValueError(f"found {found} in it; expected words, emphasis, code and roles ({', '.join(ROLES)})")
        if token.type in ("text", "softbreak"):
            words += token.content or " "
            continue
        role = _ROLE.search(words) if token.type == "code_inline" else None
        yield from _words(words[: role.start()] if role else words)
        words = ""
        if role:
            yield _known(role[1]), token.content
        elif token.type == "code_inline":
            yield "code", token.content
        else:
            yield token.type, ""
    yield from _words(words)


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Words, without the signs by which the book's Markdown begins mathematics, attributes and substitutions."""
    if sign := re.search(r"[${}]", text):
        raise ValueError(f"found {sign[0]!r} in it; expected words (no mathematics or attributes; US dollars in words)")
    if text:
        yield "text", text


def _known(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"found the role {{{role}}}; expected one of {', '.join(ROLES)}")
    return role
