"""Risk of bias and certainty: every question has an answer, and the answers fit the data that they speak of."""

from __future__ import annotations

import pytest

from carbite import tables
from carbite.catalogue import field
from carbite.comparison import Options, comparison, rows
from carbite.evidence import records, row
from carbite.verdict import evaluate

ITEMS = field("appraisals", "item")["constraints"]["enum"]
DOMAINS = field("certainty", "domain")["constraints"]["enum"]
RATED = list(dict.fromkeys(each["comparison_id"] for each in records("certainty")))
JUDGED = {(each["trial_id"], each["item"]): each for each in records("appraisals")}


def judgements(comparison_id: str) -> dict[str, str]:
    """What is judged of one comparison, by domain."""
    found = (each for each in records("certainty") if each["comparison_id"] == comparison_id)
    return {each["domain"]: each["judgement"] for each in found}


def test_the_checklist_has_its_ten_questions() -> None:
    """Munn et al 2020: "10 questions addressing the internal validity and risk of bias of case series designs"."""
    assert len(ITEMS) == 10


def test_every_trial_pooled_for_remission_has_every_answer_once() -> None:
    pooled = [each.trial.trial_id for each in rows(comparison("cr").default_selection(), Options())]
    assert [(each["trial_id"], each["item"]) for each in records("appraisals")] == [
        (trial, item) for trial in pooled for item in ITEMS
    ]


def test_all_who_were_enrolled_are_counted_only_where_the_denominator_says_so() -> None:
    for outcome in records("outcomes"):
        if outcome["comparison_id"] == "cr" and outcome["reading"] == "printed":
            judged = JUDGED[outcome["trial_id"], "complete"]["judgement"]
            expected = {"enrolled": "yes", "infused": "no", "unstated": "unclear"}[outcome["denominator"]]
            assert judged == expected, outcome["trial_id"]


def test_outcomes_are_unclearly_reported_exactly_where_a_percentage_is_impossible() -> None:
    for outcome in records("outcomes"):
        if outcome["comparison_id"] == "mrd_among_cr" and outcome["reading"] == "printed":
            impossible = "impossible-percent" in (outcome["flag"] or "").split()
            assert (JUDGED[outcome["trial_id"], "outcomes"]["judgement"] == "no") == impossible, outcome["trial_id"]


def test_an_answer_rests_on_one_of_the_four_articles() -> None:
    for each in records("appraisals"):
        assert row("sources", each["source_id"])["kind"] == "debate"


@pytest.mark.parametrize("comparison_id", RATED)
def test_certainty_has_every_domain_and_fits_the_verdict(comparison_id: str) -> None:
    rated = {
        each["domain"]: each["judgement"] for each in records("certainty") if each["comparison_id"] == comparison_id
    }
    assert list(rated) == DOMAINS
    verdict = evaluate(comparison(comparison_id).default_selection())
    assert rated["imprecision"] == ("serious" if verdict.verdict == "undecided" else "none")
    predicted = []
    for pooled in verdict.arms.values():
        assert pooled is not None
        assert pooled.proportion is not None
        predicted.append((pooled.proportion.pi_low, pooled.proportion.pi_high))
    (low, high), (other_low, other_high) = predicted
    overlap = low <= other_high and other_low <= high
    assert rated["inconsistency"] == ("serious" if overlap else "none")


@pytest.mark.parametrize("comparison_id", RATED)
def test_certainty_starts_low_and_falls_by_what_is_judged(comparison_id: str) -> None:
    """GRADE: evidence that is not randomised starts at low; each serious concern takes a level, to very low at most."""
    rated = {
        each["domain"]: each["judgement"] for each in records("certainty") if each["comparison_id"] == comparison_id
    }
    levels = ["very-low", "low", "moderate", "high"]
    lost = sum({"serious": 1, "very-serious": 2}.get(judgement, 0) for judgement in rated.values())
    assert rated["certainty"] == levels[max(0, levels.index("low") - lost)]


def test_every_comparison_is_rated() -> None:
    """The chapter on method says of all of them that their certainty is very low."""
    assert set(RATED) == {each["comparison_id"] for each in records("comparisons")}
    assert {judgements(each)["certainty"] for each in RATED} == {"very-low"}


def test_tables_show_every_answer_and_every_reason() -> None:
    answers = tables.appraisals()
    assert len(answers.frame) == len(ITEMS)
    unclear = sum(each["judgement"] == "unclear" for each in records("appraisals"))
    assert f"{unclear} of {len(JUDGED)} answers" in answers.caption
    complete = answers.frame.set_index("Question").loc["Complete inclusion, all enrolled are counted"]
    assert complete.tolist() == ["12 of 15", "NCI, TOWER", "ELIANA"]
    assert len(tables.reasons().frame) == len(JUDGED)
    assert tables.certainty("cr").frame["Judged"].tolist()[0] == "very serious"


def test_a_comparison_without_a_rating_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "records", lambda table: [])
    with pytest.raises(ValueError, match=r"certainty.csv has no row of 'cr'"):
        tables.certainty("cr")
