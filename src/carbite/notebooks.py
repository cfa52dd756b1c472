"""The pages of the book as notebooks for JupyterLab.

JupyterLab shows Markdown cells as plain Markdown: it knows neither our role for numbers nor the book's
directives. So each page is copied into a notebook in which a number is a link with its source as the title,
a term is a link with its definition as the title, a citation is a link, and a box is a quotation or folds.
The text of the book stays the only source; what has no counterpart in JupyterLab is an error, never left raw.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import jupytext
from markdown_it import MarkdownIt

from carbite import stamp
from carbite.evidence import records
from carbite.prompts import UnknownPromptError, prompt
from carbite.prose import Number, UnknownNumberError, markdown, markdown_link, number, plain_text
from carbite.public import public_names, summary
from carbite.references import cited
from carbite.self_checks import NOTE, SEVERAL, Question, SelfCheckError, file_of, letter, read

SOURCES_HEADING = "Where the numbers on this page come from"
BOXES = ("admonition", "note", "tip", "warning", "important", "seealso", "dropdown")
OTHERS = ("glossary", "bibliography", "self-check", "teaching", "predict", "predictions", "api")
HIDDEN_SOURCE = "hide-input"

_FENCE = re.compile(r"(?P<fence>:{3,}|`{3,}|~{3,})\s*(?:\{(?P<name>[^}]*)\})?(?P<title>.*)")
_OPTION = re.compile(r":(?P<name>[\w-]+):\s*(?P<value>.*)")
_ROLE = re.compile(r"\{(?P<name>[\w:.+-]+)\}`(?P<content>[^`]+)`")
_TITLED = re.compile(r"(?P<title>.*?)\s*<(?P<target>[^>]+)>", re.DOTALL)
_ENTRY = re.compile(r"^(?P<term>\S.*)\n: (?P<definition>.*(?:\n[ ]+\S.*)*)$", re.MULTILINE)
_HEADING = re.compile(r"^# (?P<title>.+)$", re.MULTILINE)
# What vanishes: a label that other pages refer to, and a comment.
_SILENT = re.compile(r"^(\([^)\n]+\)=|%.*)(\n|$)", re.MULTILINE)
# MyST that JupyterLab would show raw, with what it is.
_RAW = (
    (re.compile(r"^[ \t]*(:{3,}|`{3,}|~{3,})\{.*", re.MULTILINE), "an indented directive"),
    (re.compile(r"^\{[.#][^}]*\}[ ]*$", re.MULTILINE), "an attribute"),
    (re.compile(r"\{\{.*?\}\}"), "a substitution"),
    (re.compile(r"\[\^[^\]]+\]"), "a footnote"),
    (re.compile(r"\$\$[ ]*\([\w-]+\)[ ]*$", re.MULTILINE), "a labelled equation"),
    (re.compile(r"\]\([^)]*\.md[#)][^)]*"), "a link to a source file, where {doc} is meant"),
)


class ChapterError(ValueError):
    """A page holds what the notebook cannot show; the message names the file, the thing and what is known."""


def notebook(chapter: Path) -> dict[str, Any]:
    """The page as a notebook (nbformat 4.5) without outputs, the same every time.

    Raises ChapterError for a directive, role, number, source, term or page that is not known.
    """
    page = _Page(chapter)
    cells: list[dict[str, Any]] = []
    for cell in jupytext.reads(chapter.read_text("utf-8"), fmt="md:myst").cells:
        if cell.cell_type == "code":
            cells.append(_code(cell.source, cell.metadata.get("tags", ())))
        else:
            cells += map(_prose, _sections(page.shown(cell.source)))
    if page.numbers:
        cells.append(_prose(page.list_of_sources()))
    return {
        "cells": [{"id": f"cell-{position}", **cell} for position, cell in enumerate(cells, start=1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _prose(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code(source: str, tags: Sequence[str]) -> dict[str, Any]:
    """A code cell; what the site folds is folded in JupyterLab too."""
    metadata: dict[str, Any] = {"tags": list(tags)} if tags else {}
    if HIDDEN_SOURCE in tags:
        metadata["jupyter"] = {"source_hidden": True}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def _sections(text: str) -> Iterator[str]:
    """The parts of a text, each from its heading on: JupyterLab folds what stands under a cell's heading."""
    tokens = MarkdownIt("commonmark").parse(text)
    lines = text.split("\n")
    starts = {token.map[0] for token in tokens if token.type == "heading_open" and token.level == 0 and token.map}
    for start, end in pairwise(sorted({0, *starts, len(lines)})):
        if section := "\n".join(lines[start:end]).strip("\n"):
            yield section


@dataclass
class _Page:
    """One file of the book while it is rewritten; ``numbers`` collects those that its prose names."""

    file: Path
    numbers: dict[str, Number] = field(default_factory=dict)

    def shown(self, text: str) -> str:
        """MyST as Markdown that JupyterLab shows as it is meant."""
        lines = text.split("\n")
        parts: list[str] = []
        position = 0
        while position < len(lines):
            opened = _FENCE.match(lines[position])
            end = self._closing(lines, position, opened) if opened else self._next_fence(lines, position)
            if not opened:
                parts.append(self._inline("\n".join(lines[position:end])))
            elif opened["name"] is None:
                parts.append("\n".join(lines[position : end + 1]))
            else:
                parts.append(self._directive(opened["name"], opened["title"], lines[position + 1 : end]))
            position = end + 1 if opened else end
        return "\n".join(parts)

    def _next_fence(self, lines: list[str], position: int) -> int:
        return next((at for at in range(position, len(lines)) if _FENCE.match(lines[at])), len(lines))

    def _closing(self, lines: list[str], position: int, opened: re.Match[str]) -> int:
        fence = opened["fence"]
        for at in range(position + 1, len(lines)):
            line = lines[at].rstrip()
            if len(line) >= len(fence) and line == fence[0] * len(line):
                return at
        raise ChapterError(f"{self.file}: {lines[position]!r} is never closed by {fence!r}")

    def _directive(self, name: str, title: str, body: list[str]) -> str:
        options: dict[str, str] = {}
        while body and (option := _OPTION.fullmatch(body[0].rstrip())):
            options[option["name"]] = option["value"]
            body = body[1:]
        inner = "\n".join(body).strip("\n")
        if name == "glossary":
            return "\n\n".join(f"### {term}\n\n{self._inline(said)}" for term, said in _ENTRY.findall(inner))
        if name == "teaching":
            # What instructors read is written from the chapters, which are read by this module.
            from carbite_course.teaching.pages import part

            return self.shown(part(self.file.parent, title.strip()))
        if name == "bibliography":
            return "\n".join(sorted(map(_reference, records("sources"))))
        if name == "self-check":
            return self._self_check(title.strip())
        if name == "predict":
            return self._prompt(title.strip())
        if name == "predictions":
            return "> On the website your predictions are listed here. Your browser keeps them; no notebook sees them."
        if name == "api":
            return self._names_of(title.strip())
        if name not in BOXES:
            raise self._unknown("directive", name, (*BOXES, *OTHERS))
        return self._box(
            self._inline(title.strip()) or name.capitalize(),
            self.shown(inner),
            folds=name == "dropdown" or "dropdown" in options.get("class", "").split(),
        )

    def _self_check(self, chapter: str) -> str:
        """The chapter's questions, each with its answer folded below."""
        try:
            questions = read(file_of(self.file.parent, chapter))
        except SelfCheckError as error:
            raise ChapterError(str(error)) from error
        asked = [self._question(number, question) for number, question in enumerate(questions, start=1)]
        return _paragraphs(NOTE, *asked)

    def _question(self, number: int, question: Question) -> str:
        several = f" {SEVERAL}" if question.type == "many" else ""
        options = "\n".join(
            f"- **{letter(position)}** {self._inline(option.text)}" for position, option in enumerate(question.options)
        )
        reasons = "\n".join(f"- **{self._inline(label)}** {self._inline(said)}" for label, said in question.reasons)
        solution, *further = map(self._inline, (question.solution, question.explanation, question.ledger))
        asked = f"**Question {number}.** {self._inline(question.question)}{several}"
        answer = _paragraphs(f"**{solution}**", reasons, *further)
        return _paragraphs(asked, options, self._box(f"Answer to question {number}", answer, folds=True))

    def _names_of(self, module: str) -> str:
        """The public names of a module, each with its first sentence: `help()` has the rest."""
        if module not in public_names():
            raise ChapterError(
                f"{self.file}: {{api}} names no module {module!r}; known are {', '.join(public_names())}"
            )
        said = ((name, summary(module, name)) for name in public_names()[module])
        return "\n".join(f"- `{module}.{name}`" + (f": {plain_text(text)}" if text else "") for name, text in said)

    def _prompt(self, name: str) -> str:
        """A question before its answer, which folds."""
        try:
            asked = prompt(name)
        except UnknownPromptError as error:
            raise ChapterError(f"{self.file}: {error}") from error
        choices = "\n".join(f"- {plain_text(choice)}" for choice in asked.choices)
        limits = "\n".join(f"- {plain_text(limit)}" for limit in asked.limits)
        question = self._box("Before you read on", f"{plain_text(asked.question)}\n\n{choices}", folds=False)
        answer = f"**{plain_text(asked.right)}.** {plain_text(asked.answer)}\n\nWhat limits this:\n\n{limits}"
        return f"{question}\n\n{self._box('The answer', answer, folds=True)}"

    def _box(self, heading: str, inner: str, folds: bool) -> str:
        if folds:
            # A summary is a line of HTML, in which Markdown would not be read.
            summary = MarkdownIt("commonmark").renderInline(heading)
            return f"<details><summary>{summary}</summary>\n\n{inner}\n\n</details>"
        return "\n".join(f"> {line}".rstrip() for line in (f"**{heading}**", "", *inner.split("\n")))

    def _inline(self, text: str) -> str:
        text = _SILENT.sub("", text)
        for pattern, what in _RAW:
            if found := pattern.search(text):
                raise ChapterError(f"{self.file}: JupyterLab would show {found[0]!r} raw: it is {what}")
        # Markdown takes the backslash away, and MathJax would then read from one price to the next.
        text = text.replace("\\$", "\\\\$")
        return _ROLE.sub(lambda found: self._role(found["name"], found["content"]), text)

    def _role(self, name: str, content: str) -> str:
        roles: dict[str, Callable[[str], str]] = {
            "number": self._number,
            "cite:p": lambda keys: f"({self._citation(keys, '{} {}')})",
            "cite:t": lambda keys: self._citation(keys, "{} ({})"),
            "term": self._term,
            "doc": self._doc,
        }
        if name not in roles:
            raise self._unknown("role", name, tuple(roles))
        return roles[name](content)

    def _unknown(self, kind: str, name: str, known: tuple[str, ...]) -> ChapterError:
        return ChapterError(
            f"{self.file}: {kind} {{{name}}} cannot be shown in JupyterLab; known are {', '.join(known)}"
        )

    def _number(self, name: str) -> str:
        try:
            found = self.numbers.setdefault(name, number(name))
        except UnknownNumberError as error:
            raise ChapterError(f"{self.file}: {error}") from error
        # A number that was computed here has no page of its own: it leads to the list at the end.
        return markdown(replace(found, href=found.href or f"#{heading_anchor(SOURCES_HEADING)}"))

    def list_of_sources(self) -> str:
        """Every number of the page once, with its source: a title is seen by those alone who can hover."""
        entries = [
            f"1. **{plain_text(found.text)}** {plain_text(found.source)}"
            + (f" [Source]({found.href})" if found.href else "")
            for found in self.numbers.values()
        ]
        return "\n".join((f"## {SOURCES_HEADING}", "", *entries))

    def _citation(self, keys: str, form: str) -> str:
        known = {row["source_id"]: row for row in records("sources")}
        said = []
        for key in map(str.strip, keys.split(",")):
            if key not in known:
                raise ChapterError(f"{self.file}: sources.csv has no source_id {key!r}")
            row = known[key]
            href = f"https://doi.org/{row['doi']}" if row["doi"] else "references.ipynb"
            said.append(markdown_link(form.format(*cited(row)), href, row["citation"]))
        return "; ".join(said)

    def _term(self, content: str) -> str:
        text, term = titled(content)
        terms = _glossary(self.file.parent)
        if term.lower() not in terms:
            known = ", ".join(name for name, _ in terms.values())
            raise ChapterError(f"{self.file}: glossary.md has no term {term!r}; it has {known}")
        name, definition = terms[term.lower()]
        return markdown_link(text, f"glossary.ipynb#{heading_anchor(name)}", definition)

    def _doc(self, content: str) -> str:
        text, target = titled(content)
        page = self.file.parent / f"{target}.md"
        heading = title(page)
        if heading is None:
            raise ChapterError(f"{self.file}: {{doc}} names {target!r}, and there is no page {page}")
        return f"[{text if text != target else heading}]({target}.ipynb)"


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))


def title(page: Path) -> str | None:
    """The heading of a page; None where there is no such page or it has none."""
    heading = _HEADING.search(page.read_text("utf-8")) if page.is_file() else None
    return heading["title"] if heading else None


def in_words(file: Path, text: str) -> str:
    """A part of the page ``file`` as plain words: what its numbers, citations and terms say, without mark-up."""
    shown = MarkdownIt("commonmark").parseInline(_Page(file).shown(text))[0].children or []
    said = "".join(" " if token.type == "softbreak" else token.content for token in shown)
    return said.replace("\\$", "$").strip()


def titled(content: str) -> tuple[str, str]:
    """Text and target of ``text <target>``; both are the same where no target is given."""
    found = _TITLED.fullmatch(content)
    return (found["title"], found["target"]) if found else (content, content)


def heading_anchor(heading: str) -> str:
    """What JupyterLab calls a heading in a link."""
    return heading.replace(" ", "-")


@cache
def _glossary(book: Path) -> Mapping[str, tuple[str, str]]:
    """Every term of the glossary, found by its lower case as Sphinx finds it, with its definition."""
    page = book / "glossary.md"
    text = page.read_text("utf-8") if page.is_file() else ""
    return {term.lower(): (term, " ".join(said.split())) for term, said in _ENTRY.findall(text)}


def _reference(row: Mapping[str, Any]) -> str:
    """A source in the list of references."""
    said = ". ".join(filter(None, (row["authors"], row["title"], row["citation"])))
    link = f" [doi:{plain_text(row['doi'])}](https://doi.org/{row['doi']})" if row["doi"] else ""
    return f"- {plain_text(said)}.{link}"


def write(book: Path, target: Path) -> dict[Path, bool]:
    """Every page of ``book`` as a notebook in ``target``: each file, and whether it was written.

    A notebook that a learner has edited since it was written is kept.
    """
    made = {page.stem: notebook(page) for page in sorted(book.glob("*.md"))}
    target.mkdir(parents=True, exist_ok=True)
    return {(file := target / f"{stem}.ipynb"): stamp.write(file, page) for stem, page in made.items()}


def main() -> None:
    """``python -m carbite.notebooks book _build/notebooks``."""
    parser = argparse.ArgumentParser(description="Write the pages of the book as notebooks for JupyterLab.")
    parser.add_argument("book", type=Path, help="folder with the pages")
    parser.add_argument("target", type=Path, help="folder for the notebooks")
    chosen = parser.parse_args()
    if not chosen.book.is_dir():
        sys.exit(f"{chosen.book}: there is no such folder")
    try:
        for file, was_written in write(chosen.book, chosen.target).items():
            print(f"wrote {file}" if was_written else f"kept {file}, which was edited; rename it to get a fresh one")
    except ChapterError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
