"""The explorer's script and stylesheet, on the pages that have an explorer."""

from __future__ import annotations

from sphinx.application import Sphinx

from carbite.explorer.bundle import page_script, source

from .assets import add_page_assets


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    files = {"explorer.css": source("explorer.css"), "explorer.js": page_script()}
    add_page_assets(app, 'class="carbite-explorer"', files)
