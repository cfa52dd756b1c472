"""The figures of the chapter on durability."""

from __future__ import annotations

import altair as alt
import pandas as pd

from carbite.charts import ARMS, Figure, show
from carbite.comparison import Options
from carbite.evidence import row
from carbite.figures.marks import PERCENT_SCALE, by_arm
from carbite.figures.rows import in_words
from carbite.figures.scenarios import scenarios
from carbite.tables import Table

# Printed medians of survival without the leukaemia: the row, who is counted, and whether they are adults.
MEDIANS = (
    ("mt103-205-rfs", "responders", "children"),
    ("mt103-211-rfs", "responders", "adults"),
    ("alcantara-rfs", "responders", "adults"),
    ("tower-dor-primary", "responders", "adults"),
    ("mt103-206-rfs", "responders", "adults"),
    ("upenn-adults-efs", "all infused", "adults"),
    ("mskcc-efs-primary", "all infused", "adults"),
    ("fhcrc-efs-responders", "responders", "adults"),
)
# ELIANA by report: the curve, the reports, and the rows.
ELIANA = (
    (
        "Overall survival, all infused",
        "OS",
        ("eliana-os-12", "grupp-2018-os-18", "eliana-3-year-os", "eliana-5-year-os"),
    ),
    (
        "Relapse-free, responders",
        "RFS",
        ("eliana-rfs-6", "eliana-rfs-12", "eliana-rfs-18", "eliana-3-year-rfs", "eliana-5-year-rfs"),
    ),
    ("Relapse-free, responders, first analysis", "RFS", ("laetsch-2023-rfs-12-first",)),
    ("Event-free, all infused", "EFS", ("eliana-efs-12", "eliana-3-year-efs")),
)
LOSSES = (
    ("of all treated", "locatelli-2023-loss-all-car-t", "locatelli-2023-loss-all-blinatumomab"),
    ("of all relapses", "locatelli-2023-loss-relapses-car-t", "locatelli-2023-loss-relapses-blinatumomab"),
)
# What the articles and their sources say on transplantation: after what, who says it, what, and its row.
TRANSPLANTATION = (
    ("blinatumomab", "Molina & Shah", "essential for long survival", None),
    ("blinatumomab", "Lussana et al", "no clear benefit", None),
    (
        "blinatumomab",
        "Lussana et al",
        "alive at 3 years, up to 35 years of age, transplanted",
        "lussana-young-transplanted",
    ),
    ("blinatumomab", "Lussana et al", "the same, not transplanted", "lussana-young-untransplanted"),
    (
        "blinatumomab",
        "Lussana et al",
        "MRD, second or later remission, not transplanted",
        "lussana-second-cr-untransplanted",
    ),
    (
        "blinatumomab",
        "Lussana et al",
        "age below which it is the first option at their centre",
        "lussana-transplant-age-limit",
    ),
    ("CAR T cells", "Molina & Shah", "not essential for all", None),
    ("CAR T cells", "Molina & Shah", "event-free and overall survival", "molina-transplantation-after-car"),
    (
        "CAR T cells",
        "Zhang et al 2020, whom they cite",
        "leukaemia-free at 1 year, transplanted",
        "zhang-2020-lfs-transplanted",
    ),
    ("CAR T cells", "Zhang et al 2020, whom they cite", "the same, not transplanted", "zhang-2020-lfs-untransplanted"),
    (
        "CAR T cells",
        "Hay et al 2019, whom they cite",
        "adjusted hazard ratio of an event, transplanted against not",
        "hay-2019-transplantation-hazard",
    ),
)


def medians() -> Figure:
    """Printed medians without leukaemia, with endpoint and whom they count (claims DU1 and DU13)."""
    rows = []
    for survival_id, counted, age in MEDIANS:
        found = row("survival", survival_id)
        trial = row("trials", found["trial_id"])
        rows.append(
            {
                "Curve": f"{trial['name']}: {found['endpoint'].upper()}, {counted}, {age}",
                "arm": trial["arm"],
                "Endpoint": found["endpoint"].upper(),
                "Counted": counted,
                "Age": age,
                "Months": float(found["value"]),
            }
        )
    table = pd.DataFrame(rows)
    adults = table[table["Age"] == "adults"].groupby("arm")["Months"]
    low, high = adults.min(), adults.max()
    # The names stand above the bars and not beside them, so that the chart fits a phone.
    base = alt.Chart(table).encode(y=alt.Y("Curve:N", sort=None, axis=None), color=by_arm())
    x = alt.X("Months:Q", scale=alt.Scale(domain=[0, 10]), title="Median, months")
    bars = base.mark_bar(height=10, yOffset=7).encode(x=x)
    plain = {"color": alt.value("currentColor")}
    names = base.mark_text(align="left", x=0, dy=-8).encode(text="Curve:N", **plain)
    values = base.mark_text(align="left", dx=5, dy=7).encode(x=x, text=alt.Text("Months:Q", format=".1f"), **plain)
    return show(
        (bars + names + values).properties(height=38 * len(table)),
        title=(
            f"In adults the printed medians overlap: {low['car_t']:g} to {high['car_t']:g} months with CAR T cells, "
            f"{low['bispecific']:g} to {high['bispecific']:g} with blinatumomab"
        ),
        alt=in_words(table, "Curve", "Endpoint", "Months", "Median months without the leukaemia, as printed."),
        csv=table.assign(arm=table["arm"].map(lambda arm: ARMS[arm].label)).rename(columns={"arm": "Arm"}),
        caption=(
            "Rows that count responders leave out everyone who never responded; EFS of all infused counts them as "
            "events at once. Clocks start at remission or at infusion. Rows that differ in this cannot be compared."
        ),
    )


def eliana_over_time() -> Figure:
    """ELIANA by report and endpoint (claims DU1 and DU6)."""
    rows = []
    for name, endpoint, ids in ELIANA:
        for row_id in ids:
            later = "-year-" in row_id
            found = row("follow_up" if later else "survival", row_id)
            months = 12.0 * float(found["timepoint"].split()[0]) if later else found["landmark_months"]
            rows.append({"Curve": name, "Endpoint": endpoint, "Months": months, "Percent": float(found["value"])})
    table = pd.DataFrame(rows)
    base = alt.Chart(table).encode(
        x=alt.X(
            "Months:Q",
            scale=alt.Scale(domain=[0, 66]),
            axis=alt.Axis(values=[0, 6, 12, 18, 36, 60]),
            title="Months since infusion or remission",
        ),
        y=alt.Y("Percent:Q", scale=PERCENT_SCALE, title="%"),
        color=alt.value(ARMS["car_t"].colour),
    )
    shapes = alt.Scale(domain=[name for name, _, _ in ELIANA], range=["circle", "square", "diamond", "triangle-up"])
    points = base.mark_point().encode(
        shape=alt.Shape("Curve:N", scale=shapes, legend=alt.Legend(title=None, orient="top", columns=1))
    )
    values = base.mark_text(align="left", dx=8).encode(text="Percent:Q", color=alt.value("currentColor"))
    share = table[table["Curve"] == "Relapse-free, responders"].set_index("Months")["Percent"]
    return show(
        (points + values).properties(width=440, height=260),
        title=(
            f"ELIANA's relapse-free share stood at {share[12.0]:.0f} % at 12 and at 18 months, "
            f"and at {share[60.0]:.0f} % after 5 years"
        ),
        alt=in_words(table, "Curve", "Months", "Percent", "ELIANA, per cent by endpoint and months."),
        csv=table,
        caption=(
            "Points as printed, from reports of several dates; no line is drawn between them, because the "
            "articles print none. RFS at 36 months is censored at transplantation."
        ),
    )


def cd19_loss() -> Figure:
    """Relapse without CD19 by denominator (claim DU14)."""
    rows = [
        {"Counted": counted, "Arm": ARMS[arm].label, "arm": arm, "Percent": float(row("follow_up", row_id)["value"])}
        for counted, *ids in LOSSES
        for arm, row_id in zip(("car_t", "bispecific"), ids, strict=True)
    ]
    table = pd.DataFrame(rows)
    table["Label"] = table["Arm"] + ", " + table["Counted"]
    base = alt.Chart(table).encode(y=alt.Y("Label:N", sort=None, axis=None), color=by_arm())
    x = alt.X("Percent:Q", scale=alt.Scale(domain=[0, 40]), title="CD19-negative relapse, %")
    plain = {"color": alt.value("currentColor")}
    bars = base.mark_bar(height=10, yOffset=7).encode(x=x)
    names = base.mark_text(align="left", x=0, dy=-8).encode(text="Label:N", **plain)
    values = base.mark_text(align="left", dx=5, dy=7).encode(x=x, text="Percent:Q", **plain)
    ratio = {c: table.query("Counted == @c").set_index("arm")["Percent"] for c in table["Counted"].unique()}
    times = {c: each["car_t"] / each["bispecific"] for c, each in ratio.items()}
    return show(
        (bars + names + values).properties(height=38 * len(table)),
        title=(
            f"Relapse without CD19 is {times['of all treated']:.1f} times as frequent after CAR T cells over all "
            f"treated, and {times['of all relapses']:.1f} times over all relapses"
        ),
        alt=in_words(table, "Arm", "Counted", "Percent", "Relapse without CD19, per cent."),
        csv=table.drop(columns=["arm", "Label"]),
        caption=(
            "A review of 2023; publications, follow-up and tests differ between the treatments. More patients reach "
            "remission with CAR T cells, so more can relapse."
        ),
    )


def kept_scenarios() -> Figure:
    """What single choices do to remission reached and kept."""
    eliana = row("trials", "eliana")
    loss = round(1.0 - eliana["infused"] / eliana["enrolled"], 2)
    return scenarios(
        "remission_kept",
        {
            "Published comparison, stated rule": (None, Options()),
            "z interval": (None, Options(interval="z")),
            "Adults only": (None, Options(population="adults")),
            "Children and young adults only": (None, Options(population="children")),
            "No patients treated for MRD alone": (None, Options(population="no-mrd-only")),
            "ELIANA's loss before infusion assumed for all": (None, Options(attrition=loss)),
            "The same, adults only": (None, Options(attrition=loss, population="adults")),
            "Bias doubles the odds with CAR T": (None, Options(bias=2.0)),
        },
    )


def on_transplantation() -> Table:
    """What the articles and the reports they cite say on transplantation, side by side (claims DU4, DU5 and DU6)."""
    rows = []
    for after, who, what, statement_id in TRANSPLANTATION:
        found = row("statements", statement_id) if statement_id else None
        unit = (
            {"percent": " %", "hazard ratio": "", "category": ""}.get(found["unit"], f" {found['unit']}")
            if found
            else ""
        )
        rows.append(
            {"After": after, "Who says it": who, "What": what, "Value": f"{found['value']}{unit}" if found else ""}
        )
    return Table("On transplantation the articles contradict each other, and themselves", pd.DataFrame(rows))
