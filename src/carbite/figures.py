"""The figures of the chapters: each takes its numbers from ``data/`` and says its finding in its title.

A finding in a title is a statement about data; ``tests/test_figures.py`` checks each against the rows it draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from carbite.charts import ARMS, Figure, show
from carbite.comparison import Options, Selection, comparison
from carbite.evidence import records
from carbite.verdict import Verdict, evaluate

# A mark of no arm: trials of both arms stand in one figure.
NEUTRAL = "currentColor"
PERCENT_SCALE = alt.Scale(domain=[0, 100])


def _outcomes(*outcome_ids: str) -> list[Mapping[str, Any]]:
    rows = {row["outcome_id"]: row for row in records("outcomes")}
    return [rows[outcome_id] for outcome_id in outcome_ids]


def _survival(survival_id: str) -> Mapping[str, Any]:
    return next(row for row in records("survival") if row["survival_id"] == survival_id)


def _trial(trial_id: str) -> Mapping[str, Any]:
    return next(row for row in records("trials") if row["trial_id"] == trial_id)


def _follow_up(follow_up_id: str) -> Mapping[str, Any]:
    return next(row for row in records("follow_up") if row["follow_up_id"] == follow_up_id)


def _share(row: Mapping[str, Any]) -> float:
    """The printed percentage where there is one, otherwise the count's."""
    return float(row["percent_printed"]) if row["percent_printed"] else 100.0 * row["events"] / row["n"]


def denominators() -> Figure:
    """Remission of the trials that can be counted in more than one way, by who is counted (claim EF3)."""
    rows = []
    for outcome in records("outcomes"):
        if outcome["comparison_id"] != "cr" or outcome["events"] is None:
            continue
        trial = _trial(outcome["trial_id"])
        if outcome["denominator"] in ("infused", "enrolled"):
            rows.append(
                {
                    "Trial": trial["name"],
                    "arm": trial["arm"],
                    "Counted": outcome["denominator"],
                    "Remissions": outcome["events"],
                    "Patients": outcome["n"],
                    "Percent": round(100.0 * outcome["events"] / outcome["n"], 1),
                }
            )
    table = pd.DataFrame(rows)
    both = table.groupby("Trial")["Counted"].transform("nunique") == 2
    table = table[both].sort_values(["arm", "Trial", "Counted"], ascending=[False, True, False])
    chart = _dumbbell(
        table, "Trial", "Percent", "Counted", {"infused": ("circle", NEUTRAL), "enrolled": ("square", NEUTRAL)}
    )
    by_way = {(r["Trial"], r["Counted"]): r["Percent"] for r in table.to_dict("records")}
    return show(
        chart,
        title=(
            f"Counting everyone who was enrolled takes ELIANA from {by_way['ELIANA', 'infused']:.0f} % "
            f"to {by_way['ELIANA', 'enrolled']:.0f} %, and TOWER hardly moves"
        ),
        alt=_in_words(
            table,
            "Trial",
            "Counted",
            "Percent",
            "Complete remission, per cent of patients infused and enrolled.",
        ),
        csv=table,
        caption="Complete remission. Patients who never got their treatment count as failures in the enrolled count.",
    )


def randomised() -> Figure:
    """Both arms of TOWER on each measure of response that the articles print (claim EF8)."""
    pairs = [
        ("Remission, any recovery of counts", "tower-cr", "tower-chemotherapy-cr"),
        ("Remission, full recovery", "tower-cr-full", "tower-chemotherapy-cr-full"),
        ("MRD-negative, among remissions", "tower-mrd-among-cr", "tower-chemotherapy-mrd-among-cr"),
    ]
    rows = []
    for measure, *ids in pairs:
        for arm, outcome in zip(("blinatumomab", "chemotherapy"), _outcomes(*ids), strict=True):
            rows.append({"Measure": measure, "Treatment": arm, "Percent": _share(outcome)})
    for arm, survival_id in (
        ("blinatumomab", "tower-efs-6"),
        ("chemotherapy", "tower-chemotherapy-efs-6"),
    ):
        rows.append(
            {
                "Measure": "Event-free at 6 months",
                "Treatment": arm,
                "Percent": float(_survival(survival_id)["value"]),
            }
        )
    table = pd.DataFrame(rows)
    marks = {
        name: (ARMS[arm].shape, ARMS[arm].colour)
        for name, arm in (("blinatumomab", "bispecific"), ("chemotherapy",) * 2)
    }
    chart = _dumbbell(table, "Measure", "Percent", "Treatment", marks)
    return show(
        chart,
        title="In TOWER, patients assigned to blinatumomab by chance did better than those assigned to chemotherapy",
        alt=_in_words(table, "Measure", "Treatment", "Percent", "TOWER, per cent by arm."),
        csv=table,
        caption="The row on MRD counts responders only. The trial says nothing about CAR T cells.",
    )


def burden() -> Figure:
    """Remission by marrow blasts, with each source's own cut-off in the label (claims EF5 and EF6)."""
    strata = [
        ("Blinatumomab, adults, over 50 % blasts", "bispecific", "coh-blinatumomab-cr-high-burden"),
        ("Blinatumomab, children, over 50 % blasts", "bispecific", "mt103-205-cr-high-burden"),
        ("MSKCC CAR T, 5 % blasts or more", "car_t", "mskcc-cr-high-burden"),
        ("MSKCC CAR T, under 5 % blasts", "car_t", "mskcc-cr-low-burden"),
    ]
    rows = [
        {"Stratum": label, "Arm": ARMS[arm].label, "arm": arm, "Percent": _share(_outcomes(outcome_id)[0])}
        for label, arm, outcome_id in strata
    ]
    table = pd.DataFrame(rows)
    base = alt.Chart(table).encode(
        x=alt.X("Percent:Q", scale=PERCENT_SCALE, title="Complete remission, %"),
        y=alt.Y("Stratum:N", sort=None, title=None),
        color=_by_arm(),
    )
    chart = base.mark_bar(height=14) + base.mark_text(align="left", dx=6).encode(
        text="Percent:Q", color=alt.value("currentColor")
    )
    return show(
        chart.properties(height=150),
        title="No cut-off for a high burden is shared by the arms, so the strata cannot be set against each other",
        alt=_in_words(table, "Stratum", "Arm", "Percent", "Complete remission by share of marrow blasts, per cent."),
        csv=table.drop(columns="arm"),
        caption="Complete remission by marrow blasts before treatment, each stratum with its own source's cut-off.",
    )


def early_and_late() -> Figure:
    """Remission in successive reports of the same CAR T programme (claim EF13)."""
    programmes = {
        "MSKCC": ("mskcc-2014-davis-cr", "mskcc-2015-davis-cr", "mskcc-cr"),
        "Fred Hutchinson": ("fhcrc-2016-davis-cr", "fhcrc-cr"),
    }
    rows = [
        {"Programme": name, "Patients": row["n"], "Remissions": row["events"], "Percent": _share(row)}
        for name, ids in programmes.items()
        for row in _outcomes(*ids)
    ]
    table = pd.DataFrame(rows)
    base = alt.Chart(table).encode(
        x=alt.X("Patients:Q", scale=alt.Scale(domain=[0, 60]), title="Patients reported so far"),
        y=alt.Y("Percent:Q", scale=alt.Scale(domain=[70, 100]), title="Complete remission, %"),
        color=alt.value(ARMS["car_t"].colour),
        detail="Programme:N",
    )
    points = base.mark_point().encode(shape=alt.Shape("Programme:N", legend=None))
    last = base.transform_window(
        rank="rank()", sort=[alt.SortField("Patients", order="descending")], groupby=["Programme"]
    )
    names = (
        last.transform_filter("datum.rank == 1")
        .mark_text(align="left", dx=8)
        .encode(text="Programme:N", color=alt.value("currentColor"))
    )
    return show(
        (base.mark_line() + points + names).properties(width=360, height=220),
        title="In both CAR T programmes that reported more than once, the last remission rate is below the first",
        alt=_in_words(table, "Programme", "Patients", "Percent", "Complete remission by patients reported, per cent."),
        csv=table,
        caption="The later reports contain the earlier and are not independent of them. The axis starts at 70 %.",
    )


def remission_scenarios() -> Figure:
    """What single choices do to the difference in remission, the published comparison first."""
    published = comparison("cr").default_selection()

    def without(*trial_ids: str) -> Selection:
        return Selection("cr", tuple(t for t in published.trials if t not in trial_ids))

    rule = Options()
    eliana = Options(reading="enrolled", attrition=_loss(_trial("eliana")["infused"], _trial("eliana")["enrolled"]))
    zuma_3 = Options(
        reading="enrolled", attrition=_loss(*(_follow_up(f"zuma-3-cr-{who}")["n"] for who in ("infused", "enrolled")))
    )
    return scenarios(
        "cr",
        {
            "Published comparison, stated rule": (None, rule),
            "z interval": (None, Options(interval="z")),
            "Equal effects": (None, Options(tau2="EE")),
            "Sidik-Jonkman": (None, Options(tau2="SJ")),
            "Adults only": (None, Options(population="adults")),
            "Children and young adults only": (None, Options(population="children")),
            "No patients treated for MRD alone": (None, Options(population="no-mrd-only")),
            "Without TOWER": (without("tower"), rule),
            "Without the retrospective series and abstracts": (without("coh-blinatumomab", "coh-car"), rule),
            "By enrolment where reported": (None, Options(reading="enrolled")),
            "By enrolment, ELIANA's loss elsewhere": (None, eliana),
            "The same, no patients treated for MRD alone": (None, replace(eliana, population="no-mrd-only")),
            "The same, adults only": (None, replace(eliana, population="adults")),
            "By enrolment, ZUMA-3's loss elsewhere, adults": (None, replace(zuma_3, population="adults")),
            "Bias doubles the odds with CAR T": (None, Options(bias=2.0)),
            "Bias multiplies the odds with CAR T by five": (None, Options(bias=5.0)),
        },
    )


def _loss(infused: int, enrolled: int) -> float:
    """The share of enrolled patients who were never infused, in whole per cents as the explorer takes it."""
    return round(1.0 - infused / enrolled, 2)


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
        caption="Each line changes one choice of the published comparison, unless it says otherwise. "
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


def _dumbbell(
    table: pd.DataFrame, rows: str, value: str, ends: str, marks: Mapping[str, tuple[str, str]]
) -> alt.LayerChart:
    """A line a row between its ends, each with its number; ``marks`` gives each end a shape and a colour."""
    base = alt.Chart(table).encode(
        x=alt.X(f"{value}:Q", scale=PERCENT_SCALE, title="%"), y=alt.Y(f"{rows}:N", sort=None, title=None)
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
    left = named.transform_filter(lowest).mark_text(align="right", dx=3, dy=-14).encode(text=text)
    right = (
        named.transform_filter(alt.datum[value] > alt.datum["lowest"])
        .mark_text(align="left", dx=-3, dy=-14)
        .encode(text=text)
    )
    line = base.mark_line(color="currentColor", strokeWidth=1.5).encode(detail=f"{rows}:N")
    return (line + points + left + right).properties(height=44 * table[rows].nunique())


def _by_arm() -> alt.Color:
    domain = ["car_t", "bispecific"]
    return alt.Color("arm:N", legend=None, scale=alt.Scale(domain=domain, range=[ARMS[arm].colour for arm in domain]))


def _in_words(table: pd.DataFrame, row: str, column: str, value: str, opening: str) -> str:
    said = [f"{r[row]}, {r[column]}: {r[value]:g}" for r in table.to_dict("records")]
    return f"{opening} {'; '.join(said)}."
