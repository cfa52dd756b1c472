"""What all models share: their checks, how prose names their numbers, and the widget."""

from __future__ import annotations

import json
from typing import Any

import pytest
import traitlets

from carbite.explorer import Simulation
from carbite.models import formats, model, model_names
from carbite.models.model import Model
from carbite.models.parameters import Choice, Slider, Toggle, assumed, published
from carbite.prose import UnknownNumberError, number
from tests.node import run_node

WHY = assumed("For a test.")
TRIED = Model(
    name="infusion",
    title="Tried",
    about="Only for a test.",
    parameters=(
        Slider("price", "Price", 10.0, 0.0, 100.0, 1.0, WHY, unit="euros"),
        Slider("cycles", "Cycles", 2, 1, 5, 1, WHY, whole=True),
        Choice("arm", "Arm", "car_t", {"car_t": "CAR T", "bispecific": "Bispecific"}, WHY),
        Toggle("hsct", "Transplantation", False, WHY),
    ),
    compute=lambda values: {"text": {"price": f"{values['price']:g}"}, "sentence": "Said."},
)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"price": -1}, "price = -1; expected a number from 0 to 100 euros"),
        ({"price": 101}, "price = 101; expected a number from 0 to 100 euros"),
        ({"price": float("nan")}, "price = nan; expected a number"),
        ({"price": True}, "price = True; expected a number"),
        ({"price": "10"}, "price = '10'; expected a number"),
        ({"cycles": 2.5}, "cycles = 2.5; expected a whole number from 1 to 5"),
        ({"arm": "car"}, "arm = 'car'; expected one of car_t, bispecific"),
        ({"hsct": 1}, "hsct = 1; expected True or False"),
        ({"prize": 1}, "has no parameter 'prize'; it has price, cycles, arm, hsct"),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="model infusion") as caught:
        TRIED.result(values)
    assert message in str(caught.value)


def test_values_read_from_a_question() -> None:
    assert TRIED.read("price=3.5&arm=bispecific&hsct=true") == {
        "price": 3.5,
        "cycles": 2,
        "arm": "bispecific",
        "hsct": True,
    }
    for question in ("price=cheap", "hsct=yes", "price=1&price=2", "nothing"):
        with pytest.raises(ValueError, match="model infusion"):
            TRIED.read(question)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Slider("price", "Price", 200.0, 0.0, 100.0, 1.0, WHY),
        lambda: Slider("price", "Price", 10.0, 0.0, 100.0, 1.0, WHY, log=True),
        lambda: Slider("price", "Price", 10.0, 0.0, 100.0, 0.0, WHY),
        lambda: Slider("the price", "Price", 10.0, 0.0, 100.0, 1.0, WHY),
        lambda: Choice("arm", "Arm", "none", {"car_t": "CAR T"}, WHY),
        lambda: Choice("arm", "Arm", "a:b", {"a:b": "Both"}, WHY),
    ],
)
def test_a_parameter_that_could_not_work_is_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"price|arm"):
        make()


def test_an_unknown_model_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no model 'nothing'; there are .*infusion"):
        model("nothing")


@pytest.mark.parametrize("name", model_names())
def test_a_description_is_plain_json_and_every_origin_says_something(name: str) -> None:
    described = json.loads(json.dumps(model(name).description(), allow_nan=False))
    for parameter in described["parameters"]:
        assert len(parameter["origin"]["text"]) > 20, parameter["name"]


def test_a_published_value_is_the_one_in_the_data() -> None:
    origin = published("k:davis-half-life")
    assert "2.11" in origin.text
    assert origin.href == number("k:davis-half-life").href


def test_numbers_of_models_in_prose() -> None:
    half = model("infusion").result()["text"]["tenth"]
    assert number("m:infusion:tenth").text == half
    other = number("m:infusion?half_life=4:tenth")
    assert other.text == model("infusion").result({"half_life": 4})["text"]["tenth"] != half
    assert "half-life 4\u00a0hours" in other.source
    live = number("mlive:infusion:tenth")
    assert (live.text, live.simulated) == (half, "infusion:tenth")
    for name in (
        "m:nothing:x",
        "m:infusion:x",
        "m:infusion?dose=-1:tenth",
        "mlive:infusion?dose=2:tenth",
        "m:infusion",
    ):
        with pytest.raises(UnknownNumberError):
            number(name)


def test_the_widget_computes_and_refuses() -> None:
    simulation = Simulation("infusion")
    assert simulation.result == model("infusion").result()
    simulation.values = {"stop_day": 5}
    assert simulation.values == model("infusion").check({"stop_day": 5})
    assert simulation.result == model("infusion").result({"stop_day": 5})
    with pytest.raises(traitlets.TraitError, match="dose = -1"):
        simulation.values = {"dose": -1}
    assert simulation.values["stop_day"] == 5


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0, 2, "0"), (0.001234, 2, "0.0012"), (0.35, 2, "0.35"), (9.96, 2, "10.0"), (31249, 2, "31,000"), (120, 2, "120")],
)
def test_significant_digits(value: float, digits: int, text: str) -> None:
    assert formats.significant(value, digits) == text


def test_formats_agree_in_both_languages(tmp_path: Any) -> None:
    values = [0.5, 2.5, 1234567.891, -0.5, -1.25, 0.05, 1e-7, 99.5, 999.95, 31682.4]
    cases = [(value, decimals) for value in values for decimals in range(4)]
    answers = run_node("formats.mjs", cases, tmp_path)
    ours = [[formats.rounded(value, digits), formats.significant(value, digits + 1)] for value, digits in cases]
    assert answers == ours
