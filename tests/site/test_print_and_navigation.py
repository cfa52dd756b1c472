"""On paper: the state that the reader made, every source, no control. On the screen: the ways through the book."""

from __future__ import annotations

import re

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.site.conftest import ROOT, OpenPage, visit
from tests.site.reader import Reader

# What asks to be used. A summary that stays is a heading; a range field lies unseen over its chart.
CONTROLS = """() => [...document.querySelectorAll("button, input, select, textarea, [role=button], .toggle-button, .copybtn")]
  .filter((el) => el.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && el.getBoundingClientRect().height > 1)
  .map((el) => el.outerHTML.slice(0, 120))"""
TOO_WIDE = """() => [...document.querySelectorAll(".bd-article :is(table, svg, pre, .katex-display)")]
  .filter((el) => el.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((el) => el.outerHTML.slice(0, 120))"""


def chapters() -> list[str]:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [contents["root"], *(each["file"] for part in contents["parts"] for each in part["chapters"])]


def prepare_for_print(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")


def test_no_control_is_printed_and_everything_is_unfolded(
    open_page: OpenPage, address: str, page_names: list[str]
) -> None:
    page = open_page(f"{address}book/index.html", color_scheme="dark")
    for name in page_names:
        if name in ("search.html", "index.html"):
            continue
        visit(page, address, name)
        prepare_for_print(page)
        assert page.evaluate(CONTROLS) == [], name
        assert page.locator("details:not([open], .hide, .cx-control)").count() == 0, name
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.emulate_media(media="screen", color_scheme="dark")


def test_nothing_is_wider_than_the_paper(open_page: OpenPage, address: str) -> None:
    # A4 less its margins, in CSS pixels.
    page = open_page(f"{address}book/index.html", viewport={"width": 717, "height": 1000})
    for chapter in chapters():
        visit(page, address, f"{chapter}.html")
        prepare_for_print(page)
        assert page.evaluate(TOO_WIDE) == [], chapter
        page.emulate_media(media="screen")


def test_the_state_that_the_reader_made_is_printed(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    reader = Reader(page)
    reader.toggle("TOWER")
    reader.button("Keep this scenario").click()
    prepare_for_print(page)
    assert reader.shown() == reader.expected()
    expect(page.get_by_role("link", name="Scenario 1")).to_be_visible()
    expect(reader.notice).to_be_hidden()


def test_previous_and_next_lead_through_the_whole_book(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}{chapters()[0]}.html")
    for chapter in chapters()[1:]:
        page.locator("a.right-next").click()
        expect(page).to_have_url(f"{address}{chapter}.html")
    expect(page.locator("a.right-next")).to_have_count(0)
    for chapter in reversed(chapters()[:-1]):
        page.locator("a.left-prev").click()
        expect(page).to_have_url(f"{address}{chapter}.html")
    expect(page.locator("a.left-prev")).to_have_count(0)


def test_first_key_press_skips_to_the_text(open_page: OpenPage, address: str, page_names: list[str]) -> None:
    page = open_page(f"{address}book/index.html")
    for name in page_names:
        visit(page, address, name)
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        expect(focused).to_have_text("Skip to main content")
        expect(focused).to_be_in_viewport()
        page.keyboard.press("Enter")
        assert page.url.endswith("#main-content"), name
        # The next stop lies in the text, not in the sidebar.
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.querySelector('main').contains(document.activeElement)"), name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_theme_follows_the_system_until_the_reader_chooses(open_page: OpenPage, chapter: str, scheme: str) -> None:
    page = open_page(chapter, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    html = page.locator("html")
    expect(html).to_have_attribute("data-theme", scheme)
    button = page.locator("button.theme-switch-button:visible").first
    for _ in range(3):  # light, dark, as the system has it
        button.click()
        mode, theme = html.get_attribute("data-mode"), html.get_attribute("data-theme")
        assert theme == (scheme if mode == "auto" else mode)
        page.reload()
        expect(html).to_have_attribute("data-mode", str(mode))


def test_every_page_leads_to_the_accessibility_statement(
    open_page: OpenPage, address: str, page_names: list[str]
) -> None:
    page = open_page(f"{address}book/index.html")
    for name in page_names:
        visit(page, address, name)
        page.locator("footer").get_by_role("link", name="Accessibility", exact=True).last.click()
        expect(page).to_have_url(re.compile(r"/book/accessibility\.html#?$"))
        for heading in ("What was tested, and how", "What was not tested", "What is not perfect"):
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
