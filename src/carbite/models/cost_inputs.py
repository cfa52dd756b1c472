"""The inputs of the model ``cost``: published, assumed, and fitted to two published totals a strategy."""

from __future__ import annotations

from typing import Any

from carbite.evidence import row

from .cost_equations import cost_of, cure_for, life
from .parameters import Origin, Slider, assumed, fitted, published

ARMS = ("car_t", "bispecific")
PRICE = row("costs", "thielen-2020-price-tisagenlecleucel")
TOTAL = {
    "car_t": row("costs", "thielen-2020-societal-cost-tisagenlecleucel"),
    "bispecific": row("costs", "thielen-2020-societal-cost-blinatumomab"),
}
QALYS = {
    "car_t": row("costs", "thielen-2020-qaly-tisagenlecleucel"),
    "bispecific": row("costs", "thielen-2020-qaly-blinatumomab"),
}
HOSPITAL_DAYS = {
    "car_t": row("costs", "subklewe-hospital-car-t")["low"],
    "bispecific": row("costs", "subklewe-hospital-first-cycle")["low"]
    + row("costs", "subklewe-hospital-second-cycle")["low"],
}
# Median survival of those who are not cured, in months: that of all patients in the paediatric trial of blinatumomab.
MEDIAN = row("survival", "mt103-205-os")
ROUND = "A round figure for illustration: no source of this book prices it in euros."
GUESS = "A guess for illustration: no source of this book counts these days."
COSTS, CARE, LIFE, SPREAD = (
    "Prices of care",
    "How much care",
    "Life and its quality",
    "How uncertain the inputs are",
)


def _slider(
    name: str,
    label: str,
    default: float,
    high: float,
    step: float,
    origin: Origin,
    *,
    low: float = 0.0,
    unit: str = "",
    group: str = "",
) -> Slider:
    return Slider(
        name=name, label=label, default=default, low=low, high=high, step=step, origin=origin, unit=unit, group=group
    )


def _given() -> tuple[Slider, ...]:
    """The inputs that are published or assumed; the fitted ones follow from them."""
    return (
        _slider(
            "price_car_t",
            "Price of the CAR T product",
            PRICE["low"],
            600_000,
            1_000,
            published("c:thielen-2020-price-tisagenlecleucel"),
            unit="euros",
        ),
        _slider(
            "units_car_t", "CAR T products given", 1, 2, 1, assumed("One infusion, as labelled."), low=1, group=CARE
        ),
        _slider(
            "price_bispecific", "Price of a cycle of blinatumomab", 60_000, 200_000, 1_000, assumed(ROUND), unit="euros"
        ),
        _slider(
            "units_bispecific",
            "Cycles of blinatumomab",
            row("costs", "subklewe-cycles-blinatumomab")["high"],
            6,
            0.5,
            published("c:subklewe-cycles-blinatumomab", "The higher of the two."),
            low=0.5,
            unit="cycles",
        ),
        _slider(
            "threshold",
            "What a QALY may cost",
            row("costs", "thielen-2020-threshold")["low"],
            200_000,
            5_000,
            published("c:thielen-2020-threshold", "Countries differ, and many name none."),
            unit="euros",
        ),
        _slider(
            "days_car_t",
            "Days in hospital, CAR T cells",
            HOSPITAL_DAYS["car_t"],
            60,
            1,
            published("c:subklewe-hospital-car-t"),
            unit="days",
            group=CARE,
        ),
        _slider(
            "days_bispecific",
            "Days in hospital, blinatumomab",
            HOSPITAL_DAYS["bispecific"],
            60,
            1,
            published("c:subklewe-hospital-first-cycle", "Two days of the second cycle are added, from the same row."),
            unit="days",
            group=CARE,
        ),
        _slider(
            "icu_car_t", "Of these in intensive care, CAR T cells", 2, 30, 0.5, assumed(GUESS), unit="days", group=CARE
        ),
        _slider(
            "icu_bispecific",
            "Of these in intensive care, blinatumomab",
            0.5,
            30,
            0.5,
            assumed(GUESS),
            unit="days",
            group=CARE,
        ),
        _slider(
            "transplant_car_t",
            "Transplanted after CAR T cells",
            15,
            100,
            1,
            assumed("A round figure; the analysis adds later transplants at rates that its abstract does not print."),
            unit="%",
            group=CARE,
        ),
        _slider(
            "transplant_bispecific",
            "Transplanted after blinatumomab",
            45,
            100,
            1,
            assumed("A round figure; the analysis adds later transplants at rates that its abstract does not print."),
            unit="%",
            group=CARE,
        ),
        _slider(
            "igg_car_t",
            "Immunoglobulin after CAR T cells",
            24,
            240,
            1,
            assumed("The article says months to years; two years are taken."),
            unit="months",
            group=CARE,
        ),
        _slider(
            "igg_bispecific",
            "Immunoglobulin after blinatumomab",
            row("costs", "subklewe-immunoglobulin-blinatumomab")["high"],
            240,
            1,
            published("c:subklewe-immunoglobulin-blinatumomab", "The longer of the two."),
            unit="months",
            group=CARE,
        ),
        _slider("cost_day", "A day in hospital", 1_000, 5_000, 50, assumed(ROUND), unit="euros", group=COSTS),
        _slider(
            "cost_icu", "A day in intensive care, added", 2_000, 10_000, 100, assumed(ROUND), unit="euros", group=COSTS
        ),
        _slider("cost_transplant", "A transplant", 120_000, 400_000, 5_000, assumed(ROUND), unit="euros", group=COSTS),
        _slider("cost_igg", "A month of immunoglobulin", 1_000, 5_000, 50, assumed(ROUND), unit="euros", group=COSTS),
        _slider(
            "years",
            "Years that a cured patient lives on",
            60,
            80,
            1,
            assumed("A child cured at about twelve."),
            low=1,
            unit="years",
            group=LIFE,
        ),
        _slider("utility_cured", "Utility when cured", 0.9, 1, 0.01, assumed("Close to full health."), group=LIFE),
        _slider(
            "utility_uncured",
            "Utility when not cured",
            0.6,
            1,
            0.01,
            assumed("Between full health and none."),
            group=LIFE,
        ),
        _slider(
            "median",
            "Median survival when not cured",
            float(MEDIAN["value"]),
            60,
            0.5,
            published("s:mt103-205-os", "That of all patients of the trial, taken for those who are not cured."),
            low=0.5,
            unit="months",
            group=LIFE,
        ),
        _slider(
            "discount_costs",
            "Yearly discount of costs",
            4,
            6,
            0.1,
            assumed("A usual size; the abstract prints none."),
            unit="%",
            group=LIFE,
        ),
        _slider(
            "discount_effects",
            "Yearly discount of QALYs",
            1.5,
            6,
            0.1,
            assumed("A usual size; the abstract prints none."),
            unit="%",
            group=LIFE,
        ),
        _slider(
            "spread",
            "Spread of the uncertain inputs",
            50,
            100,
            1,
            assumed("Standard deviation on the log or logit scale. No source of this book publishes a distribution."),
            unit="%",
            group=SPREAD,
        ),
    )


def _fitted(given: tuple[Slider, ...]) -> tuple[Slider, ...]:
    """Cure fractions and other costs that give the published totals at the starting values of all other inputs."""
    values: dict[str, Any] = {each.name: each.default for each in given}
    values |= {f"other_{arm}": 0.0 for arm in ARMS}
    cured, uncured = life(values)
    names = {"car_t": "CAR T cells", "bispecific": "blinatumomab"}
    shares = tuple(
        _slider(
            f"cure_{arm}",
            f"Cured by {names[arm]}",
            round(100.0 * cure_for(QALYS[arm]["low"], cured, uncured), 2),
            95,
            0.01,
            fitted(f"Chosen so that {names[arm]} give the published {QALYS[arm]['value']} QALYs. No trial found it."),
            unit="%",
        )
        for arm in ARMS
    )
    rests = tuple(
        _slider(
            f"other_{arm}",
            f"All other costs, {names[arm]}",
            round(TOTAL[arm]["low"] - float(cost_of(arm, values))),
            600_000,
            1,
            fitted(
                f"What the parts leave of the published total of {TOTAL[arm]['low']:,.0f} euros, loss of work included."
            ),
            unit="euros",
            group=COSTS,
        )
        for arm in ARMS
    )
    return shares + rests


_GIVEN = _given()
PARAMETERS: tuple[Slider, ...] = (*_fitted(_GIVEN)[:2], *_GIVEN, *_fitted(_GIVEN)[2:])
