"""What a chapter of the book says of itself, read from its source: title, objectives, dispute, figures, limits."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from carbite.evidence import row
from carbite.markup import building, page
from carbite.notebooks import heading_anchor, in_words
from carbite.prose import ROWS

TIME_NEEDED = re.compile(r"^\*\*Time needed:\*\*\s*(.+)$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_FENCED = re.compile(r"^(`{3,}).*?^\1`*[ ]*$", re.MULTILINE | re.DOTALL)
_CODE_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
_CELL_OPTION = re.compile(r"^:.*\n", re.MULTILINE)
_HEADING = re.compile(r"^(#{1,3}) (.+)$", re.MULTILINE)
_NUMBER = re.compile(r"\{number\}`([a-z]+):([^`:?]+)")
_CITED = re.compile(r"\{cite:[tp]\}`([^`]+)`")
_ROLE = re.compile(r"\{[\w:]+\}(`[^`]+`)")
_LEAD = re.compile(r"\*\*(.+?)\*\*\s*(.*)", re.DOTALL)


class ChapterSourceError(ValueError):
    """A chapter lacks what every chapter has; the message names the file and what was looked for."""


@dataclass(frozen=True)
class FigureCall:
    """A figure that a chapter shows: the module and function that draw it, and the heading that it stands under.

    ``source_ids`` are the sources that the text under this heading cites or takes numbers from.
    """

    module: str
    function: str
    arguments: tuple[Any, ...]
    heading: str
    source_ids: tuple[str, ...]


@dataclass(frozen=True)
class Point:
    """An entry of a list: what is printed bold at its head, and the rest; ``lead`` is all where nothing is bold."""

    lead: str
    rest: str = ""


@dataclass(frozen=True)
class Chapter:
    """A chapter by its source; texts are plain words, with what numbers, citations and terms say."""

    file: Path
    text: str = field(repr=False)

    @property
    def name(self) -> str:
        """As in links: ``efficacy``."""
        return self.file.stem

    @cached_property
    def title(self) -> str:
        """The first heading."""
        found = re.search(r"^# (.+)$", self._prose, re.MULTILINE)
        if found is None:
            raise ChapterSourceError(f"{self.file}: expected a title, a line that begins with '# '")
        return in_words(self.file, found[1])

    @property
    def time_needed(self) -> str:
        """What the chapter says on how long it takes."""
        found = TIME_NEEDED.search(self.text)
        if found is None:
            raise ChapterSourceError(f"{self.file}: expected a line '**Time needed:** ...'")
        return in_words(self.file, found[1])

    @property
    def words(self) -> int:
        """Words of prose, tables and questions included; a number counts as a word, code does not count."""
        return len(re.findall(r"[^\W_][\w'’.-]*", _ROLE.sub(" number ", self._prose)))

    @property
    def objectives(self) -> tuple[str, ...]:
        """What a reader can do afterwards."""
        opening = self._prose.partition("\n## ")[0]
        return tuple(point.lead for point in self._points(opening))

    @property
    def dispute(self) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """The heading of the first section, and the head and the rows of its table."""
        heading, body = self._sections[0]
        lines = [line for line in body.split("\n") if line.startswith("|")]
        if len(lines) < 3:
            raise ChapterSourceError(f"{self.file}: expected a table under {heading!r}")
        head, _, *rows = ([in_words(self.file, cell) for cell in line.strip("| ").split(" | ")] for line in lines)
        return heading, tuple(head), tuple(map(tuple, rows))

    @property
    def limits(self) -> tuple[str, tuple[Point, ...]]:
        """The section on what the numbers cannot say: its heading and its points."""
        for heading, body in self._sections:
            if heading.startswith("What ") and heading != "What moves the conclusion":
                return heading, self._points(body)
        raise ChapterSourceError(f"{self.file}: expected a section on what the numbers cannot say")

    @property
    def take_aways(self) -> tuple[Point, ...]:
        """The last section."""
        for heading, body in self._sections:
            if heading == "Take-aways":
                return self._points(body)
        raise ChapterSourceError(f"{self.file}: expected a section 'Take-aways'")

    @cached_property
    def figures(self) -> tuple[FigureCall, ...]:
        """The figures in the order in which the chapter shows them."""
        alias: dict[str, str] = {}
        found: list[FigureCall] = []
        for cell in _CODE_CELL.finditer(self.text):
            tree = ast.parse(_CELL_OPTION.sub("", cell[1]))
            for each in tree.body:
                if isinstance(each, ast.ImportFrom) and each.module == "carbite.figures":
                    alias |= {name.asname or name.name: name.name for name in each.names}
                elif call := _call(each):
                    module, function, arguments = call
                    if module in alias:
                        heading, body = self._around(cell.start())
                        found.append(FigureCall(alias[module], function, arguments, heading, _source_ids(body)))
        return tuple(found)

    def place(self, function: str) -> str:
        """The address of the heading above a figure, from a page of the book."""
        return page(self.name, heading_id(self.heading_of(function)))

    def heading_of(self, function: str) -> str:
        """The heading that a figure stands under. Raises ChapterSourceError where the chapter does not show it."""
        for each in self.figures:
            if each.function == function:
                return each.heading
        known = ", ".join(each.function for each in self.figures)
        raise ChapterSourceError(f"{self.file}: shows no figure {function!r}; it shows {known}")

    @cached_property
    def _prose(self) -> str:
        return _FENCED.sub("", _FRONT_MATTER.sub("", self.text))

    @cached_property
    def _sections(self) -> list[tuple[str, str]]:
        """The sections of the second level: heading and text, code left out."""
        parts = re.split(r"^## (.+)$", self._prose, flags=re.MULTILINE)
        return [(in_words(self.file, head), body) for head, body in zip(parts[1::2], parts[2::2], strict=True)]

    def _around(self, position: int) -> tuple[str, str]:
        """The last heading before a position, and the text from there to the next one."""
        headings = list(_HEADING.finditer(_blanked(self.text)))
        before = [each for each in headings if each.start() < position]
        after = [each.start() for each in headings if each.start() > position]
        start = before[-1]
        return in_words(self.file, start[2]), self.text[start.end() : after[0] if after else len(self.text)]

    def _points(self, text: str) -> tuple[Point, ...]:
        """The entries of the list in a text."""
        return tuple(self._point(item) for item in _items(text))

    def _point(self, item: str) -> Point:
        lead = _LEAD.fullmatch(item)
        if lead is None:
            return Point(in_words(self.file, item))
        return Point(in_words(self.file, lead[1]), in_words(self.file, lead[2]))


def read(book: Path, name: str) -> Chapter:
    """The chapter ``name`` of the folder ``book``. Raises ChapterSourceError where there is no such page."""
    file = book / f"{name}.md"
    if not file.is_file():
        raise ChapterSourceError(f"{file}: there is no such page")
    return Chapter(file, file.read_text("utf-8"))


def names(book: Path) -> tuple[str, ...]:
    """The chapters in the order of ``_toc.yml``, which stands beside ``book``: pages that say what time they need."""
    listed = re.findall(r"- file: book/([\w-]+)$", (book.parent / "_toc.yml").read_text("utf-8"), re.MULTILINE)
    return tuple(name for name in listed if TIME_NEEDED.search((book / f"{name}.md").read_text("utf-8")))


def heading_id(heading: str) -> str:
    """What a heading is called in the address of its page, on the site and in JupyterLab."""
    if not building():
        return heading_anchor(heading)
    # Sphinx is there when the site is built, and need not be where notebooks are written.
    from docutils.nodes import make_id

    return make_id(heading)


def _blanked(text: str) -> str:
    """The text with spaces in the place of code, in which a comment looks like a heading."""
    return _FENCED.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)


def _items(text: str) -> Iterator[str]:
    """The entries of lists with dashes, each with its lines joined."""
    item = ""
    for line in text.split("\n"):
        if line.startswith("- "):
            if item:
                yield item
            item = line[2:].strip()
        elif item and line.startswith("  "):
            item += " " + line.strip()
        elif item:
            yield item
            item = ""
    if item:
        yield item


def _call(statement: ast.stmt) -> tuple[str, str, tuple[Any, ...]] | None:
    """Module, function and arguments of a statement like ``figures.rates()``."""
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return None
    call = statement.value
    if not (isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)):
        return None
    return call.func.value.id, call.func.attr, tuple(ast.literal_eval(each) for each in call.args)


def _source_ids(text: str) -> tuple[str, ...]:
    """The sources that a text cites or takes single numbers from, in the order in which it names them."""
    named: dict[int, list[str]] = {}
    for cited in _CITED.finditer(text):
        named[cited.start()] = [key.strip() for key in cited[1].split(",")]
    for number in _NUMBER.finditer(text):
        if table := ROWS.get(number[1]):
            source = row(table, number[2])["source_id"]
            named[number.start()] = [source] if source else []
    return tuple(dict.fromkeys(key for position in sorted(named) for key in named[position]))
