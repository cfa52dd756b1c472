"""The directive ``{self-check}``: a chapter's questions as plain controls of HTML.

What is written is complete without the script: question, options, and the answer folded below. The controls stand
there hidden, and `self_checks.js` shows them. Bound editions and paper have the answers behind the questions.
"""

from __future__ import annotations

from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from carbite.self_checks import NOTE, SEVERAL, Question, SelfCheckError, file_of, letter, read

from .assets import HERE, add_page_assets

VOID = frozenset({"input"})
STAYS = "Nothing that you answer leaves this browser, which keeps it for your next visit if it is allowed to."


class Part(nodes.General, nodes.Element):
    """An element of HTML, around its children; other formats show the children. An attribute of "" has no value."""


def part(tag: str, *children: nodes.Node, **attributes: str) -> Part:
    """The element; a trailing underscore of an attribute's name is dropped, and others are hyphens."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    return Part("", *children, tag=tag, attributes=named)


def words(text: str) -> nodes.inline:
    """A text of ours."""
    return nodes.inline(text, text)


class SelfCheck(SphinxDirective):
    """``{self-check} durability``: the questions of ``self-checks/durability.yml`` beside the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        page = Path(self.env.doc2path(self.env.docname))
        file = file_of(page.parent, self.arguments[0])
        self.env.note_dependency(str(file))
        try:
            questions = read(file)
        except SelfCheckError as error:
            raise self.error(str(error)) from error
        asked = [self.asked(number, question) for number, question in enumerate(questions, start=1)]
        buttons = part("p", part("button", words("Start over"), type="button"), hidden="", class_="carbite-start-over")
        said = part("div", role="status", class_="carbite-started-over")
        note = part("p", words(NOTE), part("span", words(f" {STAYS}"), hidden=""), class_="carbite-self-check-note")
        return [part("div", note, *asked, buttons, said, class_="carbite-self-check")]

    def markdown(self, text: str) -> nodes.inline:
        """A text of the file, whose roles are those of the page."""
        found, _ = self.state.inline_text(text, self.lineno)
        return nodes.inline(text, "", *found)

    def asked(self, number: int, question: Question) -> Part:
        """A question with its answer."""
        title = part("strong", words(f"Question {number}. "))
        several = [words(f" {SEVERAL}")] if question.type == "many" else []
        legend = part("legend", title, self.markdown(question.question), *several)
        controls = self.field(question) if question.answer else self.choices(question)
        check = part("p", part("button", words("Check"), type="submit"), hidden="")
        said = part("div", role="status", class_="carbite-said-of-answer")
        fields = part("fieldset", legend, controls, check, said)
        form = part("form", fields, id=question.id, autocomplete="off", novalidate="")
        return part("div", form, self.answer(number, question), class_="carbite-question")

    def choices(self, question: Question) -> Part:
        kind = "radio" if question.type == "one" else "checkbox"
        items = []
        for position, option in enumerate(question.options):
            right = {"data_right": ""} if option.right else {}
            control = part("input", type=kind, name=f"{question.id}-answer", value=key(option.text), hidden="", **right)
            label = part("label", control, part("b", words(f"{letter(position)} ")), self.markdown(option.text))
            items.append(part("li", label))
        return part("ul", *items, class_="carbite-answers")

    def field(self, question: Question) -> Part:
        assert question.answer is not None
        figures = {"data_answer": repr(question.answer.value), "data_within": repr(question.within)}
        called = f"Your answer, in {question.unit}" if question.unit else "Your answer"
        control = part(
            "input",
            type="text",
            inputmode="decimal",
            name=f"{question.id}-answer",
            maxlength="40",
            data_unit=question.unit,
            **figures,
        )
        return part("p", part("label", words(called), control), hidden="")

    def answer(self, number: int, question: Question) -> Part:
        """What is right and why, folded."""
        if question.answer:
            keys = [{"data_answer": repr(mistake.value)} for mistake in question.mistakes]
        else:
            keys = [{"data_option": key(option.text)} for option in question.options]
        reasons = []
        for attributes, (label, feedback) in zip(keys, question.reasons, strict=True):
            called = part("b", self.markdown(label))
            reasons.append(part("li", called, words(" "), part("span", self.markdown(feedback), **attributes)))
        solution = part("p", part("strong", self.markdown(question.solution)))
        explanation = part("p", self.markdown(question.explanation), class_="carbite-explanation")
        claims = [part("p", self.markdown(question.ledger))] if question.ledger else []
        listed = [part("ul", *reasons, class_="carbite-answers")] if reasons else []
        summary = part("summary", words(f"Answer to question {number}"))
        return part("details", summary, solution, *listed, explanation, *claims, class_="carbite-answer")


def key(text: str) -> str:
    """What stands for an option in a stored answer: another text is another option."""
    return sha256(text.encode()).hexdigest()[:8]


def visit_html(translator: Any, node: Part) -> None:
    attributes = "".join(
        f' {name}="{escape(value)}"' if value else f" {name}" for name, value in node["attributes"].items()
    )
    translator.body.append(f"<{node['tag']}{attributes}>")


def depart_html(translator: Any, node: Part) -> None:
    if node["tag"] not in VOID:
        translator.body.append(f"</{node['tag']}>")


def pass_by(translator: Any, node: Part) -> None:
    """Other formats show the children."""


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    app.add_node(Part, html=(visit_html, depart_html), latex=(pass_by, pass_by), text=(pass_by, pass_by))
    app.add_directive("self-check", SelfCheck)
    names = ("self_checks.css", "self_checks.js")
    add_page_assets(app, 'class="carbite-self-check"', {name: HERE / name for name in names})
