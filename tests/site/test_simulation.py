"""The simulations of a page: each is recomputed as Python computes it, holds its state in the link, and works for all."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from carbite.models import model
from carbite.models.parameters import Slider
from tests.site.conftest import OpenPage

CLIPBOARD = ["clipboard-read", "clipboard-write"]
CONTROLS = "input, select, button"
# What is wrong with the part of the infusion, and the part.
DAMAGED = {
    "nothing": "m.infusion=",
    "unknown parameter": "m.infusion=price:3",
    "parameter of an object's own": "m.infusion=__proto__:3",
    "no value": "m.infusion=stop_day",
    "two values": "m.infusion=stop_day:3:4",
    "twice in the part": "m.infusion=stop_day:3,stop_day:4",
    "part twice": "m.infusion=stop_day:3;m.infusion=stop_day:3",
    "out of range": "m.infusion=half_life:1e9",
    "below the range": "m.infusion=dose:-1",
    "no number": "m.infusion=stop_day:soon",
    "not finite": "m.infusion=stop_day:Infinity",
    "not whole": "m.infusion=cycles:2.5",
    "empty number": "m.infusion=stop_day:",
    "script": "m.infusion=stop_day:<img src=x onerror=window.hacked=1>",
    "very long": "m.infusion=" + "stop_day:3," * 20_000,
}


@pytest.fixture
def mechanism(address: str) -> str:
    return f"{address}book/mechanism.html"


@pytest.fixture
def page(open_page: OpenPage, mechanism: str) -> Page:
    return open_page(mechanism, permissions=CLIPBOARD)


def simulation(page: Page, name: str) -> Locator:
    return page.locator(f'.carbite-simulation[data-model="{name}"]')


def number_field(place: Locator, name: str) -> Locator:
    return place.locator(f'[type="number"][data-parameter="{name}"]')


def slider(place: Locator, name: str) -> Locator:
    return place.locator(f'[type="range"][data-parameter="{name}"]')


def address_of(page: Page) -> str:
    return str(page.evaluate("() => new Promise((done) => setTimeout(() => done(location.href)))"))


def expect_values(page: Page, name: str, values: dict[str, Any]) -> None:
    """The page shows for these values what Python computes: sentence, controls, tables, numbers in the prose."""
    place = simulation(page, name)
    found = model(name).result(values)
    expect(place.locator(".sm-sentence")).to_have_text(found["sentence"])
    for each, value in model(name).check(values).items():
        if isinstance(model(name).parameter(each), Slider):
            expect(number_field(place, each)).to_have_value(f"{value:g}")
    live = page.locator(f'[data-simulated^="{name}:"]')
    for number in live.all():
        key = str(number.get_attribute("data-simulated")).removeprefix(f"{name}:")
        expect(number).to_have_text(found["text"][key])


def test_starts_as_it_was_drawn_when_the_book_was_built(open_page: OpenPage, mechanism: str) -> None:
    parts = (".sm-head", ".sm-first", ".sm-others", ".sm-data")
    still, page = open_page(mechanism, java_script_enabled=False), open_page(mechanism)
    for name in ("infusion", "kinetics", "ratio"):
        expect_values(page, name, {})
        drawn = [simulation(still, name).locator(part).inner_html() for part in parts]
        assert [simulation(page, name).locator(part).inner_html() for part in parts] == drawn
    assert address_of(page) == mechanism


def test_nothing_moves_when_the_script_takes_over(open_page: OpenPage, mechanism: str) -> None:
    page = open_page("about:blank")
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => { for (const e of list.getEntries()) window.shift += e.value; })"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    page.goto(mechanism)
    expect(simulation(page, "ratio")).to_have_class(re.compile("sm-live"))
    assert page.evaluate("() => window.shift") < 0.01


def test_slider_and_number_are_one(page: Page) -> None:
    place = simulation(page, "infusion")
    slider(place, "stop_day").fill("10")
    expect_values(page, "infusion", {"stop_day": 10})
    number_field(place, "dose").fill("56")
    number_field(place, "dose").press("Enter")
    expect_values(page, "infusion", {"stop_day": 10, "dose": 56})
    expect(slider(place, "dose")).to_have_value("56")
    expect(place.locator('[data-row="dose"] .sm-state')).to_have_text(re.compile("changed from 28"))
    place.get_by_role("button", name="Reset").click()
    expect_values(page, "infusion", {})
    assert "#" not in address_of(page)


def test_what_is_read_out_waits_for_the_hand_to_rest(page: Page) -> None:
    place = simulation(page, "infusion")
    said = place.locator('.sm-said[role="status"]')
    expect(said).to_be_empty()
    slider(place, "stop_day").fill("20")
    expect(said).to_have_text(model("infusion").result({"stop_day": 20})["sentence"])


def test_chart_and_its_words_follow(page: Page) -> None:
    place = simulation(page, "infusion")
    chart = place.locator(".sm-first svg[role='img']:visible")
    before = chart.get_attribute("aria-label")
    slider(place, "stop_day").fill("10")
    expect(chart).to_have_attribute("aria-label", re.compile("Stopped on day 10"))
    assert chart.get_attribute("aria-label") != before


def test_a_value_out_of_range_is_refused_with_a_message(page: Page) -> None:
    place = simulation(page, "infusion")
    field = number_field(place, "dose")
    for typed in ("-1", "1000", "", "1e9"):
        before = place.locator(".sm-sentence").inner_text()
        field.fill(typed)
        field.press("Tab")
        expect(place.get_by_role("alert")).to_have_text("Dose afterwards must be a number from 1 to 112 µg per day.")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(place.locator(".sm-sentence")).to_have_text(before)
        field.fill("56")
        field.press("Tab")
        expect(place.get_by_role("alert")).to_be_empty()
        expect_values(page, "infusion", {"dose": 56})


def test_a_parameter_without_effect_says_so(page: Page) -> None:
    place = simulation(page, "ratio")
    number_field(place, "expansion_days").fill("0")
    number_field(place, "expansion_days").press("Enter")
    expect(slider(place, "t_cell_doubling")).to_be_disabled()
    expect(place.locator('[data-row="t_cell_doubling"] .sm-state')).to_have_text("without effect here")


def test_keyboard_alone(page: Page) -> None:
    place = simulation(page, "infusion")
    slider(place, "stop_day").focus()
    page.keyboard.press("ArrowRight")
    expect_values(page, "infusion", {"stop_day": 14.5})
    expect(slider(place, "stop_day")).to_be_focused()
    page.keyboard.press("Tab")
    expect(number_field(place, "stop_day")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(slider(place, "half_life")).to_be_focused()
    expect_values(page, "infusion", {"stop_day": 15.5})


def test_unfolded_table_stays_unfolded_and_gives_its_csv(page: Page) -> None:
    place = simulation(page, "infusion")
    table = place.locator(".sm-data > details").first
    table.locator("summary").click()
    slider(place, "stop_day").fill("10")
    expect(place.locator(".sm-said")).not_to_be_empty()
    expect(table).to_have_attribute("open", "")
    with page.expect_download() as download:
        table.get_by_role("link", name="Download CSV").click()
    rows = download.value.path().read_text("utf-8").splitlines()
    assert download.value.suggested_filename == "infusion-course.csv"
    assert len(rows) == table.locator("tr").count()


def test_origin_of_each_value_can_be_read(page: Page) -> None:
    place = simulation(page, "infusion")
    place.get_by_text("Where these values come from").click()
    entries = place.locator(".sm-sources dl > div")
    assert entries.count() == len(model("infusion").parameters)
    for entry, parameter in zip(entries.all(), model("infusion").parameters, strict=True):
        expect(entry).to_contain_text(parameter.origin.text)
    expect(entries.filter(has_text="Assumed.")).to_have_count(1)


def test_link_holds_the_state_of_every_simulation(open_page: OpenPage, page: Page, mechanism: str) -> None:
    slider(simulation(page, "infusion"), "stop_day").fill("10")
    number_field(simulation(page, "ratio"), "targets").fill("123.5")
    number_field(simulation(page, "ratio"), "targets").press("Enter")
    expect_values(page, "ratio", {"targets": 123.5})
    place = simulation(page, "infusion")
    place.get_by_role("button", name="Copy link to this state").click()
    expect(place.get_by_role("alert")).to_have_text("Link copied. It opens this page in exactly this state.")
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert link == address_of(page) == f"{mechanism}#s=1;m.infusion=stop_day:10;m.ratio=targets:123.5"
    elsewhere = open_page(link)
    expect_values(elsewhere, "infusion", {"stop_day": 10})
    expect_values(elsewhere, "ratio", {"targets": 123.5})
    expect_values(elsewhere, "kinetics", {})
    assert address_of(elsewhere) == link


FOLLOW = """async (link) => {
  const part = (name, what) => document.querySelector(`[data-model="${name}"] .sm-${what}`).textContent;
  const arrived = new Promise((done) => addEventListener("hashchange", () => setTimeout(done), { once: true }));
  location.hash = link;
  await arrived;
  const names = ["infusion", "kinetics", "ratio"];
  return {
    sentences: Object.fromEntries(names.map((name) => [name, part(name, "sentence")])),
    notices: Object.fromEntries(names.map((name) => [name, part(name, "notice")])),
    hacked: Boolean(window.hacked),
  };
}"""
UNREADABLE = re.compile(r"^This link could not be read: .+\. You see the starting values\.$")


def sentences(**values: dict[str, Any]) -> dict[str, str]:
    """The sentence of each simulation of the page under these values."""
    return {name: model(name).result(values.get(name, {}))["sentence"] for name in ("infusion", "kinetics", "ratio")}


def test_damaged_part_resets_its_own_simulation_only(page: Page) -> None:
    for fault, part in DAMAGED.items():
        page.evaluate(FOLLOW, "#s=1;m.infusion=stop_day:3;m.ratio=targets:150")
        found = page.evaluate(FOLLOW, f"#s=1;{part};m.ratio=targets:200")
        assert found["sentences"] == sentences(ratio={"targets": 200}), fault
        assert UNREADABLE.match(found["notices"]["infusion"]), fault
        assert (found["notices"]["kinetics"], found["notices"]["ratio"], found["hacked"]) == ("", "", False), fault


def test_part_of_nothing_on_this_page_resets_all(page: Page) -> None:
    for part in ("c=cr", "m.cure=x:1", "q=1", "m.infusio=stop_day:3", "__proto__=1", "=", "signs"):
        page.evaluate(FOLLOW, "#s=1;m.ratio=targets:150")
        found = page.evaluate(FOLLOW, f"#s=1;{part};m.ratio=targets:200")
        assert found["sentences"] == sentences(), part
        assert all("not a part of a link to this page" in said for said in found["notices"].values()), part


def test_page_opened_by_a_damaged_link_says_so(open_page: OpenPage, mechanism: str) -> None:
    page = open_page(f"{mechanism}#s=1;m.infusion=dose:-1;m.ratio=targets:200")
    expect(simulation(page, "infusion").get_by_role("alert")).to_have_text(UNREADABLE)
    expect_values(page, "infusion", {})
    expect_values(page, "ratio", {"targets": 200})


def test_back_leads_to_the_state_before_a_link_and_anchors_are_left_alone(page: Page) -> None:
    page.evaluate("() => { location.hash = '#s=1;m.infusion=stop_day:30'; }")
    expect_values(page, "infusion", {"stop_day": 30})
    page.go_back()
    expect_values(page, "infusion", {})
    page.get_by_role("link", name="Check yourself").first.click()
    expect_values(page, "infusion", {})
    assert address_of(page).endswith("#check-yourself")


def test_live_numbers_are_marked_while_they_differ(page: Page) -> None:
    number = page.locator('[data-simulated="infusion:stop"]')
    expect(number).not_to_have_class(re.compile("live-changed"))
    slider(simulation(page, "infusion"), "stop_day").fill("10")
    expect(number).to_have_class(re.compile("live-changed"))
    expect(number).to_have_text("10")


@pytest.mark.parametrize("how", ["without scripts", "print"])
def test_without_scripts_and_in_print(open_page: OpenPage, mechanism: str, how: str) -> None:
    page = open_page(mechanism, java_script_enabled=how == "print")
    if how == "print":
        page.emulate_media(media="print")
        page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    for name in ("infusion", "kinetics", "ratio"):
        place = simulation(page, name)
        expect(place.locator(".sm-sentence")).to_be_visible()
        expect(place.locator(".sm-sentence")).to_have_text(model(name).result()["sentence"])
        expect(place.locator(".sm-first svg[role='img']:visible")).to_have_count(1)
        assert [each for each in place.locator(CONTROLS).all() if each.is_visible()] == []
        for table in place.locator(".sm-data > details").all():
            if how == "without scripts":
                table.locator("summary").click()
            expect(table.locator("table")).to_be_visible()


def test_fits_a_phone(open_page: OpenPage, mechanism: str) -> None:
    page = open_page(mechanism, viewport={"width": 390, "height": 844})
    for name in ("infusion", "kinetics", "ratio"):
        place = simulation(page, name)
        expect(place.locator(".sm-first .sm-narrow svg[role='img']")).to_be_visible()
        expect(place.locator(".sm-first .sm-wide svg[role='img']")).to_be_hidden()
        for control in place.locator(CONTROLS).all():
            box = control.bounding_box()
            if box:
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= 390
                assert box["height"] >= 20
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
