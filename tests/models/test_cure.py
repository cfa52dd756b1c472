"""Printed points and the curves behind them: closed forms, brute force, random curves, and the page against Python."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from carbite.models import cure, model
from carbite.models.cure import Bounds
from tests.models.parity import check_model

MODEL = model("cure")
CURVES = [(arm, name) for arm, curves in cure.CURVES.items() for name in curves]
# Of values near 1, computed in another order.
ROUNDING = 1e-9
# The grid of the brute-force search, in cure fraction.
GRID = 0.001


def bounds_of(arm: str, name: str) -> Bounds:
    return cure.bounds(cure.printed_points(cure.CURVES[arm][name][1]))


def landmark(months: float, low: float, high: float) -> dict[str, Any]:
    return {"kind": "landmark", "months": months, "share": 0.5 * (low + high), "low": low, "high": high}


def keeps(given: Bounds, curve: Any) -> bool:
    """Whether a curve keeps all floors and ceilings."""
    return all(curve(t) >= v - ROUNDING for t, v in given.floors) and all(
        curve(t) <= v + ROUNDING for t, v in given.ceilings
    )


def test_a_printed_number_is_a_range() -> None:
    median, low = cure.printed_points([("survival", "mt103-205-os"), ("survival", "mt103-205-os-24")])
    assert (median["low"], median["high"]) == pytest.approx((7.45, 7.55))
    assert (low["low"], low["high"], low["months"]) == pytest.approx((0.195, 0.205, 24))


@pytest.mark.parametrize(("arm", "name"), CURVES)
def test_both_edges_of_the_envelope_pass_through_all_points(arm: str, name: str) -> None:
    given = bounds_of(arm, name)
    assert keeps(given, given.lowest)
    assert keeps(given, given.highest)
    months, low, high = np.array(cure.envelope(given)).T
    assert (np.diff(months) >= 0).all()
    assert (np.diff(low) <= 0).all()
    assert (np.diff(high) <= 0).all()
    assert (low <= high).all()
    # Between printed points nothing changes: both edges are steps and have no slope.
    level = np.diff(months) > 0
    assert (np.diff(low)[level] == 0).all()
    assert (np.diff(high)[level] == 0).all()


@pytest.mark.parametrize(("arm", "name"), CURVES)
def test_the_envelope_is_what_a_linear_programme_finds(arm: str, name: str) -> None:
    """The lowest and the highest value at each month over all falling step curves, found by HiGHS."""
    given = bounds_of(arm, name)
    times = sorted({*(t for t, _ in given.floors), *(t for t, _ in given.ceilings), *(float(m) for m in range(1, 61))})
    place = {time: i for i, time in enumerate(times)}
    limits = [[0.0, 1.0] for _ in times]
    for t, v in given.floors:
        limits[place[t]][0] = v
    for t, v in given.ceilings:
        limits[place[t]][1] = v
    falling = np.zeros((len(times) - 1, len(times)))
    for i in range(len(times) - 1):
        falling[i, i], falling[i, i + 1] = -1.0, 1.0
    for month in (1.0, 6.0, 12.0, 18.0, 30.0, 60.0):
        for sign, ours in ((1.0, given.lowest(month)), (-1.0, given.highest(month))):
            cost = np.zeros(len(times))
            cost[place[month]] = sign
            found = linprog(cost, A_ub=falling, b_ub=np.zeros(len(times) - 1), bounds=limits)
            assert sign * found.fun == pytest.approx(ours, abs=1e-7)


@pytest.mark.parametrize(("arm", "name"), CURVES)
def test_the_drawn_curve_passes_through_all_points_and_stays_in_the_envelope(arm: str, name: str) -> None:
    given = bounds_of(arm, name)
    for assumed in (0, 1, 17, 40, 55, 64, 80, 100):
        side = MODEL.result({arm: name, f"cure_{arm}": assumed})[arm]
        if side["cure"] is None:
            assert side["curve"] == []
            continue
        c, h = side["assumed"] / 100, side["rate"]
        assert keeps(given, lambda t, c=c, h=h: cure.share_at(c, h, t))
        for month, share in side["curve"]:
            assert 100 * given.lowest(month) - 1e-6 <= share <= 100 * given.highest(month) + 1e-6


@pytest.mark.parametrize(("arm", "name"), CURVES)
def test_the_range_of_cure_fractions_is_what_trying_them_finds(arm: str, name: str) -> None:
    given = bounds_of(arm, name)
    limit = min(share for _, share in given.ceilings)
    fitting = []
    for c in np.arange(0.0, limit - cure.CLOSEST, GRID):
        slowest, fastest = cure.rates(given, float(c))
        if slowest <= fastest:
            fitting.append(float(c))
    found = cure.cure_range(given)
    if found is None:
        assert fitting == []
        return
    assert np.diff(fitting).max() < 1.5 * GRID, "the fractions that fit are an interval"
    assert fitting[0] == pytest.approx(found[0], abs=GRID)
    assert fitting[-1] == pytest.approx(found[1], abs=GRID + cure.CLOSEST + ROUNDING)


def test_random_points_of_a_known_curve_allow_its_cure_fraction() -> None:
    draw = random.Random(2026)
    for _ in range(300):
        c, h = draw.uniform(0, 0.8), math.exp(draw.uniform(-5, -1))
        times = sorted(draw.sample(range(1, 60), draw.randint(1, 4)))
        half = draw.choice([0.0005, 0.005])
        points = [landmark(t, cure.share_at(c, h, t) - half, cure.share_at(c, h, t) + half) for t in times]
        found = cure.cure_range(cure.bounds(points))
        assert found is not None
        assert found[0] - ROUNDING <= c <= found[1] + ROUNDING


def test_two_exact_landmarks_of_which_one_is_twice_as_late_have_a_closed_form() -> None:
    """With x = exp(-h t): S(t) = c + (1 - c) x and S(2 t) = c + (1 - c) x^2, so x = (S1 - S2) / (1 - S1) and so on."""
    first, second, half = 0.80, 0.66, 1e-7
    x = (first - second) / (1.0 - first)
    exact = (first - x) / (1.0 - x)
    points = [landmark(6, first - half, first + half), landmark(12, second - half, second + half)]
    found = cure.cure_range(cure.bounds(points))
    assert found == pytest.approx((exact, exact), abs=1e-5)


def test_a_median_alone_says_only_that_fewer_than_half_are_cured() -> None:
    assert cure.cure_range(bounds_of("bispecific", "mt103-206-rfs")) == (0.0, 0.5)


def test_equal_medians_can_be_ordered_either_way_later() -> None:
    given = {"car_t": "fhcrc-efs", "bispecific": "mt103-206-rfs", "landmark": 24}
    assert MODEL.result({**given, "cure_car_t": 40, "cure_bispecific": 0})["ahead"] == "car_t"
    assert MODEL.result({**given, "cure_car_t": 0, "cure_bispecific": 40})["ahead"] == "bispecific"
    assert MODEL.result(given)["certain"] == "neither"


def test_an_earlier_month_reverses_who_is_ahead() -> None:
    assert MODEL.result({"landmark": 3})["ahead"] == "bispecific"
    assert MODEL.result({"landmark": 12})["ahead"] == "car_t"


def test_points_that_rise_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at 12 months at least 0.6 and at most 0.5; expected points of a curve"):
        cure.bounds([landmark(6, 0.4, 0.5), landmark(12, 0.6, 0.7)])


def test_a_cure_fraction_over_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model cure: cure_car_t = 101; expected a number from 0 to 100 %"):
        MODEL.result({"cure_car_t": 101})


def test_the_page_computes_the_same(tmp_path: Path) -> None:
    check_model("cure", tmp_path)
