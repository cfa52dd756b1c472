"""A chart as a Vega specification that a page can run: compiled from Vega-Lite, without a compiler in the page.

Each mark knows the row of the figure's data that it draws, as its datum's ``carbite_row``. The signal of the
same name holds the row that the reader has chosen, or null; the marks of other rows are then drawn faintly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair
import pandas as pd
import vl_convert

# vl-convert carries this font: text measured in it has the same width on every machine.
MEASURED_FONT = "Liberation Sans"
# Its widths are Arial's, so a reader who has neither sees labels where they were measured, within a little.
FONTS = f"{MEASURED_FONT}, Arial, Helvetica, sans-serif"

ROW = "carbite_row"
# Still to be seen against both grounds, but clearly behind the chosen row.
FAINT = 0.35

_OTHER_ROW = f"isValid({ROW}) && isValid(datum.{ROW}) && datum.{ROW} !== {ROW}"
# Words for a screen reader, mark by mark: the page says them for the image as a whole, and reads out the rows.
_DESCRIPTIONS = ("description", "ariaRoleDescription")


def vegalite_version() -> str:
    """The version that Altair wrote the chart for, as vl-convert names it: `6.4`."""
    return ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])


def page_spec(chart: altair.TopLevelMixin, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The Vega specification of a chart; ``header`` and ``rows`` are the figure's data, which its marks draw."""
    spec: dict[str, Any] = vl_convert.vegalite_to_vega(chart.to_dict(), vl_version=vegalite_version())
    _replace(spec, MEASURED_FONT, FONTS)  # the page lists the fonts that may stand in
    spec["signals"] = [*spec.get("signals", ()), {"name": ROW, "value": None}]
    for data in spec.get("data", ()):
        for datum in data.get("values", ()):
            position = _row_of(datum, header, rows)
            if position is not None:
                datum[ROW] = position
    for guide in (*spec.get("axes", ()), *spec.get("legends", ())):
        guide["aria"] = False
    _prepare(spec.get("marks", ()))
    return spec


def _replace(part: Any, old: str, new: str) -> None:
    """Put ``new`` wherever a value of the specification is ``old``."""
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in list(items):
        if value == old:
            part[key] = new
        else:
            _replace(value, old, new)


def _row_of(datum: dict[str, Any], header: Sequence[str], rows: Sequence[Sequence[Any]]) -> int | None:
    """The one row that has the datum's values in the columns they share; None where none or several have."""
    shared = [(datum[name], position) for position, name in enumerate(header) if name in datum]
    fitting = [
        number for number, row in enumerate(rows) if shared and all(_same(value, row[at]) for value, at in shared)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _same(drawn: Any, given: Any) -> bool:
    return drawn is None if pd.isna(given) else bool(drawn == given)


def _prepare(marks: Sequence[dict[str, Any]]) -> None:
    """Let every mark of the data answer the signal, also those inside of groups."""
    for mark in marks:
        mark["aria"] = False
        if mark["type"] == "group":
            for guide in (*mark.get("axes", ()), *mark.get("legends", ())):
                guide["aria"] = False
            _prepare(mark.get("marks", ()))
        elif "from" in mark:
            update = mark.setdefault("encode", {}).setdefault("update", {})
            for name in _DESCRIPTIONS:
                update.pop(name, None)
            usual = update.get("opacity", {"value": 1})
            rules = usual if isinstance(usual, list) else [usual]
            update["opacity"] = [{"test": _OTHER_ROW, "value": FAINT}, *rules]
