"""Toxicity against response: both languages, the rank correlation, and what the trials of data/ say."""

from __future__ import annotations

from pathlib import Path

import pytest

from carbite.evidence import row
from carbite.models import model
from carbite.models.toxicity import MINIMUM_TRIALS, rank_correlation
from tests.models.parity import check_model

# The choices are few: so many draws hold each combination of them several times.
CASES = 400
# A closed form and its computation differ by rounding alone.
ROUNDING = 1e-12


def points(responses: list[float], toxicities: list[float]) -> list[dict[str, float]]:
    return [{"response": x, "toxicity": y} for x, y in zip(responses, toxicities, strict=True)]


def test_page_and_python_agree(tmp_path: Path) -> None:
    check_model("toxicity", tmp_path, cases=CASES)


def test_rank_correlation_has_its_closed_form() -> None:
    """Without ties rho = 1 - 6 sum(d^2) / (n (n^2 - 1)), whatever the values behind the ranks."""
    ranks = [1, 3, 2, 5, 4, 6]
    squares = sum((place - rank) ** 2 for place, rank in enumerate(ranks, 1))
    closed_form = 1.0 - 6.0 * squares / (len(ranks) * (len(ranks) ** 2 - 1))
    found = rank_correlation(points([2.0**place for place in range(1, 7)], [float(rank) for rank in ranks]))
    assert found == pytest.approx(closed_form, abs=ROUNDING)


def test_no_correlation_without_enough_trials_or_variation() -> None:
    assert rank_correlation(points([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])) is None
    assert rank_correlation(points([1.0, 2.0, 3.0, 4.0], [5.0] * 4)) is None
    assert rank_correlation(points([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])) == pytest.approx(1.0, abs=ROUNDING)
    assert MINIMUM_TRIALS == 4


def test_a_point_is_its_trials_counts() -> None:
    shown = {point["name"]: point for point in model("toxicity").result()["points"]}
    for name, response, toxicity in (
        ("ELIANA", "eliana-cr", "eliana-severe-crs-secondary"),
        ("TOWER", "tower-cr-infused", "tower-severe-crs-primary"),
    ):
        for kind, outcome_id in (("response", response), ("toxicity", toxicity)):
            outcome = row("outcomes", outcome_id)
            assert shown[name][kind] == pytest.approx(100.0 * outcome["events"] / outcome["n"], abs=ROUNDING)


def test_all_responses_of_a_trial_in_lymphoma_are_counted() -> None:
    shown = {point["name"]: point for point in model("toxicity").result({"disease": "lymphoma"})["points"]}
    parts = [row("outcomes", f"mosunetuzumab-{kind}-cr") for kind in ("aggressive", "indolent")]
    together = 100.0 * sum(part["events"] for part in parts) / sum(part["n"] for part in parts)
    assert shown["Mosunetuzumab"]["response"] == pytest.approx(together, abs=ROUNDING)


def test_in_leukaemia_toxicity_rises_across_the_arms_and_not_within_car_t() -> None:
    found = model("toxicity").result()
    assert found["rho"]["all"] > 0.3
    assert found["rho"]["car_t"] < 0
    assert found["finding"] == "across"


def test_high_burden_had_fewer_responses_and_more_toxicity() -> None:
    for endpoint in ("crs", "neurotoxicity"):
        low, high = model("toxicity").result({"endpoint": endpoint, "split": True})["burden"]
        assert low["response"] > high["response"]
        assert low["toxicity"] < high["toxicity"]


def test_parts_of_a_trial_enter_no_correlation() -> None:
    whole, split = (model("toxicity").result({"split": chosen}) for chosen in (False, True))
    assert whole["rho"] == split["rho"]
    assert whole["burden"] == []


def test_a_scale_that_no_trial_used_leaves_nothing_to_ask() -> None:
    found = model("toxicity").result({"disease": "lymphoma", "scale": "mskcc"})
    assert (found["points"], found["finding"], found["unused"]) == ([], "few", ["split"])


def test_an_unknown_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="model toxicity: scale = 'who'; expected one of all, penn"):
        model("toxicity").result({"scale": "who"})
