"""The rule, applied: against differences that metafor gave, and at the edges of what can be tested."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from carbite.comparison import (
    MAX_ADDED_TRIALS,
    Options,
    Selection,
    added_trial,
    comparison,
    comparison_ids,
    independent_groups,
    rows,
    rule,
)
from carbite.evidence import records
from carbite.verdict import claim, evaluate, odds, percent, round_half_up

REFERENCE = json.loads((Path(__file__).parent / "reference" / "metafor_scenarios.json").read_text("utf-8"))["scenarios"]
# metafor's own convergence, with its tight control, is what limits the agreement of a log odds ratio.
AGREEMENT = 1e-8

PUBLISHED = comparison("cr").default_selection()


def without(*trial_ids: str) -> Selection:
    return Selection("cr", tuple(trial for trial in PUBLISHED.trials if trial not in trial_ids))


def only(*trial_ids: str) -> Selection:
    return Selection("cr", trial_ids)


SCENARIOS = {
    "S0 all r/r as printed": PUBLISHED,
    "S3 no retrospective, no abstracts": without("coh-blinatumomab", "coh-car", "nci"),
    "S4 ELIANA of 92 enrolled (61/92)": Selection("cr", PUBLISHED.trials, {"eliana": "enrolled"}),
    "S4b ELIANA 61/92 v TOWER 119/271 only": Selection("cr", ("eliana", "tower"), {"eliana": "enrolled"}),
    "S4c ELIANA 61/75 v TOWER 119/271 only": only("eliana", "tower"),
    "S7 without Hebei (MRD+ mixed in)": without("hebei"),
    "S8 blina pilot only v NCI only (adversarial)": only("mt103-206", "nci"),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_difference_is_metafors(name: str) -> None:
    expected = REFERENCE[name]
    verdict = evaluate(SCENARIOS[name], Options(interval="z"))
    assert verdict.ratio is not None
    assert verdict.ratio.ci_low is not None
    assert verdict.ratio.ci_high is not None
    found = [math.log(x) for x in (verdict.ratio.odds_ratio, verdict.ratio.ci_low, verdict.ratio.ci_high)]
    assert found == pytest.approx([expected["z"][key] for key in ("diff", "lo", "hi")], abs=AGREEMENT)
    counted = {arm: [row for row in verdict.rows if row.trial.arm == arm and not row.left_out] for arm in verdict.arms}
    assert [len(counted["bispecific"]), len(counted["car_t"])] == [expected["k_blina"], expected["k_car"]]
    assert sum(row.n or 0 for row in counted["car_t"]) == expected["n_car"]


def test_the_rule_is_the_designs() -> None:
    stated = {
        key: rule()[key] for key in ("measure", "tau2", "interval", "contrast", "level", "minimum_trials_per_arm")
    }
    assert stated == {
        "measure": "logit",
        "tau2": "REML",
        "interval": "modified-hartung-knapp",
        "contrast": "separate",
        "level": 0.95,
        "minimum_trials_per_arm": 2,
    }
    assert Options().follows_rule


@pytest.mark.parametrize("comparison_id", comparison_ids())
def test_no_default_counts_a_patient_twice(comparison_id: str) -> None:
    counted = [row for row in rows(comparison(comparison_id).default_selection(), Options()) if not row.left_out]
    for first in counted:
        for second in counted:
            assert first is second or not first.trial.cohorts & second.trial.cohorts
    assert "overlap" not in evaluate(comparison(comparison_id).default_selection()).caveats


def test_more_is_not_always_better() -> None:
    """The same odds ratio helps one side where events are wanted and the other where they are not."""
    remission = evaluate(PUBLISHED, Options(interval="z"))
    crs = evaluate(comparison("davis_severe_crs").default_selection(), Options(interval="z", tau2="EE"))
    assert remission.ratio is not None
    assert crs.ratio is not None
    assert remission.ratio.odds_ratio > 1
    assert crs.ratio.odds_ratio > 1
    assert (remission.verdict, crs.verdict) == ("car_t", "bispecific")


def test_one_trial_in_an_arm_is_not_testable() -> None:
    verdict = evaluate(PUBLISHED, Options(population="children"))
    assert verdict.verdict == "not-testable"
    assert "the blinatumomab arm has one" in verdict.sentence
    assert verdict.ratio is not None
    assert verdict.ratio.ci_low is None
    assert verdict.ratio_z is not None
    assert verdict.ratio_z.ci_low is not None


def test_an_empty_arm_is_not_testable() -> None:
    verdict = evaluate(only("eliana", "mskcc"))
    assert verdict.verdict == "not-testable"
    assert "no trial is ticked in the blinatumomab arm" in verdict.sentence
    assert verdict.arms["bispecific"] is None


def test_only_overlapping_cohorts_are_not_testable() -> None:
    chosen = Selection("davis_cr", ("mskcc-2014", "mskcc-2015", "mt103-206", "mt103-211"))
    printed = evaluate(chosen, Options(overlap="printed"))
    assert printed.verdict == "not-testable"
    assert "all share patients" in printed.sentence
    once = evaluate(chosen)
    assert [row.trial.trial_id for row in once.rows if row.left_out == "overlap"] == ["mskcc-2015"]


def test_independent_groups_join_through_a_shared_cohort() -> None:
    trials = {trial.trial_id: trial for trial in comparison("davis_cr").trials}
    bispecific = [trials[each] for each in ("mt103-206", "mt103-211", "kantarjian-2016")]
    assert independent_groups(bispecific) == 1
    assert independent_groups(bispecific[:2]) == 2


def test_bias_divides_the_odds_ratio() -> None:
    plain, biased = evaluate(PUBLISHED), evaluate(PUBLISHED, Options(bias=4.0))
    assert plain.ratio is not None
    assert biased.ratio is not None
    assert biased.ratio.odds_ratio == pytest.approx(plain.ratio.odds_ratio / 4.0, rel=1e-12)


def test_attrition_adds_failures_only_where_enrolment_is_unknown() -> None:
    counted = {row.trial.trial_id: row for row in rows(PUBLISHED, Options(reading="enrolled", attrition=0.2))}
    assert (counted["eliana"].events, counted["eliana"].n) == (61, 92)
    assert (counted["mskcc"].events, counted["mskcc"].n) == (44, 66)
    assert (counted["tower"].events, counted["tower"].n) == (119, 271)
    conditional = comparison("relapse_among_cr").default_selection()
    assert rows(conditional, Options(attrition=0.2)) == rows(conditional, Options())


def test_the_sentence_says_how_many_are_counted_by_enrolment() -> None:
    sentence = evaluate(PUBLISHED, Options(reading="enrolled")).sentence
    enrolled = {
        row["trial_id"]
        for row in records("outcomes")
        if row["comparison_id"] == "cr" and row["denominator"] == "enrolled"
    }
    assert f"{len(enrolled)} of {len(PUBLISHED.trials)} trials are counted by enrolment" in sentence


def test_endpoints_among_responders_say_so_and_have_a_companion() -> None:
    for comparison_id in comparison_ids():
        asked = comparison(comparison_id)
        if asked.conditional:
            verdict = evaluate(asked.default_selection())
            assert verdict.sentence.startswith("Among responders, ")
            assert "responders" in verdict.caveats
            assert not comparison(asked.companion_id).conditional


def test_a_claim_is_evaluated_by_its_own_question() -> None:
    assert claim("EF1").evaluate() == evaluate(PUBLISHED)
    assert claim("EF3").evaluate() == evaluate(PUBLISHED, Options(reading="enrolled"))
    assert [verdict.options.population for verdict in claim("EF2").verdicts()] == ["adults", "children"]
    with pytest.raises(ValueError, match="EF5 rests on no comparison"):
        claim("EF5").evaluate()


def test_every_question_of_a_claim_can_be_asked() -> None:
    for row in records("claims"):
        claim(row["claim_id"]).verdicts()


def test_an_unknown_claim_is_refused() -> None:
    with pytest.raises(KeyError, match="no claim 'EF99'; there are EF1"):
        claim("EF99")


@pytest.mark.parametrize(
    ("selection", "options", "message"),
    [
        (Selection("cr", ("nobody",)), Options(), "cr has no trial 'nobody'; it has upenn-chop"),
        (
            Selection("cr", ("eliana",), {"eliana": "best"}),
            Options(),
            "reading of eliana is 'best'; expected",
        ),
        (PUBLISHED, Options(tau2="XX"), "option tau2 is 'XX'; expected one of REML"),
        (PUBLISHED, Options(bias=0.5), "option bias is 0.5; expected an odds ratio from 1"),
        (PUBLISHED, Options(attrition=0.9), "option attrition is 0.9; expected a share from 0"),
        (
            PUBLISHED,
            Options(reading="all-patients"),
            "option reading is 'all-patients'; expected one of printed",
        ),
    ],
)
def test_what_does_not_exist_is_refused(selection: Selection, options: Options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(selection, options)


@pytest.mark.parametrize(
    ("name", "arm", "events", "n", "message"),
    [
        ("  ", "car_t", 1, 2, "needs a name"),
        ("Mine", "chemotherapy", 1, 2, "arm of 'Mine' is 'chemotherapy'"),
        ("Mine", "car_t", 3, 2, "'Mine' has 3 of 2 patients"),
        ("Mine", "car_t", 0, 0, "'Mine' has 0 of 0 patients"),
        ("a\u202eb", "car_t", 1, 2, "holds a sign that cannot be seen"),
        ("a\x00b", "car_t", 1, 2, "holds a sign that cannot be seen"),
    ],
)
def test_an_added_trial_is_checked(name: str, arm: str, events: int, n: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        added_trial(name, arm, events, n)


def test_more_added_trials_than_a_page_can_pool_are_refused() -> None:
    typed = tuple(added_trial(f"Mine {i}", "car_t", 1, 2) for i in range(MAX_ADDED_TRIALS + 1))
    published = comparison("cr").default_selection()
    evaluate(replace(published, added=typed[1:]))
    with pytest.raises(ValueError, match=f"expected at most {MAX_ADDED_TRIALS}"):
        evaluate(replace(published, added=typed))


def test_numbers_in_sentences_round_half_up() -> None:
    assert [round_half_up(x, 1) for x in (0.25, 0.35, 2.0)] == ["0.3", "0.4", "2.0"]
    assert percent(0.84807) == "84.8"
    assert [odds(x) for x in (0.004, 6.6816, 11.72, 459.3, 5e6)] == [
        "under 0.01",
        "6.68",
        "11.7",
        "459",
        "over 1000",
    ]
