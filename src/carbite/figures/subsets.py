"""The figures of the worked page on fragility: all subsets of the trials, all pairs, single trials, patients."""

from __future__ import annotations

import math
from itertools import product

import altair as alt
import numpy as np
import pandas as pd
import scipy

from carbite.charts import ARMS, GRID, Figure, show
from carbite.comparison import Options, Row, Selection, comparison, counts, parse_question, rows, rule
from carbite.figures.marks import NEUTRAL
from carbite.figures.rows import in_words
from carbite.figures.scenarios import scenarios
from carbite.subsets import PairCounts, Subsets, all_subsets, pairs
from carbite.verdict import NORMAL_975

OUTLIER = "mt103-206"
# The questions whose pairs are counted, with their labels. No trials in them share patients.
QUESTIONS = {
    "cr": "Remission",
    "mrd_among_cr": "MRD, first reading",
    "mrd_among_cr?reading=all-patients": "MRD, second reading",
    "relapse_among_cr": "Relapse",
}
INTERVALS = {"z": "z", "hartung-knapp": "Hartung-Knapp", "modified-hartung-knapp": "stated rule"}
SAYS = ("CAR T", "undecided", "blinatumomab")


def gosh() -> Figure:
    """The pooled remission of every subset of the trials of blinatumomab against tau² (a GOSH plot)."""
    counted = _counted("cr", "bispecific")
    names = [each.trial.name for each in counted]
    position = [each.trial.trial_id for each in counted].index(OUTLIER)
    subsets = _subsets(counted, rule()["interval"])
    with_it = subsets.has(position)
    group = f"{names[position]} in the subset"
    table = pd.DataFrame(
        {
            "Trials": ["; ".join(n for i, n in enumerate(names) if mask >> i & 1) for mask in subsets.masks.tolist()],
            "Percent": (100 * scipy.special.expit(subsets.estimate)).round(1),
            "tau²": subsets.tau2.round(3),
            group: np.where(with_it, "yes", "no"),
        }
    )
    x = alt.X("Percent:Q", scale=alt.Scale(domain=[30, 75]), title="Pooled remission of the subset, %")
    y = alt.Y("tau²:Q", title="tau² of the subset")
    legend = alt.Legend(title=group, orient="top", titleLimit=400)
    marks = (
        alt.Chart(table)
        .mark_point(size=60, filled=True, opacity=0.8)
        .encode(
            x=x,
            y=y,
            shape=alt.Shape(
                f"{group}:N", scale=alt.Scale(domain=["yes", "no"], range=["triangle-up", "diamond"]), legend=legend
            ),
            color=alt.Color(
                f"{group}:N",
                scale=alt.Scale(domain=["yes", "no"], range=[NEUTRAL, ARMS["bispecific"].colour]),
                legend=legend,
            ),
        )
    )
    published = alt.Chart(table.iloc[[-1]]).encode(x=x, y=y)
    ring = published.mark_point(size=300, strokeWidth=2, filled=False, color=NEUTRAL, shape="circle")
    label = published.transform_calculate(label="'published selection'").mark_text(align="right", dx=-12, dy=-26)
    highest = {has: table.loc[with_it == has, "tau²"].max() for has in (True, False)}
    return show(
        (marks + ring + label.encode(text="label:N")).properties(width=400, height=260),
        title=(
            "One trial makes most of the heterogeneity with blinatumomab: in subsets with the pilot, tau² reaches "
            f"{highest[True]:.2f}; in those without it, {highest[False]:.2f}"
        ),
        alt=f"Pooled remission and tau² of all {len(table)} subsets. "
        + "; ".join(
            f"{group}: {has}, remission {part['Percent'].min():g} to {part['Percent'].max():g} %, "
            f"tau² up to {part['tau²'].max():g}"
            for has, part in table.groupby(group)
        )
        + ".",
        csv=table,
        caption="Each mark is the pooled result of a subset, by REML. A subset of a single trial has no tau².",
    )


def _counted(question: str, arm: str) -> list[Row]:
    return [each for each in rows(*parse_question(question)) if each.trial.arm == arm and not each.left_out]


def _subsets(counted: list[Row], interval: str) -> Subsets:
    stated = rule()
    return all_subsets(
        *counts(counted), measure=stated["measure"], tau2=stated["tau2"], interval=interval, progress=None
    )


def count_pairs(question: str, interval: str) -> PairCounts:
    """The verdicts of all pairs of a subset of the CAR T trials and a subset of the others (a: CAR T)."""
    return pairs(*(_subsets(_counted(question, arm), interval) for arm in ("car_t", "bispecific")))


def pair_shares() -> Figure:
    """What all pairs of subsets say, by question and by interval."""
    found = []
    for question, label in QUESTIONS.items():
        better = comparison(parse_question(question)[0].comparison_id).better
        for interval, name in INTERVALS.items():
            counted = count_pairs(question, interval)
            for_car_t, against = counted.a_higher, counted.b_higher
            if better == "lower":
                for_car_t, against = against, for_car_t
            for says, n in zip(SAYS, (for_car_t, counted.undecided, against), strict=True):
                found.append(
                    {
                        "Question": f"{label}, {name}",
                        "Pairs say": says,
                        "Pairs": n,
                        "Testable pairs": counted.testable,
                        "Percent": round(100 * n / counted.testable, 1),
                    }
                )
    table = pd.DataFrame(found)
    table["Label"] = [
        f"{r['Question']}: {r['Pairs']:,} of {r['Testable pairs']:,}" if r["Pairs say"] == SAYS[0] else ""
        for r in found
    ]
    order = alt.Y("Question:N", sort=table["Question"].drop_duplicates().tolist(), axis=None)
    colours = [ARMS["car_t"].colour, GRID, ARMS["bispecific"].colour]
    base = alt.Chart(table).encode(y=order)
    bars = base.mark_bar(height=11, yOffset=8).encode(
        x=alt.X("Percent:Q", stack=True, scale=alt.Scale(domain=[0, 100]), title="Testable pairs, %"),
        color=alt.Color(
            "Pairs say:N",
            scale=alt.Scale(domain=list(SAYS), range=colours),
            legend=alt.Legend(title="The pair favours", orient="top"),
        ),
        order=alt.Order("position:Q"),
    )
    ranked = bars.transform_calculate(position=f"indexof({list(SAYS)}, datum['Pairs say'])")
    names = base.transform_filter("datum.Label != ''").mark_text(align="left", x=0, dy=-8).encode(text="Label:N")
    share = table[table["Pairs say"] == SAYS[0]].set_index("Question")["Percent"]
    z, stated = (share[f"{QUESTIONS['cr']}, {INTERVALS[name]}"] for name in ("z", rule()["interval"]))
    return show(
        (ranked + names).properties(height=34 * table["Question"].nunique()),
        title=(
            f"Remission favours CAR T cells in {z:g} % of pairs by z and {stated:g} % by the stated rule; "
            "MRD hangs on how a column is read"
        ),
        alt=in_words(table, "Question", "Pairs say", "Percent", "Share of testable pairs of subsets, per cent."),
        csv=table.drop(columns="Label"),
        caption="The counts are the pairs that favour CAR T cells, of those that can be tested; by z, arms of a single "
        "trial can be. First reading: the column as shares of remissions; second: some as shares of all patients, as "
        "arithmetic asks. A share of pairs is not a probability.",
    )


def leave_one_out() -> Figure:
    """The odds ratio for remission with each trial left out in turn."""
    published = comparison("cr").default_selection()
    names = {each.trial_id: each.name for each in comparison("cr").trials}
    chosen: dict[str, tuple[Selection | None, Options]] = {"All trials": (None, Options())}
    for left_out in published.trials:
        kept = tuple(trial for trial in published.trials if trial != left_out)
        chosen[f"Without {names[left_out]}"] = (Selection("cr", kept), Options())
    return scenarios("cr", chosen)


def fewest_patients() -> Figure:
    """The fewest patients to reclassify between two trials, found by trying, against what the P value tells."""
    found = []
    for car_t, other in product(_counted("cr", "car_t"), _counted("cr", "bispecific")):
        (x, y), (n, m) = counts([car_t, other])
        z = _z(x, n, y, m)
        if z <= NORMAL_975:
            continue
        found.append(
            {
                "Trials": f"{car_t.trial.name} v {other.trial.name}",
                "P value": float(f"{2 * scipy.special.ndtr(-z):.2g}"),
                "Told": round(min(n, m) * (x / n - y / m) * (1 - NORMAL_975 / z), 1),
                "Found": fewest_of_two(x, n, y, m),
            }
        )
    table = pd.DataFrame(found)
    most = float(table[["Told", "Found"]].max().max())
    scale = alt.Scale(domain=[0, 5 * math.ceil(most / 5)])
    base = alt.Chart(table).encode(
        x=alt.X("Told:Q", scale=scale, title="Told by difference, P value and smaller n"),
        y=alt.Y("Found:Q", scale=scale, title="Found by reclassifying patients"),
    )
    points = base.mark_point(size=50, color=ARMS["car_t"].colour)
    line = alt.Chart(pd.DataFrame({"at": [0, most]})).mark_line(color=NEUTRAL, strokeDash=[4, 3])
    diagonal = line.encode(x=alt.X("at:Q"), y=alt.Y("at:Q"))
    apart = (table["Found"] - table["Told"]).abs().max()
    return show(
        (points + diagonal).properties(width=340, height=300),
        title=(
            f"In {len(table)} pairs of trials, the fewest patients to reclassify are within {math.ceil(apart)} of what "
            "the P value tells"
        ),
        alt=in_words(table, "Trials", "Told", "Found", "Fewest patients to reclassify, as told and as found."),
        csv=table,
        caption="Each mark is a CAR T trial beside a blinatumomab trial in which remission differs by a z test. "
        "Dashed: the same number both ways.",
    )


def fewest_of_two(x: int, n: int, y: int, m: int) -> int:
    """Fewest patients of two trials, x of n above y of m, to reclassify until a z test finds no difference.

    The test is on the difference of the rates with their own variances, at the 95 % level.
    """
    for patients in range(n + m + 1):
        for lost in range(max(0, patients - (m - y)), min(x, patients) + 1):
            if abs(_z(x - lost, n, y + patients - lost, m)) <= NORMAL_975:
                return patients
    raise ValueError(f"{x} of {n} and {y} of {m}; expected that reclassifying patients can make them alike")


def _z(x: int, n: int, y: int, m: int) -> float:
    """The difference x / n - y / m over its standard error; infinite where the rates are certain and differ."""
    p, q = x / n, y / m
    variance = p * (1 - p) / n + q * (1 - q) / m
    if variance == 0:
        return 0.0 if p == q else math.copysign(math.inf, p - q)
    return (p - q) / math.sqrt(variance)
