"""How fragile a verdict is: what every other choice of trials says, and how little it takes to change it.

data -> evidence -> pooling -> subsets -> verdict -> fragility. All of it follows from one enumeration of the subsets
of each arm (``carbite.subsets``), under the same selection, options and rule as the verdict itself. Numba, which
compiles that enumeration, is loaded by the first call of :func:`fragility` and by nothing else here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from carbite.comparison import ARMS, Options, Row, Selection, comparison, rows, rule
from carbite.subsets import (
    A_HIGHER,
    B_HIGHER,
    EVERY_SUBSET_UP_TO,
    UNDECIDED,
    all_subsets,
    fewest_reclassified,
    fewest_removed,
    pairs,
    without_overlaps,
)
from carbite.subsets.enumeration import Flags, Progress, show_progress
from carbite.subsets.pairs import Fits, fits_of, limits
from carbite.verdict import Ratio, Verdict, evaluate, odds, ratio_of, round_half_up, side, trials_phrase

__all__ = ["MOST_PAIRS", "Fragility", "PairVerdicts", "Reclassified", "Removed", "Without", "fragility"]

MOST_PAIRS = 2**28
"""Pairs of subsets up to which a selection is enumerated: a few seconds, and as many bytes."""


@dataclass(frozen=True)
class PairVerdicts:
    """How many pairs of subsets, one of each arm, say what.

    A share of them is not a probability: subsets share trials, and they share every bias.

    Attributes:
        car_t, bispecific, undecided: pairs with that verdict.
        not_testable: pairs with none.
    """

    car_t: int
    bispecific: int
    undecided: int
    not_testable: int

    @property
    def testable(self) -> int:
        """Pairs that have a verdict."""
        return self.car_t + self.bispecific + self.undecided

    @property
    def pairs(self) -> int:
        """All pairs."""
        return self.testable + self.not_testable


@dataclass(frozen=True)
class Removed:
    """The fewest trials without which the verdict is another.

    A removal after which nothing can be tested ends a verdict, does not change it, and is not counted.

    Attributes:
        trials: how many.
        choices: their ids, one tuple for each way to choose them.
        verdicts: what is then said, one for each way.
    """

    trials: int
    choices: tuple[tuple[str, ...], ...]
    verdicts: tuple[str, ...]


@dataclass(frozen=True)
class Reclassified:
    """The fewest patients found whose outcome, counted the other way, makes the verdict another.

    See :func:`carbite.subsets.fewest_reclassified`.

    Attributes:
        patients: how many.
        at_least: every way to reclassify fewer than these was tried; where that is below ``patients``, the latter is
            an upper bound.
        changes: one way to do it: events more or less, by trial id.
        verdict: what is then said.
    """

    patients: int
    at_least: int
    changes: Mapping[str, int]
    verdict: str

    @property
    def exact(self) -> bool:
        """Whether it is proven that no fewer do."""
        return self.patients == self.at_least


@dataclass(frozen=True)
class Without:
    """The verdict without one trial, and how much that trial weighs.

    Attributes:
        trial_id, name, arm: the trial.
        weight: its share of the weights of its arm, in percent.
        verdict: what is said without it.
        ratio: the odds ratio without it; None where its arm is then empty.
        shift: the log odds ratio without it minus that with it; None likewise.
    """

    trial_id: str
    name: str
    arm: str
    weight: float
    verdict: str
    ratio: Ratio | None
    shift: float | None


@dataclass(frozen=True)
class Fragility:
    """How fragile one verdict is.

    Attributes:
        verdict: the verdict itself.
        fewest: trials that an arm needed for a pair to be tested.
        pairs: the verdicts of all pairs of subsets of the trials that could be counted, ticked or not.
        removal: the fewest of the counted trials to remove; None where no removal changes the verdict.
        patients: the fewest patients to reclassify; None where none do, or there is no verdict.
        bias_null: the odds ratio of a bias that, divided out, brings the estimate to 1: the odds ratio or its inverse,
            at least 1, on top of any bias that the options assume. None without an estimate.
        bias_undecided: the one that makes the verdict undecided; None where it is so already, or there is none.
        without: each counted trial left out in turn.
    """

    verdict: Verdict
    fewest: int
    pairs: PairVerdicts
    removal: Removed | None
    patients: Reclassified | None
    bias_null: float | None
    bias_undecided: float | None
    without: tuple[Without, ...]

    @property
    def text(self) -> dict[str, str]:
        """By name, what ``g:`` numbers show."""
        return _text(self)


def fragility(
    selection: Selection,
    options: Options | None = None,
    *,
    fewest: int | None = None,
    progress: Progress | None = show_progress,
) -> Fragility:
    """How fragile the verdict on a selection is, under its options and the stated rule.

    The pairs are those of all subsets of the trials that *could* be counted, ticked or not: every trial of the
    comparison and every added one that has a count under its reading and belongs to the population. What is ticked is
    one of these pairs. With ``overlap="exclusive"`` a subset with patients of one cohort in two rows is left out
    altogether. A pair has the verdict that :func:`carbite.verdict.evaluate` gives to exactly these trials.
    Removals, reclassifications and leaving one out start from the trials that are counted now; a ticked trial that
    was left out for an overlap stays out.

    Args:
        selection, options: as for ``evaluate``.
        fewest: trials an arm needs for a pair to be tested; None for the rule's. With 1, arms of a single trial are
            tested where their interval exists, which is that of z.
        progress: as for ``all_subsets``.

    Returns:
        Everything that was found; parts of it are None where there is no verdict to change.

    Raises:
        ValueError: for a trial or an option that does not exist, a number of trials below 1, or more than
            ``MOST_PAIRS`` pairs.
        ModuleNotFoundError: when Numba is not installed.
    """
    options = options or Options()
    fewest = rule()["minimum_trials_per_arm"] if fewest is None else fewest
    if fewest < 1:
        raise ValueError(f"fewest = {fewest!r}; expected at least 1 trial an arm")
    verdict = evaluate(selection, options)
    available = _available(selection, options)
    _check_size(selection, available)
    without_a_verdict = Fragility(verdict, fewest, PairVerdicts(0, 0, 0, 0), None, None, None, None, ())
    if not all(available.values()):
        return without_a_verdict
    counted = {row.trial.trial_id for row in verdict.rows if not row.left_out}
    car_t, bispecific = (_Arm(available[arm], counted, options, fewest, progress) for arm in ARMS)
    car_t.subsets = replace(car_t.subsets, estimate=car_t.subsets.estimate - math.log(options.bias))
    both = _Both(car_t, bispecific, verdict)
    found = replace(without_a_verdict, pairs=both.pairs())
    if verdict.ratio is None:
        return found
    found = replace(found, bias_null=_inverted_below_one(verdict.ratio.odds_ratio), without=both.without())
    if verdict.verdict == "not-testable":
        return found
    return replace(
        found,
        removal=both.removal(),
        patients=both.patients(),
        bias_undecided=_bias_undecided(verdict.ratio) if verdict.verdict != "undecided" else None,
    )


def _available(selection: Selection, options: Options) -> dict[str, list[Row]]:
    """By arm, the rows that would be counted, were everything ticked and no patient shared."""
    every = replace(selection, trials=tuple(trial.trial_id for trial in comparison(selection.comparison_id).trials))
    counted = [row for row in rows(every, replace(options, overlap="printed")) if not row.left_out]
    return {arm: [row for row in counted if row.trial.arm == arm] for arm in ARMS}


def _check_size(selection: Selection, available: Mapping[str, Sequence[Row]]) -> None:
    sizes = [len(found) for found in available.values()]
    if max(sizes) > EVERY_SUBSET_UP_TO or 2 ** sum(sizes) > MOST_PAIRS:
        raise ValueError(
            f"{selection.comparison_id} has {sizes[0]} and {sizes[1]} trials to choose from; expected at most "
            f"{MOST_PAIRS.bit_length() - 1} in all, so that every pair of subsets can be counted"
        )


class _Arm:
    """The trials of one arm that could be counted, and what each subset of them gives."""

    def __init__(
        self, found: Sequence[Row], counted: set[str], options: Options, fewest: int, progress: Progress | None
    ) -> None:
        self.trials = [row.trial for row in found]
        self.events = [int(row.events or 0) for row in found]
        self.n = [int(row.n or 0) for row in found]
        # The bit mask of the trials that are counted now.
        self.now = sum(1 << i for i, trial in enumerate(self.trials) if trial.trial_id in counted)
        self.subsets = all_subsets(
            self.events,
            self.n,
            measure=rule()["measure"],
            tau2=options.tau2,
            interval=options.interval,
            level=rule()["level"],
            progress=progress,
        )
        self.allowed: Flags = np.ones(len(self.subsets), bool)
        if options.overlap == "exclusive":
            self.allowed = without_overlaps(self.subsets, self._overlaps())
        groups = _groups(self.subsets.masks, self._overlaps())
        enough = (self.subsets.k >= fewest) & (groups >= min(fewest, rule()["minimum_trials_per_arm"]))
        self.tested: Flags = self.allowed & enough

    def _overlaps(self) -> list[tuple[int, int]]:
        """The pairs of trials that share patients, by position."""
        return [
            (i, j)
            for j, second in enumerate(self.trials)
            for i, first in enumerate(self.trials[:j])
            if first.cohorts & second.cohorts
        ]

    def chosen(self) -> list[int]:
        """The positions of the trials that are counted now."""
        return [i for i in range(len(self.trials)) if self.now >> i & 1]

    def fits(self, masks: Sequence[int]) -> Fits:
        """What these subsets give."""
        return fits_of(self.subsets, np.array(masks) - 1)


def _groups(masks: NDArray[np.int64], overlaps: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    """Of each subset, how many groups of trials share no patient with another: ``independent_groups`` for all."""
    overlaps = list(overlaps)
    groups, left = np.zeros(len(masks), np.int64), masks.copy()
    while left.any():
        groups += left > 0
        reached = left & -left  # the lowest trial that is left, and whoever shares patients with those reached
        for _ in overlaps:
            for i, j in overlaps:
                touched = ((reached >> i | reached >> j) & 1).astype(bool)
                reached = np.where(touched, reached | (left & (1 << i | 1 << j)), reached)
        left &= ~reached
    return groups


class _Both:
    """Both arms under one verdict; how the codes of ``carbite.subsets`` are called."""

    def __init__(self, car_t: _Arm, bispecific: _Arm, verdict: Verdict) -> None:
        self.car_t, self.bispecific, self.verdict = car_t, bispecific, verdict
        more, fewer = ("car_t", "bispecific") if verdict.comparison.better == "higher" else ("bispecific", "car_t")
        self._names = {int(A_HIGHER): more, int(B_HIGHER): fewer, int(UNDECIDED): "undecided"}

    def pairs(self) -> PairVerdicts:
        car_t, bispecific = self.car_t, self.bispecific
        counts = pairs(car_t.subsets, bispecific.subsets, allowed_a=car_t.tested, allowed_b=bispecific.tested)
        everything = int(car_t.allowed.sum()) * int(bispecific.allowed.sum())
        sides = {self._names[int(A_HIGHER)]: counts.a_higher, self._names[int(B_HIGHER)]: counts.b_higher}
        return PairVerdicts(**sides, undecided=counts.undecided, not_testable=everything - counts.testable)

    def removal(self) -> Removed | None:
        arms = self.car_t, self.bispecific
        found = fewest_removed(
            *(arm.subsets for arm in arms),
            start=(self.car_t.now, self.bispecific.now),
            allowed_a=self.car_t.tested,
            allowed_b=self.bispecific.tested,
        )
        if found is None:
            return None
        choices = tuple(
            tuple(arm.trials[i].trial_id for arm, gone in zip(arms, choice, strict=True) for i in gone)
            for choice in found.choices
        )
        return Removed(found.trials, choices, tuple(self._names[said] for said in found.verdicts))

    def patients(self) -> Reclassified | None:
        arms = [(arm, arm.chosen()) for arm in (self.car_t, self.bispecific)]
        options = self.verdict.options
        found = fewest_reclassified(
            *(([arm.events[i] for i in here], [arm.n[i] for i in here]) for arm, here in arms),
            measure=rule()["measure"],
            tau2=options.tau2,
            interval=options.interval,
            level=rule()["level"],
            shift=math.log(options.bias),
        )
        if found is None:
            return None
        changes = {
            arm.trials[i].trial_id: change
            for (arm, here), moved in zip(arms, found.changes, strict=True)
            for i, change in zip(here, moved, strict=True)
            if change
        }
        return Reclassified(found.patients, found.at_least, changes, self._names[found.verdict])

    def without(self) -> tuple[Without, ...]:
        assert self.verdict.ratio, "an odds ratio of all, to compare with"
        log_ratio = math.log(self.verdict.ratio.odds_ratio)
        found = []
        for arm, other in ((self.car_t, self.bispecific), (self.bispecific, self.car_t)):
            pooled = self.verdict.arms[arm.trials[0].arm]
            assert pooled, "trials are counted in both arms"
            for i, weight in zip(arm.chosen(), pooled.weights, strict=True):
                ratio, said = None, "not-testable"
                if left := arm.now & ~(1 << i):
                    fits = {arm: arm.fits([left]), other: other.fits([other.now])}
                    ratio = self._ratio(fits[self.car_t], fits[self.bispecific])
                    if arm.tested[left - 1] and other.tested[other.now - 1]:
                        said = side(ratio, self.verdict.comparison.better)
                trial = arm.trials[i]
                shift = math.log(ratio.odds_ratio) - log_ratio if ratio else None
                found.append(Without(trial.trial_id, trial.name, trial.arm, weight, said, ratio, shift))
        return tuple(found)

    def _ratio(self, car_t: Fits, bispecific: Fits) -> Ratio:
        how = self.verdict.options.interval, rule()["level"]
        low, high = (float(limit[0]) for limit in limits(car_t, bispecific, interval=how[0], level=how[1]))
        return ratio_of(float(car_t.estimate[0] - bispecific.estimate[0]), low, high)


def _inverted_below_one(ratio: float) -> float:
    return max(ratio, 1.0 / ratio)


def _bias_undecided(ratio: Ratio) -> float | None:
    """The limit of the interval that is nearer to 1, as a ratio above 1."""
    if ratio.ci_low is None or ratio.ci_high is None:
        return None
    return ratio.ci_low if ratio.ci_low > 1.0 else 1.0 / ratio.ci_high


def count(number: int) -> str:
    """A count with its thousands set apart: ``31,432``."""
    return f"{number:,}"


def share(part: int, whole: int) -> str:
    """A share as a percentage with one decimal that is 0 or 100 only where none or all are meant."""
    if whole == 0:
        return "–"
    shown = round_half_up(100.0 * part / whole, 1)
    if shown == "100.0" and part < whole:
        return "over 99.9"
    return "under 0.1" if shown == "0.0" and part > 0 else shown


def _text(found: Fragility) -> dict[str, str]:
    missing = "–"
    counts = found.pairs
    text = {"pairs": count(counts.pairs), "testable_pairs": count(counts.testable)}
    for name in ("car_t", "bispecific", "undecided"):
        pairs_of = getattr(counts, name)
        text[f"{name}_pairs"] = count(pairs_of)
        text[f"share_{name}"] = share(pairs_of, counts.testable)
    text["not_testable_pairs"] = count(counts.not_testable)
    # The pairs that say what the published comparison says.
    text["same_pairs"] = text.get(f"{found.verdict.verdict.replace('-', '_')}_pairs", missing)
    text["fewest_trials"] = trials_phrase(found.removal.trials) if found.removal else missing
    text["fewest_trials_ways"] = count(len(found.removal.choices)) if found.removal else missing
    text["fewest_patients"] = patients_phrase(found.patients)
    text["patients_at_least"] = patients_phrase_of(found.patients.at_least) if found.patients else missing
    text["bias_null"] = odds(found.bias_null) if found.bias_null else missing
    text["bias_undecided"] = odds(found.bias_undecided) if found.bias_undecided else missing
    moved = [
        (abs(each.shift), each.name, each.ratio) for each in found.without if each.shift is not None and each.ratio
    ]
    _, name, ratio = max(moved, key=lambda each: each[0], default=(0.0, missing, None))
    text["influential"] = name
    for suffix, value in zip(("", "_low", "_high"), astuple(ratio) if ratio else (None,) * 3, strict=True):
        text[f"influential_ratio{suffix}"] = missing if value is None else odds(value)
    return text


def patients_phrase(found: Reclassified | None) -> str:
    """``6 patients``, or ``at most 22 patients`` where fewer are not excluded; a dash where none do."""
    if found is None:
        return "–"
    said = patients_phrase_of(found.patients)
    return said if found.exact else f"at most {said}"


def patients_phrase_of(number: int) -> str:
    """``1 patient``, ``6 patients``."""
    return f"{number} patient" if number == 1 else f"{number} patients"
