"""Waiting for cells: how many of those who were enrolled are still there when their product comes.

While patients wait they leave at a constant rate h, because the disease progresses or they die. After W days

    exp(-h W)                     are still there,
    (1 - f) exp(-h W)             of all enrolled are infused, where a share f gets no product,
    r (1 - f) exp(-h W)           of all enrolled respond, where r of those infused respond.

The rate is given as the share s that a wait of 30 days costs: h = -ln(1 - s) / 30. It is fitted to one trial that
prints enrolled, infused, failures and waiting time. A constant rate is an assumption; trials do not report it.
"""

from __future__ import annotations

import math
from typing import Any

from carbite.evidence import row

from .formats import fill, rounded
from .model import Model, wording
from .parameters import Slider, Values, fitted, published

MONTH_DAYS = 30.0
LONGEST_WAIT_DAYS = 90

ELIANA = row("trials", "eliana")
FAILURE = row("outcomes", "eliana-manufacturing-failure")
WAIT = row("delivery", "subklewe-eliana-waiting")
TOWER = row("trials", "tower")
# Trials whose enrolled, infused and waiting time are all printed: the waiting time and the trial.
TRIALS = (
    ("subklewe-zuma-1-delivery", "zuma-1"),
    ("subklewe-eliana-waiting", "eliana"),
    ("subklewe-juliet-waiting", "juliet"),
)


def rate(lost_per_month: float) -> float:
    """The daily rate h at which a share ``lost_per_month`` (0 to 1) leaves within 30 days."""
    return -math.log(1.0 - lost_per_month) / MONTH_DAYS


def lost_per_month(infused: int, enrolled: int, failed: int, wait_days: float) -> float:
    """The share lost in 30 days of waiting that gives ``infused`` of ``enrolled`` after ``wait_days``.

    Raises ValueError where more were infused than had a product.
    """
    made = enrolled - failed
    if not 0 < infused <= made:
        raise ValueError(f"infused = {infused}; expected 1 to the {made} of {enrolled} patients who had a product")
    return float(1.0 - (infused / made) ** (MONTH_DAYS / wait_days))


def infused_share(wait_days: float, h: float, failure: float) -> float:
    """The share of all enrolled who are infused; ``h`` per day, ``failure`` from 0 to 1."""
    return (1.0 - failure) * math.exp(-h * wait_days)


def longest_wait(h: float, failure: float, response: float, other: float) -> float | None:
    """The wait in days after which as many of all enrolled respond as with the other treatment.

    None where the wait does not matter (h = 0); below 0 where the other treatment is ahead without any wait.
    """
    if h == 0.0:
        return None
    return math.log((1.0 - failure) * response / other) / h


def compute(values: Values) -> dict[str, Any]:
    """Where the enrolled patients are after the wait, and when the wait has cost the difference in response."""
    words = wording("waiting")
    h = rate(values["lost"] / 100.0)
    failure = values["failure"] / 100.0
    wait = values["wait"]
    infused = infused_share(wait, h, failure)
    gone = 1.0 - math.exp(-h * wait)
    other = values["started"] * values["other_response"] / 1e4
    responding = infused * values["response"] / 100.0
    even = longest_wait(h, failure, values["response"] / 100.0, other) if other > 0.0 else None
    text = {
        "wait": rounded(wait),
        "lost": rounded(values["lost"]),
        "infused": rounded(100.0 * infused),
        "gone": rounded(100.0 * gone),
        "no_product": rounded(100.0 * (1.0 - gone) * failure),
        "responding": rounded(100.0 * responding),
        "other": rounded(100.0 * other),
        "even": "–" if even is None else rounded(even),
    }
    if even is None:
        end = words["never"]
    elif even <= 0.0:
        end = words["ahead"]
    elif even > LONGEST_WAIT_DAYS:
        end = words["late"]
    else:
        end = words["even"]
    return {
        "rate_per_day": h,
        "infused": infused,
        "gone": gone,
        "no_product": (1.0 - gone) * failure,
        "responding": responding,
        "other": other,
        "even_days": even,
        "infused_curve": [[day, 100.0 * infused_share(day, h, failure)] for day in range(LONGEST_WAIT_DAYS + 1)],
        "responding_curve": [
            [day, values["response"] * infused_share(day, h, failure)] for day in range(LONGEST_WAIT_DAYS + 1)
        ],
        "text": text,
        "sentence": f"{fill(words['sentence'], text)} {fill(end, text)}",
    }


def data() -> dict[str, Any]:
    """The trials that print a waiting time and how many of the enrolled were infused."""
    trials = []
    for delivery_id, trial_id in TRIALS:
        waited, trial = row("delivery", delivery_id), row("trials", trial_id)
        share = 100.0 * trial["infused"] / trial["enrolled"]
        trials.append({"name": trial["name"], "days": waited["low"], "clock": waited["measure"], "percent": share})
    return {"trials": trials}


MODEL = Model(
    name="waiting",
    title="What a wait costs",
    about=(
        "A calculation with a constant rate of loss. The rate is fitted to ELIANA, where enrolled, infused, failed "
        "products and the wait are printed; other trials and other diseases lose patients at other rates."
    ),
    parameters=(
        Slider(
            name="wait",
            label="From enrolment to infusion",
            unit="days",
            default=WAIT["low"],
            low=0.0,
            high=LONGEST_WAIT_DAYS,
            step=1.0,
            origin=published("d:subklewe-eliana-waiting"),
        ),
        Slider(
            name="lost",
            label="Lost to the disease in 30 days of waiting",
            unit="%",
            default=round(
                100.0 * lost_per_month(ELIANA["infused"], ELIANA["enrolled"], FAILURE["events"], WAIT["low"]), 1
            ),
            low=0.0,
            high=60.0,
            step=0.1,
            origin=fitted(
                "Chosen so that the model gives the patients infused in ELIANA after its failures and its wait. "
                "Everyone not infused for another reason counts here as lost to the disease."
            ),
        ),
        Slider(
            name="failure",
            label="Without a product",
            unit="%",
            default=round(100.0 * FAILURE["events"] / FAILURE["n"], 1),
            low=0.0,
            high=40.0,
            step=0.1,
            origin=published("o:eliana-manufacturing-failure:count"),
        ),
        Slider(
            name="response",
            label="Remission of those infused",
            unit="%",
            default=float(row("outcomes", "eliana-cr")["percent_printed"]),
            low=1.0,
            high=100.0,
            step=1.0,
            origin=published("o:eliana-cr"),
        ),
        Slider(
            name="started",
            label="Started on the drug that needs no wait",
            unit="%",
            default=round(100.0 * TOWER["infused"] / TOWER["enrolled"], 1),
            low=1.0,
            high=100.0,
            step=0.1,
            group="The other treatment",
            origin=published("t:tower:infused", "Of those assigned to blinatumomab."),
        ),
        Slider(
            name="other_response",
            label="Remission of those started",
            unit="%",
            default=round(100.0 * row("outcomes", "mt103-205-cr")["events"] / row("outcomes", "mt103-205-cr")["n"], 1),
            low=1.0,
            high=100.0,
            step=0.1,
            group="The other treatment",
            origin=published("o:mt103-205-cr:count", "The paediatric trial, because ELIANA treated children."),
        ),
    ),
    compute=compute,
    data=data,
)
