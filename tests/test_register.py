"""The register of discrepancies: every row once, each with an anchor of its own, and nothing that data can break."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from carbite import register as module
from carbite import tables
from carbite.evidence import records
from carbite.markup import BUILDING
from carbite.register import CHOICES, PLACES, anchor, chapters, register

HOSTILE = '<img src=x onerror="alert(1)"> & \' "'


def parsed(html: str) -> ElementTree.Element:
    """The HTML as a tree; ``hidden`` and ``download`` are the attributes that XML would not read."""
    return ElementTree.fromstring(
        re.sub(r" (hidden|download)>", r' \1="">', html).replace('name="text">', 'name="text"/>')
    )


def entries(html: str) -> list[ElementTree.Element]:
    return [each for each in parsed(html).iter("li") if each.get("class") == "carbite-entry"]


def text(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def test_every_row_is_there_once_with_all_that_it_says() -> None:
    shown = {each.get("id"): text(each) for each in entries(register().html)}
    rows = records("discrepancies")
    assert sorted(shown) == sorted(anchor(row["discrepancy_id"]) for row in rows)
    assert len(entries(register().html)) == len(rows) > 100
    for row in rows:
        said = shown[anchor(row["discrepancy_id"])]
        for column in ("subject", "value_a", "locator_a", "value_b", "effect", "resolution", "confidence"):
            assert row[column] in said, (row["discrepancy_id"], column)
        assert row["locator_b"] is None or row["locator_b"] in said
        assert all(code in said for code in row["codes"].split())
        assert all(chapter.replace("-", " ") in said for chapter in row["chapters"].split())


def test_sources_are_named_short_and_linked() -> None:
    row = next(row for row in records("discrepancies") if row["discrepancy_id"] == "mskcc-age")
    entry = next(each for each in entries(register().html) if each.get("id") == "discrepancy-mskcc-age")
    assert "Subklewe 2021, paragraph 6" in text(entry)
    assert f"Molina and Shah 2021, {row['locator_b']}" in text(entry)
    doi = next(each["doi"] for each in records("sources") if each["source_id"] == "molina-shah-2021")
    assert f"https://doi.org/{doi}" in {link.get("href") for link in entry.iter("a")}


def test_ids_are_unique_and_links_within_the_page_resolve() -> None:
    root = parsed(register().html)
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    inner = {str(link.get("href"))[1:] for link in root.iter("a") if str(link.get("href")).startswith("#")}
    labelled = {label.get("for") for label in root.iter("label")}
    assert inner | labelled == set(ids)


def test_groups_count_their_entries_and_every_first_code_has_one() -> None:
    root = parsed(register().html)
    counted = [int(re.findall(r"\((\d+)\)", text(each))[0]) for each in root.findall("ul/li")]
    groups = [each for each in root.iter("div") if each.get("class") == "carbite-entry-group"]
    assert counted == [len(group.findall("ul/li")) for group in groups]
    assert {row["codes"][0] for row in records("discrepancies")} == set(PLACES)


def test_the_form_offers_what_the_entries_hold_and_is_hidden() -> None:
    root = parsed(register().html)
    form = next(root.iter("form"))
    assert form.get("hidden") == ""
    for name in CHOICES:
        (choice,) = (each for each in form.iter("select") if each.get("name") == name)
        offered = [option.get("value") for option in choice.iter("option")]
        held = {value for each in entries(register().html) for value in str(each.get(f"data-{name}")).split()}
        assert offered[0] == ""
        assert set(offered[1:]) == held
        assert len(offered) == len(set(offered))


def test_chapters_are_those_of_the_schema_in_the_order_of_the_book() -> None:
    assert chapters()[:3] == ["method", "mechanism", "efficacy"]
    assert {name for row in records("discrepancies") for name in row["chapters"].split()} <= set(chapters())


def test_what_data_hold_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    real = records("discrepancies")[0]
    texts = dict.fromkeys(
        ("subject", "value_a", "locator_a", "value_b", "locator_b", "effect", "resolution", "chapters"), HOSTILE
    )

    def hostile(table: str) -> tuple[dict[str, Any], ...]:
        return ({**real, **texts},) if table == "discrepancies" else records(table)

    monkeypatch.setattr(module, "records", hostile)
    html = register().html
    assert "<img" not in html
    (entry,) = entries(html)
    assert entry.get("data-chapter") == HOSTILE
    assert text(entry).count(HOSTILE) == len(texts) - 1  # chapters are a list of words there


@pytest.mark.parametrize(("built", "page"), [("1", "discrepancies.html"), ("", "discrepancies.ipynb")])
def test_the_table_of_a_chapter_leads_to_the_entries(built: str, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUILDING, built)
    html = tables.discrepancies("efficacy")._repr_html_()
    expected = [row for row in records("discrepancies") if "efficacy" in row["chapters"].split()]
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', html)
    assert links == [(f"{page}#{anchor(row['discrepancy_id'])}", row["discrepancy_id"]) for row in expected]
