"""The compiled loop over subsets: 64 at a time, so that one instruction works on several of them.

This module imports Numba, which takes most of a second, and its functions are compiled when they are first called.
So it is imported by the function that needs it and by nothing else.

A block is 64 subsets, its *lanes*. Whatever is additive over trials (weights, sums of squares, the sums behind the
score of the likelihood at fixed values of tau2) is a *table* for the trials in which the lanes differ, plus one number
for the trials that they share. When every subset is wanted, the lanes are the 64 subsets of the first six trials, the
table is made once, and a block only changes the shared trials: that is the doubling recurrence
S(subset with trial j) = S(subset) + x_j, in blocks. When masks were drawn at random, all trials are in the table.

Means and sums of squares are joined by Chan's formula, in which nothing cancels: effects that are equal have a sum of
squares of exactly 0. In the steps that settle a result, effects are seen from the equal-effects mean of their own
subset, for the same reason.

A (restricted) likelihood is scanned on a grid of tau2 that all subsets share, with neighbours 60 % apart: its features
are as wide as the sampling variances are spread, and those are sums of 1 / (v + tau2), smooth at that scale. A lane
with exactly one maximum there is refined by safeguarded Newton steps on score / sum w^2, which is nearly a straight
line. A lane with more, or where the score comes near zero without a change of sign, takes the longer way of
``carbite.pooling``: the same grid of 200 points of its own, every bracket, and the highest likelihood.

No ``fastmath``: the order of every sum is fixed, so results do not depend on the machine's instructions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compiled, and kept on disk where there is a folder for it: beside this file, else in the user's cache.

    Numba's files name the processor and the date of the source, so they are not used elsewhere or after a change.
    """
    try:
        return cast(Function, numba.njit(cache=True, error_model="numpy")(function))
    except RuntimeError:  # no folder can be written
        return cast(Function, numba.njit(error_model="numpy")(function))


EE, DL, REML, ML, PM, HE, SJ = range(7)
Z, HARTUNG_KNAPP, MODIFIED = range(3)

LANES = 64
LANE_BITS = 6

# Rows of the workspace: one number per lane each. A constant row length lets the compiler see that rows are apart.
_WEIGHT, _MEAN, _Q, _WEIGHT2, _COUNT, _PLAIN_MEAN, _PLAIN_SQUARES, _VARIANCES = (LANES * row for row in range(8))
_CENTRE, _CENTRE_Q, _K, _SQUARES, _TAU2, _TRACE = (LANES * row for row in range(8, 14))
_S0, _S1, _S2, _T0, _T1, _T2, _U0, _U1, _U2 = (LANES * row for row in range(14, 23))
_BEFORE, _LAST, _LEFT, _RIGHT, _AT_LEFT, _AT_RIGHT, _MAXIMA, _DOUBT, _STEP = (LANES * row for row in range(23, 32))
_MEAN_OUT = LANES * 32
_ROWS = 33

# Sums behind the score, per value of tau2: w, w y, w^2, w^2 y, w^2 y^2.
_SUMS = 5

# An extremum of the score that comes nearer to zero than this share of its second difference is looked at closely;
# a parabola through three points passes them by at most an eighth.
_NEAR = 0.25
# A score at 0 below this share of sum w is zero up to rounding, and looked at closely.
_ZERO = 1e-11
# Newton's steps end at this step, relative to v + tau2; the error is about its square.
_LAST_STEP = 1e-7
_STEPS = 60

# As in carbite.pooling.
_FINE_GRID = 200
_SCORE_ROUNDING = 1e-12
_ROOT_STEPS = 200
_ROOT_WIDTH = 1e-15


@compiled
def run(
    first: int,
    last: int,
    masks: Any,
    y: Any,
    v: Any,
    grid: Any,
    centre: float,
    method: int,
    interval: int,
    estimate: Any,
    se: Any,
    tau2: Any,
    q: Any,
    optima: Any,
) -> None:
    """Fit the blocks ``first`` to ``last`` - 1 into the output arrays.

    ``masks`` empty: every subset; lane l of block b is mask 64 b + l, and its results go to that position. Otherwise
    the results of ``masks[j]`` go to position j. ``grid`` (values of tau2, the first is 0) is empty except for REML
    and ML; ``y`` is the effect minus ``centre``; ``tau2`` and ``optima`` may be empty where they are constant.
    """
    k = len(y)
    drawn = len(masks) > 0
    total = len(estimate)
    low = k if drawn else min(k, LANE_BITS)
    ws = np.zeros(_ROWS * LANES)
    # Which lanes contain a trial, 0 or 1; the row after the last trial is that of nobody.
    inside = np.ones((k + 1) * LANES)
    inside[k * LANES :] = 0.0
    lane_masks = np.arange(LANES)
    per_trial = np.empty((k, len(grid) * _SUMS))
    for i in range(k):
        for g in range(len(grid)):
            w = 1.0 / (v[i] + grid[g])
            per_trial[i, g * _SUMS] = w
            per_trial[i, g * _SUMS + 1] = w * y[i]
            per_trial[i, g * _SUMS + 2] = w * w
            per_trial[i, g * _SUMS + 3] = w * w * y[i]
            per_trial[i, g * _SUMS + 4] = w * w * y[i] * y[i]
    table = np.empty(len(grid) * _SUMS * LANES)
    shared = np.empty(len(grid) * _SUMS)
    members = np.empty(k, np.int64)
    own_y, own_v = np.empty(k), np.empty(k)
    smallest_v = v.min()
    if not drawn:
        _fill_tables(lane_masks, low, y, v, per_trial, inside, ws, table)
    for i in range(low):
        members[i] = i
    for block in range(first, last):
        start = block * LANES
        if drawn:
            for lane in range(LANES):
                lane_masks[lane] = masks[min(start + lane, total - 1)]
            _fill_tables(lane_masks, low, y, v, per_trial, inside, ws, table)
        # The trials that all lanes share.
        count = low
        weight = mean = scatter = weight2 = plain_mean = plain_squares = variances = 0.0
        shared[:] = 0.0
        for i in range(low, k):
            if (start >> i) & 1:
                members[count] = i
                count += 1
                w = 1.0 / v[i]
                weight += w
                step = y[i] - mean
                share = w / weight
                mean += share * step
                scatter += (weight - w) * share * step * step
                if method == DL:
                    weight2 += w * w
                elif method in (HE, SJ):
                    step = y[i] - plain_mean
                    share = 1.0 / (count - low)
                    plain_mean += share * step
                    plain_squares += (count - low - 1) * share * step * step
                    variances += v[i]
                for j in range(len(shared)):
                    shared[j] += per_trial[i, j]
        held = float(count - low)

        # Equal effects: mean and sum of squares of the shared trials and the lane's own, joined.
        for lane in range(LANES):
            own = ws[_WEIGHT + lane]
            joint = weight + own
            share = own / joint
            step = ws[_MEAN + lane] - mean
            ws[_S0 + lane] = joint
            ws[_CENTRE + lane] = mean + share * step
            ws[_CENTRE_Q + lane] = scatter + ws[_Q + lane] + weight * share * step * step
            ws[_K + lane] = held + ws[_COUNT + lane]
        if method != EE:
            if method == DL:
                for lane in range(LANES):
                    df = ws[_K + lane] - 1.0
                    joint = ws[_S0 + lane]
                    scale = joint - (weight2 + ws[_WEIGHT2 + lane]) / joint
                    found = (ws[_CENTRE_Q + lane] - df) / scale
                    ws[_TAU2 + lane] = found if found > 0.0 and df > 0.0 else 0.0
            elif method in (HE, SJ):
                for lane in range(LANES):
                    own = ws[_COUNT + lane]
                    number = held + own
                    step = ws[_PLAIN_MEAN + lane] - plain_mean
                    squares = plain_squares + ws[_PLAIN_SQUARES + lane] + held * (own / number) * step * step
                    ws[_SQUARES + lane] = squares
                    sampling = (variances + ws[_VARIANCES + lane]) * (1.0 - 1.0 / number)
                    found = (squares - sampling) / (number - 1.0)
                    ws[_TAU2 + lane] = found if found > 0.0 and number > 1.0 else 0.0
                if method == SJ:
                    for lane in range(LANES):
                        ws[_TAU2 + lane] = ws[_SQUARES + lane] / ws[_K + lane]
                    _sums_at_tau2(count, members, inside, y, v, ws)
                    for lane in range(LANES):
                        df = ws[_K + lane] - 1.0
                        around = ws[_S2 + lane] - ws[_S1 + lane] * ws[_S1 + lane] / ws[_S0 + lane]
                        ws[_TAU2 + lane] = ws[_TAU2 + lane] * max(around, 0.0) / df if df > 0.0 else 0.0
            elif method == PM:
                _paule_mandel(count, members, inside, y, v, smallest_v, ws)
            else:
                restricted = 1.0 if method == REML else 0.0
                _scan(grid, table, shared, restricted, ws)
                _refine(count, members, inside, y, v, smallest_v, restricted, ws)
                for lane in range(LANES):
                    if ws[_K + lane] < 2.0:
                        ws[_TAU2 + lane] = 0.0
                        ws[_MAXIMA + lane] = 1.0
                    elif ws[_DOUBT + lane] > 0.0:
                        number_of = 0
                        for m in range(count):
                            i = members[m]
                            if inside[i * LANES + lane] > 0.0:
                                own_y[number_of] = y[i]
                                own_v[number_of] = v[i]
                                number_of += 1
                        best, maxima = _highest(own_y[:number_of], own_v[:number_of], restricted)
                        ws[_TAU2 + lane] = best
                        ws[_MAXIMA + lane] = maxima
            _sums_at_tau2(count, members, inside, y, v, ws)
        size = min(LANES, total - start)
        for lane in range(size):
            q[start + lane] = ws[_CENTRE_Q + lane]
        if method == EE:
            for lane in range(LANES):
                ws[_STEP + lane] = math.sqrt(1.0 / ws[_S0 + lane])
                ws[_MEAN_OUT + lane] = ws[_CENTRE + lane]
                ws[_SQUARES + lane] = ws[_CENTRE_Q + lane]
        else:
            for lane in range(LANES):
                shift = ws[_S1 + lane] / ws[_S0 + lane]
                ws[_STEP + lane] = math.sqrt(1.0 / ws[_S0 + lane])
                ws[_MEAN_OUT + lane] = ws[_CENTRE + lane] + shift
                ws[_SQUARES + lane] = max(ws[_S2 + lane] - shift * ws[_S1 + lane], 0.0)
            for lane in range(size):
                tau2[start + lane] = ws[_TAU2 + lane]
        if interval != Z:
            floor = 1.0 if interval == MODIFIED else 0.0
            for lane in range(LANES):
                df = ws[_K + lane] - 1.0
                scale = max(floor, ws[_SQUARES + lane] / df) if df > 0.0 else 1.0
                ws[_STEP + lane] *= math.sqrt(scale)
        for lane in range(size):
            estimate[start + lane] = ws[_MEAN_OUT + lane] + centre
        for lane in range(size):
            se[start + lane] = ws[_STEP + lane]
        if method in (REML, ML):
            for lane in range(size):
                optima[start + lane] = ws[_MAXIMA + lane]


@compiled
def _fill_tables(lane_masks: Any, low: int, y: Any, v: Any, per_trial: Any, inside: Any, ws: Any, table: Any) -> None:
    """Everything that is additive over the first ``low`` trials, for the masks of the lanes."""
    ws[: LANES * (_VARIANCES // LANES + 1)] = 0.0
    table[:] = 0.0
    for i in range(low):
        row = i * LANES
        w = 1.0 / v[i]
        for lane in range(LANES):
            here = 1.0 if (lane_masks[lane] >> i) & 1 else 0.0
            inside[row + lane] = here
            weight = ws[_WEIGHT + lane] + here * w
            number = ws[_COUNT + lane] + here
            if here > 0.0:
                step = y[i] - ws[_MEAN + lane]
                share = w / weight
                ws[_MEAN + lane] += share * step
                ws[_Q + lane] += (weight - w) * share * step * step
                step = y[i] - ws[_PLAIN_MEAN + lane]
                share = 1.0 / number
                ws[_PLAIN_MEAN + lane] += share * step
                ws[_PLAIN_SQUARES + lane] += (number - 1.0) * share * step * step
            ws[_WEIGHT + lane] = weight
            ws[_COUNT + lane] = number
            ws[_WEIGHT2 + lane] += here * w * w
            ws[_VARIANCES + lane] += here * v[i]
        for j in range(per_trial.shape[1]):
            value = per_trial[i, j]
            for lane in range(LANES):
                table[j * LANES + lane] += inside[row + lane] * value


@compiled
def _sums_at_tau2(count: int, members: Any, inside: Any, y: Any, v: Any, ws: Any) -> None:
    """sum w, sum w d and sum w d^2 at each lane's tau2; d is the distance from the lane's centre."""
    for lane in range(LANES):
        ws[_S0 + lane] = 0.0
        ws[_S1 + lane] = 0.0
        ws[_S2 + lane] = 0.0
    for m in range(count):
        i = members[m]
        row = i * LANES
        y_i, v_i = y[i], v[i]
        for lane in range(LANES):
            w = inside[row + lane] / (v_i + ws[_TAU2 + lane])
            d = y_i - ws[_CENTRE + lane]
            p = w * d
            ws[_S0 + lane] += w
            ws[_S1 + lane] += p
            ws[_S2 + lane] += p * d


@compiled
def _paule_mandel(count: int, members: Any, inside: Any, y: Any, v: Any, smallest_v: float, ws: Any) -> None:
    """The root of Q(t) = k - 1 by Newton's steps on 1 / Q, which is concave: from 0 they never pass the root."""
    for lane in range(LANES):
        ws[_TAU2 + lane] = 0.0
    for _ in range(_STEPS):
        for lane in range(LANES):
            ws[_S0 + lane] = 0.0
            ws[_S1 + lane] = 0.0
            ws[_S2 + lane] = 0.0
            ws[_T0 + lane] = 0.0
            ws[_T1 + lane] = 0.0
            ws[_T2 + lane] = 0.0
        for m in range(count):
            i = members[m]
            row = i * LANES
            y_i, v_i = y[i], v[i]
            for lane in range(LANES):
                w = inside[row + lane] / (v_i + ws[_TAU2 + lane])
                d = y_i - ws[_CENTRE + lane]
                p = w * d
                w2 = w * w
                p2 = w2 * d
                ws[_S0 + lane] += w
                ws[_S1 + lane] += p
                ws[_S2 + lane] += p * d
                ws[_T0 + lane] += w2
                ws[_T1 + lane] += p2
                ws[_T2 + lane] += p2 * d
        longest = 0.0
        for lane in range(LANES):
            df = ws[_K + lane] - 1.0
            shift = ws[_S1 + lane] / ws[_S0 + lane]
            around = ws[_S2 + lane] - shift * ws[_S1 + lane]
            slope = ws[_T2 + lane] - shift * (2.0 * ws[_T1 + lane] - shift * ws[_T0 + lane])
            step = around * (around / df - 1.0) / slope
            # Below 0 only where the root is negative, or by the rounding of the last step.
            taken = step if df > 0.0 and around > df else 0.0
            ws[_TAU2 + lane] += taken
            ws[_STEP + lane] = taken / (smallest_v + ws[_TAU2 + lane])
        for lane in range(LANES):
            longest = max(longest, ws[_STEP + lane])
        if longest <= _LAST_STEP:
            break


@compiled
def _scan(grid: Any, table: Any, shared: Any, restricted: float, ws: Any) -> None:
    """Count the maxima on the grid, keep the bracket of the last, and mark the lanes that need the longer way.

    The score is divided by sum w: it then moves between two constants as log tau2 grows.
    """
    for lane in range(LANES):
        ws[_MAXIMA + lane] = 0.0
        ws[_DOUBT + lane] = 0.0
        ws[_LEFT + lane] = 0.0
        ws[_RIGHT + lane] = 0.0
        ws[_AT_LEFT + lane] = 0.0
        ws[_AT_RIGHT + lane] = 0.0
    for g in range(len(grid)):
        j = g * _SUMS
        here = grid[g]
        before = grid[max(g - 1, 0)]
        w_shared, wy_shared, w2_shared, w2y_shared, w2yy_shared = (
            shared[j],
            shared[j + 1],
            shared[j + 2],
            shared[j + 3],
            shared[j + 4],
        )
        row = j * LANES
        if g == 0:
            for lane in range(LANES):
                w = w_shared + table[row + lane]
                w2 = w2_shared + table[row + 2 * LANES + lane]
                inverse = 1.0 / w
                mean = (wy_shared + table[row + LANES + lane]) * inverse
                squares = (w2yy_shared + table[row + 4 * LANES + lane]) - mean * (
                    2.0 * (w2y_shared + table[row + 3 * LANES + lane]) - mean * w2
                )
                value = (squares - w + restricted * (w2 * inverse)) * inverse
                ws[_LAST + lane] = value
                ws[_BEFORE + lane] = value
                ws[_MAXIMA + lane] = 1.0 if value <= 0.0 else 0.0
                ws[_DOUBT + lane] = 1.0 if abs(value) <= _ZERO else 0.0
        else:
            for lane in range(LANES):
                w = w_shared + table[row + lane]
                w2 = w2_shared + table[row + 2 * LANES + lane]
                inverse = 1.0 / w
                mean = (wy_shared + table[row + LANES + lane]) * inverse
                squares = (w2yy_shared + table[row + 4 * LANES + lane]) - mean * (
                    2.0 * (w2y_shared + table[row + 3 * LANES + lane]) - mean * w2
                )
                value = (squares - w + restricted * (w2 * inverse)) * inverse
                last = ws[_LAST + lane]
                rise_in = last - ws[_BEFORE + lane]
                rise_out = value - last
                side = 1.0 if last > 0.0 else -1.0
                turns = rise_in * side < 0.0 and rise_out * side > 0.0
                near = last * side <= _NEAR * side * (rise_out - rise_in)
                ws[_DOUBT + lane] = 1.0 if turns and near else ws[_DOUBT + lane]
                falls = last > 0.0 and value <= 0.0
                ws[_MAXIMA + lane] += 1.0 if falls else 0.0
                ws[_LEFT + lane] = before if falls else ws[_LEFT + lane]
                ws[_RIGHT + lane] = here if falls else ws[_RIGHT + lane]
                ws[_AT_LEFT + lane] = last if falls else ws[_AT_LEFT + lane]
                ws[_AT_RIGHT + lane] = value if falls else ws[_AT_RIGHT + lane]
                ws[_BEFORE + lane] = last
                ws[_LAST + lane] = value
    for lane in range(LANES):
        ws[_DOUBT + lane] = 1.0 if ws[_MAXIMA + lane] != 1.0 else ws[_DOUBT + lane]


@compiled
def _refine(
    count: int, members: Any, inside: Any, y: Any, v: Any, smallest_v: float, restricted: float, ws: Any
) -> None:
    """tau2 of each lane from its bracket, by Newton's steps on score / sum w^2; a step that leaves it is halved.

    A lane without a bracket (the maximum is at 0) stays at 0. A lane that does not settle is marked.
    """
    for lane in range(LANES):
        # score / sum w^2 is about (v + tau2) score / sum w, with the typical v; the line between the two ends.
        typical = ws[_K + lane] / ws[_S0 + lane]
        left, right = ws[_LEFT + lane], ws[_RIGHT + lane]
        at_left = ws[_AT_LEFT + lane] * (typical + left)
        at_right = ws[_AT_RIGHT + lane] * (typical + right)
        inner = left + (right - left) * (at_left / (at_left - at_right))
        ws[_TAU2 + lane] = inner if right > 0.0 else 0.0
    nobody = len(y)
    for _ in range(_STEPS):
        for lane in range(LANES):
            ws[_S0 + lane] = 0.0
            ws[_S1 + lane] = 0.0
            ws[_T0 + lane] = 0.0
            ws[_T1 + lane] = 0.0
            ws[_T2 + lane] = 0.0
            ws[_U0 + lane] = 0.0
            ws[_U1 + lane] = 0.0
            ws[_U2 + lane] = 0.0
        # Two trials at a time: the sums are read and written half as often, which is most of the work.
        for m in range(0, count, 2):
            i, j = members[m], members[m + 1] if m + 1 < count else nobody
            row, other = i * LANES, j * LANES
            y_i, v_i, y_j, v_j = y[i], v[i], y[min(j, len(y) - 1)], v[min(j, len(y) - 1)]
            for lane in range(LANES):
                tau2, centre = ws[_TAU2 + lane], ws[_CENTRE + lane]
                w = inside[row + lane] / (v_i + tau2)
                x = inside[other + lane] / (v_j + tau2)
                d, e = y_i - centre, y_j - centre
                w2, x2 = w * w, x * x
                w3, x3 = w2 * w, x2 * x
                p2, r2 = w2 * d, x2 * e
                p3, r3 = w3 * d, x3 * e
                ws[_S0 + lane] += w + x
                ws[_S1 + lane] += w * d + x * e
                ws[_T0 + lane] += w2 + x2
                ws[_T1 + lane] += p2 + r2
                ws[_T2 + lane] += p2 * d + r2 * e
                ws[_U0 + lane] += w3 + x3
                ws[_U1 + lane] += p3 + r3
                ws[_U2 + lane] += p3 * d + r3 * e
        for lane in range(LANES):
            w, w2, w3 = ws[_S0 + lane], ws[_T0 + lane], ws[_U0 + lane]
            inverse = 1.0 / w
            shift = ws[_S1 + lane] * inverse
            first = ws[_T1 + lane] - shift * w2
            second = ws[_T2 + lane] - shift * (2.0 * ws[_T1 + lane] - shift * w2)
            third = ws[_U2 + lane] - shift * (2.0 * ws[_U1 + lane] - shift * w3)
            ratio = w2 * inverse
            score = second - w + restricted * ratio
            slope = 2.0 * (first * first * inverse - third) + w2 + restricted * (ratio * ratio - 2.0 * w3 * inverse)
            tau2 = ws[_TAU2 + lane]
            left = tau2 if score > 0.0 else ws[_LEFT + lane]
            right = ws[_RIGHT + lane] if score > 0.0 else tau2
            newton = tau2 - score * w2 / (slope * w2 + 2.0 * score * w3)
            # At the end the rounding of the score may place the last step a little outside.
            settled = abs(newton - tau2) <= _LAST_STEP * (smallest_v + tau2)
            inner = newton if (newton > left and newton < right) or settled else 0.5 * (left + right)
            open_bracket = ws[_RIGHT + lane] > 0.0
            inner = inner if open_bracket else 0.0
            ws[_LEFT + lane] = left if open_bracket else 0.0
            ws[_RIGHT + lane] = right if open_bracket else 0.0
            ws[_STEP + lane] = abs(inner - tau2) / (smallest_v + tau2)
            ws[_TAU2 + lane] = inner
        longest = 0.0
        for lane in range(LANES):
            longest = max(longest, ws[_STEP + lane] if ws[_DOUBT + lane] == 0.0 else 0.0)
        if longest <= _LAST_STEP:
            break
    for lane in range(LANES):
        ws[_DOUBT + lane] = 1.0 if ws[_STEP + lane] > _LAST_STEP else ws[_DOUBT + lane]


@compiled
def _score_at(y: Any, v: Any, tau2: float, restricted: float) -> float:
    total = weighted = trace = 0.0
    for i in range(len(y)):
        w = 1.0 / (v[i] + tau2)
        total += w
        weighted += w * (y[i] - y[0])
        trace += w * w
    mean = y[0] + weighted / total
    squares = 0.0
    for i in range(len(y)):
        w = 1.0 / (v[i] + tau2)
        squares += w * w * (y[i] - mean) ** 2
    return 0.5 * (squares - (total - restricted * (trace / total)))


@compiled
def _loglik_at(y: Any, v: Any, tau2: float, restricted: float) -> float:
    total = weighted = 0.0
    for i in range(len(y)):
        w = 1.0 / (v[i] + tau2)
        total += w
        weighted += w * (y[i] - y[0])
    mean = y[0] + weighted / total
    value = 0.0
    for i in range(len(y)):
        w = 1.0 / (v[i] + tau2)
        value += math.log(w) - w * (y[i] - mean) ** 2
    return 0.5 * (value - restricted * math.log(total))


@compiled
def _root(y: Any, v: Any, low: float, high: float, restricted: float) -> float:
    """``carbite.pooling.search.bracketed_root`` of the score."""
    f_low, f_high = _score_at(y, v, low, restricted), _score_at(y, v, high, restricted)
    moved = 0
    for _ in range(_ROOT_STEPS):
        if high - low <= _ROOT_WIDTH * high:
            break
        middle = low + (high - low) * (f_low / (f_low - f_high))
        if not (low < middle and middle < high):
            middle = 0.5 * (low + high)
            if not (low < middle and middle < high):
                break
        value = _score_at(y, v, middle, restricted)
        if value > 0:
            f_high = 0.5 * f_high if moved == 1 else f_high
            low, f_low, moved = middle, value, 1
        else:
            f_low = 0.5 * f_low if moved == -1 else f_low
            high, f_high, moved = middle, value, -1
    return 0.5 * (low + high)


@compiled
def _highest(y: Any, v: Any, restricted: float) -> tuple[float, float]:
    """``carbite.pooling.search.global_maximum``: the tau2 with the highest likelihood, and the number of maxima."""
    points = np.empty(_FINE_GRID + 1)
    slopes = np.empty(_FINE_GRID + 1)
    scale = v.mean()
    largest = 0.0
    for j in range(_FINE_GRID + 1):
        points[j] = scale * math.exp(-12.0 + 24.0 * (j - 1) / (_FINE_GRID - 1)) if j > 0 else 0.0
        slopes[j] = _score_at(y, v, points[j], restricted)
        largest = max(largest, abs(slopes[j]))
    if abs(slopes[0]) <= _SCORE_ROUNDING * largest:
        slopes[0] = 0.0
    best, maxima, highest = 0.0, 0.0, -np.inf
    if slopes[0] <= 0.0:
        maxima, highest = 1.0, _loglik_at(y, v, 0.0, restricted)
    j = 0
    left, at_left = points[0], slopes[0]
    while j < _FINE_GRID or at_left > 0.0:
        j += 1
        right = points[j] if j <= _FINE_GRID else 2.0 * left
        at_right = slopes[j] if j <= _FINE_GRID else _score_at(y, v, right, restricted)
        if at_left > 0.0 and at_right <= 0.0:
            root = _root(y, v, left, right, restricted)
            height = _loglik_at(y, v, root, restricted)
            maxima += 1.0
            if height > highest:
                best, highest = root, height
        left, at_left = right, at_right
    return best, maxima


@compiled
def fit_each(y: Any, v: Any, method: int, interval: int, estimate: Any, se: Any) -> None:
    """Pool each row of ``y`` and ``v`` (shape: rows, trials) by itself, as ``run`` pools a subset.

    For sets of trials that differ in their counts and not in who is in them, so that no sums are shared.
    """
    k = y.shape[1]
    df = k - 1.0
    for row in range(len(y)):
        tau2 = _tau2_of(y[row], v[row], method) if k > 1 else 0.0
        mean, weight, scatter = _mean_at(y[row], v[row], tau2)
        scale = scatter / df if interval != Z and k > 1 else 1.0
        if interval == MODIFIED:
            scale = max(1.0, scale)
        estimate[row] = mean
        se[row] = math.sqrt(scale / weight)


@compiled
def _tau2_of(y: Any, v: Any, method: int) -> float:
    """The estimators of ``carbite.pooling.pool_effects`` for one set of two trials or more."""
    if method == EE:
        return 0.0
    if method in (REML, ML):
        return _highest(y, v, 1.0 if method == REML else 0.0)[0]
    k = len(y)
    df = k - 1.0
    if method == DL:
        _, weight, scatter = _mean_at(y, v, 0.0)
        return max(0.0, (scatter - df) / (weight - (1.0 / v**2).sum() / weight))
    if method == PM:
        tau2 = 0.0
        for _ in range(_STEPS):
            mean, _, scatter = _mean_at(y, v, tau2)
            if scatter <= df:
                break
            # Newton's step on 1 / Q, as in _paule_mandel: by the slope of Q, -sum w^2 r^2, the mean being at its best.
            slope = (((y - mean) / (v + tau2)) ** 2).sum()
            step = scatter * (scatter / df - 1.0) / slope
            tau2 += step
            if step <= _LAST_STEP * (v.min() + tau2):
                break
        return tau2
    squares = ((y - y.mean()) ** 2).sum()
    if method == HE:
        return max(0.0, (squares - v.sum() * (1.0 - 1.0 / k)) / df)
    start = squares / k
    return start * _mean_at(y, v, start)[2] / df


@compiled
def _mean_at(y: Any, v: Any, tau2: float) -> tuple[float, float, float]:
    """``carbite.pooling.tau2.mean_at``."""
    weight = weighted = 0.0
    for i in range(len(y)):
        w = 1.0 / (v[i] + tau2)
        weight += w
        weighted += w * (y[i] - y[0])
    mean = y[0] + weighted / weight
    scatter = 0.0
    for i in range(len(y)):
        scatter += (y[i] - mean) ** 2 / (v[i] + tau2)
    return mean, weight, scatter
