"""Cost and quality-adjusted life-years of one strategy: the equations of the model ``cost``.

Cost, with I months of immunoglobulin and everything else paid at the start:

    price x units + days x day + ICU days x ICU day + transplanted share x transplant
        + monthly cost x 12 A(rho_cost, I / 12) + other,            A(rho, T) = (1 - exp(-rho T)) / rho.

Quality-adjusted life-years, from a mixture of cured and not cured: a share c lives on for L years with utility u1;
the others die at a constant rate lambda = ln 2 / median, with utility u0 until then:

    c u1 A(rho, L) + (1 - c) u0 A(rho + lambda, L),                 rho = ln(1 + yearly discount).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .parameters import Values

MONTHS = 12.0


@dataclass(frozen=True)
class Strategy:
    """Cost and QALYs of one strategy; arrays where an input was one."""

    cost: Any
    qalys: Any


def annuity(rate: Any, years: Any) -> Any:
    """A(rate, years): the present value of one a year, paid continuously. ``rate`` per year, continuous, at least 0."""
    return -np.expm1(-rate * years) / rate if np.all(rate > 0.0) else years


def continuous(percent: float) -> float:
    """A yearly discount in per cent as a continuous rate."""
    return math.log1p(percent / 100.0)


def parts(arm: str, values: Values) -> dict[str, Any]:
    """The discounted cost of a strategy by part: the formula at the head of this module."""
    rate = continuous(values["discount_costs"])
    return {
        "product": values[f"price_{arm}"] * values[f"units_{arm}"],
        "hospital": values[f"days_{arm}"] * values["cost_day"] + values[f"icu_{arm}"] * values["cost_icu"],
        "transplant": values[f"transplant_{arm}"] / 100.0 * values["cost_transplant"],
        "igg": values["cost_igg"] * MONTHS * annuity(rate, values[f"igg_{arm}"] / MONTHS),
        "other": values[f"other_{arm}"],
    }


def cost_of(arm: str, values: Values) -> Any:
    """Discounted cost of a strategy, all parts together."""
    return sum(parts(arm, values).values())


def life(values: Values) -> tuple[Any, Any]:
    """QALYs of a cured patient and of one who is not."""
    rate = continuous(values["discount_effects"])
    death = math.log(2.0) / (values["median"] / MONTHS)
    years = values["years"]
    return values["utility_cured"] * annuity(rate, years), values["utility_uncured"] * annuity(rate + death, years)


def strategy(arm: str, values: Values) -> Strategy:
    """Cost and QALYs of one strategy."""
    cured, uncured = life(values)
    share = values[f"cure_{arm}"] / 100.0
    return Strategy(cost_of(arm, values), share * cured + (1.0 - share) * uncured)


def cure_for(qalys: float, cured: float, uncured: float) -> float:
    """The cure fraction, from 0 to 1 if there is one, at which a strategy gives so many QALYs."""
    return (qalys - uncured) / (cured - uncured)
