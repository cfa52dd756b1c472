"""The figures of the chapter on efficacy."""

from __future__ import annotations

from dataclasses import replace

import altair as alt
import pandas as pd

from carbite.charts import ARMS, Figure, show
from carbite.comparison import Options, Selection, comparison
from carbite.evidence import records, row
from carbite.figures.marks import NEUTRAL, PERCENT_SCALE, by_arm, dumbbell
from carbite.figures.rows import in_words, outcome_rows, share
from carbite.figures.scenarios import scenarios


def denominators() -> Figure:
    """Remission of the trials that can be counted in more than one way, by who is counted (claim EF3)."""
    rows = []
    for outcome in records("outcomes"):
        if outcome["comparison_id"] != "cr" or outcome["events"] is None:
            continue
        trial = row("trials", outcome["trial_id"])
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
    chart = dumbbell(
        table, "Trial", "Percent", "Counted", {"infused": ("circle", NEUTRAL), "enrolled": ("square", NEUTRAL)}
    )
    by_way = {(r["Trial"], r["Counted"]): r["Percent"] for r in table.to_dict("records")}
    return show(
        chart,
        title=(
            f"Counting everyone who was enrolled takes ELIANA from {by_way['ELIANA', 'infused']:.0f} % "
            f"to {by_way['ELIANA', 'enrolled']:.0f} %, and TOWER hardly moves"
        ),
        alt=in_words(
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
        for arm, outcome in zip(("blinatumomab", "chemotherapy"), outcome_rows(*ids), strict=True):
            rows.append({"Measure": measure, "Treatment": arm, "Percent": share(outcome)})
    for arm, survival_id in (
        ("blinatumomab", "tower-efs-6"),
        ("chemotherapy", "tower-chemotherapy-efs-6"),
    ):
        rows.append(
            {
                "Measure": "Event-free at 6 months",
                "Treatment": arm,
                "Percent": float(row("survival", survival_id)["value"]),
            }
        )
    table = pd.DataFrame(rows)
    marks = {
        name: (ARMS[arm].shape, ARMS[arm].colour)
        for name, arm in (("blinatumomab", "bispecific"), ("chemotherapy",) * 2)
    }
    chart = dumbbell(table, "Measure", "Percent", "Treatment", marks)
    return show(
        chart,
        title="In TOWER, patients assigned to blinatumomab by chance did better than those assigned to chemotherapy",
        alt=in_words(table, "Measure", "Treatment", "Percent", "TOWER, per cent by arm."),
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
        {"Stratum": label, "Arm": ARMS[arm].label, "arm": arm, "Percent": share(outcome_rows(outcome_id)[0])}
        for label, arm, outcome_id in strata
    ]
    table = pd.DataFrame(rows)
    base = alt.Chart(table).encode(
        x=alt.X("Percent:Q", scale=PERCENT_SCALE, title="Complete remission, %"),
        y=alt.Y("Stratum:N", sort=None, title=None),
        color=by_arm(),
    )
    chart = base.mark_bar(height=14) + base.mark_text(align="left", dx=6).encode(
        text="Percent:Q", color=alt.value("currentColor")
    )
    return show(
        chart.properties(height=150),
        title="No cut-off for a high burden is shared by the arms, so the strata cannot be set against each other",
        alt=in_words(table, "Stratum", "Arm", "Percent", "Complete remission by share of marrow blasts, per cent."),
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
        {"Programme": name, "Patients": each["n"], "Remissions": each["events"], "Percent": share(each)}
        for name, ids in programmes.items()
        for each in outcome_rows(*ids)
    ]
    table = pd.DataFrame(rows)
    base = alt.Chart(table).encode(
        x=alt.X(
            "Patients:Q",
            scale=alt.Scale(domain=[0, 60]),
            axis=alt.Axis(tickMinStep=10),
            title="Patients reported so far",
        ),
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
        alt=in_words(table, "Programme", "Patients", "Percent", "Complete remission by patients reported, per cent."),
        csv=table,
        caption="The later reports contain the earlier and are not independent of them. The axis starts at 70 %.",
    )


def remission_scenarios() -> Figure:
    """What single choices do to the difference in remission, the published comparison first."""
    published = comparison("cr").default_selection()

    def without(*trial_ids: str) -> Selection:
        return Selection("cr", tuple(t for t in published.trials if t not in trial_ids))

    rule = Options()
    eliana = Options(
        reading="enrolled", attrition=_loss(row("trials", "eliana")["infused"], row("trials", "eliana")["enrolled"])
    )
    zuma_3 = Options(
        reading="enrolled",
        attrition=_loss(*(row("follow_up", f"zuma-3-cr-{who}")["n"] for who in ("infused", "enrolled"))),
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
