"""The page's fits of every subset, and its pairs: against metafor, against `carbite.subsets`, and against `evaluate`.

Each test writes all its calls into one file and runs Node once.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carbite import pooling
from carbite.comparison import ARMS, Options, Row, Selection, added_trial, comparison, independent_groups, rows, rule
from carbite.explorer.payload import payload
from carbite.subsets import A_HIGHER, B_HIGHER, NOT_TESTABLE, UNDECIDED, all_subsets, fewest_removed, pairs, verdicts
from carbite.verdict import evaluate
from tests.node import run_node
from tests.test_pooling_js import random_trials
from tests.test_subsets import GOSH, MIXED, SETS
from tests.test_verdict_js import random_state
from tests.thoroughness import cases as share_of

CLOSED_FORM = 1e-10  # EE and DL against metafor: the same formula in another order of operations
CONVERGED = 1e-9  # REML against metafor with a threshold of 1e-14, and everything against Python; relative above 1
REUSED = 1e-11  # a fit that was kept against the same fit made anew: the origin of the effects is another
RANDOM_SETS = 2_100  # 100 for each measure and tau2
RANDOM_PAIRS = 840  # 40 for each tau2 and interval
RANDOM_STATES = share_of(200)

Trials = tuple[list[int], list[int]]


def values(calls: Sequence[list[Any]], folder: Path) -> list[Any]:
    answers = run_node("subsets.mjs", calls, folder)
    for call, answer in zip(calls, answers, strict=True):
        assert "error" not in answer, (call, answer)
    return [answer["value"] for answer in answers]


def arm(trials: Trials) -> dict[str, list[int]]:
    return {"events": trials[0], "n": trials[1]}


def largest_difference(ours: Sequence[float], theirs: Any) -> float:
    """Absolute up to 1, relative above."""
    expected = np.asarray(theirs, float)
    assert len(ours) == len(expected)
    return float(np.max(np.abs(np.asarray(ours) - expected) / np.maximum(1, np.abs(expected))))


# ---- one arm -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
def test_reml_of_every_subset_equals_metafor(name: str, tmp_path: Path) -> None:
    reference = SETS[name]
    at = np.array(reference["mask"]) - 1
    [fits] = values([["fits", arm((reference["xi"], reference["ni"])), "logit", "REML"]], tmp_path)
    for ours, theirs in {"estimate": "est", "se": "se", "tau2": "tau2"}.items():
        assert largest_difference(np.array(fits[ours])[at], reference[theirs]) <= CONVERGED, ours
    assert np.array(fits["optima"])[at].tolist() == reference["optima"]


@pytest.mark.parametrize(
    ("run", "tau2", "within"), [("EE", "EE", CLOSED_FORM), ("DL", "DL", CLOSED_FORM), ("REML_tight", "REML", CONVERGED)]
)
def test_every_subset_equals_gosh(run: str, tau2: str, within: float, tmp_path: Path) -> None:
    reference = GOSH[run]
    at = np.array(reference["mask"]) - 1
    [fits] = values([["fits", arm((MIXED["xi"][:10], MIXED["ni"][:10])), "logit", tau2]], tmp_path)
    for ours, theirs in {"estimate": "est", "tau2": "tau2", "q": "QE", "i2": "I2"}.items():
        assert largest_difference(np.array(fits[ours])[at], reference[theirs]) <= within, ours
    assert np.array(fits["k"])[at].tolist() == reference["k"]


def test_all_subsets_of_fifteen_trials_equal_python(tmp_path: Path) -> None:
    """32,767 subsets by every method; 44 of them have a restricted likelihood with two maxima."""
    trials = (MIXED["xi"], MIXED["ni"])
    found = values([["fits", arm(trials), "logit", tau2] for tau2 in pooling.TAU2], tmp_path)
    for tau2, fits in zip(pooling.TAU2, found, strict=True):
        python = all_subsets(*trials, tau2=tau2, interval="z")
        for field in ("estimate", "se", "tau2", "q", "optima", "k"):
            assert largest_difference(fits[field], getattr(python, field)) <= CONVERGED, (tau2, field)
    assert np.count_nonzero(np.array(found[pooling.TAU2.index("REML")]["optima"]) > 1) == 44


def test_random_sets_equal_python(tmp_path: Path) -> None:
    draw = np.random.default_rng(20_214)
    methods = list(itertools.product(pooling.MEASURES, pooling.TAU2))
    cases = []
    while len(cases) < RANDOM_SETS:
        trials = random_trials(draw)
        if len(trials[0]) <= 8:
            cases.append((trials, *methods[len(cases) % len(methods)]))
    found = values([["fits", arm(trials), measure, tau2] for trials, measure, tau2 in cases], tmp_path)
    worst: dict[str, float] = Counter()
    subsets = several = 0
    for (trials, measure, tau2), fits in zip(cases, found, strict=True):
        k = np.array(fits["k"])
        for interval in pooling.INTERVALS:
            python = all_subsets(*trials, measure=measure, tau2=tau2, interval=interval)
            scale = np.array(fits["scatter"]) / np.maximum(1, k - 1)
            factor = {"z": np.ones(len(k)), "hartung-knapp": scale, "modified-hartung-knapp": np.maximum(1, scale)}[
                interval
            ]
            se = np.array(fits["se"]) * np.sqrt(np.where(k > 1, factor, 1))
            worst["se"] = max(worst["se"], largest_difference(se, python.se))
        for field in ("estimate", "tau2", "q", "optima", "k"):
            worst[field] = max(worst[field], largest_difference(fits[field], getattr(python, field)))
        subsets += len(k)
        several += int(np.count_nonzero(np.array(fits["optima"]) > 1))
    print(f"{subsets} subsets; worst differences: {dict(worst)}")
    assert subsets > 100_000
    assert several > 100
    assert max(worst.values()) <= CONVERGED, worst


def test_two_maxima_are_found_where_they_are_common(tmp_path: Path) -> None:
    """Two large trials that agree and a few small ones that need not, by the long way of `pool_effects`."""
    draw = np.random.default_rng(2022)
    calls: list[list[Any]] = []
    for i in range(400):
        small = int(draw.integers(1, 4))
        v = np.concatenate([[1e-3, 1e-3], 10 ** draw.uniform(-0.5, 0.5, small)]).tolist()
        y = np.concatenate([draw.normal(0, 0.05, 2), draw.normal(0, 3, small)]).tolist()
        calls.append(["fitsOfEffects", y, v, ("REML", "ML")[i % 2]])
    several = 0
    for (_, y, v, tau2), fits in zip(calls, values(calls, tmp_path), strict=True):
        for mask in range(1, 2 ** len(y)):
            here = [i for i in range(len(y)) if mask >> i & 1]
            fit = pooling.pool_effects([y[i] for i in here], [v[i] for i in here], tau2=tau2, interval="z")
            ours = [fits[field][mask - 1] for field in ("estimate", "se", "tau2", "i2", "optima")]
            assert ours == pytest.approx(
                [fit.estimate, fit.se, fit.tau2, fit.i2, fit.optima], rel=CONVERGED, abs=CONVERGED
            )
            several += fit.optima > 1
    assert several > 300


def test_only_subsets_that_hold_a_changed_trial_are_fitted_again(tmp_path: Path) -> None:
    """A count changed, two changed, a trial added at the end, the last one removed, nothing changed."""
    x, n = [27, 44, 61, 14, 42], [30, 53, 75, 21, 45]
    changes: list[tuple[Trials, int]] = [
        (([27, 44, 61, 14, 42], [30, 53, 92, 21, 45]), 16),
        (([27, 40, 61, 14, 42], [30, 53, 92, 21, 45]), 24),
        (([*x, 13], [*n, 13]), 32),
        ((x[:4], n[:4]), 0),
        ((x, n), 0),
    ]
    calls = [["refits", arm((x, n)), arm(after), tau2] for after, _ in changes for tau2 in pooling.TAU2]
    expected = [fitted for _, fitted in changes for _ in pooling.TAU2]
    for call, fitted, found in zip(calls, expected, values(calls, tmp_path), strict=True):
        assert found["fitted"] == fitted, call
        for field, again in found["again"].items():
            assert largest_difference(again, found["anew"][field]) <= REUSED, (call, field)


def test_more_trials_than_the_page_can_take_are_refused(tmp_path: Path) -> None:
    [answer] = run_node("subsets.mjs", [["fits", arm(([3] * 16, [9] * 16)), "logit", "REML"]], tmp_path)
    assert answer == {"error": "there are 16 trials; expected at most 15"}


# ---- pairs of arms -------------------------------------------------------------------------------


def test_pairs_and_the_fewest_trials_to_remove_equal_python(tmp_path: Path) -> None:
    """Counts exactly; the choices too."""
    draw = np.random.default_rng(20_215)
    methods = list(itertools.product(pooling.TAU2, pooling.INTERVALS))
    cases: list[tuple[list[Any], dict[str, Any], tuple[Trials, Trials]]] = []
    while len(cases) < RANDOM_PAIRS:
        first, second = random_trials(draw), random_trials(draw)
        if not (2 <= len(first[0]) <= 6 and 2 <= len(second[0]) <= 6):
            continue
        tau2, interval = methods[len(cases) % len(methods)]
        options = {"tau2": tau2, "interval": interval, "level": (0.95, 0.8)[len(cases) % 2]}
        masks = [2 ** len(first[0]) - 1, 2 ** len(second[0]) - 1]
        asked = {**options, "measure": "logit", "shift": 0, "fewest": 2}
        fits = [all_subsets(*trials, **options) for trials in (first, second)]
        here = int(verdict_of_all(*fits))
        asked["start"] = {
            "a": masks[0],
            "b": masks[1],
            "verdict": PAGE_NAMES[here],
            "trials": len(first[0]) + len(second[0]),
        }
        cases.append((["pairs", arm(first), arm(second), asked], options, (first, second)))
    seen: Counter[str] = Counter()
    for (_, options, (first, second)), found in zip(cases, values([case[0] for case in cases], tmp_path), strict=True):
        a, b = all_subsets(*first, **options), all_subsets(*second, **options)
        counted = pairs(a, b, fewest=2)
        assert found["counts"] == [counted.b_higher, counted.undecided, counted.a_higher], options
        seen += Counter(b=counted.b_higher, undecided=counted.undecided, a=counted.a_higher)
        removal = fewest_removed(a, b)
        # With z intervals fewest_removed goes on to single trials.
        if options["interval"] == "z":
            continue
        assert found["fewest"] == (removal.trials if removal else None), options
        if removal:
            ours = {(choice["a"], choice["b"], choice["verdict"]) for choice in found["choices"]}
            full = 2 ** len(first[0]) - 1, 2 ** len(second[0]) - 1
            theirs = {
                (full[0] - sum(1 << i for i in off_a), full[1] - sum(1 << i for i in off_b), PAGE_NAMES[verdict])
                for (off_a, off_b), verdict in zip(removal.choices, removal.verdicts, strict=True)
            }
            assert ours == theirs
            seen["removals"] += 1
    print(dict(seen))
    assert min(seen.values()) > 100


PAGE_NAMES = {int(B_HIGHER): 0, int(UNDECIDED): 1, int(A_HIGHER): 2}


def verdict_of_all(a: Any, b: Any) -> int:
    """The verdict of all trials of both arms."""
    verdict = int(verdicts(a, b)[-1, -1])
    assert verdict != NOT_TESTABLE
    return verdict


# ---- what the panel counts -----------------------------------------------------------------------


def in_python(state: dict[str, Any]) -> tuple[Selection, Options]:
    added = tuple(added_trial(**trial) for trial in state["added"])
    selection = Selection(state["comparison"], tuple(state["trials"]), state["readings"], added)
    return selection, Options(**state["options"])


def available(selection: Selection, options: Options) -> dict[str, list[Row]]:
    """The rows of each arm that can be counted, ticked or not."""
    every = Selection(
        selection.comparison_id,
        tuple(trial.trial_id for trial in comparison(selection.comparison_id).trials),
        selection.readings,
        selection.added,
    )
    kept = [row for row in rows(every, options) if row.left_out not in ("no-count", "population")]
    return {name: [row for row in kept if row.trial.arm == name] for name in ARMS}


def subsets_of(arm_rows: list[Row], overlap: str) -> list[tuple[Row, ...]]:
    """Every subset, without those that hold patients twice unless they are asked for."""
    every = [chosen for size in range(1, len(arm_rows) + 1) for chosen in itertools.combinations(arm_rows, size)]
    if overlap == "printed":
        return every
    return [
        chosen
        for chosen in every
        if not any(one.trial.cohorts & other.trial.cohorts for one, other in itertools.combinations(chosen, 2))
    ]


def ticked(selection: Selection, chosen: Sequence[Row]) -> Selection:
    """Exactly these rows ticked."""
    names = [row.trial.trial_id for row in chosen]
    added = tuple(trial for trial in selection.added if trial.trial_id in names)
    published = tuple(name for name in names if not name.startswith("added-"))
    return Selection(selection.comparison_id, published, selection.readings, added)


def state_of(comparison_id: str, **options: Any) -> dict[str, Any]:
    trials = list(comparison(comparison_id).default_selection().trials)
    return {
        "comparison": comparison_id,
        "trials": trials,
        "readings": {},
        "added": [],
        "options": {**Options().__dict__, **options},
    }


def test_every_pair_has_the_verdict_of_evaluate(tmp_path: Path) -> None:
    """Pair by pair, with nothing of `carbite.subsets`: shared patients, children alone, a trial typed in, a bias."""
    mine = {"name": "Mine", "arm": "bispecific", "events": 9, "n": 30}
    states = [
        state_of("davis_cr"),
        state_of("davis_cr", overlap="printed", interval="z"),
        state_of("davis_severe_crs", tau2="DL"),
        {**state_of("cr", population="children", reading="enrolled", attrition=0.2), "added": [mine]},
        {**state_of("davis_severe_neurotoxicity", interval="hartung-knapp", bias=1.5), "trials": []},
    ]
    seen: Counter[str] = Counter()
    for state, found in zip(states, values([["summaries", payload(), states]], tmp_path)[0], strict=True):
        selection, options = in_python(state)
        arms = available(selection, options)
        subsets = {name: subsets_of(arm_rows, options.overlap) for name, arm_rows in arms.items()}
        said = Counter(
            evaluate(ticked(selection, [*a, *b]), options).verdict
            for a, b in itertools.product(subsets["car_t"], subsets["bispecific"])
        )
        assert found["pairs"] == said.total(), state
        assert found["testable"] == said.total() - said["not-testable"], state
        assert found["verdicts"] == {name: said[name] for name in ("car_t", "bispecific", "undecided")}, state
        seen += said
    assert seen["car_t"] > 100
    assert seen["undecided"] > 100
    assert seen["not-testable"] > 100


def test_random_states_are_counted_as_in_python(tmp_path: Path) -> None:
    """One panel goes through all states, so that fits are used again; each is counted anew in Python."""
    draw = random.Random(20_216)
    states = [random_state(draw) for _ in range(RANDOM_STATES)]
    found = values([["summaries", payload(), states]], tmp_path)[0]
    seen: Counter[str] = Counter()
    for state, summary in zip(states, found, strict=True):
        selection, options = in_python(state)
        arms = available(selection, options)
        result = evaluate(selection, options)
        expected = counted_in_python(arms, options, comparison(state["comparison"]).better)
        assert {name: summary[name] for name in expected} == expected, state
        check_removal(selection, options, result.verdict, summary)
        check_marks(result, summary)
        assert "NaN" not in summary["html"]
        assert "undefined" not in summary["html"]
        seen[result.verdict] += 1
        seen["removable"] += summary["fewest"] is not None
    assert min(seen.values()) >= RANDOM_STATES / 25, seen


def counted_in_python(arms: dict[str, list[Row]], options: Options, better: str) -> dict[str, Any]:
    fits, testable, allowed = {}, {}, {}
    for name, arm_rows in arms.items():
        subsets = subsets_of(arm_rows, options.overlap)
        allowed[name] = len(subsets)
        masks = [sum(1 << arm_rows.index(row) for row in chosen) for chosen in subsets]
        fine = [
            independent_groups(row.trial for row in chosen) >= rule()["minimum_trials_per_arm"] for chosen in subsets
        ]
        testable[name] = np.zeros(2 ** len(arm_rows) - 1, bool)
        testable[name][[mask - 1 for mask, ok in zip(masks, fine, strict=True) if ok]] = True
        if arm_rows:
            fits[name] = all_subsets(
                [row.events for row in arm_rows],
                [row.n for row in arm_rows],
                tau2=options.tau2,
                interval=options.interval,
            )
    total = allowed["car_t"] * allowed["bispecific"]
    if not total:
        return {"pairs": 0, "testable": 0, "verdicts": {"car_t": 0, "bispecific": 0, "undecided": 0}}
    # The assumed bias is taken from the log odds of CAR T.
    shifted = dataclasses.replace(fits["car_t"], estimate=fits["car_t"].estimate - math.log(options.bias))
    counted = pairs(shifted, fits["bispecific"], allowed_a=testable["car_t"], allowed_b=testable["bispecific"])
    car_t, other = counted.a_higher, counted.b_higher
    if better == "lower":
        car_t, other = other, car_t
    return {
        "pairs": total,
        "testable": counted.testable,
        "verdicts": {"car_t": car_t, "bispecific": other, "undecided": counted.undecided},
    }


def check_removal(selection: Selection, options: Options, verdict: str, summary: dict[str, Any]) -> None:
    """Each choice does what it says; no fewer trials do, where there are few enough to try them all."""
    counted = [row for row in rows(selection, options) if not row.left_out]
    for choice in summary["choices"][:3]:
        left = [row for row in counted if row.trial.trial_id not in choice["trials"]]
        assert len(counted) - len(left) == summary["fewest"]
        assert evaluate(ticked(selection, left), options).verdict == choice["verdict"] != verdict
    if verdict == "not-testable":
        assert summary["choices"] == []
    elif summary["fewest"] == 2 or len(counted) <= 4:
        fewer = range(1, summary["fewest"] or len(counted))
        for left in itertools.chain.from_iterable(itertools.combinations(counted, len(counted) - off) for off in fewer):
            assert evaluate(ticked(selection, left), options).verdict in (verdict, "not-testable")


def check_marks(result: Any, summary: dict[str, Any]) -> None:
    """The selection that is marked is the one that is pooled, and every subset that counts lies in one cell."""
    for name in ARMS:
        pooled, about = result.arms[name], summary["arms"][name]
        if pooled is None:
            assert about["present"] is None
        else:
            ours = (about["present"]["share"], about["present"]["i2"])
            assert ours == pytest.approx((pooled.proportion.estimate, pooled.i2), rel=CONVERGED, abs=CONVERGED)
        assert sum(about["cells"]) == about["subsets"]
    assert summary["testable"] == summary["arms"]["car_t"]["subsets"] * summary["arms"]["bispecific"]["subsets"]


def test_counts_made_with_metafor_come_out(tmp_path: Path) -> None:
    """tests/reference/README.md says how they were made: z intervals, and Hartung-Knapp with two trials or more."""
    states = [
        state_of("cr", interval="z"),
        state_of("cr", interval="hartung-knapp"),
        state_of("mrd_among_cr", interval="z"),
        state_of("mrd_among_cr", interval="z", reading="all-patients"),
        state_of("relapse_among_cr", interval="z"),
        state_of("relapse_among_cr", interval="hartung-knapp"),
    ]
    cr, cr_hk, mrd, mrd_all, relapse, relapse_hk = values([["summaries", payload(), states]], tmp_path)[0]
    assert (cr["all"]["verdicts"]["car_t"], cr["all"]["pairs"]) == (31_432, 32_193)
    assert (cr_hk["verdicts"]["car_t"], cr_hk["testable"], cr_hk["pairs"]) == (23_995, 28_614, 32_193)
    assert (mrd["all"]["verdicts"]["car_t"], mrd["all"]["verdicts"]["bispecific"]) == (4_066, 4)
    assert mrd_all["all"]["verdicts"]["car_t"] == 16_598
    assert (relapse["all"]["verdicts"]["car_t"], relapse["all"]["pairs"]) == (1_267, 7_905)
    assert (relapse_hk["verdicts"]["car_t"], relapse_hk["testable"]) == (382, 6_422)


def test_more_trials_than_can_be_counted_are_said_and_nothing_is_fitted(tmp_path: Path) -> None:
    many = [{"name": f"Mine {i}", "arm": "bispecific", "events": i, "n": 30} for i in range(8)]
    enough = {**state_of("cr"), "added": many[:7]}
    [fine, too_many, back] = values(
        [["summaries", payload(), [enough, {**state_of("cr"), "added": many}, state_of("cr")]]], tmp_path
    )[0]
    assert not fine["tooMany"]
    assert fine["pairs"] == (2**9 - 1) * (2**13 - 1)
    assert (too_many["tooMany"], too_many["slices"]) == (True, 1)
    assert back["testable"] == 28_614


def test_work_comes_in_small_pieces(tmp_path: Path) -> None:
    """A panel with the most pairs takes many calls; ticking alone needs no new fit."""
    unticked = {**state_of("cr"), "trials": state_of("cr")["trials"][1:]}
    [first, again] = values([["summaries", payload(), [state_of("cr"), unticked]]], tmp_path)[0]
    assert first["slices"] > again["slices"] > 7
    assert first["verdicts"] == again["verdicts"]
    assert first["arms"]["car_t"]["cells"] == again["arms"]["car_t"]["cells"]
    assert first["arms"]["car_t"]["present"] != again["arms"]["car_t"]["present"]
