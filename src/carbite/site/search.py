"""The passages that the search looks through: all text of the built pages, also that of tables and figures.

Sphinx's own index has the text cells alone, and takes its excerpts by asking for whole pages, which a page from
a disk cannot do. So the passages are a script, and `search.js` looks through them with Sphinx's word stems.
"""

from __future__ import annotations

import json
from pathlib import Path

from bs4 import Tag
from bs4.element import NavigableString
from sphinx.application import Sphinx

from .assets import HERE, OURS, Context, publish
from .editions.articles import article

SCRIPTS = ("passages.js", "search.js")
# What a passage is: it has an address of its own. A term's definition belongs to the term.
_PASSAGE = ("section", "figure", "li", "dt", "div", "tr", "h3")
_HEADINGS = ("h1", "h2", "h3", "h4", "figcaption", "dt")

Passage = list[str]


def passages(body: Tag) -> list[Passage]:
    """Address, heading and text of each passage of a page, in order; an address is an id."""
    for mark in body.select("sup, .headerlink, title, desc, svg"):
        mark.decompose()
    found: dict[str, tuple[str, list[str]]] = {}
    for text in body.find_all(string=True):
        if not isinstance(text, NavigableString) or not text.strip():
            continue
        place = _place(text)
        if place is not None:
            heading = place.find(_HEADINGS) if place.name not in _HEADINGS else place
            said = " ".join(heading.get_text(" ", strip=True).split()) if isinstance(heading, Tag) else ""
            found.setdefault(str(place["id"]), (said, []))[1].append(text)
    return [[place, heading, " ".join(" ".join(texts).split())] for place, (heading, texts) in found.items()]


def _place(text: NavigableString) -> Tag | None:
    """The nearest part around a text that links can lead to."""
    for parent in text.parents:
        if parent.name == "dd":
            term = parent.find_previous_sibling("dt")
            if isinstance(term, Tag) and term.get("id"):
                return term
        if parent.name in _PASSAGE and parent.get("id"):
            return parent
    return None


def write_passages(app: Sphinx, error: Exception | None) -> None:
    """Once every page is written."""
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    pages = []
    for name in sorted(app.env.found_docs):
        page = article(site, name)
        pages.append([f"{name}.html", page.title, passages(page.body)])
    data = json.dumps(pages, ensure_ascii=False, separators=(",", ":"))
    (site / "_static" / OURS / "passages.js").write_text(f"window.carbitePassages = {data};\n", "utf-8")


def link(app: Sphinx, pagename: str, template: str, context: Context, doctree: object) -> None:
    """Only the search page needs them."""
    if pagename == "search":
        for name in SCRIPTS:
            app.add_js_file(f"{OURS}/{name}", loading_method="defer")


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    publish(app, {f"{OURS}/search.js": HERE / "search.js", f"{OURS}/passages.js": ""})
    app.connect("html-page-context", link)
    app.connect("build-finished", write_passages)
