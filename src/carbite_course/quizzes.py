"""The book's self-checks for a learning platform: a package for Canvas and a question bank for Moodle, each a file.

Both hold the same questions, options and reasons in plain words: a number is its text, a term its name. The same
self-checks give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from carbite.evidence import records
from carbite.notebooks import title, titled
from carbite.prose import number
from carbite.references import cited
from carbite.self_checks import SEVERAL, Option, Question, file_of, pieces, read

BANK = "CAR or BiTE?"
_TAGS = {
    "em_open": "<em>",
    "em_close": "</em>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
}
_CITATIONS = {"cite:t": "{} ({})", "cite:p": "({} {})"}


class QuizError(ValueError):
    """A chapter's self-checks cannot be exported; the message says which, and why."""


@dataclass(frozen=True)
class Answer:
    """An option, or a figure that may be typed: ``text`` and ``feedback`` are HTML."""

    text: str
    feedback: str
    right: bool


@dataclass(frozen=True)
class Asked:
    """A question in HTML. ``answers`` are its options; for a ``number`` the figures, the right one first."""

    id: str
    type: str
    question: str
    explanation: str
    answers: tuple[Answer, ...]
    within: str = ""


@dataclass(frozen=True)
class Quiz:
    """The self-checks of a chapter."""

    chapter: str
    title: str
    questions: tuple[Asked, ...]


def quiz(book: Path, chapter: str) -> Quiz:
    """The self-checks of a chapter, in plain words. Raises SelfCheckError or QuizError."""
    heading = title(book / f"{chapter}.md")
    if heading is None:
        raise QuizError(f"{book / chapter}.md: there is no such chapter, or it has no heading")
    words = _Words(book)
    return Quiz(chapter, heading, tuple(words.asked(question) for question in read(file_of(book, chapter))))


def figure(value: float) -> str:
    """A number as platforms read it: ``14``, ``4.9``."""
    return f"{value:.10g}"


@dataclass(frozen=True)
class _Words:
    """Turns Markdown with the book's roles into HTML of a few inline elements."""

    book: Path

    def asked(self, question: Question) -> Asked:
        text = self.html(question.question)
        if question.type == "many":
            text += f" {SEVERAL}"
        if question.unit:
            text += f" (Answer in {escape(question.unit, quote=False)}.)"
        answers = self.figures(question) if question.answer else tuple(map(self.option, question.options))
        within = figure(question.within) if question.answer else ""
        return Asked(question.id, question.type, text, self.html(question.explanation), answers, within)

    def option(self, option: Option) -> Answer:
        return Answer(self.html(option.text), self.html(option.feedback), option.right)

    def figures(self, question: Question) -> tuple[Answer, ...]:
        assert question.answer is not None
        right = Answer(figure(question.answer.value), "", True)
        wrong = (Answer(figure(each.value), self.html(each.feedback), False) for each in question.mistakes)
        return (right, *wrong)

    def html(self, text: str) -> str:
        said = []
        for kind, content in pieces(text):
            if kind in _TAGS:
                said.append(_TAGS[kind])
            else:
                plain = escape(content if kind in ("text", "code") else self.role(kind, content), quote=False)
                said.append(f"<code>{plain}</code>" if kind == "code" else plain)
        return "".join(said)

    def role(self, kind: str, content: str) -> str:
        if kind == "number":
            return number(content).text
        if kind in _CITATIONS:
            known = {row["source_id"]: row for row in records("sources")}
            keys = [key.strip() for key in content.split(",")]
            if unknown := set(keys) - set(known):
                raise QuizError(f"data/sources.csv has no source_id {', '.join(sorted(unknown))}")
            return "; ".join(_CITATIONS[kind].format(*cited(known[key])) for key in keys)
        text, target = titled(content)
        if kind == "doc" and text == target:
            return title(self.book / f"{target}.md") or target
        return text
