"""WCAG 2.2 AA as far as axe-core can tell, on every page: wide and light, or narrow and dark.

``make audit`` looks at every page in all four combinations.
"""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize, expect

from tests.site.conftest import END_ANIMATIONS, OpenPage, visit
from tests.site.reader import Reader

Scheme = Literal["light", "dark"]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
# https://www.w3.org/TR/WCAG22/#target-size-minimum
SMALLEST_TARGET_PX = 24
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# axe grades its findings minor, moderate, serious and critical.
REFUSED = ("serious", "critical")

# Everything that is folded away is unfolded, and the button shown that scrolling shows: axe looks at what can be seen.
UNFOLD = """() => {
  document.getElementById("pst-back-to-top")?.style.setProperty("display", "block");
  for (const details of document.querySelectorAll("details")) details.open = true;
  for (const question of document.querySelectorAll(".carbite-question")) question.dataset.answered = "";
  for (const button of document.querySelectorAll("button.toggle-button-hidden")) button.click();
}"""
RUN = """async ([within, rules]) => {
  const found = await axe.run(within, { runOnly: rules, resultTypes: ["violations"], preload: false });
  const said = ({ id, impact }, { target, html }) => `${impact} ${id}: ${target.join(" ")} ${html.slice(0, 120)}`;
  return found.violations.flatMap((rule) => rule.nodes.map((node) => said(rule, node)));
}"""


def findings(page: Page, within: str = "html", schemes: tuple[Scheme, ...] = ("light", "dark")) -> list[str]:
    """What axe-core finds in the page of these colours that a reader would stumble over."""
    page.evaluate(AXE_SCRIPT)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)  # what is being counted is dimmed
    found: list[str] = []
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        expect_theme(page, scheme)
        page.evaluate(END_ANIMATIONS)
        found += page.evaluate(RUN, [within, RULES])
    return [finding for finding in found if finding.startswith(REFUSED)]


def expect_theme(page: Page, scheme: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)


def change_the_explorer(page: Page) -> None:
    """Every part that is not there from the start: rows left out, a trial added, a notice, an error, kept scenarios."""
    reader = Reader(page)
    reader.toggle("TOWER")
    reader.count("ELIANA", "enrolled")
    reader.choose("Trials of", "no-mrd-only")
    reader.add("Mine", "bispecific", "3", "40")
    reader.button("Keep this scenario").click()
    reader.choose("Endpoint", "relapse_among_cr")
    reader.button("Keep this scenario").click()
    reader.fill_trial("Mine", "car_t", "41", "40")
    reader.button("Add").click()
    reader.type("Assumed bias for CAR T (odds ratio)", "99")
    page.evaluate("() => { Object.defineProperty(navigator, 'clipboard', { value: undefined }); }")
    reader.button("Copy link to this state").click()
    expect(page.get_by_label("Link to this state")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "scheme", "every_other"), [(DESKTOP, "light", 0), (PHONE, "dark", 1)], ids=["desktop", "phone"]
)
def test_pages_have_no_serious_finding(
    open_page: OpenPage, address: str, page_names: list[str], size: ViewportSize, scheme: Scheme, every_other: int
) -> None:
    """One half of the pages wide and light, the other narrow and dark."""
    page = open_page("about:blank", viewport=size)
    for name in page_names[every_other::2]:
        visit(page, address, name)
        page.evaluate(UNFOLD)
        assert findings(page, schemes=(scheme,)) == [], name


def test_changed_explorer_has_no_serious_finding(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    change_the_explorer(page)
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        assert findings(page, ".carbite-explorer") == [], size


def test_shown_source_has_no_serious_finding(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    page.locator(".number a").first.focus()
    expect(page.locator(".number > .tip").first).to_be_visible()
    assert findings(page, "p:has(.number), td:has(.number)") == []


def test_theme_can_be_switched_and_stays(open_page: OpenPage, chapter: str) -> None:
    """Dark by the page's own switch on a light system, in the colours of the dark page, also when opened anew."""
    page = open_page(chapter, color_scheme="dark")
    head = page.locator(".cx-head")
    background = "(el) => getComputedStyle(el).backgroundColor"
    dark = head.evaluate(background)
    page.emulate_media(color_scheme="light")
    expect_theme(page, "light")
    expect(head).not_to_have_css("background-color", dark)
    for _ in range(3):
        page.get_by_role("button", name="Color mode").click()
        if page.locator("html").get_attribute("data-mode") == "dark":
            break
    for _ in range(2):
        expect_theme(page, "dark")
        expect(head).to_have_css("background-color", dark)
        page.reload()


def test_no_page_scrolls_sideways(open_page: OpenPage, address: str, page_names: list[str]) -> None:
    """Neither the page nor the explorer, whatever is unfolded; 320 px is a page of 1280 px at 400 %."""
    page = open_page("about:blank")
    for name in page_names:
        visit(page, address, name)
        page.evaluate(UNFOLD)
        if name == "book/efficacy.html":
            change_the_explorer(page)
        for width in (320, 390, 768):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width, name
            assert page.evaluate(WIDER_THAN_THE_EXPLORER) == [], f"{name}, {width} px wide"


# Kept scenarios are a wide table that scrolls in itself.
WIDER_THAN_THE_EXPLORER = """() => [...document.querySelectorAll(".carbite-explorer")].flatMap((explorer) => {
  const right = explorer.getBoundingClientRect().right;
  return [...explorer.querySelectorAll(":not(.cx-kept *)")]
    .filter((el) => el.getBoundingClientRect().right > right + 0.5)
    .map((el) => el.outerHTML.slice(0, 120));
})"""


# A checkbox is hit through its label too.
TARGETS = """() => [...document.querySelectorAll(".carbite-explorer :is(input, select, button, summary)")].map((el) => {
  const target = el.type === "checkbox" ? el.closest(".cx-name") : el;
  const { width, height } = target.getBoundingClientRect();
  return { what: el.outerHTML.slice(0, 100), size: Math.min(width, height) };
})"""


def test_controls_of_the_explorer_can_be_hit(open_page: OpenPage, chapter: str) -> None:
    """Every trial, button, list and field is large enough for a finger."""
    page = open_page(chapter)
    change_the_explorer(page)
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        targets = page.evaluate(TARGETS)
        assert len(targets) > 30
        assert [target for target in targets if target["size"] < SMALLEST_TARGET_PX] == [], size


def test_verdict_stays_in_view_while_trials_are_ticked(open_page: OpenPage, chapter: str) -> None:
    for size in (DESKTOP, PHONE):
        page = open_page(chapter, viewport=size)
        page.locator("tr[data-row]").last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 200)
        expect(page.locator("thead").first).not_to_be_in_viewport()
        expect(page.locator(".cx-verdict")).to_be_in_viewport(ratio=1)
