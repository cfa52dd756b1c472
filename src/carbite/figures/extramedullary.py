"""The figures of the chapter on extramedullary disease and burden."""

from __future__ import annotations

import re

import altair as alt
import numpy as np
import pandas as pd

from carbite.charts import ARMS, Figure, show
from carbite.evidence import row
from carbite.figures.marks import PERCENT_SCALE, by_arm
from carbite.figures.rows import exact_percent, in_words, outcome_rows
from carbite.models.burden import (
    BISPECIFIC_HIGH,
    CAR_T_HIGH,
    CAR_T_LOW,
    difference_needed,
    implied_low,
    pooled_gap,
    share_range,
)

# How a stratum of marrow blasts is written in ``data/``, and which of its limits the number is.
BLASTS = {
    "above": re.compile(r"more than (\d+) % marrow blasts"),
    "from": re.compile(r"(\d+) % marrow blasts or more"),
    "below": re.compile(r"less than (\d+) % marrow blasts"),
}
STRATA = (
    ("Blinatumomab, adults", BISPECIFIC_HIGH),
    ("Blinatumomab, children", "mt103-205-cr-high-burden"),
    ("Seattle CAR T", "seattle-cr-high-burden"),
    ("MSKCC CAR T", CAR_T_HIGH),
    ("MSKCC CAR T", CAR_T_LOW),
)
# Kept below the end of a line, where rounding could ask for more than every patient.
ROUNDING = 1e-12
# Whose rate above 50 % blasts belongs to which whole: the article's own citation, and that of Lussana et al.
WHOLES = (
    ("Adults, City of Hope", BISPECIFIC_HIGH, "coh-blinatumomab-cr"),
    ("Adults, MT103-211", BISPECIFIC_HIGH, "mt103-211-cr"),
    ("Children, MT103-205", "mt103-205-cr-high-burden", "mt103-205-cr"),
)


def blast_range(population: str) -> tuple[int, int]:
    """The marrow blasts of a stratum in per cent, from and to. Raises ValueError where the text gives none."""
    for kind, pattern in BLASTS.items():
        if found := pattern.search(population):
            limit = int(found[1])
            return (0, limit) if kind == "below" else (limit, 100)
    raise ValueError(f"no share of marrow blasts in {population!r}")


def cut_offs() -> Figure:
    """Which marrow blasts each reported stratum holds, with its remission rate (claims EF5 and EF6)."""
    rows = []
    for name, outcome_id in STRATA:
        outcome = outcome_rows(outcome_id)[0]
        low, high = blast_range(outcome["population"])
        rows.append(
            {
                "Stratum": f"{name}, {low} to {high} % blasts",
                "arm": row("trials", outcome["trial_id"])["arm"],
                "Blasts from": low,
                "Blasts to": high,
                "Remission": f"{outcome['percent_printed']} %" if outcome["percent_printed"] else "no rate printed",
            }
        )
    table = pd.DataFrame(rows)
    high_from = table[table["Blasts from"] > 0].groupby("arm")["Blasts from"].min()
    base = alt.Chart(table.assign(Label=table["Stratum"] + ": " + table["Remission"])).encode(
        y=alt.Y("Stratum:N", sort=table["Stratum"].tolist(), axis=None)
    )
    bars = base.mark_bar(height=10, yOffset=8).encode(
        x=alt.X("Blasts from:Q", scale=PERCENT_SCALE, title="Marrow blasts before treatment, %"),
        x2="Blasts to:Q",
        color=by_arm(),
    )
    names = base.mark_text(align="left", x=0, dy=-7).encode(text="Label:N")
    return show(
        (bars + names).properties(height=38 * len(table)),
        title=(
            f"From {high_from['car_t']} to {high_from['bispecific']} % blasts, a patient has a high burden in a CAR T "
            "trial and not in a trial of blinatumomab"
        ),
        alt="Complete remission by marrow blasts. "
        + "; ".join(f"{r['Stratum']}: {r['Remission']}" for r in table.to_dict("records"))
        + ".",
        csv=table.drop(columns="arm"),
        caption="Each bar spans the marrow blasts of a reported stratum; the text gives its complete remission.",
    )


def common_cut_off() -> Figure:
    """What counting alone says of MSKCC's patients above blinatumomab's cut-off (claim EF6)."""
    outcome, printed = outcome_rows(CAR_T_HIGH, BISPECIFIC_HIGH)
    line = float(printed["percent_printed"])
    rows = []
    for part in range(1, outcome["n"] + 1):
        low, high = share_range(outcome["events"], outcome["n"], part)
        rows.append({"Patients above 50 %": part, "Lowest": round(100 * low, 1), "Highest": round(100 * high, 1)})
    table = pd.DataFrame(rows)
    first = int(table.loc[table["Lowest"] > line, "Patients above 50 %"].min())
    base = alt.Chart(table).encode(
        x=alt.X(
            "Patients above 50 %:Q",
            scale=alt.Scale(domain=[0, outcome["n"]]),
            title=f"MSKCC patients over 50 % blasts, of {outcome['n']}",
        )
    )
    band = base.mark_area(opacity=0.3, color=ARMS["car_t"].colour).encode(
        y=alt.Y("Lowest:Q", scale=PERCENT_SCALE, title="Remission among them, %"), y2="Highest:Q"
    )
    edge = base.mark_line(color=ARMS["car_t"].colour, strokeWidth=1.5)
    rule = alt.Chart(pd.DataFrame({"at": [line], "label": [f"blinatumomab, adults: {line:g} %"]})).encode(y="at:Q")
    marked = rule.mark_rule(color=ARMS["bispecific"].colour, strokeDash=[6, 3], strokeWidth=2)
    named = rule.mark_text(align="left", x=6, dy=-8).encode(text="label:N")
    return show(
        (band + edge.encode(y="Lowest:Q") + edge.encode(y="Highest:Q") + marked + named).properties(
            width=420, height=240
        ),
        title=(
            f"If {first} or more of MSKCC's {outcome['n']} patients at high burden had over 50 % blasts, remission "
            f"among them was above blinatumomab's {line:g} %"
        ),
        alt=f"The range of remission rates that {outcome['events']} remissions of {outcome['n']} patients allow among "
        f"those with over 50 % blasts. With one such patient it is 0 to 100 %; from {first} on the lowest rate is "
        f"above {line:g} %; with all {outcome['n']} it is {100 * outcome['events'] / outcome['n']:g} %.",
        csv=table,
        caption=f"{outcome['events']} of {outcome['n']} {outcome['population']} reached remission. The band holds "
        "every way in which they can be split; chance is not in it.",
    )


def implied() -> Figure:
    """The rate at lower burden that the printed rates imply, by the share at high burden (claim EF5)."""
    rows = []
    for name, high_id, all_id in WHOLES:
        high, overall = outcome_rows(high_id, all_id)
        cr_high, cr_all = float(high["percent_printed"]) / 100.0, overall["events"] / overall["n"]
        # From here on more than every patient at lower burden would have to reach remission.
        last = (1.0 - cr_all) / (1.0 - cr_high)
        for share in (*np.arange(0.0, last, 0.02), last * (1.0 - ROUNDING)):
            found = 100.0 * implied_low(cr_all, float(share), cr_high)
            rows.append(
                {
                    "Series": name,
                    "Share above 50 % blasts": round(100.0 * float(share), 1),
                    "Implied remission": round(found, 1),
                }
            )
    table = pd.DataFrame(rows)
    least = table["Implied remission"].min()
    base = alt.Chart(table).encode(
        x=alt.X("Share above 50 % blasts:Q", scale=PERCENT_SCALE, title="Share above 50 % blasts, assumed, %"),
        y=alt.Y("Implied remission:Q", scale=PERCENT_SCALE, title="Remission below 50 % blasts, implied, %"),
        strokeDash=alt.StrokeDash("Series:N", legend=alt.Legend(title=None, orient="top", columns=1, symbolSize=400)),
        color=alt.value(ARMS["bispecific"].colour),
    )
    return show(
        base.mark_line(strokeWidth=2.5).properties(width=420, height=240),
        title=(
            f"Remission with blinatumomab at lower burden could be anything from {least:.0f} % upwards, because no "
            "article gives the share at high burden"
        ),
        alt="Remission below 50 % blasts that follows from the printed rates of all patients and of those above. "
        + "; ".join(
            f"{name}: {lines['Implied remission'].iloc[0]:g} % if nobody was above, "
            f"{lines['Implied remission'].iloc[-1]:g} % if {lines['Share above 50 % blasts'].iloc[-1]} % were"
            for name, lines in table.groupby("Series", sort=False)
        )
        + ".",
        csv=table,
        caption="A line ends where every patient at lower burden reaches remission. For adults it is drawn for both "
        "reports that the articles give as the source of the rate above 50 % blasts.",
    )


def needed() -> Figure:
    """How far the shares at high burden must differ for case mix alone to make the pooled gap."""
    gap = pooled_gap()
    cr_high = float(outcome_rows(BISPECIFIC_HIGH)[0]["percent_printed"])
    rows = []
    for cr_low in range(round(cr_high) + 1, 101):
        difference = difference_needed(gap / 100.0, (cr_low - cr_high) / 100.0)
        if difference is not None:
            rows.append({"Remission at low burden": cr_low, "Difference needed": round(100.0 * difference, 1)})
    table = pd.DataFrame(rows)
    least = table.iloc[-1]
    chart = (
        alt.Chart(table)
        .mark_line(strokeWidth=2.5, color="currentColor")
        .encode(
            x=alt.X("Remission at low burden:Q", scale=alt.Scale(domain=[60, 100]), title="Remission at low burden, %"),
            y=alt.Y("Difference needed:Q", scale=PERCENT_SCALE, title="Difference in shares needed, points"),
        )
    )
    return show(
        chart.properties(width=420, height=240),
        title=(
            f"Case mix alone can make the pooled gap of {gap:g} points only if the shares at high burden differ by "
            f"{least['Difference needed']:.0f} points or more"
        ),
        alt=f"Remission at high burden is {cr_high:g} % with either treatment. If low-burden remission is "
        f"{rows[0]['Remission at low burden']} %, the shares must differ by {rows[0]['Difference needed']:g} points; "
        f"if all at low burden remit, by {least['Difference needed']:g}. "
        f"Below {rows[0]['Remission at low burden']} % no difference is large enough.",
        csv=table,
        caption=f"Both treatments are taken to do equally well at equal burden, with {cr_high:g} % remission at high "
        "burden, the lowest rate printed. With a higher one the difference would have to be larger.",
    )


def sites() -> Figure:
    """Remission after CAR T cells by where the leukaemia was, as reported after 2021 (claims EM3 and EM4)."""
    rows = []
    for label, follow_up_id in (
        ("Nervous system, Fabrizio et al", "fabrizio-2022-cr-cns"),
        ("Nervous system, Qi et al", "qi-2022-cns"),
        ("Marrow, Qi et al", "qi-2022-marrow"),
        ("Other sites, Fabrizio et al", "fabrizio-2022-cr-other"),
    ):
        report = row("follow_up", follow_up_id)
        n, printed = report["n"], float(report["value"])
        if report["ci_low"]:
            low, high = float(report["ci_low"]), float(report["ci_high"])
        else:
            low, high = exact_percent(round(n * printed / 100.0), n)
        rows.append({"Site": label, "Patients": n, "Percent": printed, "Low": low, "High": high})
    table = pd.DataFrame(rows)
    base = alt.Chart(table.assign(Label=table["Site"] + ", " + table["Percent"].map("{:g} %".format))).encode(
        y=alt.Y("Site:N", sort=table["Site"].tolist(), axis=None), color=alt.value(ARMS["car_t"].colour)
    )
    x = alt.X("Percent:Q", scale=PERCENT_SCALE, title="Remission after CAR T cells, %")
    bars = base.mark_rule(strokeWidth=2, yOffset=7).encode(x=alt.X("Low:Q", scale=PERCENT_SCALE), x2="High:Q")
    points = base.mark_point(shape="circle", yOffset=7).encode(x=x)
    names = base.mark_text(align="left", x=0, dy=-8).encode(text="Label:N", color=alt.value("currentColor"))
    percent = table.set_index("Site")["Percent"]
    cns = [value for site, value in percent.items() if str(site).startswith("Nervous")]
    return show(
        (bars + points + names).properties(height=38 * len(table)),
        title=(
            f"After CAR T cells, remission was {min(cns):.0f} to {max(cns):.0f} % with leukaemia in the nervous "
            f"system, and {percent['Other sites, Fabrizio et al']:.0f} % of a few patients with other sites"
        ),
        alt=in_words(table, "Site", "Patients", "Percent", "Remission, per cent, by site and number of patients.")
        + " No such series of blinatumomab is in this book.",
        csv=table,
        caption="Lines are 95 % intervals; those of Fabrizio et al are exact ones, computed here. No series of "
        "blinatumomab with remission by site was found.",
    )
