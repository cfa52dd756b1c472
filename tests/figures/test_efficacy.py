"""The findings in the titles of the chapter on efficacy."""

from __future__ import annotations

from carbite.figures import efficacy as figures
from tests.figures import frame


def test_enrolment_lowers_eliana_and_hardly_tower() -> None:
    figure = figures.denominators()
    rate = frame(figure).set_index(["Trial", "Counted"])["Percent"]
    fall = {trial: rate[trial, "infused"] - rate[trial, "enrolled"] for trial in ("ELIANA", "TOWER")}
    assert fall["ELIANA"] > 10
    assert 0 < fall["TOWER"] < 1
    assert all(
        rate[trial, "infused"] >= rate[trial, "enrolled"] for trial in rate.index.get_level_values("Trial").unique()
    )


def test_assigned_to_blinatumomab_did_better_on_every_measure_shown() -> None:
    table = frame(figures.randomised()).pivot(index="Measure", columns="Treatment", values="Percent")
    assert len(table) == 4
    assert (table["blinatumomab"] > table["chemotherapy"]).all()


def test_no_cut_off_is_shared_by_the_arms() -> None:
    strata = frame(figures.burden())["Stratum"]
    cut_offs = {arm: set(strata[strata.str.contains(arm)].str.extract(r"(\d+) %")[0]) for arm in ("Blina", "CAR T")}
    assert cut_offs["Blina"]
    assert cut_offs["CAR T"]
    assert not cut_offs["Blina"] & cut_offs["CAR T"]


def test_each_programme_ends_below_its_start() -> None:
    for _, reports in frame(figures.early_and_late()).groupby("Programme"):
        ordered = reports.sort_values("Patients")["Percent"].tolist()
        assert len(ordered) > 1
        assert ordered[-1] < ordered[0]


def test_the_scenarios_title_counts_its_rows() -> None:
    figure = figures.remission_scenarios()
    verdicts = frame(figure)["Verdict"].value_counts()
    assert figure.title.startswith(f"{verdicts.iloc[0]} of these {verdicts.sum()} choices")
    assert figure.title.endswith(verdicts.index[0][1:])
