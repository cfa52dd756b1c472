"""Case mix: closed forms, limits, and an implementation that nobody here wrote."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.oaxaca import OaxacaBlinder

from carbite.evidence import row
from carbite.models import model
from carbite.models.burden import (
    MODEL,
    Mix,
    decomposition,
    difference_needed,
    gap_range,
    implied_low,
    pooled_gap,
    share_range,
    standardised_gap,
)
from carbite.prose import number
from tests.models.parity import check_model

# Sums of a few products of numbers up to 1: only the last bits may differ.
EXACT = 1e-12
# statsmodels fits the same rates by least squares on one row a patient.
BY_REGRESSION = 1e-9

PROPERTIES = settings(max_examples=200, deadline=None, derandomize=True)

shares = st.floats(0.0, 1.0)
mixes = st.builds(Mix, shares, shares, shares)
# The gap of the published arms at their starting values, in per cent: 0.6 x 75 + 0.4 x 95 - (29 + 73) / 2.
START = {"car": 83.0, "bispecific": 51.0, "gap": 32.0, "mix": -3.2, "rates": 35.2, "same": 34.0}


def close(value: float) -> object:
    return pytest.approx(value, abs=EXACT)


@PROPERTIES
@given(mixes, mixes)
def test_the_parts_add_up_to_the_gap(car_t: Mix, bispecific: Mix) -> None:
    parts = decomposition(car_t, bispecific)
    assert parts.mix + parts.rates == close(parts.gap)
    assert parts.gap == close(car_t.remission - bispecific.remission)
    assert parts.mix == close((parts.at_car_t + parts.at_bispecific) / 2.0)


@PROPERTIES
@given(mixes, shares)
def test_with_the_same_rates_the_whole_gap_is_case_mix(car_t: Mix, high: float) -> None:
    parts = decomposition(car_t, car_t._replace(high=high))
    assert parts.rates == close(0.0)
    assert parts.mix == close((high - car_t.high) * (car_t.cr_low - car_t.cr_high))


@PROPERTIES
@given(mixes, shares, shares)
def test_with_the_same_case_mix_none_of_the_gap_is_case_mix(car_t: Mix, cr_high: float, cr_low: float) -> None:
    bispecific = Mix(car_t.high, cr_high, cr_low)
    parts = decomposition(car_t, bispecific)
    assert (parts.mix, parts.at_car_t, parts.at_bispecific) == (0.0, 0.0, 0.0)
    assert standardised_gap(car_t, bispecific, car_t.high) == close(parts.gap)


@PROPERTIES
@given(mixes, mixes)
def test_arms_that_change_places_change_the_sign(car_t: Mix, bispecific: Mix) -> None:
    there, back = decomposition(car_t, bispecific), decomposition(bispecific, car_t)
    assert (there.gap, there.mix, there.rates) == (close(-back.gap), close(-back.mix), close(-back.rates))


@PROPERTIES
@given(mixes, mixes, shares, shares)
def test_no_case_mix_leaves_the_range(car_t: Mix, bispecific: Mix, p: float, q: float) -> None:
    low, high = gap_range(car_t, bispecific)
    gap = car_t._replace(high=p).remission - bispecific._replace(high=q).remission
    assert low - EXACT <= gap <= high + EXACT
    corners = [
        car_t._replace(high=a).remission - bispecific._replace(high=b).remission for a, b in product((0, 1), repeat=2)
    ]
    assert (low, high) == (close(min(corners)), close(max(corners)))


@PROPERTIES
@given(mixes, shares, st.floats(0.001, 1.0))
def test_no_smaller_difference_in_shares_makes_the_gap(car_t: Mix, high: float, gap: float) -> None:
    """The Cornfield condition: what case mix alone makes is the difference in shares times the contrast."""
    needed = difference_needed(gap, car_t.contrast)
    made = decomposition(car_t, car_t._replace(high=high)).mix
    if needed is None:
        assert abs(made) < gap + EXACT
    else:
        assert needed * car_t.contrast == close(gap)
        assert 0.0 < abs(needed) <= 1.0
        if abs(high - car_t.high) < abs(needed):
            assert abs(made) < gap + EXACT


def test_where_high_burden_remits_more_the_other_arm_must_have_more_of_it() -> None:
    result = MODEL.result({"rates": "car", "car_cr_high": 90, "car_cr_low": 10})
    assert result["needed"] < 0
    assert "higher with CAR T cells" in result["sentence"]
    assert difference_needed(0.1, 0.0) is None


@PROPERTIES
@given(shares, st.floats(0.0, 0.999), shares)
def test_the_implied_rate_gives_back_the_whole_arm(high_rate: float, high: float, low_rate: float) -> None:
    overall = Mix(high, high_rate, low_rate).remission
    found = implied_low(overall, high, high_rate) if high < 0.99 else low_rate
    # Dividing by the small share at low burden magnifies the last bits.
    assert found == pytest.approx(low_rate, abs=1e-9)


def test_an_impossible_arm_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 to 1"):
        implied_low(0.9, 0.8, 0.2)
    with pytest.raises(ValueError, match="below 1"):
        implied_low(0.9, 1.0, 0.9)
    with pytest.raises(ValueError, match="33 of 32 patients"):
        share_range(24, 32, 33)


@PROPERTIES
@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(1, n))))
def test_the_range_of_a_part_is_that_of_all_ways_to_draw_it(case: tuple[int, int, int]) -> None:
    events, n, part = case
    drawn = [inside for inside in range(part + 1) if inside <= events and part - inside <= n - events]
    assert share_range(*case) == (min(drawn) / part, max(drawn) / part)


@pytest.mark.parametrize(
    "counts",
    [((32, 24, 21, 20), (30, 9, 35, 24)), ((5, 1, 40, 31), (28, 20, 9, 1)), ((10, 10, 10, 0), (3, 1, 17, 16))],
)
def test_the_parts_are_those_of_oaxaca_and_blinder_in_statsmodels(
    counts: tuple[tuple[int, int, int, int], ...],
) -> None:
    """Patients and remissions, at high and at low burden, of each arm; Reimers' weights are the mean of both arms."""
    event, high, arm = [], [], []
    mixes = []
    for group, (n_high, cr_high, n_low, cr_low) in enumerate(counts):
        event += [1] * cr_high + [0] * (n_high - cr_high) + [1] * cr_low + [0] * (n_low - cr_low)
        high += [1] * n_high + [0] * n_low
        arm += [group] * (n_high + n_low)
        mixes.append(Mix(n_high / (n_high + n_low), cr_high / n_high, cr_low / n_low))
    exog = np.column_stack([high, arm]).astype(float)
    peer = OaxacaBlinder(np.array(event, float), exog, 1, hasconst=False, swap=False)
    rates, mix, gap = peer.two_fold(two_fold_type="reimers").params
    parts = decomposition(*mixes)
    assert (parts.gap, parts.mix, parts.rates) == pytest.approx((gap, mix, rates), abs=BY_REGRESSION)
    valued_at_second, *_ = peer.three_fold().params
    assert parts.at_bispecific == pytest.approx(valued_at_second, abs=BY_REGRESSION)


def test_the_starting_values_are_the_published_ones() -> None:
    usual = MODEL.defaults
    assert usual["car_cr_high"] == float(row("outcomes", "mskcc-cr-high-burden")["percent_printed"])
    assert usual["bispecific_cr_high"] == float(row("outcomes", "coh-blinatumomab-cr-high-burden")["percent_printed"])
    result = MODEL.result()
    assert {name: result[name] for name in START} == pytest.approx(START)
    # The arms of the model come out at the rates that were printed for the whole series.
    assert result["text"]["car"] == number("o:mskcc-cr").text
    assert result["text"]["bispecific"] == number("o:coh-blinatumomab-cr").text
    assert result["needed"] == pytest.approx(100.0 * usual["seen"] / (73.0 - 29.0))


def test_the_gap_to_explain_is_that_of_the_chapter_on_efficacy() -> None:
    shown = [float(number(f"v:cr:{arm}.percent").text.split("\u00a0")[0]) for arm in ("car_t", "bispecific")]
    # Each of the three is rounded to one decimal.
    assert pooled_gap() == pytest.approx(shown[0] - shown[1], abs=0.15)


def test_the_choice_of_rates_gives_both_arms_the_same_ones() -> None:
    for choice, idle in (
        ("own", []),
        ("bispecific", ["car_cr_high", "car_cr_low"]),
        ("car", ["bispecific_cr_high", "bispecific_cr_low"]),
    ):
        result = MODEL.result({"rates": choice})
        assert result["unused"] == idle
        first, second = result["rates_used"]
        assert (first == second) is (choice != "own")
        changed = dict.fromkeys(idle, 50.0)
        again = MODEL.result({"rates": choice, **changed})
        assert {**again, "text": {**again["text"], **{name: result["text"][name] for name in idle}}} == result
        if choice != "own":
            assert result["text"]["rates"] == "0.0\u00a0points"


def test_sentences_say_when_case_mix_cannot() -> None:
    assert "89\u00a0points higher with blinatumomab" in MODEL.result()["sentence"]
    cannot = MODEL.result({"rates": "car"})
    assert cannot["needed"] is None
    assert "out of reach" in cannot["sentence"]
    assert "\u22124.4" in MODEL.result({"rates": "bispecific"})["sentence"]


def test_a_value_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="model burden: car_high = 101; expected a number from 0 to 100 %"):
        model("burden").result({"car_high": 101})


def test_the_page_computes_the_same(tmp_path: Path) -> None:
    check_model("burden", tmp_path)
