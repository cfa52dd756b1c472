"""T cells against leukaemia: how the ratio of the two at the start decides, in the simplest model that can show it.

Leukaemia L grows exponentially and loses what the T cells E kill, each a fixed number of cells a day as long as there
are any (targets do not run short, and do not saturate it):

    dL/dt = g L - kappa E,      g = ln 2 / doubling time of the leukaemia,

until L is 0, which is clearance. E doubles at a fixed rate for some days and then stays as it is; killing ends after
the days for which the treatment acts. With x = L(0) / (kappa E(0)) and e(t) = E(t) / E(0) the solution is

    L(t) / L(0) = exp(g t) (1 - I(t) / x),      I(t) = integral from 0 to t of e(s) exp(-g s) ds,

so the leukaemia is cleared when x < I(T) at the end T of treatment: a limit on the ratio alone, whatever the size.
Every starting value but T is an illustration.
"""

from __future__ import annotations

import math
from typing import Any

from carbite.evidence import row

from .formats import fill, rounded, significant
from .model import Model, wording
from .parameters import Slider, Values, illustration, published

HORIZON_DAYS = 60
DRAWN_PER_DAY = 4
# Burdens for which the second chart is drawn, from the smallest to the largest, evenly in their logarithm.
BURDENS = (0.01, 100.0)
BURDEN_POINTS = 121


def growth(rate: float, days: float) -> float:
    """The integral of exp(rate s) over s from 0 to ``days``."""
    return days if rate == 0.0 else math.expm1(rate * days) / rate


def work(values: Values, days: float) -> float:
    """I(t): what the T cells have killed by then, discounted by the growth of what they did not kill."""
    g = math.log(2.0) / values["leukaemia_doubling"]
    rho = math.log(2.0) / values["t_cell_doubling"]
    expanding = min(days, values["expansion_days"])
    rest = max(0.0, days - expanding)
    return growth(rho - g, expanding) + math.exp((rho - g) * expanding) * growth(-g, rest)


def clearance(values: Values, x: float) -> float | None:
    """The day on which I(t) = x, or None where that is not within the days for which the treatment acts."""
    if x >= work(values, values["acting_days"]):
        return None
    g = math.log(2.0) / values["leukaemia_doubling"]
    rho = math.log(2.0) / values["t_cell_doubling"]
    expanding = min(values["acting_days"], values["expansion_days"])
    first = growth(rho - g, expanding)
    if x <= first:
        return time_of(rho - g, x)
    return expanding + time_of(-g, (x - first) * math.exp((g - rho) * expanding))


def time_of(rate: float, wanted: float) -> float:
    """The days after which ``growth`` has reached ``wanted``: its inverse."""
    return wanted if rate == 0.0 else math.log1p(rate * wanted) / rate


def left(values: Values, x: float, day: float) -> float:
    """The leukaemia on a day, in per cent of its start; 0 once it is cleared."""
    g = math.log(2.0) / values["leukaemia_doubling"]
    remaining = 1.0 - work(values, min(day, values["acting_days"])) / x
    return 100.0 * math.exp(g * day) * max(0.0, remaining)


def t_cells(values: Values, day: float) -> float:
    """The T cells on a day, in per cent of their start."""
    return 100.0 * 2.0 ** (min(day, values["expansion_days"]) / values["t_cell_doubling"])


def compute(values: Values) -> dict[str, Any]:
    """Both cell counts over two months, whether and when the leukaemia is cleared, and up to which ratio."""
    words = wording("ratio")
    now = values["targets"] * values["burden"]
    x = now / values["kills"]
    most = work(values, values["acting_days"])
    critical = values["kills"] * most
    cleared = clearance(values, x)
    days = [step / DRAWN_PER_DAY for step in range(HORIZON_DAYS * DRAWN_PER_DAY + 1)]
    # Once the leukaemia is gone it does not come back in this model.
    leukaemia = [[day, 0.0 if cleared is not None and day >= cleared else left(values, x, day)] for day in days]
    lowest_day, lowest = min(leukaemia, key=lambda point: point[1])
    span = math.log(BURDENS[1] / BURDENS[0])
    sizes = [BURDENS[0] * math.exp(span * step / (BURDEN_POINTS - 1)) for step in range(BURDEN_POINTS)]
    text = {
        "now": significant(now),
        "kills": significant(values["kills"]),
        "critical": significant(critical),
        "critical_burden": significant(critical / now),
        "fold": significant(t_cells(values, values["expansion_days"]) / 100.0),
        "day": "–" if cleared is None else rounded(cleared),
        "lowest": f"{significant(lowest)} %",
        "lowest_day": rounded(lowest_day),
        "acting": f"{rounded(values['acting_days'])} days",
    }
    course = fill(words["held_back" if lowest < 99.5 else "never_down"], text)
    said = words["not_cleared" if cleared is None else "cleared"]
    return {
        "x": x,
        "critical_targets": critical,
        "cleared_day": cleared,
        "leukaemia": leukaemia,
        "t_cells": [[day, t_cells(values, day)] for day in days],
        "clearances": [[size, clearance(values, x * size / values["burden"])] for size in sizes],
        "unused": ["t_cell_doubling"] if values["expansion_days"] == 0.0 else [],
        "text": text,
        "sentence": fill(said, {**text, "course": course}),
    }


MODEL = Model(
    name="ratio",
    title="T cells and leukaemia: the ratio decides",
    about=(
        "An illustration and not evidence: rates and a ratio, set by you. It applies to CAR T cells and to T cells "
        "that a bispecific has armed; nothing in it was fitted to a trial."
    ),
    parameters=(
        Slider(
            name="burden",
            label="Burden",
            unit="times the reference",
            default=1.0,
            low=0.01,
            high=100.0,
            step=0.01,
            log=True,
            origin=illustration("With the same T cells, more leukaemia means more targets for each of them."),
        ),
        Slider(
            name="targets",
            label="Leukaemic cells for each T cell, at the reference burden",
            default=50.0,
            low=0.1,
            high=10000.0,
            step=0.1,
            log=True,
            origin=illustration("The target-to-effector ratio; the articles name it and print no value."),
        ),
        Slider(
            name="kills",
            label="Cells that one T cell kills in a day",
            default=1.0,
            low=0.05,
            high=20.0,
            step=0.05,
            log=True,
            origin=illustration("Unfit T cells kill fewer; a T cell that kills one after another kills more."),
        ),
        Slider(
            name="leukaemia_doubling",
            label="Leukaemia doubles in",
            unit="days",
            default=10.0,
            low=1.0,
            high=100.0,
            step=0.5,
            log=True,
            origin=illustration("A pace that can be followed over two months."),
        ),
        Slider(
            name="t_cell_doubling",
            label="T cells double in",
            unit="days",
            default=2.0,
            low=0.5,
            high=30.0,
            step=0.5,
            origin=illustration("Both treatments make T cells multiply; the articles print no pace."),
        ),
        Slider(
            name="expansion_days",
            label="They multiply for",
            unit="days",
            default=7.0,
            low=0.0,
            high=28.0,
            step=1.0,
            origin=illustration("Set it to none to see what the T cells that happen to be there can do."),
        ),
        Slider(
            name="acting_days",
            label="They kill for",
            unit="days",
            default=row("kinetics", "davis-infusion-time")["low"],
            low=1.0,
            high=60.0,
            step=1.0,
            origin=published(
                "k:davis-infusion-time", "One cycle of blinatumomab; CAR T cells that persist kill longer."
            ),
        ),
    ),
    compute=compute,
)
