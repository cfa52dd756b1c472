"""The script and the stylesheets of explorers, simulations, specification curves and predictions, where they are."""

from __future__ import annotations

from sphinx.application import Sphinx

from carbite.explorer.bundle import page_script, source

from .assets import add_page_assets

COMPONENTS = (
    'class="carbite-explorer"',
    'class="carbite-simulation"',
    'class="carbite-curve"',
    'class="carbite-prompt"',
    'class="carbite-predictions"',
)


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    names = ("explorer.css", "simulation.css", "curve.css", "predict.css")
    sheets = {name: source(f"explorer/{name}") for name in names}
    add_page_assets(app, COMPONENTS, {**sheets, "explorer.js": page_script()})
