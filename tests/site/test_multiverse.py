"""The specification curves in a browser: filtered and walked by keyboard, restored by a link, whole without scripts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from carbite.multiverse import Universe, multiverse
from carbite.verdict import odds
from tests.site.conftest import OpenPage
from tests.site.test_accessibility import DESKTOP, PHONE, SMALLEST_TARGET_PX, findings

ALL = multiverse("EF1").universes


@pytest.fixture
def curves(address: str) -> str:
    return f"{address}book/multiverse.html"


def curve(page: Page, claim_id: str = "EF1") -> Locator:
    return page.get_by_role("group", name=f"Specification curve of {claim_id}", exact=True)


def announced(page: Page, shown: list[Universe]) -> None:
    favour = sum(each.verdict == "car_t" for each in shown)
    said = f"{len(shown):,} of {len(ALL):,} universes are shown: {favour} favour CAR T"
    expect(curve(page).locator(".sc-summary")).to_contain_text(said)


def test_unticking_by_keyboard_counts_again_and_writes_the_address(open_page: OpenPage, curves: str) -> None:
    page = open_page(curves)
    announced(page, list(ALL))
    box = curve(page).get_by_label("Raw proportions")
    box.focus()
    page.keyboard.press("Space")
    announced(page, [each for each in ALL if each.measure != "raw"])
    expect(box).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(curve(page).get_by_label("Freeman-Tukey")).to_be_focused()
    page.keyboard.press("Space")
    logit = [each for each in ALL if each.measure == "logit"]
    announced(page, logit)
    expect(page).to_have_url(f"{curves}#s=1;u.EF1=-measure.raw,-measure.freeman-tukey")
    tested = [each for each in logit if each.verdict != "not-testable"]
    favour = sum(each.verdict == "car_t" for each in tested)
    expect(curve(page).locator("figcaption strong")).to_have_text(
        f"{favour} of the {len(tested)} testable universes favour CAR T"
    )
    curve(page).get_by_role("button", name="Tick every choice").press("Enter")
    announced(page, list(ALL))
    expect(page).to_have_url(curves)


def test_the_slider_walks_through_the_universes(open_page: OpenPage, curves: str) -> None:
    page = open_page(curves)
    slider = curve(page).get_by_role("slider")
    expect(curve(page).locator(".sc-universe")).to_contain_text("The published comparison.")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", f"1 of {len(ALL)}: +{ALL[0].effect:.1f} percentage points")
    expect(curve(page).locator(".sc-universe")).to_contain_text(f"Universe 1 of {len(ALL)}.")
    expect(slider).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(curve(page).locator(".sc-universe")).to_contain_text(f"Universe 2 of {len(ALL)}.")


def test_a_link_restores_the_choices_and_the_universe_opens_in_the_explorer(open_page: OpenPage, curves: str) -> None:
    name = "cr.printed.adults.exclusive.logit.DL.z"
    page = open_page(f"{curves}#s=1;u.EF1=-population.children,{name}")
    announced(page, [each for each in ALL if any(data.population != "children" for data in each.data)])
    expect(curve(page).get_by_label("Children and young adults only")).not_to_be_checked()
    (universe,) = (
        each
        for each in ALL
        if (each.measure, each.tau2, each.interval) == ("logit", "DL", "z")
        and any(".".join(data) == "cr.printed.adults.exclusive" for data in each.data)
    )
    assert universe.ratio
    curve(page).get_by_role("link", name="Open this universe in the explorer").click()
    page.wait_for_url("**/efficacy.html#s=1;c=cr;*")
    expect(page.locator(".cx-verdict").first).to_contain_text(f"Odds ratio {odds(universe.ratio.odds_ratio)}")


def test_a_damaged_link_says_so_and_shows_everything(open_page: OpenPage, curves: str) -> None:
    page = open_page(f"{curves}#s=1;u.EF1=-measure.none")
    expect(curve(page).locator(".sc-notice")).to_contain_text('there is no choice "measure.none"')
    announced(page, list(ALL))


def test_curves_do_not_share_their_choices(open_page: OpenPage, curves: str) -> None:
    page = open_page(curves)
    curve(page, "DU3").get_by_label("Logit").uncheck()
    expect(curve(page).get_by_label("Logit")).to_be_checked()
    announced(page, list(ALL))
    expect(page).to_have_url(f"{curves}#s=1;u.DU3=-measure.logit")


def test_the_file_has_what_is_shown(open_page: OpenPage, curves: str) -> None:
    page = open_page(f"{curves}#s=1;u.EF1=-endpoint.davis_cr")
    with page.expect_download() as download:
        curve(page).get_by_role("button", name="Download what is shown as CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
    assert {row["endpoint"] for row in rows} == {"cr"}
    assert len(rows) == sum(any(data.endpoint == "cr" for data in each.data) for each in ALL)


def test_without_scripts_and_in_print_figure_sentence_and_table(open_page: OpenPage, curves: str) -> None:
    page = open_page(curves, java_script_enabled=False)
    announced(page, list(ALL))
    expect(curve(page).locator(".sm-figure svg[role=img]").locator("visible=true")).to_have_count(1)
    assert not any(each.is_visible() for each in curve(page).locator("input, button").all())
    curve(page).locator("summary").click()
    expect(curve(page).get_by_role("table")).to_be_visible()
    page = open_page(curves)
    page.emulate_media(media="print")
    expect(curve(page).locator(".sc-summary")).to_be_visible()
    assert not any(each.is_visible() for each in curve(page).locator("input, button").all())


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_filtered_page_fits_and_has_no_serious_finding(
    open_page: OpenPage, curves: str, viewport: dict[str, int]
) -> None:
    page = open_page(f"{curves}#s=1;u.EF1=-measure.raw;u.SA1=-interval.z", viewport=viewport)
    for details in page.locator("details").all():
        details.evaluate("(each) => { each.open = true; }")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= viewport["width"]
    for label in page.locator(".carbite-curve fieldset label, .carbite-curve button").all():
        box = label.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= SMALLEST_TARGET_PX
    assert findings(page) == []
