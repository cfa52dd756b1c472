"""Confidence and prediction intervals, and p-values."""

from __future__ import annotations

import math
from typing import NamedTuple

import scipy

INTERVALS = ("z", "hartung-knapp", "modified-hartung-knapp")
"""Kinds of interval, see :func:`pool_effects`."""

# Two effects that differ by less differ by rounding.
_SAME_EFFECT = 1e-12


class Limits(NamedTuple):
    """An estimate with its confidence (``ci_*``) and prediction (``pi_*``) limits."""

    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float


def exact_limits(events: int, n: int) -> tuple[float, float]:
    """The exact 95 % interval of a share (Clopper & Pearson 1934): quantiles of beta distributions.

    It holds with P(X >= events) = 0.025 at its lower limit and P(X <= events) = 0.025 at its upper one.
    """
    low = float(scipy.special.betaincinv(events, n - events + 1, 0.025)) if events > 0 else 0.0
    high = float(scipy.special.betaincinv(events + 1, n - events, 0.975)) if events < n else 1.0
    return low, high


def limits_around(estimate: float, level: float, df: float | None, se: float, prediction_se: float) -> Limits:
    """estimate -+ quantile * se, and the same with ``prediction_se``, which is NaN where nothing is predicted."""
    quantile = _quantile(level, df)
    return Limits(
        estimate,
        estimate - quantile * se,
        estimate + quantile * se,
        estimate - quantile * prediction_se,
        estimate + quantile * prediction_se,
    )


def se_factor(interval: str, scatter: float, df: int) -> float:
    """What the interval multiplies 1 / sqrt(sum w) by; 1 where no degree of freedom is left."""
    if interval == "z" or df == 0:
        return 1.0
    scale = scatter / df
    return math.sqrt(max(1.0, scale) if interval == "modified-hartung-knapp" else scale)


def two_sided_p(estimate: float, se: float, df: float | None) -> float:
    """Of "no difference": by a normal without df, NaN for df = 0."""
    if df == 0:
        return math.nan
    if se == 0:
        # Arms without any scatter, where a difference in the last bit is none.
        return 1.0 if abs(estimate) < _SAME_EFFECT else 0.0
    statistic = -abs(estimate / se)
    return 2 * float(scipy.special.ndtr(statistic) if df is None else scipy.special.stdtr(df, statistic))


def _quantile(level: float, df: float | None) -> float:
    """The two-sided quantile: normal without df, NaN for df = 0."""
    upper = (1 + level) / 2
    if df is None:
        return float(scipy.special.ndtri(upper))
    return float(scipy.special.stdtrit(df, upper)) if df > 0 else math.nan
