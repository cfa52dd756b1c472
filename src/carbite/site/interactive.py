"""The script and the stylesheets of explorers, simulations and specification curves, on the pages that have one."""

from __future__ import annotations

from sphinx.application import Sphinx

from carbite.explorer.bundle import page_script, source

from .assets import add_page_assets

COMPONENTS = ('class="carbite-explorer"', 'class="carbite-simulation"', 'class="carbite-curve"')


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    sheets = {name: source(f"explorer/{name}") for name in ("explorer.css", "simulation.css", "curve.css")}
    add_page_assets(app, COMPONENTS, {**sheets, "explorer.js": page_script()})
