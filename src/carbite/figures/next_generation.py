"""The figures of the chapter on next-generation bispecifics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from carbite.charts import Figure, show
from carbite.comparison import Options, Selection, comparison
from carbite.drawings import BISPECIFIC, Panel, binder, drawing, heading, path, pointer, together, word
from carbite.evidence import row
from carbite.figures.marks import NEUTRAL, dumbbell, interval_rows
from carbite.figures.rows import exact_percent, fisher, in_words, outcome_rows, share
from carbite.figures.scenarios import scenarios
from carbite.models import model

FORMAT_WIDTH = 158
FORMAT_HEIGHT = 246
# Where the arms of an antibody meet its Fc part in the drawing.
HINGE = (79, 144)

_GLOFITAMAB = ("glofitamab", "glofitamab-obinutuzumab", "glofitamab-atezolizumab")


def formats() -> Figure:
    """The formats of the articles, from the BiTE to antibodies with two arms for the tumour (claim NG5)."""
    panels = {
        "BiTE": (_bite(has_fc=False), ["blinatumomab"]),
        "BiTE with Fc": (_bite(has_fc=True), ["cd19-hle-bite"]),
        "Antibody, 1:1": (_antibody(is_bivalent=False), ["mosunetuzumab", "odronextamab", "epcoritamab", "plamotamab"]),
        "Antibody, 2:1": (_antibody(is_bivalent=True), ["glofitamab"]),
    }
    parts = pd.DataFrame(
        [
            {
                "Format": name,
                "Construct": found["name"],
                "Targets": found["targets"].replace(" ", " and "),
                "Built": found["format"],
                "Fc part": found["fc"],
            }
            for name, (_, constructs) in panels.items()
            for found in (row("constructs", construct) for construct in constructs)
        ]
    )
    named = "; ".join(f"{name}: {', '.join(group['Construct'])}" for name, group in parts.groupby("Format", sort=False))
    return drawing(
        title="What the newer formats add is an Fc part, which keeps them in the blood, and in one a second tumour arm",
        alt=(
            "Four molecules. A BiTE: one binding fragment for the tumour and one for CD3, joined by a linker. The "
            "same with an Fc part below. An antibody of two arms, one for CD20 and one for CD3, on an Fc part. The "
            f"same with a second fragment for CD20 on top of the one for CD3. {named}."
        ),
        panels=[
            Panel(FORMAT_WIDTH, FORMAT_HEIGHT, heading(name, FORMAT_WIDTH) + drawn)
            for name, (drawn, _) in panels.items()
        ],
        parts=parts,
        caption=(
            "Our drawing, not to scale. The numbers count the fragments for the tumour and for CD3. The articles do "
            "not describe the form of the costimulatory RO7227166."
        ),
    )


def _bite(has_fc: bool) -> str:
    x, y = HINGE
    top = y - 52
    shapes = [
        binder(x - 20, top, BISPECIFIC),
        binder(x + 20, top, BISPECIFIC),
        path(f"M{x - 12} {top - 8}q12 -18 24 0", 3, BISPECIFIC),
        *_named("CD19", x - 20, top),
        *_named("CD3", x + 20, top),
    ]
    if has_fc:
        shapes += [path(f"M{x + 20} {top + 11}L{x} {y}", 3, BISPECIFIC), _fc()]
    else:
        shapes.append(word("no Fc part", x, y + 40))
    return together(shapes)


def _antibody(is_bivalent: bool) -> str:
    x, y = HINGE
    top = y - 44
    shapes = [
        path(f"M{x - 4} {y}L{x - 34} {top}M{x + 4} {y}L{x + 34} {top}", 6, BISPECIFIC),
        binder(x - 38, top - 6, BISPECIFIC),
        binder(x + 38, top - 6, BISPECIFIC),
        *_named("CD20", x - 38, top - 6),
        _fc(),
    ]
    if is_bivalent:
        shapes += [
            path(f"M{x + 40} {top - 12}L{x + 44} {top - 28}", 6, BISPECIFIC),
            binder(x + 46, top - 32, BISPECIFIC),
            *_named("CD20", x + 46, top - 32),
            pointer(f"M{x + 38} {top - 2}V{y - 4}"),
            word("CD3", x + 38, y + 10),
        ]
    else:
        shapes += _named("CD3", x + 38, top - 6)
    return together(shapes)


def _named(name: str, x: float, y: float) -> Iterable[str]:
    return pointer(f"M{x:g} {y - 8:g}V{y - 18:g}"), word(name, x, y - 23)


def _fc() -> str:
    """The Fc part: both its halves, outlined."""
    x, y = HINGE
    halves = "".join(f"M{x + side:g} {y + 6:g}h14v52h-14Z" for side in (-17, 3))
    return path(halves, 2.5, BISPECIFIC) + word("Fc part", x, y + 78)


def combinations() -> Figure:
    """Complete response of aggressive lymphoma to glofitamab alone and with a partner (claim EF23)."""
    alone, obinutuzumab, atezolizumab = outcome_rows(
        "glofitamab-aggressive-cr", "glofitamab-obinutuzumab-aggressive-cr", "glofitamab-atezolizumab-aggressive-cr"
    )
    repaired = next(
        each["repaired"]["cr"]
        for each in model("antibodies").data()["rows"]
        if each["name"] == "Glofitamab + atezolizumab" and each["lymphoma"] == "aggressive"
    )
    doses = {name: row("kinetics", f"lussana-{name}-dose") for name in _GLOFITAMAB}
    rows = [
        {
            "Treatment": treatment,
            "Doses": f"{doses[dose]['value']} {doses[dose]['unit']}",
            "Responses": events,
            "Patients": n,
            "Percent": percent,
            "Low": low,
            "High": high,
        }
        for treatment, dose, (events, n, percent, low, high) in (
            ("alone", "glofitamab", _counted(alone["events"], alone["n"])),
            ("with obinutuzumab", "glofitamab-obinutuzumab", _counted(obinutuzumab["events"], obinutuzumab["n"])),
            (
                "with atezolizumab, as printed",
                "glofitamab-atezolizumab",
                (None, atezolizumab["n"], share(atezolizumab), None, None),
            ),
            ("with atezolizumab, if of all", "glofitamab-atezolizumab", _counted(repaired["events"], repaired["n"])),
        )
    ]
    table = pd.DataFrame(rows).astype({"Responses": "Int64"})
    counts = [
        f"{each['Responses']} of {each['Patients']}" if each["Responses"] else f"{each['Percent']:g} %" for each in rows
    ]
    label = table["Treatment"].str[0].str.upper() + table["Treatment"].str[1:] + ": " + counts + ", " + table["Doses"]
    p = fisher("glofitamab-aggressive-cr", "glofitamab-obinutuzumab-aggressive-cr")
    return show(
        interval_rows(table.assign(Label=label, arm="bispecific"), 100, "Complete response, %, exact 95 % interval"),
        title=(
            f"Complete responses in {counts[1]} with obinutuzumab and {counts[0]} without: P = {p:.2f}, and its doses "
            "leave out the low ones"
        ),
        alt=in_words(
            table.assign(Count=counts), "Treatment", "Count", "Percent", "Glofitamab in aggressive lymphoma, per cent."
        ),
        csv=table,
        caption=(
            "Fisher's exact test. Patients were not assigned by chance. As printed, the row with atezolizumab fits no "
            "count of its patients; below it is read as of all patients, those with indolent lymphoma then taken off."
        ),
    )


def _counted(events: int, n: int) -> tuple[int, int, float, float, float]:
    """The count, its share and its exact limits, in per cent with one decimal."""
    return events, n, round(100.0 * events / n, 1), *exact_percent(events, n)


def after_car_t() -> Figure:
    """Complete response to bispecifics after CAR T cells, in the article and later (claim EF17)."""
    rows = []
    for name in ("mosunetuzumab", "odronextamab"):
        (outcome,) = outcome_rows(f"{name}-post-car-cr")
        low, high = exact_percent(outcome["events"], outcome["n"])
        rows.append(
            {
                "Report": f"{name.capitalize()}, Table 3 of the article",
                "Patients": outcome["n"],
                "Percent": share(outcome),
                "Low": low,
                "High": high,
            }
        )
    for name, follow_up_id in (
        ("Mosunetuzumab, phase 2", "blood-adv-2023-cr-after-car-t"),
        ("Odronextamab, ELM-1 expansion", "topp-2025-cr"),
        ("Glofitamab, phase 2", "dickinson-2022-cr-after-car-t"),
        ("Later studies, pooled", "ash-2025-bispecific-cr"),
    ):
        later = row("follow_up", follow_up_id)
        rows.append(
            {
                "Report": name,
                "Patients": later["n"],
                "Percent": float(later["value"]),
                "Low": float(later["ci_low"]) if later["ci_low"] else None,
                "High": float(later["ci_high"]) if later["ci_high"] else None,
            }
        )
    table = pd.DataFrame(rows)
    label = table["Report"] + ": " + table["Percent"].map("{:g} % of ".format) + table["Patients"].astype(str)
    trials = table[~table["Report"].str.contains("pooled")]
    least, most = trials["Percent"].min(), trials["Percent"].max()
    return show(
        interval_rows(table.assign(Label=label, arm="bispecific"), 100, "Complete response, %"),
        title=f"After CAR T cells, bispecifics brought complete responses in {least:g} % to {most:g} % of patients",
        alt=in_words(
            table.assign(Counted=table["Patients"].map("of {} patients".format)),
            "Report",
            "Counted",
            "Percent",
            "Complete response of lymphoma after CAR T cells, per cent.",
        ),
        csv=table,
        caption=(
            "Intervals of the first rows are exact; of the later ones only the pooled rate is printed with one. The "
            "pooled rate may contain the later trials shown here. No row has a control group."
        ),
    )


def early_and_later() -> Figure:
    """Complete response in the article's table and in the later trial of the same antibody (claims EF16, NG9)."""
    pairs = {
        "Mosunetuzumab, aggressive": ("mosunetuzumab-aggressive-cr", "blood-adv-2023-cr"),
        "Glofitamab, aggressive": ("glofitamab-aggressive-cr", "dickinson-2022-cr"),
        "Odronextamab, aggressive": ("odronextamab-dlbcl-cr", "kim-2025-cr"),
        "Epcoritamab, mixed at first": ("epcoritamab-cr", "thieblemont-2024-cr"),
        "Mosunetuzumab, indolent": ("mosunetuzumab-indolent-cr", "fda-2022-cr"),
        "Odronextamab, indolent": ("odronextamab-follicular-cr", "kim-2024-cr"),
    }
    rows = []
    for name, (early_id, later_id) in pairs.items():
        (early,) = outcome_rows(early_id)
        later = row("follow_up", later_id)
        rows.append({"Antibody": name, "Report": "early", "Patients": early["n"], "Percent": share(early)})
        rows.append({"Antibody": name, "Report": "later", "Patients": later["n"], "Percent": float(later["value"])})
    table = pd.DataFrame(rows)
    wide = table.pivot(index="Antibody", columns="Report", values="Percent")
    risen = int((wide["later"] > wide["early"]).sum())
    small = table[table["Report"] == "early"].nsmallest(2, "Patients")["Patients"].max()
    return show(
        dumbbell(table, "Antibody", "Percent", "Report", {"early": ("circle", NEUTRAL), "later": ("square", NEUTRAL)}),
        title=(
            f"The later trial has more complete responses in {risen} of {len(wide)} pairs; the farthest moves are "
            f"from rows of at most {small} patients"
        ),
        alt=in_words(table, "Antibody", "Report", "Percent", "Complete response, per cent, early and later."),
        csv=table,
        caption=(
            "Early: Table 3 of Lussana et al. Later: phase 2 of the same antibody, at the dose chosen by then, in "
            "large B-cell and in follicular lymphoma. Epcoritamab's early row does not part the lymphomas."
        ),
    )


def lymphoma_scenarios() -> Figure:
    """What single choices do to the odds ratio of complete response in aggressive lymphoma (claims EF14, NG9)."""
    asked = comparison("lymphoma_cr")
    published = asked.default_selection()

    def chosen(*added: str, without: tuple[str, ...] = ()) -> Selection:
        kept = (trial for trial in (*published.trials, *added) if trial not in without)
        return replace(published, trials=tuple(kept))

    wide = ("mosunetuzumab", "glofitamab")
    return scenarios(
        "lymphoma_cr",
        {
            "As published": (None, Options()),
            "Count by infusion": (None, Options(reading="infused")),
            "Count by enrolment": (None, Options(reading="enrolled")),
            "z interval": (None, Options(interval="z")),
            "Add blinatumomab": (chosen("nhl-phase-2", "nhl-second-salvage"), Options()),
            "Add epcoritamab, lymphomas not told apart": (chosen("epcoritamab"), Options()),
            "Add glofitamab with obinutuzumab": (chosen("glofitamab-obinutuzumab"), Options()),
            "Only antibodies at higher doses": (chosen(without=wide), Options()),
            "Higher doses, and by enrolment": (chosen(without=wide), Options(reading="enrolled")),
            "Without ZUMA-1": (chosen(without=("zuma-1",)), Options()),
            "Bias doubles the odds with CAR T": (None, Options(bias=2.0)),
        },
    )
