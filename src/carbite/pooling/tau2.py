"""The variance between trials, tau2: one function for one arm and for several arms that share it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from carbite.pooling.checks import Array
from carbite.pooling.search import bracketed_root, global_maximum

TAU2 = ("EE", "DL", "REML", "ML", "PM", "HE", "SJ")
"""Estimators of the variance between trials, see :func:`pool_effects`."""

Groups = Sequence[tuple[Array, Array]]

# The grid of tau2 in units of the mean sampling variance: from e^-12 to e^12, neighbours 13 % apart.
_REML_GRID = np.exp(np.linspace(-12.0, 12.0, 200))


def mean_at(y: Array, v: Array, tau2: float) -> tuple[float, float, float]:
    """The weighted mean, the sum of the weights, and the weighted sum of squares around the mean."""
    w = 1 / (v + tau2)
    total = float(w.sum())
    # Seen from the first effect, so that equal effects have exactly that mean and no scatter by rounding.
    mean = float(y[0]) + float((w * (y - y[0])).sum()) / total
    return mean, total, float((w * (y - mean) ** 2).sum())


def estimate_tau2(groups: Groups, method: str) -> tuple[float, int]:
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
        q = sum(mean_at(y, v, 0.0)[2] for y, v in groups)
        scale = sum(float((1 / v).sum() - (1 / v**2).sum() / (1 / v).sum()) for _, v in groups)
        return max(0.0, (q - df) / scale), 1
    if method == "HE":
        squares = sum(float(((y - y.mean()) ** 2).sum()) for y, _ in groups)
        sampling = sum(float(v.sum()) * (1 - 1 / len(v)) for _, v in groups)
        return max(0.0, (squares - sampling) / df), 1
    if method == "SJ":
        # metafor starts from the scatter of all effects around one mean, also when there are groups.
        start = float(((y_all - y_all.mean()) ** 2).mean())
        return start * sum(mean_at(y, v, start)[2] for y, v in groups) / df, 1
    scale = float(v_all.mean())
    if method == "PM":
        return _paule_mandel(groups, df, scale), 1
    restricted = method == "REML"
    return global_maximum(
        lambda t: sum((_score(y, v, t, restricted) for y, v in groups), np.zeros(len(t))),
        lambda t: sum((_loglik(y, v, t, restricted) for y, v in groups), np.zeros(len(t))),
        scale * _REML_GRID,
    )


def _paule_mandel(groups: Groups, df: int, scale: float) -> float:
    def excess(tau2: float) -> float:
        return sum(mean_at(y, v, tau2)[2] for y, v in groups) - df

    if excess(0.0) <= 0:
        return 0.0
    high = scale
    while excess(high) > 0:
        high *= 2
    return bracketed_root(excess, 0.0, high)


def _residuals(y: Array, v: Array, tau2: Array) -> tuple[Array, Array, Array]:
    """w (rows: trials, columns: tau2), its column sums, and the squared residuals of the means."""
    w = 1 / (v[:, None] + tau2)
    total = w.sum(axis=0)
    mean = (w * y[:, None]).sum(axis=0) / total
    return w, total, (y[:, None] - mean) ** 2


def _score(y: Array, v: Array, tau2: Array, restricted: bool) -> Array:
    """d/dtau2 of the (restricted) log likelihood, at every tau2."""
    w, total, square = _residuals(y, v, tau2)
    w2 = w * w
    trace = total - w2.sum(axis=0) / total if restricted else total
    return cast(Array, 0.5 * ((w2 * square).sum(axis=0) - trace))


def _loglik(y: Array, v: Array, tau2: Array, restricted: bool) -> Array:
    """The (restricted) log likelihood, without its constant, at every tau2."""
    w, total, square = _residuals(y, v, tau2)
    value = 0.5 * (np.log(w).sum(axis=0) - (w * square).sum(axis=0))
    return cast(Array, value - 0.5 * np.log(total) if restricted else value)
