"""The script and the styles of the register of discrepancies, on its page."""

from __future__ import annotations

from sphinx.application import Sphinx

from .assets import HERE, add_page_assets


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    names = ("register.css", "register.js")
    add_page_assets(app, 'class="carbite-register"', {name: HERE / name for name in names})
