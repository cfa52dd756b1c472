"""Without scripts and in print the default state stands in the page, and nothing looks like a control that works."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from carbite.comparison import ARMS, comparison
from tests.site.conftest import OpenPage, visit
from tests.site.reader import READ, Reader

# A summary unfolds its details without any script, and on paper it is a heading. What has tabindex -1 is no control:
# it only takes the focus that a script gives it.
CONTROLS = 'input, select, textarea, button, a[href], [tabindex="0"], [contenteditable]'


def usable(controls: Locator) -> list[str]:
    """The controls that a reader can see and would try."""
    return [
        str(each.evaluate("(el) => el.outerHTML.slice(0, 120)"))
        for each in controls.all()
        if each.is_visible() and each.is_enabled()
    ]


def explorer_shows_the_published_comparison(page: Page) -> None:
    """Sentence, every trial, both pooled rows, the difference and the caveats, all to be seen."""
    asked = comparison("cr")
    reader = Reader(page)
    assert page.evaluate(READ) == reader.expected()
    for selector, expected in (
        (".cx-verdict", 1),
        ("tr[data-row]", len(asked.trials)),
        (".cx-pooled", len(ARMS)),
        (".cx-difference", 1),
        (".cx-caveats li", len(reader.result()["caveats"])),
    ):
        assert sum(each.is_visible() for each in page.locator(selector).all()) == expected, selector
    for trial in asked.trials:
        expect(page.locator("tr[data-row]").get_by_text(trial.name, exact=True)).to_be_visible()


def test_explorer_without_scripts(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter, java_script_enabled=False)
    explorer_shows_the_published_comparison(page)
    assert usable(page.locator(".carbite-explorer").locator(CONTROLS)) == []


def test_explorer_in_print(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    page.emulate_media(media="print")
    explorer_shows_the_published_comparison(page)
    assert usable(page.locator(".carbite-explorer").locator(CONTROLS)) == []


def test_changed_explorer_in_print_keeps_the_scenarios_and_no_control(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    reader = Reader(page)
    reader.toggle("TOWER")
    reader.add("Mine", "car_t", "1", "40")
    reader.button("Keep this scenario").click()
    page.emulate_media(media="print")
    assert reader.shown() == reader.expected()
    expect(page.locator(".cx-kept td").first).to_be_visible()
    assert usable(page.locator(".carbite-explorer").locator("input, select, button")) == []


def test_no_page_has_a_dead_control_without_scripts(open_page: OpenPage, address: str, page_names: list[str]) -> None:
    page = open_page(f"{address}book/index.html", java_script_enabled=False)
    for name in page_names:
        visit(page, address, name)
        assert usable(page.locator("button, [role=button], input, select")) == [], name


def test_folded_text_can_be_read_without_scripts_and_in_print(open_page: OpenPage, chapter: str) -> None:
    """A solution and the way to a verdict are folded; where nothing can unfold them they are open."""
    for how in ("without scripts", "print"):
        page = open_page(chapter, java_script_enabled=how == "print")
        if how == "print":
            page.emulate_media(media="print")
            page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        folded = page.locator(".admonition.dropdown p:not(.admonition-title)").all()
        assert len(folded) > 3
        for text in folded:
            assert text.is_visible(), f"{how}: {text.text_content()}"
