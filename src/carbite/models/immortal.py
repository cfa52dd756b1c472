"""Immortal time: how a transplantation that does nothing can seem to save lives.

Everyone dies at the same constant rate h = ln 2 / m, transplanted or not. Those alive at month w who have a donor, a
share d, are transplanted then. With S(t) = exp(-h t), and both groups counted from the start,

    transplanted        exp(-h (t - w))  from month w; 1 before, because nobody can join who has died
    not transplanted    (S(t) - d S(w)) / (1 - d S(w))  before month w,  (1 - d) S(t) / (1 - d S(w))  after it

The group without transplantation collects everyone who died before month w. Counted from month w, among those who
were alive then (a landmark analysis), both groups are the same again: exp(-h (t - w)). Nothing here is fitted.
"""

from __future__ import annotations

import math
from typing import Any

from carbite.evidence import row

from .formats import fill, rounded
from .model import Model, wording
from .parameters import Slider, Values, assumed, illustration, published

HORIZON_MONTHS = 60
TRANSPLANTED = row("outcomes", "gokbuget-2020-blast-transplantation")


def transplanted_alive(h: float, w: float, t: float) -> float:
    """The share of the transplanted alive at month t, counted from the start; h per month."""
    return 1.0 if t <= w else math.exp(-h * (t - w))


def others_alive(h: float, w: float, d: float, t: float) -> float:
    """The share of those never transplanted alive at month t, counted from the start; d from 0 to below 1."""
    joined = d * math.exp(-h * w)
    alive = math.exp(-h * t) - joined if t < w else (1.0 - d) * math.exp(-h * t)
    return alive / (1.0 - joined)


def compute(values: Values) -> dict[str, Any]:
    """Survival by transplantation as it seems from the start, and as it is."""
    words = wording("immortal")
    h = math.log(2.0) / values["median"]
    w, d, t = values["wait"], values["donor"] / 100.0, values["month"]
    months = range(HORIZON_MONTHS + 1)
    alive = math.exp(-h * t)
    seems, others = transplanted_alive(h, w, t), others_alive(h, w, d, t)
    text = {
        "month": rounded(t),
        "wait": rounded(w),
        "transplanted": rounded(100.0 * seems),
        "others": rounded(100.0 * others),
        "everyone": rounded(100.0 * alive),
        "share": rounded(100.0 * d * math.exp(-h * w)),
    }
    key = "before" if t <= w else "none" if w == 0.0 else "sentence"
    return {
        "rate": h,
        "transplanted": [[float(m), 100.0 * transplanted_alive(h, w, m)] for m in months],
        "others": [[float(m), 100.0 * others_alive(h, w, d, m)] for m in months],
        "everyone": [[float(m), 100.0 * math.exp(-h * m)] for m in months],
        "gap": 100.0 * (seems - others),
        "text": text,
        "sentence": fill(words[key], text),
    }


MODEL = Model(
    name="immortal",
    title="A transplantation that does nothing",
    about=(
        "An illustration with a constant rate of death and a transplantation without any effect. The share with a "
        "donor and the median come from trials, the time of transplantation is assumed."
    ),
    parameters=(
        Slider(
            name="wait",
            label="Months until transplantation",
            unit="months",
            default=4.0,
            low=0.0,
            high=24.0,
            step=1.0,
            origin=assumed("A transplantation after two cycles of blinatumomab takes some months to arrange."),
        ),
        Slider(
            name="median",
            label="Median survival of everyone",
            unit="months",
            default=float(row("survival", "blast-os-final")["value"]),
            low=1.0,
            high=60.0,
            step=0.1,
            origin=published("s:blast-os-final", "Any median will do; a shorter one makes the error larger."),
        ),
        Slider(
            name="donor",
            label="Of those alive then, transplanted",
            unit="%",
            default=round(100.0 * TRANSPLANTED["events"] / TRANSPLANTED["n"], 1),
            low=0.0,
            high=95.0,
            step=0.1,
            origin=published(
                "o:gokbuget-2020-blast-transplantation:count",
                "Here of those alive at the transplantation; in the trial it is of all.",
            ),
        ),
        Slider(
            name="month",
            label="Compare at",
            unit="months",
            default=36.0,
            low=1.0,
            high=float(HORIZON_MONTHS),
            step=1.0,
            origin=illustration("Three years, as in the comparison of younger patients that the review quotes."),
        ),
    ),
    compute=compute,
)
