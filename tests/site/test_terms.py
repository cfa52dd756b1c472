"""A term says what it means where it stands: on hover, on focus, on tap, to a screen reader, and not on paper."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.site.conftest import ROOT, OpenPage
from tests.site.test_accessibility import UNFOLD, findings
from tests.written import written

TERMS = """() => [...document.querySelectorAll(".term")].map((term) => {
  const link = term.querySelector("a");
  return [link.getAttribute("href").split("#term-")[1], document.getElementById(link.getAttribute("aria-describedby")).textContent];
})"""
GLOSSARY = """() => Object.fromEntries([...document.querySelectorAll("dl.glossary dt")].map((term) => [
  term.id.replace("term-", ""), [term.firstChild.data, term.nextElementSibling.textContent.replace(/\\s+/g, " ").trim()]]))"""


@pytest.fixture
def page(open_page: OpenPage, chapter: str) -> Page:
    return open_page(chapter)


def first_term(page: Page) -> tuple[Locator, Locator]:
    term = page.locator(".term").first
    return term.locator("a"), term.get_by_role("tooltip")


def test_glossary_has_each_term_with_its_definition(open_page: OpenPage, address: str) -> None:
    written = (ROOT / "book" / "glossary.md").read_text("utf-8")
    entries = {
        term: " ".join(definition.split())
        for term, definition in re.findall(r"^(\S.*)\n: (\S.*(?:\n[ ]+\S.*)*)$", written, re.MULTILINE)
    }
    shown = open_page(f"{address}book/glossary.html").evaluate(GLOSSARY)
    straight = str.maketrans("’‘“”", "''\"\"")
    said = {term: definition.translate(straight) for term, definition in shown.values()}
    assert said == entries
    assert len(entries) > 20


def test_every_term_carries_the_definition_of_the_glossary(open_page: OpenPage, page: Page, address: str) -> None:
    glossary = open_page(f"{address}book/glossary.html").evaluate(GLOSSARY)
    named = re.findall(r"\{term\}`", written(ROOT / "book" / "efficacy.md"))
    terms = page.evaluate(TERMS)
    assert len(terms) == len(named) > 10
    for anchor, definition in terms:
        assert definition == glossary[anchor][1]


def test_definition_shows_on_hover_stays_under_the_pointer_and_goes(page: Page) -> None:
    link, tip = first_term(page)
    expect(tip).to_be_hidden()
    link.hover()
    expect(tip).to_be_visible()
    tip.hover()
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.mouse.move(2, 2)
    link.hover()
    expect(tip).to_be_visible()


def test_definition_shows_on_focus_describes_the_link_and_escape_closes_it(page: Page) -> None:
    link, tip = first_term(page)
    link.focus()
    expect(tip).to_be_visible()
    expect(link).to_have_accessible_description(str(tip.text_content()))
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"glossary\.html#term-"))


@pytest.mark.parametrize("kind", ["term", "number"])
def test_first_tap_shows_and_the_second_follows(open_page: OpenPage, chapter: str, kind: str) -> None:
    page = open_page(chapter, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.evaluate(UNFOLD)
    links = page.locator(f".{kind} > a")
    first, second = links.first, links.last  # far apart: a tip covers what is below it
    for link in (first, second, first):
        link.tap()
        expect(link.locator("xpath=following-sibling::*")).to_be_visible()
        expect(page).to_have_url(chapter)
    expect(second.locator("xpath=following-sibling::*")).to_be_hidden()
    first.tap()
    expect(page).to_have_url(re.compile(r"glossary\.html#term-|#number-\d+$"))


def test_no_definition_leaves_the_page(page: Page) -> None:
    page.evaluate(UNFOLD)
    outside = """() => [...document.querySelectorAll(".term")].filter((term) => {
      term.querySelector("a").focus({ preventScroll: true });
      const box = term.querySelector(".tip").getBoundingClientRect();
      return box.width < 100 || box.left < 0 || box.right > document.documentElement.clientWidth
        || document.documentElement.scrollWidth > document.documentElement.clientWidth;
    }).map((term) => term.textContent)"""
    for width in (390, 800, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(700)  # the sidebar comes or goes
        assert page.evaluate(outside) == [], f"{width} px wide"


def test_definitions_are_not_printed(page: Page) -> None:
    page.emulate_media(media="print")
    link, tip = first_term(page)
    link.focus()
    expect(tip).to_be_hidden()


def test_a_tip_has_no_finding(page: Page) -> None:
    first_term(page)[0].focus()
    assert findings(page, "p:has(.term), td:has(.term)") == []
