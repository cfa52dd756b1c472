"""Text from data never becomes markup: the book built on data full of it, opened without the policy that would block it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page

from tests import hostile_book
from tests.site.conftest import PATIENCE_MS, visit
from tests.site.hostile import FORMULAS, INVISIBLE, MARKUP
from tests.site.reader import Reader
from tests.thoroughness import THOROUGH

pytestmark = pytest.mark.audit

# Built before, to save the time: the folder that `python -m tests.hostile_book` was given.
NAMED_BOOK = "CARBITE_HOSTILE_BOOK"
# What the payloads would be if they were markup: none of these is on an honest page.
FOREIGN = """() => [...document.querySelectorAll('img[src="x"], [onerror]'), ...[...document.scripts].filter((s) => s.textContent === "alert()")]
  .map((el) => el.outerHTML)"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get(NAMED_BOOK)
    if named:
        return Path(named)
    folder = tmp_path_factory.mktemp("hostile")
    hostile_book.build(folder, whole=THOROUGH)
    return folder


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which a script from the data would run, and be noticed."""
    context = browser.new_context(bypass_csp=True)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(page.url), dialog.dismiss()))
    yield page
    page.wait_for_load_state("networkidle")
    assert page.evaluate(FOREIGN) == []
    assert ran == []
    context.close()


def test_nothing_of_the_data_runs_on_any_page(page: Page, book: Path) -> None:
    site = book / "_build" / "html"
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        visit(page, f"{site.as_uri()}/", name)
        page.evaluate("() => { for (const details of document.querySelectorAll('details')) details.open = true; }")
        assert page.evaluate(FOREIGN) == [], name
        if name in ("book/efficacy.html", "book/discrepancies.html"):
            text = page.evaluate("() => document.querySelector('main').textContent")
            assert all(payload in text for payload in MARKUP), name


def test_markup_in_the_data_is_text_wherever_the_chapter_shows_it(page: Page, book: Path) -> None:
    """Table, verdict, drawing, tooltip, prose, options, caveats."""
    page.goto((book / "_build" / "html" / "book" / "efficacy.html").as_uri())
    places = {
        "table": ".cx-row label",
        "options": ".cx-options option",
        "claim": ".cx-claim",
        "drawing": ".carbite-figure svg text",
        "tooltip": ".number .tip",
        "list of sources": ".number-sources li",
        "table of a figure": ".carbite-figure td, .carbite-figure th",
        "table of claims": ".carbite-table td",
    }
    for place, selector in places.items():
        texts = page.locator(selector).all_text_contents()
        assert any(payload in text for text in texts for payload in MARKUP), place
    number = page.locator(".number:has(.tip:text('<img src=x')) a").first
    number.scroll_into_view_if_needed()
    number.focus()
    tip = page.locator(".number:focus-within .tip")
    assert tip.is_visible()
    # Whatever a choice redraws is redrawn as text.
    for name in ("Phase 2 pilot", "ALCANTARA", "CARPALL"):
        page.locator(".cx-row label").filter(has_text=name).first.click()
    page.get_by_label("Endpoint").select_option("davis_cr")
    page.get_by_role("button", name="Keep this scenario").click()
    page.get_by_label("Endpoint").select_option("relapse_among_cr")
    page.get_by_role("button", name="Keep this scenario").click()
    assert any(payload in page.locator(".cx-kept:not(.cx-predictions)").inner_text() for payload in MARKUP)
    assert page.evaluate(FOREIGN) == []


def test_markup_in_the_data_is_a_cell_in_every_csv(page: Page, book: Path) -> None:
    page.goto((book / "_build" / "html" / "book" / "efficacy.html").as_uri())
    seen = ""
    for link in page.locator("a[download]").all():
        address = link.get_attribute("href") or ""
        if address.startswith("data:text/csv"):
            text = unquote(address.partition(",")[2])
            rows = list(csv.reader(io.StringIO(text), strict=True))
            assert len({len(row) for row in rows}) == 1
            seen += text
    with page.expect_download() as expected:
        page.get_by_role("button", name="Download as CSV").click()
    with open(expected.value.path(), encoding="utf-8-sig", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file, strict=True)]
    assert any(payload in name for name in names for payload in MARKUP)
    assert any(payload.replace('"', '""') in seen for payload in MARKUP)


def test_markup_in_the_data_is_text_in_the_notebooks(book: Path) -> None:
    """Their Markdown, rendered by the rules of CommonMark with HTML switched on, as JupyterLab does."""
    notebooks = sorted((book / "_build" / "notebooks").glob("*.ipynb"))
    assert len(notebooks) >= 5
    shown = ""
    for path in notebooks:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                html = MarkdownIt("commonmark", {"html": True}).enable("table").render("".join(cell["source"]))
                assert not re.search(r"<(?:img|script)\b", html), f"{path.name}: {html[:200]}"
                shown += html
    assert "&lt;img src=x onerror=alert()&gt;" in shown


ADDED = [*MARKUP, *FORMULAS]


def test_markup_in_an_added_trial_and_in_a_link_is_text(page: Page, chapter: str, address: str) -> None:
    page.goto(chapter)
    reader = Reader(page)
    for name in ADDED:
        reader.add(name, "car_t", "3", "40")
    reader.button("Keep this scenario").click()
    assert reader.shown() == reader.expected()
    assert page.evaluate(FOREIGN) == []
    # Once more from its link, opened anew.
    page.reload()
    assert reader.shown() == reader.expected()
    with page.expect_download() as expected:
        reader.button("Download as CSV").click()
    with open(expected.value.path(), encoding="utf-8-sig", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file, strict=True)]
    assert {f"'{name}" for name in FORMULAS} <= set(names)
    for name in INVISIBLE:
        reader.fill_trial(name, "car_t", "3", "40")
        reader.button("Add").click()
        # A browser takes some controls out of a field by itself.
        if page.get_by_label("Name").input_value() == name:
            assert "cannot be seen" in page.locator(".cx-error").inner_text(), ascii(name)
    for part in (*MARKUP, "%22onmouseover=alert()"):
        page.goto(f"{address}search.html?q={part}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate(FOREIGN) == []
        page.goto(f"{address}book/index.html?highlight={part}")
        assert page.evaluate(FOREIGN) == []


def test_markup_would_be_noticed(browser: Browser, address: str) -> None:
    """The watch itself: without the page's policy, markup that is not escaped does run and is found."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append("ran"), dialog.dismiss()))
    page.goto(f"{address}book/index.html")
    page.evaluate("(text) => { document.querySelector('main').innerHTML += text; }", MARKUP[0])
    page.wait_for_load_state("networkidle")
    assert len(page.evaluate(FOREIGN)) == 1
    assert ran == ["ran"]
    context.close()


def test_policy_alone_would_stop_it(browser: Browser, address: str) -> None:
    """The second line of defence: the same markup, with the policy, runs nothing."""
    page = browser.new_page()
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append("ran"), dialog.dismiss()))
    page.goto(f"{address}book/index.html")
    page.evaluate("(text) => { document.querySelector('main').innerHTML += text; }", MARKUP[0])
    page.wait_for_load_state("networkidle")
    assert len(page.evaluate(FOREIGN)) == 1
    assert ran == []
    page.context.close()
