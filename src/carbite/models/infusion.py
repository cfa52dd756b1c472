"""Blinatumomab by continuous infusion: one compartment, which fills and empties with one half-life.

The level c(t), in per cent of the level that the full labelled dose settles at, follows

    dc/dt = k (100 R(t) / R_full - c),      k = ln 2 / half-life,

where R(t) is the dose that runs at time t and R_full the full labelled dose. While one dose runs the solution is
c(t) = r + (c(0) - r) exp(-k t) with r = 100 R / R_full, so no step size enters. A relative level needs neither volume
nor clearance; without a source for them in ``data/`` no concentration is given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from carbite.evidence import row

from .formats import fill, rounded, significant
from .model import Model, wording
from .parameters import Slider, Values, assumed, published

HOURS_PER_DAY = 24.0
HOURS_PER_WEEK = 7 * HOURS_PER_DAY
FIRST_WEEK_DAYS = 7.0
# The doses of the schedule in µg per day: in the first week of the first cycle, and from then on.
STEP = row("kinetics", "lussana-tower-dose")
IGG = row("kinetics", "lussana-igg-half-life")
# Where a curve is drawn after each change of dose, in half-lives: dense where it bends.
BENDS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
# How far after the stop the fall is read, in hours.
FALL_HOURS = 24
FRACTIONS = {"half": 0.5, "tenth": 0.1, "hundredth": 0.01}
# Below this share of the full level a pause has emptied the blood.
HARDLY_ANY = 1.0

Segment = tuple[float, float, float]


def schedule(values: Values) -> list[Segment]:
    """What runs when, up to the last planned pause: (start in hours, end in hours, dose in µg per day).

    The first cycle begins with the step-up dose for a week, or for the whole cycle where that is shorter.
    """
    segments: list[Segment] = []
    start = 0.0
    for cycle in range(int(values["cycles"])):
        on = values["on_weeks"] * HOURS_PER_WEEK
        stepped = min(FIRST_WEEK_DAYS * HOURS_PER_DAY, on) if cycle == 0 else 0.0
        for length, dose in (
            (stepped, values["first_dose"]),
            (on - stepped, values["dose"]),
            (values["off_weeks"] * HOURS_PER_WEEK, 0.0),
        ):
            if length > 0.0:
                segments.append((start, start + length, dose))
                start += length
    return segments


def stopped(segments: list[Segment], stop: float, horizon: float) -> list[Segment]:
    """The same schedule with nothing after ``stop`` (hours), drawn on to ``horizon``."""
    kept = [(start, min(end, stop), dose) for start, end, dose in segments if start < stop]
    end = kept[-1][1] if kept else 0.0
    return [*kept, (end, max(horizon, stop), 0.0)]


def level_after(level: float, settled: float, k: float, hours: float) -> float:
    """The level so many hours after it was ``level``, on its way to ``settled``."""
    return settled + (level - settled) * math.exp(-k * hours)


def level_at(segments: list[Segment], k: float, hours: float) -> float:
    """The level at a time, from none at the start; ``k`` per hour, in per cent of the full level."""
    level = 0.0
    for start, end, dose in segments:
        level = level_after(level, settled_level(dose), k, min(end, hours) - start)
        if hours <= end:
            break
    return level


def settled_level(dose: float) -> float:
    """Where a dose settles, in per cent of the full labelled dose."""
    return 100.0 * dose / STEP["high"]


def course(segments: list[Segment], k: float) -> list[list[float]]:
    """Points [day, level] of the whole course, dense after every change of dose."""
    half_life = math.log(2.0) / k
    points = [[0.0, 0.0]]
    level = 0.0
    for start, end, dose in segments:
        settled = settled_level(dose)
        times = [bend * half_life for bend in BENDS if 0.0 < bend * half_life < end - start] + [end - start]
        points += [[(start + time) / HOURS_PER_DAY, level_after(level, settled, k, time)] for time in times]
        level = level_after(level, settled, k, end - start)
    return points


def time_text(hours: float) -> str:
    """A time span in the unit in which it is read easily."""
    words: Mapping[str, str] = wording("infusion")
    if hours < 1.0:
        return fill(words["minutes"], {"number": significant(60.0 * hours)})
    if hours <= 72.0:
        return fill(words["hours"], {"number": significant(hours)})
    return fill(words["days"], {"number": significant(hours / HOURS_PER_DAY)})


def compute(values: Values) -> dict[str, Any]:
    """The course of the level under the schedule, stopped on the day that the reader chose."""
    words = wording("infusion")
    half_life = values["half_life"]
    k = math.log(2.0) / half_life
    planned = schedule(values)
    stop = values["stop_day"] * HOURS_PER_DAY
    end = planned[-1][1]
    segments = stopped(planned, stop, end)
    at_stop = level_at(segments, k, stop)
    falls = {name: half_life * math.log2(1.0 / share) for name, share in FRACTIONS.items()}
    steady = falls["tenth"]
    igg_half_life = IGG["low"] * HOURS_PER_DAY
    text = {
        "half_life": time_text(half_life),
        "stop": significant(values["stop_day"]) if values["stop_day"] < 10.0 else rounded(values["stop_day"]),
        "level": f"{rounded(at_stop)} %",
        "steady": time_text(steady),
        **{name: time_text(hours) for name, hours in falls.items()},
        "first_level": f"{rounded(settled_level(values['first_dose']))} %",
        "igg_tenth": time_text(igg_half_life * math.log2(1.0 / FRACTIONS["tenth"])),
        "igg_half": time_text(igg_half_life),
    }
    return {
        "k_per_hour": k,
        "at_stop_percent": at_stop,
        "falls_hours": falls,
        "days": end / HOURS_PER_DAY,
        "planned": course(planned, k),
        "stopped": course(segments, k),
        "infusing": [
            [start / HOURS_PER_DAY, stop_at / HOURS_PER_DAY] for start, stop_at, dose in segments if dose > 0.0
        ],
        "fall": [[hour, 100.0 * 0.5 ** (hour / half_life)] for hour in range(FALL_HOURS + 1)],
        "fall_igg": [[hour, 100.0 * 0.5 ** (hour / igg_half_life)] for hour in range(FALL_HOURS + 1)],
        "text": text,
        "sentence": fill(words["running" if at_stop >= HARDLY_ANY else "pause"], text),
    }


def data() -> dict[str, Any]:
    """What the page needs from ``data/``: the doses of the schedule, and the other half-life that it draws."""
    return {"full_dose": STEP["high"], "igg_half_life_days": IGG["low"]}


MODEL = Model(
    name="infusion",
    title="An infusion, and what stopping it does",
    about=(
        "A calculation with one compartment: the half-life and the doses are published, the rest follows from them. "
        "Levels are relative, because no source of this book gives a clearance, and a level is not an effect."
    ),
    parameters=(
        Slider(
            name="stop_day",
            label="Stop the infusion on day",
            default=14.0,
            low=0.5,
            high=210.0,
            step=0.5,
            origin=assumed("A day in the middle of the first cycle; move it to any time."),
        ),
        Slider(
            name="half_life",
            label="Half-life",
            unit="hours",
            default=row("kinetics", "davis-half-life")["low"],
            low=0.5,
            high=500.0,
            step=0.1,
            log=True,
            origin=published("k:davis-half-life", "Others print less than two hours, or two to four."),
        ),
        Slider(
            name="first_dose",
            label="Dose in the first week",
            unit="µg per day",
            default=STEP["low"],
            low=0.0,
            high=28.0,
            step=1.0,
            origin=published("k:lussana-tower-dose", "The first of the two doses."),
        ),
        Slider(
            name="dose",
            label="Dose afterwards",
            unit="µg per day",
            default=STEP["high"],
            low=1.0,
            high=112.0,
            step=1.0,
            origin=published("k:lussana-tower-dose", "The second of the two doses."),
        ),
        Slider(
            name="on_weeks",
            label="Weeks on the pump",
            unit="weeks",
            default=row("kinetics", "subklewe-induction-on")["low"],
            low=1,
            high=8,
            step=1,
            whole=True,
            origin=published("k:subklewe-induction-on"),
        ),
        Slider(
            name="off_weeks",
            label="Weeks off it",
            unit="weeks",
            default=row("kinetics", "subklewe-induction-off")["low"],
            low=0,
            high=8,
            step=1,
            whole=True,
            origin=published("k:subklewe-induction-off"),
        ),
        Slider(
            name="cycles",
            label="Cycles planned",
            unit="cycles",
            default=row("kinetics", "subklewe-induction-cycles")["low"],
            low=1,
            high=5,
            step=1,
            whole=True,
            origin=published("k:subklewe-induction-cycles", "The cycles of induction; consolidation follows."),
        ),
    ),
    compute=compute,
    data=data,
)
