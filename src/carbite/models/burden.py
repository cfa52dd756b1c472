"""Case mix: how much of a gap in remission can come from how many patients of each arm had a high burden.

An arm is two groups, patients with a high burden of disease and patients with a low one. With p the share with a
high burden, H the remission rate among them and L the rate among the others, the arm's rate is

    R = p H + (1 - p) L.

The gap between two arms, R_c - R_b, is the sum of two parts (Kitagawa 1955; Das Gupta, Demography 1978;15:99-112):

    case mix            (p_c - p_b) ((H_c + H_b) / 2 - (L_c + L_b) / 2)
    rates by burden     p (H_c - H_b) + (1 - p) (L_c - L_b)  at p = (p_c + p_b) / 2

If both treatments had the same two rates, only the first part would be left: (p_b - p_c) (L - H). So case mix alone
makes a gap only if the shares differ by at least gap / (L - H): the Cornfield condition for a difference of rates
(Ding and VanderWeele 2014, doi 10.1093/biomet/asu030).

It is arithmetic, not evidence. No article reports both arms at one cut-off, and several inputs are assumed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from carbite.comparison import comparison
from carbite.evidence import row
from carbite.prose import NO_BREAK, number
from carbite.verdict import evaluate

from .formats import fill, rounded
from .model import Model, wording
from .parameters import Choice, Origin, Slider, Values, assumed, fitted, published

# The outcomes from which the starting values come. MSKCC counts 5 % blasts or more as high, City of Hope over 50 %.
CAR_T_HIGH, CAR_T_LOW = "mskcc-cr-high-burden", "mskcc-cr-low-burden"
BISPECIFIC_ALL, BISPECIFIC_HIGH = "coh-blinatumomab-cr", "coh-blinatumomab-cr-high-burden"
# No article gives the share with a high burden in a trial of blinatumomab.
ASSUMED_SHARE = 50.0


class Mix(NamedTuple):
    """An arm by burden: the share of its patients with a high burden, and the remission rates, all from 0 to 1."""

    high: float
    cr_high: float
    cr_low: float

    @property
    def remission(self) -> float:
        """The rate of the whole arm."""
        return self.high * self.cr_high + (1.0 - self.high) * self.cr_low

    @property
    def contrast(self) -> float:
        """How much lower remission is at high burden than at low."""
        return self.cr_low - self.cr_high


class Parts(NamedTuple):
    """A gap in remission and its parts, as differences of rates: ``gap == mix + rates``.

    ``at_car_t`` and ``at_bispecific`` are the part of case mix if it is valued at the rates of one arm alone, as
    Oaxaca and Blinder do; ``mix`` lies midway between them.
    """

    gap: float
    mix: float
    rates: float
    at_car_t: float
    at_bispecific: float


def decomposition(car_t: Mix, bispecific: Mix) -> Parts:
    """The parts of the gap in remission, CAR T minus bispecific (formula above)."""
    difference = bispecific.high - car_t.high
    share = (car_t.high + bispecific.high) / 2.0
    return Parts(
        gap=car_t.remission - bispecific.remission,
        mix=difference * (car_t.contrast + bispecific.contrast) / 2.0,
        rates=share * (car_t.cr_high - bispecific.cr_high) + (1.0 - share) * (car_t.cr_low - bispecific.cr_low),
        at_car_t=difference * car_t.contrast,
        at_bispecific=difference * bispecific.contrast,
    )


def standardised_gap(car_t: Mix, bispecific: Mix, high: float) -> float:
    """The gap if both arms had this share with a high burden: direct standardisation."""
    return car_t._replace(high=high).remission - bispecific._replace(high=high).remission


def gap_range(car_t: Mix, bispecific: Mix) -> tuple[float, float]:
    """The smallest and the largest gap that any two case mixes could make with these rates."""
    of_car_t, of_bispecific = car_t[1:], bispecific[1:]
    return min(of_car_t) - max(of_bispecific), max(of_car_t) - min(of_bispecific)


def difference_needed(gap: float, contrast: float) -> float | None:
    """By how much more patients of the bispecific arm must have a high burden for case mix alone to make this gap.

    A difference of shares from -1 to 1, negative where remission is higher at high burden. None: none is enough.
    """
    if abs(gap) > abs(contrast) or contrast == 0.0:
        return None
    return gap / contrast


def implied_low(overall: float, high: float, cr_high: float) -> float:
    """The remission rate at low burden that makes an arm's rate ``overall``.

    Raises ValueError where no rate from 0 to 1 does, or where nobody has a low burden.
    """
    if not 0.0 <= high < 1.0:
        raise ValueError(f"share with a high burden = {high}; expected at least 0 and below 1")
    cr_low = (overall - high * cr_high) / (1.0 - high)
    if not 0.0 <= cr_low <= 1.0:
        raise ValueError(f"remission {overall} of all and {cr_high} of {high} leave {cr_low:.3g}; expected 0 to 1")
    return cr_low


def share_range(events: int, n: int, part: int) -> tuple[float, float]:
    """The lowest and highest rate among ``part`` of ``n`` patients of whom ``events`` had the event: counting alone.

    Raises ValueError unless 0 <= events <= n and 1 <= part <= n.
    """
    if not (0 <= events <= n and 1 <= part <= n):
        raise ValueError(f"{events} events, {part} of {n} patients; expected 0 to n events and 1 to n patients")
    return max(0, events - (n - part)) / part, min(events, part) / part


def arms(values: Values) -> tuple[Mix, Mix]:
    """Both arms for these values of the parameters, which are in per cent."""
    car_t = Mix(*(values[f"car_{name}"] / 100.0 for name in Mix._fields))
    bispecific = Mix(*(values[f"bispecific_{name}"] / 100.0 for name in Mix._fields))
    if values["rates"] == "bispecific":
        car_t = bispecific._replace(high=car_t.high)
    elif values["rates"] == "car":
        bispecific = car_t._replace(high=bispecific.high)
    return car_t, bispecific


def compute(values: Values) -> dict[str, Any]:
    """Rates in per cent, gaps and their parts in percentage points; ``needed`` is None where case mix cannot."""
    car_t, bispecific = arms(values)
    parts = decomposition(car_t, bispecific)
    lowest, highest = gap_range(car_t, bispecific)
    contrast = max(car_t.contrast, bispecific.contrast, key=abs)
    needed = difference_needed(values["seen"] / 100.0, contrast)
    numbers = {
        "car": 100.0 * car_t.remission,
        "bispecific": 100.0 * bispecific.remission,
        **{name: 100.0 * part for name, part in parts._asdict().items()},
        "same": 100.0 * standardised_gap(car_t, bispecific, values["common"] / 100.0),
        "lowest": 100.0 * lowest,
        "highest": 100.0 * highest,
        "most": 100.0 * abs(contrast),
    }
    said = wording("burden")
    text = {name: percent(value) if name in ("car", "bispecific") else points(value) for name, value in numbers.items()}
    text |= {name: percent(value) for name, value in values.items() if name not in ("rates", "seen")}
    text["seen"] = points(values["seen"])
    spread = "" if text["at_car_t"] == text["at_bispecific"] else fill(said["range"], text)
    if needed is None:
        text["needed"] = said["cannot"]
    else:
        text["needed"] = fill(said["can"][_arm_with_more(needed)], {"needed": points(100.0 * abs(needed), 0)})
    text["whose"] = said["whose"][values["rates"]]
    return {
        **numbers,
        "needed": None if needed is None else 100.0 * needed,
        "rates_used": [[100.0 * mix.cr_high, 100.0 * mix.cr_low] for mix in (car_t, bispecific)],
        "unused": [f"{arm}_{name}" for arm in _replaced(values["rates"]) for name in Mix._fields[1:]],
        "text": text,
        "sentence": fill(said["sentence"], {**text, "range": spread}),
    }


def percent(value: float) -> str:
    """A rate in whole per cent."""
    return f"{rounded(value)}{NO_BREAK}%"


def points(value: float, decimals: int = 1) -> str:
    """Percentage points, with a real minus sign."""
    return f"{rounded(value, decimals)}{NO_BREAK}points".replace("-", "\u2212")


def _arm_with_more(difference: float) -> str:
    """The arm with the larger share at high burden."""
    return "car" if difference < 0.0 else "bispecific"


def _replaced(rates: str) -> tuple[str, ...]:
    """The arms whose own rates have no effect."""
    return {"own": (), "bispecific": ("car",), "car": ("bispecific",)}[rates]


def pooled_gap() -> float:
    """The pooled difference in remission of the chapter on efficacy, in percentage points with one decimal."""
    pooled = evaluate(comparison("cr").default_selection()).arms
    car_t, bispecific = (arm.proportion for arm in (pooled["car_t"], pooled["bispecific"]) if arm)
    if car_t is None or bispecific is None:
        raise TypeError("remission was pooled without a way back to proportions")
    return round(100.0 * (car_t.estimate - bispecific.estimate), 1)


def _percent(outcome_id: str) -> float:
    return float(row("outcomes", outcome_id)["percent_printed"])


def _patients(*outcome_ids: str) -> int:
    return sum(row("outcomes", outcome_id)["n"] for outcome_id in outcome_ids)


def _share_of_car_t() -> float:
    """Per cent of the MSKCC patients who had a high burden there."""
    return 100.0 * _patients(CAR_T_HIGH) / _patients(CAR_T_HIGH, CAR_T_LOW)


def _population(outcome_id: str) -> str:
    return str(row("outcomes", outcome_id)["population"])


def _share(name: str, label: str, default: float, origin: Origin, note: str = "") -> Slider:
    return Slider(name, label, round(default), 0, 100, 1, origin, unit="%", note=note)


def _rate(name: str, label: str, default: float, origin: Origin, note: str) -> Slider:
    return Slider(name, label, round(default), 0, 100, 1, origin, unit="%", group="The rates", note=note)


CUT_OFFS = f"High burden means {_population(CAR_T_HIGH)} here, and {_population(BISPECIFIC_HIGH)} with blinatumomab."
LOW_OF_BISPECIFIC = implied_low(
    _percent(BISPECIFIC_ALL) / 100.0, ASSUMED_SHARE / 100.0, _percent(BISPECIFIC_HIGH) / 100.0
)

MODEL = Model(
    name="burden",
    title="What case mix could make of the gap",
    about=(
        "Arithmetic on rates that were published at different cut-offs, and on others that are assumed. It shows what "
        "a difference in case mix could do, not what it did."
    ),
    parameters=(
        _share(
            "car_high",
            "High burden among patients given CAR T cells",
            _share_of_car_t(),
            published(f"o:{CAR_T_HIGH}:n", f"Of {_patients(CAR_T_HIGH, CAR_T_LOW)} patients at MSKCC. {CUT_OFFS}"),
            note=f"start: {_population(CAR_T_HIGH)} at MSKCC",
        ),
        _share(
            "bispecific_high",
            "High burden among patients given blinatumomab",
            ASSUMED_SHARE,
            assumed(f"No article gives the share of {_population(BISPECIFIC_HIGH)} in a trial of blinatumomab."),
            note="start assumed: no article gives it",
        ),
        Choice(
            "rates",
            "Whose remission rates",
            "own",
            {
                "own": "each treatment its own",
                "bispecific": "both those of blinatumomab",
                "car": "both those of CAR T cells",
            },
            assumed("With the same rates for both, all that is left of the gap comes from case mix."),
            look="radio",
        ),
        _share(
            "common",
            "High burden among the patients you treat",
            ASSUMED_SHARE,
            assumed("Set it to the patients you have in mind. Nothing published stands behind the starting value."),
        ),
        _rate(
            "car_cr_high",
            "CAR T cells, high burden",
            _percent(CAR_T_HIGH),
            published(f"o:{CAR_T_HIGH}", CUT_OFFS),
            _population(CAR_T_HIGH),
        ),
        _rate(
            "car_cr_low",
            "CAR T cells, low burden",
            _percent(CAR_T_LOW),
            published(f"o:{CAR_T_LOW}", CUT_OFFS),
            _population(CAR_T_LOW),
        ),
        _rate(
            "bispecific_cr_high",
            "Blinatumomab, high burden",
            _percent(BISPECIFIC_HIGH),
            published(f"o:{BISPECIFIC_HIGH}"),
            _population(BISPECIFIC_HIGH),
        ),
        _rate(
            "bispecific_cr_low",
            "Blinatumomab, low burden",
            100.0 * LOW_OF_BISPECIFIC,
            fitted(
                "No rate at low burden is printed. With this one the arm has the "
                f"{_percent(BISPECIFIC_ALL):g} % remission that City of Hope printed for all its patients, if "
                f"{ASSUMED_SHARE:g} % of them had a high burden."
            ),
            "all other patients: no article prints it",
        ),
        Slider(
            "seen",
            "Gap in remission to explain",
            pooled_gap(),
            0,
            100,
            0.1,
            published(
                "v:cr:car_t.percent",
                f"Minus {number('v:cr:bispecific.percent').text} with blinatumomab: the pooled rates of the chapter on "
                "efficacy.",
            ),
            unit="points",
            group="The gap to explain",
        ),
    ),
    compute=compute,
)
