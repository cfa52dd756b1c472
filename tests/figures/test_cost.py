"""The findings in the titles of the chapter on cost and feasibility."""

from __future__ import annotations

from carbite.evidence import records, row
from carbite.figures import cost as figures
from tests.figures import frame


def test_more_of_towers_patients_were_treated_than_of_any_car_t_trial() -> None:
    figure = figures.order_to_remission()
    treated = frame(figure).query("Stage == 'treated'").set_index("Trial")["Percent"]
    tower = treated.pop("TOWER (leukaemia)")
    assert tower > 98
    assert (treated < tower).all()
    assert f"{treated.min():.0f} to {treated.max():.0f} %" in figure.title


def test_the_range_in_the_title_holds_for_every_car_t_trial_that_counts_receipt() -> None:
    treated = frame(figures.order_to_remission()).query("Stage == 'treated' and Arm == 'CAR T cells'")["Percent"]
    counted = [each for each in records("outcomes") if each["endpoint"] == "received"]
    shares = {
        each["outcome_id"]: 100.0 * each["events"] / each["n"]
        for each in counted
        if row("trials", each["trial_id"])["arm"] == "car_t"
    }
    assert "seattle-received" in shares
    for outcome_id, share in shares.items():
        assert treated.min() <= round(share, 1) <= treated.max(), outcome_id


def test_no_step_has_more_patients_than_the_one_before() -> None:
    for _, steps in figures.stages().groupby("Trial", sort=False):
        assert steps["Patients"].is_monotonic_decreasing
        assert steps["Stage"].tolist() == [stage for stage in figures.STAGES if stage in set(steps["Stage"])]


def test_patients_are_those_of_the_rows() -> None:
    patients = figures.stages().set_index(["Trial", "Stage"])["Patients"]
    assert patients["ELIANA (leukaemia)", "treated"] == row("trials", "eliana")["infused"]
    assert patients["ZUMA-3 (leukaemia)", "in remission"] == 39  # stated in the note of the row
    assert "39 remissions" in row("follow_up", "zuma-3-cr-enrolled")["note"]


def test_the_clocks_measure_different_things() -> None:
    clocks = frame(figures.waiting_times())["Clock"]
    assert clocks.is_unique
    assert {"make", "delivery", "enrolment"} <= set(" ".join(clocks).replace(",", " ").split())


def test_no_two_analyses_are_compared_without_their_comparator() -> None:
    table = figures.published_analyses().frame
    assert table["Compares"].str.contains("against").all()
    assert table["Result"].str.contains("EUR|USD").all()
