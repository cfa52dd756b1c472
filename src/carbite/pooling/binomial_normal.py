"""The binomial-normal model: a pooled arm straight from its counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from carbite.pooling.checks import check_counts, check_level
from carbite.pooling.effects import Proportion
from carbite.pooling.integral import Moments, Rows, moments_at, nodes_for, rows_of
from carbite.pooling.intervals import limits_around
from carbite.pooling.search import global_maximum

# The grid of tau2 on the logit scale, where the unit is absolute: from 0.0003 to 55, neighbours 65 % apart.
_TAU2_GRID = np.exp(np.linspace(-8.0, 4.0, 25))

_MU_STEPS = 100
# The search for mu ends at a step of this size; the error is less than its square.
_MU_STEP = 1e-12
_MU_STEP_IN_SEARCH = 1e-7


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


def glmm(events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Glmm:
    """Binomial-normal model by maximum likelihood.

    x_i ~ Binomial(n_i, expit(mu + tau u_i)), u_i ~ Normal(0, 1).

    No continuity correction is needed for rows of 0 % or 100 %. The likelihood of a row is an integral over
    u. It is evaluated at the nodes u = m + d sinh(s), s in equal steps from -4 to 4, where m is the mode of
    the integrand and d = (1 + tau2 n p (1 - p))^(-1/2) its width there: an adaptive rule like Gauss-Hermite,
    but it also reaches the long tails of rows of 0 % or 100 %. There are 81 nodes, and more for tau > 2; the
    log likelihood of a row of up to 1000 patients is exact to 1e-9 up to tau2 = 300. For each tau2 the
    likelihood is concave in mu, so Halley's steps find its maximum; the profile over tau2 is searched
    globally, tau2 = 0 included.

    Args:
        events: patients with the event, whole numbers, shape (k,).
        n: patients counted, whole numbers, shape (k,).
        level: of both intervals, between 0 and 1.

    Returns:
        The fit, with estimate and intervals also as proportions.

    Raises:
        ValueError: for bad counts, and when every row is at 0 % or 100 %: the likelihood then rises without
            end as mu or tau2 grows, so there is no finite maximum.

    Source: Stijnen, Hamza & Ozdemir 2010, Stat Med 29:3046.
    """
    x, m = check_counts(events, n)
    check_level(level)
    if bool(np.all((x == 0) | (x == m))):
        raise ValueError(
            "events and n: every row is at 0 % or 100 %, so the binomial-normal likelihood has no finite "
            "maximum; expected at least one row with 0 < events < n"
        )
    rows = rows_of(x, m)
    # Each search for mu starts from the one before: that saves most of its steps and changes no result.
    mu = math.log(x.sum() / (m - x).sum())

    def maximum_at(tau2: float, last_step: float) -> tuple[Moments, float]:
        nonlocal mu
        mu, moments, step = _maximum(rows, mu, tau2, last_step)
        return moments, step

    def score(tau2: float) -> float:
        # While tau2 is searched, the step that is left is put into the score to first order and not taken.
        (_, m1, m2, m3, _), step = maximum_at(tau2, _MU_STEP_IN_SEARCH)
        return 0.5 * float((m2 + step * (m3 - m1 * m2)).sum())

    def loglik(tau2: float) -> float:
        return float(maximum_at(tau2, _MU_STEP)[0].log_l.sum())

    loglik_tau0 = loglik(0.0)
    tau2, optima = global_maximum(
        lambda grid: np.array([score(t) for t in grid.tolist()]),
        lambda candidates: np.array([loglik(t) for t in candidates.tolist()]),
        _TAU2_GRID,
    )
    (log_l, m1, m2, m3, m4), _ = maximum_at(tau2, _MU_STEP)
    # Minus the second derivatives of the log likelihood; d/dtau2 is half of d^2/dmu^2 of the integral.
    info_mu = -float((m2 - m1**2).sum())
    info_cross = -float((m3 - m1 * m2).sum()) / 2
    info_tau2 = -float((m4 - m2**2).sum()) / 4
    known = 1 / math.sqrt(info_mu)
    se = known if tau2 == 0 else 1 / math.sqrt(info_mu - info_cross**2 / info_tau2)

    limits = limits_around(mu, level, None, se, math.sqrt(se**2 + tau2) if len(x) > 1 else math.nan)
    return Glmm(
        **limits._asdict(),
        se=se,
        se_given_tau2=known,
        tau2=tau2,
        loglik=float(log_l.sum()),
        loglik_tau0=loglik_tau0,
        optima=optima,
        k=len(x),
        level=level,
        proportion=Proportion(*(float(scipy.special.expit(value)) for value in limits)),
    )


def _maximum(rows: Rows, start: float, tau2: float, last_step: float) -> tuple[float, Moments, float]:
    """The mu that maximises the likelihood at tau2 (it is concave in mu), the moments there, and the next step.

    The next step, which is not taken, is at most ``last_step``. The steps are Halley's: Newton's, corrected by the
    third derivative, which is there anyway.
    """
    # Far from the maximum the curvature is small and a full step would overshoot.
    longest = max(1.0, math.sqrt(tau2))
    nodes = nodes_for(math.sqrt(tau2))
    mu = start
    for _ in range(_MU_STEPS):
        moments = moments_at(rows, mu, tau2, nodes)
        _, m1, m2, m3, _ = moments
        slope = float(m1.sum())
        curvature = float((m2 - m1**2).sum())
        third = float((m3 - 3 * m1 * m2 + 2 * m1**3).sum())
        step = -slope / (curvature * max(0.5, 1 - slope * third / (2 * curvature**2)))
        if abs(step) <= last_step * longest:
            break
        mu += min(max(step, -longest), longest)
    return mu, moments, step
