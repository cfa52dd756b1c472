"""HTML that code of the book writes: a part of a page, and links that hold on the site and in JupyterLab."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

BUILDING = "CARBITE_BUILD"
"""The environment variable that is set while the book is built: no kernel stays behind its pages."""

EXPLORER_PAGE = "efficacy"
"""The chapter whose explorer opens a link from another page; every explorer of the book opens every state."""


def building() -> bool:
    """Whether the site is being built; otherwise a notebook is running."""
    return bool(os.environ.get(BUILDING))


def page(name: str, anchor: str = "") -> str:
    """The address of another page of the book, from a page of the book: ``data.html#table-trials``."""
    return f"{name}.{'html' if building() else 'ipynb'}" + (f"#{anchor}" if anchor else "")


@dataclass(frozen=True)
class Markup:
    """HTML that shows itself in a notebook. Whoever makes it has escaped what comes from data."""

    html: str = field(repr=False)

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True)
class Link:
    """A text that leads to an address. Nobody has escaped them yet."""

    text: str
    href: str
    download: bool = False

    def __str__(self) -> str:
        return self.text

    def html(self) -> str:
        """The link as an element."""
        download = " download" if self.download else ""
        return f'<a href="{escape(self.href)}"{download}>{escape(self.text)}</a>'


@dataclass(frozen=True)
class Target:
    """A text that an address of its page can lead to. Nobody has escaped it yet."""

    text: str
    anchor: str

    def __str__(self) -> str:
        return self.text

    def html(self) -> str:
        """The text as an element with its id."""
        return f'<span id="{escape(self.anchor)}">{escape(self.text)}</span>'


def written(name: str) -> bool:
    """Whether the book has this page: a line of ``_toc.yml``, in this folder or one above it."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (contents := folder / "_toc.yml").is_file():
            return f"- file: book/{name}\n" in contents.read_text("utf-8") + "\n"
    return False
