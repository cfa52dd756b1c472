"""The infusion: its formulas against numerical integration and closed forms, and the page against Python."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from carbite.evidence import row
from carbite.models import infusion, model
from tests.models.parity import check_model, random_values

MODEL = model("infusion")
# In per cent of the full level. The solver is asked for 1e-10 in each step, of which there are thousands.
INTEGRATION = 1e-6
# Sums of exponentials in double precision.
ROUNDING = 1e-9


def integrated(values: dict[str, Any], hours: list[float]) -> np.ndarray:
    """The level by numerical integration of dc/dt = k (100 R / R_full - c), piece by piece."""
    k = math.log(2) / values["half_life"]
    full = row("kinetics", "lussana-tower-dose")["high"]
    stop = 24 * values["stop_day"]

    def dose(t: float) -> float:
        cycle = 168 * (values["on_weeks"] + values["off_weeks"])
        number, within = divmod(t, cycle)
        if t >= stop or number >= values["cycles"] or within >= 168 * values["on_weeks"]:
            return 0.0
        return float(values["first_dose"] if t < 168 else values["dose"])

    # Each change of dose happens at a whole day or at the stop, so no piece has one inside.
    edges = sorted({0.0, stop, *np.arange(0, max(hours) + 24, 24.0), *hours})
    level, found = 0.0, {0.0: 0.0}
    for start, end in pairwise(edges):
        rate = dose((start + end) / 2)
        solved = solve_ivp(
            lambda _, c, rate=rate: k * (100 * rate / full - c), (start, end), [level], rtol=1e-10, atol=1e-10
        )
        level = float(solved.y[0, -1])
        found[end] = level
    return np.array([found[hour] for hour in hours])


@pytest.mark.parametrize("case", range(12))
def test_course_is_that_of_numerical_integration(case: int) -> None:
    draw = random.Random(case)
    values = MODEL.defaults if case == 0 else random_values(MODEL, draw)
    values["cycles"] = min(values["cycles"], 2)
    stop, k = 24 * values["stop_day"], math.log(2) / values["half_life"]
    planned = infusion.schedule(values)
    segments = infusion.stopped(planned, stop, planned[-1][1])
    hours = sorted(draw.uniform(0, 1.1 * planned[-1][1]) for _ in range(15))
    ours = [infusion.level_at(infusion.stopped(planned, stop, hours[-1]), k, hour) for hour in hours]
    assert ours == pytest.approx(integrated(values, hours), abs=INTEGRATION)
    for (day, level), hour in zip(infusion.course(segments, k), [0.0, *hours], strict=False):
        assert level == pytest.approx(infusion.level_at(segments, k, 24 * day), abs=ROUNDING), hour


def test_closed_forms() -> None:
    found = MODEL.result({"stop_day": 21})
    half_life = MODEL.defaults["half_life"]
    assert half_life == row("kinetics", "davis-half-life")["low"]
    assert found["falls_hours"]["half"] == pytest.approx(half_life, abs=ROUNDING)
    assert found["falls_hours"]["tenth"] == pytest.approx(half_life * math.log(10) / math.log(2), abs=ROUNDING)
    # Two weeks of the full dose are 159 half-lives: the steady level is reached to the last digit.
    assert found["at_stop_percent"] == pytest.approx(100, abs=ROUNDING)
    first_week = MODEL.result({"stop_day": 7})["at_stop_percent"]
    tower = row("kinetics", "lussana-tower-dose")
    assert first_week == pytest.approx(100 * tower["low"] / tower["high"], abs=ROUNDING)


def test_limits() -> None:
    # So slow that nothing settles: the level is the dose so far, k times its integral.
    slow = MODEL.result({"half_life": 500, "stop_day": 7, "first_dose": 28})
    fast = MODEL.result({"half_life": 0.5, "stop_day": 7, "first_dose": 28})
    assert slow["at_stop_percent"] == pytest.approx(100 * (1 - 2 ** (-168 / 500)), abs=ROUNDING)
    assert fast["at_stop_percent"] == pytest.approx(100, abs=ROUNDING)
    # In the pause nothing is left to stop, and the sentence says so.
    pause = MODEL.result({"stop_day": 35})
    assert pause["at_stop_percent"] < infusion.HARDLY_ANY
    assert "already off" in pause["sentence"]


def test_a_stop_changes_nothing_before_it() -> None:
    found = MODEL.result({"stop_day": 20})
    before = {tuple(point) for point in found["planned"] if point[0] < 20}
    assert before <= {tuple(point) for point in found["stopped"]}


def test_page_and_python_agree(tmp_path: Path) -> None:
    check_model("infusion", tmp_path)
