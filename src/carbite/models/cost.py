"""Cost and quality-adjusted life-years of two strategies, in euros: a model whose every input can be moved.

The equations stand in ``cost_equations``, the inputs and where they come from in ``cost_inputs``. Two numbers a
strategy are published, its cost and its QALYs. ``other`` and the cure fraction are FITTED: in closed form, so that the
model gives the published totals at the starting values of all other inputs, which are assumed where no source of this
book has them. Other assumptions with other fits give the same totals: the fit proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .cost_equations import cure_for, life, parts, strategy
from .cost_inputs import ARMS, PARAMETERS, QALYS
from .draws import normal_draws
from .formats import fill, rounded
from .model import Model, wording
from .parameters import Values

DRAWS = 10_000
# Of the draws, so many are drawn as points: more would only make a blot.
POINTS = 400
THRESHOLDS = tuple(range(0, 200_001, 5_000))
# Tornado: each input once lower and once higher by this share of itself.
SWING = 0.25
TORNADO_ROWS = 8
# The discount rates, in per cent a year, for which the fitted cure fraction is drawn.
RATES = tuple(step / 4 for step in range(25))
# Inputs that are uncertain in the seeded run: shares and utilities on the logit scale, amounts on the log scale.
SHARES = ("cure_car_t", "cure_bispecific", "utility_cured", "utility_uncured")
AMOUNTS = ("other_car_t", "other_bispecific", "days_car_t", "days_bispecific")
UNCERTAIN = SHARES + AMOUNTS


def uncertain(values: Values) -> dict[str, Any]:
    """The values with each uncertain input drawn ``DRAWS`` times.

    Shares: logit of the input plus spread z; amounts: input times exp(spread z); z standard normal.
    """
    deviates = normal_draws(DRAWS, len(UNCERTAIN))
    spread = values["spread"] / 100.0
    drawn = dict(values)
    for column, name in enumerate(UNCERTAIN):
        z = spread * deviates[:, column]
        if name in AMOUNTS:
            drawn[name] = values[name] * np.exp(z)
            continue
        scale = 100.0 if name.startswith("cure") else 1.0
        share = values[name] / scale
        odds = share * np.exp(z)
        drawn[name] = scale * odds / (1.0 - share + odds)
    return drawn


def gain(values: Values) -> tuple[Any, Any]:
    """What CAR T cells cost more, and the QALYs they gain, against blinatumomab."""
    car_t, bispecific = (strategy(arm, values) for arm in ARMS)
    return car_t.cost - bispecific.cost, car_t.qalys - bispecific.qalys


def net_benefit(values: Values) -> float:
    """QALYs gained at the threshold's worth, less the extra cost."""
    more, gained = gain(values)
    return float(values["threshold"] * gained - more)


def tornado(values: Values) -> list[dict[str, Any]]:
    """The inputs that move the net benefit most when each is lowered and raised by the swing, within its range."""
    rows = []
    for parameter in PARAMETERS:
        name = parameter.name
        if name in ("threshold", "spread") or values[name] == 0.0:
            continue
        low, high = (min(max(values[name] * (1.0 + swing), parameter.low), parameter.high) for swing in (-SWING, SWING))
        ends = [net_benefit({**values, name: end}) for end in (low, high)]
        rows.append({"name": name, "low": low, "high": high, "at_low": ends[0], "at_high": ends[1]})
    # Equal widths keep the order of the parameters, in both languages.
    return sorted(rows, key=lambda each: -round(abs(each["at_high"] - each["at_low"]), 3))[:TORNADO_ROWS]


def open_fit(values: Values) -> dict[str, list[list[float | None]]]:
    """For each discount rate of the effects, the cure fraction in per cent that gives the published QALYs, if any."""
    fits: dict[str, list[list[float | None]]] = {arm: [] for arm in ARMS}
    for percent in RATES:
        cured, uncured = life({**values, "discount_effects": percent})
        for arm in ARMS:
            share = 100.0 * cure_for(QALYS[arm]["low"], cured, uncured) if cured > uncured else math.inf
            fits[arm].append([percent, share if 0.0 <= share <= 100.0 else None])
    return fits


def compute(values: Values) -> dict[str, Any]:
    """Both strategies, their difference, what moves it, and the seeded run."""
    words = wording("cost")
    arms = {arm: strategy(arm, values) for arm in ARMS}
    more, gained = (float(each) for each in gain(values))
    drawn_more, drawn_gained = gain(uncertain(values))
    accepted = [
        [threshold, 100.0 * int(np.count_nonzero(threshold * drawn_gained > drawn_more)) / DRAWS]
        for threshold in THRESHOLDS
    ]
    worth = 100.0 * int(np.count_nonzero(values["threshold"] * drawn_gained > drawn_more)) / DRAWS
    benefit = values["threshold"] * gained - more
    text = {
        **{f"cost_{arm}": rounded(float(each.cost)) for arm, each in arms.items()},
        **{f"qalys_{arm}": rounded(float(each.qalys), 2) for arm, each in arms.items()},
        **{f"cure_{arm}": rounded(values[f"cure_{arm}"]) for arm in ARMS},
        "more": rounded(abs(more)),
        "gained": rounded(abs(gained), 2),
        "icer": rounded(more / gained) if more > 0.0 and gained > 0.0 else "–",
        "saved": rounded(more / gained) if more < 0.0 and gained < 0.0 else "–",
        "threshold": rounded(values["threshold"]),
        "worth": rounded(worth),
        "draws": rounded(DRAWS),
    }
    if gained > 0.0:
        kind = "dominant" if more <= 0.0 else ("worth" if benefit > 0.0 else "dear")
    else:
        kind = "dominated" if more >= 0.0 else "trade"
    return {
        "strategies": {
            arm: {"cost": float(each.cost), "qalys": float(each.qalys), "parts": parts(arm, values)}
            for arm, each in arms.items()
        },
        "more": more,
        "gained": gained,
        "net_benefit": benefit,
        "kind": kind,
        "tornado": tornado(values),
        "open_fit": open_fit(values),
        "points": np.column_stack([drawn_gained, drawn_more])[:POINTS].tolist(),
        "mean_more": float(np.mean(drawn_more)),
        "mean_gained": float(np.mean(drawn_gained)),
        "accepted": accepted,
        "worth": worth,
        "text": text,
        "sentence": f"{fill(words[kind], text)} {fill(words['run'], text)}",
    }


def data() -> Mapping[str, Any]:
    """The published totals that the model is fitted to."""
    return {"qalys": {arm: QALYS[arm]["low"] for arm in ARMS}}


MODEL = Model(
    name="cost",
    title="Cost, and cost per QALY",
    about=(
        "A model in euros, seen from society. Its totals are fitted to one published analysis of children in the "
        "Netherlands; most inputs are assumed, because the abstract does not print them. It shows how such results "
        "arise and what moves them. It is not a new analysis."
    ),
    parameters=PARAMETERS,
    compute=compute,
    data=data,
)
