"""Escape from an antigen: cells without CD19 that were there before treatment, or arose while it cleared the others.

Cells divide at rate b and die at rate d, so the leukaemia grows at r = b - d. At a division one daughter loses CD19
with probability u. Treatment kills what carries its target, so that these cells shrink at rate c; a cell without the
target goes on as before, and its descendants survive for good with probability r / b. Then losses that take hold come
as a Poisson process, and CD19-negative leukaemia returns in a patient with probability

    P = 1 - exp(-u N (1 + r I)),        I = integral of the targeted cells over the treatment, per cell at its start.

N is their number at the start. u N counts losses before treatment: N b / r divisions, of which a loss takes hold with
r / b, so that birth and death cancel. u N r I counts those during treatment; without pauses I = 1 / c. The probability
that any such cell is there at the start is 1 - exp(-u N k), k = -ln(1 - d / b) / (d / b) (Iwasa, Nowak and Michor,
Genetics 2006;172:2557; with d = 0 it is Luria and Delbrück's 1 - exp(-u N)).

With a second antigen, lost with probability v a division, a share s of the losses of CD19 takes it along. A cell
without either comes in two steps as well: before treatment (b / r) (N ln N - N + 1) u v of them take hold, in either
order, and r N ((b / r) ln N I + b J) u v during it, J = integral of time times cells. As that is an expected number,
1 - exp(-it) is an upper limit, close where single losses are common.

Tests hold these formulas to ``escape_simulation.py``, which follows every cell.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from carbite.comparison import parse_question
from carbite.evidence import row
from carbite.prose import NO_BREAK, number
from carbite.verdict import evaluate

from .formats import fill, rounded, significant
from .model import Model, wording
from .parameters import Slider, Values, assumed, fitted, published

DAYS_PER_WEEK = 7.0
# Shares below this are only called smaller than it, in per cent.
TINY_PERCENT = 0.001
# Where the curves are drawn: the cells at the start, as powers of ten.
POWERS = tuple(6.0 + 0.25 * step for step in range(29))
STRATEGIES = ("single", "in_turn", "at_once")

BIRTH, DEATH = row("kinetics", "leukaemia-cell-birth"), row("kinetics", "leukaemia-cell-death")
LOSS_OF_TREATED, LOSS_OF_RELAPSES = "locatelli-2023-loss-all-car-t", "locatelli-2023-loss-relapses-car-t"
NEGATIVE, SWITCH = "relapse-2023-cd19-negative", "relapse-2023-lineage-switch"


class Growth(NamedTuple):
    """Rates a day: division, death, and the decline of targeted cells; the share of losses that take both antigens."""

    birth: float
    death: float
    decline: float

    @property
    def net(self) -> float:
        """Growth of the leukaemia a day."""
        return self.birth - self.death


class Cleared(NamedTuple):
    """Integrals over the whole treatment of the targeted cells, per cell at its start: cell-days, and times time."""

    cell_days: float
    moment: float


def cleared(growth: Growth, on_days: float, off_days: float) -> Cleared:
    """How long targeted cells go on dividing, with pauses of ``off_days`` after every ``on_days``.

    Raises ValueError where the leukaemia grows faster in the pauses than it shrinks between them.
    """
    c, r = growth.decline, growth.net
    if off_days == 0.0:
        return Cleared(1.0 / c, 1.0 / c**2)
    left = math.exp(-c * on_days)
    cycle = on_days + off_days
    remaining = left * math.exp(r * off_days)
    if c * on_days <= r * off_days:
        raise ValueError("in the pauses the leukaemia grows more than it shrinks between them; shorten the pauses")
    grown = math.expm1(r * off_days) / r
    once = (1.0 - left) / c + left * grown
    first = (1.0 - left * (1.0 + c * on_days)) / c**2
    later = left * (on_days * grown + off_days * math.exp(r * off_days) / r - grown / r)
    lost = 1.0 - remaining
    return Cleared(once / lost, (first + later) / lost + cycle * remaining * once / lost**2)


def one_step(cells: float, growth: Growth, treated: Cleared) -> float:
    """Losses of one antigen that take hold, per unit of its probability a division: N (1 + r I)."""
    return cells * (1.0 + growth.net * treated.cell_days)


def two_steps(cells: float, growth: Growth, treated: Cleared) -> float:
    """Expected losses of one antigen after the other that take hold, per unit of both probabilities."""
    b, r = growth.birth, growth.net
    before = (b / r) * (cells * math.log(cells) - cells + 1.0)
    during = r * cells * ((b / r) * math.log(cells) * treated.cell_days + b * treated.moment)
    return before + during


def present(cells: float, loss: float, growth: Growth) -> float:
    """The probability that a cell without CD19 is there when treatment starts, whether or not it would take hold."""
    dying = growth.death / growth.birth
    factor = 1.0 if dying == 0.0 else -math.log1p(-dying) / dying
    return -math.expm1(-loss * cells * factor)


class Losses(NamedTuple):
    """Probabilities a division: of losing CD19, and the second antigen; the share of the former that is of both."""

    cd19: float
    second: float
    shared: float


def escape(cells: float, regrown: float, losses: Losses, growth: Growth, treated: Cleared) -> dict[str, float]:
    """The probability that leukaemia escapes each strategy, by name, if the T cells work in full.

    single: CD19 alone. in_turn: the second antigen is attacked, CD19 still, once ``regrown`` cells without CD19 are
    there. at_once: both from the start.
    """
    all_losses = losses.cd19 * one_step(cells, growth, treated)
    twice = losses.cd19 * losses.second * two_steps(cells, growth, treated)
    both = losses.shared * all_losses + (1.0 - losses.shared) * twice
    alone = (1.0 - losses.shared) * max(0.0, all_losses - twice)
    again = losses.second * one_step(regrown, growth, treated)
    return {
        "single": -math.expm1(-all_losses),
        "in_turn": 1.0 - math.exp(-both) * (math.exp(-alone) - math.expm1(-alone) * math.exp(-again)),
        "at_once": -math.expm1(-both - (1.0 - losses.shared) * twice),
    }


def with_failures(escapes: dict[str, float], failing: float) -> dict[str, float]:
    """The same where the second attack does not work in a share ``failing`` of patients: there it is as with one."""
    return {name: failing * escapes["single"] + (1.0 - failing) * each for name, each in escapes.items()}


def compute(values: Values) -> dict[str, Any]:
    """Probabilities from 0 to 1; the curves in per cent."""
    growth = growth_of(values)
    treated = cleared(growth, DAYS_PER_WEEK * values["on_weeks"], DAYS_PER_WEEK * values["off_weeks"])
    losses = Losses(10.0 ** -values["loss"], 10.0 ** -values["second"], values["shared"] / 100.0)
    failing, regrown = values["failing"] / 100.0, 10.0 ** values["regrown"]

    def at(cells: float) -> dict[str, float]:
        return with_failures(escape(cells, regrown, losses, growth, treated), failing)

    cells = 10.0 ** values["cells"]
    escapes = at(cells)
    curves = [at(10.0**power) for power in POWERS]
    response, kept = values["response"] / 100.0, values["kept"] / 100.0
    lost = response * (1.0 - kept) * escapes["single"]
    relapses = lost + response * kept
    numbers = {
        **escapes,
        "present": present(cells, losses.cd19, growth),
        "before": 1.0 / (1.0 + growth.net * treated.cell_days),
        "no_response": 1.0 - response,
        "kept": response * kept,
        "lost": lost,
        "well": max(0.0, response - relapses),
        "of_relapses": lost / relapses if relapses > 0.0 else 0.0,
        "of_responders": (1.0 - kept) * escapes["single"],
    }
    days = math.log(regrown) / growth.net
    said = wording("escape")
    text = {name: percent(value) for name, value in numbers.items()}
    text |= {name: fill(said["power"], {"number": plain(values[name])}) for name in ("cells", "loss", "second")}
    text |= {"response": percent(response), "failing": percent(failing)}
    text |= {"fall": plain(values["fall"]), "regrowth_days": significant(days)}
    return {
        **numbers,
        "regrowth_days": days,
        "curves": {
            name: [[10.0**power, 100.0 * each[name]] for power, each in zip(POWERS, curves, strict=True)]
            for name in STRATEGIES
        },
        "unused": ["on_weeks"] if values["off_weeks"] == 0.0 else [],
        "text": text,
        "sentence": fill(said["sentence"], text),
    }


def percent(share: float) -> str:
    """A share from 0 to 1 in per cent, with few digits where it is small."""
    value = 100.0 * share
    if 0.0 < value < TINY_PERCENT:
        return fill(wording("escape")["tiny"], {"limit": f"{significant(TINY_PERCENT, 1)}{NO_BREAK}%"})
    shown = rounded(value) if value >= 10.0 else significant(value)
    return f"{shown}{NO_BREAK}%"


def plain(value: float) -> str:
    """A number with one decimal, or none where it is nought."""
    return rounded(value, 1).removesuffix(".0")


def growth_of(values: Values) -> Growth:
    """The rates that the parameters stand for."""
    birth = values["birth"] / 100.0
    return Growth(birth, birth * values["death"] / 100.0, math.log(10.0) / values["fall"])


def relapsing(arm: str) -> tuple[float, float]:
    """What Locatelli et al imply, as shares of all treated: relapse without CD19, and relapse that kept it.

    ``arm`` is ``car-t`` or ``blinatumomab``. Both are shares of the same treated patients only if their two
    percentages are of the same publications.
    """
    of_treated = float(row("follow_up", f"locatelli-2023-loss-all-{arm}")["value"]) / 100.0
    of_relapses = float(row("follow_up", f"locatelli-2023-loss-relapses-{arm}")["value"]) / 100.0
    return of_treated, of_treated / of_relapses - of_treated


def pooled(arm: str) -> float:
    """The pooled remission rate of the chapter on efficacy as it prints it, from 0 to 1; ``arm`` as in the data."""
    return float(evaluate(*parse_question("cr")).text[f"{arm}.percent"]) / 100.0


def kept_of_responders(arm: str, response: float) -> float:
    """The share of responders who relapse with CD19, if so many of all treated responded."""
    return relapsing(arm)[1] / response


STARTING_CELLS = 11.0
STARTING_FALL = 3.0
STARTING_BIRTH = (BIRTH["low"] + BIRTH["high"]) / 2.0
STARTING_DEATH = float(round(100.0 * DEATH["low"] / STARTING_BIRTH))
STARTING_RESPONSE = float(round(100.0 * pooled("car_t")))
STARTING_KEPT = float(round(100.0 * kept_of_responders("car-t", STARTING_RESPONSE / 100.0)))


def fitted_loss() -> float:
    """Minus the power of ten of the probability of loss that gives the relapses without CD19 of all treated."""
    growth = Growth(STARTING_BIRTH / 100.0, STARTING_BIRTH * STARTING_DEATH / 1e4, math.log(10.0) / STARTING_FALL)
    still_possible = STARTING_RESPONSE / 100.0 * (1.0 - STARTING_KEPT / 100.0)
    losses = -math.log1p(-relapsing("car-t")[0] / still_possible)
    return round(-math.log10(losses / one_step(10.0**STARTING_CELLS, growth, cleared(growth, 1.0, 0.0))), 3)


def _shared() -> float:
    """Per cent of losses of CD19 that were lineage switches."""
    switched, negative = (float(row("follow_up", name)["value"]) for name in (SWITCH, NEGATIVE))
    return float(round(100.0 * switched / (switched + negative)))


MODEL = Model(
    name="escape",
    title="Escape from one antigen, and from two",
    about=(
        "An illustration. How fast leukaemia grows, and how many relapses lose CD19, are published; how often a "
        "division loses it is fitted to that, and how many cells there are and how fast they are cleared is assumed."
    ),
    parameters=(
        Slider(
            name="cells",
            label="Leukaemia cells at the start, as a power of ten",
            default=STARTING_CELLS,
            low=6.0,
            high=13.0,
            step=0.1,
            origin=assumed("No article counts them. Little disease left means fewer, a full marrow more."),
            note="each step of one is ten times as many",
        ),
        Slider(
            name="loss",
            label="One division in ten to this power loses CD19",
            default=fitted_loss(),
            low=5.0,
            high=15.0,
            step=0.001,
            origin=fitted(
                f"With the other starting values, {number(f'f:{LOSS_OF_TREATED}').text} of all treated relapse "
                "without CD19, as Locatelli et al found for CAR T cells. Nobody measured it in patients."
            ),
            note="higher is rarer; fitted",
        ),
        Slider(
            name="shared",
            label="Losses of CD19 that take the second antigen along",
            unit="%",
            default=_shared(),
            low=0.0,
            high=100.0,
            step=1.0,
            origin=published(
                f"f:{SWITCH}",
                f"Lineage switches, set against the {number(f'f:{NEGATIVE}').text} that only lost CD19. That a switch "
                "takes the second antigen along is assumed.",
            ),
        ),
        Slider(
            name="failing",
            label="Patients in whom the second attack does not work",
            unit="%",
            default=0.0,
            low=0.0,
            high=100.0,
            step=1.0,
            origin=assumed("Nought is the best case of two targets."),
        ),
        Slider(
            name="second",
            label="One division in ten to this power loses the second antigen",
            default=fitted_loss(),
            low=5.0,
            high=15.0,
            step=0.001,
            origin=assumed("As rare as the loss of CD19."),
            group="The second antigen",
        ),
        Slider(
            name="regrown",
            label="CD19-negative cells when the second treatment starts, as a power of ten",
            default=9.0,
            low=0.0,
            high=12.0,
            step=0.1,
            origin=assumed("About where a relapse is seen; nobody gives a number. It matters in turn only."),
            group="The second antigen",
        ),
        Slider(
            name="birth",
            label="Cell divisions",
            unit="% of cells per day",
            default=STARTING_BIRTH,
            low=2.0,
            high=30.0,
            step=0.5,
            origin=published("k:leukaemia-cell-birth", "The middle of both, in children before treatment."),
            group="Growth and clearance",
        ),
        Slider(
            name="death",
            label="Cell deaths without treatment",
            unit="% of divisions",
            default=STARTING_DEATH,
            low=0.0,
            high=95.0,
            step=1.0,
            origin=published("k:leukaemia-cell-death", "Divided by the share that divides."),
            group="Growth and clearance",
        ),
        Slider(
            name="fall",
            label="Targeted cells fall tenfold within",
            unit="days",
            default=STARTING_FALL,
            low=0.5,
            high=14.0,
            step=0.1,
            origin=assumed("At this pace they are gone in about a month. No article measures it."),
            group="Growth and clearance",
        ),
        Slider(
            name="on_weeks",
            label="Treatment between pauses",
            unit="weeks",
            default=row("kinetics", "subklewe-induction-on")["low"],
            low=1.0,
            high=8.0,
            step=1.0,
            origin=published("k:subklewe-induction-on", "Only used where there are pauses."),
            group="Growth and clearance",
        ),
        Slider(
            name="off_weeks",
            label="Pause",
            unit="weeks",
            default=0.0,
            low=0.0,
            high=8.0,
            step=1.0,
            origin=assumed(
                f"CAR T cells never pause. Blinatumomab pauses {number('k:subklewe-induction-off').text} at first and "
                f"{number('k:subklewe-maintenance-off').text} later."
            ),
            group="Growth and clearance",
        ),
        Slider(
            name="response",
            label="Patients in whom treatment brings remission",
            unit="%",
            default=STARTING_RESPONSE,
            low=0.0,
            high=100.0,
            step=1.0,
            origin=published("v:cr:car_t.percent", f"With blinatumomab {number('v:cr:bispecific.percent').text}."),
            group="Other ways to fail",
        ),
        Slider(
            name="kept",
            label="Of these, relapse that keeps CD19",
            unit="%",
            default=STARTING_KEPT,
            low=0.0,
            high=100.0,
            step=1.0,
            origin=published(
                f"f:{LOSS_OF_RELAPSES}",
                f"With {number(f'f:{LOSS_OF_TREATED}').text} of all treated it implies how many relapsed with CD19; "
                "divided by the remissions.",
            ),
            group="Other ways to fail",
        ),
    ),
    compute=compute,
)
