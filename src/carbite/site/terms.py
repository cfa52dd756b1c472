"""``{term}``: a link to the glossary that says what the term means, without leading away from the sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.domains.std import Glossary
from sphinx.environment import BuildEnvironment

from . import tips

KIND = "term"


class MarkdownGlossary(Glossary):
    """Sphinx's directive, for entries as Markdown writes them: a term, then `: ` and its definition.

    Sphinx itself tells a definition by its indent, and would take each of these for one more term.
    """

    def run(self) -> list[nodes.Node]:
        written: StringList = self.content  # type: ignore[has-type]
        lines = StringList()
        for source, line_number, line in written.xitems():
            if line.startswith(": "):
                line = f"  {line[2:]}"
            elif line and not line[0].isspace():
                lines.append("", source, line_number)  # Sphinx wants entries apart
            lines.append(line, source, line_number)
        self.content = lines
        return super().run()


class TermNode(nodes.Inline, nodes.TextElement):
    """A link to a term. ``definition`` is its meaning as plain text; ``position`` counts from 1 on the page."""


def definitions(env: BuildEnvironment) -> dict[str, str]:
    """Every term of the book's glossaries: the id of its entry -> its definition as plain text."""
    found: dict[str, str] = {}
    pages = {page for _, _, kind, page, _, _ in env.get_domain("std").get_objects() if kind == "term"}
    for page in sorted(pages):
        for entry in env.get_doctree(page).findall(nodes.definition_list_item):
            said = " ".join(part.astext() for part in entry.findall(nodes.definition))
            for term in entry.findall(nodes.term):
                found |= dict.fromkeys(term["ids"], " ".join(said.split()))
    return found


def note_definitions(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Collect the definitions; where one has changed since the last build, every page is written again."""
    before = getattr(env, "carbite_definitions", None)
    env.carbite_definitions = definitions(env)  # type: ignore[attr-defined]
    return [] if before in (None, env.carbite_definitions) else env.all_docs  # type: ignore[attr-defined]


def add_definitions(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Wrap every link to a term, once Sphinx has resolved it."""
    if app.builder.format != "html":
        return
    known = app.env.carbite_definitions  # type: ignore[attr-defined]
    links = [link for link in doctree.findall(nodes.reference) if any(map(_is_term, link.findall(nodes.inline)))]
    for position, link in enumerate(links, start=1):
        target = link.get("refid") or link["refuri"].partition("#")[2]
        wrapped = TermNode(definition=known[target], position=position)
        link.replace_self(wrapped)
        wrapped += link


def _is_term(text: nodes.inline) -> bool:
    """Sphinx's own sign of a text that its `term` role wrote."""
    return "std-term" in text["classes"]


def visit_html(translator: Any, node: TermNode) -> None:
    translator.body.append(tips.opening(KIND))
    node["link"] = len(translator.body)


def depart_html(translator: Any, node: TermNode) -> None:
    link = translator.body[node["link"]]
    described = tips.described_by(KIND, node["position"])
    translator.body[node["link"]] = link.replace("<a ", f"<a {described} ", 1)
    translator.body.append(tips.closing(KIND, node["position"], node["definition"]))


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    app.add_directive_to_domain("std", "glossary", MarkdownGlossary, override=True)
    app.add_node(TermNode, html=(visit_html, depart_html))
    app.connect("env-get-updated", note_definitions)
    app.connect("doctree-resolved", add_definitions)
