"""CAR T cells that expand and fade, beside a drug that is on or off: a picture, not a fit.

Cells of each kind grow by one factor a day from the infusion to their peak and shrink by one factor a day after it:

    log N(t) is a straight line from log N(0) on day 0 to log peak on the day of the peak,
    N(t) = peak 2^(-(t - peak day) / half-life)   afterwards.

The articles give only the order of the two kinds (CD28: sooner, higher, shorter) and a drawing of it without a scale;
every number of the two curves is an illustration. N is in per cent of the peak of the cells with 4-1BB.
"""

from __future__ import annotations

import math
from typing import Any

from carbite.evidence import row

from .formats import fill, rounded
from .model import Model, wording
from .parameters import Slider, Values, illustration

# What the curves begin with, in per cent of the 4-1BB peak.
START = 1.0
# Lines whose distance changes by less than this are parallel but for rounding.
PARALLEL = 1e-9
CYCLE_DAYS = row("kinetics", "davis-infusion-time")["low"]
# What is drawn; a half-life of months leads beyond it.
HORIZON_DAYS = 365
DRAWN_EVERY = 2
ORDER_ONLY = "Davis and Mackall describe and draw the order of the two kinds of cell and print no scale: "


def cells(day: float, peak_day: float, peak: float, half_life: float) -> float:
    """Cells on a day, in per cent of the 4-1BB peak; ``peak`` in the same unit, days and half-life in days."""
    if day <= peak_day:
        return START * (peak / START) ** (day / peak_day)
    return peak * 0.5 ** ((day - peak_day) / half_life)


def gone(limit: float, peak_day: float, peak: float, half_life: float) -> float:
    """The day on which they fall below the limit, which is under their peak."""
    return peak_day + half_life * math.log2(peak / limit)


def crossing(cd28: tuple[float, float, float], bb: tuple[float, float, float]) -> float | None:
    """The last day on which the curve of 4-1BB comes from below that of CD28; None where it never does.

    Each curve is (peak day, peak, half-life); their logarithms are straight between the days of the peaks.
    """

    def lead(day: float) -> float:
        return math.log(cells(day, *bb)) - math.log(cells(day, *cd28))

    first, second = sorted((cd28[0], bb[0]))
    found = None
    # Beyond both peaks the lines are straight for ever: two points tell where they meet.
    for start, end, is_last in ((0.0, first, False), (first, second, False), (second, second + 1.0, True)):
        if end <= start:
            continue
        before, after = lead(start), lead(end)
        if after - before > PARALLEL and before < 0.0 and (after >= 0.0 or is_last):
            found = start + (end - start) * -before / (after - before)
    return found


def compute(values: Values) -> dict[str, Any]:
    """Both curves over a year, when each falls below the limit, and when they cross."""
    words = wording("kinetics")
    cd28 = (values["cd28_peak_day"], values["cd28_peak"], values["cd28_half_life"])
    bb = (values["bb_peak_day"], 100.0, values["bb_half_life"])
    cd28_gone, bb_gone = gone(values["limit"], *cd28), gone(values["limit"], *bb)
    cross = crossing(cd28, bb)
    text = {
        "cd28_gone": rounded(cd28_gone),
        "bb_gone": rounded(bb_gone),
        "cd28_gone_days": f"{rounded(cd28_gone)} days",
        "bb_gone_days": f"{rounded(bb_gone)} days",
        "cycle": f"{rounded(CYCLE_DAYS)} days",
        "cross": "–" if cross is None else rounded(cross),
        "horizon": rounded(HORIZON_DAYS),
    }
    days = range(0, HORIZON_DAYS + 1, DRAWN_EVERY)
    shorter = "longer" if bb_gone > cd28_gone else "shorter"
    crossed = words["no_cross"] if cross is None else fill(words["cross"], text)
    return {
        "cd28": [[day, cells(day, *cd28)] for day in days],
        "bb": [[day, cells(day, *bb)] for day in days],
        "cd28_gone_day": cd28_gone,
        "bb_gone_day": bb_gone,
        "cross_day": cross,
        "finding": "same" if text["cd28_gone"] == text["bb_gone"] else shorter,
        "text": text,
        "sentence": f"{fill(words['both'], text)} {crossed}",
    }


def data() -> dict[str, Any]:
    """How long one cycle of the drug runs, for the bar beside the curves."""
    return {"cycle_days": CYCLE_DAYS}


MODEL = Model(
    name="kinetics",
    title="Cells that multiply and fade, beside a drug that is on or off",
    about=(
        "A schematic picture: the articles give the order of both kinds of CAR T cell and a drawing without a scale. "
        "No value of the curves was measured; only the length of a cycle of the drug is published."
    ),
    parameters=(
        Slider(
            name="cd28_peak_day",
            label="CD28: day of the peak",
            default=8.0,
            low=2.0,
            high=40.0,
            step=1.0,
            origin=illustration(f"{ORDER_ONLY}CD28 peaks sooner. Nothing hangs on the day itself."),
        ),
        Slider(
            name="bb_peak_day",
            label="4-1BB: day of the peak",
            default=14.0,
            low=2.0,
            high=40.0,
            step=1.0,
            origin=illustration(f"{ORDER_ONLY}4-1BB peaks later."),
        ),
        Slider(
            name="cd28_peak",
            label="CD28: height of the peak",
            unit="% of the 4-1BB peak",
            default=200.0,
            low=20.0,
            high=1000.0,
            step=10.0,
            origin=illustration(f"{ORDER_ONLY}CD28 peaks higher."),
        ),
        Slider(
            name="cd28_half_life",
            label="CD28: half-life after the peak",
            unit="days",
            default=7.0,
            low=1.0,
            high=400.0,
            step=1.0,
            log=True,
            origin=illustration(f"{ORDER_ONLY}CD28 disappears earlier."),
        ),
        Slider(
            name="bb_half_life",
            label="4-1BB: half-life after the peak",
            unit="days",
            default=60.0,
            low=1.0,
            high=400.0,
            step=1.0,
            log=True,
            origin=illustration(
                f"{ORDER_ONLY}4-1BB lasts longer. The starting value keeps the cells in sight for more than a year, "
                "which the article reports of a sizable fraction of patients."
            ),
        ),
        Slider(
            name="limit",
            label="Seen down to",
            unit="% of the 4-1BB peak",
            default=1.0,
            low=0.01,
            high=10.0,
            step=0.01,
            log=True,
            origin=illustration("A limit of a test, only to read the curves against."),
        ),
    ),
    compute=compute,
    data=data,
)
