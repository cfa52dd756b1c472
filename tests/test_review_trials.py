"""The list of the trials of Tables 2 and 3: complete, and in the classes that the article names."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from carbite.evidence import records, row
from carbite.review_trials import ANTIBODIES, PARTNERS, partners, review_trials


@pytest.fixture(scope="module")
def entries() -> list[ElementTree.Element]:
    html = re.sub(r" (hidden)>", r' \1="">', review_trials().html).replace('name="text">', 'name="text"/>')
    page = ElementTree.fromstring(html)
    return [each for each in page.iter("li") if each.get("class") == "carbite-entry"]


def test_every_row_of_both_tables_is_listed(entries: list[ElementTree.Element]) -> None:
    listed = {each.get("id") for each in entries}
    assert len(listed) == len(entries)
    for each in records("ongoing_trials"):
        assert (f"listed-{each['ongoing_id']}" in listed) == ("Table" in each["locator"]), each["ongoing_id"]
    results = {each["trial_id"] for each in records("outcomes") if each["locator"].startswith("Table 3, row NCT")}
    assert {name for name in listed if name and name.startswith("results-")} == {f"results-{each}" for each in results}


def test_each_entry_has_a_table_an_antibody_and_a_partner(entries: list[ElementTree.Element]) -> None:
    for each in entries:
        assert each.get("data-table") in ("2", "3"), each.get("id")
        assert each.get("data-antibody"), each.get("id")
        assert set(each.get("data-partner", "").split()) <= set(PARTNERS), each.get("id")
    assert {name for each in entries for name in each.get("data-antibody", "").split()} == {
        name.lower() for name in ANTIBODIES
    }


def test_every_class_of_partner_that_the_article_names_has_a_trial(entries: list[ElementTree.Element]) -> None:
    """The classes of Figure 2 are those of the filter, beside no partner and an antibody against CD20."""
    named = row("statements", "lussana-combination-classes")["value"].split(", ")
    said = {re.sub(r"s$", "", words.lower()) for words, _ in PARTNERS.values()}
    assert {re.sub(r"s$", "", each.lower()) for each in named} == said - {"no partner", "antibody against cd20"}
    used = {name for each in entries for name in each.get("data-partner", "").split()}
    assert used == set(PARTNERS)


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        ("blinatumomab", ["alone"]),
        ("mosunetuzumab and CHOP, or CHP and polatuzumab", ["chemotherapy", "conjugate"]),
        ("glofitamab, with G-CHOP or R-CHOP", ["chemotherapy"]),
        ("RO7227166, with obinutuzumab or glofitamab", ["costimulation", "antibody"]),
    ],
)
def test_partners_are_read_from_what_is_given(agents: str, expected: list[str]) -> None:
    assert partners(agents) == expected


def test_a_share_that_no_count_gives_says_so(entries: list[ElementTree.Element]) -> None:
    (found,) = (each for each in entries if each.get("id") == "results-glofitamab-atezolizumab")
    assert "60\u00a0% of 21 (no count gives it)" in "".join(found.itertext())
