"""How fragile a verdict is: against `evaluate` on every pair, metafor's leave-one-out, and every way to reclassify."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import carbite
from carbite import fragility, pooling, verdict
from carbite.comparison import ARMS, Options, Row, Selection, added_trial, comparison, parse_question, rows
from carbite.pooling import contrast, effect_sizes, pool
from carbite.robustness import Fragility, PairVerdicts, Reclassified, patients_phrase, share
from carbite.subsets import (
    A_HIGHER,
    B_HIGHER,
    NOT_TESTABLE,
    UNDECIDED,
    Reclassification,
    fewest_reclassified,
    reclassification,
)
from carbite.verdict import claim, evaluate

REFERENCE = json.loads((Path(__file__).parent / "reference" / "metafor_reference.json").read_text("utf-8"))["sets"]

CONVERGED = 1e-9  # one estimator by two routes of ours
METAFOR_DEFAULT = 5e-5  # metafor's leave-one-out ran with its default settings, which stop REML early
ON_THE_LIMIT = 1e-9  # relative: a bias just above and just below the one that changes the verdict

Arm = tuple[list[int], list[int]]


def asked(question: str, **keywords: Any) -> Fragility:
    return fragility(*parse_question(question), progress=None, **keywords)


@pytest.fixture
def _without_glmm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The GLMM stands beside a verdict and takes most of its time."""
    monkeypatch.setattr(verdict, "_glmm_ratio", lambda *_: None)


# ---- pairs ---------------------------------------------------------------------------------------

# As in test_subsets.py: counted with metafor, subset by subset, and for Hartung-Knapp with an earlier program.
ANCHORS = [
    ("cr?interval=z", 1, "car_t", 31_432, 32_193),
    ("cr?interval=z", 3, "car_t", 19_568, 19_572),
    ("cr?interval=hartung-knapp", None, "car_t", 23_995, 28_614),
    ("mrd_among_cr?interval=z", 1, "car_t", 4_066, 32_193),
    ("mrd_among_cr?interval=z", 1, "bispecific", 4, 32_193),
    ("mrd_among_cr?interval=z&reading=all-patients", 1, "car_t", 16_598, 32_193),
    ("relapse_among_cr?interval=z", 1, "car_t", 1_267, 7_905),
    ("relapse_among_cr?interval=hartung-knapp", None, "car_t", 382, 6_422),
]


@pytest.mark.parametrize("anchor", ANCHORS, ids=lambda anchor: "-".join(map(str, anchor[:3])))
def test_counts_made_with_metafor_come_out(anchor: tuple[str, int | None, str, int, int]) -> None:
    question, fewest, side, favours, testable = anchor
    counts = asked(question, fewest=fewest).pairs
    assert (getattr(counts, side), counts.testable) == (favours, testable)


def typed_in(question: str, *trials: tuple[str, str, int, int]) -> tuple[Selection, Options]:
    selection, options = parse_question(question)
    return replace(selection, added=tuple(added_trial(*trial) for trial in trials)), options


def only(question: str, *trials: str) -> tuple[Selection, Options]:
    selection, options = parse_question(question)
    return replace(selection, trials=trials), options


# Small enough to evaluate every pair: endpoints where more and where fewer events are better; trials that share
# patients, kept apart and counted twice; a population; a reading; an assumed bias and loss; a trial typed in.
SMALL = {
    "davis_cr": parse_question("davis_cr"),
    "davis_cr, printed": parse_question("davis_cr?overlap=printed"),
    "davis_cr, z": parse_question("davis_cr?interval=z&tau2=DL"),
    "davis_severe_crs": parse_question("davis_severe_crs"),
    "davis_severe_crs, all ticked": only("davis_severe_crs?interval=z", "mskcc-2014", "nci", "mt103-211", "mt103-206"),
    "davis_severe_neurotoxicity": parse_question("davis_severe_neurotoxicity?interval=hartung-knapp"),
    "adults": parse_question("cr?population=adults"),
    "adults, bias": parse_question("cr?population=adults&bias=2.5&interval=z"),
    "adults, loss": parse_question("cr?population=adults&attrition=0.3&reading=enrolled"),
    "children": parse_question("cr?population=children"),
    "children, typed in": typed_in("cr?population=children&reading=enrolled", ("Ours", "bispecific", 9, 31)),
    "relapse, adults": parse_question("relapse_among_cr?population=adults&interval=z&bias=1.4"),
}


def pairs_one_by_one(selection: Selection, options: Options) -> Iterator[tuple[frozenset[str], str]]:
    """Every pair of subsets with all its trials counted, and what `evaluate` says of it."""
    ids = [trial.trial_id for trial in (*comparison(selection.comparison_id).trials, *selection.added)]
    everything = replace(selection, trials=tuple(t.trial_id for t in comparison(selection.comparison_id).trials))
    possible = {
        row.trial.trial_id
        for row in rows(everything, replace(options, overlap="printed"))
        if row.left_out == "" and row.events is not None
    }
    for size in range(1, len(ids) + 1):
        for chosen in itertools.combinations([each for each in ids if each in possible], size):
            pair = Selection(
                selection.comparison_id,
                tuple(each for each in chosen if not each.startswith("added-")),
                selection.readings,
                tuple(trial for trial in selection.added if trial.trial_id in chosen),
            )
            counted = [row for row in rows(pair, options) if row.left_out == ""]
            if len(counted) == size and {row.trial.arm for row in counted} == set(ARMS):
                yield frozenset(chosen), evaluate(pair, options).verdict


@cache
def small(name: str) -> tuple[Fragility, dict[frozenset[str], str]]:
    return fragility(*SMALL[name], progress=None), dict(pairs_one_by_one(*SMALL[name]))


@pytest.mark.usefixtures("_without_glmm")
@pytest.mark.parametrize("name", SMALL)
def test_every_pair_has_the_verdict_that_evaluate_gives_it(name: str) -> None:
    found, by_pair = small(name)
    said = list(by_pair.values())
    assert found.pairs.pairs == len(said) > 0
    for kind in ("car_t", "bispecific", "undecided"):
        assert getattr(found.pairs, kind) == said.count(kind), kind
    assert found.pairs.not_testable == said.count("not-testable")


def test_the_small_comparisons_say_everything_that_can_be_said() -> None:
    said = {kind for name in SMALL for kind in set(small(name)[1].values())}
    assert said == {"car_t", "bispecific", "undecided", "not-testable"}


@pytest.mark.usefixtures("_without_glmm")
@pytest.mark.parametrize("name", SMALL)
def test_the_fewest_trials_by_trying_every_removal(name: str) -> None:
    found, by_pair = small(name)
    now = frozenset(row.trial.trial_id for row in found.verdict.rows if not row.left_out)
    changes = {
        now - pair: said
        for pair, said in by_pair.items()
        if pair < now
        and found.verdict.verdict != "not-testable"
        and said not in (found.verdict.verdict, "not-testable")
    }
    if found.removal is None:
        assert changes == {}
        return
    fewest = min(map(len, changes))
    assert found.removal.trials == fewest
    ways = dict(zip(map(frozenset, found.removal.choices), found.removal.verdicts, strict=True))
    assert ways == {gone: said for gone, said in changes.items() if len(gone) == fewest}


def test_some_small_comparisons_change_with_a_removal_and_some_do_not() -> None:
    removals = [small(name)[0].removal for name in SMALL]
    assert None in removals
    assert len({found.trials for found in removals if found}) > 1


def test_ticking_moves_what_is_counted_and_not_what_could_be() -> None:
    everything, some = asked("cr"), fragility(*only("cr", "mskcc", "fhcrc", "tower", "mt103-211"), progress=None)
    assert some.pairs == everything.pairs
    assert some.verdict.verdict != everything.verdict.verdict
    assert {each.trial_id for each in some.without} == {"mskcc", "fhcrc", "tower", "mt103-211"}


# ---- one trial less ------------------------------------------------------------------------------


@pytest.mark.parametrize("tau2", ["EE", "DL", "REML"])
def test_leaving_one_out_equals_metafor(tau2: str) -> None:
    """metafor left each trial out of one arm; the other arm stays whole."""
    found = asked(f"cr?tau2={tau2}&interval=z")
    sets = {"car_t": REFERENCE["molina_car_CR"]["PLO"], "bispecific": REFERENCE["molina_blina_CR"]["PLO"]}
    z = verdict.NORMAL_975
    for arm, other, sign in (("car_t", "bispecific", 1), ("bispecific", "car_t", -1)):
        theirs = sets[arm]["leave1out"][f"{tau2}.z"]
        whole = found.verdict.arms[other]
        assert whole
        ours = [each for each in found.without if each.arm == arm]
        for each, mu, se in zip(ours, theirs["mu"], theirs["se"], strict=True):
            assert each.ratio
            assert each.ratio.ci_low
            assert math.log(each.ratio.odds_ratio) == pytest.approx(sign * (mu - whole.estimate), abs=METAFOR_DEFAULT)
            low = sign * (mu - whole.estimate) - z * math.hypot(se, whole.se)
            assert math.log(each.ratio.ci_low) == pytest.approx(low, abs=METAFOR_DEFAULT)


@pytest.mark.usefixtures("_without_glmm")
@pytest.mark.parametrize("question", ["cr", "cr?bias=3&interval=hartung-knapp", "davis_cr", "relapse_among_cr?tau2=PM"])
def test_leaving_one_out_equals_evaluate(question: str) -> None:
    selection, options = parse_question(question)
    found = fragility(selection, options, progress=None)
    whole = found.verdict.ratio
    assert whole
    for each in found.without:
        left = tuple(
            row.trial.trial_id for row in found.verdict.rows if not row.left_out and row.trial.trial_id != each.trial_id
        )
        expected = evaluate(replace(selection, trials=left), options)
        assert each.verdict == expected.verdict
        assert each.ratio
        assert expected.ratio
        for name in ("odds_ratio", "ci_low", "ci_high"):
            ours, theirs = getattr(each.ratio, name), getattr(expected.ratio, name)
            assert ours == (theirs if theirs is None else pytest.approx(theirs, rel=CONVERGED))
        assert each.shift == pytest.approx(math.log(expected.ratio.odds_ratio / whole.odds_ratio), abs=CONVERGED)
    for arm in ARMS:
        assert sum(each.weight for each in found.without if each.arm == arm) == pytest.approx(100)


def test_the_last_trial_of_an_arm_leaves_no_ratio() -> None:
    found = asked("cr?population=children")
    last = next(each for each in found.without if each.arm == "bispecific")
    assert (last.ratio, last.shift, last.verdict) == (None, None, "not-testable")
    assert found.removal is found.patients is found.bias_undecided is None


def test_an_empty_arm_has_no_pairs() -> None:
    found = asked("davis_severe_crs?population=children")
    assert found.pairs == PairVerdicts(0, 0, 0, 0)
    assert found.text["share_car_t"] == "–"
    assert found.without == ()


# ---- bias ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["cr", "cr?bias=1.5", "mrd_all", "remission_kept", "cr?interval=z"])
def test_the_bias_that_makes_a_verdict_undecided(question: str) -> None:
    selection, options = parse_question(question)
    found = fragility(selection, options, progress=None)
    assert found.bias_undecided
    assert found.bias_null
    for factor, expected in ((1 - ON_THE_LIMIT, "car_t"), (1 + ON_THE_LIMIT, "undecided")):
        moved = evaluate(selection, replace(options, bias=options.bias * found.bias_undecided * factor))
        assert moved.verdict == expected
    at_null = evaluate(selection, replace(options, bias=options.bias * found.bias_null)).ratio
    assert at_null
    assert at_null.odds_ratio == pytest.approx(1, rel=CONVERGED)


def test_a_bias_against_fewer_events_is_also_above_one() -> None:
    """Two trials an arm with the same odds, equal effects: the difference and its standard error by hand."""
    selection = Selection(
        "relapse_among_cr",
        (),
        added=tuple(
            added_trial(f"{arm} {n}", arm, n * (1 if arm == "car_t" else 4) // 5, n) for arm in ARMS for n in (50, 100)
        ),
    )
    found = fragility(selection, Options(tau2="EE", interval="z"), progress=None)
    log_ratio = 2 * math.log(1 / 4)
    # 1 / v = n p (1 - p) = n 4 / 25, over 150 patients in each arm.
    half = verdict.NORMAL_975 * math.sqrt(2 / (150 * 4 / 25))
    assert found.verdict.verdict == "car_t"
    assert found.bias_null == pytest.approx(math.exp(-log_ratio), rel=CONVERGED)
    assert found.bias_undecided == pytest.approx(math.exp(-log_ratio - half), rel=CONVERGED)


# ---- patients ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", list(itertools.product(pooling.TAU2, pooling.INTERVALS)), ids="-".join)
def test_a_row_of_counts_is_pooled_as_by_pool(method: tuple[str, str]) -> None:
    """Random counts, among them 0 %, 100 % and equal effects, and likelihoods with two maxima."""
    from carbite.subsets import engine

    tau2, interval = method
    random = np.random.default_rng(20210601)
    n = random.integers(1, 200, (60, 5))
    events = np.minimum(n, random.binomial(n, random.beta(0.6, 0.6, (60, 5))))
    n[:2], events[:2] = 20, ([5] * 5, [0, 20, 10, 0, 20])
    n[2], events[2] = (189, 65, 13, 36, 30), (81, 33, 13, 25, 27)
    y, v = (np.array(part) for part in zip(*(effect_sizes(x, m) for x, m in zip(events, n, strict=True)), strict=True))
    estimate, se = np.empty(60), np.empty(60)
    engine.fit_each(y, v, pooling.TAU2.index(tau2), pooling.INTERVALS.index(interval), estimate, se)
    fits = [pool(x, m, tau2=tau2, interval=interval) for x, m in zip(events, n, strict=True)]
    np.testing.assert_allclose(estimate, [fit.estimate for fit in fits], rtol=0, atol=CONVERGED)
    np.testing.assert_allclose(se, [fit.se for fit in fits], rtol=0, atol=CONVERGED)


def said(a: Arm, b: Arm, shift: float = 0.0, **options: Any) -> int:
    difference = contrast(pool(*a, **options), pool(*b, **options))
    if math.isnan(difference.ci_low):
        return int(NOT_TESTABLE)
    if difference.ci_low > shift:
        return int(A_HIGHER)
    return int(B_HIGHER if difference.ci_high < shift else UNDECIDED)


def neighbours(counts: tuple[int, ...], n: list[int]) -> Iterator[tuple[int, ...]]:
    for i, step in itertools.product(range(len(counts)), (1, -1)):
        if 0 <= counts[i] + step <= n[i]:
            yield (*counts[:i], counts[i] + step, *counts[i + 1 :])


def fewest_by_walking(a: Arm, b: Arm, **options: Any) -> int:
    """Breadth first: all counts one patient away from those seen, until one has another verdict."""
    n, split = a[1] + b[1], len(a[0])
    start = said(a, b, **options)
    seen = frontier = {(*a[0], *b[0])}
    for patients in itertools.count(1):
        frontier = {each for counts in frontier for each in neighbours(counts, n)} - seen
        seen = seen | frontier
        if any(said((list(c[:split]), a[1]), (list(c[split:]), b[1]), **options) != start for c in frontier):
            return patients
    raise AssertionError


# From decided and from undecided, to more and to fewer events, with one trial at its limit, and with a shift.
WALKED: list[tuple[Arm, Arm, dict[str, Any]]] = [
    (([12, 9], [14, 12]), ([5, 4], [14, 11]), {}),
    (([12, 9], [14, 12]), ([5, 4], [14, 11]), {"interval": "z"}),
    (([5, 9], [14, 12]), ([7, 6], [14, 11]), {"interval": "z", "tau2": "DL"}),
    (([2, 1, 3], [16, 20, 14]), ([8, 9], [18, 20]), {"interval": "hartung-knapp", "tau2": "PM"}),
    (([0, 1], [12, 15]), ([6, 8], [12, 15]), {"interval": "z", "tau2": "EE"}),
    (([12, 9], [14, 12]), ([5, 4], [14, 11]), {"interval": "z", "shift": 1.0}),
    (([7, 6], [9, 9]), ([5, 5, 2], [9, 9, 4]), {"interval": "z", "tau2": "ML"}),
]


@pytest.mark.parametrize("case", WALKED, ids=range(len(WALKED)))
def test_the_fewest_patients_by_walking(case: tuple[Arm, Arm, dict[str, Any]]) -> None:
    a, b, options = case
    found = fewest_reclassified(a, b, **options)
    assert found
    assert found.exact
    assert found.patients == fewest_by_walking(a, b, **options)
    assert changed_verdict(a, b, found, **options) == found.verdict != said(a, b, **options)


def test_the_walked_cases_are_not_all_alike() -> None:
    assert {said(a, b, **options) for a, b, options in WALKED} == {A_HIGHER, B_HIGHER, UNDECIDED}
    assert len({fewest_by_walking(a, b, **options) for a, b, options in WALKED[:3]}) > 1


def changed_verdict(a: Arm, b: Arm, found: Reclassification, **options: Any) -> int:
    moved = [
        [x + change for x, change in zip(events, changes, strict=True)]
        for (events, _), changes in zip((a, b), found.changes, strict=True)
    ]
    assert sum(abs(change) for changes in found.changes for change in changes) == found.patients
    return said((moved[0], a[1]), (moved[1], b[1]), **options)


def arms_of(question: str) -> tuple[Arm, Arm]:
    counted = [row for row in rows(*parse_question(question)) if not row.left_out]
    car_t, bispecific = (counts([row for row in counted if row.trial.arm == arm]) for arm in ARMS)
    return car_t, bispecific


def counts(counted: list[Row]) -> Arm:
    return [row.events or 0 for row in counted], [row.n or 0 for row in counted]


LARGE = ("cr", "mrd_among_cr", "mrd_all", "relapse_among_cr", "remission_kept", "davis_cr")


@pytest.mark.parametrize("interval", ["z", "modified-hartung-knapp"])
@pytest.mark.parametrize("comparison_id", LARGE)
def test_the_patients_found_do_change_the_verdict(comparison_id: str, interval: str) -> None:
    """Where every way was tried and where the search went on from there."""
    a, b = arms_of(comparison_id)
    found = fewest_reclassified(a, b, interval=interval)
    assert found
    assert changed_verdict(a, b, found, interval=interval) == found.verdict != said(a, b, interval=interval)
    assert 1 <= found.at_least <= found.patients


@pytest.mark.parametrize("case", WALKED, ids=range(len(WALKED)))
def test_the_directed_search_gives_an_upper_bound(
    case: tuple[Arm, Arm, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, options = case
    exact = fewest_reclassified(a, b, **options)
    monkeypatch.setattr(reclassification, "_MOST_FITS", 0)
    bound = fewest_reclassified(a, b, **options)
    assert exact
    assert bound
    assert bound.at_least == 1
    assert exact.patients <= bound.patients <= exact.patients + 1
    assert changed_verdict(a, b, bound, **options) == bound.verdict


@pytest.mark.parametrize(("trials", "patients"), [(1, 1), (1, 5), (2, 3), (3, 4), (4, 2), (5, 4), (2, 0)])
def test_every_way_to_reclassify_is_there_once(trials: int, patients: int) -> None:
    ways = reclassification._ways(trials, patients)
    span = range(-patients, patients + 1)
    expected = {each for each in itertools.product(span, repeat=trials) if sum(map(abs, each)) == patients}
    assert len(ways) == len(expected) == reclassification._number_of_ways(trials, patients)
    assert {tuple(each) for each in ways.tolist()} == expected


def test_no_reclassification_can_decide_between_very_few_patients() -> None:
    """One patient a trial: every count there is leaves the difference undecided."""
    a: Arm = ([1, 0], [1, 1])
    assert {said((list(x[:2]), a[1]), (list(x[2:]), a[1])) for x in itertools.product((0, 1), repeat=4)} == {UNDECIDED}
    assert fewest_reclassified(a, a) is None


def test_without_an_interval_there_is_nothing_to_change() -> None:
    assert fewest_reclassified(([3], [9]), ([4, 5], [9, 9])) is None
    assert fewest_reclassified(([3], [9]), ([4, 5], [9, 9]), interval="z") is not None


def test_bad_counts_are_refused() -> None:
    with pytest.raises(ValueError, match=r"events\[0\] = 10 is greater than n\[0\] = 9"):
        fewest_reclassified(([10], [9]), ([4], [9]))
    with pytest.raises(ValueError, match="tau2 = 'none'; expected one of"):
        fewest_reclassified(([1], [9]), ([4], [9]), tau2="none")


# ---- the rest ------------------------------------------------------------------------------------


def test_a_claim_is_as_fragile_as_its_first_question() -> None:
    assert claim("EF2").fragility().pairs == asked("cr?population=adults").pairs
    with pytest.raises(ValueError, match="EF8 rests on no comparison that can be pooled"):
        claim("EF8").fragility()


def test_the_numbers_of_a_sentence() -> None:
    text = asked("cr?interval=hartung-knapp").text
    assert (text["car_t_pairs"], text["testable_pairs"], text["pairs"]) == ("23,995", "28,614", "32,193")
    assert text["share_car_t"] == "83.9"
    assert text["same_pairs"] == text["car_t_pairs"]
    assert text["fewest_patients"].startswith("at most ")
    assert asked("cr?population=children").text["fewest_trials"] == "–"


def test_the_most_influential_trial_is_named() -> None:
    found = asked("cr")
    text = found.text
    most = max(found.without, key=lambda each: abs(each.shift or 0))
    assert most.ratio
    assert text["influential"] == most.name
    assert text["influential_ratio"] == verdict.odds(most.ratio.odds_ratio)
    assert text["influential_ratio_high"] == verdict.odds(most.ratio.ci_high or 0)


SHARES = [(0, 9, "0.0"), (9, 9, "100.0"), (19_568, 19_572, "over 99.9"), (4, 32_193, "under 0.1"), (0, 0, "–")]


@pytest.mark.parametrize(("part", "whole", "shown"), SHARES)
def test_a_share_is_0_or_100_only_where_none_or_all_are_meant(part: int, whole: int, shown: str) -> None:
    assert share(part, whole) == shown


def test_an_upper_bound_is_called_so() -> None:
    assert patients_phrase(Reclassified(1, 1, {}, "undecided")) == "1 patient"
    assert patients_phrase(Reclassified(6, 6, {}, "undecided")) == "6 patients"
    assert patients_phrase(Reclassified(22, 6, {}, "undecided")) == "at most 22 patients"
    assert patients_phrase(None) == "–"


def test_too_many_trials_are_refused() -> None:
    selection, _ = typed_in("cr", *((f"Ours {i}", "car_t", 3, 9) for i in range(14)))
    with pytest.raises(ValueError, match="cr has 23 and 6 trials to choose from; expected at most 28 in all"):
        fragility(selection, progress=None)
    with pytest.raises(ValueError, match="fewest = 0; expected at least 1 trial an arm"):
        asked("cr", fewest=0)


def test_only_the_call_loads_the_compiler() -> None:
    code = (
        "import sys, carbite, carbite.robustness, carbite.verdict; carbite.fragility; carbite.verdict.claim('EF1');"
        "print('numba' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
    assert "fragility" in dir(carbite)
