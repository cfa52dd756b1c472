"""The ledger: every claim once, its numbers those of `evaluate` and `fragility`, its links the pages that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from carbite import fragility, ledger, prose
from carbite.comparison import parse_question
from carbite.evidence import records
from carbite.link import format_hash
from carbite.markup import BUILDING, written
from carbite.verdict import claim

ROWS = records("claims")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def page() -> ElementTree.Element:
    """The ledger as the site shows it, as a tree."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(BUILDING, "1")
        html = ledger.ledger().html
    return ElementTree.fromstring(re.sub(r" (hidden)>", r' \1="">', html).replace('name="text">', 'name="text"/>'))


def text(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def entry(page: ElementTree.Element, claim_id: str) -> ElementTree.Element:
    return next(each for each in page.iter("li") if each.get("id") == f"claim-{claim_id}")


def test_every_claim_is_there_once_with_all_that_it_says(page: ElementTree.Element) -> None:
    assert [each.get("id") for each in page.iter("li")] == [f"claim-{row['claim_id']}" for row in ROWS]
    assert len(ROWS) == 125
    for row in ROWS:
        said = text(entry(page, row["claim_id"]))
        assert row["proposition"] in said
        assert row["holders"] in said
        assert ("No comparison tests it." in said) == (not row["tests"])
        verdicts = claim(row["claim_id"]).verdicts()
        assert said.count("odds ratio") + said.count("Odds ratio") >= len(verdicts)
        assert all(each.text["verdict"] in said for each in verdicts)


def test_each_question_opens_the_explorer_in_its_state(page: ElementTree.Element) -> None:
    for row in ROWS:
        links = [each.get("href") for each in entry(page, row["claim_id"]).iter("a")]
        for question in (row["tests"] or "").split():
            assert f"efficacy.html{format_hash(*parse_question(question))}" in links


def test_chapters_are_linked_where_they_are_written(page: ElementTree.Element) -> None:
    contents = (ROOT / "_toc.yml").read_text("utf-8")
    linked = set()
    for row in ROWS:
        name = {"feasibility": "cost", "sequencing": "resistance"}.get(row["chapter"], row["chapter"])
        address = f"{name}.html#claim-{row['claim_id']}"
        there = address in [each.get("href") for each in entry(page, row["claim_id"]).iter("a")]
        assert there == (f"file: book/{name}\n" in contents + "\n")
        linked.add(there)
    assert True in linked


def test_a_page_is_written_when_the_contents_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_toc.yml").write_text(
        "root: book/index\nparts:\n  - chapters:\n      - file: book/cost-of-care\n", "utf-8"
    )
    (tmp_path / "book").mkdir()
    monkeypatch.chdir(tmp_path / "book")
    assert written("cost-of-care")
    assert not written("cost")


def test_the_numbers_of_an_entry_are_those_of_its_fragility(page: ElementTree.Element) -> None:
    found = fragility(*parse_question("cr"), progress=None)
    said = text(entry(page, "EF1"))
    counts, removal, patients = found.pairs, found.removal, found.patients
    assert removal
    assert patients
    assert f"{counts.car_t:,} of {counts.testable:,}" in said
    assert f"{counts.car_t:,} favour CAR T, 0 blinatumomab, {counts.undecided:,} undecided" in said
    assert f"{counts.not_testable:,} not testable" in said
    assert f"{removal.trials} trials: " in said
    assert f"and {len(removal.choices) - 3} more ways" in said
    assert f"at most {patients.patients} patients, at least {patients.at_least}" in said
    by = {name: entry(page, "EF1").get(f"data-by-{name}") for name in ledger.ORDERS}
    assert by["trials"] == str(removal.trials)
    assert by["patients"] == str(patients.patients)
    assert float(by["share"] or 0) == pytest.approx(counts.car_t / counts.testable, abs=1e-6)
    assert float(by["bias"] or 0) == pytest.approx(found.bias_undecided, rel=1e-5)


def test_the_form_offers_what_the_entries_hold(page: ElementTree.Element) -> None:
    for name in ("chapter", "side", "test", "verdict"):
        (choice,) = (each for each in page.iter("select") if each.get("name") == name)
        offered = {option.get("value") for option in choice.iter("option")} - {""}
        held = {value for each in page.iter("li") for value in str(each.get(f"data-{name}")).split()}
        # A verdict may have no claim today; a value without a choice could never be found.
        assert held <= offered
        assert name == "verdict" or held == offered


def test_the_file_has_the_same_numbers() -> None:
    frame = ledger.frame()
    assert frame["claim_id"].nunique() == len(ROWS)
    assert frame["question"].notna().sum() == sum(len((row["tests"] or "").split()) for row in ROWS)
    assert frame["why_untested"].notna().sum() == sum(not row["tests"] for row in ROWS)
    for row in frame[frame["question"].notna()].to_dict("records"):
        found = ledger._fragility(str(row["question"]))
        assert row["verdict"] == found.verdict.verdict
        assert row["pairs_undecided"] == found.pairs.undecided


def test_anchors_stand_side_by_side() -> None:
    """Counted with metafor, see test_subsets.py."""
    shown = ledger.intervals().frame.set_index("Question").to_dict("index")
    single, three, knapp = (name for name in ledger._INTERVALS if "modified" not in name)
    as_printed, as_shares = (each for each in shown if each.startswith("MRD"))
    assert shown["Complete remission"][single] == "31,432 of 32,193"
    assert shown["Complete remission"][three] == "19,568 of 19,572"
    assert shown["Complete remission"][knapp] == "23,995 of 28,614"
    assert shown[as_printed][single] == "4,066 of 32,193"
    assert shown[as_shares][single] == "16,598 of 32,193"
    assert shown["Relapse among responders"][single] == "1,267 of 7,905"


def test_reports_of_others_are_those_of_the_data() -> None:
    shown = ledger.others().frame
    rows = {row["follow_up_id"]: row for row in records("follow_up")}
    assert shown["Theirs"].tolist() == [
        f"CAR T {rows['zhai-2024-cr-car-t']['value']} %; blinatumomab {rows['zhai-2024-cr-blinatumomab']['value']} %",
        f"CAR T {rows['zhai-2024-mrd-car-t']['value']} %; blinatumomab {rows['zhai-2024-mrd-blinatumomab']['value']} %",
        rows["verneris-2021-cr"]["value"],
        f"{rows['cao-2022-cr']['value']} ({rows['cao-2022-cr']['ci_low']} to {rows['cao-2022-cr']['ci_high']})",
    ]
    ours = prose.number("v:cr:car_t.percent").text.replace("\u00a0", " ")
    assert f"CAR T {ours}" in shown["Ours"][0]


@pytest.mark.parametrize(
    ("claim_id", "reason"),
    [
        ("EF8", "belong to one side"),  # blinatumomab against chemotherapy
        ("CO1", "not counts of patients with an event"),
        ("FE1", "Counts of both treatments bear on it"),
    ],
)
def test_a_claim_without_a_comparison_says_why(claim_id: str, reason: str) -> None:
    row: dict[str, Any] = dict(next(row for row in ROWS if row["claim_id"] == claim_id))
    assert reason in ledger.why_untested(row)


def test_a_claim_without_numbers_says_so() -> None:
    row = next(row for row in ROWS if row["testability"] == "no")
    assert ledger.why_untested(row) == "The articles print no numbers that could."
