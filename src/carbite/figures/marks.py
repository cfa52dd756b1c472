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
