"""The likelihood of a row of the binomial-normal model: an integral over its random effect u, and its derivatives."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy

from carbite.pooling.checks import Array

# Nodes of the integral: mode + width * sinh(s), s from -4 to 4 in equal steps. The step is 0.1 and shrinks as
# 0.2 / tau, because a row of 0 % or 100 % has an edge that is as narrow as 1 / tau.
_REACH = 4.0
_FEWEST_STEPS = 40
_FINER_ABOVE_TAU = 2.0
# The mode only centres the nodes, so a step of this size ends its search; the error is less than its square.
_MODE_STEP = 1e-6
_MODE_STEPS = 100
# From here on the derivatives of a row's likelihood are taken in their second form, see moments_at.
_HERMITE_FROM_TAU2 = 1.0


class Rows(NamedTuple):
    """Of every trial: events, patients, log odds (infinite at 0 % and 100 %), log of the binomial coefficient."""

    x: Array
    n: Array
    observed: Array
    coefficient: Array


class Nodes(NamedTuple):
    """Distances from the mode in units of the width, and weights."""

    distance: Array
    weight: Array


class Moments(NamedTuple):
    """log L_i and (d^j L_i / dmu^j) / L_i for j = 1 to 4, of every trial."""

    log_l: Array
    m1: Array
    m2: Array
    m3: Array
    m4: Array


def rows_of(x: Array, n: Array) -> Rows:
    """x events among n patients."""
    coefficient = scipy.special.gammaln(n + 1) - scipy.special.gammaln(x + 1) - scipy.special.gammaln(n - x + 1)
    return Rows(x, n, scipy.special.logit(x / n), coefficient)


def nodes_for(tau: float) -> Nodes:
    """The nodes that fit this tau."""
    steps = math.ceil(_FEWEST_STEPS * max(1.0, tau / _FINER_ABOVE_TAU))
    step = _REACH / steps
    position = step * np.arange(-steps, steps + 1)
    return Nodes(np.sinh(position), np.cosh(position) * (step / math.sqrt(2 * math.pi)))


def moments_at(rows: Rows, mu: float, tau2: float, nodes: Nodes) -> Moments:
    """The integral over u and its derivatives.

    With s = x - n p and w = n p (1 - p) at a node, the derivatives of the integrand f are f times
    s, s^2 - w, s^3 - 3 s w - w', s^4 - 6 s^2 w + 3 w^2 - 4 s w' - w'', where w' = w (1 - 2 p) and
    w'' = w (1 - 6 p (1 - p)). Integrated by parts, they are f times the Hermite polynomials u, u^2 - 1,
    u^3 - 3 u, u^4 - 6 u^2 + 3, divided by tau, tau^2, tau^3, tau^4. The first form loses digits when tau is
    large and the second when it is small.
    """
    x, n, _, coefficient = rows
    tau = math.sqrt(tau2)
    mode, width = _mode(rows, mu, tau2)
    # Rows: trials; columns: nodes.
    events, size = x[:, None], n[:, None]
    u = mode[:, None] + width[:, None] * nodes.distance
    eta = mu + tau * u
    e = np.exp(-np.abs(eta))
    height = events * eta - size * (np.maximum(0, eta) + np.log1p(e)) - 0.5 * u * u
    # The node in the middle is the mode.
    peak = height[:, len(nodes.distance) // 2]
    f = nodes.weight * np.exp(height - peak[:, None])
    total = f.sum(axis=1)
    f /= total[:, None]
    log_l = np.log(total * width) + peak + coefficient

    if tau2 >= _HERMITE_FROM_TAU2:
        u2 = u * u
        return Moments(
            log_l,
            np.vecdot(f, u) / tau,
            np.vecdot(f, u2 - 1) / tau2,
            np.vecdot(f, u * (u2 - 3)) / (tau2 * tau),
            np.vecdot(f, u2 * u2 - 6 * u2 + 3) / tau2**2,
        )
    p = np.where(eta < 0, e, 1) / (1 + e)
    s = events - size * p
    s2 = s * s
    w = size * p * (1 - p)
    w1 = w * (1 - 2 * p)
    w2 = w * (1 - 6 * p * (1 - p))
    return Moments(
        log_l,
        np.vecdot(f, s),
        np.vecdot(f, s2 - w),
        np.vecdot(f, s2 * s - 3 * s * w - w1),
        np.vecdot(f, s2 * s2 - 6 * s2 * w + 3 * w * w - 4 * s * w1 - w2),
    )


def _mode(rows: Rows, mu: float, tau2: float) -> tuple[Array, Array]:
    """Where the integrand is highest, and its width there.

    The mode of x log p + (n - x) log(1 - p) - u^2 / 2 solves u = tau (x - n p). With eta = mu + tau u this is the root
    of tau^2 (x - n p) - (eta - mu), which falls, and bends at eta = 0 only. The root lies between mu and the observed
    log odds. From the point between them that is next to 0, Newton's steps reach it from one side.
    """
    x, n, observed, _ = rows
    eta = np.clip(0.0, np.minimum(mu, observed), np.maximum(mu, observed))
    for _ in range(_MODE_STEPS):
        p = scipy.special.expit(eta)
        step = (tau2 * (x - n * p) - (eta - mu)) / (1 + tau2 * n * p * (1 - p))
        eta += step
        if np.abs(step).max() <= _MODE_STEP:
            break
    p = scipy.special.expit(eta)
    return math.sqrt(tau2) * (x - n * p), 1 / np.sqrt(1 + tau2 * n * p * (1 - p))
