"""The findings in the titles of the chapter on next-generation bispecifics."""

from __future__ import annotations

import re

import pytest
from scipy import stats

from carbite.comparison import parse_question
from carbite.evidence import row
from carbite.figures import next_generation as figures
from carbite.verdict import evaluate
from tests.figures import frame


def test_the_newer_formats_add_what_the_title_says() -> None:
    table = frame(figures.formats())
    fc = table.set_index("Construct")["Fc part"]
    assert fc["blinatumomab"] == "none"
    assert set(fc.drop("blinatumomab")) <= {"silent", "functional"}
    assert list(table[table["Format"] == "Antibody, 2:1"]["Construct"]) == ["glofitamab"]
    assert "two arms for CD20" in table.set_index("Construct").loc["glofitamab", "Built"]


def test_every_bispecific_of_the_results_is_drawn() -> None:
    drawn = set(frame(figures.formats())["Construct"])
    assert {"blinatumomab", "mosunetuzumab", "glofitamab", "odronextamab", "epcoritamab", "plamotamab"} <= drawn


def test_the_combination_differs_by_no_more_than_chance_allows() -> None:
    """Fisher's P is the sum of the hypergeometric probabilities no larger than that of the table seen."""
    alone, combined = (row("outcomes", f"{each}-aggressive-cr") for each in ("glofitamab", "glofitamab-obinutuzumab"))
    events, n = alone["events"] + combined["events"], alone["n"] + combined["n"]
    counts = stats.hypergeom(n, events, combined["n"])
    seen = counts.pmf(combined["events"])
    # Equal probabilities may differ in their last digits.
    p = sum(counts.pmf(k) for k in range(combined["n"] + 1) if counts.pmf(k) <= seen * (1 + 1e-7))
    figure = figures.combinations()
    assert f"P = {p:.2f}" in figure.title
    assert p > 0.05
    assert (
        row("kinetics", "lussana-glofitamab-dose")["low"]
        < row("kinetics", "lussana-glofitamab-obinutuzumab-dose")["low"]
    )


def test_the_row_that_fits_no_count_has_none() -> None:
    table = frame(figures.combinations()).set_index("Treatment")
    printed, repaired = table.loc["with atezolizumab, as printed"], table.loc["with atezolizumab, if of all"]
    assert printed[["Responses", "Low", "High"]].isna().all()
    assert repaired["Percent"] < table.loc["alone", "Percent"] < printed["Percent"]


def test_after_car_t_the_title_has_the_range_of_the_trials() -> None:
    figure = figures.after_car_t()
    table = frame(figure)
    trials = table[table["Report"] != "Later studies, pooled"]["Percent"]
    assert f"{trials.min():g} % to {trials.max():g} %" in figure.title
    exact = table.iloc[0]
    assert exact["Low"] == pytest.approx(100.0 * stats.beta.ppf(0.025, 4, 15), abs=0.05)
    assert exact["High"] == pytest.approx(100.0 * stats.beta.ppf(0.975, 5, 14), abs=0.05)


def test_later_trials_moved_as_the_title_says() -> None:
    figure = figures.early_and_later()
    table = frame(figure)
    wide = table.pivot(index="Antibody", columns="Report", values="Percent")
    change = wide["later"] - wide["early"]
    risen, pairs = re.search(r"in (\d+) of (\d+) pairs", figure.title).groups()  # type: ignore[union-attr]
    assert (int(risen), int(pairs)) == ((change > 0).sum(), len(wide))
    early = table[table["Report"] == "early"].set_index("Antibody")["Patients"]
    assert change[early > 19].abs().max() < change[early <= 19].abs().max()


def test_the_choices_of_the_comparison_change_what_they_name() -> None:
    table = frame(figures.lymphoma_scenarios()).set_index("Choice")
    published = table.loc["As published"]
    assert (published["CAR T trials"], published["Other trials"]) == (3, 4)
    assert table.loc["Add blinatumomab", "Other trials"] == 6
    assert table.loc["Only antibodies at higher doses", "Other trials"] == 2
    assert table.loc["Count by enrolment", "Odds ratio"] < table.loc["Count by infusion", "Odds ratio"]
    assert table.loc["Count by infusion", "Odds ratio"] < published["Odds ratio"]


def test_the_chapter_says_what_the_choices_do() -> None:
    figure = figures.lymphoma_scenarios()
    odds = frame(figure).set_index("Choice")["Odds ratio"]
    assert odds.min() > 1.0
    assert (
        odds["Count by enrolment"]
        == odds[["As published", "Count by infusion", "Count by enrolment", "z interval"]].min()
    )
    assert odds["Higher doses, and by enrolment"] < 1.25
    assert (
        abs(odds["Without ZUMA-1"] - odds["As published"])
        < odds["As published"] - odds["Only antibodies at higher doses"]
    )
    undecided = (frame(figure)["Verdict"] == "Undecided").sum()
    assert figure.title.startswith(f"{undecided} of these {len(odds)} choices")


def test_the_verdicts_of_the_chapter() -> None:
    """Complete response favours CAR T cells as printed and is undecided by enrolment; any response is undecided."""
    for question, expected in (
        ("lymphoma_cr", "car_t"),
        ("lymphoma_cr?reading=infused", "car_t"),
        ("lymphoma_cr?reading=enrolled", "undecided"),
        ("lymphoma_response", "undecided"),
    ):
        assert evaluate(*parse_question(question)).verdict == expected, question
