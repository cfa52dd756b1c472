"""The highest of several maxima, and a bracketed root: fixed steps, so that another language can repeat them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from carbite.pooling.checks import Array

Curve = Callable[[Array], Array]

# A score that is smaller than this share of the largest one is 0 up to rounding.
_SCORE_ROUNDING = 1e-12
# The bracketed search needs about ten steps; the rest is for brackets of a badly scaled function.
_ROOT_STEPS = 200
# A relative width at which rounding of a double, not the bracket, limits a root.
_ROOT_WIDTH = 1e-15


def global_maximum(score: Curve, loglik: Curve, grid: Array) -> tuple[float, int]:
    """The tau2 >= 0 with the highest log likelihood, and the number of local maxima.

    The score is evaluated at 0 and on the grid, which is extended by doubling until the score is no longer
    positive at its end. Every change from a positive score to one that is not brackets a local maximum, and
    :func:`bracketed_root` finds it; 0 is one when the score there is not positive.
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
        root = bracketed_root(lambda t: float(score(np.array([t]))[0]), float(points[j]), float(points[j + 1]))
        candidates.append(root)
    best = int(np.argmax(loglik(np.array(candidates))))
    return candidates[best], len(candidates)


def bracketed_root(f: Callable[[float], float], low: float, high: float) -> float:
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
