"""What a page of the book is written from: its own text, with its self-checks in the place of their directive."""

from __future__ import annotations

import re
from pathlib import Path

from carbite.evidence import records
from carbite.prose import number
from carbite.references import cited
from carbite.self_checks import Question, file_of, read

BOOK = Path(__file__).parents[1] / "book"
ROLE = re.compile(r"\{(?P<kind>[a-z:]+)\}`(?P<content>[^`]+)`")
DIRECTIVE = re.compile(r"^```\{self-check\} (?P<chapter>\S+)\n```$", re.MULTILINE)


def questions(page: Path) -> tuple[Question, ...]:
    """The questions of a page, in order."""
    named = DIRECTIVE.findall(page.read_text("utf-8"))
    return tuple(question for chapter in named for question in read(file_of(page.parent, chapter)))


def written(page: Path) -> str:
    """The text of a page with all that its readers read, in the order in which they do."""

    def checks(found: re.Match[str]) -> str:
        every = read(file_of(page.parent, found["chapter"]))
        return "\n\n".join(text for question in every for text in question.texts)

    return DIRECTIVE.sub(checks, page.read_text("utf-8"))


def plain(text: str) -> str:
    """What is read of a text of a self-check: roles as words, without signs of Markdown, in straight quotes."""
    return straight(re.sub(r"\\(.)|[*`]", r"\1", ROLE.sub(_said, text)))


def straight(text: str) -> str:
    """Quotes and spaces as they are typed."""
    return re.sub(r"\s+", " ", text.translate(str.maketrans("’‘“”", "''\"\""))).strip()


def _said(role: re.Match[str]) -> str:
    kind, content = role["kind"], role["content"]
    if kind == "number":
        return number(content).text
    if kind.startswith("cite"):
        (row,) = (row for row in records("sources") if row["source_id"] == content)
        names, year = cited(row)
        return f"{names} ({year})" if kind == "cite:t" else f"({names} {year})"
    shown, _, target = content.partition(" <")
    if kind == "doc" and not target:
        (heading,) = re.findall(r"^# (.+)$", (BOOK / f"{shown}.md").read_text("utf-8"), re.MULTILINE)
        return str(heading)
    return shown
