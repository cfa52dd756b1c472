"""Counts behind a percentage: against Python's decimal arithmetic, the known cases, and the page."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from carbite.evidence import records
from carbite.models import model
from tests.models.parity import check_model

MODEL = model("counts")


def printed(count: int, n: int, decimals: int) -> Decimal:
    """A share in per cent as it is printed, by decimal arithmetic with fifty digits."""
    exact = Decimal(100 * count) / Decimal(n)
    return exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


@pytest.mark.parametrize("percent", [0, 1, 33.3, 50, 62.5, 66.7, 81, 99.9, 100])
@pytest.mark.parametrize("n", [1, 8, 13, 61, 75, 271])
@pytest.mark.parametrize("choice", ["whole", "tenth"])
def test_counts_are_those_that_print_so(percent: float, n: int, choice: str) -> None:
    decimals = {"whole": 0, "tenth": 1}[choice]
    found = MODEL.result({"percent": percent, "n": n, "decimals": choice})
    wanted = Decimal(str(percent)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    expected = [count for count in range(n + 1) if printed(count, n, decimals) == wanted]
    assert found["fitting"] == expected
    if not expected:
        below, above = int(found["text"]["below"]), int(found["text"]["above"])
        assert above == below + 1
        assert printed(below, n, decimals) < wanted < printed(above, n, decimals)
        assert found["text"]["fits"] == "none"


def test_eliana_starts_impossible_and_fits_the_infused() -> None:
    start = MODEL.result({})
    assert (start["fitting"], start["text"]["below"], start["text"]["above"]) == ([], "49", "50")
    assert "No count of 61 patients prints as 81 %" in start["sentence"]
    assert MODEL.result({"n": 75})["fitting"] == [61]
    # TOWER's 44 % of 271 leaves a choice.
    assert MODEL.result({"percent": 44, "n": 271})["fitting"] == [118, 119, 120]


@pytest.mark.parametrize("percent", range(0, 101, 7))
def test_from_a_hundred_patients_on_every_whole_percentage_is_possible(percent: int) -> None:
    found = MODEL.result({"percent": percent})
    assert all(number > 0 for patients, number in found["tried"] if patients >= 100)
    assert found["text"]["possible"] == str(sum(number > 0 for _, number in found["tried"]))


def test_the_smallest_number_of_patients() -> None:
    """81 % needs 13/16; 99.9 % needs 1 in 667 without the event; 0 and 100 % are possible of 1."""
    assert MODEL.result({})["text"]["smallest"] == "16"
    assert MODEL.result({"percent": 99.9, "decimals": "tenth"})["text"]["smallest"] == "667"
    assert MODEL.result({"percent": 100})["text"]["smallest"] == "1"


def test_it_agrees_with_the_rows_of_the_data() -> None:
    """Every printed whole percentage in outcomes.csv whose n the model can take."""
    tested = 0
    for outcome in records("outcomes"):
        percent, n = outcome["percent_printed"] or "", outcome["n"]
        if not percent.isdigit() or n is None or n > 300:
            continue
        found = MODEL.result({"percent": int(percent), "n": n})["fitting"]
        low, high = outcome["events_low"], outcome["events_high"]
        assert found == ([] if low is None else list(range(low, high + 1))), outcome["outcome_id"]
        tested += 1
    assert tested > 100


def test_page_and_python_agree(tmp_path: Path) -> None:
    check_model("counts", tmp_path)
