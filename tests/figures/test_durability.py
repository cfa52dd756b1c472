"""The findings in the titles of the chapter on durability."""

from __future__ import annotations

from carbite.evidence import row
from carbite.figures import durability as figures
from tests.figures import frame


def test_the_medians_of_adults_overlap() -> None:
    figure = figures.medians()
    table = frame(figure).query("Age == 'adults'")
    low, high = table.groupby("Arm")["Months"].min(), table.groupby("Arm")["Months"].max()
    for arm, other in (("CAR T cells", "Bispecific antibody"), ("Bispecific antibody", "CAR T cells")):
        assert low[arm] < high[other]
        assert f"{low[arm]:g} to {high[arm]:g}" in figure.title


def test_a_row_that_counts_everyone_is_not_of_responders() -> None:
    counted = {survival_id: who for survival_id, who, _ in figures.MEDIANS}
    for survival_id, who in counted.items():
        endpoint = row("survival", survival_id)["endpoint"]
        assert who == "responders" or endpoint == "efs", survival_id
    assert counted["fhcrc-efs-responders"] == "responders"


def test_elianas_plateau_went_on_falling() -> None:
    figure = figures.eliana_over_time()
    curves = frame(figure).query("Endpoint == 'RFS'").groupby("Curve")
    rfs = curves.get_group("Relapse-free, responders").set_index("Months")["Percent"]
    assert rfs[12] == rfs[18] > rfs[36] > rfs[60]
    first = curves.get_group("Relapse-free, responders, first analysis")
    assert first["Months"].tolist() == [12]
    assert first["Percent"].item() < rfs[12]
    assert f"{rfs[12]:.0f} %" in figure.title
    assert f"{rfs[60]:.0f} %" in figure.title


def test_no_line_joins_the_points_of_eliana() -> None:
    assert frame(figures.eliana_over_time())["Percent"].between(0, 100).all()
    assert "no line" in str(figures.eliana_over_time().caption)


def test_loss_of_cd19_differs_more_over_all_treated_than_over_relapses() -> None:
    figure = figures.cd19_loss()
    table = frame(figure).pivot_table(index="Counted", columns="Arm", values="Percent")
    times = table["CAR T cells"] / table["Bispecific antibody"]
    assert times["of all treated"] > times["of all relapses"] > 1
    for counted in times.index:
        assert f"{times[counted]:.1f} times" in figure.title


def test_remission_kept_is_undecided_among_adults() -> None:
    table = frame(figures.kept_scenarios()).set_index("Choice")
    assert table.loc["Adults only", "Verdict"] == "Undecided"
    assert table.loc["Published comparison, stated rule", "Verdict"] == "Favours CAR T"
    common = table["Verdict"].mode()[0]
    assert figures.kept_scenarios().title.startswith(f"{(table['Verdict'] == common).sum()} of these {len(table)}")


def test_the_table_on_transplantation_sets_both_treatments_side_by_side() -> None:
    table = figures.on_transplantation().frame
    assert set(table["After"]) == {"blinatumomab", "CAR T cells"}
    assert {"essential for long survival", "no clear benefit", "not essential for all"} <= set(table["What"])
    assert "76.9 %" in set(table["Value"])
