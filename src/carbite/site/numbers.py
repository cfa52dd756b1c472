"""The role ``{number}``: a figure in a sentence with its source on hover and focus, and at the foot of the page."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from carbite.prose import Number, UnknownNumberError, number

from . import tips

KIND = "number"
HEADING = "Where the numbers on this page come from"


class NumberNode(nodes.Inline, nodes.TextElement):
    """A number of the page: ``found`` is the :class:`carbite.prose.Number`.

    ``position`` counts from 1 on its page, ``entry`` is its place in the list of sources.
    """


class NumberRole(SphinxRole):
    """``{number}`o:molina.eliana.cr` ``: the name is resolved while the page is read."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            found = number(self.text)
        except UnknownNumberError as error:
            message = self.inliner.reporter.error(f"number: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        return [NumberNode(self.rawtext, found.text, found=found)], []


def add_list_of_sources(app: Sphinx, doctree: nodes.document) -> None:
    """Number the figures of a page, and list each once, with its source, in a section at the end."""
    listed: dict[str, tuple[int, Number]] = {}
    for position, node in enumerate(doctree.findall(NumberNode), start=1):
        found: Number = node["found"]
        node["position"] = position
        node["entry"], _ = listed.setdefault(found.name, (len(listed) + 1, found))
    top = next(doctree.findall(nodes.section), None)
    if not listed or top is None:
        return
    section = nodes.section(ids=["where-numbers-come-from"], names=[HEADING.lower()])
    section += nodes.title(HEADING, HEADING)
    entries = nodes.enumerated_list(classes=["number-sources"])
    for entry, found in listed.values():
        item = nodes.list_item(ids=[f"number-{entry}"])
        text = nodes.paragraph()
        text += nodes.strong(found.text, found.text)
        text += nodes.Text(f" {found.source} ")
        if found.href:
            text += nodes.reference("", "Source", refuri=found.href, internal=False)
        item += text
        entries += item
    # Folded, because it is long; a link to an entry unfolds it, and so does printing.
    summary = f"<details><summary>{len(listed)} numbers, each with its source</summary>"
    section += [nodes.raw("", summary, format="html"), entries, nodes.raw("", "</details>", format="html")]
    top += section


def visit_html(translator: Any, node: NumberNode) -> None:
    found: Number = node["found"]
    live = f' data-live="{escape(found.live)}" data-unit="{escape(found.unit)}"' if found.live else ""
    live += f' data-simulated="{escape(found.simulated)}"' if found.simulated else ""
    described = tips.described_by(KIND, node["position"])
    link = f'<a href="#number-{node["entry"]}" data-entry="{node["entry"]}" {described}{live}>{escape(found.text)}</a>'
    translator.body.append(tips.opening(KIND) + link + tips.closing(KIND, node["position"], found.source))
    raise nodes.SkipNode


def visit_text(translator: Any, node: NumberNode) -> None:
    """Print formats show the figure; its source stands in the list at the end."""


def depart_text(translator: Any, node: NumberNode) -> None:
    """Nothing to close."""


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    as_text = (visit_text, depart_text)
    app.add_node(NumberNode, html=(visit_html, depart_text), latex=as_text, text=as_text)
    app.add_role("number", NumberRole())
    app.connect("doctree-read", add_list_of_sources)
