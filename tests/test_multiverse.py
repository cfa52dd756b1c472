"""Every defensible analysis: against `evaluate`, metafor, and who is counted; and the page's own counting."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from carbite import verdict
from carbite.comparison import ARMS, Options, comparison, parse_question, rows, rule
from carbite.link import format_hash
from carbite.multiverse import DIMENSIONS, Data, Universe, multiverse
from carbite.pooling import MEASURES
from carbite.verdict import evaluate
from tests.node import run_node

REFERENCE = json.loads((Path(__file__).parent / "reference" / "metafor_reference.json").read_text("utf-8"))["sets"]
CONVERGED = 1e-9  # percentage points: one estimator by two routes
CLAIMS = ("EF1", "EF2", "EF4", "DU3", "SA1", "SA2")
METHODS = len(MEASURES) * len(rule()["tau2_choices"]) * len(rule()["interval_choices"])
EXPLORER = "efficacy.html"


@pytest.fixture
def _without_glmm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The GLMM stands beside a verdict and takes most of its time."""
    monkeypatch.setattr(verdict, "_glmm_ratio", lambda *_: None)


def test_the_published_universe_is_the_published_comparison() -> None:
    for claim_id in CLAIMS:
        found = multiverse(claim_id)
        (published,) = (each for each in found.universes if each.published)
        expected = evaluate(*parse_question(found.claim.tests[0]))
        assert published.ratio == expected.ratio
        assert published.verdict == expected.verdict
        shares = [pooled.proportion for pooled in expected.arms.values() if pooled]
        assert all(shares)
        points = 100 * (shares[0].estimate - shares[1].estimate)  # type: ignore[union-attr]
        sign = 1 if expected.comparison.better == "higher" else -1
        assert published.effect == pytest.approx(sign * points, abs=CONVERGED)


def asked(data: Data) -> Any:
    """The selection and options of a choice of whom to count, written anew."""
    found = comparison(data.endpoint)
    trials = tuple(
        trial.trial_id for trial in found.trials if (trial.default if data.overlap == "exclusive" else trial.counts)
    )
    options = Options(reading=data.reading, population=data.population, overlap=data.overlap)
    return replace(found.default_selection(), trials=trials), options


@pytest.mark.usefixtures("_without_glmm")
@pytest.mark.parametrize("claim_id", CLAIMS)
def test_on_the_logit_scale_a_universe_is_what_evaluate_says(claim_id: str) -> None:
    """Of a sample, by every choice that leads there."""
    draw = random.Random(claim_id)
    for each in draw.sample([each for each in multiverse(claim_id).universes if each.measure == "logit"], 25):
        for data in each.data:
            selection, options = asked(data)
            expected = evaluate(selection, replace(options, tau2=each.tau2, interval=each.interval))
            assert expected.ratio == each.ratio
            assert expected.verdict == each.verdict
            assert tuple(int(expected.text[f"{arm}.k"]) for arm in ARMS) == each.trials


@pytest.mark.parametrize(("measure", "run"), [("freeman-tukey", "PFT"), ("raw", "PR"), ("logit", "PLO")])
@pytest.mark.parametrize("tau2", ["EE", "DL"])
def test_verdicts_on_every_scale_are_those_of_metafor(measure: str, run: str, tau2: str) -> None:
    """The difference and its z interval from metafor's fits of both arms, for remission and its depth."""
    z = verdict.NORMAL_975
    for claim_id, endpoint, name in (("EF1", "cr", "CR"), ("EF4", "mrd_among_cr", "MRD_among_CR")):
        (found,) = (
            each
            for each in multiverse(claim_id).universes
            if (each.measure, each.tau2, each.interval) == (measure, tau2, "z")
            and Data(endpoint, "printed", "all", "exclusive") in each.data
        )
        car_t, bispecific = (REFERENCE[f"molina_{arm}_{name}"][run][f"{tau2}.z"]["tight"] for arm in ("car", "blina"))
        difference = car_t["mu"] - bispecific["mu"]
        decided = abs(difference) > z * math.hypot(car_t["se"], bispecific["se"])
        assert found.verdict == ("car_t" if decided and difference > 0 else "undecided")
        assert (found.effect > 0) == (difference > 0)


def counted(data: Data) -> tuple[Any, ...]:
    arms: dict[str, list[Any]] = {arm: [] for arm in ARMS}
    for row in rows(*asked(data)):
        if not row.left_out:
            arms[row.trial.arm].append((row.trial.trial_id, row.events, row.n))
    return data.endpoint, *map(tuple, arms.values())


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_every_choice_is_in_one_universe_and_none_stands_for_the_same_twice(claim_id: str) -> None:
    found = multiverse(claim_id)
    endpoints = dict.fromkeys(parse_question(test)[0].comparison_id for test in found.claim.tests)
    every = [
        Data(endpoint, *rest)
        for endpoint in endpoints
        for rest in product(comparison(endpoint).readings, rule()["population_choices"], rule()["overlap_choices"])
    ]
    with_both_arms = [data for data in every if all(counted(data)[1:])]
    of_one_method = [each for each in found.universes if method(each) == ("raw", "DL", "z")]
    assert sorted(data for each in of_one_method for data in each.data) == sorted(with_both_arms)
    assert len({counted(each.data[0]) for each in of_one_method}) == len(of_one_method)
    assert all(len({counted(data) for data in each.data}) == 1 for each in of_one_method)
    assert len(found.universes) == METHODS * len(of_one_method)
    assert [each.effect for each in found.universes] == sorted(each.effect for each in found.universes)


def method(universe: Universe) -> tuple[str, str, str]:
    return universe.measure, universe.tau2, universe.interval


def test_fewer_relapses_count_for_car_t() -> None:
    """Raw proportions and equal effects: the difference of two weighted means, with the sign turned."""
    data = Data("relapse_among_cr", "printed", "all", "exclusive")
    found = next(
        each for each in multiverse("DU3").universes if method(each) == ("raw", "EE", "z") and data in each.data
    )
    means = []
    for arm in counted(data)[1:]:
        weights = [n**3 / (x * (n - x)) for _, x, n in arm]
        means.append(sum(w * x / n for w, (_, x, n) in zip(weights, arm, strict=True)) / sum(weights))
    assert found.effect == pytest.approx(-100 * (means[0] - means[1]), abs=CONVERGED)


def test_a_claim_without_a_comparison_has_no_multiverse() -> None:
    with pytest.raises(ValueError, match="EF8 rests on no comparison that can be pooled"):
        multiverse("EF8")


def test_what_the_page_says_of_the_curves() -> None:
    """Sentences of book/multiverse.md."""
    remission, crs, neuro = (multiverse(claim_id) for claim_id in ("EF1", "SA1", "SA2"))
    assert remission.counts()["bispecific"] == 0
    assert {each.data[0].endpoint for each in remission.universes if each.verdict == "undecided"} == {"davis_cr"}
    alone = [each for each in remission.universes if each.verdict == "not-testable"]
    assert all(min(each.trials) == 1 or each.data[0].overlap == "printed" for each in alone)
    assert sum(each.data[0].population == "children" for each in alone) > len(alone) / 2
    assert all(each.effect < 0 for each in crs.universes)
    assert crs.counts()["bispecific"] > len(crs.universes) / 2
    assert next(each for each in crs.universes if each.published).verdict == "bispecific"
    assert evaluate(comparison("davis_severe_crs").default_selection()).verdict == "undecided"
    assert neuro.counts()["undecided"] > len(neuro.universes) / 2
    assert neuro.counts()["car_t"] == 0
    assert sum(each.effect < 0 for each in neuro.universes) > 0.9 * len(neuro.universes)


# ---- the page ------------------------------------------------------------------------------------


def random_offs(claim_id: str) -> list[list[str]]:
    draw = random.Random(claim_id)
    choices = [f"{name}.{value}" for name, values in multiverse(claim_id).dimensions.items() for value in values]
    every = [choice for choice in choices if choice.startswith("measure.")]
    return [
        [],
        every,
        *([each for each in choices if draw.random() < share] for share in (0.1, 0.2, 0.3) for _ in range(8)),
    ]


BROKEN = ["-measure.none", "nothing.at.all", "-measure.raw,-measure.raw", "", "-measure.raw,"]


@cache
def in_node(claim_id: str, folder: Path) -> Any:
    sent = {
        "data": multiverse(claim_id).payload(),
        "explorer": EXPLORER,
        "offs": random_offs(claim_id),
        "broken": BROKEN,
    }
    return run_node("curves.mjs", sent, folder)


def is_shown(universe: Universe, off: set[str]) -> bool:
    def on(name: str, value: str) -> bool:
        return f"{name}.{value}" not in off

    return all(on(name, getattr(universe, name)) for name in ("measure", "tau2", "interval")) and any(
        all(on(name, value) for name, value in data._asdict().items()) for data in universe.data
    )


@pytest.mark.parametrize("claim_id", ["EF1", "DU3"])
def test_the_page_filters_and_counts_as_python_does(claim_id: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    answers = in_node(claim_id, tmp_path_factory.getbasetemp())
    found = multiverse(claim_id)
    assert found.universes[answers["at"]].published
    for off, answer in zip(random_offs(claim_id), answers["states"], strict=True):
        shown = [each for each in found.universes if is_shown(each, set(off))]
        assert answer["verdicts"] == [each.verdict for each in shown]
        assert answer["lines"] == 1 + len(shown)
        assert answer["again"] == {"off": off, "at": answers["at"]}
        assert "NaN" not in answer["html"]
        assert "undefined" not in answer["html"]
        if shown:
            favour = sum(each.verdict == "car_t" for each in shown)
            assert (
                f"{len(shown):,} of {len(found.universes):,} universes are shown: {favour} favour CAR T"
                in answer["summary"]
            )
        else:
            assert answer["summary"].startswith("0 of ")


@pytest.mark.parametrize("claim_id", ["EF1", "DU3"])
def test_a_universe_is_found_by_its_name_and_opens_the_explorer(
    claim_id: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    answers = in_node(claim_id, tmp_path_factory.getbasetemp())
    found = multiverse(claim_id)
    assert answers["again"] == list(range(len(found.universes)))
    for each, link in zip(found.universes, answers["links"], strict=True):
        if each.measure != "logit":
            assert link is None
            continue
        selection, options = asked(each.data[0])
        ours = format_hash(selection, replace(options, tau2=each.tau2, interval=each.interval))
        assert sorted(str(link).removeprefix(EXPLORER).split(";")) == sorted(ours.split(";"))


def test_a_damaged_link_says_what_is_wrong(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert in_node("EF1", tmp_path_factory.getbasetemp())["broken"] == [
        'there is no choice "measure.none"',
        'there is no universe "nothing.at.all"',
        '"measure.raw" stands in it twice',
        'there is no universe ""',
        'there is no universe ""',
    ]


def test_links_stand_in_the_order_of_the_universes() -> None:
    """And not in that of a set, which every run of Python has its own."""
    payload = multiverse("EF1").payload()
    first = dict.fromkeys("-".join(map(str, each["data"][0])) for each in payload["universes"])
    assert list(payload["links"]) == [each for each in first if each in payload["links"]]


def test_dimensions_are_those_of_the_payload() -> None:
    payload = multiverse("EF1").payload()
    assert [each["name"] for each in payload["dimensions"]] == list(DIMENSIONS)
    assert len(json.dumps(payload, separators=(",", ":"))) < 250_000
