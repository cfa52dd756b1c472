"""Formulas are drawn while the book is built, by KaTeX; a page needs its styles and fonts, but no script."""

import os
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

from carbite.node import node_executable

from .assets import VENDOR, Context, link_only_where, publish

logger = logging.getLogger(__name__)

MARKER = 'class="katex"'
# KaTeX prints a formula that it cannot read in red; in a book that is an error.
ERROR_MARKER = 'class="katex-error"'
FOLDER = "vendor/katex"
# The second is sphinxcontrib-katex's own: where the number of an equation stands.
STYLES = (f"{FOLDER}/katex.min.css", "katex-math.css")


def use_packaged_node() -> None:
    """Put the Node.js of the Python environment first on PATH, where KaTeX looks for it."""
    folder = Path(node_executable()).parent
    os.environ["PATH"] = os.pathsep.join([str(folder), os.environ.get("PATH", "")])


def report_unreadable(app: Sphinx, pagename: str, template: str, context: Context, doctree: object) -> None:
    """Warn of each page with a formula that KaTeX could not read."""
    if ERROR_MARKER in context.get("body", ""):
        logger.warning("KaTeX cannot read a formula", location=pagename, type="carbite", subtype="maths")


def setup(app: Sphinx) -> None:
    use_packaged_node()
    publish(app, {FOLDER: VENDOR / "katex"})
    link_only_where(app, MARKER, STYLES)
    app.connect("html-page-context", report_unreadable)
