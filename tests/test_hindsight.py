"""Predictions with their reports and verdicts, and the tables of the chapter on what came later."""

from __future__ import annotations

import re
from html import unescape

import pytest

from carbite import hindsight
from carbite.comparison import Options, comparison, parse_question
from carbite.evidence import records, row
from carbite.prose import UnknownNumberError, number
from carbite.verdict import evaluate

ROWS = records("predictions")
DEBATE = {each["source_id"] for each in records("sources") if each["kind"] == "debate"}
# A change of a rate below this is called hardly any: two points in a hundred.
HARDLY = 0.02


def shown(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_each_article_of_the_debate_is_listed() -> None:
    assert {each["source_id"] for each in ROWS} == DEBATE


@pytest.mark.parametrize("prediction", ROWS, ids=lambda each: str(each["prediction_id"]))
def test_a_prediction_names_its_place_its_reports_and_their_sources(prediction: dict[str, str]) -> None:
    html = hindsight.predictions().html
    entry = re.search(rf'<li class="carbite-entry" id="prediction-{prediction["prediction_id"]}".*?</dl></li>', html)
    assert entry
    said = shown(entry[0])
    assert prediction["prediction"] in said
    assert prediction["reason"] in said
    assert f"Verdict {prediction['verdict']}" in said
    assert prediction["locator"] in said
    milestones = {each["milestone_id"]: each for each in records("milestones")}
    for side in ("supports", "opposes"):
        for each in (prediction[side] or "").split():
            report = milestones.get(each) or row("follow_up", each)
            source = row("sources", report["source_id"])
            assert source["citation"]
            assert report["locator"] in said
            assert (report["event"] if each in milestones else report["measure"]) in said


def test_a_verdict_follows_from_the_reports_alone() -> None:
    for each in ROWS:
        sides = (bool(each["supports"]), bool(each["opposes"]))
        assert each["verdict"] == ("open", "failed", "held", "partly")[2 * sides[0] + sides[1]]


def test_a_prediction_and_its_reason_are_a_plain_sentence_each() -> None:
    for each in ROWS:
        assert each["prediction"].endswith(".")
        assert each["reason"].endswith(".")
        assert len(each["prediction"].split()) <= 33, each["prediction_id"]
        assert len(each["reason"].split()) <= 33, each["prediction_id"]


def test_a_report_that_supports_came_after_its_article() -> None:
    years = {each["source_id"]: each["year"] for each in records("sources")}
    for each in ROWS:
        for side in ("supports", "opposes"):
            for report in (each[side] or "").split():
                known = {row["milestone_id"]: row for row in records("milestones")}
                found = known.get(report) or row("follow_up", report)
                assert years[found["source_id"]] >= years[each["source_id"]], (each["prediction_id"], report)


def test_the_tally_counts_each_prediction_once() -> None:
    table = hindsight.tally().frame
    verdicts = [word.capitalize() for word in hindsight.verdicts()]
    assert list(table["Predictions"]) == list(table[verdicts].sum(axis=1))
    articles, sides, together = (table["Predictions"].iloc[part] for part in (slice(0, 4), slice(4, 7), slice(7, None)))
    assert articles.sum() == sides.sum() == together.sum() == len(ROWS)
    assert number("p:count").text == str(len(ROWS))
    assert sum(int(number(f"p:{word}").text) for word in hindsight.verdicts()) == len(ROWS)
    for article in DEBATE:
        parts = [int(number(f"p:{article}.{word}").text) for word in hindsight.verdicts()]
        assert sum(parts) == int(number(f"p:{article}").text)


def test_an_unknown_count_says_what_there_is() -> None:
    with pytest.raises(UnknownNumberError, match=r"no predictions 'won'; expected count, held, partly, failed, open"):
        number("p:won")


def test_later_trials_lists_every_row_that_joined() -> None:
    table = hindsight.later_trials().frame
    own = {each["comparison_id"] for each in records("comparisons") if each["extends"]}
    joined = [each for each in records("outcomes") if each["comparison_id"] in own]
    assert [f"{each['events']} of {each['n']}" for each in joined] == list(table["Patients"])
    assert set(table["Ticked"]) == {"yes", "no", ""}


def test_the_table_of_conclusions_is_the_rules() -> None:
    table = hindsight.conclusions().frame
    for question, said in zip(hindsight.QUESTIONS, table.to_dict("records"), strict=True):
        before, after = evaluate(*parse_question(question)), evaluate(*parse_question(f"{question}_later"))
        assert said["Question"] == comparison(question).label
        for column, verdict in (("Trials of the debate", before), ("With later trials", after)):
            assert said[column].startswith(verdict.text["verdict"])
            assert verdict.text["ratio"] in said[column]


def test_the_chapter_says_of_the_later_trials_what_their_counts_say() -> None:
    """Each is of adults, with a rate below the pooled one; all report enrolment, and no adult trial before did."""
    published, later = comparison("cr"), comparison("cr_later")
    known = {trial.trial_id for trial in published.trials}
    joined = [trial for trial in later.trials if trial.trial_id not in known and trial.default]
    pooled = evaluate(published.default_selection()).arms["car_t"]
    assert pooled
    assert pooled.proportion
    for trial in joined:
        assert trial.arm == "car_t"
        assert trial.age_group == "adult"
        count = trial.counts["printed"]
        assert count.events / count.n < pooled.proportion.estimate
        assert trial.counts["enrolled"].denominator == "enrolled"
    adults = [trial for trial in published.trials if trial.arm == "car_t" and trial.age_group == "adult"]
    assert adults
    assert not any("enrolled" in trial.counts for trial in adults)


@pytest.mark.parametrize("question", ["severe_crs", "severe_neurotoxicity"])
def test_the_chapter_says_of_severe_toxicity_what_the_counts_say(question: str) -> None:
    before = evaluate(comparison(question).default_selection(), Options()).arms["car_t"]
    after = evaluate(comparison(f"{question}_later").default_selection(), Options()).arms["car_t"]
    assert before
    assert after
    assert before.proportion
    assert after.proportion
    change = after.proportion.estimate - before.proportion.estimate
    if question == "severe_crs":
        assert change < -HARDLY
        assert after.tau2 > before.tau2
    else:
        assert abs(change) < HARDLY
    counts = {
        trial.trial_id: trial.counts["printed"]
        for trial in comparison(f"{question}_later").trials
        if trial.arm == "car_t" and trial.default
    }
    assert 3 * counts["felix"].events / counts["felix"].n < counts["zuma-3-phase-1"].events / counts["zuma-3-phase-1"].n
    lowest = sorted(counts, key=lambda trial: counts[trial].events / counts[trial].n)
    assert "felix" in lowest[: 1 if question == "severe_crs" else 2]
