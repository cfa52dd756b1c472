"""Waiting: closed forms and simulation, what was fitted, and the page against Python."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from carbite.evidence import row
from carbite.models import model, waiting
from tests.models.parity import check_model

MODEL = model("waiting")
# The fitted rate is rounded to a tenth of a per cent a month, which moves the share infused by about as much.
ROUNDED_FIT = 0.002
# Five standard errors of a share from a million patients.
SIMULATED = 0.0025


def test_the_fit_gives_eliana_back() -> None:
    trial = row("trials", "eliana")
    assert MODEL.result()["infused"] == pytest.approx(trial["infused"] / trial["enrolled"], abs=ROUNDED_FIT)


def test_all_enrolled_are_somewhere() -> None:
    for values in ({}, {"lost": 0}, {"lost": 60, "failure": 40, "wait": 90}):
        found = MODEL.result(values)
        assert found["infused"] + found["gone"] + found["no_product"] == pytest.approx(1.0)


def test_shares_are_those_of_simulated_patients() -> None:
    draw = np.random.default_rng(2026)
    h, failure, wait, patients = waiting.rate(0.2), 0.1, 40.0, 1_000_000
    there = draw.exponential(1.0 / h, patients) > wait
    made = draw.random(patients) > failure
    assert waiting.infused_share(wait, h, failure) == pytest.approx(np.mean(there & made), abs=SIMULATED)


def test_at_the_longest_wait_both_are_equal() -> None:
    values = {"lost": 30.0}
    even = MODEL.result(values)["even_days"]
    assert 0 < even < waiting.LONGEST_WAIT_DAYS
    found = MODEL.result({**values, "wait": even})
    assert found["responding"] == pytest.approx(found["other"])


def test_limits() -> None:
    assert MODEL.result({"lost": 0})["even_days"] is None
    assert MODEL.result({"wait": 0})["gone"] == 0.0
    assert MODEL.result({"response": 1})["even_days"] < 0
    assert waiting.rate(0.5) == pytest.approx(math.log(2) / waiting.MONTH_DAYS)


def test_more_infused_than_made_is_refused() -> None:
    with pytest.raises(ValueError, match="infused = 90; expected 1 to the 85 of 92 patients"):
        waiting.lost_per_month(90, 92, 7, 45)


def test_a_share_over_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model waiting: failure = 101; expected a number from 0 to 40 %"):
        MODEL.result({"failure": 101})


def test_the_page_computes_the_same(tmp_path: Path) -> None:
    check_model("waiting", tmp_path)
