"""A title says a finding: each is checked against the rows that the figure draws."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

from carbite import figures, tables
from carbite.charts import Figure
from carbite.evidence import records

MAKERS = [
    maker
    for name, maker in inspect.getmembers(figures, inspect.isfunction)
    if not name.startswith("_") and maker.__module__ == figures.__name__ and not inspect.signature(maker).parameters
]


def frame(figure: Figure) -> pd.DataFrame:
    from io import StringIO

    return pd.read_csv(StringIO(figure.csv))


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_a_figure_has_words_marks_and_numbers(maker: object) -> None:
    assert callable(maker)
    figure = maker()
    assert figure.title
    assert len(figure.alt) > len(figure.title)
    assert "<path" in figure._repr_html_()
    assert not frame(figure).empty


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


def test_the_chapter_names_every_claim_once() -> None:
    table = tables.claims("efficacy").frame
    expected = [row["claim_id"] for row in records("claims") if row["chapter"] == "efficacy"]
    assert table["Claim"].tolist() == expected
    assert len(expected) == len(set(expected)) >= 13


def test_a_table_escapes_what_data_hold() -> None:
    html = tables.Table("A <b>", pd.DataFrame({"<i>": ["<img src=x>", None]}))._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html
    assert "A &lt;b&gt;" in html


def test_discrepancies_of_a_chapter_name_both_values() -> None:
    table = tables.discrepancies("efficacy")
    assert table.folded
    assert len(table.frame) > 20
    assert table.frame["One value"].notna().all()
