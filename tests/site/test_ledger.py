"""The ledger of claims in a browser: filtered and sorted by keyboard, restored by a link, whole without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from carbite import ledger as module
from carbite.comparison import parse_question
from carbite.evidence import records
from carbite.verdict import evaluate
from tests.site.conftest import OpenPage
from tests.site.test_accessibility import DESKTOP, PHONE, SMALLEST_TARGET_PX, findings

ROWS = records("claims")
ALL = f"{len(ROWS)} claims"


@pytest.fixture
def ledger(address: str) -> str:
    return f"{address}book/ledger.html"


def shown(page: Page) -> list[str]:
    ids: list[str] = page.locator(".carbite-entry:visible").evaluate_all("(all) => all.map((each) => each.id)")
    return ids


def expected(**wanted: str) -> list[str]:
    return [module.anchor(row["claim_id"]) for row in ROWS if all(row[name] == value for name, value in wanted.items())]


def test_every_claim_stands_there_in_the_order_of_the_book(open_page: OpenPage, ledger: str) -> None:
    page = open_page(ledger)
    assert shown(page) == expected()
    expect(page.get_by_role("status")).to_have_text(ALL)


def test_filters_and_sorts_by_keyboard(open_page: OpenPage, ledger: str) -> None:
    page = open_page(ledger)
    page.get_by_label("Chapter", exact=True).focus()
    page.keyboard.type("effi")
    expect(page.get_by_role("status")).to_have_text(f"{len(expected(chapter='efficacy'))} of {ALL}")
    assert shown(page) == expected(chapter="efficacy")
    page.get_by_label("Order", exact=True).focus()
    page.keyboard.type("fewest p")
    expect(page.get_by_role("status")).to_contain_text("fewest patients first")
    patients: dict[str, Any] = {
        module.anchor(row["claim_id"]): page.locator(f"#{module.anchor(row['claim_id'])}").get_attribute(
            "data-by-patients"
        )
        for row in ROWS
    }
    ranks = [float(patients[each] or "inf") for each in shown(page)]
    assert ranks == sorted(ranks)
    assert shown(page) != expected(chapter="efficacy")
    expect(page).to_have_url(f"{ledger}#r=1;chapter=efficacy;order=patients")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(ALL)
    assert shown(page) == expected()
    expect(page).to_have_url(ledger)


def test_a_link_restores_filter_and_order(open_page: OpenPage, ledger: str) -> None:
    page = open_page(f"{ledger}#r=1;verdict=car_t;order=share")
    shares = [
        float(each.get_attribute("data-by-share") or "inf") for each in page.locator(".carbite-entry:visible").all()
    ]
    assert shares == sorted(shares)
    assert len(shares) > 2
    expect(page.get_by_label("Verdict", exact=True)).to_have_value("car_t")
    expect(page.get_by_label("Order", exact=True)).to_have_value("share")


def test_a_question_opens_the_explorer_in_its_state(open_page: OpenPage, ledger: str) -> None:
    page = open_page(ledger)
    page.locator("#claim-EF2").get_by_role("link", name="Complete remission, adults only").click()
    page.wait_for_url("**/efficacy.html#s=1;c=cr;*p=adults")
    sentence = evaluate(*parse_question("cr?population=adults")).text["ratio"]
    expect(page.locator(".cx-verdict").first).to_contain_text(f"Odds ratio {sentence}")


def test_a_chapter_opens_at_the_claim(open_page: OpenPage, ledger: str) -> None:
    page = open_page(ledger)
    page.locator("#claim-EF8").get_by_role("link", name="efficacy").click()
    page.wait_for_url("**/efficacy.html#claim-EF8")
    expect(page.locator("#claim-EF8")).to_be_in_viewport()


def test_without_scripts_and_in_print_all_claims(open_page: OpenPage, ledger: str) -> None:
    page = open_page(f"{ledger}#r=1;verdict=car_t", java_script_enabled=False)
    assert sum(each.is_visible() for each in page.locator(".carbite-entry").all()) == len(ROWS)
    assert not any(each.is_visible() for each in page.locator(".carbite-listing :is(input, select, button)").all())
    page = open_page(f"{ledger}#r=1;verdict=car_t")
    page.emulate_media(media="print")
    assert shown(page) == expected()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_filtered_page_fits_and_has_no_serious_finding(
    open_page: OpenPage, ledger: str, viewport: dict[str, int]
) -> None:
    page = open_page(f"{ledger}#r=1;verdict=undecided;order=trials", viewport=viewport)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= viewport["width"]
    for control in page.locator(".carbite-listing :is(input, select, button)").all():
        box = control.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= SMALLEST_TARGET_PX
    assert findings(page) == []


def test_the_file_downloads(open_page: OpenPage, ledger: str) -> None:
    page = open_page(ledger)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the ledger as CSV").click()
    assert download.value.suggested_filename == "ledger-of-claims.csv"
