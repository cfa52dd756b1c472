"""The chapters as notebooks for JupyterLab.

JupyterLab shows Markdown cells as plain Markdown: it knows neither our role for numbers nor the book's directives.
So each chapter is copied into a notebook in which a number is a link with its source as the title,
a citation is a link, and a box is a quotation. The text of the chapter stays the only source.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

import jupytext
import nbformat

from carbite.evidence import records
from carbite.prose import UnknownNumber, markdown, number

_ROLE = re.compile(r"\{([a-z:]+)\}`([^`]+)`")
_LABEL = re.compile(r"^\([\w-]+\)=\n", re.MULTILINE)
_BOX = re.compile(
    r"^(:{3,})\{([a-z-]+)\}[ ]*(.*)\n((?::[\w-]+:.*\n)*)(.*?)^\1[ ]*$", re.MULTILINE | re.DOTALL
)
_TITLED = re.compile(r"^(.*?)\s*<([^>]+)>$", re.DOTALL)
_BOXES = ("admonition", "note", "tip", "warning", "important", "seealso", "dropdown")


class ChapterError(ValueError):
    """A chapter holds something that the notebook cannot show; the message names the file, the thing and what is known."""


def notebook(chapter: Path) -> nbformat.NotebookNode:
    """The chapter as a notebook without outputs. Raises ChapterError for an unknown role, directive or number."""
    made = jupytext.reads(chapter.read_text("utf-8"), fmt="md:myst")
    made.metadata.pop("jupytext", None)
    for position, cell in enumerate(made.cells, start=1):
        cell.id = f"cell-{position}"  # the same bytes every time, where nbformat draws random ids
        if cell.cell_type == "markdown":
            cell.source = plain_markdown(cell.source, chapter)
    return made


def plain_markdown(text: str, chapter: Path) -> str:
    """MyST as Markdown that JupyterLab shows as it is meant."""
    text = _LABEL.sub("", text)
    text = _BOX.sub(lambda found: _box(found, chapter), text)
    if unknown := re.search(r"^(?::{3,}|`{3,})\{([\w-]+)\}", text, re.MULTILINE):
        raise ChapterError(
            f"{chapter}: directive {{{unknown[1]}}} cannot be shown in JupyterLab; known are {', '.join(_BOXES)}"
        )
    return _ROLE.sub(lambda found: _role(found[1], found[2], chapter), text)


def _box(found: re.Match[str], chapter: Path) -> str:
    kind, title, body = found[2], found[3].strip(), found[5].strip("\n")
    if kind not in _BOXES:
        raise ChapterError(
            f"{chapter}: directive {{{kind}}} cannot be shown in JupyterLab; known are {', '.join(_BOXES)}"
        )
    inner = _BOX.sub(lambda nested: _box(nested, chapter), body)
    if kind == "dropdown" or "dropdown" in found[4]:
        return f"<details><summary>{title}</summary>\n\n{inner}\n\n</details>"
    heading = title or kind.capitalize()
    return "\n".join(f"> {line}".rstrip() for line in (f"**{heading}**", "", *inner.split("\n")))


def _role(role: str, content: str, chapter: Path) -> str:
    if role not in _ROLES:
        raise ChapterError(
            f"{chapter}: role {{{role}}} cannot be shown in JupyterLab; known are {', '.join(_ROLES)}"
        )
    try:
        return _ROLES[role](content)
    except UnknownNumber as error:
        raise ChapterError(f"{chapter}: {error}") from error


def _citation(content: str) -> str:
    sources = {row["source_id"]: row for row in records("sources")}
    said = []
    for source_id in content.split(","):
        source = sources[source_id.strip()]
        authors = source["authors"].split("; ")
        first, *others = [author.rsplit(" ", 1)[0] for author in authors if author != "et al"]
        alone = not others and "et al" not in authors
        names = (
            first
            if alone
            else f"{first} & {others[0]}"
            if len(authors) == 2 and others
            else f"{first} et al."
        )
        title = source["citation"].replace('"', "'")
        href = f"https://doi.org/{source['doi']}" if source["doi"] else "#"
        said.append(f'[{names} {source["year"]}]({href} "{title}")')
    return "; ".join(said)


def _titled(content: str) -> tuple[str, str]:
    found = _TITLED.match(content)
    return (found[1], found[2]) if found else (content, content)


def _page(content: str) -> str:
    title, target = _titled(content)
    return f"[{title}]({target}.ipynb)"


_ROLES: dict[str, Callable[[str], str]] = {
    "number": lambda content: markdown(number(content)),
    "cite:p": lambda content: f"({_citation(content)})",
    "cite:t": _citation,
    "term": lambda content: _titled(content)[0],
    "doc": _page,
}


def write(book: Path, target: Path) -> list[Path]:
    """Every chapter of ``book`` that runs code, as a notebook in ``target``. Returns the files written."""
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for chapter in sorted(book.glob("*.md")):
        if "{code-cell}" not in chapter.read_text("utf-8"):
            continue
        made = target / f"{chapter.stem}.ipynb"
        made.write_text(nbformat.writes(notebook(chapter)) + "\n", "utf-8")
        written.append(made)
    return written


def main() -> None:
    """``python -m carbite.notebooks book _build/notebooks``."""
    parser = argparse.ArgumentParser(description="Write the chapters as notebooks for JupyterLab.")
    parser.add_argument("book", type=Path, help="folder with the chapters")
    parser.add_argument("target", type=Path, help="folder for the notebooks")
    chosen = parser.parse_args()
    try:
        for made in write(chosen.book, chosen.target):
            print(f"wrote {made}")
    except ChapterError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
