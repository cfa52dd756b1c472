"""The figures of the chapter on cost and feasibility."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from carbite.charts import ARMS, Figure, show
from carbite.evidence import row
from carbite.figures.marks import PERCENT_SCALE, by_arm
from carbite.figures.rows import in_words
from carbite.tables import Table

STAGES = ("enrolled", "had a product", "treated", "in remission")
# The rows of each trial by stage; a stage that no source counts is left out.
TRIALS: Mapping[str, tuple[str, Mapping[str, tuple[str, str]]]] = {
    "TOWER": ("bispecific", {"treated": ("outcomes", "tower-received"), "in remission": ("outcomes", "tower-cr")}),
    "ELIANA": (
        "car_t",
        {
            "had a product": ("outcomes", "eliana-manufacturing-failure"),
            "treated": ("outcomes", "eliana-received"),
            "in remission": ("outcomes", "eliana-cr-enrolled"),
        },
    ),
    "Seattle Children's": (
        "car_t",
        {"treated": ("outcomes", "seattle-received"), "in remission": ("outcomes", "seattle-cr-enrolled")},
    ),
    "ZUMA-3": (
        "car_t",
        {
            "had a product": ("follow_up", "zuma-3-made"),
            "treated": ("follow_up", "zuma-3-infused"),
            "in remission": ("follow_up", "zuma-3-cr-enrolled"),
        },
    ),
    "FELIX": ("car_t", {"treated": ("follow_up", "felix-infused")}),
    "JULIET": (
        "car_t",
        {
            "had a product": ("outcomes", "juliet-manufacturing-failure"),
            "treated": ("outcomes", "juliet-received"),
        },
    ),
    "ZUMA-1": (
        "car_t",
        {
            "had a product": ("outcomes", "zuma-1-manufacturing-failure"),
            "treated": ("outcomes", "zuma-1-received"),
            "in remission": ("outcomes", "zuma-1-cr"),
        },
    ),
}
LYMPHOMA = ("JULIET", "ZUMA-1")
ENROLLED = {"ZUMA-3": "zuma-3-enrolled", "FELIX": "felix-enrolled"}
# Where the row of a trial is not called like the trial.
TRIAL_IDS = {"Seattle Children's": "seattle"}


def _enrolled(trial: str) -> int:
    if trial in ENROLLED:
        return int(row("follow_up", ENROLLED[trial])["value"])
    return int(row("trials", TRIAL_IDS.get(trial, trial.lower()))["enrolled"])


def _patients(table: str, row_id: str, enrolled: int) -> int:
    """Patients who reached a stage, from whatever the row counts: them, those who did not, or a share of enrolled."""
    found: Mapping[str, Any] = row(table, row_id)
    if table == "follow_up":
        share = float(found["value"])
        return round(share * enrolled / 100.0) if found["unit"] == "percent" else int(share)
    events = int(found["events"])
    return enrolled - events if found["endpoint"] == "manufacturing_failure" else events


def stages() -> pd.DataFrame:
    """Patients of each trial by stage, with their share of all enrolled; one row a trial and stage."""
    rows = []
    for trial, (arm, counted) in TRIALS.items():
        enrolled = _enrolled(trial)
        disease = "lymphoma" if trial in LYMPHOMA else "leukaemia"
        for stage in STAGES:
            if stage != "enrolled" and stage not in counted:
                continue
            patients = enrolled if stage == "enrolled" else _patients(*counted[stage], enrolled)
            rows.append(
                {
                    "Trial": f"{trial} ({disease})",
                    "arm": arm,
                    "Stage": stage,
                    "Patients": patients,
                    "Percent": round(100.0 * patients / enrolled, 1),
                }
            )
    return pd.DataFrame(rows)


def order_to_remission() -> Figure:
    """From enrolment to remission: how many are left at each step (claims FE1 and FE3)."""
    table = stages()
    treated = table[table["Stage"] == "treated"].set_index("Trial")["Percent"]
    lowest = treated.drop("TOWER (leukaemia)")
    base = alt.Chart(table).encode(
        x=alt.X("Percent:Q", scale=PERCENT_SCALE, title="% of all enrolled"),
        y=alt.Y("Stage:N", sort=list(STAGES), title=None),
        color=by_arm(),
    )
    bars = base.mark_bar(height=11)
    names = base.mark_text(align="left", dx=5).encode(text="Patients:Q", color=alt.value("currentColor"))
    chart = (
        (bars + names)
        .properties(height=84)
        .facet(
            row=alt.Row(
                "Trial:N",
                sort=list(dict.fromkeys(table["Trial"])),
                title=None,
                header=alt.Header(labelAngle=0, labelOrient="top", labelAnchor="start"),
            )
        )
        .resolve_scale(y="independent")
    )
    return show(
        chart,
        title=(
            f"Nearly everyone assigned to blinatumomab in TOWER got it; in the CAR T trials "
            f"{lowest.min():.0f} to {lowest.max():.0f} % of the enrolled were infused"
        ),
        alt=in_words(table, "Trial", "Stage", "Percent", "Per cent of all enrolled who reached each step."),
        csv=table.assign(arm=table["arm"].map(lambda arm: ARMS[arm].label)).rename(columns={"arm": "Arm"}),
        caption=(
            "The numbers are patients. A step that no source of this book counts is left out. Remission means complete "
            "remission; in ZUMA-1, complete response of those infused."
        ),
    )


def waiting_times() -> Figure:
    """The four clocks that articles run under one name (claims FE2 and FE4)."""
    clocks = (
        "davis-manufacturing-time",
        "subklewe-zuma-1-delivery",
        "subklewe-eliana-waiting",
        "subklewe-juliet-waiting",
    )
    rows = []
    for delivery_id in clocks:
        found = row("delivery", delivery_id)
        rows.append({"Clock": f"{found['subject']}: {found['measure']}", "Days": found["low"]})
    table = pd.DataFrame(rows)
    # The names stand above the bars and not beside them, so that the chart fits a phone.
    base = alt.Chart(table).encode(y=alt.Y("Clock:N", sort=None, axis=None))
    x = alt.X("Days:Q", scale=alt.Scale(domain=[0, 60]), title="Days")
    bars = base.mark_bar(height=12, color=ARMS["car_t"].colour, yOffset=7).encode(x=x)
    names = base.mark_text(align="left", x=0, dy=-8).encode(text="Clock:N")
    days = base.mark_text(align="left", dx=5, dy=7).encode(x=x, text="Days:Q")
    longest, shortest = table["Days"].max(), table["Days"].min()
    return show(
        (bars + names + days).properties(height=44 * len(table)),
        title=f"{shortest:.0f} days and {longest:.0f} days are readings of different clocks",
        alt=in_words(table.assign(Unit="days"), "Clock", "Unit", "Days", "Waiting times as printed."),
        csv=table,
        caption="Making a product, having it delivered, and waiting from enrolment to infusion are not the same time.",
    )


def published_analyses() -> Table:
    """Published cost per QALY, each with its comparator, perspective and currency; never on one axis (claim CO2)."""
    rows = []
    for cost_id in (
        "thielen-2020-icer",
        "sarkar-2019-icer",
        "lin-2018-icer-40",
        "lin-2018-icer-20",
        "lin-2018-icer-0",
        "whittington-2018-icer",
    ):
        found = row("costs", cost_id)
        source = row("sources", found["source_id"])
        low, high = (f"{found[end]:,.0f}" for end in ("low", "high"))
        amount = low if low == high else f"{low} to {high}"
        rows.append(
            {
                "Analysis": f"{source['authors'].partition(' ')[0]} {source['year']}",
                "Compares": found["subject"],
                "Result": f"{amount} {found['currency']} a QALY",
                "What it is": found["measure"],
                "Perspective": found["perspective"] or "not stated in what was read",
                "Price year": found["price_year"] or "not stated in what was read",
            }
        )
    return Table("Published cost per QALY: each against its own comparator, in its own currency", pd.DataFrame(rows))
