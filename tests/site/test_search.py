"""The search finds text, tables and figures, says where, and works from a disk, by keyboard, without storage."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.site.conftest import OpenPage, Watch
from tests.site.test_accessibility import findings


@pytest.fixture(params=["http", "file"])
def start(request: pytest.FixtureRequest, address: str, site: Path) -> str:
    return address if request.param == "http" else site.as_uri() + "/"


def search(open_page: OpenPage, start: str, query: str) -> Page:
    page = open_page(f"{start}search.html?q={query}")
    expect(page.locator("#search-results").get_by_role("status")).not_to_be_empty()
    return page


@pytest.mark.parametrize(
    ("query", "page_name", "said"),
    [
        ("unanchored", "glossary", "no common control"),
        ("denominators", "efficacy", "denominator"),  # by its stem
        ("Gokbuget", "references", "Gökbuget"),  # without the marks
        ("cut-off+burden+strata", "efficacy", "No cut-off for a high burden is shared"),  # a figure's title
        ("JULIET+average+age", "discrepancies", "JULIET"),  # an entry that code wrote
        ("percent_printed", "data", "percent_printed"),  # a column of a table
    ],
)
def test_passages_are_found_with_an_excerpt_and_lead_to_their_place(
    open_page: OpenPage, start: str, query: str, page_name: str, said: str
) -> None:
    page = search(open_page, start, query)
    hit = page.locator(f"#search-results li:has(> a[href='book/{page_name}.html']) .passage").filter(has_text=said)
    expect(hit.first).to_be_visible()
    assert hit.first.locator("mark").count() >= 1
    link = hit.first.locator("a")
    anchor = str(link.get_attribute("href")).partition("#")[2]
    link.click()
    expect(page).to_have_url(re.compile(f"book/{page_name}\\.html#"))
    expect(page.locator(f"[id='{anchor}']")).to_be_in_viewport()


def test_every_word_must_stand_on_the_page(open_page: OpenPage, start: str) -> None:
    page = search(open_page, start, "blinatumomab+xylophone")
    expect(page.locator("#search-results li")).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text(
        "Nothing found for “blinatumomab xylophone”. All words must stand on one page."
    )


def test_what_was_typed_stays_text(open_page: OpenPage, address: str) -> None:
    page = search(open_page, address, "<img src=x onerror=window.hacked=1>")
    assert page.locator("#search-results img").count() == 0
    assert page.evaluate("() => window.hacked") is None


def test_search_by_keyboard_from_a_chapter(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    page.keyboard.press("Control+k")
    page.keyboard.type("tisagenlecleucel")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"search\.html\?q=tisagenlecleucel"))
    result = page.locator("#search-results .passage a").first
    expect(result).to_be_visible()
    result.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"book/\w+\.html#"))


def test_search_needs_no_storage(watched: Callable[..., tuple[Page, Watch]], address: str) -> None:
    page, _ = watched()  # the theme's own scripts complain
    page.add_init_script("""
      const refuse = { get() { throw new DOMException("blocked", "SecurityError"); } };
      Object.defineProperty(window, "localStorage", refuse);""")
    page.goto(f"{address}search.html?q=blinatumomab")
    expect(page.locator("#search-results .passage").first).to_be_visible()


def test_results_have_no_finding(open_page: OpenPage, address: str) -> None:
    page = search(open_page, address, "remission")
    expect(page.locator(".passage").first).to_be_visible()
    assert findings(page) == []
