"""Drawings of our own: cells, antibodies and receptors as SVG, with words for what they show.

A drawing is made of panels. On a wide page they stand side by side, on a phone below one another. Lines and text have
the colour of the text around them, so that a drawing follows light and dark; parts of the arms have the arms' colours,
and every part has its name beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from carbite.charts import ARMS, Figure, as_csv, as_table
from carbite.vega import FONTS

CAR = ARMS["car_t"].colour
BISPECIFIC = ARMS["bispecific"].colour


@dataclass(frozen=True)
class Panel:
    """A part of a drawing: its size in CSS pixels and its shapes, as SVG from the upper left corner."""

    width: int
    height: int
    shapes: str


def drawing(title: str, alt: str, panels: Sequence[Panel], parts: pd.DataFrame, caption: str | None = None) -> Figure:
    """Panels as a figure: ``alt`` says in words what is drawn, ``parts`` lists what is named in it, a row each."""
    header = [str(column) for column in parts.columns]
    rows = list(parts.itertuples(index=False, name=None))
    wide = _joined(title, alt, panels, is_stacked=False)
    narrow = _joined(title, alt, panels, is_stacked=True)
    return Figure(title, alt, caption, wide, narrow, as_table(header, rows), as_csv(header, rows))


def _joined(title: str, alt: str, panels: Sequence[Panel], is_stacked: bool) -> str:
    x = y = 0
    placed = []
    for panel in panels:
        placed.append(f'<g transform="translate({x} {y})">{panel.shapes}</g>')
        if is_stacked:
            y += panel.height
        else:
            x += panel.width
    width = max(panel.width for panel in panels) if is_stacked else x
    height = y if is_stacked else max(panel.height for panel in panels)
    label = escape(f"{title} {alt}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{label}" font-family="{escape(FONTS)}" font-size="13" fill="currentColor">'
        f"{''.join(placed)}</svg>"
    )


def heading(text: str, width: int) -> str:
    """The name of a panel, above it."""
    return word(text, width / 2, 16, weight="bold")


def word(text: str, x: float, y: float, anchor: str = "middle", weight: str = "normal") -> str:
    """A name in the drawing."""
    bold = ' font-weight="bold"' if weight == "bold" else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{bold}>{escape(text)}</text>'


def cell(name: str, x: float, y: float, radius: float) -> str:
    """A cell with its name inside."""
    ring = f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="none" stroke="currentColor" stroke-width="2"/>'
    return ring + word(name, x, y + 4)


def receptor(x: float, y: float, length: float) -> str:
    """A molecule on the surface of a cell, from (x, y) to the right, or to the left where the length is negative."""
    return path(f"M{x:g} {y:g}h{length:g}m0 -8v16", 3)


def binder(x: float, y: float, colour: str) -> str:
    """A fragment of an antibody that binds: an oval."""
    return f'<path d="{_ellipse(x, y, 15, 11)}" fill="{colour}"/>'


def domain(x: float, y: float, name: str, colour: str, is_hatched: bool = False) -> str:
    """A part of a receptor inside the cell: a box, with its name on the right; hatched ones are only outlined."""
    look = (
        f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="4 2"' if is_hatched else f'fill="{colour}"'
    )
    return f'<path d="M{x - 11:g} {y:g}h22v30h-22Z" {look}/>' + word(name, x + 19, y + 20, "start")


def path(line: str, width: float = 2, colour: str = "currentColor") -> str:
    """A line."""
    return f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>'


def pointer(line: str) -> str:
    """A thin line from a name to what it names."""
    return path(line, 1)


def _ellipse(x: float, y: float, rx: float, ry: float) -> str:
    arc = f"a{rx:g} {ry:g} 0 1 0"
    return f"M{x - rx:g} {y:g}{arc} {2 * rx:g} 0{arc} {-2 * rx:g} 0Z"


def together(shapes: Iterable[str]) -> str:
    """Shapes in the order in which they are drawn."""
    return "".join(shapes)
