"""Escape from an antigen: the formulas against integration and a simulation, and the page against Python."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from carbite.evidence import row
from carbite.models import escape, model
from carbite.models.escape import Cleared, Growth, Losses
from carbite.models.escape_simulation import simulate
from tests.models.parity import check_model

MODEL = model("escape")
# Closed forms in double precision, and integrals asked for 1e-10.
ROUNDING = 1e-9
INTEGRATED = 1e-6
PATIENTS = 2000
# Simulated shares lie within so many standard errors; there are a dozen of them, all with fixed seeds.
STANDARD_ERRORS = 4.0
# Small leukaemias grow a little differently from the large ones of the formulas.
SMALL = 0.01
GROWTHS = (Growth(0.105, 0.04, 0.77), Growth(0.3, 0.0, 0.3), Growth(0.2, 0.15, 1.0))


def near(share: float) -> float:
    """How far a share of simulated patients may lie from this one."""
    return STANDARD_ERRORS * math.sqrt(max(share * (1 - share), 0.01) / PATIENTS) + SMALL


def targeted(growth: Growth, on_days: float, off_days: float, days: float) -> Cleared:
    """The integrals of the targeted cells by following their equation over the schedule."""
    cell_days = moment = 0.0
    cells, start = 1.0, 0.0
    while start < days:
        for length, rate in ((on_days, -growth.decline), (off_days, growth.net)):
            if length:
                solved = solve_ivp(
                    lambda t, y, rate=rate: [rate * y[0], y[0], t * y[0]],
                    (start, start + length),
                    [cells, 0.0, 0.0],
                    rtol=1e-10,
                    atol=1e-13,
                )
                cells, more, later = solved.y[:, -1]
                cell_days, moment, start = cell_days + more, moment + later, start + length
    return Cleared(cell_days, moment)


@pytest.mark.parametrize("growth", GROWTHS)
@pytest.mark.parametrize(("on_days", "off_days"), [(28.0, 0.0), (28.0, 14.0), (7.0, 5.0), (28.0, 56.0)])
def test_clearance_is_that_of_numerical_integration(growth: Growth, on_days: float, off_days: float) -> None:
    if growth.decline * on_days <= growth.net * off_days:
        with pytest.raises(ValueError, match="shorten the pauses"):
            escape.cleared(growth, on_days, off_days)
        return
    ours = escape.cleared(growth, on_days, off_days)
    followed = targeted(growth, on_days, off_days, 1500.0)
    assert ours == pytest.approx(followed, rel=INTEGRATED)


@pytest.mark.parametrize("growth", GROWTHS)
@pytest.mark.parametrize("cells", [1e3, 1e11])
def test_losses_before_treatment_are_those_of_the_birth_death_process(growth: Growth, cells: float) -> None:
    """Each loss counts with the probability that its clone survives, not with the form the formula was reduced to."""
    b, d, r = growth.birth, growth.death, growth.net
    grown = math.log(cells) / r

    def alive(days: float) -> float:
        return r / (b - d * math.exp(-r * days))

    there = quad(lambda t: b * math.exp(r * (t - grown)) * alive(grown - t), 0.0, grown, epsabs=0, limit=400)[0]
    assert escape.present(cells, 1e-3 / cells, growth) == pytest.approx(
        -math.expm1(-1e-3 * there), rel=2.0 / cells**0.5
    )
    instantly = Cleared(0.0, 0.0)
    holds = quad(lambda t: b * math.exp(r * (t - grown)) * r / b, 0.0, grown, epsabs=0, limit=400)[0]
    assert escape.one_step(cells, growth, instantly) == pytest.approx(cells * holds, rel=2.0 / cells)
    # In two steps: the mean of cells with one loss is b t exp(r t) for each unit of its probability.
    both = quad(lambda t: b * b * t * math.exp(r * (t - grown)) * r / b, 0.0, grown, epsabs=0, limit=400)[0]
    assert escape.two_steps(cells, growth, instantly) == pytest.approx(cells * both, rel=INTEGRATED)


def test_two_steps_during_treatment_are_those_of_numerical_integration() -> None:
    growth, cells = GROWTHS[0], 1e8
    b, r, c = growth.birth, growth.net, growth.decline
    one_loss = cells * b * math.log(cells) / r

    def rates(_: float, y: np.ndarray) -> list[float]:
        both_kept, one_lost, _ = y
        return [-c * both_kept, -c * one_lost + b * both_kept, b * one_lost * r / b]

    followed = solve_ivp(rates, (0.0, 80.0), [cells, one_loss, 0.0], rtol=1e-10, atol=1e-6).y[2, -1]
    during = escape.two_steps(cells, growth, escape.cleared(growth, 1.0, 0.0)) - escape.two_steps(
        cells, growth, Cleared(0.0, 0.0)
    )
    assert during == pytest.approx(followed, rel=INTEGRATED)


def test_without_deaths_it_is_luria_and_delbruck() -> None:
    for expected in (0.01, 0.5, 3.0):
        found = escape.present(1e9, expected / 1e9, Growth(0.2, 0.0, 1.0))
        assert found == pytest.approx(1 - math.exp(-expected), abs=ROUNDING)


def test_deaths_leave_what_takes_hold_and_add_what_is_there() -> None:
    still, dying = Growth(0.1, 0.0, 1e9), Growth(0.1, 0.09, 1e9)
    instantly = escape.cleared(still, 1.0, 0.0)
    assert escape.one_step(1e9, still, instantly) == pytest.approx(escape.one_step(1e9, dying, instantly))
    assert escape.present(1e9, 1e-10, dying) > escape.present(1e9, 1e-10, still)


@pytest.mark.parametrize("growth", GROWTHS)
@pytest.mark.parametrize("expected", [0.2, 1.0])
def test_one_target_escapes_as_often_as_simulated(growth: Growth, expected: float) -> None:
    cells = 250
    losses = Losses(expected / cells, 0.0, 0.0)
    found = simulate("single", cells, losses, growth, patients=PATIENTS, seed=3)
    there = escape.present(cells, losses.cd19, growth)
    assert found.present == pytest.approx(there, abs=near(there))
    held = escape.escape(cells, 1, losses, growth, escape.cleared(growth, 1.0, 0.0))["single"]
    assert found.escaped == pytest.approx(held, abs=near(held))


def test_pauses_escape_as_often_as_simulated() -> None:
    growth, losses = Growth(0.3, 0.1, 0.5), Losses(0.3 / 200, 0.0, 0.0)
    on_days, off_days = 3.0, 4.0
    paused = escape.escape(200, 1, losses, growth, escape.cleared(growth, on_days, off_days))["single"]
    steady = escape.escape(200, 1, losses, growth, escape.cleared(growth, on_days, 0.0))["single"]
    found = simulate(
        "single", 200, losses, growth, on_days=on_days, off_days=off_days, patients=PATIENTS, seed=4
    ).escaped
    assert found == pytest.approx(paused, abs=near(paused))
    assert paused > steady + 2 * near(steady)


def test_two_targets_escape_as_often_as_simulated() -> None:
    growth = GROWTHS[0]
    treated = escape.cleared(growth, 1.0, 0.0)
    # Losses so common that the number of cells with one loss is close to its mean, where the upper limit is close.
    common = Losses(0.012, 0.012, 0.0)
    upper = escape.escape(250, 250, common, growth, treated)["at_once"]
    found = simulate("at_once", 250, common, growth, patients=PATIENTS, seed=5).escaped
    assert found <= upper + near(upper)
    assert found > 0.6 * upper
    # Losses of both at once need no second step.
    shared = Losses(0.5 / 250, 0.0, 0.5)
    for strategy in ("in_turn", "at_once"):
        held = escape.escape(250, 250, shared, growth, treated)[strategy]
        found = simulate(strategy, 250, shared, growth, regrown=250, patients=PATIENTS, seed=6).escaped
        assert found == pytest.approx(held, abs=near(held))


def test_a_second_target_at_relapse_escapes_as_often_as_simulated() -> None:
    growth, cells, regrown = GROWTHS[0], 250, 200
    losses = Losses(1.5 / cells, 0.6 / regrown, 0.1)
    held = escape.escape(cells, regrown, losses, growth, escape.cleared(growth, 1.0, 0.0))["in_turn"]
    found = simulate("in_turn", cells, losses, growth, regrown=regrown, patients=PATIENTS, seed=7).escaped
    assert found == pytest.approx(held, abs=near(held))


def test_limits_of_two_targets() -> None:
    growth, cells = GROWTHS[0], 1e10
    treated = escape.cleared(growth, 1.0, 0.0)
    together = escape.escape(cells, 1e9, Losses(1e-11, 1e-9, 1.0), growth, treated)
    assert together["at_once"] == pytest.approx(together["single"], abs=ROUNDING)
    never = escape.escape(cells, 1e9, Losses(1e-11, 1e-30, 0.0), growth, treated)
    assert never["at_once"] == pytest.approx(0.0, abs=ROUNDING)
    assert never["in_turn"] == pytest.approx(0.0, abs=ROUNDING)
    always = escape.escape(cells, 1e12, Losses(1e-11, 1e-9, 0.0), growth, treated)
    assert always["in_turn"] == pytest.approx(always["single"], rel=1e-6)
    assert always["at_once"] < 1e-6
    failing = escape.with_failures(never, 1.0)
    assert set(failing.values()) == {never["single"]}


def test_the_order_of_strategies_and_burden() -> None:
    last = dict.fromkeys(escape.STRATEGIES, -1.0)
    for power in np.arange(6.0, 13.5, 0.5):
        found = MODEL.result({"cells": min(power, 13.0), "second": 10.0})
        assert found["at_once"] <= found["in_turn"] <= found["single"] <= 1.0
        assert all(found[name] >= last[name] for name in escape.STRATEGIES)
        last = {name: found[name] for name in escape.STRATEGIES}


def test_the_start_gives_what_was_published() -> None:
    found = MODEL.result()
    reported = float(row("follow_up", escape.LOSS_OF_TREATED)["value"])
    # The power of ten has three decimals.
    assert 100 * found["lost"] == pytest.approx(reported, abs=0.03)
    assert 100 * found["of_relapses"] == pytest.approx(
        float(row("follow_up", escape.LOSS_OF_RELAPSES)["value"]), abs=0.7
    )
    parts = ("no_response", "kept", "lost", "well")
    assert sum(found[name] for name in parts) == pytest.approx(1.0, abs=ROUNDING)


def test_escape_that_is_as_likely_gives_fewer_losses_with_blinatumomab() -> None:
    """What the chapter says of shares of patients: the same escape, other failures."""
    response = escape.pooled("bispecific")
    kept = escape.kept_of_responders("blinatumomab", response)
    same = MODEL.result({"response": round(100 * response), "kept": round(100 * kept)})
    assert same["single"] == MODEL.result()["single"]
    reported = float(row("follow_up", "locatelli-2023-loss-all-blinatumomab")["value"])
    assert 100 * same["lost"] == pytest.approx(reported, abs=0.6)


def test_pauses_that_outgrow_treatment_are_refused() -> None:
    with pytest.raises(ValueError, match="in the pauses the leukaemia grows more than it shrinks between them"):
        MODEL.result({"fall": 14, "on_weeks": 1, "off_weeks": 8})


def test_page_and_python_agree(tmp_path: Path) -> None:
    check_model("escape", tmp_path)
