"""The figures of the chapter on resistance and sequencing."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from carbite.charts import ARMS, Figure, show
from carbite.evidence import row
from carbite.figures.marks import NEUTRAL, PERCENT_SCALE
from carbite.figures.rows import exact_percent, in_words
from carbite.models.escape import (
    STARTING_BIRTH,
    STARTING_DEATH,
    STARTING_FALL,
    Growth,
    Losses,
    cleared,
    escape,
    growth_of,
    pooled,
    relapsing,
)
from carbite.models.escape_simulation import simulate

# The ranges that the articles print: a name, the row, and the treatment; "" is either.
RANGES = (
    ("Subklewe, text: leukaemia", "subklewe-cd19-loss-car-all", "car_t"),
    ("Subklewe, text: leukaemia", "subklewe-cd19-loss-blinatumomab", "bispecific"),
    ("Subklewe, text: lymphoma", "subklewe-cd19-loss-car-dlbcl", "car_t"),
    ("Subklewe, table", "subklewe-cd19-loss-table-car-t", "car_t"),
    ("Subklewe, table", "subklewe-cd19-loss-table-bispecific", "bispecific"),
    ("Molina & Shah, text", "molina-antigen-escape", ""),
    ("Lussana et al, failures", "lussana-cd19-negative-recurrence", "bispecific"),
    ("Jabbour et al, cited for it", "jabbour-2018-cd19-negative", "bispecific"),
)
CAR_T_RANGE, BLINATUMOMAB_RANGE = RANGES[0][1], RANGES[1][1]
# All of them are of blinatumomab where they are of a bispecific.
NAMES = {"car_t": ARMS["car_t"].label, "bispecific": "blinatumomab", "": "either treatment"}
# Leukaemia cells in the simulation, and how many losses a patient then has on average.
SIMULATED_CELLS = 300
SIMULATED_LOSSES = (0.05, 0.15, 0.3, 0.6, 1.0, 1.6, 2.4)
SIMULATED_PATIENTS = 1500


def _coloured() -> alt.Color:
    """Both arms in their colours, and what is of neither in that of the text."""
    arms = ["car_t", "bispecific", ""]
    colours = [ARMS["car_t"].colour, ARMS["bispecific"].colour, NEUTRAL]
    return alt.Color("arm:N", legend=None, scale=alt.Scale(domain=arms, range=colours))


def _shaped() -> alt.Shape:
    shapes = alt.Scale(domain=["car_t", "bispecific", ""], range=["circle", "diamond", "square"])
    return alt.Shape("arm:N", legend=None, scale=shapes)


def loss_ranges() -> Figure:
    """Every range of CD19 loss that the articles print (claims RE1 and RE2)."""
    rows = []
    for said, statement_id, arm in RANGES:
        printed = row("statements", statement_id)
        low = 0.0 if printed["low"] is None else printed["low"]
        rows.append(
            {
                "Statement": f"{said}, {NAMES[arm]}",
                "arm": arm,
                "Lowest": low,
                "Highest": printed["high"],
                "Printed": f"{printed['value']} %",
                "Of whom": printed["denominator"] or "not stated",
            }
        )
    table = pd.DataFrame(rows)
    base = alt.Chart(table.assign(Label=table["Statement"] + ": " + table["Printed"])).encode(
        y=alt.Y("Statement:N", sort=table["Statement"].tolist(), axis=None), color=_coloured()
    )
    scale = alt.Scale(domain=[0, 40])
    bars = base.mark_rule(strokeWidth=3, yOffset=7).encode(
        x=alt.X("Lowest:Q", scale=scale, title="Loss of CD19, %"), x2="Highest:Q"
    )
    ends = base.mark_point(filled=True, size=55, yOffset=7).encode(x=alt.X("Highest:Q", scale=scale), shape=_shaped())
    names = base.mark_text(align="left", x=0, dy=-8).encode(text="Label:N", color=alt.value(NEUTRAL))
    car_t, blinatumomab = row("statements", CAR_T_RANGE)["value"], row("statements", BLINATUMOMAB_RANGE)["value"]
    return show(
        (bars + ends + names).properties(height=38 * len(table)),
        title=(
            f"In leukaemia the range printed for loss of CD19 after blinatumomab, {blinatumomab} %, lies inside the "
            f"one after CAR T cells, {car_t} %"
        ),
        alt="Loss of CD19 as the articles print it. "
        + "; ".join(f"{r['Statement']}: {r['Printed']}, of whom: {r['Of whom']}" for r in table.to_dict("records"))
        + ".",
        csv=table.drop(columns="arm"),
        caption="Bars run from the lowest to the highest value; the mark is the highest. Molina & Shah print theirs "
        "as up to so many. For most of them no denominator is printed.",
    )


def denominators() -> Figure:
    """The same relapses without CD19 as a share of three groups of patients (claims RE1 and RE2)."""
    rows = []
    for arm, name in (("car_t", "car-t"), ("bispecific", "blinatumomab")):
        treated, kept = relapsing(name)
        shares = (treated, treated / (treated + kept), treated / pooled(arm))
        for group, value in zip(("of all treated", "of all relapses", "of responders*"), shares, strict=True):
            rows.append({"Share": group, "Arm": NAMES[arm], "arm": arm, "Percent": round(100.0 * value, 1)})
    table = pd.DataFrame(rows)
    by_share = table.pivot_table(index="Share", columns="arm", values="Percent")
    ratio = by_share["car_t"] / by_share["bispecific"]
    base = alt.Chart(table.assign(Label=table["Arm"] + " " + table["Percent"].map("{:g} %".format))).encode(
        y=alt.Y("Share:N", sort=None, title=None, axis=alt.Axis(labelPadding=8)),
        yOffset=alt.YOffset("Arm:N"),
        color=_coloured(),
    )
    x = alt.X("Percent:Q", scale=alt.Scale(domain=[0, 50]), title="Relapse without CD19, %")
    points = base.mark_point(filled=True, size=80).encode(x=x, shape=_shaped())
    names = base.mark_text(align="left", dx=9).encode(x=x, text="Label:N", color=alt.value(NEUTRAL))
    return show(
        (points + names).properties(height=200),
        title=(
            f"Relapse without CD19 is {ratio['of all treated']:.1f} times as frequent after CAR T cells among all "
            f"treated, {ratio['of all relapses']:.1f} times among relapses, and about as frequent among responders"
        ),
        alt=in_words(table, "Share", "Arm", "Percent", "Relapse without CD19, per cent."),
        csv=table.drop(columns="arm"),
        caption="The first groups are as reported in 2023. *Worked out: the share of all treated over the pooled "
        "remission rate of the chapter on efficacy, which is of other publications.",
    )


def _share(events: int, n: int) -> dict[str, Any]:
    low, high = exact_percent(events, n)
    return {
        "Events": events,
        "Patients": n,
        "Percent": round(100.0 * events / n, 1),
        "Low": low,
        "High": high,
    }


def _of_percent(follow_up_id: str) -> dict[str, Any]:
    """The count behind a percentage that was reported with its number of patients."""
    reported = row("follow_up", follow_up_id)
    return _share(round(float(reported["value"]) * reported["n"] / 100.0), reported["n"])


def _intervals(table: pd.DataFrame, name: str, title: str) -> alt.LayerChart:
    """A row each: its words above, the estimate and its interval below."""
    label = table[name] + ": " + table["Percent"].map("{:g} %".format)
    base = alt.Chart(table.assign(Label=label)).encode(
        y=alt.Y(f"{name}:N", sort=table[name].tolist(), axis=None), color=_coloured()
    )
    bars = base.mark_rule(strokeWidth=2, yOffset=7).encode(
        x=alt.X("Low:Q", scale=PERCENT_SCALE, title=title), x2="High:Q"
    )
    points = base.mark_point(filled=True, size=70, yOffset=7).encode(
        x=alt.X("Percent:Q", scale=PERCENT_SCALE), shape=_shaped()
    )
    names = base.mark_text(align="left", x=0, dy=-8).encode(text="Label:N", color=alt.value(NEUTRAL))
    chart: alt.LayerChart = (bars + points + names).properties(height=38 * len(table))
    return chart


def relapses() -> Figure:
    """Of relapses and failures, how many had lost CD19 (claims RE4 and RE11)."""
    lost, of = row("statements", "pillai-2019-cd19-negative"), row("statements", "jabbour-2018-cd19-negative")
    # 8 % of 61, which only 5 patients print as.
    jabbour = _share(round(of["high"] * of["n"] / 100.0), of["n"])
    rows = [
        {"Series": "Failures of blinatumomab", "arm": "bispecific", **jabbour},
        {"Series": "CD19 CAR T, one institution", "arm": "car_t", **_share(int(lost["high"]), lost["n"])},
        {
            "Series": "CD19 CAR T, several centres",
            "arm": "car_t",
            **_of_percent("relapse-2023-cd19-negative"),
        },
        {"Series": "CD19 and CD22 CAR T together", "arm": "car_t", **_of_percent("wang-2023-cd19-lost")},
    ]
    table = pd.DataFrame(rows)
    car_t = table[table["arm"] == "car_t"]["Percent"]
    return show(
        _intervals(table, "Series", "Without CD19, % of relapses or failures"),
        title=(
            f"After CAR T cells {car_t.min():g} to {car_t.max():g} % of relapses had lost CD19, with a second "
            f"target too; after blinatumomab {rows[0]['Percent']:g} % of failures had"
        ),
        alt=in_words(table, "Series", "Patients", "Percent", "Without CD19, per cent, by series and patients."),
        csv=table.drop(columns="arm"),
        caption="Exact 95 % intervals. A failure of blinatumomab is also leukaemia that never responded; the others "
        "are relapses after a remission. The two largest series count all relapses, a few of them with CD19 unknown or "
        "not named; lineage switches are not counted as lost.",
    )


def after_the_other() -> Figure:
    """Remission with one treatment after the other had failed (claims SE1 and SE6)."""
    pooled_after = row("follow_up", "ash-2025-bispecific-cr")
    rows: list[dict[str, Any]] = [
        {
            "Treatment": "CAR T after no response to blinatumomab, leukaemia",
            "arm": "car_t",
            **_of_percent("myers-2022-cr-after-failure"),
        },
        {
            # Inotuzumab is no bispecific, and the report does not part the two.
            "Treatment": "Blinatumomab, inotuzumab or both after CAR T, leukaemia",
            "arm": "",
            **_of_percent("wudhikarn-2021-cr"),
        },
    ]
    for outcome_id in ("mosunetuzumab-post-car-cr", "odronextamab-post-car-cr"):
        outcome = row("outcomes", outcome_id)
        agent = row("trials", outcome["trial_id"])["agent"]
        name = f"{agent.capitalize()} after CAR T, lymphoma"
        rows.append({"Treatment": name, "arm": "bispecific", **_share(outcome["events"], outcome["n"])})
    rows.append(
        {
            "Treatment": "CD20 bispecifics after CAR T, lymphoma, pooled",
            "arm": "bispecific",
            "Patients": pooled_after["n"],
            "Percent": float(pooled_after["value"]),
            "Low": float(pooled_after["ci_low"]),
            "High": float(pooled_after["ci_high"]),
        }
    )
    table = pd.DataFrame(rows).astype({"Events": "Int64"})
    other = table[table["arm"] == "bispecific"]["Percent"]
    return show(
        _intervals(table, "Treatment", "Complete remission, %"),
        title=(
            f"Remissions still occur after failure: {rows[0]['Percent']:g} % with CAR T cells after blinatumomab in "
            f"leukaemia, {other.min():g} to {other.max():g} % with CD20 bispecifics after CAR T cells in lymphoma"
        ),
        alt=in_words(table, "Treatment", "Patients", "Percent", "Complete remission, per cent, and patients."),
        csv=table.drop(columns="arm"),
        caption="Exact 95 % intervals; that of the pooled studies is as reported. The rows are of different patients "
        "and diseases and do not compare the orders of treatment.",
    )


def simulated() -> Figure:
    """The model's formula beside a simulation that follows every cell."""
    growth = growth_of({"birth": STARTING_BIRTH, "death": STARTING_DEATH, "fall": STARTING_FALL})
    rows = []
    for position, expected in enumerate(SIMULATED_LOSSES):
        losses = Losses(expected / SIMULATED_CELLS, 0.0, 0.0)
        found = simulate("single", SIMULATED_CELLS, losses, growth, patients=SIMULATED_PATIENTS, seed=position).escaped
        rows.append(
            {
                "Losses": expected,
                "Formula": round(100.0 * _single(losses, growth), 1),
                "Simulated": round(100.0 * found, 1),
            }
        )
    table = pd.DataFrame(rows)
    apart = (table["Formula"] - table["Simulated"]).abs().max()
    curve = pd.DataFrame(
        {"Losses": x / 50, "Formula": 100.0 * _single(Losses(x / 50 / SIMULATED_CELLS, 0.0, 0.0), growth)}
        for x in range(126)
    )
    x = alt.X("Losses:Q", title="Chance of a loss times cells")
    y = alt.Y("Formula:Q", scale=PERCENT_SCALE, title="Escape, % of patients")
    line = alt.Chart(curve).mark_line(strokeWidth=2.5, color=NEUTRAL).encode(x=x, y=y)
    points = alt.Chart(table).mark_point(filled=True, size=80, color=ARMS["car_t"].colour).encode(x=x, y="Simulated:Q")
    return show(
        (line + points).properties(width=420, height=230),
        title=(
            f"In {SIMULATED_PATIENTS:,} simulated patients a point, escape differs from the formula by at most "
            f"{apart:.1f} points"
        ),
        alt="Probability of escape by the chance of a loss times the number of cells, by formula and simulated. "
        + "; ".join(
            f"{r['Losses']:g}: {r['Formula']:g} % by formula, {r['Simulated']:g} % simulated"
            for r in table.to_dict("records")
        )
        + ".",
        csv=table,
        caption=f"The line is the formula, the points are simulations that follow every cell of a leukaemia of "
        f"{SIMULATED_CELLS} cells, with the starting values of growth and clearance.",
    )


def _single(losses: Losses, growth: Growth) -> float:
    return escape(SIMULATED_CELLS, 1.0, losses, growth, cleared(growth, 1.0, 0.0))["single"]
