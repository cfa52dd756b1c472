"""Where other Python libraries agree with `carbite.pooling`, where they do not, and why.

Every line of `tests/reference/peers.md` is written by one function below, which first asserts what the line
says, disagreement included: when a library changes, this file says so. To rewrite the table after a change
that was looked at: `UPDATE_REFERENCE=1 pytest tests/test_pooling_peers.py`.
"""

from __future__ import annotations

import functools
import json
import math
import os
import warnings
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pimeta
import pymare
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from carbite.pooling import Pooled, effect_sizes, glmm, pool_effects

HERE = Path(__file__).parent / "reference"
TABLE = HERE / "peers.md"
SETS = json.loads((HERE / "metafor_reference.json").read_text(encoding="utf-8"))["sets"]
MIXED = json.loads((HERE / "mixed_15_trials.json").read_text(encoding="utf-8"))
MEASURES = {"PLO": "logit", "PFT": "freeman-tukey", "PR": "raw"}
INTERVALS = {"z": "z", "knha": "hartung-knapp", "adhoc": "modified-hartung-knapp"}

SAME = 1e-12  # the same closed form in another order of operations
SAME_ROOT = 1e-9  # two searches that both converge
PYMARE_SEARCH = 1e-6  # a search by values of the likelihood cannot see tau2 more sharply
STATSMODELS_PM = 1e-5  # statsmodels stops when the estimating equation is within 1e-5 of 0
METAFOR_DEFAULT = 5e-5  # metafor's rule, which pimeta copies, stops at a step of 1e-5 in tau2
GLMM = 1e-6  # two searches for a maximum, one of them by values of the likelihood


class Case(NamedTuple):
    """One reference set on one scale."""

    name: str
    code: str
    y: np.ndarray
    v: np.ndarray

    def fit(self, tau2: str, interval: str = "z") -> Pooled:
        return pool_effects(self.y, self.v, tau2=tau2, interval=interval)


class Row(NamedTuple):
    library: str
    compared: str
    agreement: str
    worst: str
    why: str


CASES = [
    Case(name, code, *effect_sizes(data["xi"], data["ni"], measure))
    for name, data in SETS.items()
    for code, measure in MEASURES.items()
]
EXTREME = {name for name, data in SETS.items() if any(x in (0, n) for x, n in zip(data["xi"], data["ni"], strict=True))}
CHECKS: list[Callable[[], Row]] = []


def line(check: Callable[[], Row]) -> Callable[[], Row]:
    """A line of the table: computed once, in the order of this file."""
    once = functools.cache(check)
    CHECKS.append(once)
    return once


def worst(pairs: Iterable[tuple[float, float]]) -> float:
    """NaN if any is NaN, so that a comparison with it fails."""
    return float(np.max([abs(float(a) - float(b)) for a, b in pairs]))


def below(difference: float, limit: float) -> str:
    assert difference < limit
    return f"below {limit:.0e}".replace("e-0", "e-")


def about(difference: float) -> str:
    """Two digits: more would differ between machines."""
    return f"{difference:.1e}".replace("e-0", "e-").replace("e+00", "")


def test_the_cases_are_all_there() -> None:
    assert len(CASES) == 14 * 3
    assert sorted(EXTREME) == ["davis_blina_sCRS", "molina_car_CR", "molina_car_MRD_among_CR"]


# ---- statsmodels ---------------------------------------------------------------------------------

ENOUGH_SCATTER = [case for case in CASES if case.fit("DL").q >= len(case.y) - 1]
LITTLE_SCATTER = [case for case in CASES if case.fit("DL").q < len(case.y) - 1]


@line
def statsmodels_equal_effects() -> Row:
    pairs = []
    for case in CASES:
        theirs, ours = combine_effects(case.y, case.v), case.fit("EE")
        pairs += [(theirs.mean_effect_fe, ours.estimate), (theirs.sd_eff_w_fe, ours.se)]
    return Row(
        "statsmodels",
        "EE: estimate, se",
        f"{len(CASES)} of {len(CASES)}",
        below(worst(pairs), SAME),
        "the same formula",
    )


@line
def statsmodels_dl_with_enough_scatter() -> Row:
    pairs = []
    for case in ENOUGH_SCATTER:
        theirs, ours = combine_effects(case.y, case.v, method_re="dl"), case.fit("DL")
        pairs += [
            (theirs.mean_effect_re, ours.estimate),
            (theirs.sd_eff_w_re, ours.se),
            (theirs.tau2, ours.tau2),
        ]
        pairs += [(theirs.sd_eff_w_re_hksj, case.fit("DL", "hartung-knapp").se)]
    assert len(ENOUGH_SCATTER) == 32
    return Row(
        "statsmodels",
        "DL where Q ≥ k − 1: estimate, tau2, se, Hartung-Knapp se",
        "32 of 32",
        below(worst(pairs), SAME),
        "the same formula",
    )


@line
def statsmodels_dl_with_little_scatter() -> Row:
    pairs = []
    undefined = 0
    for case in LITTLE_SCATTER:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="invalid value encountered in sqrt")
            theirs = combine_effects(case.y, case.v, method_re="dl")
        ours = case.fit("DL")
        assert theirs.tau2 < 0
        assert ours.tau2 == 0
        undefined += bool(np.isnan(theirs.sd_eff_w_re))
        assert np.isnan(theirs.sd_eff_w_re) or theirs.sd_eff_w_re < ours.se
        pairs += [(theirs.mean_effect_re, ours.estimate), (theirs.tau2, ours.tau2)]
    assert undefined == 3
    assert len(LITTLE_SCATTER) == 10
    return Row(
        "statsmodels",
        "DL where Q < k − 1: estimate, tau2",
        "0 of 10",
        about(worst(pairs)),
        "its tau2 is not truncated at 0: it turns negative, its se too small, or (in 3) not a number",
    )


@line
def statsmodels_paule_mandel() -> Row:
    pairs = [(combine_effects(case.y, case.v).tau2, case.fit("PM").tau2) for case in CASES]
    return Row(
        "statsmodels",
        "PM with its default `atol`: tau2",
        f"{len(CASES)} of {len(CASES)}",
        below(worst(pairs), STATSMODELS_PM),
        "it stops when the estimating equation is within 1e-5 of 0",
    )


@line
def statsmodels_paule_mandel_tight() -> Row:
    lost = []
    for case in CASES:
        theirs, ours = combine_effects(case.y, case.v, atol=1e-12).tau2, case.fit("PM").tau2
        assert theirs == 0 or abs(theirs - ours) < SAME_ROOT
        if theirs == 0 and ours > 0:
            lost.append(ours)
    assert lost
    assert max(lost) > 0.1
    return Row(
        "statsmodels",
        "PM with `atol=1e-12`: tau2",
        "not always",
        "above 0.1",
        "when rounding takes the last step past the root, it returns 0 instead of the root",
    )


@line
def statsmodels_lacks() -> Row:
    with pytest.raises(ValueError, match="method_re must be one of"):
        combine_effects(CASES[0].y, CASES[0].v, method_re="reml")
    return Row("statsmodels", "REML, ML, HE, SJ", "not offered", "–", "`method_re` has PM and DL only")


# ---- PyMARE --------------------------------------------------------------------------------------


def pymare_fit(case: Case, method: str, **options: str) -> tuple[float, float, float, float]:
    """Estimate, tau2 and the limits of the interval."""
    fit = pymare.meta_regression(case.y, case.v, method=method, **options)
    table = fit.get_fe_stats()
    tau2 = 0.0 if fit.tau2 is None else float(np.ravel(fit.tau2)[0])
    return float(table["est"][0, 0]), tau2, float(table["ci_l"][0, 0]), float(table["ci_u"][0, 0])


def pymare_pairs(method: str, tau2: str, interval: str, **options: str) -> list[tuple[float, float]]:
    pairs: list[tuple[float, float]] = []
    for case in CASES:
        ours = case.fit(tau2, interval)
        mine = (ours.estimate, ours.tau2, ours.ci_low, ours.ci_high)
        pairs += zip(pymare_fit(case, method, **options), mine, strict=True)
    return pairs


@line
def pymare_equal_effects() -> Row:
    difference = worst(pymare_pairs("FE", "EE", "z"))
    return Row(
        "PyMARE",
        "FE: estimate, default interval",
        "42 of 42",
        below(difference, SAME),
        "the same formula; for FE, and only for FE, its default interval is z",
    )


@line
def pymare_closed_forms() -> Row:
    difference = max(worst(pymare_pairs(m, m, "z", small_sample_correction="wald")) for m in ("DL", "HE"))
    return Row(
        "PyMARE",
        'DL, HE with `small_sample_correction="wald"`: estimate, tau2, z interval',
        "84 of 84",
        below(difference, SAME),
        "the same formulas",
    )


@line
def pymare_likelihood() -> Row:
    difference = max(worst(pymare_pairs(m, m, "z", small_sample_correction="wald")) for m in ("REML", "ML"))
    assert difference > SAME_ROOT
    return Row(
        "PyMARE",
        'REML, ML with `small_sample_correction="wald"`: estimate, tau2, z interval',
        "84 of 84",
        below(difference, PYMARE_SEARCH),
        "it searches for the maximum by values of the likelihood, which are flat at the top",
    )


@line
def pymare_default_interval() -> Row:
    hartung_knapp = max(worst(pymare_pairs(m, m, "hartung-knapp")) for m in ("DL", "HE", "REML", "ML"))
    smallest = min(
        abs(pymare_fit(case, m)[2] - case.fit(m).ci_low) for m in ("DL", "HE", "REML", "ML") for case in CASES
    )
    assert smallest > 1e-3
    return Row(
        "PyMARE",
        "DL, HE, REML, ML with default settings: interval as `hartung-knapp`",
        "168 of 168",
        below(hartung_knapp, PYMARE_SEARCH),
        "its default is Knapp-Hartung, so it never equals a z interval",
    )


@line
def pymare_two_maxima() -> Row:
    pairs = []
    for case in two_maxima():
        assert case.fit("REML").optima == 2
        pairs.append((pymare_fit(case, "REML")[1], case.fit("REML").tau2))
    return Row(
        "PyMARE",
        "REML, two selections of trials with two maxima: tau2",
        "2 of 2",
        below(worst(pairs), PYMARE_SEARCH),
        "it ends at the global maximum here",
    )


@line
def pymare_lacks() -> Row:
    for method in ("PM", "SJ"):
        with pytest.raises(KeyError):
            pymare.meta_regression(CASES[0].y, CASES[0].v, method=method)
    return Row("PyMARE", "PM, SJ", "not offered", "–", "a `KeyError`")


# ---- pimeta --------------------------------------------------------------------------------------


def two_maxima() -> list[Case]:
    cases = []
    for mask in MIXED["masks_not_global"]:
        keep = [i for i in range(len(MIXED["yi"])) if mask >> i & 1]
        cases.append(Case(str(mask), "PLO", np.array(MIXED["yi"])[keep], np.array(MIXED["vi"])[keep]))
    return cases


def pimeta_effects(case: Case) -> tuple[np.ndarray, np.ndarray]:
    result = pimeta.escalc(case.code, xi=SETS[case.name]["xi"], ni=SETS[case.name]["ni"])
    return np.array(result.yi, dtype=float), np.array(result.vi, dtype=float)


def pimeta_fit(case: Case, method: str, test: str = "z") -> tuple[float, float, float]:
    """Estimate, se, tau2."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = pimeta.rma(case.y.tolist(), case.v.tolist(), method=method, test=test)
    return float(np.ravel(fit.b)[0]), float(np.ravel(fit.se)[0]), float(fit.tau2 or 0)


def pimeta_pairs(methods: Iterable[str]) -> list[tuple[float, float]]:
    pairs: list[tuple[float, float]] = []
    for method in methods:
        for test, interval in INTERVALS.items():
            for case in CASES:
                ours = case.fit("EE" if method == "FE" else method, interval)
                pairs += zip(pimeta_fit(case, method, test), (ours.estimate, ours.se, ours.tau2), strict=True)
    return pairs


@line
def pimeta_effect_sizes() -> Row:
    same = [case for case in CASES if case.code == "PFT" or case.name not in EXTREME]
    difference = 0.0
    for case in same:
        y, v = pimeta_effects(case)
        difference = max(difference, float(np.abs(y - case.y).max()), float(np.abs(v - case.v).max()))
    assert len(same) == 36
    return Row(
        "pimeta",
        "`escalc`: PFT of all sets, PLO and PR of sets without 0 % and 100 % rows",
        "36 of 36",
        below(difference, SAME),
        "the same formulas",
    )


@line
def pimeta_logit_of_extreme_rows() -> Row:
    for name in sorted(EXTREME):
        case = next(c for c in CASES if c.name == name and c.code == "PLO")
        with pytest.raises((ZeroDivisionError, ValueError), match=r"division by zero|math domain error"):
            pimeta_effects(case)
    return Row(
        "pimeta",
        "`escalc`: PLO of sets with a 0 % or 100 % row",
        "0 of 3",
        "crash",
        "no half is added: `ZeroDivisionError` at 100 %, `math domain error` at 0 %",
    )


@line
def pimeta_raw_of_extreme_rows() -> Row:
    difference = 0.0
    for name in sorted(EXTREME):
        case = next(c for c in CASES if c.name == name and c.code == "PR")
        y, v = pimeta_effects(case)
        assert (v == 0).sum() == 1
        difference = max(difference, float(np.abs(y - case.y).max()))
    return Row(
        "pimeta",
        "`escalc`: PR of sets with a 0 % or 100 % row",
        "0 of 3",
        about(difference),
        "no half is added: the variance of that row is 0",
    )


@line
def pimeta_closed_forms() -> Row:
    difference = worst(pimeta_pairs(("FE", "DL", "HE", "SJ")))
    return Row(
        "pimeta",
        "FE, DL, HE, SJ with z, knha, adhoc: estimate, se, tau2",
        "504 of 504",
        below(difference, SAME),
        "the same formulas",
    )


@line
def pimeta_paule_mandel() -> Row:
    return Row(
        "pimeta",
        "PM with z, knha, adhoc: estimate, se, tau2",
        "126 of 126",
        below(worst(pimeta_pairs(("PM",))), SAME_ROOT),
        "both converge",
    )


@line
def pimeta_likelihood() -> Row:
    pairs = pimeta_pairs(("REML", "ML"))
    assert worst(pairs) > 1e-5
    return Row(
        "pimeta",
        "REML, ML with z, knha, adhoc: estimate, se, tau2",
        "252 of 252",
        below(worst(pairs), METAFOR_DEFAULT),
        "it copies metafor's stopping rule, a step of 1e-5 in tau2 (next line)",
    )


@line
def pimeta_likelihood_is_metafors_default() -> Row:
    pairs: list[tuple[float, float]] = []
    for method in ("REML", "ML"):
        for test in INTERVALS:
            for case in CASES:
                theirs = SETS[case.name][case.code][f"{method}.{test}"]["default"]
                expected = (theirs["mu"], theirs["se"], theirs["tau2"])
                pairs += zip(pimeta_fit(case, method, test), expected, strict=True)
    return Row(
        "pimeta",
        "REML, ML against metafor 3.8 with *its* default settings",
        "252 of 252",
        below(worst(pairs), SAME),
        "the same steps; not what is compared with `carbite`",
    )


@line
def pimeta_two_maxima() -> Row:
    pairs = [(pimeta_fit(case, "REML")[2], case.fit("REML").tau2) for case in two_maxima()]
    assert all(abs(a - b) > 0.01 for a, b in pairs)
    return Row(
        "pimeta",
        "REML, two selections of trials with two maxima: tau2",
        "0 of 2",
        about(worst(pairs)),
        "it climbs from one starting value, like metafor, and stays at the lower maximum",
    )


@line
def pimeta_glmm() -> Row:
    pairs: list[tuple[float, float]] = []
    for name in sorted(set(SETS) - EXTREME):
        data = SETS[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = pimeta.rma_glmm("PLO", xi=data["xi"], ni=data["ni"])
        ours = glmm(data["xi"], data["ni"])
        pairs += [
            (np.ravel(theirs.b)[0], ours.estimate),
            (np.ravel(theirs.se)[0], ours.se),
            (theirs.tau2, ours.tau2),
        ]
    assert len(pairs) == 33
    return Row(
        "pimeta",
        "`rma_glmm` of sets without 0 % and 100 % rows: estimate, se, tau2",
        "11 of 11",
        below(worst(pairs), GLMM),
        "two searches for the same maximum",
    )


@line
def pimeta_glmm_of_extreme_rows() -> Row:
    for name in sorted(EXTREME):
        data = SETS[name]
        assert math.isfinite(glmm(data["xi"], data["ni"]).estimate)
        with pytest.raises((ZeroDivisionError, ValueError), match=r"division by zero|math domain error"):
            pimeta.rma_glmm("PLO", xi=data["xi"], ni=data["ni"])
    return Row(
        "pimeta",
        "`rma_glmm` of sets with a 0 % or 100 % row",
        "0 of 3",
        "crash",
        "it computes the observed log odds of every row, which the model does not need",
    )


@line
def pimeta_names() -> Row:
    with pytest.raises(ValueError, match="unsupported method: 'EE'"):
        pimeta.rma([0.1, 0.2], [0.1, 0.1], method="EE")
    return Row("pimeta", '`method="EE"`', "not offered", "–", 'metafor\'s name; here it is called `"FE"`')


# ---- the table -----------------------------------------------------------------------------------

HEADER = """# Other Python libraries beside `carbite.pooling`

What agrees, what does not, and why. Compared on the 14 reference sets of `metafor_reference.json`, each as
logit (PLO), Freeman-Tukey (PFT) and raw (PR) proportions: 42 cases. Effects and variances are ours unless
the line is about computing them. Written by `tests/test_pooling_peers.py`, which asserts every line.

| library | version | what was compared | agreement | worst difference | why |
|---|---|---|---|---|---|
"""


def table() -> str:
    rows = [check() for check in CHECKS]
    cells = [(row[0], version(row.library), *row[1:]) for row in rows]
    return HEADER + "".join(f"| {' | '.join(row)} |\n" for row in cells)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__wrapped__.__name__)
def test_a_line_of_the_table_is_true(check: Callable[[], Any]) -> None:
    row = check()
    assert all(row)
    assert "|" not in "".join(row)


def test_the_committed_table_is_what_was_found() -> None:
    found = table()
    if os.environ.get("UPDATE_REFERENCE") == "1":
        TABLE.write_text(found, encoding="utf-8", newline="\n")
    assert TABLE.read_text(encoding="utf-8") == found, "run UPDATE_REFERENCE=1 pytest tests/test_pooling_peers.py"
