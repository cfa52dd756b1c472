"""Every number in the prose shows its source: on hover, on focus, and in the list at the end."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from carbite.evidence import records
from carbite.prose import number
from tests.site.conftest import ROOT, OpenPage
from tests.written import written

FEWEST_NUMBERS = 50
FEWEST_WORDS = 3

NUMBERS = """() => [...document.querySelectorAll(".number")].map((number) => {
  const link = number.querySelector("a");
  const tip = document.getElementById(link.getAttribute("aria-describedby"));
  const entry = document.getElementById(link.getAttribute("href").slice(1));
  const plain = [...(entry?.querySelector("p").childNodes ?? [])].filter((node) => node.nodeType === Node.TEXT_NODE);
  return {
    text: link.textContent,
    tip: tip?.textContent ?? "",
    role: tip?.getAttribute("role"),
    entry: entry?.querySelector("strong").textContent,
    source: plain.map((node) => node.data).join("").trim(),
  };
})"""
# The numbers whose source would be cut off or push the page aside, when each is shown in turn.
OUTSIDE = """() => {
  for (const button of document.querySelectorAll("button.toggle-button-hidden")) button.click();
  for (const question of document.querySelectorAll(".carbite-question")) question.dataset.answered = "";
  for (const answer of document.querySelectorAll(".carbite-answer")) answer.open = true;
  return [...document.querySelectorAll(".number")].filter((number) => {
    number.querySelector("a").focus({ preventScroll: true });
    const box = number.querySelector(".tip").getBoundingClientRect();
    return box.width < 100 || box.left < 0 || box.right > document.documentElement.clientWidth
      || document.documentElement.scrollWidth > document.documentElement.clientWidth;
  }).map((number) => number.textContent.slice(0, 60));
}"""


# The theme moves the text when the sidebar comes or goes; its transition takes less than this.
SETTLING_MS = 700


@pytest.fixture
def page(open_page: OpenPage, chapter: str) -> Page:
    return open_page(chapter)


def first_number(page: Page) -> tuple[Locator, Locator]:
    """A number in the text and its source."""
    found = page.locator(".number").first
    return found.locator("a"), found.get_by_role("tooltip")


def test_page_shows_the_numbers_that_the_chapter_names(page: Page) -> None:
    chapter = written(ROOT / "book" / "efficacy.md")
    named = [number(name) for name in re.findall(r"\{number\}`([^`]+)`", chapter)]
    shown = page.evaluate(NUMBERS)
    assert [(each["text"], each["tip"]) for each in shown] == [(each.text, each.source) for each in named]
    assert len(shown) >= FEWEST_NUMBERS
    for each in shown:
        assert each["role"] == "tooltip", each
        assert len(each["tip"].split()) >= FEWEST_WORDS, each
        assert (each["entry"], each["source"]) == (each["text"], each["tip"])


def test_every_source_names_an_article_or_the_computation(page: Page) -> None:
    cited = [row["citation"] for row in records("sources")]
    for each in page.evaluate(NUMBERS):
        named = any(citation in each["source"] for citation in cited)
        assert named or "Computed from data/" in each["source"], each


def test_source_shows_on_hover_and_stays_under_the_pointer(page: Page) -> None:
    link, tip = first_number(page)
    expect(tip).to_be_hidden()
    link.hover()
    expect(tip).to_be_visible()
    tip.hover()
    expect(tip).to_be_visible()
    page.mouse.move(2, 2)
    expect(tip).to_be_hidden()


def test_source_shows_on_focus_and_escape_closes_it(page: Page) -> None:
    link, tip = first_number(page)
    link.focus()
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    expect(link).to_be_focused()

    # It is closed until the reader comes back to the number.
    page.keyboard.press("Tab")
    expect(tip).to_be_hidden()
    page.keyboard.press("Shift+Tab")
    expect(tip).to_be_visible()


def test_escape_closes_the_source_under_the_pointer(page: Page) -> None:
    link, tip = first_number(page)
    link.hover()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.mouse.move(2, 2)
    link.hover()
    expect(tip).to_be_visible()


def test_no_source_leaves_the_page(page: Page) -> None:
    for width in (390, 600, 800, 1024, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(SETTLING_MS)
        assert page.evaluate(OUTSIDE) == [], f"{width} px wide"


def test_followed_number_unfolds_its_entry(page: Page) -> None:
    link, _ = first_number(page)
    entry = page.locator(str(link.get_attribute("href")))
    expect(entry).to_be_hidden()
    link.click()
    expect(entry).to_be_in_viewport()
    expect(entry.locator("strong")).to_have_text(str(link.text_content()))
    page.go_back()
    expect(link).to_be_in_viewport()


def test_sources_that_are_online_are_linked(page: Page) -> None:
    for link in page.locator(".number-sources a").all():
        assert re.match(r"https://doi\.org/10\.\d{4,}/\S+$", str(link.get_attribute("href")))
    entries = page.locator(".number-sources > li")
    assert page.locator(".number-sources a").count() > entries.count() / 3


def test_sources_are_printed(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    for entry in page.locator(".number-sources > li").all():
        assert entry.is_visible()
    for tip in page.locator(".number > .tip").all():
        assert not tip.is_visible()


def test_a_printed_number_carries_the_mark_of_its_entry(page: Page) -> None:
    page.emulate_media(media="print")
    marks = page.evaluate(
        "() => [...document.querySelectorAll('.number > a')].map((a) => [getComputedStyle(a, '::after').content, a.hash])"
    )
    assert marks
    assert all(f"#number-{mark.strip(chr(34))}" == entry for mark, entry in marks)
