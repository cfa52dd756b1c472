"""The process behind ``escape.py``, cell by cell: what its formulas leave to chance is drawn here.

A patient's leukaemia grows from one cell until it has a given size; only patients in whom it does are counted. Then
treatment starts. Every division, death and loss is an event of its own (Gillespie's method), so the number of cells
must be small; what counts is the product of cells and the probability of a loss.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .escape import Growth, Losses

# Kinds of cell by what they have lost: nothing, CD19, the second antigen, both.
KINDS = 4
NOTHING, CD19, SECOND, BOTH = range(KINDS)
# What each strategy kills at first, and what it kills at last.
KILLED = {
    "single": ((True, False, True, False), (True, False, True, False)),
    "in_turn": ((True, False, True, False), (True, True, True, False)),
    "at_once": ((True, True, True, False), (True, True, True, False)),
}
# A clone that is as large as this has less than this chance to die out by itself.
STILL_DIES = 1e-4

Counts = NDArray[np.int64]


class Simulated(NamedTuple):
    """Shares of patients: with a cell without CD19 at the start of treatment, and with leukaemia that escapes it."""

    present: float
    escaped: float


def simulate(
    strategy: str,
    cells: int,
    losses: Losses,
    growth: Growth,
    *,
    regrown: int = 1,
    on_days: float = 1.0,
    off_days: float = 0.0,
    patients: int = 2000,
    seed: int = 1,
) -> Simulated:
    """Follows so many patients; the arguments are those of ``escape.escape`` and ``escape.cleared``."""
    draw = np.random.default_rng(seed)
    counts = _grown(cells, losses, growth, patients, draw)
    present = counts[:, CD19] + counts[:, BOTH] > 0
    escaped = _treated(strategy, counts, losses, growth, regrown, (on_days, off_days), draw)
    return Simulated(float(present.mean()), float(escaped.mean()))


def _grown(cells: int, losses: Losses, growth: Growth, patients: int, draw: np.random.Generator) -> Counts:
    """The kinds of cells, shape (patients, KINDS), when each leukaemia has reached its size."""
    counts = np.zeros((patients, KINDS), dtype=np.int64)
    counts[:, NOTHING] = 1
    growing = np.arange(patients)
    dividing = growth.birth / (growth.birth + growth.death)
    while growing.size:
        there = counts[growing]
        births = draw.random(growing.size) < dividing
        there = _next(there, there, births, losses, draw)
        # A leukaemia that died out is none: it starts again.
        there[there.sum(axis=1) == 0] = (1, 0, 0, 0)
        counts[growing] = there
        growing = growing[there.sum(axis=1) < cells]
    return counts


def _treated(
    strategy: str,
    counts: Counts,
    losses: Losses,
    growth: Growth,
    regrown: int,
    schedule: tuple[float, float],
    draw: np.random.Generator,
) -> NDArray[np.bool_]:
    """Whether leukaemia escapes, by patient."""
    first, last = (np.array(kinds) for kinds in KILLED[strategy])
    on_days, off_days = schedule
    established = 1 if growth.death == 0.0 else math.ceil(math.log(STILL_DIES) / math.log(growth.death / growth.birth))
    counts = counts.copy()
    patients = len(counts)
    days, second, escaped = np.zeros(patients), np.zeros(patients, dtype=bool), np.zeros(patients, dtype=bool)
    open_ = np.arange(patients)
    while open_.size:
        there = counts[open_]
        second[open_] |= there[:, ~first].sum(axis=1) >= regrown
        killed = np.where(second[open_][:, None], last, first)
        done = np.where(killed, 0, there).sum(axis=1) >= established
        # In turn, cells without CD19 alone still meet the second attack.
        done &= second[open_] | (not np.any(last & ~first))
        escaped[open_[done]] = True
        going = ~done & (there.sum(axis=1) > 0)
        open_, there, killed = open_[going], there[going], killed[going]
        if not open_.size:
            break
        cycle = on_days + off_days
        within = np.mod(days[open_], cycle)
        resting = (off_days > 0.0) & (within >= on_days)
        deaths = np.where(killed & ~resting[:, None], growth.birth + growth.decline, growth.death) * there
        birth_rate = growth.birth * there.sum(axis=1)
        rate = birth_rate + deaths.sum(axis=1)
        wait = draw.exponential(size=open_.size) / rate
        edge = np.where(resting, cycle - within, on_days - within) if off_days > 0.0 else np.full(open_.size, np.inf)
        crossed = wait >= edge
        # A little beyond the edge, so that rounding cannot hold the clock there.
        days[open_] += np.where(crossed, edge + 1e-9 * cycle, wait)
        births = draw.random(open_.size) * rate < birth_rate
        after = _next(there, np.where(births[:, None], there, deaths), births, losses, draw)
        counts[open_] = np.where(crossed[:, None], there, after)
    return escaped


def _next(
    counts: Counts,
    weights: NDArray[np.int64] | NDArray[np.float64],
    births: NDArray[np.bool_],
    losses: Losses,
    draw: np.random.Generator,
) -> Counts:
    """The counts after one event each: a division or a death of a cell drawn by ``weights``."""
    each = np.arange(len(counts))
    ladder = np.cumsum(weights, axis=1)
    chosen = (draw.random(len(counts))[:, None] * ladder[:, -1:] >= ladder).sum(axis=1)
    daughter = _daughter(chosen, losses, draw)
    after = counts.copy()
    after[each, np.where(births, daughter, chosen)] += np.where(births, 1, -1)
    return after


def _daughter(parent: NDArray[np.int64], losses: Losses, draw: np.random.Generator) -> NDArray[np.int64]:
    """What the second daughter of a division has lost; the first is like its parent."""
    at = draw.random(len(parent))
    lost_cd19 = at < losses.cd19
    takes_both = lost_cd19 & (at < losses.cd19 * losses.shared)
    lost_second = (at >= losses.cd19) & (at < losses.cd19 + losses.second)
    return parent | np.where(lost_cd19, CD19, 0) | np.where(lost_second | takes_both, SECOND, 0)
