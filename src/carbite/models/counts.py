"""Which whole numbers of patients print as a percentage: the GRIM test, one percentage at a time.

A count k of n patients prints as P (with d decimals, half up) when floor(100 k 10^d / n + 1/2) = P 10^d, in whole
numbers; see :func:`carbite.evidence.consistent_events`. Source: Brown & Heathers 2017 (the GRIM test).
"""

from __future__ import annotations

from itertools import count
from typing import Any

from carbite.evidence import consistent_events, row

from .formats import fill, rounded
from .model import Model, wording
from .parameters import Choice, Slider, Values, assumed, published

DECIMALS = {"whole": 0, "tenth": 1}
MOST_PATIENTS = 300
# Counts drawn on either side of those that fit.
AROUND = 4
# Numbers of patients that are tried for the second drawing.
TRIED = 120


def printed(percent: float, decimals: int) -> str:
    """The percentage as it is printed: ``81``, ``81.0``."""
    return rounded(percent, decimals)


def span(fits: range) -> str:
    """``61``, or ``118 to 120``."""
    return f"{fits[0]}" if len(fits) == 1 else f"{fits[0]} to {fits[-1]}"


def smallest(percent: str) -> int:
    """The smallest number of patients of which a count prints so; with d decimals, 100 * 10^d at the most."""
    return next(patients for patients in count(1) if consistent_events(patients, percent))


def compute(values: Values) -> dict[str, Any]:
    """The counts of n that print as the percentage, their neighbours, and every n that could have been meant."""
    words = wording("counts")
    decimals = DECIMALS[values["decimals"]]
    n, percent = int(values["n"]), printed(values["percent"], decimals)
    fits = consistent_events(n, percent)
    # Where none fits, the range is empty and stands between the two counts that print below and above.
    below, above = fits.start - 1, fits.stop
    near = range(max(0, below - AROUND + 1), min(n, above + AROUND - 1) + 1)
    tried = [[patients, len(consistent_events(patients, percent))] for patients in range(1, TRIED + 1)]
    text = {
        "percent": f"{percent} %",
        "n": f"{n}",
        "fits": span(fits) if fits else words["none"],
        "number": f"{len(fits)}",
        "below": f"{below}",
        "above": f"{above}",
        "below_percent": f"{printed(100 * max(below, 0) / n, decimals)} %",
        "above_percent": f"{printed(100 * min(above, n) / n, decimals)} %",
        "tried": f"{TRIED}",
        "possible": f"{sum(number > 0 for _, number in tried)}",
        "smallest": f"{smallest(percent)}",
    }
    how = "impossible" if not fits else "single" if len(fits) == 1 else "several"
    return {
        "fitting": list(fits),
        "near": [[events, 100 * events / n] for events in near],
        "low": float(percent) - 0.5 / 10**decimals,
        "high": float(percent) + 0.5 / 10**decimals,
        "tried": tried,
        "text": text,
        "sentence": fill(words[how], text),
    }


def data() -> dict[str, Any]:
    """What the page needs beside the values: how far it draws."""
    return {"decimals": DECIMALS, "around": AROUND, "tried": TRIED}


MODEL = Model(
    name="counts",
    title="Which counts print as this percentage?",
    about=(
        "A calculation in whole numbers, without assumptions beyond rounding half up. It starts from the share of MRD "
        "negativity printed for ELIANA and the remissions that it is headed as a share of."
    ),
    parameters=(
        Slider(
            name="percent",
            label="Percentage as printed",
            unit="%",
            default=float(row("outcomes", "eliana-mrd-all")["percent_printed"]),
            low=0.0,
            high=100.0,
            step=0.1,
            origin=published("o:eliana-mrd-all"),
            note="Taken to the decimals chosen below.",
        ),
        Slider(
            name="n",
            label="Patients that it may be of",
            unit="patients",
            default=row("outcomes", "eliana-cr")["events"],
            low=1,
            high=MOST_PATIENTS,
            step=1,
            whole=True,
            origin=published("o:eliana-cr:events", "The remissions of ELIANA; try its infused patients too."),
        ),
        Choice(
            name="decimals",
            label="Printed with",
            default="whole",
            options={"whole": "no decimal", "tenth": "one decimal"},
            origin=assumed("The articles print whole per cents."),
            look="radio",
        ),
    ),
    compute=compute,
    data=data,
)
