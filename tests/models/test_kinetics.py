"""Cells that expand and fade: closed forms, the order that the article gives, the page against Python."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from scipy.optimize import brentq

from carbite.evidence import row
from carbite.models import kinetics, model
from tests.models.parity import check_model, random_values

MODEL = model("kinetics")
ROUNDING = 1e-9


def test_the_start_shows_the_order_that_the_article_describes() -> None:
    """CD28 sooner, higher and gone earlier; 4-1BB above a year (Davis and Mackall, paragraph 6)."""
    values, found = MODEL.defaults, MODEL.result()
    assert values["cd28_peak_day"] < values["bb_peak_day"]
    assert values["cd28_peak"] > 100
    assert found["cd28_gone_day"] < found["bb_gone_day"]
    assert found["bb_gone_day"] > 365 * row("kinetics", "davis-car-persistence")["low"]
    assert found["finding"] == "longer"
    assert all(parameter.origin.kind == "illustration" for parameter in MODEL.parameters)


def test_curves_pass_through_their_points() -> None:
    assert kinetics.cells(0, 10, 200, 7) == kinetics.START
    assert kinetics.cells(10, 10, 200, 7) == pytest.approx(200, rel=ROUNDING)
    assert kinetics.cells(24, 10, 200, 7) == pytest.approx(50, rel=ROUNDING)
    assert kinetics.cells(5, 10, 100, 7) == pytest.approx(10, rel=ROUNDING)


def test_gone_and_crossing_are_roots_of_the_curves() -> None:
    draw = random.Random(3)
    crossed = 0
    for _ in range(300):
        values = random_values(MODEL, draw)
        cd28 = (values["cd28_peak_day"], values["cd28_peak"], values["cd28_half_life"])
        bb = (values["bb_peak_day"], 100.0, values["bb_half_life"])
        found = MODEL.result(values)
        for name, curve in (("cd28", cd28), ("bb", bb)):
            day = found[f"{name}_gone_day"]
            assert kinetics.cells(day, *curve) == pytest.approx(values["limit"], rel=1e-9)
        day = found["cross_day"]
        if day is not None:
            crossed += 1
            assert kinetics.cells(day, *cd28) == pytest.approx(kinetics.cells(day, *bb), rel=1e-6)
            after = day + 1e-3
            assert kinetics.cells(after, *bb) >= kinetics.cells(after, *cd28) * (1 - 1e-9)
    assert 30 < crossed < 300


def test_crossing_by_a_search() -> None:
    values = MODEL.defaults
    cd28 = (values["cd28_peak_day"], values["cd28_peak"], values["cd28_half_life"])
    bb = (values["bb_peak_day"], 100.0, values["bb_half_life"])
    root = brentq(lambda day: kinetics.cells(day, *bb) - kinetics.cells(day, *cd28), 9, 40)
    assert MODEL.result()["cross_day"] == pytest.approx(root, abs=1e-9)
    assert MODEL.result({"cd28_half_life": 400, "bb_half_life": 5})["cross_day"] is None


def test_page_and_python_agree(tmp_path: Path) -> None:
    check_model("kinetics", tmp_path, cases=1_000)
