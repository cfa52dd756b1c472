"""Every figure and the explorer can be cited and linked to, by keyboard, at the state that the reader sees."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from carbite import __version__
from tests.site.conftest import OpenPage
from tests.site.reader import Reader
from tests.site.test_links import CLIPBOARD, WITHOUT_CLIPBOARD

BOOK = "CAR or BiTE? A debate you can recompute"


@pytest.fixture
def page(open_page: OpenPage, chapter: str) -> Page:
    return open_page(chapter, permissions=CLIPBOARD)


def figure(page: Page, position: int = 0) -> Locator:
    return page.locator("figure.carbite-figure").nth(position)


def tool(figure: Locator, name: str) -> Locator:
    return figure.get_by_role("button", name=re.compile(f"^{name}"))


def pasted(page: Page) -> str:
    return str(page.evaluate("() => navigator.clipboard.readText()"))


def today(page: Page) -> str:
    """The date as the browser has it: it may be tomorrow there."""
    iso = date.fromisoformat(str(page.evaluate("() => new Date().toLocaleDateString('sv-SE')")))
    return f"{iso.day} {iso:%B %Y}"


def test_citation_of_every_figure_names_book_version_title_and_address(page: Page, chapter: str) -> None:
    chapter_title = str(page.locator("h1").first.evaluate("(h1) => h1.firstChild.textContent"))
    for place in range(page.locator("figure.carbite-figure").count()):
        one = figure(page, place)
        tool(one, "Cite").focus()
        page.keyboard.press("Enter")
        expect(one.locator(".carbite-said")).to_contain_text("Citation copied")
        title = one.locator("figcaption strong").text_content()
        assert pasted(page) == (
            f"CAR or BiTE? contributors (2026). Figure: “{title}”. In: {chapter_title}. "
            f"{BOOK}, version {__version__}. {chapter}#{one.get_attribute('id')} (seen {today(page)})."
        )


def test_link_to_a_figure_opens_it(open_page: OpenPage, page: Page) -> None:
    one = figure(page, 3)
    tool(one, "Copy link").click()
    expect(one.locator(".carbite-said")).to_contain_text("Link copied")
    elsewhere = open_page(pasted(page))
    expect(figure(elsewhere, 3).locator("figcaption")).to_be_in_viewport()
    expect(figure(elsewhere, 3).get_by_role("status").first).to_be_empty()


def test_link_to_a_row_opens_figure_and_row(open_page: OpenPage, page: Page) -> None:
    for place in range(page.locator("figure.carbite-figure").count()):
        one = figure(page, place)
        one.get_by_role("slider").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        said = str(one.locator("output").text_content())
        tool(one, "Copy link").click()
        expect(one.locator(".carbite-said")).to_contain_text("Link copied")
        link = pasted(page)
        assert "#f=1;figure-" in link
        other = figure(open_page(link), place)
        expect(other.locator("output")).to_have_text(said)
        expect(other.locator("figcaption")).to_be_in_viewport()
        # The explorer of the page keeps the published comparison and says nothing.
        expect(other.page.locator(".cx-notice")).to_be_empty()


def test_link_to_a_row_that_is_gone_says_so(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    name = figure(page).get_attribute("id")
    for row in ("nobody", "", "%", "<img src=x onerror=alert(1)>"):
        other = open_page(f"{chapter}#f=1;{name};{row}")
        expect(figure(other).locator("output")).to_have_text("This link names a row that the figure does not have.")


def test_names_of_figures_hold_no_number_that_new_data_could_change(page: Page) -> None:
    names = [str(one.get_attribute("id")) for one in page.locator("figure.carbite-figure").all()]
    assert len(set(names)) == len(names)
    assert not any(re.search(r"\d", name) for name in names)


def test_citation_can_be_taken_where_the_clipboard_cannot_be_written(open_page: OpenPage, site: Path) -> None:
    page = open_page("about:blank")
    page.add_init_script(WITHOUT_CLIPBOARD)
    page.goto((site / "book" / "efficacy.html").as_uri())
    tool(figure(page), "Cite").click()
    field = page.get_by_label("Citation of this figure")
    expect(field).to_be_focused()
    assert BOOK in field.input_value()
    assert (site / "book" / "efficacy.html").as_uri() in field.input_value()


def test_explorer_is_cited_at_its_state(page: Page, chapter: str) -> None:
    reader = Reader(page)
    reader.toggle("TOWER")
    reader.button("Cite this state").click()
    expect(reader.notice).to_contain_text("Citation copied")
    text = pasted(page)
    assert f"{chapter}#s=1;c=cr;" in text
    assert f"{BOOK}, version {__version__}." in text
    assert reader.shown()["verdict"].rstrip(".") in text


def test_without_scripts_the_data_stay_and_the_buttons_are_absent(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter, java_script_enabled=False)
    for one in page.locator("figure.carbite-figure").all():
        expect(one.locator("button, input, output")).to_have_count(0)
        one.locator("summary").click()
        expect(one.locator("table")).to_be_visible()
        expect(one.get_by_role("link", name="Download CSV")).to_be_visible()


def test_every_page_is_described_and_can_be_cited(open_page: OpenPage, address: str, page_names: list[str]) -> None:
    described = {}
    page = open_page(f"{address}book/index.html")
    for name in page_names:
        if name == "index.html":  # leads on to the book
            continue
        page.goto(address + name)
        content = {
            each.get_attribute("name"): str(each.get_attribute("content")) for each in page.locator("meta[name]").all()
        }
        described[name] = content["description"]
        assert content["citation_inbook_title"] == BOOK
        assert content["citation_title"] in page.title()
        assert page.locator("meta[name=description]").count() == 1
    assert len(set(described.values())) == len(described)
    assert all(len(each) >= 40 for each in described.values()), described
