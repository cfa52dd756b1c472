"""What single choices do to a comparison: the figure "What moves the conclusion"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from carbite.charts import ARMS, Figure, show
from carbite.comparison import Options, Selection, comparison
from carbite.verdict import Verdict, evaluate


def scenarios(comparison_id: str, chosen: Mapping[str, tuple[Selection | None, Options]]) -> Figure:
    """The odds ratio of a comparison under named choices, with the published one first.

    ``chosen`` maps a label to a selection (None: the published one) and options.
    """
    published = comparison(comparison_id).default_selection()
    verdicts = {label: evaluate(selection or published, options) for label, (selection, options) in chosen.items()}
    table = pd.DataFrame([_scenario_row(label, verdict) for label, verdict in verdicts.items()])
    name = next(iter(verdicts.values())).comparison.bispecific_name
    # The names stand above the lines and not beside them, so that the chart fits a phone.
    order = alt.Y("Choice:N", sort=table["Choice"].tolist(), axis=None)
    low, high = 0.2, 50
    axis = alt.X(
        "Odds ratio:Q",
        scale=alt.Scale(type="log", domain=[low, high], clamp=True),
        title=f"Odds ratio, CAR T v {name}, log scale",
        axis=alt.Axis(values=[low, 0.5, 1, 2, 5, 10, 20, high]),
    )
    common = table["Verdict"].mode()[0]
    agreeing = (table["Verdict"] == common).sum()
    ends = ["" if verdict == common else f": {_midway(verdict)}" for verdict in table["Verdict"]]
    base = alt.Chart(table.assign(Label=table["Choice"] + ends)).encode(y=order)
    one = alt.Chart(pd.DataFrame({"at": [1]})).mark_rule(strokeDash=[4, 3], color="currentColor").encode(x="at:Q")
    names = base.mark_text(align="left", x=0, dy=-9).encode(text="Label:N")
    points = base.mark_point(color=ARMS["car_t"].colour, shape="diamond", yOffset=6).encode(x=axis)
    bars = base.transform_filter("isValid(datum.Low)").mark_rule(strokeWidth=2, color="currentColor", yOffset=6)
    bars = bars.encode(x=alt.X("Low:Q"), x2="High:Q")
    return show(
        (one + names + bars + points).properties(height=36 * len(table)),
        title=f"{agreeing} of these {len(table)} choices give the same verdict: {_midway(common)}",
        alt=". ".join(
            f"{row['Choice']}: odds ratio {row['Odds ratio']}, {_midway(row['Verdict'])}"
            for row in table.to_dict("records")
        )
        + ".",
        csv=table,
        caption="Each line changes one choice of the first, unless it says otherwise. "
        "Right of 1: more events with CAR T.",
    )


def _midway(text: str) -> str:
    """A verdict in the middle of a sentence: only its first letter is lowered, so that CAR T keeps its capitals."""
    return text[0].lower() + text[1:]


def _scenario_row(label: str, verdict: Verdict) -> dict[str, Any]:
    ratio = verdict.ratio

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 2)

    return {
        "Choice": label,
        "Odds ratio": rounded(ratio.odds_ratio if ratio else None),
        "Low": rounded(ratio.ci_low if ratio else None),
        "High": rounded(ratio.ci_high if ratio else None),
        "CAR T trials": int(verdict.text["car_t.k"]),
        "Other trials": int(verdict.text["bispecific.k"]),
        "Verdict": verdict.text["verdict"],
    }
