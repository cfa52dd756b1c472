"""`carbite.subsets` against metafor, against `pool` fitted one by one, and against counts made with metafor."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbite import pooling, records
from carbite.pooling import contrast, pool
from carbite.subsets import (
    A_HIGHER,
    B_HIGHER,
    EVERY_SUBSET_UP_TO,
    NOT_TESTABLE,
    UNDECIDED,
    Subsets,
    all_subsets,
    enumeration,
    fewest_removed,
    pairs,
    verdicts,
    without_overlaps,
)

HERE = Path(__file__).parent / "reference"
SETS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(HERE.glob("subsets_*.json"))}
GOSH = {path.stem.removeprefix("gosh_k10_"): json.loads(path.read_text("utf-8")) for path in HERE.glob("gosh_k10_*")}
MIXED = json.loads((HERE / "mixed_15_trials.json").read_text("utf-8"))

CLOSED_FORM = 1e-10  # EE and DL against metafor: the same formula in another order of operations
CONVERGED = 1e-9  # REML against metafor with a threshold of 1e-14, and everything against `pool`
METAFOR_DEFAULT = 5e-5  # metafor's default settings stop at a step of 1e-5 in tau2
PROPERTY = 1e-8  # invariances: rounding, amplified where the likelihood is flat
Q_ROUNDING = 1e-12  # relative: Q of large trials is in the thousands

FIELDS = ("estimate", "se", "tau2", "ci_low", "ci_high", "optima", "k")
GRID = list(itertools.product(pooling.MEASURES, pooling.TAU2, pooling.INTERVALS))

Trials = tuple[list[int], list[int]]

ONE_BY_ONE: dict[str, Trials] = {
    "with 13 of 13": (MIXED["xi"][9:15], MIXED["ni"][9:15]),
    "0 %, 100 %, one patient, many patients": ([0, 42, 1, 3000, 7, 60], [36, 42, 1, 9000, 31, 75]),
    "equal effects": ([5, 10, 20, 40, 5], [10, 20, 40, 80, 10]),
    "one trial": ([3], [9]),
    # Two maxima (mask 10248 of the mixed trials), and two trials beside them.
    "two maxima": ([81, 33, 13, 25, 27], [189, 65, 13, 36, 30]),
}


def chosen(trials: Trials, mask: int) -> Trials:
    """The trials of a bit mask."""
    x, n = trials
    here = [i for i in range(len(x)) if mask >> i & 1]
    return [x[i] for i in here], [n[i] for i in here]


# ---- one arm -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_every_subset_equals_pool(name: str) -> None:
    trials = ONE_BY_ONE[name]
    for measure, tau2, interval in GRID:
        options: dict[str, Any] = {"measure": measure, "tau2": tau2, "interval": interval}
        found = all_subsets(*trials, **options)
        assert len(found) == 2 ** len(trials[0]) - 1
        fits = [pool(*chosen(trials, int(mask)), **options) for mask in found.masks]
        for field in FIELDS:
            expected = [getattr(fit, field) for fit in fits]
            np.testing.assert_allclose(getattr(found, field), expected, rtol=0, atol=CONVERGED, err_msg=f"{options}")
        np.testing.assert_allclose(found.q, [fit.q for fit in fits], rtol=Q_ROUNDING, atol=CLOSED_FORM)


@pytest.mark.parametrize("level", [0.5, 0.99])
def test_the_level_is_that_of_pool(level: float) -> None:
    trials = ONE_BY_ONE["two maxima"]
    for interval in pooling.INTERVALS:
        found = all_subsets(*trials, interval=interval, level=level)
        fit = pool(*trials, interval=interval, level=level)
        ours, theirs = (found.ci_low[-1], found.ci_high[-1]), (fit.ci_low, fit.ci_high)
        assert ours == pytest.approx(theirs, rel=0, abs=CONVERGED)


@pytest.mark.parametrize("name", SETS)
def test_reml_of_every_subset_equals_metafor(name: str) -> None:
    reference = SETS[name]
    rows = np.array(reference["mask"]) - 1
    found = all_subsets(reference["xi"], reference["ni"], interval="z")
    assert len(rows) == len(found)
    for ours, theirs in {"estimate": "est", "se": "se", "tau2": "tau2"}.items():
        np.testing.assert_allclose(getattr(found, ours)[rows], reference[theirs], rtol=0, atol=CONVERGED)
    for ours, theirs in {"estimate": "metafor_tight_est", "tau2": "metafor_tight_tau2"}.items():
        np.testing.assert_allclose(getattr(found, ours)[rows], reference[theirs], rtol=0, atol=CONVERGED)
    assert found.optima[rows].tolist() == reference["optima"]


@pytest.mark.parametrize(
    ("run", "tau2", "within"),
    [
        ("EE", "EE", CLOSED_FORM),
        ("DL", "DL", CLOSED_FORM),
        ("REML_tight", "REML", CONVERGED),
        ("REML", "REML", METAFOR_DEFAULT),
    ],
)
def test_every_subset_equals_gosh(run: str, tau2: str, within: float) -> None:
    reference = GOSH[run]
    assert sorted(reference["mask"]) == list(range(1, 1024))
    rows = np.array(reference["mask"]) - 1
    found = all_subsets(MIXED["xi"][:10], MIXED["ni"][:10], tau2=tau2, interval="z")
    np.testing.assert_allclose(found.estimate[rows], reference["est"], rtol=0, atol=within)
    np.testing.assert_allclose(found.tau2[rows], reference["tau2"], rtol=0, atol=within)
    np.testing.assert_allclose(found.q[rows], reference["QE"], rtol=0, atol=CLOSED_FORM)
    assert found.k[rows].tolist() == reference["k"]


def test_where_metafor_fails_the_global_maximum_is_found() -> None:
    """A dense look at the likelihood; and how many of the 32,767 selections have two maxima."""
    found = all_subsets(MIXED["xi"], MIXED["ni"], interval="z")
    y, v = np.array(MIXED["yi"]), np.array(MIXED["vi"])
    for mask in MIXED["masks_no_convergence"] + MIXED["masks_not_global"]:
        here = np.array([mask >> i & 1 for i in range(15)], bool)
        grid = np.concatenate([[0.0], np.exp(np.linspace(-12, 4, 4000))])
        heights = [restricted_loglik(y[here], v[here], tau2) for tau2 in grid]
        best = grid[int(np.argmax(heights))]
        # The grid's neighbours are 0.4 % apart.
        assert found.tau2[mask - 1] == pytest.approx(best, rel=0.005, abs=1e-5)
        assert restricted_loglik(y[here], v[here], found.tau2[mask - 1]) >= max(heights) - 1e-12
    for mask in MIXED["masks_not_global"]:
        assert found.optima[mask - 1] == 2
    assert np.count_nonzero(found.optima > 1) == 44


def restricted_loglik(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    w = 1 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    return float(0.5 * (np.log(w).sum() - np.log(w.sum()) - (w * (y - mean) ** 2).sum()))


PROPERTIES = settings(max_examples=60, deadline=None, derandomize=True)
METHOD = st.sampled_from(pooling.TAU2)
MEASURE = st.sampled_from(pooling.MEASURES)
INTERVAL = st.sampled_from(pooling.INTERVALS)


@st.composite
def trials_of(draw: st.DrawFn, fewest: int = 1, most: int = 9) -> Trials:
    sizes = draw(st.lists(st.integers(1, 400), min_size=fewest, max_size=most))
    return [draw(st.integers(0, size)) for size in sizes], sizes


def test_any_subset_of_any_trials_equals_pool() -> None:
    """More than six trials: blocks of 64 subsets share some of them."""

    @PROPERTIES
    @given(trials_of(7, 10), MEASURE, METHOD, INTERVAL, st.data())
    def check(trials: Trials, measure: str, tau2: str, interval: str, data: st.DataObject) -> None:
        options: dict[str, Any] = {"measure": measure, "tau2": tau2, "interval": interval}
        found = all_subsets(*trials, **options)
        for _ in range(5):
            mask = data.draw(st.integers(1, len(found)))
            fit = pool(*chosen(trials, mask), **options)
            ours = [getattr(found, field)[mask - 1] for field in FIELDS]
            theirs = [getattr(fit, field) for field in FIELDS]
            assert ours == pytest.approx(theirs, rel=PROPERTY, abs=PROPERTY, nan_ok=True)

    check()


def test_reversing_the_trials_reverses_the_masks() -> None:
    @PROPERTIES
    @given(trials_of(2), MEASURE, METHOD, INTERVAL)
    def check(trials: Trials, measure: str, tau2: str, interval: str) -> None:
        x, n = trials
        options: dict[str, Any] = {"measure": measure, "tau2": tau2, "interval": interval}
        found, turned = all_subsets(x, n, **options), all_subsets(x[::-1], n[::-1], **options)
        order = [int(f"{mask:0{len(x)}b}"[::-1], 2) - 1 for mask in found.masks]
        for field in ("estimate", "se", "tau2", "q"):
            np.testing.assert_allclose(
                getattr(turned, field)[order], getattr(found, field), rtol=PROPERTY, atol=PROPERTY
            )

    check()


def test_results_are_read_only() -> None:
    found = all_subsets([3, 4], [9, 9], tau2="EE")
    for field in ("estimate", "se", "tau2", "q", "optima"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(found, field)[0] = 1


def test_a_trial_is_in_half_of_the_subsets() -> None:
    found = all_subsets(MIXED["xi"][:7], MIXED["ni"][:7])
    for trial in range(7):
        assert found.masks[found.has(trial)].tolist() == [m for m in range(1, 128) if m >> trial & 1]


# ---- a sample ------------------------------------------------------------------------------------

MANY: Trials = (MIXED["xi"] * 2, MIXED["ni"] * 2)


def test_above_24_trials_a_sample_is_drawn() -> None:
    assert len(MANY[0]) > EVERY_SUBSET_UP_TO
    for tau2, interval in itertools.product(pooling.TAU2, pooling.INTERVALS):
        found = all_subsets(*MANY, tau2=tau2, interval=interval, sample=100)
        assert not found.complete
        assert found.k.tolist() == [int(mask).bit_count() for mask in found.masks]
        for row in (0, 41, 99):
            fit = pool(*chosen(MANY, int(found.masks[row])), tau2=tau2, interval=interval)
            ours = [getattr(found, field)[row] for field in FIELDS]
            assert ours == pytest.approx([getattr(fit, field) for field in FIELDS], rel=0, abs=CONVERGED)


def test_the_sample_is_that_of_its_seed() -> None:
    first, again, other = (all_subsets(*MANY, tau2="EE", sample=5000, seed=seed) for seed in (7, 7, 8))
    assert first.masks.tolist() == again.masks.tolist()
    assert first.masks.tolist() != other.masks.tolist()
    assert len(first) == len(set(first.masks.tolist())) == 5000
    assert first.masks.min() >= 1
    assert first.masks.max() < 2**30
    # Every trial is in half of the subsets: 2500, with a standard deviation of 35.
    assert all(abs(int(first.has(trial).sum()) - 2500) < 5 * 35 for trial in range(30))


def test_a_sample_equals_the_same_subsets_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = all_subsets(MIXED["xi"][:12], MIXED["ni"][:12])
    monkeypatch.setattr(enumeration, "EVERY_SUBSET_UP_TO", 10)
    some = all_subsets(MIXED["xi"][:12], MIXED["ni"][:12], sample=700)
    assert len(some) == 700
    for field in ("estimate", "se", "tau2", "q", "ci_low", "optima"):
        expected = getattr(whole, field)[some.masks - 1]
        np.testing.assert_allclose(getattr(some, field), expected, rtol=0, atol=CONVERGED)


# ---- two arms ------------------------------------------------------------------------------------


def arm(comparison: str, name: str, *readings: str) -> Trials:
    """Events and n of the trials of a comparison; a later reading replaces an earlier one."""
    arms = {row["trial_id"]: row["arm"] for row in records("trials")}
    counts = {
        row["trial_id"]: (row["events"], row["n"])
        for reading in ("printed", *readings)
        for row in records("outcomes")
        if (row["comparison_id"], row["reading"]) == (comparison, reading)
        and arms[row["trial_id"]] == name
        and row["events"] is not None
    }
    x, n = zip(*counts.values(), strict=True)
    return list(x), list(n)


def both_arms(comparison: str, *readings: str, **options: Any) -> tuple[Subsets, Subsets]:
    car_t, bispecific = (all_subsets(*arm(comparison, name, *readings), **options) for name in ("car_t", "bispecific"))
    return car_t, bispecific


# The comparison, readings, what is asked for; then all pairs, those with a verdict, and those that favour CAR T (for
# relapse: fewer events). EE, DL and REML with z were counted with metafor::rma, subset by subset; Hartung-Knapp, for
# which metafor has no difference of two separate arms, with an earlier program that was held to metafor's fits.
ANCHORS = [
    ("cr", (), "EE", "z", 1, 32_193, 32_193, 31_937),
    ("cr", (), "DL", "z", 1, 32_193, 32_193, 31_435),
    ("cr", (), "REML", "z", 1, 32_193, 32_193, 31_432),
    ("cr", (), "REML", "z", 3, 19_572, 19_572, 19_568),
    ("cr", (), "REML", "hartung-knapp", 1, 32_193, 28_614, 23_995),
    ("mrd_among_cr", (), "EE", "z", 1, 32_193, 32_193, 10_777),
    ("mrd_among_cr", (), "REML", "z", 1, 32_193, 32_193, 4_066),
    ("mrd_among_cr", (), "REML", "z", 3, 19_572, 19_572, 2_173),
    ("mrd_among_cr", (), "REML", "hartung-knapp", 1, 32_193, 28_614, 741),
    ("mrd_among_cr", ("all-patients",), "REML", "z", 1, 32_193, 32_193, 16_598),
    ("relapse_among_cr", (), "DL", "z", 1, 7_905, 7_905, 1_242),
    ("relapse_among_cr", (), "REML", "z", 1, 7_905, 7_905, 1_267),
    ("relapse_among_cr", (), "REML", "hartung-knapp", 1, 7_905, 6_422, 382),
]


@pytest.mark.parametrize("anchor", ANCHORS, ids=lambda anchor: "-".join(map(str, anchor[:5])))
def test_counts_of_pairs_equal_those_made_with_metafor(anchor: tuple[Any, ...]) -> None:
    comparison, readings, tau2, interval, fewest, total, testable, favours = anchor
    counts = pairs(*both_arms(comparison, *readings, tau2=tau2, interval=interval), fewest=fewest)
    found = counts.b_higher if comparison == "relapse_among_cr" else counts.a_higher
    assert (counts.pairs, counts.testable, found) == (total, testable, favours)


@pytest.mark.parametrize("interval", pooling.INTERVALS)
def test_a_pair_has_the_verdict_of_contrast(interval: str) -> None:
    """Every 5th pair of CR, and pairs of arms without scatter, in two orders."""
    equal = all_subsets([5, 10, 20], [10, 20, 40], interval=interval)
    lower = all_subsets([2, 4, 8, 3], [10, 20, 40, 9], interval=interval)
    car_t, bispecific = both_arms("cr", interval=interval)
    for (a, b), every in {
        (car_t, bispecific): 101,
        (bispecific, car_t): 101,
        (equal, lower): 1,
        (equal, equal): 1,
    }.items():
        trials = {
            id(arm): counts
            for arm, counts in (
                (equal, ([5, 10, 20], [10, 20, 40])),
                (lower, ([2, 4, 8, 3], [10, 20, 40, 9])),
                (car_t, arm_counts("car_t")),
                (bispecific, arm_counts("bispecific")),
            )
        }
        table = verdicts(a, b)
        fits = [[pool(*chosen(trials[id(s)], int(m)), interval=interval) for m in s.masks] for s in (a, b)]
        for number, (i, j) in enumerate(np.ndindex(table.shape)):
            if number % every == 0:
                assert table[i, j] == verdict_of(fits[0][i], fits[1][j])


def arm_counts(name: str) -> Trials:
    return arm("cr", name)


def verdict_of(a: pooling.Pooled, b: pooling.Pooled) -> int:
    difference = contrast(a, b)
    if math.isnan(difference.ci_low):
        return int(NOT_TESTABLE)
    if difference.ci_low > 0:
        return int(A_HIGHER)
    return int(B_HIGHER if difference.ci_high < 0 else UNDECIDED)


def test_counts_are_those_of_the_table_of_verdicts() -> None:
    @PROPERTIES
    @given(trials_of(), trials_of(), INTERVAL, st.integers(1, 4))
    def check(first: Trials, second: Trials, interval: str, fewest: int) -> None:
        a, b = (all_subsets(*trials, interval=interval) for trials in (first, second))
        table = verdicts(a, b)[np.ix_(a.k >= fewest, b.k >= fewest)]
        counts = pairs(a, b, fewest=fewest)
        for kind, count in (
            (A_HIGHER, counts.a_higher),
            (B_HIGHER, counts.b_higher),
            (UNDECIDED, counts.undecided),
            (NOT_TESTABLE, counts.not_testable),
        ):
            assert np.count_nonzero(table == kind) == count
        assert counts.pairs == table.size == counts.testable + counts.not_testable
        turned = pairs(b, a, fewest=fewest)
        assert (turned.a_higher, turned.b_higher, turned.pairs) == (counts.b_higher, counts.a_higher, counts.pairs)

    check()


def test_subsets_with_overlapping_cohorts_are_not_counted() -> None:
    a, b = both_arms("cr", interval="z")
    allowed = without_overlaps(a, [(0, 1), (2, 4)])
    expected = [m for m in range(1, 512) if m & 0b11 != 0b11 and m & 0b10100 != 0b10100]
    assert a.masks[allowed].tolist() == expected
    counts = pairs(a, b, allowed_a=allowed)
    assert counts.pairs == len(expected) * 63
    assert counts.a_higher == np.count_nonzero(verdicts(a, b)[allowed] == A_HIGHER)
    assert pairs(a, b, allowed_b=np.zeros(63, bool)).pairs == 0


def test_the_fewest_trials_to_remove() -> None:
    """By trying every removal, the smallest first, with ``pool`` and ``contrast``."""
    car_t, bispecific = arm("mrd_among_cr", "car_t", "all-patients"), arm("mrd_among_cr", "bispecific")
    trials = (car_t[0][:6], car_t[1][:6]), (bispecific[0][:5], bispecific[1][:5])
    a, b = (all_subsets(*side) for side in trials)

    fits = [[pool(*chosen(side, mask)) for mask in range(1, 2 ** len(side[0]))] for side in trials]

    @cache
    def said(of_a: int, of_b: int) -> int:
        return verdict_of(fits[0][of_a - 1], fits[1][of_b - 1])

    seen = set()
    for start in ((63, 31), (61, 31), (15, 31), (12, 7), (3, 3)):
        smaller = [
            (i, j)
            for i in range(1, 64)
            for j in range(1, 32)
            if i | start[0] == start[0] and j | start[1] == start[1] and said(i, j) not in (said(*start), NOT_TESTABLE)
        ]
        found = fewest_removed(a, b, start=start)
        seen.add(found and found.trials)
        if found is None:
            assert smaller == []
            continue
        gone = {(i, j): (start[0] ^ i).bit_count() + (start[1] ^ j).bit_count() for i, j in smaller}
        assert found.trials == min(gone.values())
        expected = sorted(pair for pair, count in gone.items() if count == found.trials)
        left = [
            (start[0] - sum(1 << t for t in from_a), start[1] - sum(1 << t for t in from_b))
            for from_a, from_b in found.choices
        ]
        assert sorted(left) == expected
        assert [said(*pair) for pair in left] == list(found.verdicts)
    assert None in seen
    assert len(seen) >= 2


# ---- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "n", "options", "message"),
    [
        ([5, 11], [10, 10], {}, r"events\[1\] = 11 is greater than n\[1\] = 10; expected events <= n"),
        ([], [], {}, r"events is empty; expected at least one whole number"),
        ([1], [math.nan], {}, r"n\[0\] = nan; expected finite whole numbers"),
        ([3], [5], {"measure": "log"}, r"measure = 'log'; expected one of 'logit', 'freeman-tukey', 'raw'"),
        ([3], [5], {"tau2": "reml"}, r"tau2 = 'reml'; expected one of 'EE', .*"),
        ([3], [5], {"interval": "t"}, r"interval = 't'; expected one of 'z', .*"),
        ([3], [5], {"level": 95}, r"level = 95; expected a number between 0 and 1, such as 0\.95"),
        ([3], [5], {"sample": 0}, r"sample = 0; expected a whole number from 1 to 16777216"),
        ([3] * 63, [5] * 63, {}, r"events has 63 values; expected at most 62"),
    ],
)
def test_bad_input_is_named(x: Any, n: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        all_subsets(x, n, **options)


def test_bad_pairs_are_named() -> None:
    a, b = all_subsets([3, 4], [5, 9]), all_subsets([3, 4], [5, 9], tau2="DL")
    with pytest.raises(ValueError, match=r"^a.tau2_method = 'REML' and b.tau2_method = 'DL'; expected two arms"):
        pairs(a, b)
    for flags in ([True, False], [1, 1, 1]):
        with pytest.raises(ValueError, match=r"^allowed_b is an array of .*; expected 3 truth values"):
            pairs(a, a, allowed_b=flags)
    with pytest.raises(ValueError, match=r"^overlaps holds trial 2; expected 0 to 1$"):
        without_overlaps(a, [(0, 2)])
    with pytest.raises(ValueError, match=r"^start\[1\] = 4; expected the bit mask of a subset, 1 to 3$"):
        fewest_removed(a, a, start=(3, 4))
    sample = all_subsets(*MANY, sample=10)
    with pytest.raises(ValueError, match=r"^b is a sample of 10 subsets; expected every subset$"):
        fewest_removed(all_subsets([3, 4], [5, 9]), sample)


# ---- what it costs -------------------------------------------------------------------------------


def test_progress_is_told_when_it_takes_longer_than_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    x, n = MIXED["xi"], MIXED["ni"]
    all_subsets(x, n, progress=lambda done, total: told.append((done, total)))
    assert told == []
    monkeypatch.setattr(enumeration, "_QUIET_SECONDS", 0.0)
    monkeypatch.setattr(enumeration, "_SECONDS_BETWEEN_MESSAGES", 0.0)
    all_subsets(x + x[:2], n + n[:2], progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1] == (2**17 - 1, 2**17 - 1)
    assert {total for _, total in told} == {2**17 - 1}


def test_the_message_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for done in (0, 50, 100):
        enumeration.show_progress(done, 100)
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert [part.strip() for part in shown.split("\r")[1:]] == [
        "all_subsets: compiling, once on this machine",
        "all_subsets: 50 % of 100 subsets",
        "all_subsets: 100 % of 100 subsets",
    ]


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_nothing_but_the_call_loads_the_compiler() -> None:
    code = (
        "import sys, carbite, carbite.subsets; carbite.pool([3], [5]); carbite.all_subsets;"
        "print('numba' in sys.modules, 'llvmlite' in sys.modules)"
    )
    assert run(code) == "False False"


def test_without_numba_the_message_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from carbite.subsets import all_subsets\n"
        "try: all_subsets([3], [5])\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    assert run(code) == "all_subsets needs Numba; install it with: pip install 'carbite[subsets]'"
