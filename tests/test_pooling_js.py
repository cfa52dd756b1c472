"""The browser's statistics: against SciPy, against metafor as Python's are, and against Python itself.

Each test writes all its calls into one file and runs Node once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from carbite import pooling
from carbite.pooling import contrast, effect_sizes, glmm, pool, pool_effects
from tests.node import run_node
from tests.test_pooling import (
    ALL_PAIRS,
    CONVERGED,
    FIELDS,
    GLMM_EXACT,
    INTERVALS,
    LIMITS,
    MEASURES,
    METHODS,
    MIXED,
    PAIRS,
    PUBLISHED,
    PUBLISHED_FITS,
    REFERENCE,
    SETS,
    SUBSETS,
    arm,
    brute_force_reml,
    published_method,
    selected,
    tolerance,
)
from tests.thoroughness import cases as share_of

DISTRIBUTION = 1e-12  # relative, against SciPy; a tail of 1e-300 is exp(-700), and rounding of 700 is 1e-13 of it
PARITY = 1e-9  # same steps in double precision: only the rounding of sums and of library functions differs
PARITY_SETS = share_of(5040)  # 80, or a share of them, for each combination of measure, tau2 and interval
PARITY_GLMM_SETS = 300

Trials = tuple[list[int], list[int]]
Call = list[Any]


def decoded(value: Any) -> Any:
    """JSON has no NaN and no infinity; they travel as their names."""
    if isinstance(value, dict):
        return {key: decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decoded(item) for item in value]
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value


def answers(calls: Sequence[Call], folder: Path) -> list[dict[str, Any]]:
    """What the browser's functions answer: ``value`` or ``error`` for each call."""
    return decoded(run_node("parity.mjs", calls, folder))


def values(calls: Sequence[Call], folder: Path) -> list[Any]:
    found = answers(calls, folder)
    for call, answer in zip(calls, found, strict=True):
        assert "error" not in answer, (call, answer)
    return [answer["value"] for answer in found]


def trials(name: str) -> dict[str, list[int]]:
    x, n = arm(name)
    return {"events": x, "n": n}


def assert_near(ours: float, theirs: float | None, within: float, what: object) -> None:
    """metafor's "none" is our NaN."""
    if theirs is None:
        assert math.isnan(ours), what
    else:
        assert ours == pytest.approx(theirs, rel=0, abs=within), what


# ---- distributions against SciPy -----------------------------------------------------------------

# Next to the middle SciPy's own t functions lose digits; closed forms check that part below.
PROBABILITIES = [
    float(p) for q in (*np.logspace(-15, -1, 43), 0.2, 0.3, 0.4, 0.45, 0.49) for p in (q, 1 - max(q, 1e-12))
]
DEGREES = [1, 1.001, 1.5, 2, 2.7, 3, 4.25, 5, 7.3, 11, 16.2, 22, 30, 63.7, 100, 1000.5, 1e4, 1e6]
POINTS = [float(sign * size) for size in (*np.geomspace(0.01, 30, 40), 37.0, 300.0, 1e4) for sign in (-1, 1)]
INTEGER_DEGREES = [*range(1, 31), 50, 100, 399, 1000]


def distribution_cases() -> Iterator[tuple[Call, float]]:
    for z in POINTS:
        yield ["normalCdf", z], special.ndtr(z)
    for p in PROBABILITIES:
        yield ["normalQuantile", p], special.ndtri(p)
    for df in DEGREES:
        for t in POINTS:
            yield ["studentCdf", t, df], special.stdtr(df, t)
        for p in PROBABILITIES:
            yield ["studentQuantile", p, df], special.stdtrit(df, p)
    for df in INTEGER_DEGREES:
        for share in (0.0, 1e-6, 0.01, 0.1, 0.3, 0.6, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0):
            yield ["chiSquareUpperTail", share * df, df], special.chdtrc(df, share * df)
    for n in (0, 1, 2, 3, 10, 15, 16, 17, 100, 271, 1000, 100_000):
        yield ["logFactorial", n], special.gammaln(n + 1)


def test_distributions_equal_scipy(tmp_path: Path) -> None:
    calls, expected = zip(*distribution_cases(), strict=True)
    worst: dict[str, tuple[float, Call]] = {}
    for call, ours, theirs in zip(calls, values(calls, tmp_path), expected, strict=True):
        # Below the smallest normal double there are fewer digits.
        if ours != theirs and abs(theirs) > 1e-300:
            difference = abs(ours - theirs) / abs(theirs)
            worst[call[0]] = max(worst.get(call[0], (0.0, call)), (difference, call), key=lambda item: item[0])
    print("worst relative difference from SciPy:", worst)
    assert len(calls) > 3000
    assert all(difference <= DISTRIBUTION for difference, _ in worst.values()), worst


def test_student_quantiles_equal_closed_forms_next_to_the_middle(tmp_path: Path) -> None:
    """df = 1 is Cauchy's distribution; df = 2 is algebraic."""
    inside = [sign * size for size in (1e-12, 1e-9, 1e-6, 1e-3, 0.1, 0.24, 0.26, 0.4) for sign in (-1, 1)]
    calls = [["studentQuantile", 0.5 + h, df] for df in (1, 2) for h in inside]
    ours = values(calls, tmp_path)
    shares = [0.5 + h for h in inside]
    cauchy = [math.tan(math.pi * (p - 0.5)) for p in shares]
    algebraic = [(p - 0.5) * math.sqrt(2 / (p * (1 - p))) for p in shares]
    np.testing.assert_allclose(ours, cauchy + algebraic, rtol=DISTRIBUTION)


def test_the_ends_of_the_quantiles(tmp_path: Path) -> None:
    calls = [[name, p, 3] for name in ("normalQuantile", "studentQuantile") for p in (0, 0.5, 1, -0.1, 1.1)]
    expected = [-math.inf, 0.0, math.inf, math.nan, math.nan] * 2
    np.testing.assert_array_equal(values(calls, tmp_path), expected)


def test_exact_interval_equals_the_beta_quantiles(tmp_path: Path) -> None:
    """Clopper & Pearson 1934 by SciPy's beta distribution."""
    cases = [
        (x, n, level)
        for n in (1, 2, 13, 42, 75, 271, 1000)
        for x in sorted({0, 1, n // 3, n // 2, n - 1, n})
        for level in (0.5, 0.9, 0.95, 0.999)
    ]
    ours = values([["exactInterval", *case] for case in cases], tmp_path)
    for (x, n, level), limits in zip(cases, ours, strict=True):
        tail = (1 - level) / 2
        low = stats.beta.ppf(tail, x, n - x + 1) if x else 0.0
        high = stats.beta.ppf(1 - tail, x + 1, n - x) if x < n else 1.0
        assert limits == pytest.approx([low, high], rel=DISTRIBUTION, abs=0), (x, n, level)


# ---- against metafor, as Python ------------------------------------------------------------------


def test_pool_equals_metafor(tmp_path: Path) -> None:
    cases = list(itertools.product(SETS, MEASURES, METHODS))
    calls = []
    for name, measure, method in cases:
        tau2, test = method.split(".")
        options = {"measure": MEASURES[measure], "tau2": tau2, "interval": INTERVALS[test]}
        calls.append(["pool", *arm(name), options])
    assert len(calls) == 14 * 3 * 19
    for case, fit in zip(cases, values(calls, tmp_path), strict=True):
        name, measure, method = case
        expected = SETS[name][measure][method]["tight"]
        within = tolerance(method.split(".")[0])
        for ours, theirs in FIELDS.items():
            assert_near(fit[ours], expected[theirs], within, (case, ours))
        assert fit["q_p"] == pytest.approx(expected["Qp"], rel=CONVERGED), case
        assert (fit["k"], fit["df"]) == (expected["k"], expected["df"]), case
        for ours, theirs in {"estimate": "pred", **LIMITS}.items():
            assert_near(fit["proportion"][ours], expected["back"][theirs], within, (case, ours))
        assert fit["yi"] == pytest.approx(SETS[name][measure]["yi"], rel=0, abs=tolerance("EE")), case
        assert fit["vi"] == pytest.approx(SETS[name][measure]["vi"], rel=0, abs=tolerance("EE")), case


def test_published_checks(tmp_path: Path) -> None:
    """dat.bcg and others, where metafor was run to convergence."""
    names = [
        name
        for name in PUBLISHED_FITS
        if published_method(name)[0] in ("EE", "DL", "HE", "SJ") or name.endswith(".tight")
    ]
    calls = []
    for name in names:
        tau2, interval = published_method(name)
        calls.append(
            [
                "poolEffects",
                PUBLISHED[name]["yi"],
                PUBLISHED[name]["vi"],
                {"tau2": tau2, "interval": interval},
            ]
        )
    assert len(calls) > 20
    for name, fit in zip(names, values(calls, tmp_path), strict=True):
        for ours, theirs in FIELDS.items():
            if theirs in PUBLISHED[name]:
                assert_near(fit[ours], PUBLISHED[name][theirs], CONVERGED, (name, ours))


def test_contrast_equals_metafor(tmp_path: Path) -> None:
    """As in Python's tests: limits and p of separate arms are metafor's for z only."""
    calls = []
    for (name, key), rule in itertools.product(ALL_PAIRS, pooling.CONTRAST_TAU2):
        measure, tau2, test = key.split(".")
        options = {"measure": MEASURES[measure], "tau2": tau2, "interval": INTERVALS[test]}
        sides = [trials(PAIRS[name][side]) for side in ("other_arm", "reference_arm")]
        calls.append(["contrast", *sides, options, rule])
    found = values(calls, tmp_path)
    assert len(found) == 2 * 5 * 3 * 5
    for ((name, key), rule), fit in zip(itertools.product(ALL_PAIRS, pooling.CONTRAST_TAU2), found, strict=True):
        pair, case = PAIRS[name][key], (name, key, rule)
        if rule == "common":
            common = pair["moderator_common_tau2"]
            expected = {"estimate": common["diff"], "se": common["se"][1], "p": common["pval"][1]}
            expected |= {"ci_low": common["ci_lb"][1], "ci_high": common["ci_ub"][1]}
            tau2s = [common["tau2"], common["tau2"]]
        else:
            separate = pair["separate_tau2"]
            expected = {"estimate": separate["diff"], "se": separate["se"]}
            if key.endswith(".z"):
                expected |= {"ci_low": separate["ci_lb"], "ci_high": separate["ci_ub"], "p": separate["p"]}
            tau2s = separate["tau2"][::-1]
        for ours, theirs in expected.items():
            assert_near(fit[ours], theirs, CONVERGED, (case, ours))
        assert fit["tau2"] == pytest.approx(tau2s, rel=0, abs=CONVERGED), case


def test_glmm_equals_the_exact_maximum_likelihood(tmp_path: Path) -> None:
    theirs = ("mu", "se_joint", "se_cond", "tau2", "loglik", "loglik_tau0")
    ours = ("estimate", "se", "se_given_tau2", "tau2", "loglik", "loglik_tau0")
    for name, fit in zip(SETS, values([["glmm", *arm(name)] for name in SETS], tmp_path), strict=True):
        expected = REFERENCE["glmm_exact_ML"][name]
        for mine, other in zip(ours, theirs, strict=True):
            assert_near(fit[mine], expected[other], GLMM_EXACT, (name, mine))
        assert fit["optima"] == max(1, expected["local_minima"]), name


@pytest.mark.parametrize("name", SUBSETS)
def test_every_subset_of_trials(name: str, tmp_path: Path) -> None:
    data = SUBSETS[name]
    calls = [
        ["poolEffects", *(effects.tolist() for effects in selected(data, mask)), {"interval": "z"}]
        for mask in data["mask"]
    ]
    columns = zip(*(data[key] for key in ("mask", "est", "se", "tau2", "optima")), strict=True)
    for fit, (mask, estimate, se, tau2, optima) in zip(values(calls, tmp_path), columns, strict=True):
        found = (fit["estimate"], fit["se"], fit["tau2"])
        assert found == pytest.approx((estimate, se, tau2), rel=0, abs=CONVERGED), mask
        assert fit["optima"] == optima, mask


def test_where_metafor_stops_or_climbs_the_wrong_hill(tmp_path: Path) -> None:
    masks = [*MIXED["masks_no_convergence"], *MIXED["masks_not_global"]]
    effects = [selected(MIXED, mask) for mask in masks]
    fits = values([["poolEffects", y.tolist(), v.tolist()] for y, v in effects], tmp_path)
    for mask, (y, v), fit in zip(masks, effects, fits, strict=True):
        expected, optima = brute_force_reml(y, v)
        assert fit["tau2"] == pytest.approx(expected, rel=0, abs=CONVERGED), mask
        assert fit["optima"] == optima, mask
    assert [fit["optima"] for fit in fits[len(MIXED["masks_no_convergence"]) :]] == [2, 2]


# ---- parity with Python on random trials ---------------------------------------------------------


def random_trials(random: np.random.Generator) -> Trials:
    """1 to 12 trials of 1 to 400 patients; every seventh row or so is set to 0 % or 100 %.

    The styles: one true percentage, unrelated ones, ones near 0 % and 100 %, a few trials that agree and some
    that need not, and trials of one size, half of them with one and the same count.
    """
    k = int(random.integers(1, 13))
    n = random.integers(1, 401, k) if random.random() < 0.5 else np.exp(random.uniform(0, 6, k)).astype(int)
    style = random.integers(5)
    if style == 4:
        n, p = np.full(k, n[0]), random.choice([0.0, 0.5, random.random(), 1.0])
        x = np.full(k, int(n[0] * p)) if random.random() < 0.5 else random.binomial(n, p)
        return x.tolist(), n.tolist()
    shapes = random.uniform(0.1, 1, 2)
    p = [
        np.full(k, random.random()),
        random.random(k),
        random.beta(*shapes, k),
        np.clip(random.random() + random.normal(0, 0.05, k) * random.choice([1, 8], k), 0, 1),
    ][style]
    x, edge = random.binomial(n, p), random.random(k)
    x = np.where(edge < 0.07, 0, np.where(edge > 0.93, n, x))
    return x.tolist(), n.tolist()


def differences(ours: Any, python: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every field of two results, and how far they are apart: absolute up to 1, relative above."""
    if is_dataclass(python) and not isinstance(python, type):
        python = asdict(python)
    if isinstance(python, Mapping):
        assert set(ours) == set(python), path
        for key in python:
            yield from differences(ours[key], python[key], f"{path}.{key}" if path else key)
    elif isinstance(python, (tuple, list)):
        for mine, theirs in zip(ours, python, strict=True):
            yield from differences(mine, theirs, path)
    elif python is None or isinstance(python, str):
        yield path, 0.0 if ours == python else math.inf
    elif ours is None or math.isnan(python) or math.isnan(ours):
        yield path, 0.0 if ours is not None and math.isnan(python) and math.isnan(ours) else math.inf
    elif ours == python:
        yield path, 0.0
    else:
        yield path, abs(ours - python) / max(1.0, abs(python))


def assert_parity(cases: Sequence[tuple[Call, Any]], folder: Path) -> None:
    """Every field of every result within ``PARITY``; prints the worst."""
    worst = (0.0, "", [])
    compared = 0
    for (call, python), ours in zip(cases, values([call for call, _ in cases], folder), strict=True):
        for field, difference in differences(ours, python):
            compared += 1
            if not difference <= worst[0]:
                worst = (difference, field, call)
    print(f"{compared} numbers of {len(cases)} results compared; worst difference:", *worst)
    assert worst[0] <= PARITY, worst


def test_pool_and_contrast_equal_python_on_random_trials(tmp_path: Path) -> None:
    random = np.random.default_rng(20_211)
    combinations = list(itertools.product(pooling.MEASURES, pooling.TAU2, pooling.INTERVALS))
    cases: list[tuple[Call, Any]] = []
    edges = ones = 0
    for i in range(PARITY_SETS):
        measure, tau2, interval = combinations[i % len(combinations)]
        level = (0.95, 0.8, 0.99)[i // len(combinations) % 3]
        options = {"measure": measure, "tau2": tau2, "interval": interval, "level": level}
        first, second = random_trials(random), random_trials(random)
        a, b = pool(*first, **options), pool(*second, **options)
        sides = [{"events": x, "n": n} for x, n in (first, second)]
        cases += [(["pool", *first, options], a), (["pool", *second, options], b)]
        cases += [(["contrast", *sides, options, rule], contrast(a, b, rule)) for rule in pooling.CONTRAST_TAU2]
        edges += any(x in (0, n) for x, n in zip(*first, strict=True))
        ones += a.k == 1
    assert PARITY_SETS % len(combinations) == 0
    assert edges > PARITY_SETS / 5
    assert ones > PARITY_SETS / 50
    assert_parity(cases, tmp_path)


def test_pool_effects_equal_python_where_the_likelihood_has_two_maxima(tmp_path: Path) -> None:
    """Two large trials that agree and a few small ones that need not."""
    random = np.random.default_rng(2022)
    cases: list[tuple[Call, Any]] = []
    for i in range(600):
        small = int(random.integers(1, 4))
        v = np.concatenate([[1e-3, 1e-3], 10 ** random.uniform(-0.5, 0.5, small)]).tolist()
        y = np.concatenate([random.normal(0, 0.05, 2), random.normal(0, 3, small)]).tolist()
        options = {"tau2": ("REML", "ML")[i % 2]}
        cases.append((["poolEffects", y, v, options], pool_effects(y, v, **options)))
    assert sum(fit.optima > 1 for _, fit in cases) > 150
    assert_parity(cases, tmp_path)


def test_glmm_equals_python_on_random_trials(tmp_path: Path) -> None:
    random = np.random.default_rng(20_212)
    cases: list[tuple[Call, Any]] = []
    while len(cases) < PARITY_GLMM_SETS:
        x, n = random_trials(random)
        if any(0 < events < size for events, size in zip(x, n, strict=True)):
            level = (0.95, 0.8)[len(cases) % 2]
            cases.append((["glmm", x, n, {"level": level}], glmm(x, n, level=level)))
    assert sum(fit.tau2 == 0 for _, fit in cases) > 20
    assert sum(fit.tau2 > 10 for _, fit in cases) > 20
    assert_parity(cases, tmp_path)


def test_rounding_decides_nothing_where_a_result_jumps(tmp_path: Path) -> None:
    """Sets where a last bit once decided: a score of exactly 0 at tau2 = 0, and arms without any scatter."""
    x, n = [0, 0, 0, 1], [1, 7, 1, 3]
    p = sum(x) / sum(n)
    squares = sum((events - size * p) ** 2 for events, size in zip(x, n, strict=True))
    assert squares == pytest.approx(sum(n) * p * (1 - p), rel=1e-15)
    fit = glmm(x, n)
    assert fit.tau2 == 0
    cases: list[tuple[Call, Any]] = [(["glmm", x, n], fit)]

    # 50 % on the Freeman-Tukey scale is pi / 4 for every n, but not to the last bit.
    options = {"measure": "freeman-tukey", "tau2": "PM", "interval": "hartung-knapp"}
    halves = [{"events": [size // 2] * 4, "n": [size] * 4} for size in (24, 170)]
    a, b = (pool(half["events"], half["n"], **options) for half in halves)
    for rule in pooling.CONTRAST_TAU2:
        point = contrast(a, b, rule)
        assert (point.se, point.p) == (0.0, 1.0)
        cases.append((["contrast", *halves, options, rule], point))
    assert_parity(cases, tmp_path)


def test_effect_sizes_equal_python_on_random_trials(tmp_path: Path) -> None:
    random = np.random.default_rng(20_213)
    cases: list[tuple[Call, Any]] = []
    for i in range(300):
        (x, n), measure = random_trials(random), pooling.MEASURES[i % 3]
        y, v = effect_sizes(x, n, measure)
        cases.append((["effectSizes", x, n, measure], {"yi": y.tolist(), "vi": v.tolist()}))
    assert_parity(cases, tmp_path)


# ---- bad input -----------------------------------------------------------------------------------


def pooled_with(**options: Any) -> dict[str, Any]:
    return asdict(pool([3, 5], [9, 8], **options))


def contrast_of(options_a: dict[str, Any], options_b: dict[str, Any]) -> tuple[Call, Callable[[], object]]:
    return (
        ["contrastOfArms", pooled_with(**options_a), pooled_with(**options_b)],
        lambda: contrast(pool([3, 5], [9, 8], **options_a), pool([3, 5], [9, 8], **options_b)),
    )


def of_pool(x: Any, n: Any, **options: Any) -> tuple[Call, Callable[[], object]]:
    return ["pool", x, n, options], lambda: pool(x, n, **options)


def of_effects(y: Any, v: Any) -> tuple[Call, Callable[[], object]]:
    return ["poolEffects", y, v], lambda: pool_effects(y, v)


BAD_INPUT: list[tuple[Call, Callable[[], object]]] = [
    of_pool([3, 9], [9, 8]),
    of_pool([3, -1], [9, 8]),
    of_pool([3, 2.5], [9, 8]),
    of_pool([3, 2], [9, 0]),
    of_pool([3, 2], [9, -4]),
    of_pool([3, 2], [9, 8.5]),
    of_pool(["3"], [9]),
    of_pool([], []),
    of_pool([3, 2], [9]),
    of_pool([3], [9], measure="probit"),
    of_pool([3], [9], tau2="EB"),
    of_pool([3], [9], interval="t"),
    of_pool([3], [9], level=0),
    of_pool([3], [9], level=1.5),
    of_effects([0.5], [0]),
    of_effects([0.5, 1], [1, -2]),
    of_effects([0.5, 1], [1]),
    of_effects([], []),
    (["effectSizes", [3], [9], "odds"], lambda: effect_sizes([3], [9], "odds")),
    (["glmm", [0, 8], [9, 8]], lambda: glmm([0, 8], [9, 8])),
    (["glmm", [10], [9]], lambda: glmm([10], [9])),
    (["glmm", [3], [9], {"level": 2}], lambda: glmm([3], [9], level=2)),
    contrast_of({"measure": "raw"}, {}),
    contrast_of({"tau2": "DL"}, {}),
    contrast_of({}, {"interval": "z"}),
    contrast_of({}, {"level": 0.9}),
    (
        ["contrastOfArms", pooled_with(), pooled_with(), "REML"],
        lambda: contrast(pool([3], [9]), pool([3], [9]), "REML"),
    ),
]


def test_bad_input_gets_pythons_message(tmp_path: Path) -> None:
    found = answers([call for call, _ in BAD_INPUT], tmp_path)
    for (call, python), answer in zip(BAD_INPUT, found, strict=True):
        with pytest.raises(ValueError, match="; expected ") as raised:
            python()
        assert answer == {"error": str(raised.value)}, call


def test_values_that_javascript_writes_in_its_own_way(tmp_path: Path) -> None:
    messages = {
        "events[1] = null; expected whole numbers": ["pool", [3, None], [9, 8]],
        "events[1] = NaN; expected finite whole numbers": ["pool", [3, "NaN"], [9, 8]],
        "vi[0] = Infinity; expected finite numbers": ["poolEffects", [0.5], ["Infinity"]],
        "events = 3; expected one list of whole numbers": ["pool", 3, 9],
        "events[0] = 3; expected whole numbers": ["pool", [[3]], [9]],
    }
    found = answers(list(messages.values()), tmp_path)
    assert [answer["error"] for answer in found] == list(messages)
