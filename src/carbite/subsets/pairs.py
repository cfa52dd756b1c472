"""Two arms: the verdict of every pair of subsets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from carbite.pooling.checks import Array
from carbite.subsets.enumeration import Flags, Subsets, t_quantiles

# Pairs that are looked at together: arrays of this many numbers stay in the processor's cache.
_PAIRS_AT_ONCE = 2**15

NOT_TESTABLE, UNDECIDED, A_HIGHER, B_HIGHER = np.int8(0), np.int8(1), np.int8(2), np.int8(3)
"""What :func:`verdicts` says of a pair of subsets."""


@dataclass(frozen=True, slots=True)
class PairCounts:
    """How many pairs of subsets, one of each arm, say what.

    Attributes:
        pairs: all pairs that were counted: ``not_testable`` and the three below.
        a_higher, b_higher: pairs whose interval of a - b excludes 0.
        undecided: pairs whose interval includes 0.
        not_testable: pairs without an interval, because an arm has fewer trials than it needs.
        a_above: pairs with a point estimate of a - b above 0, intervals apart.
    """

    pairs: int
    a_higher: int
    b_higher: int
    undecided: int
    not_testable: int
    a_above: int

    @property
    def testable(self) -> int:
        """Pairs that have a verdict."""
        return self.pairs - self.not_testable

    @property
    def decided(self) -> int:
        """Pairs whose interval excludes 0."""
        return self.a_higher + self.b_higher


def pairs(
    a: Subsets,
    b: Subsets,
    *,
    allowed_a: ArrayLike | None = None,
    allowed_b: ArrayLike | None = None,
    fewest: int = 1,
) -> PairCounts:
    """Count the verdicts of all pairs of a subset of arm a and a subset of arm b.

    The arms are pooled separately, so (2^a - 1) + (2^b - 1) fits give all (2^a - 1)(2^b - 1) differences: the estimate
    is a - b, se^2 = se_a^2 + se_b^2. The interval is that of :func:`carbite.pooling.contrast`: a normal quantile for
    ``z``, else Student's t with Welch-Satterthwaite's degrees of freedom, which needs two trials in each arm.

    A share of these pairs is not a probability: subsets share trials, and they share every bias.

    Args:
        a, b: two arms that were pooled in the same way.
        allowed_a, allowed_b: which subsets count, one truth value each, see :func:`without_overlaps`; None for all.
        fewest: trials that a subset needs to count at all.

    Returns:
        The counts.

    Raises:
        ValueError: when the arms were pooled differently, or the flags have the wrong shape or type.
    """
    counts = np.zeros(4, np.int64)
    above = 0
    for _, difference, verdict in _verdict_rows(a, b, allowed_a, allowed_b, fewest):
        counts += np.bincount(verdict.ravel(), minlength=4)
        above += int(np.count_nonzero(difference > 0))
    return PairCounts(
        pairs=int(counts.sum()),
        a_higher=int(counts[A_HIGHER]),
        b_higher=int(counts[B_HIGHER]),
        undecided=int(counts[UNDECIDED]),
        not_testable=int(counts[NOT_TESTABLE]),
        a_above=above,
    )


def verdicts(a: Subsets, b: Subsets) -> NDArray[np.int8]:
    """The verdict of each pair, by the same rules as :func:`pairs`.

    Args:
        a, b: two arms that were pooled in the same way.

    Returns:
        ``NOT_TESTABLE``, ``UNDECIDED``, ``A_HIGHER`` or ``B_HIGHER``, one byte per pair, shape (len(a), len(b)).

    Raises:
        ValueError: when the arms were pooled differently.
    """
    result = np.empty((len(a), len(b)), np.int8)
    for rows, _, verdict in _verdict_rows(a, b, None, None, 1):
        result[rows] = verdict
    return result


def without_overlaps(subsets: Subsets, overlaps: Iterable[tuple[int, int]]) -> Flags:
    """Which subsets hold no patient twice.

    Args:
        subsets: of one arm.
        overlaps: pairs of trials that share patients, by position.

    Returns:
        For each subset, whether it holds none of these pairs.

    Raises:
        ValueError: for a position that is no trial's.
    """
    allowed = np.ones(len(subsets), bool)
    for first, second in overlaps:
        for trial in (first, second):
            if not 0 <= trial < subsets.trials:
                raise ValueError(f"overlaps holds trial {trial}; expected 0 to {subsets.trials - 1}")
        allowed &= ~(subsets.has(first) & subsets.has(second))
    return allowed


def _verdict_rows(
    a: Subsets, b: Subsets, allowed_a: ArrayLike | None, allowed_b: ArrayLike | None, fewest: int
) -> Iterator[tuple[slice, Array, NDArray[np.int8]]]:
    """Differences and verdicts of some subsets of a with all of b, until all were given."""
    for name in ("measure", "tau2_method", "interval", "level"):
        if getattr(a, name) != getattr(b, name):
            raise ValueError(
                f"a.{name} = {getattr(a, name)!r} and b.{name} = {getattr(b, name)!r}; "
                "expected two arms that were pooled in the same way"
            )
    of_a, of_b = counted(a, "allowed_a", allowed_a, fewest), counted(b, "allowed_b", allowed_b, fewest)
    return differences(fits_of(a, of_a), fits_of(b, of_b), interval=a.interval, level=a.level)


class Fits(NamedTuple):
    """Fits of one arm: each with its estimate, its standard error, and its trials less one."""

    estimate: Array
    se: Array
    df: Array


def fits_of(arm: Subsets, which: Flags | NDArray[np.int64]) -> Fits:
    """Some subsets of an arm, chosen by flags or by position."""
    return Fits(arm.estimate[which], arm.se[which], arm.k[which].astype(float) - 1)


def differences(a: Fits, b: Fits, *, interval: str, level: float) -> Iterator[tuple[slice, Array, NDArray[np.int8]]]:
    """Differences a - b and verdicts of some fits of a with all of b, until all were given."""
    square_a, square_b = a.se**2, b.se**2
    normal = interval == "z"
    quantile = scipy.special.ndtri((1 + level) / 2)
    quantiles = t_quantiles(level, int(max(a.df, default=0) + max(b.df, default=0)) + 2)
    part_a, part_b = _welch_parts(a), _welch_parts(b)
    step = max(1, _PAIRS_AT_ONCE // max(1, len(b.estimate)))
    for start in range(0, len(a.estimate), step):
        rows = slice(start, min(start + step, len(a.estimate)))
        difference = a.estimate[rows, None] - b.estimate
        square = square_a[rows, None] + square_b
        if normal:
            excludes = np.abs(difference) > quantile * np.sqrt(square)
            testable: Any = True
        else:
            testable = (a.df[rows, None] > 0) & (b.df > 0)
            df = _welch_satterthwaite(square, part_a[rows, None] + part_b, a.df[rows, None] + b.df)
            excludes = testable & _beyond_t(np.abs(difference), np.sqrt(square), df, quantiles, level)
        side = np.where(difference > 0, A_HIGHER, B_HIGHER)
        yield rows, difference, np.where(testable, np.where(excludes, side, UNDECIDED), NOT_TESTABLE)


def limits(a: Fits, b: Fits, *, interval: str, level: float) -> tuple[Array, Array]:
    """The confidence limits of each difference, the first of a with the first of b; NaN where there is no interval."""
    square = a.se**2 + b.se**2
    if interval == "z":
        quantile = scipy.special.ndtri((1 + level) / 2)
    else:
        df = _welch_satterthwaite(square, _welch_parts(a) + _welch_parts(b), a.df + b.df)
        quantile = scipy.special.stdtrit(np.where((a.df > 0) & (b.df > 0), df, np.nan), (1 + level) / 2)
    difference, half = a.estimate - b.estimate, quantile * np.sqrt(square)
    return difference - half, difference + half


def _welch_parts(arm: Fits) -> Array:
    """se^4 / df: infinite where an arm has no degree of freedom, which makes those of the difference 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(arm.se**4 / arm.df)


def _welch_satterthwaite(square: Array, parts: Array, most: Array) -> Array:
    """The degrees of freedom of a difference with variance ``square``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        df = square**2 / parts
    # Both arms without any scatter: the interval is a point for every df.
    return np.where(np.isnan(df), most, df)


def _beyond_t(distance: Array, se: Array, df: Array, quantiles: Array, level: float) -> Flags:
    """Whether distance > quantile(df) se. The quantile falls with df, so the two next whole df decide most pairs."""
    whole = np.floor(df).astype(np.int64)
    # Degrees of freedom below 1, where the table ends, are for the exact quantile.
    upper = np.where(whole >= 1, quantiles[np.clip(whole, 1, len(quantiles) - 1)], np.inf)
    lower = quantiles[np.clip(whole + 1, 1, len(quantiles) - 1)]
    beyond: Flags = distance > upper * se
    open_cases = (distance > lower * se) & ~beyond
    beyond[open_cases] = distance[open_cases] > scipy.special.stdtrit(df[open_cases], (1 + level) / 2) * se[open_cases]
    return beyond


def counted(arm: Subsets, name: str, allowed: ArrayLike | None, fewest: int = 1) -> Flags:
    """Which subsets count: those with enough trials that are allowed. ``name`` is that of the flags in a message."""
    enough: Flags = arm.k >= fewest
    if allowed is None:
        return enough
    flags = np.asarray(allowed)
    if flags.dtype != bool or flags.shape != (len(arm),):
        raise ValueError(
            f"{name} is an array of {flags.dtype} of shape {flags.shape}; expected {len(arm)} truth values, "
            "one per subset"
        )
    return enough & flags
