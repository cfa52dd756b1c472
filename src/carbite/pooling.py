"""Pooling of single-arm proportions, and the difference between two pooled arms.

The definitions are those of metafor 3.8 (Viechtbauer 2010, J Stat Softw 36(3)), with three differences:

* every estimate of tau2 is converged; metafor's default settings stop early;
* REML and ML are the *global* maximum over tau2 >= 0; metafor climbs from one starting value;
* the interval ``modified-hartung-knapp`` is metafor's ``test="adhoc"``.

Symbols: y_i and v_i are the effect of trial i and its sampling variance on the scale of the analysis,
w_i = 1 / (v_i + tau2), k is the number of trials, mu the pooled effect.

Every search below is a fixed grid and then a bracketed root, and every integral has fixed nodes. Nothing is
random and nothing depends on an optimiser's settings, so another language can repeat it step by step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

__all__ = [
    "INTERVALS",
    "MEASURES",
    "TAU2",
    "Contrast",
    "Glmm",
    "OddsRatio",
    "Pooled",
    "Proportion",
    "contrast",
    "effect_sizes",
    "glmm",
    "pool",
    "pool_effects",
]

MEASURES = ("logit", "freeman-tukey", "raw")
TAU2 = ("EE", "DL", "REML", "ML", "PM", "HE", "SJ")
INTERVALS = ("z", "hartung-knapp", "modified-hartung-knapp")
CONTRAST_TAU2 = ("separate", "common")

Array = NDArray[np.float64]
Groups = Sequence[tuple[Array, Array]]
Curve = Callable[[Array], Array]

# The grid of tau2 in units of the mean sampling variance: from e^-12 to e^12, neighbours 13 % apart.
_REML_GRID = np.exp(np.linspace(-12.0, 12.0, 200))
# The grid of tau2 on the logit scale, where the unit is absolute: from 0.0003 to 55, neighbours 65 % apart.
_GLMM_GRID = np.exp(np.linspace(-8.0, 4.0, 25))
# The bracketed search needs about ten steps; the rest is for brackets of a badly scaled function.
_ROOT_STEPS = 200
# A relative width at which rounding of a double, not the bracket, limits a root.
_ROOT_WIDTH = 1e-15

# A score that is smaller than this share of the largest one is 0 up to rounding.
_SCORE_ROUNDING = 1e-12
# Two effects that differ by less differ by rounding.
_SAME_EFFECT = 1e-12

# Nodes of the binomial-normal integral: mode + width * sinh(s), s from -4 to 4 in equal steps. The step is
# 0.1 and shrinks as 0.2 / tau, because a row of 0 % or 100 % has an edge that is as narrow as 1 / tau.
_REACH = 4.0
_FEWEST_STEPS = 40
_FINER_ABOVE_TAU = 2.0
# The mode only centres the nodes, so 30 halvings are enough.
_MODE_BISECTIONS = 30
_NEWTON_STEPS = 100
# From here on the derivatives of a row's likelihood are taken in their second form, see _glmm_moments.
_HERMITE_FROM_TAU2 = 1.0


@dataclass(frozen=True, slots=True)
class Proportion:
    """A pooled estimate as a proportion: ``pi_*`` are the limits of its prediction interval.

    On the logit and Freeman-Tukey scales all values lie in [0, 1]. On the raw scale they are not
    transformed, and a limit may lie outside [0, 1]: that is a defect of the raw scale, and is shown.
    """

    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float


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


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """An odds ratio with the limits of its confidence (``ci_*``) and prediction (``pi_*``) intervals."""

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


@dataclass(frozen=True, slots=True)
class Glmm:
    """Maximum-likelihood fit of the binomial-normal model; log odds unless said otherwise.

    Attributes:
        estimate: mu, the mean log odds.
        se: its standard error from the joint information of mu and tau2. This is what software prints.
        se_given_tau2: its standard error if tau2 were known; never larger than ``se``. Both are equal where
            tau2 = 0, because a maximum at the edge is treated as known.
        ci_low, ci_high: estimate -+ z se.
        pi_low, pi_high: estimate -+ z sqrt(se^2 + tau2); NaN for one trial, which says nothing about tau2.
        tau2: variance of the log odds between trials.
        loglik, loglik_tau0: log likelihood at the maximum, and at the best mu for tau2 = 0, with the
            binomial coefficients.
        optima: number of local maxima of the profile likelihood over tau2 >= 0.
        k: number of trials.
        level: of both intervals.
        proportion: the same as proportions.
    """

    estimate: float
    se: float
    se_given_tau2: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    tau2: float
    loglik: float
    loglik_tau0: float
    optima: int
    k: int
    level: float
    proportion: Proportion


# ---- the public functions -------------------------------------------------------------------------------


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
        y and v, each of shape (k,): log odds, proportions, or radians (half of Miller's double arcsine).

    Raises:
        ValueError: naming the argument, the position, the value and what was expected.

    Source: Freeman & Tukey 1950, Ann Math Stat 21:607; Viechtbauer 2010, J Stat Softw 36(3).
    """
    _check_choice("measure", measure, MEASURES)
    x, m = _check_counts(events, n)
    if measure == "freeman-tukey":
        return 0.5 * (np.arcsin(np.sqrt(x / (m + 1))) + np.arcsin(np.sqrt((x + 1) / (m + 1)))), 1 / (4 * m + 2)
    half = np.where((x == 0) | (x == m), 0.5, 0.0)
    x, m = x + half, m + 2 * half
    if measure == "raw":
        p = x / m
        return p, p * (1 - p) / m
    return np.log(x / (m - x)), 1 / x + 1 / (m - x)


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

    Raises:
        ValueError: naming the argument, the position, the value and what was expected.

    Source: Miller 1978, Am Stat 32:138 (the inverse).
    """
    y, v = effect_sizes(events, n, measure)
    counted = np.asarray(n, dtype=float)
    return _pool(y, v, tau2, interval, level, measure=measure, harmonic_n=float(1 / np.mean(1 / counted)))


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

    Raises:
        ValueError: naming the argument, the position, the value and what was expected.
    """
    y, v = _check_effects(yi, vi)
    return _pool(y, v, tau2, interval, level)


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

    Raises:
        ValueError: when the arms differ in measure, tau2 method, interval or level, or ``tau2`` is unknown.

    Source: Welch 1947, Biometrika 34:28; Viechtbauer 2010, J Stat Softw 36(3).
    """
    _check_choice("tau2", tau2, CONTRAST_TAU2)
    for name in ("measure", "tau2_method", "interval", "level"):
        if getattr(a, name) != getattr(b, name):
            raise ValueError(
                f"a.{name} = {getattr(a, name)!r} and b.{name} = {getattr(b, name)!r}; "
                "expected two arms that were pooled in the same way"
            )
    if tau2 == "separate":
        tau2_a, tau2_b = a.tau2, b.tau2
        estimate = a.estimate - b.estimate
        se = math.hypot(a.se, b.se)
        df = _welch_satterthwaite(a, b)
    else:
        groups = [(np.array(arm.yi), np.array(arm.vi)) for arm in (a, b)]
        tau2_a, _ = _estimate_tau2(groups, a.tau2_method)
        tau2_b = tau2_a
        (mean_a, weight_a, q_a), (mean_b, weight_b, q_b) = (_mean(y, v, tau2_a) for y, v in groups)
        residual_df = a.k + b.k - 2
        estimate = mean_a - mean_b
        se = math.sqrt(1 / weight_a + 1 / weight_b) * _se_factor(a.interval, q_a + q_b, residual_df)
        df = None if a.interval == "z" else float(residual_df)

    quantile = _quantile(a.level, df)
    predictable = a.tau2_method != "EE" and (tau2 == "common" or min(a.k, b.k) > 1) and a.k + b.k > 2
    spread = math.sqrt(se**2 + tau2_a + tau2_b) if predictable else math.nan
    limits = (
        estimate - quantile * se,
        estimate + quantile * se,
        estimate - quantile * spread,
        estimate + quantile * spread,
    )
    return Contrast(
        estimate=estimate,
        se=se,
        ci_low=limits[0],
        ci_high=limits[1],
        p=_two_sided_p(estimate, se, df),
        df=df,
        pi_low=limits[2],
        pi_high=limits[3],
        tau2=(tau2_a, tau2_b),
        tau2_rule=tau2,
        odds_ratio=OddsRatio(*(_exp(value) for value in (estimate, *limits))) if a.measure == "logit" else None,
    )


def glmm(events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Glmm:
    """Binomial-normal model by maximum likelihood.

    x_i ~ Binomial(n_i, expit(mu + tau u_i)), u_i ~ Normal(0, 1).

    No continuity correction is needed for rows of 0 % or 100 %. The likelihood of a row is an integral over
    u. It is evaluated at the nodes u = m + d sinh(s), s in equal steps from -4 to 4, where m is the mode of
    the integrand and d = (1 + tau2 n p (1 - p))^(-1/2) its width there: an adaptive rule like Gauss-Hermite,
    but it also reaches the long tails of rows of 0 % or 100 %. There are 81 nodes, and more for tau > 2; the
    log likelihood of a row of up to 1000 patients is exact to 1e-9 up to tau2 = 300. For each tau2 the
    likelihood is concave in mu, so Newton's steps find its maximum; the profile over tau2 is searched
    globally, tau2 = 0 included.

    Args:
        events: patients with the event, whole numbers, shape (k,).
        n: patients counted, whole numbers, shape (k,).
        level: of both intervals, between 0 and 1.

    Raises:
        ValueError: for bad counts, and when every row is at 0 % or 100 %: the likelihood then rises without
            end as mu or tau2 grows, so there is no finite maximum.

    Source: Stijnen, Hamza & Ozdemir 2010, Stat Med 29:3046.
    """
    x, m = _check_counts(events, n)
    _check_level(level)
    if bool(np.all((x == 0) | (x == m))):
        raise ValueError(
            "events and n: every row is at 0 % or 100 %, so the binomial-normal likelihood has no finite "
            "maximum; expected at least one row with 0 < events < n"
        )

    start = math.log(x.sum() / (m - x).sum())

    def along(tau2: Array) -> list[tuple[Array, ...]]:
        """The moments at the best mu of every tau2; each search for mu starts where the last one ended."""
        mu = start
        moments: list[tuple[Array, ...]] = []
        for t in tau2.tolist():
            mu = _glmm_mu(x, m, t, mu)
            moments.append(_glmm_moments(x, m, mu, t))
        return moments

    def score(tau2: Array) -> Array:
        return np.array([0.5 * m2.sum() for _, _, m2, _, _ in along(tau2)])

    def loglik(tau2: Array) -> Array:
        return np.array([log_l.sum() for log_l, *_ in along(tau2)])

    tau2, optima = _global_maximum(score, loglik, _GLMM_GRID)
    estimate = _glmm_mu(x, m, tau2, start)
    log_l, m1, m2, m3, m4 = _glmm_moments(x, m, estimate, tau2)
    # Minus the second derivatives of the log likelihood; d/dtau2 is half of d^2/dmu^2 of the integral.
    info_mu = -float((m2 - m1**2).sum())
    info_cross = -float((m3 - m1 * m2).sum()) / 2
    info_tau2 = -float((m4 - m2**2).sum()) / 4
    known = 1 / math.sqrt(info_mu)
    se = known if tau2 == 0 else 1 / math.sqrt(info_mu - info_cross**2 / info_tau2)

    z = _quantile(level, None)
    spread = math.sqrt(se**2 + tau2) if len(x) > 1 else math.nan
    values = (estimate, estimate - z * se, estimate + z * se, estimate - z * spread, estimate + z * spread)
    return Glmm(
        estimate=estimate,
        se=se,
        se_given_tau2=known,
        ci_low=values[1],
        ci_high=values[2],
        pi_low=values[3],
        pi_high=values[4],
        tau2=tau2,
        loglik=float(log_l.sum()),
        loglik_tau0=float(loglik(np.zeros(1))[0]),
        optima=optima,
        k=len(x),
        level=level,
        proportion=Proportion(*(float(special.expit(value)) for value in values)),
    )


# ---- one pooled arm -------------------------------------------------------------------------------------


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
    _check_choice("tau2", method, TAU2)
    _check_choice("interval", interval, INTERVALS)
    _check_level(level)
    k = len(y)
    tau2, optima = _estimate_tau2([(y, v)], method)
    estimate, weight, weighted_q = _mean(y, v, tau2)
    _, fixed_weight, q = _mean(y, v, 0.0)
    i2, h2 = _heterogeneity(method, tau2, q, fixed_weight, v)
    se = math.sqrt(1 / weight) * _se_factor(interval, weighted_q, k - 1)
    df = None if interval == "z" else float(k - 1)
    quantile = _quantile(level, df)
    spread = math.sqrt(se**2 + tau2) if method != "EE" and k > 1 else math.nan
    values = (
        estimate,
        estimate - quantile * se,
        estimate + quantile * se,
        estimate - quantile * spread,
        estimate + quantile * spread,
    )
    return Pooled(
        estimate=estimate,
        se=se,
        ci_low=values[1],
        ci_high=values[2],
        pi_low=values[3],
        pi_high=values[4],
        tau2=tau2,
        i2=i2,
        h2=h2,
        q=q,
        q_p=float(special.chdtrc(k - 1, q)) if k > 1 else 1.0,
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
        else Proportion(*(_to_proportion(value, measure, harmonic_n) for value in values)),
        yi=tuple(y.tolist()),
        vi=tuple(v.tolist()),
    )


def _mean(y: Array, v: Array, tau2: float) -> tuple[float, float, float]:
    """The weighted mean, the sum of the weights, and the weighted sum of squares around the mean."""
    w = 1 / (v + tau2)
    total = float(w.sum())
    # Seen from the first effect, so that equal effects have exactly that mean and no scatter by rounding.
    mean = float(y[0]) + float((w * (y - y[0])).sum()) / total
    return mean, total, float((w * (y - mean) ** 2).sum())


def _heterogeneity(method: str, tau2: float, q: float, weight: float, v: Array) -> tuple[float, float]:
    """I2 in percent, and H2."""
    df = len(v) - 1
    if df == 0:
        return 0.0, 1.0
    if method == "EE":
        return (100 * max(0.0, (q - df) / q) if q > 0 else 0.0), q / df
    typical = df / (weight - float((1 / v**2).sum()) / weight)
    return 100 * tau2 / (typical + tau2), 1 + tau2 / typical


def _se_factor(interval: str, weighted_q: float, df: int) -> float:
    """What the interval multiplies 1 / sqrt(sum w) by; 1 where no degree of freedom is left."""
    if interval == "z" or df == 0:
        return 1.0
    scale = weighted_q / df
    return math.sqrt(max(1.0, scale) if interval == "modified-hartung-knapp" else scale)


def _welch_satterthwaite(a: Pooled, b: Pooled) -> float | None:
    if a.df is None or b.df is None:
        return None
    if a.df == 0 or b.df == 0:
        return 0.0
    square_a, square_b = a.se**2, b.se**2
    denominator = square_a**2 / a.df + square_b**2 / b.df
    # Both arms without any scatter: the interval is a point for every df.
    return (square_a + square_b) ** 2 / denominator if denominator > 0 else a.df + b.df


def _quantile(level: float, df: float | None) -> float:
    """The two-sided quantile: normal without df, NaN for df = 0."""
    upper = (1 + level) / 2
    if df is None:
        return float(special.ndtri(upper))
    return float(special.stdtrit(df, upper)) if df > 0 else math.nan


def _two_sided_p(estimate: float, se: float, df: float | None) -> float:
    if df == 0:
        return math.nan
    if se == 0:
        # Arms without any scatter, where a difference in the last bit is none.
        return 1.0 if abs(estimate) < _SAME_EFFECT else 0.0
    statistic = -abs(estimate / se)
    return 2 * float(special.ndtr(statistic) if df is None else special.stdtr(df, statistic))


def _exp(value: float) -> float:
    """exp, infinite where a float ends."""
    return math.exp(value) if not value > 709 else math.inf


def _to_proportion(value: float, measure: str, n: float) -> float:
    if measure == "raw" or math.isnan(value):
        return value
    if measure == "logit":
        return float(special.expit(value))
    # Values beyond those of 0 of n and n of n have no inverse; they are 0 and 1.
    if value <= 0.5 * math.asin(math.sqrt(1 / (n + 1))):
        return 0.0
    if value >= 0.5 * (math.asin(math.sqrt(n / (n + 1))) + math.pi / 2):
        return 1.0
    sine = math.sin(2 * value)
    root = math.sqrt(max(0.0, 1 - (sine + (sine - 1 / sine) / n) ** 2))
    return 0.5 * (1 - math.copysign(root, math.cos(2 * value)))


# ---- tau2: one function for one arm and for several arms that share it ------------------------------------


def _estimate_tau2(groups: Groups, method: str) -> tuple[float, int]:
    """tau2 common to the groups, each with its own mean, and the number of local maxima.

    With a mean per group, every estimating equation of a meta-regression on the group is the sum of the
    equations of the groups, with k minus the number of groups degrees of freedom.
    """
    y_all = np.concatenate([y for y, _ in groups])
    v_all = np.concatenate([v for _, v in groups])
    df = len(y_all) - len(groups)
    if method == "EE" or df == 0:
        return 0.0, 1
    if method == "DL":
        q = sum(_mean(y, v, 0.0)[2] for y, v in groups)
        scale = sum(float((1 / v).sum() - (1 / v**2).sum() / (1 / v).sum()) for _, v in groups)
        return max(0.0, (q - df) / scale), 1
    if method == "HE":
        squares = sum(float(((y - y.mean()) ** 2).sum()) for y, _ in groups)
        sampling = sum(float(v.sum()) * (1 - 1 / len(v)) for _, v in groups)
        return max(0.0, (squares - sampling) / df), 1
    if method == "SJ":
        # metafor starts from the scatter of all effects around one mean, also when there are groups.
        start = float(((y_all - y_all.mean()) ** 2).mean())
        return start * sum(_mean(y, v, start)[2] for y, v in groups) / df, 1
    scale = float(v_all.mean())
    if method == "PM":
        return _paule_mandel(groups, df, scale), 1
    restricted = method == "REML"
    return _global_maximum(
        lambda t: sum((_score(y, v, t, restricted) for y, v in groups), np.zeros(len(t))),
        lambda t: sum((_loglik(y, v, t, restricted) for y, v in groups), np.zeros(len(t))),
        scale * _REML_GRID,
    )


def _paule_mandel(groups: Groups, df: int, scale: float) -> float:
    def excess(tau2: float) -> float:
        return sum(_mean(y, v, tau2)[2] for y, v in groups) - df

    if excess(0.0) <= 0:
        return 0.0
    high = scale
    while excess(high) > 0:
        high *= 2
    return _root(excess, 0.0, high)


def _residuals(y: Array, v: Array, tau2: Array) -> tuple[Array, Array, Array]:
    """w (rows: tau2, columns: trials), its row sums, and the squared residuals of the means."""
    w = 1 / (v + tau2[:, None])
    total = w.sum(axis=1)
    mean = (w * y).sum(axis=1) / total
    return w, total, (y - mean[:, None]) ** 2


def _score(y: Array, v: Array, tau2: Array, restricted: bool) -> Array:
    """d/dtau2 of the (restricted) log likelihood, at every tau2."""
    w, total, square = _residuals(y, v, tau2)
    w2 = w * w
    trace = total - w2.sum(axis=1) / total if restricted else total
    return cast(Array, 0.5 * ((w2 * square).sum(axis=1) - trace))


def _loglik(y: Array, v: Array, tau2: Array, restricted: bool) -> Array:
    """The (restricted) log likelihood, without its constant, at every tau2."""
    w, total, square = _residuals(y, v, tau2)
    value = 0.5 * (np.log(w).sum(axis=1) - (w * square).sum(axis=1))
    return cast(Array, value - 0.5 * np.log(total) if restricted else value)


def _global_maximum(score: Curve, loglik: Curve, grid: Array) -> tuple[float, int]:
    """The tau2 >= 0 with the highest log likelihood, and the number of local maxima.

    The score is evaluated at 0 and on the grid, which is extended by doubling until the score is no longer
    positive at its end. Every change from a positive score to one that is not brackets a local maximum, and
    :func:`_root` finds it; 0 is one when the score there is not positive.
    """
    points = np.concatenate([[0.0], grid])
    slopes = score(points)
    # With whole numbers the score at 0 can be exactly 0; the sign of its rounding must not decide anything.
    if abs(slopes[0]) <= _SCORE_ROUNDING * np.abs(slopes).max():
        slopes[0] = 0.0
    while slopes[-1] > 0:
        points = np.append(points, 2 * points[-1])
        slopes = np.append(slopes, score(points[-1:]))
    candidates = [0.0] if slopes[0] <= 0 else []
    for j in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0)):
        root = _root(lambda t: float(score(np.array([t]))[0]), float(points[j]), float(points[j + 1]))
        candidates.append(root)
    best = int(np.argmax(loglik(np.array(candidates))))
    return candidates[best], len(candidates)


def _root(f: Callable[[float], float], low: float, high: float) -> float:
    """Where f, positive at low and not at high, changes sign, to the last bits of a double.

    Regula falsi with the Illinois rule: when the same end moves twice, the value kept at the other end is
    halved, so that both ends close in. A step that rounding would place outside the bracket is a bisection.
    """
    f_low, f_high = f(low), f(high)
    moved = 0
    for _ in range(_ROOT_STEPS):
        if high - low <= _ROOT_WIDTH * high:
            break
        middle = low + (high - low) * (f_low / (f_low - f_high))
        if not low < middle < high:
            middle = 0.5 * (low + high)
            if not low < middle < high:
                break
        value = f(middle)
        if value > 0:
            f_high = 0.5 * f_high if moved == 1 else f_high
            low, f_low, moved = middle, value, 1
        else:
            f_low = 0.5 * f_low if moved == -1 else f_low
            high, f_high, moved = middle, value, -1
    return 0.5 * (low + high)


# ---- the binomial-normal model ----------------------------------------------------------------------------


def _glmm_mu(x: Array, n: Array, tau2: float, mu: float) -> float:
    """The mu that maximises the likelihood at tau2, by Newton's steps from mu (it is concave in mu)."""
    # Far from the maximum the curvature is small and a full step would overshoot.
    longest = max(1.0, math.sqrt(tau2))
    for _ in range(_NEWTON_STEPS):
        _, m1, m2, _, _ = _glmm_moments(x, n, mu, tau2)
        step = float(m1.sum() / (m1**2 - m2).sum())
        step = min(max(step, -longest), longest)
        mu += step
        if abs(step) <= 1e-12 * longest:
            break
    return mu


def _glmm_moments(x: Array, n: Array, mu: float, tau2: float) -> tuple[Array, Array, Array, Array, Array]:
    """log L_i and (d^j L_i / dmu^j) / L_i for j = 1 to 4, of every trial.

    With s = x - n p and w = n p (1 - p) at a node, the derivatives of the integrand f are f times
    s, s^2 - w, s^3 - 3 s w - w', s^4 - 6 s^2 w + 3 w^2 - 4 s w' - w'', where w' = w (1 - 2 p) and
    w'' = w (1 - 6 p (1 - p)). Integrated by parts, they are f times the Hermite polynomials u, u^2 - 1,
    u^3 - 3 u, u^4 - 6 u^2 + 3, divided by tau, tau^2, tau^3, tau^4. The first form loses digits when tau is
    large and the second when it is small.
    """
    tau = math.sqrt(tau2)
    # The mode of x log p + (n - x) log(1 - p) - u^2 / 2 solves u = tau (x - n p); the right side falls in u.
    low, high = tau * (x - n), tau * x
    for _ in range(_MODE_BISECTIONS):
        mode = 0.5 * (low + high)
        above = tau * (x - n * special.expit(mu + tau * mode)) > mode
        low, high = np.where(above, mode, low), np.where(above, high, mode)
    at_mode = special.expit(mu + tau * mode)
    width = 1 / np.sqrt(1 + tau2 * n * at_mode * (1 - at_mode))

    steps = math.ceil(_FEWEST_STEPS * max(1.0, tau / _FINER_ABOVE_TAU))
    step = _REACH / steps
    position = step * np.arange(-steps, steps + 1)
    # Rows: trials; columns: nodes.
    u = mode[:, None] + width[:, None] * np.sinh(position)
    eta = mu + tau * u
    events, size = x[:, None], n[:, None]
    log_f = events * eta - size * np.logaddexp(0, eta) - 0.5 * u**2 + np.log(np.cosh(position))
    peak = log_f.max(axis=1)
    f = np.exp(log_f - peak[:, None])
    total = f.sum(axis=1)
    f = f / total[:, None]
    coefficient = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    log_l = coefficient + peak + np.log(total * width) + math.log(step / math.sqrt(2 * math.pi))

    if tau2 >= _HERMITE_FROM_TAU2:
        u2 = u * u
        return (
            log_l,
            (f * u).sum(axis=1) / tau,
            (f * (u2 - 1)).sum(axis=1) / tau2,
            (f * u * (u2 - 3)).sum(axis=1) / (tau2 * tau),
            (f * (u2 * u2 - 6 * u2 + 3)).sum(axis=1) / tau2**2,
        )
    p = special.expit(eta)
    s = events - size * p
    w = size * p * (1 - p)
    w1 = w * (1 - 2 * p)
    w2 = w * (1 - 6 * p * (1 - p))
    s2 = s * s
    return (
        log_l,
        (f * s).sum(axis=1),
        (f * (s2 - w)).sum(axis=1),
        (f * (s2 * s - 3 * s * w - w1)).sum(axis=1),
        (f * (s2 * s2 - 6 * s2 * w + 3 * w * w - 4 * s * w1 - w2)).sum(axis=1),
    )


# ---- checks of the input ----------------------------------------------------------------------------------


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} = {value!r}; expected one of {', '.join(map(repr, choices))}")


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level = {level!r}; expected a number between 0 and 1, such as 0.95")


def _numbers(name: str, values: ArrayLike, what: str) -> Array:
    """The values as floats, shape (k,), k >= 1."""
    given = np.asarray(values)
    if given.ndim != 1:
        raise ValueError(f"{name} has {given.ndim} dimensions; expected one list of {what}")
    if len(given) == 0:
        raise ValueError(f"{name} is empty; expected at least one {what.rstrip('s')}")
    for position, value in enumerate(given.tolist()):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{name}[{position}] = {value!r}; expected {what}")
    numbers = given.astype(np.float64)
    _refuse(name, numbers, ~np.isfinite(numbers), f"finite {what}")
    return numbers


def _refuse(name: str, values: Array, bad: NDArray[np.bool_], expected: str) -> None:
    """Raise for the first bad position."""
    if bool(bad.any()):
        position = int(np.argmax(bad))
        raise ValueError(f"{name}[{position}] = {values[position]:g}; expected {expected}")


def _same_length(first: str, a: Array, second: str, b: Array) -> None:
    if len(a) != len(b):
        raise ValueError(f"{first} has {len(a)} values and {second} has {len(b)}; expected the same number")


def _check_counts(events: ArrayLike, n: ArrayLike) -> tuple[Array, Array]:
    x, m = _numbers("events", events, "whole numbers"), _numbers("n", n, "whole numbers")
    _same_length("events", x, "n", m)
    _refuse("n", m, (m <= 0) | (m != np.floor(m)), "a whole number of at least 1")
    _refuse("events", x, (x < 0) | (x != np.floor(x)), "a whole number of at least 0")
    if bool((x > m).any()):
        position = int(np.argmax(x > m))
        raise ValueError(
            f"events[{position}] = {x[position]:g} is greater than n[{position}] = {m[position]:g}; "
            "expected events <= n"
        )
    return x, m


def _check_effects(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array]:
    y, v = _numbers("yi", yi, "numbers"), _numbers("vi", vi, "numbers")
    _same_length("yi", y, "vi", v)
    _refuse("vi", v, v <= 0, "a variance greater than 0")
    return y, v
