"""One arm, pooled over every subset of its trials."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from carbite.pooling import INTERVALS, TAU2, effect_sizes
from carbite.pooling.checks import Array, check_choice, check_level

EVERY_SUBSET_UP_TO = 24
"""Trials up to which every subset is fitted; above, a random sample of them."""
SAMPLE_SIZE = 2**20
"""Subsets that are drawn when there are too many."""
_MOST_TRIALS = 62  # a mask is a signed integer of 64 bits

# Fits between two looks at the clock: a few milliseconds of work.
_FITS_AT_ONCE = 2**15
# The grid of the likelihood, see `_grid`: in units of the smallest v, and on the scale of log tau2.
_LOWEST_TAU2 = 0.05
_GRID_STEP = 0.47
_QUIET_SECONDS = 1.0
_SECONDS_BETWEEN_MESSAGES = 0.5

Masks = NDArray[np.int64]
Flags = NDArray[np.bool_]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Subsets:
    """The pooled result of each subset of k trials, on the scale of the analysis.

    All arrays have one value per subset. With every subset, that of bit mask m (bit i = trial i) is at position m - 1,
    and there are 2^k - 1. Of a sample, position j is the subset ``masks[j]``. They are read-only.

    Attributes:
        estimate: mu = sum(w y) / sum(w).
        se: its standard error, with the adjustment of the interval, as in ``pool``.
        tau2: variance between the trials' true effects.
        q: Cochran's statistic.
        optima: number of local maxima of the (restricted) likelihood over tau2 >= 0; 1 for all other methods. The
            results are those of the highest. Where it is more than 1, a search from one starting value may end lower.
        trials: number of trials, k.
        complete: whether every subset is here.
        measure, tau2_method, interval, level: as asked for.
    """

    estimate: Array
    se: Array
    tau2: Array
    q: Array
    optima: NDArray[np.uint8]
    trials: int
    complete: bool
    measure: str
    tau2_method: str
    interval: str
    level: float
    _drawn: Masks = field(repr=False)

    def __len__(self) -> int:
        return len(self.estimate)

    @property
    def masks(self) -> Masks:
        """Bit mask of each subset, increasing."""
        return np.arange(1, len(self) + 1) if self.complete else self._drawn

    @property
    def k(self) -> NDArray[np.uint8]:
        """Number of trials in each subset."""
        return np.bitwise_count(self.masks)

    @property
    def ci_low(self) -> Array:
        """Lower limit of the confidence interval; NaN where it does not exist."""
        return self.estimate - self._half_width()

    @property
    def ci_high(self) -> Array:
        """Upper limit of the confidence interval; NaN where it does not exist."""
        return self.estimate + self._half_width()

    def _half_width(self) -> Array:
        if self.interval == "z":
            return self.se * scipy.special.ndtri((1 + self.level) / 2)
        return np.asarray(t_quantiles(self.level, self.trials - 1)[self.k - 1] * self.se)

    def has(self, trial: int) -> Flags:
        """Which subsets contain the trial at this position."""
        return (self.masks >> trial & 1).astype(bool)


def t_quantiles(level: float, most: int) -> Array:
    """Two-sided quantiles of Student's t for 0 to ``most`` degrees of freedom; NaN for 0."""
    df = np.arange(1, most + 1)
    return np.concatenate([[math.nan], scipy.special.stdtrit(df, (1 + level) / 2)])


def show_progress(done: int, total: int) -> None:
    """One line on the standard error, written over itself."""
    if done == 0:
        text = "all_subsets: compiling, once on this machine"
    else:
        text = f"all_subsets: {100 * done // total} % of {total:,} subsets"
    print(f"\r{text:<50}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def all_subsets(
    events: ArrayLike,
    n: ArrayLike,
    *,
    measure: str = "logit",
    tau2: str = "REML",
    interval: str = "modified-hartung-knapp",
    level: float = 0.95,
    seed: int = 1,
    sample: int = SAMPLE_SIZE,
    progress: Progress | None = show_progress,
) -> Subsets:
    """Pool every subset of the trials: what ``pool`` gives, 2^k - 1 times.

    Each result is that of :func:`carbite.pooling.pool` for those trials, to rounding: every estimator is converged, and
    REML and ML are the global maximum. A subset of one trial has its effect, tau2 = 0, and a z interval only.

    Up to 24 trials, every subset is fitted. Above, ``sample`` different ones are drawn at random, each of the 2^k - 1
    subsets with the same chance, by NumPy's default generator from ``seed``: most of them then have about k / 2 trials.

    Memory: 33 bytes per subset for REML and ML (four numbers and a count of maxima), 24 for EE, 32 for the others, and
    8 more for the masks of a sample; limits, k and masks are computed when they are asked for. 24 trials are 554 MB.

    Time: the loop is compiled by Numba, in the first call of all, which takes some ten to twenty seconds; the result is
    kept on disk, and the first call of a later process takes about a second.

    Args:
        events: patients with the event, whole numbers, shape (k,).
        n: patients counted, whole numbers, shape (k,).
        measure, tau2, interval, level: as in ``pool``.
        seed: of the sample; without effect up to 24 trials.
        sample: number of subsets to draw above 24 trials.
        progress: called with the number of subsets done and their total, about twice a second, once a second has
            passed, and with 0 done when the loop is being compiled. None for silence.

    Returns:
        The result of each subset.

    Raises:
        ValueError: naming the argument, the position, the value and what was expected.
        ModuleNotFoundError: when Numba is not installed.

    Source: Olkin, Dahabreh & Trikalinos 2012, Res Synth Methods 3:214 (all subsets of a meta-analysis).
    """
    y, v = effect_sizes(events, n, measure)
    check_choice("tau2", tau2, TAU2)
    check_choice("interval", interval, INTERVALS)
    check_level(level)
    k = len(y)
    if k > _MOST_TRIALS:
        raise ValueError(f"events has {k} values; expected at most {_MOST_TRIALS}")
    if not 1 <= sample <= 2**EVERY_SUBSET_UP_TO:
        raise ValueError(f"sample = {sample!r}; expected a whole number from 1 to {2**EVERY_SUBSET_UP_TO}")
    complete = k <= EVERY_SUBSET_UP_TO
    masks = np.empty(0, np.int64) if complete else _draw(k, sample, seed)
    # Every subset has a place for the empty one before it, so that a mask is its own position.
    size = 2**k if complete else len(masks)
    likelihood = tau2 in ("REML", "ML")
    fits = _Fits(
        estimate=np.empty(size),
        se=np.empty(size),
        tau2=np.empty(0 if tau2 == "EE" else size),
        q=np.empty(size),
        optima=np.empty(size if likelihood else 0, np.uint8),
    )
    grid = _grid(y, v) if likelihood else np.empty(0)
    _fit(y, v, masks, grid, TAU2.index(tau2), INTERVALS.index(interval), fits, progress)

    def finished(array: NDArray[Any], constant: float) -> NDArray[Any]:
        whole = array if len(array) else np.broadcast_to(array.dtype.type(constant), size)
        kept = whole[1:] if complete else whole
        kept.flags.writeable = False
        return kept

    return Subsets(
        estimate=finished(fits.estimate, math.nan),
        se=finished(fits.se, math.nan),
        tau2=finished(fits.tau2, 0.0),
        q=finished(fits.q, math.nan),
        optima=finished(fits.optima, 1),
        trials=k,
        complete=complete,
        measure=measure,
        tau2_method=tau2,
        interval=interval,
        level=level,
        _drawn=masks,
    )


class _Fits(NamedTuple):
    """What the engine writes into; an array that would be constant is empty."""

    estimate: Array
    se: Array
    tau2: Array
    q: Array
    optima: NDArray[np.uint8]


def _grid(y: Array, v: Array) -> Array:
    """Values of tau2 for the likelihood of every subset: 0, and from far below any v to above any maximum.

    Where the score is 0, tau2 = sum w^2 (r^2 - v) / sum w^2 + 1 / sum w for REML, without the last term for ML. With
    two trials or more this is at most 2 R^2 + the largest v, where R is the range of the effects.
    """
    low, high = _LOWEST_TAU2 * float(v.min()), 2 * float(np.ptp(y)) ** 2 + float(v.max())
    steps = math.ceil(math.log(high / low) / _GRID_STEP)
    return np.concatenate([[0.0], low * np.exp(_GRID_STEP * np.arange(steps + 1))])


def _fit(
    y: Array,
    v: Array,
    masks: Masks,
    grid: Array,
    method: int,
    interval: int,
    fits: _Fits,
    progress: Progress | None,
) -> None:
    """Fit all blocks, some at a time, and tell how far it is."""
    places = len(fits.estimate)
    total = places if len(masks) else places - 1
    # Effects are seen from their mean, so that little cancels in the sums of the likelihood.
    centre = float((y / v).sum() / (1 / v).sum())
    y = y - centre
    told = time.monotonic() + _QUIET_SECONDS - _SECONDS_BETWEEN_MESSAGES
    spoken = False
    with _told_of_compiling(progress, total):
        from carbite.subsets import engine

        blocks = -(-places // engine.LANES)
        step = _FITS_AT_ONCE // engine.LANES
        for first in range(0, blocks, step):
            last = min(first + step, blocks)
            engine.run(first, last, masks, y, v, grid, centre, method, interval, *fits)
            done = min(last * engine.LANES, total)
            now = time.monotonic()
            if progress is not None and (now - told >= _SECONDS_BETWEEN_MESSAGES or (spoken and done == total)):
                progress(done, total)
                told, spoken = now, True


@contextmanager
def _told_of_compiling(progress: Progress | None, total: int) -> Iterator[None]:
    """Say so when Numba compiles, which it does in the first call only, and not when its cache has the result."""
    if "carbite.subsets.engine" in sys.modules:
        yield
        return
    try:
        from numba.core import event
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            "all_subsets needs Numba; install it with: pip install 'carbite[subsets]'"
        ) from missing

    class Listener(event.Listener):
        said = False

        def on_start(self, event: Any) -> None:
            if progress is not None and not Listener.said:
                Listener.said = True
                progress(0, total)

        def on_end(self, event: Any) -> None:
            """Nothing to say."""

    with event.install_listener("numba:compile", Listener()):
        yield


def _draw(k: int, sample: int, seed: int) -> Masks:
    """Different masks of 1 to 2^k - 1, increasing."""
    generator = np.random.default_rng(seed)
    masks = np.empty(0, np.int64)
    while len(masks) < sample:
        more = generator.integers(1, 2**k, sample - len(masks))
        masks = np.unique(np.concatenate([masks, more]))
    return masks
