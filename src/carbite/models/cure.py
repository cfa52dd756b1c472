"""What a printed median or landmark says about the curve behind it, and what it leaves open.

A printed point bounds the curve S within the rounding of its last digit. It gives floors, S(t) >= v up to a time, and
ceilings, S(t) <= v from a time on:

    landmark   S(t) from v - d to v + d at its time t             (v a share, d half of the last printed digit)
    median     S(t) >= 1/2 up to m - d, S(t) <= 1/2 from m + d

Every curve that never rises and keeps them lies between L(t), the highest floor that still holds at t, and U(t), the
lowest ceiling that already does; both are such curves themselves. With the mixture-cure form

    S(t) = c + (1 - c) exp(-h t)

a share c never has the event and the others have it at a constant rate h; c = 0 is the exponential. For a given c a
floor bounds h from above and a ceiling from below, by -ln((v - c) / (1 - c)) / t. Two curves of the form that share a
point cross nowhere else after the start, so the cure fractions that a floor and a ceiling allow are an interval, and
so are those that all points allow. Its ends are found with :func:`carbite.pooling.search.bracketed_root`.

Its narrowness comes from the form: curves of any falling shape allow every cure fraction from 0 to the lowest ceiling.
The interval is no confidence interval: it holds for the printed digits and says nothing about chance. No patient's
time is known here, so nothing drawn is a Kaplan-Meier curve.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from carbite.evidence import row
from carbite.pooling.search import bracketed_root

from .formats import fill, rounded
from .model import Model, wording
from .parameters import Choice, Slider, Values, assumed, illustration

HORIZON_MONTHS = 60
# The drawn curve keeps its cure fraction this far below the lowest ceiling; nearer, all others fail at once.
CLOSEST = 1e-3
# How far below a floor the search for a cure fraction begins, where its logarithm is still finite.
EDGE = 1e-9
# Curves nearer than this, as shares, are called equal.
EQUAL = 0.005
ARMS = ("car_t", "bispecific")

# Points by curve: the table and id of each row, and what the reader needs to know of whose curve it is.
CURVES: Mapping[str, Mapping[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "car_t": {
        "fhcrc-efs": ("Fred Hutchinson adults, EFS of responders", (("survival", "fhcrc-efs-responders"),)),
        "mskcc-efs": ("MSKCC adults, EFS of all infused", (("survival", "mskcc-efs-primary"),)),
        "mskcc-os": ("MSKCC adults, OS of all infused", (("survival", "mskcc-os-primary"),)),
        "eliana-rfs": (
            "ELIANA, RFS of responders, three landmarks",
            (("survival", "eliana-rfs-6"), ("survival", "eliana-rfs-12"), ("survival", "eliana-rfs-18")),
        ),
        "eliana-rfs-early": (
            "ELIANA, RFS of responders, first two landmarks",
            (("survival", "eliana-rfs-6"), ("survival", "eliana-rfs-12")),
        ),
        "eliana-rfs-plateau": (
            "ELIANA, RFS of responders, last two landmarks",
            (("survival", "eliana-rfs-12"), ("survival", "eliana-rfs-18")),
        ),
        "eliana-rfs-later": (
            "ELIANA, RFS of responders, later reports",
            (("follow_up", "eliana-3-year-rfs"), ("follow_up", "eliana-5-year-rfs")),
        ),
        "eliana-efs": ("ELIANA, EFS of all infused", (("survival", "eliana-efs-12"),)),
        "eliana-os": (
            "ELIANA, OS of all infused",
            (("survival", "eliana-os-12"), ("survival", "grupp-2018-os-18")),
        ),
        "eliana-os-later": (
            "ELIANA, OS of all infused, with later reports",
            (
                *(("survival", "eliana-os-12"), ("survival", "grupp-2018-os-18")),
                *(("follow_up", "eliana-3-year-os"), ("follow_up", "eliana-5-year-os")),
            ),
        ),
    },
    "bispecific": {
        "mt103-206-rfs": ("Pilot in adults, RFS of responders", (("survival", "mt103-206-rfs"),)),
        "mt103-211-rfs": ("MT103-211 adults, RFS of responders", (("survival", "mt103-211-rfs"),)),
        "tower-efs": ("TOWER adults, EFS of all assigned", (("survival", "tower-efs-6-primary"),)),
        "tower-os": ("TOWER adults, OS of all assigned", (("survival", "tower-os-primary"),)),
        "mt103-205-rfs": ("MT103-205 children, RFS of responders", (("survival", "mt103-205-rfs"),)),
        "mt103-205-os": (
            "MT103-205 children, OS of all treated",
            (("survival", "mt103-205-os"), ("survival", "mt103-205-os-24")),
        ),
        "blast-rfs": (
            "BLAST adults with MRD, RFS",
            (("survival", "blast-rfs-18-primary"), ("survival", "blast-rfs")),
        ),
        "mrd-pilot-rfs": (
            "MRD pilot, RFS",
            (("survival", "mrd-pilot-rfs-33-lussana"), ("survival", "mrd-pilot-rfs-60")),
        ),
    },
}


@dataclass(frozen=True)
class Bounds:
    """``floors`` and ``ceilings``: a time in months and a share each, sorted by time."""

    floors: tuple[tuple[float, float], ...]
    ceilings: tuple[tuple[float, float], ...]

    def lowest(self, months: float, *, after: bool = False) -> float:
        """L at this time; with ``after``, just after it."""
        return max((v for t, v in self.floors if t > months or (t == months and not after)), default=0.0)

    def highest(self, months: float, *, before: bool = False) -> float:
        """U at this time; with ``before``, just before it."""
        return min((v for t, v in self.ceilings if t < months or (t == months and not before)), default=1.0)


def printed_points(curve: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """The printed points of a curve: kind, time in months and share of each with the range that prints the same."""
    points = []
    for table, row_id in curve:
        found = row(table, row_id)
        printed = found["value"]
        value = float(printed)
        half = 0.5 * 10.0 ** -len(printed.partition(".")[2])
        if found["unit"] == "months":
            point = {"kind": "median", "months": value, "share": 0.5, "low": value - half, "high": value + half}
        else:
            months = found["landmark_months"] if table == "survival" else 12.0 * float(found["timepoint"].split()[0])
            point = {"kind": "landmark", "months": months, "share": value / 100.0}
            point |= {"low": (value - half) / 100.0, "high": (value + half) / 100.0}
        points.append(point)
    return points


def bounds(points: Sequence[Mapping[str, Any]]) -> Bounds:
    """The floors and ceilings of printed points. Raises ValueError where no falling curve passes through all."""
    floors, ceilings = [], []
    for point in points:
        if point["kind"] == "median":
            floors.append((point["low"], 0.5))
            ceilings.append((point["high"], 0.5))
        else:
            floors.append((point["months"], point["low"]))
            ceilings.append((point["months"], point["high"]))
    found = Bounds(tuple(sorted(floors)), tuple(sorted(ceilings)))
    for time, share in found.floors:
        if share > found.highest(time):
            raise ValueError(
                f"at {time:g} months at least {share:g} and at most {found.highest(time):g}; expected points of a "
                "curve that never rises"
            )
    return found


def strength(share: float, c: float) -> float:
    """h t at which a curve with cure fraction c is at ``share``; infinite where it never falls so low."""
    return -math.log((share - c) / (1.0 - c)) if share > c else math.inf


def rates(given: Bounds, c: float) -> tuple[float, float]:
    """The lowest and the highest rate h, per month, with which cure fraction c keeps all floors and ceilings."""
    slowest = max(strength(share, c) / time for time, share in given.ceilings)
    fastest = min(strength(share, c) / time for time, share in given.floors)
    return slowest, fastest


def spare(c: float, floor: tuple[float, float], ceiling: tuple[float, float], sign: float = 1.0) -> float:
    """Above 0, with ``sign`` 1, where some rate with cure fraction c keeps both this floor and this ceiling."""
    return sign * (ceiling[0] * strength(floor[1], c) - floor[0] * strength(ceiling[1], c))


def cure_range(given: Bounds) -> tuple[float, float] | None:
    """The cure fractions of all mixture-cure curves through the points; None where no such curve passes through.

    The upper end is a limit that no curve reaches where the points allow everything below the lowest ceiling.
    """
    limit = min(share for _, share in given.ceilings)
    top = limit - CLOSEST
    low, high = 0.0, limit
    for floor in given.floors:
        for ceiling in given.ceilings:
            if floor[0] < ceiling[0]:
                if spare(0.0, floor, ceiling) < 0.0:
                    return None
                if spare(top, floor, ceiling) < 0.0:
                    high = min(high, bracketed_root(partial(spare, floor=floor, ceiling=ceiling), 0.0, top))
            elif floor[0] > ceiling[0] and spare(0.0, floor, ceiling) < 0.0:
                end = min(top, floor[1] - EDGE)
                if spare(end, floor, ceiling) < 0.0:
                    return None
                low = max(low, bracketed_root(partial(spare, floor=floor, ceiling=ceiling, sign=-1.0), 0.0, end))
    return (low, high) if low <= high else None


def share_at(c: float, h: float, months: float) -> float:
    """S(t) of the mixture-cure curve, a share."""
    return c + (1.0 - c) * math.exp(-h * months)


def envelope(given: Bounds) -> list[list[float]]:
    """[months, L, U] in per cent at every step of either, before and after it, from 0 to the horizon."""
    times = sorted({t for t, _ in (*given.floors, *given.ceilings) if t < HORIZON_MONTHS})
    steps = [[0.0, 100.0 * given.lowest(0.0), 100.0]]
    for time in times:
        steps.append([time, 100.0 * given.lowest(time), 100.0 * given.highest(time, before=True)])
        steps.append([time, 100.0 * given.lowest(time, after=True), 100.0 * given.highest(time)])
    last = float(HORIZON_MONTHS)
    return [*steps, [last, 100.0 * given.lowest(last), 100.0 * given.highest(last, before=True)]]


def _side(arm: str, values: Values) -> dict[str, Any]:
    """One curve: its envelope, the cure fractions it allows, and the curve with the one that was chosen."""
    given = bounds(printed_points(CURVES[arm][values[arm]][1]))
    month = values["landmark"]
    found = cure_range(given)
    side: dict[str, Any] = {
        "envelope": envelope(given),
        "low": 100.0 * given.lowest(month),
        "high": 100.0 * given.highest(month),
        "limit": 100.0 * min(share for _, share in given.ceilings),
        "cure": None if found is None else [100.0 * end for end in found],
        "assumed": None,
        "rate": None,
        "at": None,
        "curve": [],
    }
    if found is not None:
        low, high = found
        nearest = max(low, min(high, min(share for _, share in given.ceilings) - CLOSEST))
        c = min(max(values[f"cure_{arm}"] / 100.0, low), nearest)
        slowest, fastest = rates(given, c)
        h = slowest if math.isinf(fastest) else 0.5 * (slowest + fastest)
        side |= {"assumed": 100.0 * c, "rate": h, "at": 100.0 * share_at(c, h, month)}
        side["curve"] = [[float(t), 100.0 * share_at(c, h, t)] for t in range(HORIZON_MONTHS + 1)]
    return side


def _ahead(first: float, second: float) -> str:
    if abs(first - second) < 100.0 * EQUAL:
        return "neither"
    return ARMS[0] if first > second else ARMS[1]


def compute(values: Values) -> dict[str, Any]:
    """Both envelopes and both curves, and who is ahead at the landmark by either."""
    words = wording("cure")
    sides = {arm: _side(arm, values) for arm in ARMS}
    car, other = (sides[arm] for arm in ARMS)
    certain = "neither"
    if car["low"] > other["high"]:
        certain = ARMS[0]
    elif other["low"] > car["high"]:
        certain = ARMS[1]
    drawn = car["at"] is not None and other["at"] is not None
    text = {"month": rounded(values["landmark"])}
    for arm, side in sides.items():
        text |= {
            f"{arm}_low": rounded(side["low"], 1),
            f"{arm}_high": rounded(side["high"], 1),
            f"{arm}_limit": f"0 to {rounded(side['limit'], 1)} %",
            f"{arm}_cure": "none"
            if side["cure"] is None
            else f"{rounded(side['cure'][0])} to {rounded(side['cure'][1])} %",
            f"{arm}_assumed": "–" if side["assumed"] is None else rounded(side["assumed"]),
            f"{arm}_at": "–" if side["at"] is None else rounded(side["at"]),
        }
    sentence = [fill(words["sentence"], text), words["certain"][certain]]
    if drawn:
        sentence.append(fill(words["drawn"][_ahead(car["at"], other["at"])], text))
    sentence += [words["no_curve"][arm] for arm in ARMS if sides[arm]["cure"] is None]
    return {
        **sides,
        "certain": certain,
        "ahead": _ahead(car["at"], other["at"]) if drawn else None,
        "unused": [f"cure_{arm}" for arm in ARMS if sides[arm]["cure"] is None],
        "text": text,
        "sentence": " ".join(sentence),
    }


def data() -> dict[str, Any]:
    """The printed points of every curve, and its name."""
    return {
        arm: {
            name: {"label": label, "points": printed_points(rows), "rows": [row_id for _, row_id in rows]}
            for name, (label, rows) in curves.items()
        }
        for arm, curves in CURVES.items()
    }


def _curve_choice(arm: str, label: str) -> Choice:
    return Choice(
        name=arm,
        label=label,
        default=next(iter(CURVES[arm])),
        options={name: text for name, (text, _) in CURVES[arm].items()},
        origin=illustration(
            "The printed points are rows of the tables of survival and follow-up, listed below the chart. The curves "
            "at the start were chosen because their medians are equal."
        ),
    )


def _cure_slider(arm: str, label: str, default: float) -> Slider:
    return Slider(
        name=f"cure_{arm}",
        label=label,
        unit="%",
        default=default,
        low=0.0,
        high=100.0,
        step=1.0,
        origin=assumed("No article prints it. A value outside the range that the points allow is drawn at its end."),
        note="Set it within the range that the points allow.",
    )


MODEL = Model(
    name="cure",
    title="What a median and a landmark leave open",
    about=(
        "A calculation of bounds: the points are published, the curves between them are not. The lines are two of "
        "many that fit, not data of patients, and the shaded range is no confidence interval."
    ),
    parameters=(
        _curve_choice("car_t", "CAR T cells"),
        _curve_choice("bispecific", "Blinatumomab"),
        Slider(
            name="landmark",
            label="Compare at",
            unit="months",
            default=12.0,
            low=1.0,
            high=float(HORIZON_MONTHS),
            step=1.0,
            whole=True,
            origin=illustration("Move it: whoever picks the month can pick the winner."),
        ),
        _cure_slider("car_t", "Assumed cure fraction, CAR T cells", 40.0),
        _cure_slider("bispecific", "Assumed cure fraction, blinatumomab", 0.0),
    ),
    compute=compute,
    data=data,
)
