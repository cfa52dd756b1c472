"""Effects and sampling variances of proportions, and the way back to proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from carbite.pooling.checks import Array, check_choice, check_counts

MEASURES = ("logit", "freeman-tukey", "raw")
"""Scales on which proportions are pooled, see :func:`effect_sizes`."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """A pooled estimate as a proportion.

    On the logit and Freeman-Tukey scales all values lie in [0, 1]. On the raw scale they are not
    transformed, and a limit may lie outside [0, 1]: that is a defect of the raw scale, and is shown.

    Attributes:
        estimate: the proportion.
        ci_low, ci_high: limits of its confidence interval.
        pi_low, pi_high: limits of its prediction interval.
    """

    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float


def effect_sizes(events: ArrayLike, n: ArrayLike, measure: str = "logit") -> tuple[Array, Array]:
    """Effects y_i and sampling variances v_i of proportions x_i / n_i.

    ==============  ========================================================  =====================
    measure         y                                                         v
    ==============  ========================================================  =====================
    logit           log(x / (n - x))                                          1 / x + 1 / (n - x)
    raw             x / n                                                     p (1 - p) / n
    freeman-tukey   [asin sqrt(x / (n+1)) + asin sqrt((x+1) / (n+1))] / 2     1 / (4 n + 2)
    ==============  ========================================================  =====================

    For logit and raw, a row of 0 % or 100 %, and only that row, gets one half added to both of its cells
    (x + 1/2 events among n + 1), as metafor's ``escalc(add=1/2, to="only0")``. Freeman-Tukey needs none.

    Args:
        events: patients with the event, whole numbers, shape (k,).
        n: patients counted, whole numbers, shape (k,).
        measure: one of ``MEASURES``.

    Returns:
        y and v, each of shape (k,), as log odds, proportions or radians (half of Miller's double arcsine).

    Raises:
        ValueError: naming the argument, the position, the value and what was expected.

    Source: Freeman & Tukey 1950, Ann Math Stat 21:607; Viechtbauer 2010, J Stat Softw 36(3).
    """
    check_choice("measure", measure, MEASURES)
    x, m = check_counts(events, n)
    if measure == "freeman-tukey":
        return 0.5 * (np.arcsin(np.sqrt(x / (m + 1))) + np.arcsin(np.sqrt((x + 1) / (m + 1)))), 1 / (4 * m + 2)
    half = np.where((x == 0) | (x == m), 0.5, 0.0)
    x, m = x + half, m + 2 * half
    if measure == "raw":
        p = x / m
        return p, p * (1 - p) / m
    return np.log(x / (m - x)), 1 / x + 1 / (m - x)


def to_proportion(value: float, measure: str, n: float) -> float:
    """The proportion that has this effect; ``n`` is the sample size of Miller's inverse (Freeman-Tukey only)."""
    if measure == "raw" or math.isnan(value):
        return value
    if measure == "logit":
        return float(scipy.special.expit(value))
    # Values beyond those of 0 of n and n of n have no inverse; they are 0 and 1.
    if value <= 0.5 * math.asin(math.sqrt(1 / (n + 1))):
        return 0.0
    if value >= 0.5 * (math.asin(math.sqrt(n / (n + 1))) + math.pi / 2):
        return 1.0
    sine = math.sin(2 * value)
    root = math.sqrt(max(0.0, 1 - (sine + (sine - 1 / sine) / n) ** 2))
    return 0.5 * (1 - math.copysign(root, math.cos(2 * value)))
