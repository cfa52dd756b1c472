"""The instructor's pages in a browser: each link opens the explorer with the verdict that the plan says."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from carbite_course.teaching.plan import State, plan
from tests.site.conftest import OpenPage

# The link, the verdict that is printed beside it; a number's source stands beside the number.
STATES = """() => [...document.querySelectorAll('article a[href*="#s="]')].map((link) =>
  [link.href, link.parentElement.querySelector("strong a").textContent.trim()])"""


@pytest.mark.parametrize("name", ["teach-sessions", "teach"])
def test_each_link_opens_the_explorer_with_the_verdict_beside_it(open_page: OpenPage, address: str, name: str) -> None:
    page = open_page(f"{address}book/{name}.html")
    states = page.evaluate(STATES)
    steps = [each for session in plan().sessions for step in session.steps for each in step.show]
    planned = {"teach-sessions": steps, "teach": [each for found in plan().misconceptions for each in found.show]}
    assert len(states) == sum(isinstance(each, State) for each in planned[name]) > 0
    for href, verdict in dict(states).items():
        page.goto(href)
        expect(page.locator(".carbite-explorer .cx-verdict strong")).to_have_text(f"{verdict}.")


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_scoring_sheet_prints_on_one_page(open_page: OpenPage, address: str, paper: str) -> None:
    page = open_page(f"{address}book/scoring-sheet.html")
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    printed = PdfReader(io.BytesIO(page.pdf(format=paper))).pages
    assert len(printed) == 1
    said = " ".join(printed[0].extract_text().split())
    for each in plan().scoring:
        assert each.criterion in said
    assert str(sum(each.points for each in plan().scoring)) in said
