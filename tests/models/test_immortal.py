"""Immortal time: simulated patients, limits, and the page against Python."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from carbite.models import immortal, model
from tests.models.parity import check_model

MODEL = model("immortal")
# Five standard errors of a share from the smaller group of a million patients.
SIMULATED = 0.004


@pytest.mark.parametrize("month", [2.0, 10.0, 30.0])
def test_shares_are_those_of_simulated_patients(month: float) -> None:
    draw = np.random.default_rng(2026)
    h, wait, donor, patients = math.log(2.0) / 10.0, 6.0, 0.6, 1_000_000
    died = draw.exponential(1.0 / h, patients)
    transplanted = (died > wait) & (draw.random(patients) < donor)
    seen = np.mean(died[transplanted] > month), np.mean(died[~transplanted] > month)
    ours = immortal.transplanted_alive(h, wait, month), immortal.others_alive(h, wait, donor, month)
    assert ours == pytest.approx(seen, abs=SIMULATED)


def test_both_groups_together_are_everyone() -> None:
    h, wait, donor = 0.05, 4.0, 0.7
    joined = donor * math.exp(-h * wait)
    for month in (1.0, 4.0, 20.0):
        mixed = joined * immortal.transplanted_alive(h, wait, month)
        mixed += (1.0 - joined) * immortal.others_alive(h, wait, donor, month)
        assert mixed == pytest.approx(math.exp(-h * month))


def test_no_wait_no_difference() -> None:
    assert MODEL.result({"wait": 0})["gap"] == pytest.approx(0.0)


def test_a_longer_wait_makes_the_gap_larger() -> None:
    gaps = [MODEL.result({"wait": wait})["gap"] for wait in range(0, 24, 4)]
    assert gaps == sorted(gaps)
    assert gaps[1] > 5


def test_a_share_of_all_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model immortal: donor = 100; expected a number from 0 to 95 %"):
        MODEL.result({"donor": 100})


def test_the_page_computes_the_same(tmp_path: Path) -> None:
    check_model("immortal", tmp_path)
