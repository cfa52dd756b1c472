"""``{predict}``: a question before its answer; and ``{predictions}``: the place where a reader's own are listed.

Without scripts and on paper a prompt is a question with its choices, and the text goes on to the answer. With them
it has radio buttons; what is answered is kept by the browser alone (``explorer/prompts.js``).
"""

from __future__ import annotations

import json
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from carbite.prompts import Prompt, UnknownPromptError, prompt

TITLE = "Before you read on."
NO_SCRIPT = "The list is on the website: the browser keeps and shows it itself, and for that it has to run scripts."
# As SURENESS in explorer/kept_predictions.js: how sure a reader says to be.
SURENESS = {"": "not said", "guess": "a guess", "fairly": "fairly sure", "very": "very sure"}


class Predict(SphinxDirective):
    """``{predict} cr?reading=enrolled``: see :mod:`carbite.prompts` for the names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        try:
            asked = prompt(self.arguments[0])
        except UnknownPromptError as error:
            return [self.state.document.reporter.error(f"predict: {error}", line=self.lineno)]
        box = nodes.compound(classes=["carbite-predict"])
        question = nodes.paragraph(classes=["cp-question"])
        question += [nodes.strong(TITLE, TITLE), nodes.Text(f" {asked.question}")]
        choices = f"One of these: {'; '.join(asked.choices)}."
        box += [question, nodes.paragraph(choices, choices, classes=["cp-choices"])]
        box += nodes.raw("", _form(asked, f"predict-{self.env.new_serialno('predict')}"), format="html")
        return [box]


def _form(asked: Prompt, key: str) -> str:
    """The controls, the place of the answer, and what the script needs to know."""
    label = escape(asked.label)
    choices = "".join(
        f'<label><input type="radio" name="{key}" value="{position}" required>{escape(choice)}</label>'
        for position, choice in enumerate(asked.choices)
    )
    sureness = "".join(f'<option value="{value}">{said}</option>' for value, said in SURENESS.items())
    data = json.dumps(asked.as_dict(), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<form class="cp-form" aria-label="Your prediction: {label}" autocomplete="off">'
        f"<fieldset><legend>What do you expect?</legend>{choices}</fieldset>"
        f'<p class="cp-row"><label>How sure are you? <select name="sure">{sureness}</select></label>'
        '<button type="submit">Show the answer</button> <span>Or just read on.</span></p></form>'
        '<div class="cp-answer" tabindex="-1"></div><p class="cp-notice" role="alert"></p>'
        f'<script type="application/json" class="carbite-prompt">{data}</script>'
    )


class Predictions(SphinxDirective):
    """The list of this browser's predictions."""

    def run(self) -> list[nodes.Node]:
        html = f'<div class="carbite-predictions"><p>{NO_SCRIPT}</p><p class="kp-notice" role="alert"></p></div>'
        return [nodes.raw("", html, format="html")]


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    app.add_directive("predict", Predict)
    app.add_directive("predictions", Predictions)
