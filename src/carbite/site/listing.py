"""The script and the styles of lists that a reader filters: the register of discrepancies, the ledger of claims."""

from __future__ import annotations

from sphinx.application import Sphinx

from .assets import HERE, add_page_assets


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    names = ("listing.css", "listing.js")
    add_page_assets(app, 'class="carbite-listing"', {name: HERE / name for name in names})
