"""Marks that figures share."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from carbite.charts import ARMS

# A mark of no arm: trials of both arms stand in one figure.
NEUTRAL = "currentColor"
PERCENT_SCALE = alt.Scale(domain=[0, 100])


def dumbbell(
    table: pd.DataFrame, rows: str, value: str, ends: str, marks: Mapping[str, tuple[str, str]]
) -> alt.LayerChart:
    """A line a row between its ends, each with its number; ``marks`` gives each end a shape and a colour."""
    base = alt.Chart(table).encode(
        x=alt.X(f"{value}:Q", scale=PERCENT_SCALE, title="%"),
        y=alt.Y(f"{rows}:N", sort=None, title=None, axis=alt.Axis(labelPadding=10)),
    )
    shapes = alt.Scale(domain=list(marks), range=[shape for shape, _ in marks.values()])
    colours = alt.Scale(domain=list(marks), range=[colour for _, colour in marks.values()])
    legend = alt.Legend(title=None, orient="top")
    points = base.mark_point(size=110).encode(
        shape=alt.Shape(f"{ends}:N", scale=shapes, legend=legend),
        color=alt.Color(f"{ends}:N", scale=colours, legend=legend),
    )
    # The lower value has its number on the left, the higher on the right, so that close ones do not collide.
    lowest = alt.datum[value] == alt.datum["lowest"]
    named = base.transform_joinaggregate(lowest=f"min({value})", groupby=[rows])
    text = alt.Text(f"{value}:Q", format=".0f")
    left = named.transform_filter(lowest).mark_text(align="right", dx=-1, dy=-14).encode(text=text)
    right = (
        named.transform_filter(alt.datum[value] > alt.datum["lowest"])
        .mark_text(align="left", dx=1, dy=-14)
        .encode(text=text)
    )
    line = base.mark_line(color="currentColor", strokeWidth=1.5).encode(detail=f"{rows}:N")
    return (line + points + left + right).properties(height=44 * table[rows].nunique())


def by_arm() -> alt.Color:
    """The colours of both arms, without a legend: the marks are labelled."""
    domain = ["car_t", "bispecific"]
    return alt.Color("arm:N", legend=None, scale=alt.Scale(domain=domain, range=[ARMS[arm].colour for arm in domain]))


def by_shape() -> alt.Shape:
    """The markers of both arms, without a legend; always together with :func:`by_arm`."""
    domain = ["car_t", "bispecific"]
    return alt.Shape("arm:N", legend=None, scale=alt.Scale(domain=domain, range=[ARMS[arm].shape for arm in domain]))


def interval_rows(table: pd.DataFrame, high: float, title: str) -> alt.LayerChart:
    """A row for each ``Label``, which stands above it: ``Percent`` with the interval ``Low`` to ``High``, if any.

    high: where the axis ends, in per cent. Rows stand in the order of the table.
    """
    # The order is given, because rows without an interval are missing in the first layer.
    base = alt.Chart(table).encode(y=alt.Y("Label:N", sort=table["Label"].tolist(), axis=None))
    percent = alt.X("Percent:Q", scale=alt.Scale(domain=[0, high]), title=title)
    bars = base.transform_filter("isValid(datum.Low)").mark_rule(strokeWidth=2, yOffset=6)
    return (
        bars.encode(x=alt.X("Low:Q"), x2="High:Q", color=by_arm())
        + base.mark_point(yOffset=6).encode(x=percent, color=by_arm(), shape=by_shape())
        + base.mark_text(align="left", x=0, dy=-9).encode(text="Label:N")
    ).properties(height=38 * len(table))
