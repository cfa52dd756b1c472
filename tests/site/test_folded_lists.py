"""Long lists that a chapter folds away: predictions in hindsight, the trials of the review in the newest antibodies."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from carbite.evidence import records
from carbite.hindsight import anchor
from tests.site.conftest import OpenPage

PREDICTIONS = records("predictions")


def test_predictions_are_folded_until_they_are_asked_for(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}book/hindsight.html")
    expect(page.locator(".carbite-entry").first).to_be_hidden()
    page.get_by_text(f"The {len(PREDICTIONS)} predictions, to filter").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".carbite-entry:visible")).to_have_count(len(PREDICTIONS))


def test_a_link_to_a_filter_unfolds_the_list(open_page: OpenPage, address: str) -> None:
    failed = [row for row in PREDICTIONS if row["verdict"] == "failed"]
    page = open_page(f"{address}book/hindsight.html#r=1;verdict=failed")
    expect(page.locator(".carbite-entry:visible")).to_have_count(len(failed))
    expect(page.locator(".carbite-shown")).to_have_text(f"{len(failed)} of {len(PREDICTIONS)} predictions")


def test_a_link_to_an_entry_unfolds_the_list(open_page: OpenPage, address: str) -> None:
    last = anchor(PREDICTIONS[-1]["prediction_id"])
    page = open_page(f"{address}book/hindsight.html#{last}")
    expect(page.locator(f"#{last}")).to_be_in_viewport()


@pytest.mark.parametrize("name", ["hindsight", "next-generation"])
def test_the_explorer_and_the_list_of_a_chapter_leave_each_other_alone(
    open_page: OpenPage, address: str, name: str
) -> None:
    page = open_page(f"{address}book/{name}.html")
    trial = page.locator(".carbite-explorer input[data-trial]:checked").first.get_attribute("data-trial")
    first = page.locator(f'.carbite-explorer input[data-trial="{trial}"]')
    first.uncheck()
    page.locator("details:has(> .carbite-listing) > summary").click()
    everything = page.locator(".carbite-entry:visible").count()
    page.locator(".carbite-filter select").first.select_option(index=1)
    expect(page.locator(".carbite-shown")).to_contain_text(" of ")
    assert 0 < page.locator(".carbite-entry:visible").count() < everything
    expect(first).not_to_be_checked()
