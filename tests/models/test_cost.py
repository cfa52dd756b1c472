"""Cost: published totals, numerical integration, NumPy's generator in the page, and the page against Python."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from carbite.evidence import row
from carbite.models import cost, cost_equations, cost_inputs, model
from carbite.models.draws import SEED, normal_draws
from tests.models.parity import check_model, random_values
from tests.node import run_node

MODEL = model("cost")
# Totals are fitted with whole euros, cure fractions with hundredths of a per cent.
EUROS, QALYS = 1.0, 0.005
# quad's own estimate of its error is far below this.
INTEGRATION = 1e-7
# cos, sin and log of two languages differ in the last digit or two.
DEVIATES = 1e-14
# A model is drawn whole for every case, with ten thousand draws each.
CASES = 150


def test_starting_values_give_the_published_totals() -> None:
    found = MODEL.result()["strategies"]
    for arm in cost_inputs.ARMS:
        assert found[arm]["cost"] == pytest.approx(cost_inputs.TOTAL[arm]["low"], abs=EUROS)
        assert found[arm]["qalys"] == pytest.approx(cost_inputs.QALYS[arm]["low"], abs=QALYS)


def test_the_published_cost_per_qaly_follows_from_the_published_totals() -> None:
    more = cost_inputs.TOTAL["car_t"]["low"] - cost_inputs.TOTAL["bispecific"]["low"]
    gained = cost_inputs.QALYS["car_t"]["low"] - cost_inputs.QALYS["bispecific"]["low"]
    # QALYs are printed to a hundredth: the quotient is known to about a part in nine hundred.
    assert more / gained == pytest.approx(row("costs", "thielen-2020-icer")["low"], rel=0.01 / gained)


@pytest.mark.parametrize("case", range(20))
def test_qalys_are_the_area_under_discounted_survival(case: int) -> None:
    values = random_values(MODEL, random.Random(case))
    rate = math.log(1 + values["discount_effects"] / 100)
    death = 12 * math.log(2) / values["median"]
    cured, _ = quad(lambda t: values["utility_cured"] * math.exp(-rate * t), 0, values["years"])
    # Behind forty half-lives nothing is left; the integrand is too steep for one piece.
    edge = min(values["years"], 40 * values["median"] / 12)
    uncured, _ = quad(lambda t: values["utility_uncured"] * math.exp(-(rate + death) * t), 0, edge, limit=200)
    assert cost_equations.life(values) == pytest.approx((cured, uncured), abs=INTEGRATION)


@pytest.mark.parametrize("rate", [0.0, 0.03])
def test_immunoglobulin_is_a_stream(rate: float) -> None:
    value, _ = quad(lambda t: math.exp(-rate * t), 0, 7.5)
    assert float(cost_equations.annuity(rate, 7.5)) == pytest.approx(value, abs=INTEGRATION)


def test_without_uncertainty_every_draw_is_the_same() -> None:
    found = MODEL.result({"spread": 0})
    assert found["mean_more"] == pytest.approx(found["more"])
    assert found["mean_gained"] == pytest.approx(found["gained"])
    assert found["worth"] in (0.0, 100.0)


def test_a_qaly_worth_just_the_cost_per_qaly_leaves_no_benefit() -> None:
    found = MODEL.result()
    even = found["more"] / found["gained"]
    assert cost.net_benefit({**MODEL.defaults, "threshold": even}) == pytest.approx(0.0, abs=EUROS)


def test_tornado_ends_are_whole_results() -> None:
    for each in MODEL.result()["tornado"]:
        for end in ("low", "high"):
            moved = MODEL.result({each["name"]: each[end]})
            assert moved["net_benefit"] == pytest.approx(each[f"at_{end}"])


def test_each_cure_fraction_that_fits_gives_the_published_qalys() -> None:
    for arm, fits in MODEL.result()["open_fit"].items():
        assert [rate for rate, _ in fits] == list(cost.RATES)
        for percent, share in fits:
            values = {**MODEL.defaults, "discount_effects": percent, f"cure_{arm}": share}
            assert cost_equations.strategy(arm, values).qalys == pytest.approx(cost_inputs.QALYS[arm]["low"])


def test_all_draws_of_the_page_are_numpys(tmp_path: Path) -> None:
    count, columns = cost.DRAWS, len(cost.UNCERTAIN)
    answer = run_node("draws.mjs", {"seed": SEED, "count": count, "columns": columns}, tmp_path)
    assert answer["fractions"] == np.random.RandomState(SEED).random_sample(len(answer["fractions"])).tolist()
    ours = normal_draws(count, columns)
    assert np.reshape(answer["deviates"], ours.shape) == pytest.approx(ours, abs=DEVIATES)


def test_an_odd_number_of_deviates_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an even number"):
        normal_draws(3, 3)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"price_car_t": -1}, r"model cost: price_car_t = -1; expected a number from 0 to 600000 euros"),
        ({"cure_car_t": 101}, r"model cost: cure_car_t = 101; expected a number from 0 to 95 %"),
        ({"utility_cured": 1.5}, r"model cost: utility_cured = 1.5; expected a number from 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MODEL.result(values)


def test_the_page_computes_the_same(tmp_path: Path) -> None:
    check_model("cost", tmp_path, cases=CASES)
