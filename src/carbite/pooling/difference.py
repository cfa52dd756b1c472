"""The difference of two pooled arms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from carbite.pooling.checks import check_choice
from carbite.pooling.intervals import limits_around, se_factor, two_sided_p
from carbite.pooling.pooled import Pooled
from carbite.pooling.tau2 import estimate_tau2, mean_at

CONTRAST_TAU2 = ("separate", "common")
"""Rules for tau2 of two arms, see :func:`contrast`."""

# The estimate, its standard error, the degrees of freedom (None for a normal), and tau2 in a and in b.
_Difference = tuple[float, float, float | None, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """An odds ratio.

    Attributes:
        estimate: the ratio.
        ci_low, ci_high: limits of its confidence interval.
        pi_low, pi_high: limits of its prediction interval.
    """

    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """The difference of two pooled arms, a minus b, on the scale of the analysis.

    Attributes:
        estimate, se: the difference and its standard error.
        ci_low, ci_high: limits of the confidence interval; NaN where it does not exist.
        p: two-sided p-value of "no difference", from the same distribution as the interval.
        df: degrees of freedom of Student's t; None for normal quantiles; 0 when there is no interval.
        pi_low, pi_high: limits for the difference of the true effects of two new trials, one per arm.
        tau2: the variance between trials in a and in b; twice the same number when it is common.
        tau2_rule: ``separate`` or ``common``.
        odds_ratio: exp of all of it on the logit scale; None on other scales.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    df: float | None
    pi_low: float
    pi_high: float
    tau2: tuple[float, float]
    tau2_rule: str
    odds_ratio: OddsRatio | None


def contrast(a: Pooled, b: Pooled, tau2: str = "separate") -> Contrast:
    """The difference a minus b of two arms that were pooled in the same way.

    ``separate``: each arm keeps its own tau2. estimate = a - b, se^2 = se_a^2 + se_b^2 with each arm's own
    (interval-adjusted) se. Degrees of freedom for the Hartung-Knapp kinds are Welch-Satterthwaite's,
    (se_a^2 + se_b^2)^2 / (se_a^4 / df_a + se_b^4 / df_b); an arm with one trial leaves no interval. metafor
    has no such model; the usual recipe with it compares two fits by a normal quantile.

    ``common``: one meta-regression of all trials with an indicator of the arm and one tau2, estimated by the
    method of the arms. Degrees of freedom k_a + k_b - 2. This is metafor's moderator model.

    Prediction interval: for the true effect of a new trial of a minus that of a new trial of b, so both
    variances between trials enter: estimate -+ quantile * sqrt(se^2 + tau2_a + tau2_b). metafor's ``predict``
    on a moderator model predicts one true effect and adds tau2 once; that is narrower, and it is the interval
    of one new trial, not of a difference of two. NaN for EE, and where an arm has one trial and tau2 is
    separate.

    On the logit scale the difference is a log odds ratio, and ``odds_ratio`` is its exponential.

    Args:
        a, b: two arms that were pooled in the same way.
        tau2: one of ``CONTRAST_TAU2``.

    Returns:
        The difference with its intervals.

    Raises:
        ValueError: when the arms differ in measure, tau2 method, interval or level, or ``tau2`` is unknown.

    Source: Welch 1947, Biometrika 34:28; Viechtbauer 2010, J Stat Softw 36(3).
    """
    check_choice("tau2", tau2, CONTRAST_TAU2)
    for name in ("measure", "tau2_method", "interval", "level"):
        if getattr(a, name) != getattr(b, name):
            raise ValueError(
                f"a.{name} = {getattr(a, name)!r} and b.{name} = {getattr(b, name)!r}; "
                "expected two arms that were pooled in the same way"
            )
    estimate, se, df, tau2s = _separate(a, b) if tau2 == "separate" else _common(a, b)
    predictable = a.tau2_method != "EE" and (tau2 == "common" or min(a.k, b.k) > 1) and a.k + b.k > 2
    prediction_se = math.sqrt(se**2 + tau2s[0] + tau2s[1]) if predictable else math.nan
    limits = limits_around(estimate, a.level, df, se, prediction_se)
    return Contrast(
        **limits._asdict(),
        se=se,
        p=two_sided_p(estimate, se, df),
        df=df,
        tau2=tau2s,
        tau2_rule=tau2,
        odds_ratio=OddsRatio(*map(_exp, limits)) if a.measure == "logit" else None,
    )


def _separate(a: Pooled, b: Pooled) -> _Difference:
    return a.estimate - b.estimate, math.hypot(a.se, b.se), _welch_satterthwaite(a, b), (a.tau2, b.tau2)


def _common(a: Pooled, b: Pooled) -> _Difference:
    arms = [(np.array(arm.yi), np.array(arm.vi)) for arm in (a, b)]
    tau2, _ = estimate_tau2(arms, a.tau2_method)
    (mean_a, weight_a, scatter_a), (mean_b, weight_b, scatter_b) = (mean_at(y, v, tau2) for y, v in arms)
    df = a.k + b.k - 2
    se = math.sqrt(1 / weight_a + 1 / weight_b) * se_factor(a.interval, scatter_a + scatter_b, df)
    return mean_a - mean_b, se, None if a.interval == "z" else float(df), (tau2, tau2)


def _welch_satterthwaite(a: Pooled, b: Pooled) -> float | None:
    """The degrees of freedom of a - b; 0 where an arm has none, None for normal quantiles."""
    if a.df is None or b.df is None:
        return None
    if a.df == 0 or b.df == 0:
        return 0.0
    square_a, square_b = a.se**2, b.se**2
    denominator = square_a**2 / a.df + square_b**2 / b.df
    # Both arms without any scatter: the interval is a point for every df.
    return (square_a + square_b) ** 2 / denominator if denominator > 0 else a.df + b.df


def _exp(value: float) -> float:
    """exp, infinite where a float ends."""
    return math.exp(value) if not value > 709 else math.inf
