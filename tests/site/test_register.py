"""The register of discrepancies in a browser: a filter by keyboard, a link that restores it, and a page without it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from carbite.evidence import records
from carbite.register import anchor
from tests.site.conftest import OpenPage
from tests.site.test_accessibility import DESKTOP, PHONE, SMALLEST_TARGET_PX, findings

ROWS = records("discrepancies")
ALL = f"{len(ROWS)} entries"
UNREADABLE = f"This link could not be read. {ALL}"
DAMAGED = ["#r=2;kind=typo", "#r=1;kind=martian", "#r=1;kind=typo;kind=typo", "#r=1;__proto__=typo", "#r=1;text=%E2%82"]


@pytest.fixture
def register(address: str) -> str:
    return f"{address}book/discrepancies.html"


def shown(page: Page) -> list[str]:
    """The entries that can be seen."""
    ids: list[str] = page.locator(".carbite-entry:visible").evaluate_all("(all) => all.map((each) => each.id)")
    return sorted(ids)


def expected(kind: str = "", chapter: str = "", confidence: str = "", text: str = "") -> list[str]:
    """The same from the data; `text` is looked for in the wording of the values alone."""
    return sorted(
        anchor(row["discrepancy_id"])
        for row in ROWS
        if kind in ("", row["kind"])
        and (not chapter or chapter in row["chapters"].split())
        and confidence in ("", row["confidence"])
        and text in f"{row['subject']} {row['value_a']} {row['value_b']} {row['effect']} {row['resolution']}".lower()
    )


def announced(page: Page, entries: list[str]) -> None:
    expect(page.get_by_role("status")).to_have_text(f"{len(entries)} of {ALL}")


def test_all_entries_stand_there_at_first(open_page: OpenPage, register: str) -> None:
    page = open_page(register)
    assert shown(page) == expected()
    expect(page.get_by_role("status")).to_have_text(ALL)
    assert page.url == register


def test_filters_by_keyboard(open_page: OpenPage, register: str) -> None:
    page = open_page(register)
    page.get_by_label("Words", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.type("deno")  # a list goes to what is typed
    expect(page.get_by_label("Kind", exact=True)).to_have_value("denominator")
    announced(page, expected(kind="denominator"))
    assert shown(page) == expected(kind="denominator")
    page.keyboard.press("Tab")
    page.keyboard.type("eff")
    page.keyboard.press("Tab")
    page.keyboard.type("low")
    wanted = expected(kind="denominator", chapter="efficacy", confidence="low")
    announced(page, wanted)
    assert shown(page) == wanted != []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(ALL)
    assert shown(page) == expected()
    expect(page).to_have_url(register)


def test_words_are_looked_for_without_case_and_accents(open_page: OpenPage, register: str) -> None:
    page = open_page(register)
    page.get_by_label("Words", exact=True).fill("GOKBUGET historical")
    announced(page, ["discrepancy-blast-rfs-subset"])
    assert shown(page) == ["discrepancy-blast-rfs-subset"]
    page.get_by_label("Words", exact=True).fill("no such words")
    announced(page, [])
    assert page.locator(".carbite-listing h3:visible").count() == 0, "a group without entries has no heading"
    page.get_by_label("Words", exact=True).fill("neutropenia")
    page.keyboard.press("Enter")  # sends nothing anywhere
    announced(page, expected(text="neutropenia"))
    assert shown(page) == expected(text="neutropenia")


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_link_restores_the_filter(open_page: OpenPage, site: Path, register: str, scheme: str) -> None:
    start = register if scheme == "http" else (site / "book/discrepancies.html").as_uri()
    page = open_page(start)
    page.get_by_label("Chapter", exact=True).select_option("next-generation")
    page.get_by_label("Kind", exact=True).select_option("typo")
    page.get_by_label("Words", exact=True).fill("Table 3; a=b & 50 %")
    page.get_by_label("Words", exact=True).fill("table 3")
    expect(page).to_have_url(f"{start}#r=1;text=table%203;kind=typo;chapter=next-generation")
    entries = shown(page)
    assert 0 < len(entries) < len(ROWS)
    elsewhere = open_page(page.url)
    announced(elsewhere, entries)
    assert shown(elsewhere) == entries
    expect(elsewhere.get_by_label("Words", exact=True)).to_have_value("table 3")
    elsewhere.goto(f"{start}#r=1;confidence=low")  # a link followed on the same page
    announced(elsewhere, expected(confidence="low"))


def test_words_with_signs_of_the_address_come_back(open_page: OpenPage, register: str) -> None:
    page = open_page(register)
    words = "50 % ; kind=typo & #ü"
    page.get_by_label("Words", exact=True).fill(words)
    expect(page).to_have_url(re.compile("#r=1;text="))
    expect(open_page(page.url).get_by_label("Words", exact=True)).to_have_value(words)


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_damaged_link_says_so_and_shows_everything(open_page: OpenPage, register: str, damaged: str) -> None:
    page = open_page(register + damaged)
    expect(page.get_by_role("status")).to_have_text(UNREADABLE)
    assert shown(page) == expected()


@pytest.mark.parametrize("hash_", ["#discrepancy-mskcc-age", "#kinds-of-disagreement", "#s=1;c=cr"])
def test_other_anchors_are_left_alone(open_page: OpenPage, register: str, hash_: str) -> None:
    page = open_page(register + hash_)
    expect(page.get_by_role("status")).to_have_text(ALL)
    assert page.url == register + hash_
    page.get_by_label("Confidence", exact=True).select_option("low")
    expect(page).to_have_url(f"{register}#r=1;confidence=low")
    page.evaluate("(hash) => { location.hash = hash; }", "#kinds-of-disagreement")
    announced(page, expected(confidence="low"))
    assert page.url == f"{register}#kinds-of-disagreement"


def test_a_link_to_an_entry_that_is_filtered_out_shows_it(open_page: OpenPage, register: str) -> None:
    page = open_page(f"{register}#r=1;kind=overlap")
    entry = page.locator("#discrepancy-mskcc-age")
    expect(entry).to_be_hidden()
    page.evaluate("() => { location.hash = '#discrepancy-mskcc-age'; }")
    expect(entry).to_be_in_viewport()
    expect(page.get_by_role("status")).to_have_text(ALL)


def test_a_chapter_leads_to_the_entry(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    page.get_by_text(re.compile("^Where the sources disagree about these numbers")).first.click()
    page.get_by_role("link", name="mskcc-age", exact=True).click()
    page.wait_for_url("**/discrepancies.html#discrepancy-mskcc-age")
    expect(page.locator("#discrepancy-mskcc-age")).to_be_in_viewport()


def test_without_scripts_all_entries_and_no_control(open_page: OpenPage, register: str) -> None:
    page = open_page(f"{register}#r=1;kind=typo", java_script_enabled=False)
    assert sum(each.is_visible() for each in page.locator(".carbite-entry").all()) == len(ROWS)
    assert [
        each for each in page.locator(".carbite-listing :is(input, select, button)").all() if each.is_visible()
    ] == []


def test_print_has_the_whole_list(open_page: OpenPage, register: str) -> None:
    page = open_page(f"{register}#r=1;kind=typo")
    announced(page, expected(kind="typo"))
    page.emulate_media(media="print")
    assert shown(page) == expected()
    assert page.locator(".carbite-listing :is(form, [role=status]):visible").count() == 0


def test_the_form_takes_its_place_without_moving_the_page(open_page: OpenPage, address: str, register: str) -> None:
    """Its height is there before its script runs."""
    page = open_page(f"{address}book/index.html")
    page.route("**/listing.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(register)
    expect(page.locator(".carbite-filter[hidden]")).to_have_count(1)
    before = page.locator(".carbite-filter").bounding_box()
    page.unroute_all()
    page.goto(register)
    expect(page.locator(".carbite-filter[hidden]")).to_have_count(0)
    assert page.locator(".carbite-filter").bounding_box() == before is not None


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_filtered_page_fits_and_has_no_serious_finding(
    open_page: OpenPage, register: str, viewport: dict[str, int]
) -> None:
    page = open_page(f"{register}#r=1;kind=typo", viewport=viewport)
    announced(page, expected(kind="typo"))
    assert page.evaluate("() => document.documentElement.scrollWidth") <= viewport["width"]
    for control in page.locator(".carbite-listing :is(input, select, button)").all():
        box = control.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= SMALLEST_TARGET_PX
    assert findings(page) == []


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_every_file_of_the_data_page_is_there(open_page: OpenPage, site: Path, address: str, scheme: str) -> None:
    start = address if scheme == "http" else site.as_uri() + "/"
    page = open_page(f"{start}book/data.html")
    links = page.locator("table a[download]")
    assert links.count() == len(list((site / "_static/data").glob("*.csv"))) > 10
    with page.expect_download() as download:
        links.filter(has_text="outcomes.csv").click()
    text = Path(download.value.path()).read_text("utf-8")
    assert text == (Path(__file__).parents[2] / "data/outcomes.csv").read_text("utf-8")
