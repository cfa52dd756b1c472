"""The side that a name is given, and the judges of links: nothing that a submission returns can pass but evidence."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from carbite.comparison import Options, Selection, added_trial, comparison, parse_question
from carbite.evidence import records
from carbite.link import format_hash
from carbite.verdict import evaluate
from carbite_course.debate import CASE, GRANTING, JUDGES, REBUTTAL, SIDES, WITHOUT_LEAD, _carrying, side_of, verdict_of

CR, PUBLISHED_CR = "cr", format_hash(*parse_question("cr"))
SEVERE_CRS = format_hash(*parse_question("severe_crs"))
LYMPHOMA = format_hash(*parse_question("lymphoma_cr"))
BY_ENROLMENT = format_hash(*parse_question("lymphoma_cr?reading=enrolled"))
# What may stand in the place of anything that a notebook returns.
JUNK: list[Any] = [None, True, 3, 2.5, "", "-", [], ["right"], {}, {"right": "right"}, [[]], [None] * 3, "\ud800"]


def alphabet(name: str) -> str:
    """The rule as the assignment states it in words, for names in the English alphabet."""
    return SIDES[sum(ord(letter) - ord("a") + 1 for letter in name.lower() if "a" <= letter <= "z") % 2]


def test_the_rule_in_words_is_the_function() -> None:
    draw = random.Random(3)
    names = [
        "".join(draw.choices("abcdefghijklmnopqrstuvwxyzABCXYZ -'", k=draw.randint(3, 30))) + "a" for _ in range(500)
    ]
    assert [side_of(name) for name in names] == [alphabet(name) for name in names]
    assert 200 < sum(side_of(name) == "car_t" for name in names) < 300


def test_order_accents_and_punctuation_do_not_matter() -> None:
    for name in ("Élie Metchnikoff", "Metchnikoff, Elie", "metchnikoffelie", "ELIE  METCHNIKOFF"):
        assert side_of(name) == alphabet("elie metchnikoff")
    assert side_of("山中伸弥") in SIDES
    with pytest.raises(ValueError, match="'12' has no letter"):
        side_of("12")


def test_a_link_is_read_and_evaluated() -> None:
    for question in ("cr", "severe_crs", "lymphoma_cr?reading=enrolled", "cr?population=children"):
        link = format_hash(*parse_question(question))
        assert (
            verdict_of(f"https://example.org/book/efficacy.html{link}") == evaluate(*parse_question(question)).verdict
        )
    with pytest.raises(ValueError, match="expected a link to a state of the explorer"):
        verdict_of("https://example.org/book/efficacy.html#results")


def test_a_side_is_that_of_the_name() -> None:
    judge = JUDGES["side"]
    assert judge(["Ada", side_of("Ada")]) == "right"
    assert judge(["Ada", SIDES[1 - SIDES.index(side_of("Ada"))]]) == "another side"
    assert judge(["Ada", "both"]) == "another side"
    assert judge(["", "car_t"]) == "unreadable"


@pytest.mark.parametrize(
    ("side", "role", "argument", "finding"),
    [
        ("car_t", "case", ["EF1", PUBLISHED_CR, "car_t"], "right"),
        ("car_t", "case", [" ef1 ", f"https://example.org/x.html{PUBLISHED_CR} ", "CAR_T"], "right"),
        ("bispecific", "case", ["SA1", SEVERE_CRS, "bispecific"], "right"),
        ("bispecific", "rebuttal", ["EF14", BY_ENROLMENT, "undecided"], "right"),
        ("car_t", "case", ["EF14", BY_ENROLMENT, "undecided"], "does not carry"),
        ("car_t", "rebuttal", ["SA1", SEVERE_CRS, "bispecific"], "does not carry"),
        ("bispecific", "rebuttal", ["EF2", format_hash(*parse_question("cr?population=children")), "not-testable"],
         "does not carry"),
        # What claims an absence is borne out by an undecided verdict; what grants a lead, by that lead.
        ("car_t", "rebuttal", ["DU14", format_hash(*parse_question("remission_kept")), "car_t"], "right"),
        ("car_t", "rebuttal", ["DU14", format_hash(*parse_question("remission_kept?population=adults")), "undecided"],
         "does not carry"),
        ("car_t", "rebuttal", ["EF3", format_hash(*parse_question("cr?reading=enrolled")), "car_t"], "does not carry"),
        ("bispecific", "case", ["EF1", PUBLISHED_CR, "car_t"], "another side"),
        ("bispecific", "rebuttal", ["SA1", SEVERE_CRS, "bispecific"], "another side"),
        ("car_t", "case", ["SA3", SEVERE_CRS, "bispecific"], "another side"),
        ("car_t", "case", ["DU1", PUBLISHED_CR, "car_t"], "another endpoint"),
        ("car_t", "case", ["EF1", PUBLISHED_CR, "undecided"], "another verdict"),
        ("car_t", "case", ["EF1", f"{PUBLISHED_CR};b=1.5", "car_t"], "assumption"),
        ("car_t", "case", ["EF1", f"{PUBLISHED_CR};a=0.1", "car_t"], "assumption"),
        ("car_t", "case", ["EF1", f"{PUBLISHED_CR};i=z", "car_t"], "assumption"),
        ("car_t", "case", ["EF1", f"{PUBLISHED_CR};x=Mine~car_t~9~9", "car_t"], "assumption"),
        ("car_t", "case", ["EF99", PUBLISHED_CR, "car_t"], "unreadable"),
        ("car_t", "case", ["EF1", "efficacy.html", "car_t"], "unreadable"),
        ("car_t", "case", ["EF1", PUBLISHED_CR + ",tower" * 9999, "car_t"], "unreadable"),
        ("both", "case", ["EF1", PUBLISHED_CR, "car_t"], "unreadable"),
    ],
)  # fmt: skip
def test_an_argument_is_what_it_is_said_to_be(side: str, role: str, argument: list[str], finding: str) -> None:
    assert JUDGES["argument"]([[side, role], argument]) == finding


def test_every_claim_that_can_be_tested_can_be_argued() -> None:
    """Each side has a claim that some published state bears out, and a claim of the other side that none does."""
    found: dict[tuple[str, str], set[str]] = {}
    for claim in records("claims"):
        for question in (claim["tests"] or "").split():
            link, said = format_hash(*parse_question(question)), evaluate(*parse_question(question)).verdict
            for side in SIDES:
                for role in ("case", "rebuttal"):
                    if JUDGES["argument"]([[side, role], [claim["claim_id"], link, said]]) == "right":
                        found.setdefault((side, role), set()).add(claim["claim_id"])
    assert set(found) == {(side, role) for side in SIDES for role in ("case", "rebuttal")}, found


def test_claims_with_rules_of_their_own_exist_and_can_be_tested() -> None:
    tested = {claim["claim_id"] for claim in records("claims") if claim["tests"] and claim["side"] in SIDES}
    assert tested >= GRANTING | WITHOUT_LEAD


def test_a_claim_that_grants_a_lead_carries_no_case() -> None:
    """A verdict for its own side would be evidence against what it says."""
    for claim in GRANTING:
        assert [_carrying(claim, side, role) for side in SIDES for role in (CASE, REBUTTAL)] == [set()] * 4
    for claim in WITHOUT_LEAD:
        assert _carrying(claim, "bispecific", CASE) == {"bispecific"}
        assert _carrying(claim, "car_t", REBUTTAL) == {"car_t"}


def test_a_reply_changes_the_verdict_by_the_choices_that_it_names() -> None:
    judge = JUDGES["reply"]
    published = comparison("lymphoma_cr").default_selection()
    first = format_hash(published)
    assert judge([first, [BY_ENROLMENT, "undecided"], ["reading"]]) == "right"
    assert judge([BY_ENROLMENT, [first, "car_t"], [" Reading "]]) == "right"
    assert judge([first, [BY_ENROLMENT, "undecided"], []]) == "misnamed"
    assert judge([first, [BY_ENROLMENT, "undecided"], ["reading", "trials"]]) == "misnamed"
    assert judge([first, [BY_ENROLMENT, "car_t"], ["reading"]]) == "another verdict"
    assert judge([first, [PUBLISHED_CR, "car_t"], ["reading"]]) == "another endpoint"
    assert judge([first, [f"{first};b=3", "undecided"], ["bias"]]) == "assumption"
    assert judge([f"{first};b=3", [first, "car_t"], ["bias"]]) == "assumption"
    assert judge([first, [first, "car_t"], []]) == "does not carry"
    few = format_hash(replace(published, trials=published.trials[:2]))
    assert judge([first, [few, "not-testable"], ["trials"]]) == "does not carry"
    turned = format_hash(replace(published, trials=published.trials[::-1]))
    assert judge([turned, [BY_ENROLMENT, "undecided"], ["reading"]]) == "right"
    one = format_hash(
        replace(published, readings={"juliet": "enrolled", "zuma-1": "enrolled", "transcend": "enrolled"})
    )
    assert judge([first, [one, "undecided"], ["readings"]]) == "right"


def test_no_junk_passes_or_stops_a_judge() -> None:
    argument = [["car_t", "case"], ["EF1", PUBLISHED_CR, "car_t"]]
    reply = [LYMPHOMA, [BY_ENROLMENT, "undecided"], ["reading"]]
    good = {"side": ["Ada", side_of("Ada")], "argument": argument, "reply": reply}
    for name, judge in JUDGES.items():
        assert judge(good[name]) == "right"
        for junk in JUNK:
            for value in with_one_part_replaced(good[name], junk):
                assert judge(value) != "right", value


def with_one_part_replaced(value: Any, junk: Any) -> Iterator[Any]:
    """The value with junk in its place, and in the place of each of its parts, however deep."""
    yield junk
    for position, part in enumerate(value if isinstance(value, list) else ()):
        for replaced in with_one_part_replaced(part, junk):
            yield [*value[:position], replaced, *value[position + 1 :]]


def test_thousands_of_added_trials_are_not_pooled() -> None:
    """They are read, and refused before anything is computed from them."""
    selection, options = parse_question(CR)
    many = replace(selection, added=tuple(added_trial(f"Mine {i}", "car_t", 1, 2) for i in range(50)))
    assert JUDGES["argument"]([["car_t", "case"], ["EF1", format_hash(many, options), "car_t"]]) == "assumption"
    more = format_hash(many, options) + ";x=Another~car_t~1~2"
    assert JUDGES["argument"]([["car_t", "case"], ["EF1", more, "car_t"]]) == "unreadable"
    assert JUDGES["argument"]([["car_t", "case"], ["EF1", format_hash(Selection("cr", ()), Options()), "car_t"]]) == (
        "another verdict"
    )
