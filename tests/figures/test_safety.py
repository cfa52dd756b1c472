"""The findings in the titles of the chapter on safety."""

from __future__ import annotations

import re

import pytest
from scipy import stats

from carbite.evidence import row
from carbite.figures import safety as figures
from tests.figures import frame

# Percentages are drawn with one decimal.
DRAWN = 0.05
# Percentage points between groups that a title calls near, and from which on it calls them far.
NEAR, FAR = 5.0, 30.0


def test_one_product_has_rates_far_apart() -> None:
    figure = figures.one_product()
    rates = frame(figure)["Percent"]
    assert f"{rates.min():g} % or {rates.max():g} %" in figure.title
    assert frame(figure).set_index("Percent").loc[rates.min(), "Scale"] == figures.NOT_STATED
    # Disease and scale change together with the report, so that neither can be told from the other.
    assert set(frame(figure)["Patients"]) == {"leukaemia, children", "lymphoma, adults", "both diseases"}


def test_the_same_trial_is_graded_as_the_title_says() -> None:
    figure = figures.regraded()
    table = frame(figure)
    assert f"in {table['Percent'].min()} % or in {table['Percent'].max()} %" in figure.title
    assert set(table["Patients"]) == {106, 111}
    by_grading = table.set_index("Grading")["Patients with it"]
    assert by_grading["ASTCT, four experts"] < by_grading["CTCAE, four experts"]


def test_low_burden_comes_near_and_high_burden_does_not() -> None:
    table = frame(figures.burden())
    for _, rates in table.groupby("Toxicity"):
        percent = rates.set_index("Group")["Percent"]
        low = percent["CAR T, under 5 % blasts (MSKCC)"] - percent["Blinatumomab, residual disease (BLAST)"]
        high = percent["CAR T, 5 % blasts or more (MSKCC)"] - percent["Blinatumomab, overt disease (TOWER)"]
        assert abs(low) < NEAR
        assert high > FAR


def test_intervals_are_clopper_and_pearsons() -> None:
    """Their limits are quantiles of beta distributions."""
    for each in frame(figures.burden()).to_dict("records"):
        events, n = each["Events"], each["Patients"]
        assert each["Low"] == pytest.approx(100.0 * stats.beta.ppf(0.025, events, n - events + 1), abs=DRAWN)
        assert each["High"] == pytest.approx(100.0 * stats.beta.ppf(0.975, events + 1, n - events), abs=DRAWN)


def test_burden_differs_by_more_than_chance_within_the_trial() -> None:
    """Fisher's P is the sum of the hypergeometric probabilities no larger than that of the table seen."""
    caption = figures.burden().caption
    assert caption
    printed = [float(p) for p in re.findall(r"0\.\d{3}", caption)]
    for name, p in zip(("crs", "neurotoxicity"), printed, strict=True):
        low, high = (row("outcomes", f"mskcc-severe-{name}-{group}-burden") for group in ("low", "high"))
        chance = stats.hypergeom(low["n"] + high["n"], low["events"] + high["events"], low["n"])
        seen = chance.pmf(low["events"])
        every = (chance.pmf(k) for k in range(low["n"] + 1))
        # The tolerance is scipy's own for equal probabilities.
        assert sum(each for each in every if each <= seen * (1 + 1e-7)) == pytest.approx(p, abs=0.0005)
        assert p < 0.05


def test_blinatumomab_spared_infections_and_brought_cytokine_release() -> None:
    rate = frame(figures.chemotherapy()).pivot(index="Harm", columns="Treatment", values="Percent")
    for harm in ("Neutropenia", "Infection"):
        assert rate.loc[harm, "blinatumomab"] < rate.loc[harm, "chemotherapy"]
    assert rate.loc["Cytokine release syndrome", "blinatumomab"] > 0
    assert rate.loc["Cytokine release syndrome", "chemotherapy"] == 0


def test_obinutuzumab_did_not_lower_cytokine_release() -> None:
    figure = figures.mitigation()
    rate = frame(figure).pivot(index="Treatment", columns="Grade", values="Percent")
    alone, combined = rate.loc["Glofitamab"], rate.loc["Glofitamab with obinutuzumab"]
    assert f"in {combined['any grade']} %, alone in {alone['any grade']} %" in figure.title
    assert combined["any grade"] > alone["any grade"]
    assert rate["severe"].max() < 10


def test_four_ranges_leave_out_a_trial() -> None:
    figure = figures.ranges()
    table = frame(figure)
    assert figure.title.startswith(f"{table.groupby('Printed')['Outside'].any().sum()} of {len(figures.RANGES)} ")
    outside = table[table["Outside"]]
    assert ((outside["Percent"] < outside["Low"]) | (outside["Percent"] > outside["High"])).all()
    inside = table[~table["Outside"]]
    assert inside["Percent"].between(inside["Low"], inside["High"]).all()
    named = {(r["Printed"].partition(":")[0], r["Trial"]) for r in outside.to_dict("records")}
    assert {("Molina & Shah", "ELIANA"), ("Subklewe, table", "JULIET"), ("Lussana et al", "Epcoritamab")} <= named


@pytest.mark.parametrize("scenarios", [figures.crs_scenarios, figures.neurotoxicity_scenarios])
def test_the_scenarios_titles_count_their_rows(scenarios: object) -> None:
    assert callable(scenarios)
    figure = scenarios()
    verdicts = frame(figure)["Verdict"].value_counts()
    assert figure.title.startswith(f"{verdicts.iloc[0]} of these {verdicts.sum()} choices")


def test_with_the_fewest_trials_the_verdict_turns_and_the_estimate_hardly_moves() -> None:
    table = frame(figures.crs_scenarios()).set_index("Choice")
    first, overt = (
        table.loc[choice]
        for choice in ("Fullest reports, stated rule", "Blinatumomab in adults with overt disease alone")
    )
    assert overt["Other trials"] == 2
    assert overt["Odds ratio"] == pytest.approx(first["Odds ratio"], rel=0.2)
    assert (first["Verdict"], overt["Verdict"]) == ("Favours blinatumomab", "Undecided")


def test_no_choice_decides_severe_neurotoxicity() -> None:
    assert set(frame(figures.neurotoxicity_scenarios())["Verdict"]) == {"Undecided"}
