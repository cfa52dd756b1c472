"""One pooled arm."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import ArrayLike

from carbite.pooling.checks import Array, check_choice, check_effects, check_level
from carbite.pooling.effects import Proportion, effect_sizes, to_proportion
from carbite.pooling.intervals import INTERVALS, limits_around, se_factor
from carbite.pooling.tau2 import TAU2, estimate_tau2, mean_at


@dataclass(frozen=True, slots=True)
class Pooled:
    """A random-effects (or equal-effects) mean on the scale of the analysis.

    Attributes:
        estimate: mu = sum(w y) / sum(w).
        se: its standard error, with the adjustment of the interval.
        ci_low, ci_high: limits of the confidence interval; NaN where it does not exist.
        pi_low, pi_high: limits of the prediction interval for the true effect of a new trial; NaN where
            there is none (equal effects, or one trial).
        tau2: variance between the trials' true effects, in squared units of the scale.
        i2: percentage of the total variance that lies between trials.
        h2: ratio of the total to the sampling variance.
        q, q_p: Cochran's statistic with w_i = 1 / v_i, and its chi-squared(k - 1) p-value.
        k: number of trials.
        df: degrees of freedom of Student's t behind the intervals; None for normal quantiles; 0 when one
            trial leaves none.
        weights: each trial's share of sum(w), in percent; they sum to 100.
        measure: the scale, or None when effects were given.
        tau2_method, interval, level: as asked for.
        optima: number of local maxima of the (restricted) likelihood over tau2 >= 0; 1 for all other methods.
        proportion: the same results as proportions, or None when effects were given.
        yi, vi: the effects and variances that were pooled.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    tau2: float
    i2: float
    h2: float
    q: float
    q_p: float
    k: int
    df: float | None
    weights: tuple[float, ...]
    measure: str | None
    tau2_method: str
    interval: str
    level: float
    optima: int
    proportion: Proportion | None
    yi: tuple[float, ...] = field(repr=False)
    vi: tuple[float, ...] = field(repr=False)


def pool(
    events: ArrayLike,
    n: ArrayLike,
    *,
    measure: str = "logit",
    tau2: str = "REML",
    interval: str = "modified-hartung-knapp",
    level: float = 0.95,
) -> Pooled:
    """Pool proportions: :func:`effect_sizes`, :func:`pool_effects`, and the way back to proportions.

    The way back is expit on the logit scale and nothing on the raw scale. On the Freeman-Tukey scale it is
    Miller's inverse at the harmonic mean of n. That mean stands for no trial: with unequal n the result can
    be misleading, even outside the range of the trials (Schwarzer 2019, Res Synth Methods 10:476; Roever &
    Friede 2022). Prefer the logit scale.

    Args:
        events: patients with the event, whole numbers, shape (k,).
        n: patients counted, whole numbers, shape (k,).
        measure: one of ``MEASURES``.
        tau2: one of ``TAU2``, see :func:`pool_effects`.
        interval: one of ``INTERVALS``, see :func:`pool_effects`.
        level: of both intervals, between 0 and 1.

    Returns:
        The pooled arm; ``proportion`` of it holds estimate and intervals as proportions.

    Raises:
        ValueError: naming the argument, the position, the value and what was expected.

    >>> pooled = pool([61, 44, 45], [75, 53, 53])
    >>> round(pooled.proportion.estimate, 3)
    0.828

    Source: Miller 1978, Am Stat 32:138 (the inverse).
    """
    y, v = effect_sizes(events, n, measure)
    counted = np.asarray(n, dtype=float)
    harmonic_n = float(1 / np.mean(1 / counted))
    return _pool(y, v, tau2, interval, level, measure=measure, harmonic_n=harmonic_n)


def pool_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau2: str = "REML",
    interval: str = "modified-hartung-knapp",
    level: float = 0.95,
) -> Pooled:
    """Pool effects y_i with sampling variances v_i.

    tau2, with r_i = y_i - mu and Q(t) = sum(w r^2) at tau2 = t:

    * ``EE``: equal effects, 0.
    * ``DL``: max(0, (Q(0) - (k-1)) / (sum w - sum w^2 / sum w)), w = 1/v (DerSimonian & Laird 1986).
    * ``HE``: max(0, sample variance of y - mean of v) (Hedges & Olkin 1985).
    * ``SJ``: t0 sum(w r^2) / (k-1), where t0 = sum((y - mean y)^2) / k, w = 1 / (v + t0) (Sidik & Jonkman
      2005).
    * ``PM``: the root of Q(t) = k - 1, or 0 (Paule & Mandel 1982).
    * ``ML``: the global maximum over t >= 0 of -1/2 sum log(v + t) - 1/2 Q(t).
    * ``REML``: the same of that minus 1/2 log sum w (Viechtbauer 2005, J Educ Behav Stat 30:261).

    i2 = 100 tau2 / (tau2 + s2) and h2 = 1 + tau2 / s2, with s2 = (k-1) / (sum w - sum w^2 / sum w), w = 1/v
    (Higgins & Thompson 2002). For EE they are max(0, 100 (Q - (k-1)) / Q) and Q / (k-1).

    Intervals, with se0 = 1 / sqrt(sum w) and q = sum(w r^2) / (k-1):

    * ``z``: mu -+ z se0.
    * ``hartung-knapp``: mu -+ t(k-1) se0 sqrt(q) (Hartung & Knapp 2001; Sidik & Jonkman 2002).
    * ``modified-hartung-knapp``: mu -+ t(k-1) se0 sqrt(max(1, q)), which is never narrower than z
      (Roever, Knapp & Friede 2015, BMC Med Res Methodol 15:99).

    The prediction interval is mu -+ quantile * sqrt(se^2 + tau2), with the same se and the same quantile as
    the confidence interval: normal for ``z``, t(k-1) else. This is metafor 3.8's rule. Riley, Higgins & Deeks
    2011 (BMJ 342:d549) and Higgins, Thompson & Spiegelhalter 2009 use t(k-2) instead, which is wider.

    One trial: the estimate is its effect, tau2 = 0, and only the z interval exists; the limits of the
    others, and the prediction limits, are NaN.

    Args:
        yi: effects, shape (k,).
        vi: sampling variances, positive, shape (k,).
        tau2: one of ``TAU2``.
        interval: one of ``INTERVALS``.
        level: of both intervals, between 0 and 1.

    Returns:
        The pooled arm on the scale of the effects; ``proportion`` of it is None.

    Raises:
        ValueError: naming the argument, the position, the value and what was expected.
    """
    y, v = check_effects(yi, vi)
    return _pool(y, v, tau2, interval, level)


def _pool(
    y: Array,
    v: Array,
    method: str,
    interval: str,
    level: float,
    *,
    measure: str | None = None,
    harmonic_n: float = math.nan,
) -> Pooled:
    check_choice("tau2", method, TAU2)
    check_choice("interval", interval, INTERVALS)
    check_level(level)
    k = len(y)
    tau2, optima = estimate_tau2([(y, v)], method)
    mean, weight, scatter = mean_at(y, v, tau2)
    _, fixed_weight, q = mean_at(y, v, 0.0)
    i2, h2 = _heterogeneity(method, tau2, q, fixed_weight, v)
    se = math.sqrt(1 / weight) * se_factor(interval, scatter, k - 1)
    df = None if interval == "z" else float(k - 1)
    prediction_se = math.sqrt(se**2 + tau2) if method != "EE" and k > 1 else math.nan
    limits = limits_around(mean, level, df, se, prediction_se)
    return Pooled(
        **limits._asdict(),
        se=se,
        tau2=tau2,
        i2=i2,
        h2=h2,
        q=q,
        q_p=float(scipy.special.chdtrc(k - 1, q)) if k > 1 else 1.0,
        k=k,
        df=df,
        weights=tuple((100 * (1 / (v + tau2) / weight)).tolist()),
        measure=measure,
        tau2_method=method,
        interval=interval,
        level=level,
        optima=optima,
        proportion=None
        if measure is None
        else Proportion(*(to_proportion(value, measure, harmonic_n) for value in limits)),
        yi=tuple(y.tolist()),
        vi=tuple(v.tolist()),
    )


def _heterogeneity(method: str, tau2: float, q: float, weight: float, v: Array) -> tuple[float, float]:
    """I2 in percent, and H2."""
    df = len(v) - 1
    if df == 0:
        return 0.0, 1.0
    if method == "EE":
        return (100 * max(0.0, (q - df) / q) if q > 0 else 0.0), q / df
    typical = df / (weight - float((1 / v**2).sum()) / weight)
    return 100 * tau2 / (typical + tau2), 1 + tau2 / typical
