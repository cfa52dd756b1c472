"""`carbite.pooling` against metafor, closed forms, published values and independent searches."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from carbite import pooling
from carbite.pooling import contrast, effect_sizes, glmm, pool, pool_effects
from carbite.pooling.intervals import exact_limits

HERE = Path(__file__).parent / "reference"
REFERENCE = json.loads((HERE / "metafor_reference.json").read_text(encoding="utf-8"))
MIXED = json.loads((HERE / "mixed_15_trials.json").read_text(encoding="utf-8"))
SUBSETS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("subsets_*.json"))}
SETS, PAIRS, PUBLISHED = REFERENCE["sets"], REFERENCE["pairs"], REFERENCE["published_checks"]

MEASURES = {"PLO": "logit", "PFT": "freeman-tukey", "PR": "raw"}
INTERVALS = {"z": "z", "knha": "hartung-knapp", "adhoc": "modified-hartung-knapp"}
# metafor was not asked for Hartung-Knapp intervals of the equal-effects model.
METHODS = ["EE.z", *(f"{tau2}.{test}" for tau2 in pooling.TAU2 if tau2 != "EE" for test in INTERVALS)]

CLOSED_FORM = 1e-10  # EE, DL, HE, SJ: the reference has 15 digits; sums differ in their order
CONVERGED = 1e-9  # REML, ML, PM against metafor with a threshold of 1e-14: both are converged
METAFOR_DEFAULT = 5e-5  # metafor's default settings stop at a step of 1e-5 in tau2 (PM: 1e-4 of its bracket)
GLMM_EXACT = 1e-6  # the exact likelihood's maximum was found by an optimiser, to about 3e-8
GLMM_METAFOR_7 = 1e-3  # rma.glmm with its default 7 nodes
GLMM_RARE_EVENTS = 2e-3  # the same on 36 arms with 0 to 19 events, where 7 nodes are too few
GLMM_METAFOR_25 = 1e-4  # rma.glmm with 25 nodes; its optimiser is the limit
NUMERICAL_DERIVATIVE = 1e-3  # second differences with steps of 1 %
SAME_LIKELIHOOD = 1e-7  # two quadratures of the same log likelihood
SAME_NUMBER = 1e-12  # the same formula in another order of operations
PROPERTY = 1e-8  # invariances: rounding, amplified where the likelihood is flat

FIELDS = {
    "estimate": "mu",
    "se": "se",
    "ci_low": "ci_lb",
    "ci_high": "ci_ub",
    "pi_low": "pi_lb",
    "pi_high": "pi_ub",
    "tau2": "tau2",
    "i2": "I2",
    "h2": "H2",
    "q": "Q",
    "q_p": "Qp",
}
LIMITS = {"ci_low": "ci_lb", "ci_high": "ci_ub", "pi_low": "pi_lb", "pi_high": "pi_ub"}


def tolerance(tau2: str) -> float:
    return CONVERGED if tau2 in ("REML", "ML", "PM") else CLOSED_FORM


def assert_equal(ours: float, theirs: float | None, within: float, what: str) -> None:
    """metafor's "none" is our NaN."""
    if theirs is None:
        assert math.isnan(ours), what
    else:
        assert ours == pytest.approx(theirs, rel=0, abs=within), what


def arm(name: str) -> tuple[list[int], list[int]]:
    return SETS[name]["xi"], SETS[name]["ni"]


# ---- the reference itself ------------------------------------------------------------------------


def test_the_reference_grid_is_complete() -> None:
    """14 sets x 3 measures x 19 methods, 5 pairs x 3 x 5, 66 published checks, 14 GLMMs, 1403 subsets."""
    assert len(METHODS) == 19
    grid = [
        (s, m, key) for s in SETS for m in MEASURES for key in METHODS if {"default", "tight"} == set(SETS[s][m][key])
    ]
    assert len(grid) == 14 * 3 * 19
    assert all(set(FIELDS.values()) <= set(SETS[s][m][key]["tight"]) for s, m, key in grid)
    assert sum(len(keys) for keys in PAIR_KEYS.values()) == 5 * 3 * 5
    assert len(PUBLISHED) == 66
    assert set(REFERENCE["glmm_exact_ML"]) == set(SETS)
    assert all({"ML.z.nAGQ7", "ML.z.nAGQ25"} == set(s["GLMM"]) for s in SETS.values())
    assert all(
        set(s[m]["leave1out"]) == {"EE.z", "DL.z", "REML.z", "REML.knha"} for s in SETS.values() for m in MEASURES
    )
    assert sum(len(s["mask"]) for s in SUBSETS.values()) == 63 + 63 + 255 + 511 + 511
    assert all(sorted(s["mask"]) == list(range(1, 2 ** len(s["yi"]))) for s in SUBSETS.values())
    assert (len(MIXED["masks_no_convergence"]), len(MIXED["masks_not_global"])) == (3, 2)


def test_the_reference_has_rows_of_0_and_100_percent() -> None:
    rows = [(x, n) for s in SETS.values() for x, n in zip(s["xi"], s["ni"], strict=True)]
    assert {(13, 13), (42, 42), (0, 36)} <= set(rows)


# ---- one arm against metafor ---------------------------------------------------------------------


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", SETS)
def test_effect_sizes_equal_metafor(name: str, measure: str) -> None:
    y, v = effect_sizes(*arm(name), MEASURES[measure])
    np.testing.assert_allclose(y, SETS[name][measure]["yi"], rtol=0, atol=CLOSED_FORM)
    np.testing.assert_allclose(v, SETS[name][measure]["vi"], rtol=0, atol=CLOSED_FORM)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", SETS)
def test_pool_equals_metafor(name: str, measure: str, method: str) -> None:
    tau2, test = method.split(".")
    fit = pool(*arm(name), measure=MEASURES[measure], tau2=tau2, interval=INTERVALS[test])
    expected = SETS[name][measure][method]["tight"]
    for ours, theirs in FIELDS.items():
        assert_equal(getattr(fit, ours), expected[theirs], tolerance(tau2), ours)
    # An absolute tolerance says nothing about a p-value of 1e-8.
    assert fit.q_p == pytest.approx(expected["Qp"], rel=CONVERGED)
    assert (fit.k, fit.df) == (expected["k"], expected["df"])
    for ours, theirs in {"estimate": "pred", **LIMITS}.items():
        assert_equal(getattr(fit.proportion, ours), expected["back"][theirs], tolerance(tau2), f"proportion.{ours}")


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", SETS)
def test_metafor_with_its_default_settings_is_close(name: str, measure: str) -> None:
    """Estimate, standard error and tau2; a limit multiplies the difference by its quantile."""
    for method in METHODS:
        tau2, test = method.split(".")
        fit = pool(*arm(name), measure=MEASURES[measure], tau2=tau2, interval=INTERVALS[test])
        expected = SETS[name][measure][method]["default"]
        for ours in ("estimate", "se", "tau2"):
            assert_equal(getattr(fit, ours), expected[FIELDS[ours]], METAFOR_DEFAULT, f"{method} {ours}")


# metafor leaves none out of two trials.
SETS_OF_THREE = [name for name, data in SETS.items() if data["k"] >= 3]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", SETS_OF_THREE)
def test_leaving_one_trial_out_equals_metafor(name: str, measure: str) -> None:
    """metafor's leave-one-out ran with its default settings, hence the wider tolerance for REML."""
    y, v = effect_sizes(*arm(name), MEASURES[measure])
    for method, expected in SETS[name][measure]["leave1out"].items():
        tau2, test = method.split(".")
        for i in range(len(y)):
            fit = pool_effects(np.delete(y, i), np.delete(v, i), tau2=tau2, interval=INTERVALS[test])
            within = METAFOR_DEFAULT if tau2 == "REML" else CLOSED_FORM
            for ours in ("estimate", "se") if tau2 == "EE" else ("estimate", "se", "tau2"):
                theirs = expected[FIELDS[ours]][i]
                assert_equal(getattr(fit, ours), theirs, within, f"{method} without {i}: {ours}")
            assert_equal(fit.q, expected["Q"][i], CLOSED_FORM, f"{method} without {i}: q")


@pytest.mark.parametrize("measure", MEASURES.values())
def test_weights_are_shares_of_the_inverse_variances(measure: str) -> None:
    x, n = arm("molina_car_CR")
    fit = pool(x, n, measure=measure)
    share = 1 / (np.array(fit.vi) + fit.tau2)
    np.testing.assert_allclose(fit.weights, 100 * share / share.sum(), rtol=SAME_NUMBER)
    assert math.fsum(fit.weights) == pytest.approx(100, abs=SAME_NUMBER * 100)


def test_only_the_row_of_0_or_100_percent_gets_half_an_event() -> None:
    y, v = effect_sizes([13, 5, 0], [13, 10, 20], "logit")
    np.testing.assert_allclose(y, [math.log(13.5 / 0.5), 0.0, math.log(0.5 / 20.5)], rtol=SAME_NUMBER)
    np.testing.assert_allclose(v, [1 / 13.5 + 1 / 0.5, 0.4, 1 / 0.5 + 1 / 20.5], rtol=SAME_NUMBER)
    y, v = effect_sizes([13, 5, 0], [13, 10, 20], "raw")
    np.testing.assert_allclose(y, [13.5 / 14, 0.5, 0.5 / 21], rtol=SAME_NUMBER)
    np.testing.assert_allclose(v, [13.5 * 0.5 / 14**3, 0.025, 0.5 * 20.5 / 21**3], rtol=SAME_NUMBER)


# ---- published values ----------------------------------------------------------------------------

# What this module does not offer, and why the check does not apply.
NOT_OFFERED = {
    "Hunter-Schmidt": [
        "dat.bcg.logRR.HS",
        "dat.bcg.logRR.HS.tight",
        "viechtbauer2005.ex1.HS",
        "viechtbauer2005.ex2.HS",
    ],
    "regression on covariates": ["dat.bcg.logRR.REML.ablat_year", "dat.bcg.logRR.REML.ablat"],
    "Q-profile interval of tau2": ["dat.bcg.Qprofile"],
    "input of a GLMM check, not a result": ["dat.pritz1997.data", "dat.debruin2009.data"],
}
VAN_HOUWELINGEN = next(name for name in PUBLISHED if name.startswith("dat.colditz1994"))
PUBLISHED_GLMM = [name for name in PUBLISHED if "GLMM" in name]
PUBLISHED_OTHER = ["dat.bcg.logRR.REML.leave1out"]
PUBLISHED_FITS = sorted(
    set(PUBLISHED) - {name for names in NOT_OFFERED.values() for name in names} - {*PUBLISHED_GLMM, *PUBLISHED_OTHER}
)


def published_method(name: str) -> tuple[str, str]:
    """tau2 and interval of a check; empirical Bayes is the Paule-Mandel estimator under another name."""
    parts = name.split(" ")[0].split(".")
    if name == "PFT.with.0.and.1":
        return "EE", "z"
    tau2 = next(part for part in parts if part in (*pooling.TAU2, "EB"))
    return ("PM" if tau2 == "EB" else tau2), ("hartung-knapp" if "knha" in parts else "z")


def test_every_published_check_is_used_or_excluded_with_a_reason() -> None:
    excluded = [name for names in NOT_OFFERED.values() for name in names]
    groups = [PUBLISHED_FITS, PUBLISHED_GLMM, PUBLISHED_OTHER, excluded]
    assert [len(group) for group in groups] == [52, 4, 1, 9]
    assert sorted(name for group in groups for name in group) == sorted(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED_FITS)
def test_published_checks(name: str) -> None:
    check = PUBLISHED[name]
    tau2, interval = published_method(name)
    fit = pool_effects(check["yi"], check["vi"], tau2=tau2, interval=interval)
    converged = tau2 in ("EE", "DL", "HE", "SJ") or name.endswith(".tight")
    within = CONVERGED if converged else METAFOR_DEFAULT
    for ours in ("estimate", "se", "tau2", "q"):
        assert_equal(getattr(fit, ours), check[FIELDS[ours]], within, ours)
    if converged:
        for ours, theirs in FIELDS.items():
            if theirs in check:
                assert_equal(getattr(fit, ours), check[theirs], within, ours)


DOCUMENTED_KEYS = {
    "mu": lambda fit: fit.estimate,
    "coef": lambda fit: fit.estimate,
    "se": lambda fit: fit.se,
    "tau2": lambda fit: fit.tau2,
    "I2": lambda fit: fit.i2,
    "H2": lambda fit: fit.h2,
    "Q(12)": lambda fit: fit.q,
    "CI": lambda fit: (fit.ci_low, fit.ci_high),
    "OR": lambda fit: (math.exp(fit.estimate), math.exp(fit.ci_low), math.exp(fit.ci_high)),
    "p": lambda fit: (fit.proportion.estimate, fit.proportion.ci_low, fit.proportion.ci_high),
    "pred": lambda fit: (fit.proportion.estimate, fit.proportion.ci_low, fit.proportion.ci_high),
}


def assert_prints_as(documented: str, fit: Any) -> int:
    """Every `key number [low, high]` of a published line, to the digits it prints; returns their count."""
    count = 0
    number = r"-?\d*\.\d+|-?\d+"
    for key, first, bracket in re.findall(
        rf"(?<![\w*])([A-Za-z]\w*(?:\(12\))?)[ =]?({number})?(?:,? ?[\[(]([-\d.,]+)[\])])?", documented
    ):
        printed = [value for value in (first, *bracket.split(",")) if re.fullmatch(number, value)]
        if key in DOCUMENTED_KEYS and printed:
            value = DOCUMENTED_KEYS[key](fit)
            for text, ours in zip(printed, value if isinstance(value, tuple) else (value,), strict=True):
                half_a_unit = 0.5 * 10.0 ** -len(text.partition(".")[2])
                assert abs(ours - float(text)) <= half_a_unit * (1 + 1e-9), (key, text, ours)
                count += 1
    return count


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("dat.bcg.logRR.REML", 8), (VAN_HOUWELINGEN, 6), ("PFT.with.0.and.1", 3)]
    + [("stijnen2010.PLO.REML.c", 6), ("stijnen2010.PLO.REML.t", 6)]
    + [(f"viechtbauer2005.ex{i}.{m}", 1) for i in (1, 2) for m in ("HE", "DL", "ML", "REML", "EB", "SJ")],
)
def test_printed_digits_of_the_literature(name: str, numbers: int) -> None:
    check = PUBLISHED[name]
    tau2, interval = published_method(name)
    if "xi" in check:
        measure = "freeman-tukey" if "PFT" in name else "logit"
        fit = pool(check["xi"], check["ni"], measure=measure, tau2=tau2, interval=interval)
    else:
        fit = pool_effects(check["yi"], check["vi"], tau2=tau2, interval=interval)
    assert assert_prints_as(check["documented"], fit) == numbers


def test_miller_1978() -> None:
    """p. 138: twice y, four times v, and the pooled proportion at the harmonic mean of n."""
    check = PUBLISHED["miller1978.PFT.EE"]
    y, v = effect_sizes(check["xi"], check["ni"], "freeman-tukey")
    printed = re.findall(r"[\d.]*\.\d+", check["documented"])
    np.testing.assert_allclose(2 * y, [float(text) for text in printed[:4]], rtol=0, atol=5.1e-5)
    np.testing.assert_allclose(4 * v, [float(text) for text in printed[4:8]], rtol=0, atol=5.1e-5)
    fit = pool(check["xi"], check["ni"], measure="freeman-tukey", tau2="EE", interval="z")
    assert 2 * fit.estimate == pytest.approx(float(printed[8]), abs=5.1e-5)
    assert fit.proportion is not None
    assert fit.proportion.estimate == pytest.approx(check["back"], abs=CLOSED_FORM)


def test_bcg_leaving_one_trial_out() -> None:
    check, data = PUBLISHED["dat.bcg.logRR.REML.leave1out"], PUBLISHED["dat.bcg.logRR.REML"]
    for i in range(13):
        fit = pool_effects(np.delete(data["yi"], i), np.delete(data["vi"], i), interval="z")
        for ours in ("estimate", "se", "tau2"):
            assert_equal(getattr(fit, ours), check[FIELDS[ours]][i], METAFOR_DEFAULT, f"without {i}: {ours}")
        assert_equal(fit.q, check["Q"][i], CONVERGED, f"without {i}: q")


# ---- closed forms of the textbooks ---------------------------------------------------------------


def test_equal_variances_give_the_one_sample_t_interval() -> None:
    """With equal v_i every weight is the same, and Hartung-Knapp is the t interval of the mean."""
    y = np.array([0.3, -0.4, 1.1, 0.9, 0.2])
    fit = pool_effects(y, np.full(5, 0.2), interval="hartung-knapp")
    expected = stats.ttest_1samp(y, 0).confidence_interval(0.95)
    assert (fit.ci_low, fit.ci_high) == pytest.approx((expected.low, expected.high), abs=SAME_NUMBER)


def test_equal_variances_give_tau2_in_closed_form() -> None:
    """Sample variance of y minus v for REML, DL, PM and HE; with k in place of k - 1 for ML."""
    y = np.array([0.3, -0.4, 1.1, 0.9, 0.2])
    for method in ("REML", "DL", "PM", "HE"):
        fit = pool_effects(y, np.full(5, 0.2), tau2=method)
        assert fit.tau2 == pytest.approx(y.var(ddof=1) - 0.2, abs=SAME_NUMBER), method
    assert pool_effects(y, np.full(5, 0.2), tau2="ML").tau2 == pytest.approx(y.var() - 0.2, abs=SAME_NUMBER)


def test_one_trial_on_the_raw_scale_is_walds_interval() -> None:
    fit = pool([27], [30], measure="raw", interval="z")
    assert fit.proportion is not None
    half = stats.norm.ppf(0.975) * math.sqrt(0.9 * 0.1 / 30)
    expected = (0.9, 0.9 - half, 0.9 + half)
    ours = (fit.proportion.estimate, fit.proportion.ci_low, fit.proportion.ci_high)
    assert ours == pytest.approx(expected, abs=SAME_NUMBER)


def test_raw_limits_are_not_clipped_and_the_others_stay_proportions() -> None:
    fits = {m: pool([20, 39, 40], [20, 40, 40], measure=m).proportion for m in pooling.MEASURES}
    assert fits["raw"] is not None
    assert fits["raw"].pi_high > 1
    for measure in ("logit", "freeman-tukey"):
        limits = fits[measure]
        assert limits is not None
        assert 0 <= limits.pi_low <= limits.ci_low <= limits.estimate <= limits.ci_high <= limits.pi_high <= 1


def test_level_moves_the_limits_only() -> None:
    x, n = arm("molina_blina_CR")
    narrow, wide = pool(x, n, level=0.8), pool(x, n, level=0.99)
    assert (narrow.estimate, narrow.se, narrow.tau2) == (wide.estimate, wide.se, wide.tau2)
    expected = wide.estimate + stats.t.ppf(0.995, 5) * wide.se
    assert wide.ci_high == pytest.approx(expected, abs=SAME_NUMBER)
    assert wide.ci_low < narrow.ci_low
    assert wide.pi_low < narrow.pi_low


# ---- the global maximum --------------------------------------------------------------------------


def restricted_loglik(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    """From the matrices of the general linear model, not from the weighted sums of the module."""
    x = np.ones((len(y), 1))
    inverse = np.diag(1 / (v + tau2))
    information = x.T @ inverse @ x
    projection = inverse - inverse @ x @ np.linalg.solve(information, x.T @ inverse)
    return float(-0.5 * np.log(v + tau2).sum() - 0.5 * np.linalg.slogdet(information)[1] - 0.5 * y @ projection @ y)


def restricted_score(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    """y'PPy / 2 - trace(P) / 2."""
    x = np.ones((len(y), 1))
    inverse = np.diag(1 / (v + tau2))
    projection = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    return float(0.5 * y @ projection @ projection @ y - 0.5 * np.trace(projection))


def brute_force_reml(y: np.ndarray, v: np.ndarray) -> tuple[float, int]:
    """The best of every local maximum that 1000 points find, and how many there are."""
    grid = np.concatenate([[0.0], np.geomspace(1e-7, 1e3, 1000)])
    slopes = np.array([restricted_score(y, v, t) for t in grid])
    maxima = [0.0] if slopes[0] <= 0 else []
    for j in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0)):
        maxima.append(optimize.brentq(lambda t: restricted_score(y, v, t), grid[j], grid[j + 1], xtol=1e-15))
    return max(maxima, key=lambda t: restricted_loglik(y, v, t)), len(maxima)


def selected(data: dict[str, Any], mask: int) -> tuple[np.ndarray, np.ndarray]:
    keep = [i for i in range(len(data["yi"])) if mask >> i & 1]
    return np.array(data["yi"])[keep], np.array(data["vi"])[keep]


@pytest.mark.parametrize("name", SUBSETS)
def test_every_subset_of_trials_one_by_one(name: str) -> None:
    data = SUBSETS[name]
    columns = zip(*(data[key] for key in ("mask", "est", "se", "tau2", "optima")), strict=True)
    for mask, estimate, se, tau2, optima in columns:
        fit = pool_effects(*selected(data, mask), interval="z")
        ours = (fit.estimate, fit.se, fit.tau2)
        assert ours == pytest.approx((estimate, se, tau2), rel=0, abs=CONVERGED), mask
        assert fit.optima == optima, mask


@pytest.mark.parametrize("name", SUBSETS)
def test_every_subset_equals_metafor(name: str) -> None:
    """In these sets metafor finds the global maximum of every subset."""
    data = SUBSETS[name]
    assert data["metafor_not_global"] == []
    columns = zip(*(data[key] for key in ("mask", "metafor_tight_est", "metafor_tight_tau2")), strict=True)
    for mask, estimate, tau2 in columns:
        fit = pool_effects(*selected(data, mask), interval="z")
        assert (fit.estimate, fit.tau2) == pytest.approx((estimate, tau2), rel=0, abs=CONVERGED), mask


@pytest.mark.parametrize("mask", [*MIXED["masks_no_convergence"], *MIXED["masks_not_global"]])
def test_where_metafor_stops_or_climbs_the_wrong_hill(mask: int) -> None:
    y, v = selected(MIXED, mask)
    expected, optima = brute_force_reml(y, v)
    fit = pool_effects(y, v)
    assert fit.tau2 == pytest.approx(expected, rel=0, abs=CONVERGED)
    assert fit.optima == optima
    if mask in MIXED["masks_not_global"]:
        assert fit.optima == 2


def test_blinatumomab_without_the_retrospective_series() -> None:
    """The score at tau2 = 0 is negative, so a climb from 0 would stay there; the maximum is elsewhere."""
    y, v = effect_sizes(*arm("molina_blina_CR"), "logit")
    keep = [i for i, trial in enumerate(SETS["molina_blina_CR"]["ids"]) if "coh_retro" not in trial]
    y, v = y[keep], v[keep]
    assert restricted_score(y, v, 0.0) < 0
    expected, optima = brute_force_reml(y, v)
    fit = pool_effects(y, v)
    assert fit.tau2 == pytest.approx(expected, rel=0, abs=CONVERGED)
    assert (optima, fit.optima) == (2, 2)
    assert restricted_loglik(y, v, fit.tau2) > restricted_loglik(y, v, 0.0)


def test_random_trials_have_no_higher_restricted_likelihood_anywhere() -> None:
    """Two large trials that agree and a few small ones that need not: about half have two maxima."""
    random = np.random.default_rng(2021)
    several = 0
    for _ in range(60):
        small = int(random.integers(1, 4))
        v = np.concatenate([[1e-3, 1e-3], 10 ** random.uniform(-0.5, 0.5, small)])
        y = np.concatenate([random.normal(0, 0.05, 2), random.normal(0, 3, small)])
        expected, optima = brute_force_reml(y, v)
        fit = pool_effects(y, v)
        assert fit.tau2 == pytest.approx(expected, rel=0, abs=CONVERGED)
        assert fit.optima == optima
        several += optima > 1
    assert several >= 20


def test_tau2_far_above_the_sampling_variances_is_found() -> None:
    """The grid ends at 160 000 times the mean variance and must then grow."""
    y = np.array([-3e3, 1e3, 2e3])
    fit = pool_effects(y, np.full(3, 1e-3))
    assert fit.tau2 == pytest.approx(y.var(ddof=1) - 1e-3, rel=SAME_NUMBER)


# ---- the difference between two arms -------------------------------------------------------------

PAIR_KEYS = {name: [key for key in pair if isinstance(pair[key], dict)] for name, pair in PAIRS.items()}
ALL_PAIRS = [(name, key) for name, keys in PAIR_KEYS.items() for key in keys]


def two_arms(name: str, key: str) -> tuple[pooling.Pooled, pooling.Pooled]:
    measure, tau2, test = key.split(".")
    fits = [
        pool(*arm(PAIRS[name][side]), measure=MEASURES[measure], tau2=tau2, interval=INTERVALS[test])
        for side in ("other_arm", "reference_arm")
    ]
    return fits[0], fits[1]


@pytest.mark.parametrize(("name", "key"), ALL_PAIRS)
def test_common_tau2_equals_metafors_moderator_model(name: str, key: str) -> None:
    expected = PAIRS[name][key]["moderator_common_tau2"]
    a, b = two_arms(name, key)
    result = contrast(a, b, "common")
    assert_equal(result.estimate, expected["diff"], CONVERGED, "estimate")
    assert_equal(result.se, expected["se"][1], CONVERGED, "se")
    assert_equal(result.ci_low, expected["ci_lb"][1], CONVERGED, "ci_low")
    assert_equal(result.ci_high, expected["ci_ub"][1], CONVERGED, "ci_high")
    assert result.p == pytest.approx(expected["pval"][1], rel=1e-7)
    assert result.tau2 == pytest.approx((expected["tau2"], expected["tau2"]), rel=0, abs=CONVERGED)
    assert result.df == (None if a.interval == "z" else a.k + b.k - 2)


@pytest.mark.parametrize(("name", "key"), ALL_PAIRS)
def test_separate_tau2_equals_two_metafor_fits(name: str, key: str) -> None:
    """metafor has no such model. The reference subtracts two fits and takes a normal quantile, whatever the
    test of the fits was; Welch-Satterthwaite is ours. So limits and p are compared for z only."""
    expected = PAIRS[name][key]["separate_tau2"]
    a, b = two_arms(name, key)
    result = contrast(a, b)
    assert_equal(result.estimate, expected["diff"], CONVERGED, "estimate")
    assert_equal(result.se, expected["se"], CONVERGED, "se")
    assert result.tau2 == pytest.approx(tuple(reversed(expected["tau2"])), rel=0, abs=CONVERGED)
    z = stats.norm.ppf(0.975)
    assert expected["ci_ub"] == pytest.approx(expected["diff"] + z * expected["se"], abs=CONVERGED)
    if a.interval == "z":
        assert_equal(result.ci_low, expected["ci_lb"], CONVERGED, "ci_low")
        assert_equal(result.ci_high, expected["ci_ub"], CONVERGED, "ci_high")
        assert result.p == pytest.approx(expected["p"], rel=1e-7)
    else:
        assert result.df is not None
        assert min(a.k, b.k) - 1 <= result.df <= a.k + b.k - 2
        assert result.ci_low < expected["ci_lb"]
        assert result.ci_high > expected["ci_ub"]


A = np.array([1.9, 2.4, 1.1, 3.0, 2.2])
B = np.array([0.1, -0.4, 0.6])


@pytest.mark.parametrize(("tau2", "equal_variances"), [("separate", False), ("common", True)])
def test_equal_variances_give_the_two_sample_t_tests(tau2: str, equal_variances: bool) -> None:
    """With equal v_i: Welch's test for separate tau2, Student's for a common one."""
    a, b = (pool_effects(y, np.full(len(y), 0.01), interval="hartung-knapp") for y in (A, B))
    result = contrast(a, b, tau2)
    expected = stats.ttest_ind(A, B, equal_var=equal_variances)
    limits = expected.confidence_interval(0.95)
    assert result.df == pytest.approx(expected.df, abs=PROPERTY)
    assert result.p == pytest.approx(expected.pvalue, rel=PROPERTY)
    assert (result.ci_low, result.ci_high) == pytest.approx((limits.low, limits.high), abs=PROPERTY)


def test_one_trial_per_arm_is_woolfs_odds_ratio() -> None:
    a, b = (pool([x], [n], interval="z") for x, n in ((61, 92), (119, 271)))
    result = contrast(a, b)
    expected = stats.contingency.odds_ratio([[61, 119], [92 - 61, 271 - 119]], kind="sample")
    limits = expected.confidence_interval(0.95)
    assert result.odds_ratio is not None
    ours = (result.odds_ratio.estimate, result.odds_ratio.ci_low, result.odds_ratio.ci_high)
    assert ours == pytest.approx((expected.statistic, limits.low, limits.high), rel=SAME_NUMBER)
    assert math.isnan(result.pi_low)
    assert math.isnan(contrast(a, b, "common").pi_low)


@pytest.mark.parametrize("tau2", pooling.CONTRAST_TAU2)
@pytest.mark.parametrize("interval", pooling.INTERVALS)
def test_prediction_of_a_difference_has_both_variances(tau2: str, interval: str) -> None:
    a, b = (pool(*arm(name), interval=interval) for name in ("molina_car_CR", "molina_blina_CR"))
    result = contrast(a, b, tau2)
    quantile = stats.norm.ppf(0.975) if result.df is None else stats.t.ppf(0.975, result.df)
    half = quantile * math.sqrt(result.se**2 + result.tau2[0] + result.tau2[1])
    assert (result.pi_low, result.pi_high) == pytest.approx((result.estimate - half, result.estimate + half))
    assert result.odds_ratio is not None
    assert result.odds_ratio.pi_high == pytest.approx(math.exp(result.pi_high), rel=SAME_NUMBER)
    metafor = quantile * math.sqrt(result.se**2 + result.tau2[0])
    assert half > metafor


def test_only_log_odds_become_odds_ratios() -> None:
    for measure in ("freeman-tukey", "raw"):
        a, b = (pool(*arm(name), measure=measure) for name in ("molina_car_CR", "molina_blina_CR"))
        assert contrast(a, b).odds_ratio is None
    effects = pool_effects(A, np.full(5, 0.1))
    assert effects.proportion is None
    assert contrast(effects, pool_effects(B, np.full(3, 0.1))).odds_ratio is None


def test_an_equal_effects_contrast_predicts_nothing() -> None:
    a, b = (pool(*arm(name), tau2="EE") for name in ("molina_car_CR", "molina_blina_CR"))
    for rule in pooling.CONTRAST_TAU2:
        result = contrast(a, b, rule)
        assert result.tau2 == (0.0, 0.0)
        assert math.isnan(result.pi_low)
        assert math.isnan(result.pi_high)


@pytest.mark.parametrize("interval", ["hartung-knapp", "modified-hartung-knapp"])
def test_one_trial_in_an_arm_leaves_no_separate_hartung_knapp_interval(interval: str) -> None:
    a, b = pool([61], [92], interval=interval), pool(*arm("molina_blina_CR"), interval=interval)
    result = contrast(a, b)
    assert result.estimate == pytest.approx(a.estimate - b.estimate, abs=SAME_NUMBER)
    assert result.df == 0
    for value in (result.ci_low, result.ci_high, result.p, result.pi_low, result.pi_high):
        assert math.isnan(value)
    common = contrast(a, b, "common")
    assert common.df == 5
    assert common.ci_low < common.estimate < common.ci_high


def test_one_trial_in_an_arm_predicts_nothing_with_separate_tau2() -> None:
    """The z interval of the difference exists; the variance between the trials of that arm is unknown."""
    a, b = pool([61], [92], interval="z"), pool(*arm("molina_blina_CR"), interval="z")
    result = contrast(a, b)
    assert result.ci_low < result.estimate < result.ci_high
    assert math.isnan(result.pi_low)
    assert math.isnan(result.pi_high)
    common = contrast(a, b, "common")
    assert common.pi_low < common.ci_low < common.ci_high < common.pi_high


def test_equal_effects_have_no_scatter_by_rounding() -> None:
    random = np.random.default_rng(5)
    for _ in range(50):
        fit = pool_effects(np.full(4, random.normal()), random.uniform(0.01, 2, 4), interval="hartung-knapp")
        assert (fit.q, fit.se, fit.tau2) == (0, 0, 0)


def test_arms_without_any_scatter_give_a_point() -> None:
    a, b = (pool_effects([y, y], [0.1, 0.1], interval="hartung-knapp") for y in (1.0, 0.0))
    assert (a.ci_low, a.ci_high) == (1.0, 1.0)
    result = contrast(a, b)
    assert (result.ci_low, result.ci_high, result.p) == (1.0, 1.0, 0.0)
    assert contrast(a, a).p == 1.0


def test_an_infinite_odds_ratio_is_infinite_and_no_error() -> None:
    """exp(710) is more than a double can hold."""
    a, b = (pool_effects([y, -y], [1.0, 1.0], interval="hartung-knapp") for y in (80.0, 70.0))
    a, b = (replace(fit, measure="logit") for fit in (a, b))
    result = contrast(a, b)
    assert 710 < result.pi_high < 900
    assert result.odds_ratio is not None
    assert (result.odds_ratio.pi_low, result.odds_ratio.pi_high) == (0.0, math.inf)


# ---- the binomial-normal model -------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
def test_glmm_equals_the_exact_maximum_likelihood(name: str) -> None:
    fit, expected = glmm(*arm(name)), REFERENCE["glmm_exact_ML"][name]
    theirs = ("mu", "se_joint", "se_cond", "tau2", "loglik", "loglik_tau0")
    ours = ("estimate", "se", "se_given_tau2", "tau2", "loglik", "loglik_tau0")
    for mine, other in zip(ours, theirs, strict=True):
        assert_equal(getattr(fit, mine), expected[other], GLMM_EXACT, mine)
    # The reference counts maxima inside; one at the edge tau2 = 0 is the other kind.
    assert fit.optima == max(1, expected["local_minima"])


@pytest.mark.parametrize(("nodes", "within"), [("nAGQ7", GLMM_METAFOR_7), ("nAGQ25", GLMM_METAFOR_25)])
@pytest.mark.parametrize("name", SETS)
def test_glmm_is_close_to_metafor(name: str, nodes: str, within: float) -> None:
    fit, expected = glmm(*arm(name)), SETS[name]["GLMM"][f"ML.z.{nodes}"]
    for ours in ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau2"):
        assert_equal(getattr(fit, ours), expected[FIELDS[ours]], within, ours)
    for ours, theirs in {"estimate": "pred", **LIMITS}.items():
        assert_equal(getattr(fit.proportion, ours), expected["back"][theirs], within, f"proportion.{ours}")


def binomial_normal_loglik(x: list[int], n: list[int], mu: float, tau: float) -> float:
    """By SciPy's adaptive quadrature, with the places where a row's integrand turns as break points."""
    total = 0.0
    for events, size in zip(x, n, strict=True):

        def integrand(u: float, events: int = events, size: int = size) -> float:
            eta = mu + tau * u
            log_binomial = events * eta - size * np.logaddexp(0, eta)
            return math.exp(log_binomial - 0.5 * u * u)

        breaks = sorted(
            {
                0.0,
                *((math.log(o) - mu) / tau for o in (0.5 / size, (events + 0.5) / (size - events + 0.5), 2.0 * size)),
            }
        )
        value = integrate.quad(integrand, -12, 12, points=breaks, limit=500, epsabs=0, epsrel=1e-11)[0]
        total += math.log(value / math.sqrt(2 * math.pi))
        total += math.lgamma(size + 1) - math.lgamma(events + 1) - math.lgamma(size - events + 1)
    return total


def numerical_information(x: list[int], n: list[int], mu: float, tau2: float) -> np.ndarray:
    """Minus the second differences of the log likelihood in (mu, tau2)."""
    h, g = 1e-2, 1e-2 * tau2
    at = {
        (i, j): binomial_normal_loglik(x, n, mu + i * h, math.sqrt(tau2 + j * g))
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
    }
    d_mu = (at[1, 0] - 2 * at[0, 0] + at[-1, 0]) / h**2
    d_tau2 = (at[0, 1] - 2 * at[0, 0] + at[0, -1]) / g**2
    d_both = (at[1, 1] - at[1, -1] - at[-1, 1] + at[-1, -1]) / (4 * h * g)
    return -np.array([[d_mu, d_both], [d_both, d_tau2]])


@pytest.mark.parametrize("name", PUBLISHED_GLMM)
def test_published_glmm(name: str) -> None:
    """Published with 7 nodes per trial; where that is visible, the likelihood itself says who is nearer."""
    check = PUBLISHED[name]
    data = check if "xi" in check else PUBLISHED[name.replace("GLMM", "data")]
    fit = glmm(data["xi"], data["ni"])
    for ours in ("estimate", "se", "tau2"):
        assert_equal(getattr(fit, ours), check[FIELDS[ours]], GLMM_RARE_EVENTS, ours)
    theirs = binomial_normal_loglik(data["xi"], data["ni"], check["mu"], math.sqrt(check["tau2"]))
    assert fit.loglik >= theirs - SAME_LIKELIHOOD


@pytest.mark.parametrize(
    ("x", "n"),
    [
        ([0, 8, 13], [20, 20, 13]),
        ([0, 0, 3], [20, 31, 38]),
        ([13, 42, 40], [13, 42, 45]),
        ([0, 0, 1], [50, 30, 40]),
        ([7, 1, 30, 12], [10, 40, 31, 60]),
        # tau2 = 55: the edge of the row of 100 % is far narrower than the spread of the trials.
        ([1, 174], [63, 174]),
        # tau2 = 222, as far as a likelihood of three trials may go.
        ([0, 500, 5], [500, 500, 10]),
    ],
)
def test_glmm_at_0_and_100_percent_rows_is_a_maximum(x: list[int], n: list[int]) -> None:
    fit = glmm(x, n)
    tau = math.sqrt(fit.tau2)
    best = binomial_normal_loglik(x, n, fit.estimate, tau) if tau > 0 else fit.loglik
    assert fit.loglik == pytest.approx(best, abs=SAME_LIKELIHOOD)
    for start in ((fit.estimate, tau + 0.3), (fit.estimate - 0.5, 2.0)):
        found = optimize.minimize(
            lambda p: -binomial_normal_loglik(x, n, p[0], max(abs(p[1]), 1e-4)),
            start,
            method="Nelder-Mead",
            options={"maxiter": 60},
        )
        assert -found.fun <= best + SAME_LIKELIHOOD
    if tau > 0:
        information = numerical_information(x, n, fit.estimate, fit.tau2)
        assert fit.se_given_tau2 == pytest.approx(information[0, 0] ** -0.5, rel=NUMERICAL_DERIVATIVE)
        assert fit.se == pytest.approx(np.linalg.inv(information)[0, 0] ** 0.5, rel=NUMERICAL_DERIVATIVE)


def test_glmm_without_heterogeneity_is_the_pooled_proportion() -> None:
    """tau2 = 0: one binomial, with the standard error of its log odds."""
    x, n = arm("molina_blina_CR")
    fit, p = glmm(x, n), sum(x) / sum(n)
    assert fit.tau2 == 0
    assert fit.proportion.estimate == pytest.approx(p, abs=SAME_NUMBER)
    assert fit.se == fit.se_given_tau2 == pytest.approx((sum(n) * p * (1 - p)) ** -0.5, rel=PROPERTY)
    assert fit.loglik == pytest.approx(float(stats.binom.logpmf(x, n, p).sum()), abs=PROPERTY)


def test_glmm_of_one_trial() -> None:
    fit = glmm([5], [20])
    assert (fit.tau2, fit.k) == (0.0, 1)
    assert fit.proportion.estimate == pytest.approx(0.25, abs=SAME_NUMBER)
    assert math.isnan(fit.pi_low)


@pytest.mark.parametrize(
    ("x", "n"), [([13], [13]), ([0], [20]), ([42, 13], [42, 13]), ([0, 0], [20, 31]), ([0, 42], [20, 42])]
)
def test_glmm_says_when_there_is_no_finite_maximum(x: list[int], n: list[int]) -> None:
    with pytest.raises(ValueError, match=r"every row is at 0 % or 100 %.*no finite maximum.*expected at least one row"):
        glmm(x, n)


# ---- properties ----------------------------------------------------------------------------------

PROPERTIES = settings(max_examples=100, deadline=None, derandomize=True)
METHOD = st.sampled_from(pooling.TAU2)
MEASURE = st.sampled_from(pooling.MEASURES)
INTERVAL = st.sampled_from(pooling.INTERVALS)


@st.composite
def trials(draw: st.DrawFn, fewest: int = 1, most: int = 8) -> tuple[list[int], list[int]]:
    sizes = draw(st.lists(st.integers(1, 400), min_size=fewest, max_size=most))
    return [draw(st.integers(0, size)) for size in sizes], sizes


@st.composite
def effects(draw: st.DrawFn, fewest: int = 1) -> tuple[np.ndarray, np.ndarray]:
    y = draw(st.lists(st.floats(-5, 5), min_size=fewest, max_size=8))
    v = [draw(st.floats(0.01, 5)) for _ in y]
    return np.array(y), np.array(v)


def numbers(fit: pooling.Pooled) -> list[float]:
    names = ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2", "h2", "q", "q_p")
    return [getattr(fit, name) for name in names]


def test_the_order_of_the_trials_does_not_matter() -> None:
    @PROPERTIES
    @given(trials(2), MEASURE, METHOD, INTERVAL, st.randoms(use_true_random=False))
    def check(data: tuple[list[int], list[int]], measure: str, tau2: str, interval: str, random: Any) -> None:
        rows = list(zip(*data, strict=True))
        shuffled = random.sample(rows, len(rows))
        fits = [pool(*zip(*r, strict=True), measure=measure, tau2=tau2, interval=interval) for r in (rows, shuffled)]
        assert numbers(fits[0]) == pytest.approx(numbers(fits[1]), rel=PROPERTY, abs=PROPERTY, nan_ok=True)

    check()


def test_scale_and_origin_of_the_effects_do_not_matter() -> None:
    @PROPERTIES
    @given(effects(), METHOD, INTERVAL, st.floats(0.05, 20), st.floats(-10, 10))
    def check(data: tuple[np.ndarray, np.ndarray], tau2: str, interval: str, c: float, shift: float) -> None:
        y, v = data
        fit = pool_effects(y, v, tau2=tau2, interval=interval)
        scaled = pool_effects(c * y + shift, c * c * v, tau2=tau2, interval=interval)
        moved = {name: c * getattr(fit, name) + shift for name in ("estimate", *LIMITS)}
        moved |= {"se": c * fit.se, "tau2": c * c * fit.tau2}
        moved |= {name: getattr(fit, name) for name in ("i2", "h2", "q", "q_p")}
        ours = [getattr(scaled, name) for name in moved]
        assert ours == pytest.approx(list(moved.values()), rel=1e-6, abs=1e-6, nan_ok=True)

    check()


def test_counting_failures_mirrors_the_result() -> None:
    @PROPERTIES
    @given(trials(), MEASURE, METHOD, INTERVAL)
    def check(data: tuple[list[int], list[int]], measure: str, tau2: str, interval: str) -> None:
        x, n = data
        fit = pool(x, n, measure=measure, tau2=tau2, interval=interval)
        failures = [size - events for events, size in zip(x, n, strict=True)]
        mirror = pool(failures, n, measure=measure, tau2=tau2, interval=interval)
        assert fit.proportion is not None
        assert mirror.proportion is not None
        ours = [fit.proportion.estimate, fit.proportion.ci_low, fit.proportion.ci_high, fit.tau2, fit.se]
        theirs = [
            1 - mirror.proportion.estimate,
            1 - mirror.proportion.ci_high,
            1 - mirror.proportion.ci_low,
            mirror.tau2,
            mirror.se,
        ]
        assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-6, nan_ok=True)

    check()


def test_modified_hartung_knapp_is_never_narrower() -> None:
    @PROPERTIES
    @given(effects(2), METHOD)
    def check(data: tuple[np.ndarray, np.ndarray], tau2: str) -> None:
        z, plain, modified = (pool_effects(*data, tau2=tau2, interval=interval) for interval in pooling.INTERVALS)
        assert modified.ci_low <= z.ci_low
        assert modified.ci_high >= z.ci_high
        assert modified.se == max(z.se, plain.se)

    check()


def test_the_prediction_interval_contains_the_confidence_interval() -> None:
    @PROPERTIES
    @given(effects(2), METHOD, INTERVAL)
    def check(data: tuple[np.ndarray, np.ndarray], tau2: str, interval: str) -> None:
        fit = pool_effects(*data, tau2=tau2, interval=interval)
        if tau2 == "EE":
            assert math.isnan(fit.pi_low)
            assert math.isnan(fit.pi_high)
        else:
            assert fit.pi_low <= fit.ci_low <= fit.estimate <= fit.ci_high <= fit.pi_high

    check()


def test_one_trial_is_itself() -> None:
    @PROPERTIES
    @given(trials(1, 1), MEASURE, METHOD, INTERVAL)
    def check(data: tuple[list[int], list[int]], measure: str, tau2: str, interval: str) -> None:
        y, v = effect_sizes(*data, measure)
        fit = pool(*data, measure=measure, tau2=tau2, interval=interval)
        assert fit.estimate == pytest.approx(float(y[0]), rel=SAME_NUMBER, abs=SAME_NUMBER)
        assert fit.se == pytest.approx(math.sqrt(v[0]), rel=SAME_NUMBER)
        assert (fit.tau2, fit.i2, fit.h2, fit.q_p) == (0, 0, 1, 1)
        assert (fit.k, fit.weights, fit.optima) == (1, (100.0,), 1)
        assert math.isnan(fit.pi_low)
        assert math.isnan(fit.pi_high)
        if interval == "z":
            half = stats.norm.ppf(0.975) * fit.se
            assert (fit.ci_low, fit.ci_high) == pytest.approx((fit.estimate - half, fit.estimate + half))
        else:
            assert math.isnan(fit.ci_low)
            assert math.isnan(fit.ci_high)
            assert fit.df == 0

    check()


@pytest.mark.parametrize("everybody", [True, False])
def test_all_trials_at_0_or_100_percent(everybody: bool) -> None:
    @PROPERTIES
    @given(st.lists(st.integers(1, 400), min_size=2, max_size=8), MEASURE, METHOD, INTERVAL)
    def check(n: list[int], measure: str, tau2: str, interval: str) -> None:
        fit = pool(n if everybody else [0] * len(n), n, measure=measure, tau2=tau2, interval=interval)
        assert fit.proportion is not None
        finite = asdict(fit) | {"pi_low": 0.0, "pi_high": 0.0, "df": 0.0, "proportion": None}
        assert all(math.isfinite(value) for value in finite.values() if isinstance(value, float))
        p = fit.proportion.estimate
        assert (p > 0.5) if everybody else (p < 0.5)

    check()


def test_swapping_the_arms_changes_the_sign() -> None:
    @PROPERTIES
    @given(trials(), trials(), MEASURE, METHOD, INTERVAL, st.sampled_from(pooling.CONTRAST_TAU2))
    def check(a: Any, b: Any, measure: str, tau2: str, interval: str, rule: str) -> None:
        first, second = (pool(*data, measure=measure, tau2=tau2, interval=interval) for data in (a, b))
        forward, backward = contrast(first, second, rule), contrast(second, first, rule)
        ours = [forward.estimate, forward.se, forward.ci_low, forward.ci_high, forward.pi_low, forward.p]
        theirs = [
            -backward.estimate,
            backward.se,
            -backward.ci_high,
            -backward.ci_low,
            -backward.pi_high,
            backward.p,
        ]
        assert ours == pytest.approx(theirs, rel=PROPERTY, abs=PROPERTY, nan_ok=True)

    check()


def test_glmm_mirrors_and_ignores_the_order() -> None:
    @settings(PROPERTIES, max_examples=15)
    @given(trials(2))
    def check(data: tuple[list[int], list[int]]) -> None:
        x, n = data
        assume(any(0 < events < size for events, size in zip(x, n, strict=True)))
        fit = glmm(x, n)
        failures = [size - events for events, size in zip(x, n, strict=True)]
        mirror = glmm(failures[::-1], n[::-1])
        assert fit.loglik == pytest.approx(mirror.loglik, rel=0, abs=1e-6)
        # The estimate of a flat likelihood is as uncertain as its standard error is large.
        assert fit.estimate == pytest.approx(-mirror.estimate, rel=0, abs=1e-4 * fit.se)
        assert fit.loglik >= fit.loglik_tau0 - 1e-12
        assert fit.se >= fit.se_given_tau2

    check()


# ---- bad input -----------------------------------------------------------------------------------

BAD_COUNTS = [
    ([5, 11], [10, 10], r"events\[1\] = 11 is greater than n\[1\] = 10; expected events <= n"),
    ([0], [0], r"n\[0\] = 0; expected a whole number of at least 1"),
    ([0, 1], [5, -3], r"n\[1\] = -3; expected a whole number of at least 1"),
    ([-1], [5], r"events\[0\] = -1; expected a whole number of at least 0"),
    ([2.5], [5], r"events\[0\] = 2\.5; expected a whole number of at least 0"),
    ([2], [5.5], r"n\[0\] = 5\.5; expected a whole number of at least 1"),
    ([1, math.nan], [5, 5], r"events\[1\] = nan; expected finite whole numbers"),
    ([1], [math.inf], r"n\[0\] = inf; expected finite whole numbers"),
    ([], [], r"events is empty; expected at least one whole number"),
    ([1], [], r"n is empty; expected at least one whole number"),
    ([1, 2], [5], r"events has 2 values and n has 1; expected the same number"),
    ([[1, 2]], [[5, 5]], r"events has 2 dimensions; expected one list of whole numbers"),
    (3, 5, r"events has 0 dimensions; expected one list of whole numbers"),
    (["3"], [5], r"events\[0\] = '3'; expected whole numbers"),
    ([None, 1], [5, 5], r"events\[0\] = None; expected whole numbers"),
    ([True], [5], r"events\[0\] = True; expected whole numbers"),
]
FUNCTIONS: list[Callable[..., Any]] = [effect_sizes, pool, glmm]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("x", "n", "message"), BAD_COUNTS)
def test_bad_counts_are_named(function: Callable[..., Any], x: Any, n: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        function(x, n)


@pytest.mark.parametrize(
    ("y", "v", "message"),
    [
        ([0.1], [0.0], r"vi\[0\] = 0; expected a variance greater than 0"),
        ([0.1, 0.2], [1, -0.2], r"vi\[1\] = -0\.2; expected a variance greater than 0"),
        ([math.nan], [1], r"yi\[0\] = nan; expected finite numbers"),
        ([0.1], [math.nan], r"vi\[0\] = nan; expected finite numbers"),
        ([0.1], [1, 2], r"yi has 1 values and vi has 2; expected the same number"),
        ([], [], r"yi is empty; expected at least one number"),
    ],
)
def test_bad_effects_are_named(y: list[float], v: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        pool_effects(y, v)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "log"}, r"measure = 'log'; expected one of 'logit', 'freeman-tukey', 'raw'"),
        ({"tau2": "reml"}, r"tau2 = 'reml'; expected one of 'EE', 'DL', 'REML', 'ML', 'PM', 'HE', 'SJ'"),
        (
            {"interval": "t"},
            r"interval = 't'; expected one of 'z', 'hartung-knapp', 'modified-hartung-knapp'",
        ),
        ({"level": 95}, r"level = 95; expected a number between 0 and 1, such as 0\.95"),
        ({"level": math.nan}, r"level = nan; expected a number between 0 and 1, such as 0\.95"),
    ],
)
def test_unknown_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        pool([3], [5], **options)


def test_a_bad_level_of_a_glmm_is_named() -> None:
    with pytest.raises(ValueError, match=r"^level = 0; expected"):
        glmm([3], [5], level=0)


def test_arms_that_were_pooled_differently_cannot_be_compared() -> None:
    a = pool([3, 4], [5, 9])
    for options, name in (
        ({"measure": "raw"}, "measure"),
        ({"tau2": "DL"}, "tau2_method"),
        ({"interval": "z"}, "interval"),
        ({"level": 0.9}, "level"),
    ):
        with pytest.raises(
            ValueError, match=rf"^a\.{name} = .* and b\.{name} = .*; expected two arms that were pooled in"
        ):
            contrast(a, pool([3, 4], [5, 9], **options))
    with pytest.raises(ValueError, match=r"^tau2 = 'REML'; expected one of 'separate', 'common'$"):
        contrast(a, a, "REML")


@pytest.mark.parametrize(("events", "n"), [(0, 1), (0, 40), (1, 1), (1, 2), (40, 40), (61, 75), (3, 5000)])
def test_exact_limits_are_those_of_a_search(events: int, n: int) -> None:
    """SciPy looks for the shares at which the tails of the binomial distribution hold 2.5 %."""
    searched = stats.binomtest(events, n).proportion_ci(method="exact")
    assert exact_limits(events, n) == pytest.approx((searched.low, searched.high), abs=CLOSED_FORM)


def test_any_sequence_of_numbers_is_accepted() -> None:
    expected = pool([25, 81], [36, 189])
    for kind in (tuple, np.array, lambda values: np.array(values, dtype=float)):
        assert pool(kind([25, 81]), kind([36, 189])) == expected


def test_the_statistics_do_not_load_pandas() -> None:
    """Loaded by its path: what the package's front door loads is another question."""
    code = (
        "import importlib.util as u, sys; "
        f"s = u.spec_from_file_location('pooling', {str(pooling.__file__)!r}); m = u.module_from_spec(s); "
        "sys.modules['pooling'] = m; s.loader.exec_module(m); print('pandas' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
