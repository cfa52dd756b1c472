"""The bill of one patient in US dollars, from the parts that one article lists: no life-years in it.

    price x units + days in hospital x day + months of immunoglobulin x month, for each strategy.

The article prints the prices, days and months, and leaves open whether the price of blinatumomab is for a cycle or for
the average patient. What a day or a month costs it does not say; those two prices are assumed.
"""

from __future__ import annotations

from typing import Any

from carbite.evidence import row

from .formats import fill, rounded
from .model import Model, wording
from .parameters import Choice, Slider, Values, assumed, published

ARMS = ("car_t", "bispecific")
PRICE = {
    "car_t": row("costs", "subklewe-price-car-t")["low"],
    "bispecific": row("costs", "subklewe-price-blinatumomab")["low"],
}
CYCLES = row("costs", "subklewe-cycles-blinatumomab")
FIRST = row("costs", "subklewe-hospital-first-cycle")["low"]
LATER = row("costs", "subklewe-hospital-second-cycle")["low"]
IGG = row("costs", "subklewe-immunoglobulin-blinatumomab")


def parts(values: Values) -> dict[str, dict[str, float]]:
    """The parts of each bill in US dollars."""
    cycles = values["cycles"]
    per_cycle = values["price_is"] == "cycle"
    return {
        "car_t": {
            "product": values["price_car_t"],
            "hospital": values["days_car_t"] * values["cost_day"],
            "igg": values["igg_car_t"] * values["cost_igg"],
        },
        "bispecific": {
            "product": values["price_bispecific"] * (cycles if per_cycle else 1.0),
            "hospital": (FIRST + LATER * (cycles - 1)) * values["cost_day"],
            "igg": values["igg_bispecific"] * values["cost_igg"],
        },
    }


def cycles_for_equal(values: Values) -> float:
    """The number of cycles at which both bills are equal, with a price per cycle.

    Each cycle after the first adds its price and its days. Where a cycle costs nothing there is no such number: inf.
    """
    bill = {arm: sum(each.values()) for arm, each in parts({**values, "price_is": "cycle", "cycles": 1}).items()}
    further = values["price_bispecific"] + LATER * values["cost_day"]
    return 1.0 + (bill["car_t"] - bill["bispecific"]) / further if further > 0.0 else float("inf")


def compute(values: Values) -> dict[str, Any]:
    """Both bills, and how many cycles make them equal."""
    words = wording("bill")
    found = parts(values)
    totals = {arm: sum(found[arm].values()) for arm in ARMS}
    even = cycles_for_equal(values)
    has_even = 1.0 <= even < float("inf")
    text = {
        **{arm: rounded(totals[arm]) for arm in ARMS},
        "difference": rounded(abs(totals["car_t"] - totals["bispecific"])),
        "even": rounded(even, 1) if has_even else "–",
    }
    kind = "dearer" if totals["car_t"] > totals["bispecific"] else "cheaper"
    return {
        "parts": found,
        "totals": totals,
        "even_cycles": even if has_even else None,
        "text": text,
        "sentence": f"{fill(words[kind], text)} {fill(words['even' if has_even else 'no_even'], text)}",
    }


def data() -> dict[str, Any]:
    """Days in hospital of blinatumomab: in the first cycle and in each later one."""
    return {"first": FIRST, "later": LATER}


MODEL = Model(
    name="bill",
    title="The bill for one patient",
    about=(
        "Adds up the parts that Subklewe's table lists, in US dollars. Prices of a day and a month are assumed. A bill "
        "says nothing of what it buys."
    ),
    parameters=(
        Slider(
            name="price_car_t",
            label="Price of the CAR T product",
            unit="US dollars",
            default=PRICE["car_t"],
            low=0,
            high=600_000,
            step=1_000,
            origin=published("c:subklewe-price-car-t", "The lower limit that the article prints is taken."),
        ),
        Slider(
            name="price_bispecific",
            label="Price of blinatumomab",
            unit="US dollars",
            default=PRICE["bispecific"],
            low=0,
            high=300_000,
            step=1_000,
            origin=published("c:subklewe-price-blinatumomab"),
        ),
        Choice(
            name="price_is",
            label="This price is for",
            default="cycle",
            options={"cycle": "each cycle", "patient": "the whole patient"},
            look="radio",
            origin=assumed("The article does not say which; both readings can be chosen."),
        ),
        Slider(
            name="cycles",
            label="Cycles of blinatumomab",
            unit="cycles",
            default=CYCLES["high"],
            low=1,
            high=9,
            step=1,
            whole=True,
            origin=published("c:subklewe-cycles-blinatumomab", "The higher of the two."),
        ),
        Slider(
            name="days_car_t",
            label="Days in hospital, CAR T cells",
            unit="days",
            default=row("costs", "subklewe-hospital-car-t")["low"],
            low=0,
            high=60,
            step=1,
            origin=published(
                "c:subklewe-hospital-car-t", "Those of blinatumomab follow from its cycles and the same table."
            ),
        ),
        Slider(
            name="cost_day",
            label="A day in hospital",
            unit="US dollars",
            default=3_000,
            low=0,
            high=15_000,
            step=100,
            origin=assumed("A round figure for illustration: no source of this book prices it."),
        ),
        Slider(
            name="igg_car_t",
            label="Immunoglobulin after CAR T cells",
            unit="months",
            default=24,
            low=0,
            high=120,
            step=1,
            origin=assumed("The article says months to years; two years are taken."),
        ),
        Slider(
            name="igg_bispecific",
            label="Immunoglobulin after blinatumomab",
            unit="months",
            default=IGG["high"],
            low=0,
            high=120,
            step=1,
            origin=published("c:subklewe-immunoglobulin-blinatumomab", "The longer of the two."),
        ),
        Slider(
            name="cost_igg",
            label="A month of immunoglobulin",
            unit="US dollars",
            default=2_000,
            low=0,
            high=10_000,
            step=100,
            origin=assumed("A round figure for illustration: no source of this book prices it."),
        ),
    ),
    compute=compute,
    data=data,
)
