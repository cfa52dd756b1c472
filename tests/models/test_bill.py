"""The bill: sums of the printed parts, the number of cycles that evens it, and the page against Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from carbite.evidence import row
from carbite.models import model
from tests.models.parity import check_model

MODEL = model("bill")


def test_products_alone_cost_what_is_printed() -> None:
    found = MODEL.result({"cost_day": 0, "cost_igg": 0})["totals"]
    assert found["car_t"] == row("costs", "subklewe-price-car-t")["low"]
    price, cycles = row("costs", "subklewe-price-blinatumomab")["low"], row("costs", "subklewe-cycles-blinatumomab")
    assert found["bispecific"] == price * cycles["high"]
    assert MODEL.result({"cost_day": 0, "cost_igg": 0, "price_is": "patient"})["totals"]["bispecific"] == price


def test_days_are_those_of_the_table() -> None:
    days = MODEL.result({"cost_day": 1, "cost_igg": 0})["parts"]
    assert days["car_t"]["hospital"] == row("costs", "subklewe-hospital-car-t")["low"]
    first, later = row("costs", "subklewe-hospital-first-cycle"), row("costs", "subklewe-hospital-second-cycle")
    assert days["bispecific"]["hospital"] == first["low"] + later["low"]


def test_bills_are_equal_where_it_says() -> None:
    # A CAR T product of such a price that the answer is a whole number of cycles.
    values = {"price_car_t": 300_000, "price_bispecific": 100_000, "cost_day": 0, "cost_igg": 0}
    assert MODEL.result(values)["even_cycles"] == pytest.approx(3.0)
    found = MODEL.result({**values, "cycles": 3})["totals"]
    assert found["car_t"] == found["bispecific"]


def test_cycles_are_whole() -> None:
    with pytest.raises(ValueError, match=r"model bill: cycles = 1.5; expected a whole number from 1 to 9 cycles"):
        MODEL.result({"cycles": 1.5})


def test_the_page_computes_the_same(tmp_path: Path) -> None:
    check_model("bill", tmp_path)
