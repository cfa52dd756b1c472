"""How little changes a verdict: patients whose outcome is counted the other way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carbite.pooling import INTERVALS, TAU2, effect_sizes
from carbite.pooling.checks import check_choice, check_level
from carbite.subsets.enumeration import Flags
from carbite.subsets.pairs import A_HIGHER, B_HIGHER, NOT_TESTABLE, UNDECIDED, Fits, differences, limits

# What the exhaustive search may spend: fits of one arm (some five microseconds each), and pairs of them.
_MOST_FITS = 30_000
_MOST_PAIRS = 2_000_000
# States that the directed search keeps at each number of patients.
_WIDTH = 32

LOW, HIGH = 0, 1

Moves = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reclassification:
    """The fewest patients found whose reclassification changes the verdict.

    Attributes:
        patients: how many, over all trials of both arms.
        at_least: fewer than this do not change it, as every way to reclassify them was tried. Equal to ``patients``
            where these are the fewest; smaller where ``patients`` is only an upper bound.
        changes: of one such way, the change in events of each trial, of a and of b.
        verdict: what is then said.
    """

    patients: int
    at_least: int
    changes: tuple[tuple[int, ...], tuple[int, ...]]
    verdict: int

    @property
    def exact(self) -> bool:
        """Whether it is proven that no fewer do."""
        return self.patients == self.at_least


def fewest_reclassified(
    a: tuple[Sequence[int], Sequence[int]],
    b: tuple[Sequence[int], Sequence[int]],
    *,
    measure: str = "logit",
    tau2: str = "REML",
    interval: str = "modified-hartung-knapp",
    level: float = 0.95,
    shift: float = 0.0,
) -> Reclassification | None:
    """The fewest patients to move between event and no event, in any trials, for another verdict on a - b - shift.

    What is minimised is the sum over all trials of the absolute change in events; n stays, and events stay within 0
    and n. The verdict is that of :func:`carbite.subsets.pairs`, so that "another" may be the other side or undecided.

    One step at a time in the best direction is not enough: moving a patient also moves tau2, and with it the weights
    and the width of the interval, so that a step that looks best may lead past the fewest. So every way to reclassify
    1, 2, 3, ... patients is tried first. The arms are pooled separately, so the ways of one arm are fitted once and
    taken in pairs. This is exhaustive, and stops where the next number would need more than some ten thousand fits:
    about five patients with fifteen trials, some thirty with six. Beyond, a directed search goes on from the published
    counts, one patient at a time, and keeps the 32 states at each number whose interval is nearest to the change;
    its result is an upper bound, and ``at_least`` says from where on it is not proven.

    The idea is the fragility index, here of two pooled arms instead of one trial with two arms or a meta-analysis of
    such trials, and in both directions.

    Args:
        a, b: events and n of the trials of each arm.
        measure, tau2, interval, level: as in ``pool``.
        shift: subtracted from the difference before it is judged, such as the log of an assumed bias.

    Returns:
        None where the verdict cannot be changed or, for want of trials, there is none to change.

    Raises:
        ValueError: naming the argument, the position, the value and what was expected.
        ModuleNotFoundError: when Numba is not installed.

    Source: Walsh et al. 2014, J Clin Epidemiol 67:622 (fragility index); Atal et al. 2019, J Clin Epidemiol 111:32
    (of meta-analyses).
    """
    for counts in (a, b):
        effect_sizes(*counts, measure)
    check_choice("tau2", tau2, TAU2)
    check_choice("interval", interval, INTERVALS)
    check_level(level)
    of_a, of_b = (_Arm(counts, measure, tau2, interval) for counts in (a, b))
    search = _Search(of_a, of_b, interval, level, shift)
    if search.verdict == NOT_TESTABLE:
        return None
    return search.exhaustive() or search.directed()


class _Arm:
    """One arm: fits of its trials with other numbers of events. ``moves`` are changes in events, (ways, trials)."""

    def __init__(self, counts: tuple[ArrayLike, ArrayLike], measure: str, tau2: str, interval: str) -> None:
        self.events, self.n = (np.asarray(part, np.int64) for part in counts)
        self.trials = len(self.events)
        self._method, self._interval = TAU2.index(tau2), INTERVALS.index(interval)
        # The effect and variance of each trial for each number of events that it could have.
        self._effects = [effect_sizes(np.arange(n + 1), np.full(n + 1, n), measure) for n in self.n.tolist()]

    def ways(self, patients: int) -> Moves:
        """Every way to reclassify so many patients."""
        moves = _ways(self.trials, patients)
        return moves[self.possible(moves)]

    def possible(self, moves: Moves) -> Flags:
        """Which moves leave 0 to n of n."""
        events = self.events + moves
        return np.asarray(((events >= 0) & (events <= self.n)).all(axis=1))

    def fits(self, moves: Moves) -> Fits:
        """The arm with each of these moves."""
        from carbite.subsets import engine

        y, v = np.empty(moves.shape), np.empty(moves.shape)
        for trial, (effects, variances) in enumerate(self._effects):
            events = self.events[trial] + moves[:, trial]
            y[:, trial], v[:, trial] = effects[events], variances[events]
        estimate, se = np.empty(len(moves)), np.empty(len(moves))
        engine.fit_each(y, v, self._method, self._interval, estimate, se)
        return Fits(estimate, se, np.full(len(moves), self.trials - 1.0))


class _Search:
    """Both arms, and the verdict that is to be changed."""

    def __init__(self, a: _Arm, b: _Arm, interval: str, level: float, shift: float) -> None:
        self.a, self.b = a, b
        self._interval, self._level, self._shift = interval, level, shift
        self._tried = 0
        self.verdict = int(self._verdicts(*self._fits(a.ways(0), b.ways(0)))[0, 0])

    def _fits(self, moves_a: Moves, moves_b: Moves) -> tuple[Fits, Fits]:
        of_a = self.a.fits(moves_a)
        return of_a._replace(estimate=of_a.estimate - self._shift), self.b.fits(moves_b)

    def _verdicts(self, a: Fits, b: Fits) -> NDArray[np.int8]:
        """Of each pair, shape (fits of a, fits of b)."""
        parts = [verdict for _, _, verdict in differences(a, b, interval=self._interval, level=self._level)]
        return np.concatenate(parts) if parts else np.empty((0, len(b.estimate)), np.int8)

    def exhaustive(self) -> Reclassification | None:
        """Every way to reclassify 1, 2, ... patients, until one changes the verdict or the next would be too many."""
        layers: list[tuple[Moves, Moves, Fits, Fits]] = []
        fits_spent = pairs_spent = 0
        for patients in range(int(self.a.n.sum() + self.b.n.sum()) + 1):
            of_a, of_b = ([_number_of_ways(arm.trials, d) for d in range(patients + 1)] for arm in (self.a, self.b))
            fits_spent += of_a[-1] + of_b[-1]
            pairs_spent += sum(i * j for i, j in zip(of_a, reversed(of_b), strict=True))
            if fits_spent > _MOST_FITS or pairs_spent > _MOST_PAIRS:
                break
            moves = self.a.ways(patients), self.b.ways(patients)
            layers.append((*moves, *self._fits(*moves)))
            for (moves_a, _, fits_a, _), (_, moves_b, _, fits_b) in zip(layers, reversed(layers), strict=True):
                verdicts = self._verdicts(fits_a, fits_b)
                changed = np.argwhere(verdicts != self.verdict)
                if len(changed):
                    i, j = changed[0]
                    return _found(patients, patients, moves_a[i], moves_b[j], verdicts[i, j])
            self._tried = patients
        return None

    def directed(self) -> Reclassification | None:
        """One patient at a time from the counts as they are, keeping the states that are nearest to a change."""
        # Which limit of the interval must pass 0, and whether by falling or by rising.
        passes = {A_HIGHER: [(LOW, -1)], B_HIGHER: [(HIGH, 1)], UNDECIDED: [(HIGH, -1), (LOW, 1)]}
        best = None
        for limit, direction in passes[np.int8(self.verdict)]:
            most = best.patients - 1 if best else int(self.a.n.sum() + self.b.n.sum())
            best = self._towards(limit, direction, most) or best
        return best

    def _towards(self, limit: int, direction: int, most: int) -> Reclassification | None:
        k = self.a.trials
        states = np.zeros((1, k + self.b.trials), np.int64)
        one = np.eye(states.shape[1], dtype=np.int64)
        for patients in range(1, most + 1):
            moves = (states[:, None] + np.concatenate([one, -one])).reshape(-1, states.shape[1])
            # Never back towards the counts as they are, so that as many patients are moved as steps were made.
            onward = np.abs(moves).sum(axis=1) == patients
            states = np.unique(moves[onward & self.a.possible(moves[:, :k]) & self.b.possible(moves[:, k:])], axis=0)
            if len(states) == 0:
                return None
            a, b = self._fits(states[:, :k], states[:, k:])
            at_limit = limits(a, b, interval=self._interval, level=self._level)[limit]
            order = np.argsort(-direction * at_limit, kind="stable")[:_WIDTH]
            best = order[0]
            if direction * at_limit[best] > 0:
                verdict = {(LOW, 1): A_HIGHER, (HIGH, -1): B_HIGHER}.get((limit, direction), UNDECIDED)
                return _found(patients, self._tried + 1, states[best, :k], states[best, k:], verdict)
            states = states[order]
        return None


def _found(patients: int, at_least: int, moves_a: Moves, moves_b: Moves, verdict: np.int8) -> Reclassification:
    changes = tuple(moves_a.tolist()), tuple(moves_b.tolist())
    return Reclassification(patients, at_least, changes, int(verdict))


def _number_of_ways(trials: int, patients: int) -> int:
    """How many whole-number vectors have this sum of absolute values: choose who changes, by how much, which way."""
    if patients == 0:
        return 1
    return sum(2**j * comb(trials, j) * comb(patients - 1, j - 1) for j in range(1, min(trials, patients) + 1))


def _ways(trials: int, patients: int) -> Moves:
    """All of them, shape (ways, trials); those that change few trials first."""
    blocks = [np.zeros((1 if patients == 0 else 0, trials), np.int64)]
    for j in range(1, min(trials, patients) + 1):
        places = np.array(list(combinations(range(trials), j)))
        cuts = np.array(list(combinations(range(1, patients), j - 1)), np.int64).reshape(
            comb(patients - 1, j - 1), j - 1
        )
        sizes = np.diff(cuts, axis=1, prepend=0, append=patients)
        signs = np.array(list(product((1, -1), repeat=j)))
        changes = (sizes[:, None] * signs).reshape(-1, j)
        block = np.zeros((len(places), len(changes), trials), np.int64)
        np.put_along_axis(block, np.broadcast_to(places[:, None], (*block.shape[:2], j)), changes[None], axis=2)
        blocks.append(block.reshape(-1, trials))
    return np.concatenate(blocks)
