"""The figures of the chapter on safety."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from carbite.charts import ARMS, Figure, show
from carbite.comparison import Options, Selection, comparison
from carbite.evidence import row
from carbite.figures.marks import NEUTRAL, PERCENT_SCALE, dumbbell, interval_rows
from carbite.figures.rows import exact_percent, fisher, in_words, outcome_rows, share
from carbite.figures.scenarios import scenarios

NOT_STATED = "scale not stated"


def one_product() -> Figure:
    """Severe cytokine release syndrome with tisagenlecleucel, by report and grading scale."""
    reports = {
        "ELIANA, label": "kymriah-label-eliana-severe-crs",
        "ELIANA, review": "eliana-severe-crs-secondary",
        "JULIET, label": "kymriah-label-juliet-severe-crs",
        "JULIET, review": "juliet-severe-crs-secondary",
        "Registry": "pasquini-2020-severe-crs",
    }
    patients = {"eliana": "leukaemia, children", "juliet": "lymphoma, adults", "tisa-cel-registry": "both diseases"}
    rows = []
    for report, outcome_id in reports.items():
        (outcome,) = outcome_rows(outcome_id)
        rows.append(
            {
                "Report": f"{report}, {outcome['n']} patients",
                "Patients": patients[outcome["trial_id"]],
                "Scale": outcome["grading_scale"] or NOT_STATED,
                "Percent": share(outcome),
            }
        )
    table = pd.DataFrame(rows)
    note = table["Percent"].map("{:g} %, ".format) + table["Scale"] + ", " + table["Patients"]
    most, registry = table["Percent"].max(), table["Percent"].iloc[-1]
    return show(
        _bars(table.assign(Note=note), "Report", "Severe cytokine release syndrome, %"),
        title=f"One product, {registry:g} % or {most:g} %: scale, disease, age and years differ between the reports",
        alt=in_words(
            table.assign(Note=table["Scale"] + ", " + table["Patients"]),
            "Report",
            "Note",
            "Percent",
            "Severe cytokine release syndrome with tisagenlecleucel, per cent.",
        ),
        csv=table,
        caption="Tisagenlecleucel, grade 3 or above. The label and the review are cuts of the same trials.",
    )


def regraded() -> Figure:
    """Neurotoxicity of any grade in JULIET: the same patients, graded by others or on another scale."""
    readings = {
        "As the US regulator defines it": "juliet-regraded-neurotoxicity-label",
        "CTCAE, four experts": "juliet-regraded-neurotoxicity-ctcae",
        "CTCAE, as the trial reported": "juliet-neurotoxicity-secondary",
        "Modified CRES, four experts": "juliet-regraded-neurotoxicity-mcres",
        "ASTCT, four experts": "juliet-regraded-neurotoxicity-astct",
    }
    rows = []
    for reading, outcome in zip(readings, outcome_rows(*readings.values()), strict=True):
        rows.append(
            {
                "Grading": reading,
                "Patients with it": outcome["events"],
                "Patients": outcome["n"],
                "Percent": round(100.0 * outcome["events"] / outcome["n"]),
            }
        )
    table = pd.DataFrame(rows)
    note = table["Patients with it"].astype(str) + " of " + table["Patients"].astype(str)
    return show(
        _bars(table.assign(Note=note), "Grading", "Neurotoxicity of any grade, %"),
        title=(
            f"The same trial has neurotoxicity in {table['Percent'].min()} % or in {table['Percent'].max()} % "
            "of its patients, depending on the grading"
        ),
        alt=in_words(
            table.assign(Note=note), "Grading", "Note", "Percent", "JULIET, neurotoxicity of any grade, per cent."
        ),
        csv=table,
        caption="JULIET, any grade. The regulator's count is of an earlier cut with fewer patients.",
    )


def burden() -> Figure:
    """Severe toxicity of CAR T cells by burden in one trial, and that of blinatumomab in two (claims SA4, SA10)."""
    groups = {
        "Blinatumomab, residual disease (BLAST)": ("bispecific", "gokbuget-2018-severe-{}"),
        "CAR T, under 5 % blasts (MSKCC)": ("car_t", "mskcc-severe-{}-low-burden"),
        "Blinatumomab, overt disease (TOWER)": ("bispecific", "tower-severe-{}-primary"),
        "CAR T, 5 % blasts or more (MSKCC)": ("car_t", "mskcc-severe-{}-high-burden"),
    }
    endpoints = {"crs": "Cytokine release syndrome", "neurotoxicity": "Neurotoxicity"}
    rows = []
    for endpoint, name in endpoints.items():
        for group, (arm, template) in groups.items():
            (outcome,) = outcome_rows(template.format(endpoint))
            low, high = exact_percent(outcome["events"], outcome["n"])
            rows.append(
                {
                    "Toxicity": name,
                    "Group": group,
                    "arm": arm,
                    "Events": outcome["events"],
                    "Patients": outcome["n"],
                    "Percent": round(100.0 * outcome["events"] / outcome["n"], 1),
                    "Low": low,
                    "High": high,
                }
            )
    table = pd.DataFrame(rows)
    short = table["Toxicity"].replace({"Cytokine release syndrome": "CRS"})
    counts = table["Events"].astype(str) + " of " + table["Patients"].astype(str)
    table["Label"] = short + ", " + table["Group"] + ": " + counts
    chart = interval_rows(table, 80, "% of patients, exact 95 % interval")
    tests = [fisher(f"mskcc-severe-{each}-low-burden", f"mskcc-severe-{each}-high-burden") for each in endpoints]
    return show(
        chart,
        title="At low burden CAR T cells come near blinatumomab in residual disease; at high burden they are far off",
        alt=in_words(
            table.assign(Where=table["Group"] + ", " + counts),
            "Toxicity",
            "Where",
            "Percent",
            "Severe toxicity by treatment and burden, per cent.",
        ),
        csv=table.drop(columns=["arm", "Label"]),
        caption=(
            f"Within MSKCC low and high burden differ by more than chance (Fisher's exact test, P = {tests[0]:.3f} "
            f"and {tests[1]:.3f}). MSKCC graded the syndrome on a scale of its own, the blinatumomab trials on CTCAE."
        ),
    )


def chemotherapy() -> Figure:
    """Severe harms of both arms of TOWER (claim SA21): the one comparison here in which chance decided."""
    harms = {
        "Any severe adverse event": "adverse-event",
        "Neutropenia": "neutropenia",
        "Infection": "infection",
        "Neurologic event": "neurotoxicity",
        "Cytokine release syndrome": "crs",
    }
    rows = []
    for harm, name in harms.items():
        pair = outcome_rows(f"tower-severe-{name}-primary", f"tower-chemotherapy-severe-{name}-primary")
        for treatment, outcome in zip(("blinatumomab", "chemotherapy"), pair, strict=True):
            rows.append(
                {
                    "Harm": harm,
                    "Treatment": treatment,
                    "Events": outcome["events"],
                    "Patients": outcome["n"],
                    "Percent": round(100.0 * outcome["events"] / outcome["n"], 1),
                }
            )
    table = pd.DataFrame(rows)
    marks = {
        name: (ARMS[arm].shape, ARMS[arm].colour)
        for name, arm in (("blinatumomab", "bispecific"), ("chemotherapy",) * 2)
    }
    return show(
        dumbbell(table, "Harm", "Percent", "Treatment", marks),
        title="Against chemotherapy, blinatumomab spared neutrophils and infections, and brought cytokine release",
        alt=in_words(table, "Harm", "Treatment", "Percent", "TOWER, grade 3 or above, per cent of those treated."),
        csv=table,
        caption="TOWER, grade 3 or above, all cycles: more cycles were given of blinatumomab than of chemotherapy.",
    )


def mitigation() -> Figure:
    """Cytokine release syndrome of the newer bispecific antibodies in lymphoma (claims SA15 to SA17)."""
    trials = {
        "Glofitamab": "glofitamab",
        "Glofitamab with obinutuzumab": "glofitamab-obinutuzumab",
        "Glofitamab with atezolizumab": "glofitamab-atezolizumab",
        "Epcoritamab, under the skin": "epcoritamab",
        "Mosunetuzumab": "mosunetuzumab",
        "Odronextamab": "odronextamab",
        "Plamotamab": "plamotamab",
    }
    rows = [
        {"Treatment": name, "Grade": grade, "Patients": outcome["n"], "Percent": share(outcome)}
        for name, trial in trials.items()
        for grade, outcome in zip(
            ("any grade", "severe"), outcome_rows(f"{trial}-crs", f"{trial}-severe-crs"), strict=True
        )
    ]
    table = pd.DataFrame(rows)
    any_grade = {r["Treatment"]: r["Percent"] for r in rows if r["Grade"] == "any grade"}
    alone, combined = any_grade["Glofitamab"], any_grade["Glofitamab with obinutuzumab"]
    marks = {"any grade": ("circle", NEUTRAL), "severe": ("triangle-up", NEUTRAL)}
    return show(
        dumbbell(table, "Treatment", "Percent", "Grade", marks),
        title=(
            f"With obinutuzumab cytokine release followed glofitamab in {combined:g} %, alone in {alone:g} %; "
            "severe forms are rare throughout"
        ),
        alt=in_words(table, "Treatment", "Grade", "Percent", "Cytokine release syndrome in lymphoma, per cent."),
        csv=table,
        caption="Table 3 of Lussana et al. Doses, lymphomas and pretreatment differ between the rows.",
    )


# Trials that an article counts or cites, each with its outcome, beside the range that the article prints for them.
_CAR_CRS = {
    "ELIANA": "eliana-severe-crs-secondary",
    "UPenn, adults": "upenn-adults-severe-crs",
    "UPenn/CHOP": "upenn-chop-severe-crs-secondary",
    "MSKCC": "park-2018-severe-crs",
    "Seattle": "seattle-severe-crs-secondary",
    "NCI": "nci-2016-severe-crs",
    "Fred Hutchinson": "fhcrc-severe-crs-secondary",
}
_APPROVAL_CRS = {
    "ELIANA": "eliana-severe-crs",
    "JULIET": "juliet-severe-crs",
    "ZUMA-1": "zuma-1-severe-crs-secondary",
}
_APPROVAL_NEUROTOXICITY = {
    "ELIANA": "eliana-severe-neurotoxicity",
    "JULIET": "juliet-severe-neurotoxicity",
    "ZUMA-1": "zuma-1-severe-neurotoxicity-secondary",
}
_IGG = ("mosunetuzumab", "glofitamab", "odronextamab", "epcoritamab", "plamotamab")
# The two whose neurotoxicity is printed as not reported are left out of it.
_IGG_NEUROTOXICITY = ("mosunetuzumab", "glofitamab", "epcoritamab")


def _igg(endpoint: str, antibodies: tuple[str, ...] = _IGG) -> dict[str, str]:
    return {antibody.capitalize(): f"{antibody}-{endpoint}" for antibody in antibodies}


# Label: the article's numbers (rows of statements or outcomes), and the trials that it names for the same thing.
RANGES: Mapping[str, tuple[tuple[str, str], Mapping[str, str]]] = {
    "Molina & Shah: CAR T, severe CRS": (("statements", "molina-severe-crs-range"), _CAR_CRS),
    "Subklewe, table: CAR T, severe CRS": (("outcomes", "eliana-severe-crs"), _APPROVAL_CRS),
    "Subklewe, table: CAR T, severe neurotoxicity": (
        ("statements", "subklewe-car-severe-icans"),
        _APPROVAL_NEUROTOXICITY,
    ),
    "Lussana et al: IgG-like, CRS of any grade": (("statements", "lussana-igg-crs"), _igg("crs")),
    "Lussana et al: IgG-like, severe CRS": (("statements", "lussana-igg-severe-crs"), _igg("severe-crs")),
    "Lussana et al: IgG-like, neurotoxicity": (
        ("statements", "lussana-igg-neurotoxicity"),
        _igg("neurotoxicity", _IGG_NEUROTOXICITY),
    ),
    "Lussana et al: IgG-like, severe neurotoxicity": (
        ("statements", "lussana-igg-severe-neurotoxicity"),
        _igg("severe-neurotoxicity", _IGG_NEUROTOXICITY),
    ),
}


def range_rows() -> pd.DataFrame:
    """Every printed range beside every trial of the same article, in per cent as printed.

    ``Outside`` says whether the range leaves the trial out.
    """
    rows = []
    for label, ((table, name), trials) in RANGES.items():
        low, high = _printed_range(table, name)
        for trial, outcome_id in trials.items():
            (outcome,) = outcome_rows(outcome_id)
            percent = share(outcome)
            rows.append(
                {
                    "Printed": label,
                    "Low": low,
                    "High": high,
                    "Trial": trial,
                    "Percent": percent,
                    "Outside": not low <= percent <= high,
                }
            )
    return pd.DataFrame(rows)


def ranges() -> Figure:
    """The ranges that the articles print, and the trials of the same articles that lie outside (an exercise)."""
    table = range_rows()
    left_out = table[table["Outside"]]
    one_sided = table.groupby("Printed")["Outside"].any().sum()
    place = alt.Y("Printed:N", sort=list(RANGES), axis=None)
    percent = alt.X("Percent:Q", scale=PERCENT_SCALE, title="% of patients")
    each = table.drop_duplicates("Printed")
    names = alt.Chart(each).mark_text(align="left", x=0, dy=-16).encode(y=place, text="Printed:N")
    bars = alt.Chart(each).mark_bar(height=9, opacity=0.35, yOffset=4, color=NEUTRAL)
    bars = bars.encode(y=place, x=alt.X("Low:Q"), x2="High:Q")
    # A printed single number has no width, so a tick stands there too.
    ticks = alt.Chart(each).mark_tick(height=16, thickness=3, yOffset=4, color=NEUTRAL).encode(y=place, x="High:Q")
    marks = alt.Chart(table).encode(y=place, x=percent)
    inside = marks.transform_filter("!datum.Outside").mark_point(
        shape="circle", size=50, yOffset=4, color=NEUTRAL, filled=False
    )
    outside = marks.transform_filter("datum.Outside").mark_point(
        shape="cross", size=90, yOffset=4, color=ARMS["car_t"].colour
    )
    said = pd.DataFrame(
        {"Printed": label, "Left": _named(outside)} for label, outside in left_out.groupby("Printed", sort=False)
    )
    labels = alt.Chart(said).mark_text(align="left", x=0, dy=24, fontSize=12).encode(y=place, text="Left:N")
    return show(
        (names + bars + ticks + inside + outside + labels).properties(height=62 * len(RANGES)),
        title=f"{one_sided} of {len(RANGES)} printed ranges leave out a trial that the same article counts or cites",
        alt=". ".join(
            f"{label}: printed {group['Low'].iloc[0]:g} to {group['High'].iloc[0]:g}; outside it: "
            + (
                ", ".join(f"{r['Trial']} {r['Percent']:g}" for r in group[group["Outside"]].to_dict("records"))
                or "none"
            )
            for label, group in table.groupby("Printed", sort=False)
        )
        + ".",
        csv=table,
        caption="Bars and ticks: as printed. Circles: trials inside, crosses: trials outside, read from their reports.",
    )


def crs_scenarios() -> Figure:
    """What single choices do to the difference in severe cytokine release syndrome."""
    counted = comparison("severe_crs").default_selection()

    def with_trials(*trials: str) -> Selection:
        return Selection("severe_crs", trials)

    kept = counted.trials
    overt = [t for t in kept if t not in ("blast", "mt103-205")]
    rule = Options()
    return scenarios(
        "severe_crs",
        {
            "Fullest reports, stated rule": (None, rule),
            "z interval": (None, Options(interval="z")),
            "Equal effects": (None, Options(tau2="EE")),
            "Adults only": (None, Options(population="adults")),
            "Without ELIANA, the highest": (with_trials(*(t for t in kept if t != "eliana")), rule),
            "UPenn adults instead of UPenn/CHOP": (
                with_trials(*(t for t in kept if t != "upenn-chop"), "upenn-adults"),
                rule,
            ),
            "Without BLAST, treated for residual disease": (with_trials(*(t for t in kept if t != "blast")), rule),
            "Blinatumomab in adults with overt disease alone": (with_trials(*overt), rule),
            "The same, z interval": (with_trials(*overt), Options(interval="z")),
            "No trial with patients treated for MRD alone": (None, Options(population="no-mrd-only")),
            "Bias doubles the odds with CAR T": (None, Options(bias=2.0)),
            "Bias multiplies the odds with CAR T by five": (None, Options(bias=5.0)),
        },
    )


def neurotoxicity_scenarios() -> Figure:
    """What single choices do to the difference in severe neurotoxicity."""
    kept = comparison("severe_neurotoxicity").default_selection().trials
    rule = Options()

    def without(trial: str) -> Selection:
        return Selection("severe_neurotoxicity", tuple(t for t in kept if t != trial))

    return scenarios(
        "severe_neurotoxicity",
        {
            "Fullest reports, stated rule": (None, rule),
            "z interval": (None, Options(interval="z")),
            "Equal effects": (None, Options(tau2="EE")),
            "Adults only": (None, Options(population="adults")),
            "Without MSKCC, the highest": (without("mskcc"), rule),
            "Without UPenn adults, the lowest": (without("upenn-adults"), rule),
            "Without BLAST, treated for residual disease": (without("blast"), rule),
            "No trial with patients treated for MRD alone": (None, Options(population="no-mrd-only")),
        },
    )


def _named(left_out: pd.DataFrame) -> str:
    return "outside: " + ", ".join(f"{r['Trial']} {r['Percent']:g} %" for r in left_out.to_dict("records"))


def _printed_range(table: str, name: str) -> tuple[float, float]:
    printed: Mapping[str, Any] = row(table, name)
    if table == "statements":
        return printed["low"], printed["high"]
    return float(printed["percent_printed"]), float(printed["percent_printed"])


def _bars(table: pd.DataFrame, names: str, title: str) -> alt.LayerChart:
    """A bar a row with its name above and its ``Note`` behind, in the order of the table, for a phone's width too."""
    base = alt.Chart(table).encode(y=alt.Y(f"{names}:N", sort=None, axis=None))
    percent = alt.X("Percent:Q", scale=alt.Scale(domain=[0, 100]), title=title)
    bars = base.mark_bar(height=12, yOffset=8, color=NEUTRAL, opacity=0.55).encode(x=percent)
    words = base.mark_text(align="left", x=0, dy=-8).encode(text="Line:N")
    return (
        (bars + words)
        .transform_calculate(Line=f"datum['{names}'] + ': ' + datum.Note")
        .properties(height=38 * len(table))
    )
