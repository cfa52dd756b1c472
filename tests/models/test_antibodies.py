"""The newer antibodies, a point a row: both languages, the table's own numbers, and what can be read from them."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy import stats

from carbite.evidence import consistent_events, row
from carbite.models import model
from carbite.models.antibodies import WIDE
from tests.models.parity import check_model

# The choices are few: so many draws hold each combination of most of them.
CASES = 600
# A closed form and its computation differ by rounding alone.
ROUNDING = 1e-9


def rows(**values: object) -> dict[str, dict[str, float]]:
    return {each["name"]: each for each in model("antibodies").result(values)["rows"]}


def test_page_and_python_agree(tmp_path: Path) -> None:
    check_model("antibodies", tmp_path, cases=CASES)


def test_a_row_is_its_count_with_the_exact_interval() -> None:
    """The limits of Clopper and Pearson are quantiles of beta distributions."""
    found = rows()
    assert list(found) == ["Mosunetuzumab", "Glofitamab", "Odronextamab", "Plamotamab"]
    for name, outcome_id in (("Mosunetuzumab", "mosunetuzumab-aggressive-cr"), ("Plamotamab", "plamotamab-dlbcl-cr")):
        outcome = row("outcomes", outcome_id)
        events, n = outcome["events"], outcome["n"]
        assert found[name]["share"] == pytest.approx(100.0 * events / n, abs=ROUNDING)
        assert found[name]["low"] == pytest.approx(100.0 * stats.beta.ppf(0.025, events, n - events + 1), abs=ROUNDING)
        assert found[name]["high"] == pytest.approx(100.0 * stats.beta.ppf(0.975, events + 1, n - events), abs=ROUNDING)


def test_no_event_and_every_event_have_a_limit_at_the_end() -> None:
    whole = rows(lymphoma="indolent", partners=True)["Glofitamab + obinutuzumab"]
    assert (whole["events"], whole["n"], whole["high"]) == (4, 4, 100.0)
    assert whole["low"] == pytest.approx(100.0 * 0.025 ** (1 / 4), abs=ROUNDING)


def test_the_lymphoma_moves_responses_and_leaves_toxicity() -> None:
    """The table prints toxicity once a trial: nothing can be read of it by lymphoma."""
    for toxicity in ("severe_crs", "crs"):
        aggressive, indolent = (rows(lymphoma=lymphoma, toxicity=toxicity) for lymphoma in ("aggressive", "indolent"))
        for name in set(aggressive) & set(indolent):
            assert aggressive[name]["toxicity"] == indolent[name]["toxicity"]
            assert aggressive[name]["share"] < indolent[name]["share"]


def test_patients_behind_the_axes_are_those_of_the_rows() -> None:
    found = model("antibodies").result()
    ids = ("mosunetuzumab-aggressive-cr", "glofitamab-aggressive-cr", "odronextamab-dlbcl-cr", "plamotamab-dlbcl-cr")
    assert found["text"]["counted"] == str(sum(row("outcomes", each)["n"] for each in ids))
    trials = ("mosunetuzumab", "glofitamab", "odronextamab", "plamotamab")
    assert found["text"]["treated"] == str(sum(row("outcomes", f"{each}-severe-crs")["n"] for each in trials))


def test_doses_are_wide_or_chosen_by_what_is_printed() -> None:
    wide, chosen = (set(rows(dose=dose)) for dose in ("wide", "chosen"))
    assert (wide, chosen) == ({"Mosunetuzumab", "Glofitamab"}, {"Odronextamab", "Plamotamab"})
    for name in ("mosunetuzumab-dose-aggressive", "glofitamab-dose"):
        dose = row("kinetics", f"lussana-{name}")
        assert dose["high"] >= WIDE * dose["low"]
    plamotamab = row("kinetics", "lussana-plamotamab-dose")
    assert plamotamab["high"] < WIDE * plamotamab["low"]


def test_neurotoxicity_that_is_not_reported_is_no_zero() -> None:
    found = model("antibodies").result({"toxicity": "severe_neurotoxicity"})
    assert {each["name"] for each in found["points"]} == {"Mosunetuzumab", "Glofitamab"}
    assert found["text"]["untold"] == "Odronextamab, Plamotamab"
    nothing = model("antibodies").result({"toxicity": "neurotoxicity", "dose": "chosen"})
    assert (nothing["points"], nothing["finding"], nothing["text"]["toxicity_range"]) == ([], "few", "none")


def test_the_row_with_atezolizumab_fits_all_its_patients_and_not_those_named() -> None:
    printed, repaired = (
        rows(partners=True, repaired=repaired)["Glofitamab + atezolizumab"] for repaired in (False, True)
    )
    percent = row("outcomes", "glofitamab-atezolizumab-aggressive-cr")["percent_printed"]
    assert printed["share"] == float(percent)
    assert not consistent_events(21, percent)
    assert list(consistent_events(25, percent)) == [9]
    assert (repaired["events"], repaired["n"]) == (9 - 4, 21)
    assert repaired["share"] == pytest.approx(100.0 * 5 / 21, abs=ROUNDING)


def test_car_t_trials_stand_beside_aggressive_lymphoma_only() -> None:
    shown = rows(car_t=True)
    assert {"ZUMA-1", "JULIET", "TRANSCEND"} <= set(shown)
    assert model("antibodies").result({"car_t": True})["finding"] == "car_both"
    for lymphoma in ("indolent", "after"):
        found = model("antibodies").result({"car_t": True, "lymphoma": lymphoma})
        assert {each["arm"] for each in found["rows"]} == {"bispecific"}
        assert "car_t" in found["unused"]


@pytest.mark.parametrize(
    ("values", "unused"),
    [
        ({}, ["repaired"]),
        ({"partners": True}, []),
        ({"lymphoma": "after"}, ["dose", "partners", "unsplit", "car_t", "repaired"]),
        ({"dose": "wide", "partners": True}, ["partners", "unsplit", "repaired"]),
    ],
)
def test_what_changes_nothing_is_said(values: dict[str, object], unused: list[str]) -> None:
    start = model("antibodies").result(values)
    assert start["unused"] == unused
    for name in unused:
        parameter = model("antibodies").parameter(name)
        others = [True] if isinstance(parameter.default, bool) else ["wide", "chosen"]
        for other in others:
            changed = model("antibodies").result({**values, name: other})
            assert changed["rows"] == start["rows"], name


def test_an_unknown_lymphoma_is_refused() -> None:
    with pytest.raises(ValueError, match="model antibodies: lymphoma = 'mantle'; expected one of aggressive, indolent"):
        model("antibodies").result({"lymphoma": "mantle"})
