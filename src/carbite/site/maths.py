"""Formulas are drawn while the book is built, by KaTeX; a page needs its styles and fonts, but no script."""

import json
import subprocess
from functools import cache
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from carbite.node import node_executable

from .assets import HERE, VENDOR, link, link_only_where, publish

logger = logging.getLogger(__name__)

SCRIPT = HERE / "maths.js"
KATEX = VENDOR / "katex"
STYLESHEET = "vendor/katex/katex.min.css"
# In the body of each page with a formula, and of no other.
MARKER = 'class="katex"'


class FormulaError(ValueError):
    """A formula that KaTeX cannot read."""


class Katex:
    """KaTeX in a Node.js process, which starts with the first formula and ends with the build."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self.html = cache(self._html)

    def _html(self, tex: str, display: bool) -> str:
        """The formula as HTML with MathML inside. Raises FormulaError with KaTeX's reason."""
        if self._process is None:
            self._process = subprocess.Popen(
                [node_executable(), str(SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        source, answers = self._process.stdin, self._process.stdout
        assert source is not None
        assert answers is not None
        source.write(json.dumps({"tex": tex, "display": display}) + "\n")
        source.flush()
        answer = json.loads(answers.readline())
        if "error" in answer:
            raise FormulaError(answer["error"])
        return str(answer["html"])

    def close(self) -> None:
        """End the process; the next formula starts another one."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


katex = Katex()


def _draw(node: nodes.Element, display: bool) -> str:
    """The HTML of a formula; of one that cannot be read its TeX, with a warning."""
    try:
        return katex.html(node.astext(), display)
    except FormulaError as error:
        logger.warning("%s", error, location=node, type="carbite", subtype="maths")
        return f"<code>{escape(node.astext())}</code>"


def visit_math(translator: Any, node: nodes.Element) -> None:
    """A formula in a line of text."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math"))
    translator.body.append(f"{_draw(node, display=False)}</span>")
    raise nodes.SkipNode


def visit_displayed(translator: Any, node: nodes.Element) -> None:
    """A formula of its own, with its number if it has a label."""
    translator.body.append(translator.starttag(node, "div", "", CLASS="math"))
    translator.body.append(_draw(node, display=True))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, _("Permalink to this equation"))
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def finish(app: Sphinx, error: Exception | None) -> None:
    """The build is over, well or not."""
    katex.close()


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer("katex", (visit_math, None), (visit_displayed, None))
    publish(app, {STYLESHEET: KATEX / "katex.min.css", "vendor/katex/fonts": KATEX / "fonts"})
    link(app, STYLESHEET)
    link_only_where(app, (MARKER,), (STYLESHEET,))
    app.connect("build-finished", finish)
