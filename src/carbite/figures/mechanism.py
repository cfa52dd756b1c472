"""The figures of the chapter on mechanism: two drawings, and the doses."""

from __future__ import annotations

import altair as alt
import pandas as pd

from carbite.charts import ARMS, Figure, show
from carbite.drawings import (
    BISPECIFIC,
    CAR,
    Panel,
    binder,
    cell,
    domain,
    drawing,
    heading,
    path,
    pointer,
    receptor,
    together,
    word,
)
from carbite.evidence import records, row
from carbite.figures.marks import by_arm

PANEL_WIDTH = 320
CHAIN_WIDTH = 214
# Where the membrane of the T cell runs in the drawing of the chains.
MEMBRANE = 118


def formats() -> Figure:
    """How each treatment joins a T cell to a leukaemic cell (claim ME1)."""
    parts = pd.DataFrame(
        [
            {"Part": "CD3", "Where": "T cell", "Drawn with": "bispecific", "Does": "starts the T cell's attack"},
            {"Part": "CD19", "Where": "leukaemic cell", "Drawn with": "both", "Does": "is the target"},
            {
                "Part": "BiTE",
                "Where": "between the cells, in solution",
                "Drawn with": "bispecific",
                "Does": "binds CD3 with one fragment of an antibody and CD19 with another",
            },
            {
                "Part": "CAR",
                "Where": "through the membrane of an engineered T cell",
                "Drawn with": "CAR T cell",
                "Does": "binds CD19 outside and starts the attack inside",
            },
        ]
    )
    return drawing(
        title="Both treatments tie a T cell to CD19; one does it with a drug, the other with a gene",
        alt=(
            "Left: a BiTE, two fragments of antibodies joined by a linker, lies between any T cell, whose CD3 it "
            "binds, and a leukaemic cell, whose CD19 it binds. Right: an engineered T cell carries a receptor, the "
            "CAR, through its membrane; outside a fragment of an antibody binds CD19 of the leukaemic cell, inside "
            "are the parts that give the signal."
        ),
        panels=[_bite_panel(), _car_panel()],
        parts=parts,
        caption="Our drawing, not to scale. Neither needs the T cell's own receptor or MHC on the leukaemic cell.",
    )


def _bite_panel() -> Panel:
    shapes = together(
        [
            heading("Bispecific (BiTE)", PANEL_WIDTH),
            cell("any T cell", 62, 110, 52),
            cell("leukaemia", 258, 110, 52),
            receptor(114, 110, 14),
            receptor(206, 110, -14),
            binder(143, 110, BISPECIFIC),
            binder(177, 110, BISPECIFIC),
            path("M150 101q10 -18 20 0", 3, BISPECIFIC),
            pointer("M124 98V72"),
            word("CD3", 124, 66),
            pointer("M196 98V72"),
            word("CD19", 196, 66),
            pointer("M160 92V52"),
            word("linker", 160, 46),
            pointer("M160 124V182"),
            word("drug in the blood: acts while it is infused", 160, 198),
        ]
    )
    return Panel(PANEL_WIDTH, 215, shapes)


def _car_panel() -> Panel:
    shapes = together(
        [
            heading("CAR T cell", PANEL_WIDTH),
            cell("", 72, 110, 60),
            word("engineered", 54, 88),
            word("T cell", 54, 104),
            cell("leukaemia", 262, 110, 50),
            receptor(212, 110, -16),
            path("M96 110H158", 4, CAR),
            binder(172, 110, CAR),
            f'<path d="M88 103h24v14h-24Z" fill="{CAR}"/>',
            pointer("M198 98V72"),
            word("CD19", 198, 66),
            pointer("M150 106V62"),
            word("CAR", 150, 56),
            pointer("M100 117V182"),
            word("signal inside: kills, divides, can persist", 160, 198),
        ]
    )
    return Panel(PANEL_WIDTH, 215, shapes)


def chains() -> Figure:
    """The chain of a CAR without and with each costimulatory domain, and the products that have it (claim ME10)."""
    products: dict[str, list[str]] = {"CD28": [], "4-1BB": []}
    for construct in records("constructs"):
        if construct["costimulatory_domain"] in products:
            products[construct["costimulatory_domain"]].append(construct["name"])
    parts = pd.DataFrame(
        [
            {"Chain": "without a costimulatory domain", "Domains inside": "CD3 zeta", "Constructs in the articles": ""},
            *(
                {
                    "Chain": f"with {name}",
                    "Domains inside": f"{name}, CD3 zeta",
                    "Constructs in the articles": "; ".join(found),
                }
                for name, found in products.items()
            ),
        ]
    )
    return drawing(
        title="The same outside, a different second signal inside: CD28 or 4-1BB",
        alt=(
            "Three chains through the membrane of a T cell. Each has an antibody fragment outside and CD3 zeta inside. "
            "The first has nothing else; the second has CD28 between membrane and CD3 zeta, the third 4-1BB. "
            f"Constructs with CD28: {', '.join(products['CD28'])}. With 4-1BB: {', '.join(products['4-1BB'])}."
        ),
        panels=[
            _chain_panel("No costimulation", None),
            _chain_panel("With CD28", "CD28"),
            _chain_panel("With 4-1BB", "4-1BB"),
        ],
        parts=parts,
        caption="Our drawing, not to scale. The data name the constructs of the articles with each domain.",
    )


def _chain_panel(name: str, costimulation: str | None) -> Panel:
    x = 70
    first = MEMBRANE + 20
    zeta = first + (46 if costimulation else 0)
    inside = [domain(x, zeta, "CD3 zeta", CAR)]
    if costimulation:
        inside += [
            domain(x, first, costimulation, CAR, is_hatched=costimulation == "4-1BB"),
            path(f"M{x} {first + 30}V{zeta}", 4, CAR),
        ]
    shapes = together(
        [
            heading(name, CHAIN_WIDTH),
            path(f"M8 {MEMBRANE - 5}H{CHAIN_WIDTH - 12}M8 {MEMBRANE + 5}H{CHAIN_WIDTH - 12}"),
            word("outside", CHAIN_WIDTH - 14, MEMBRANE - 12, "end"),
            word("inside", CHAIN_WIDTH - 14, MEMBRANE + 20, "end"),
            path(f"M{x} 62V{first}", 4, CAR),
            binder(x, 52, CAR),
            word("binds CD19", x + 24, 56, "start"),
            *inside,
        ]
    )
    return Panel(CHAIN_WIDTH, zeta + 50, shapes)


def dose_spread() -> Figure:
    """The lowest and the highest dose within a trial, as multiples of the lowest (claim ME6)."""
    rows = []
    for label, arm, kinetics_id in (
        ("ELIANA, cells per kg", "car_t", "subklewe-eliana-dose-range"),
        ("JULIET, cells in all", "car_t", "subklewe-juliet-dose-range"),
    ):
        found = row("kinetics", kinetics_id)
        rows.append(
            {
                "Trial": label,
                "arm": arm,
                "Lowest": found["low"],
                "Highest": found["high"],
                "Unit": found["unit"],
                "Highest over lowest": round(found["high"] / found["low"], 1),
            }
        )
    step = row("kinetics", "lussana-tower-dose")
    rows.append(
        {
            "Trial": "TOWER, from the second week",
            "arm": "bispecific",
            "Lowest": step["high"],
            "Highest": step["high"],
            "Unit": step["unit"],
            "Highest over lowest": 1.0,
        }
    )
    table = pd.DataFrame(rows)
    base = (
        alt.Chart(table).transform_calculate(one="1").encode(y=alt.Y("Trial:N", sort=None, title=None), color=by_arm())
    )
    axis = alt.X(
        "one:Q",
        scale=alt.Scale(type="log", domain=[1, 100]),
        title="Dose, times the lowest of the trial",
        axis=alt.Axis(values=[1, 3, 10, 30, 100]),
    )
    shapes = alt.Scale(domain=["car_t", "bispecific"], range=[ARMS[arm].shape for arm in ("car_t", "bispecific")])
    shape = alt.Shape("arm:N", scale=shapes, legend=None)
    line = base.mark_rule(strokeWidth=3).encode(x=axis, x2="Highest over lowest:Q")
    lowest = base.mark_point(size=90).encode(x=axis, shape=shape)
    highest = base.mark_point(size=90).encode(x="Highest over lowest:Q", shape=shape)
    text = base.mark_text(align="left", dx=10).encode(
        x="Highest over lowest:Q",
        text=alt.Text("Highest over lowest:Q", format=".0f"),
        color=alt.value("currentColor"),
    )
    eliana, juliet, _ = (entry["Highest over lowest"] for entry in rows)
    return show(
        (line + lowest + highest + text).properties(height=130),
        title=(
            f"Within one trial the largest dose of CAR T cells was {eliana:.0f} times the smallest in ELIANA "
            f"and {juliet:.0f} times in JULIET"
        ),
        alt=(
            f"Highest dose over lowest dose within a trial: ELIANA {eliana:g}, in cells per kilogram; "
            f"JULIET {juliet:g}, in cells in all; in TOWER every patient is meant to get the same dose of blinatumomab."
        ),
        csv=table,
        caption=(
            "ELIANA counts cells per kilogram and JULIET in all, so only ratios are drawn. TOWER's dose is the planned "
            "one: interruptions and reductions are not in it."
        ),
    )
