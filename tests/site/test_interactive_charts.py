"""A chart becomes interactive when it comes near the view: in place, by pointer, touch and keyboard, or not at all."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.site.conftest import OpenPage, Watch

RUNTIME = "_static/carbite/vega.js"
KIB = 1024
# Compressed, 390 x 844: with nothing scrolled, five seconds after load; and after scrolling all of it.
MOST_AT_LOAD = 400 * KIB
MOST_IN_ALL = 700 * KIB
# https://web.dev/articles/cls calls up to 0.1 good; this book allows itself a fifth of that.
LARGEST_SHIFT = 0.02
# A browser measures text, a build server measures text: a label may stand this much elsewhere.
LARGEST_MISPLACEMENT_PX = 3.0
COMPRESSED = (".woff2", ".png")
PHONE: Any = {"width": 390, "height": 844}

SCROLL = """async () => {
  for (let top = 0; top < document.body.scrollHeight; top += innerHeight / 2) {
    scrollTo(0, top);
    await new Promise((done) => setTimeout(done, 60));
  }
}"""
SHIFTS = """() => {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""
# What is drawn: each label with its place, each mark with its box, in pixels from the corner of the drawing.
DRAWN = """(figure) => {
  const svg = [...figure.querySelectorAll("svg")].find((each) => each.getBoundingClientRect().width > 0);
  const frame = svg.getBoundingClientRect();
  const place = (el) => {
    const box = el.getBoundingClientRect();
    return [box.left - frame.left, box.top - frame.top, box.width, box.height];
  };
  const plain = (colour) => colour === "rgba(0, 0, 0, 0)" ? "none" : colour;
  const paint = (el) => [plain(getComputedStyle(el).fill), plain(getComputedStyle(el).stroke)];
  const seen = (selector) => [...svg.querySelectorAll(selector)].filter((el) =>
    el.getBoundingClientRect().width + el.getBoundingClientRect().height > 0
    && (paint(el)[0] !== "none" || paint(el)[1] !== "none") && getComputedStyle(el).opacity !== "0"
    && !el.closest("[display=none], [opacity='0']") && !el.matches(".background, .foreground"));
  return {
    frame: [frame.left, frame.top, frame.width, frame.height],
    labels: seen("text").map((el) => [el.textContent, ...place(el)]),
    marks: seen("path").map((el) => [paint(el).join(" "), ...place(el)]),
  };
}"""
# Each row of the data with the opacities of its marks.
FAINT = """(figure) => {
  const svg = [...figure.querySelectorAll("svg")].find((each) => each.getBoundingClientRect().width > 0);
  const marks = {};
  for (const el of svg.querySelectorAll("*")) {
    const row = el.__data__?.datum?.carbite_row;
    if (row === undefined || el.__data__.mark.marktype === "line") continue;
    (marks[row] ??= new Set()).add(Number(getComputedStyle(el).opacity));
  }
  return Object.fromEntries(Object.entries(marks).map(([row, values]) => [row, [...values]]));
}"""


def figures(page: Page) -> list[Locator]:
    found = page.locator("figure.carbite-figure").all()
    assert len(found) >= 5
    return found


def brought_near(figure: Locator) -> Locator:
    """The figure once Vega draws it."""
    figure.scroll_into_view_if_needed()
    expect(figure.locator("svg.marks:visible")).to_have_count(1)
    return figure


def stepper(figure: Locator) -> Locator:
    return figure.get_by_role("slider")


def readout_of(figure: Locator) -> Locator:
    """Where the values are read out; another place of the figure says that a link was copied."""
    return figure.locator("output")


def rows(figure: Locator) -> list[list[str]]:
    return [row.locator("th, td").all_text_contents() for row in figure.locator("tbody tr").all()]


def labels(figure: Locator) -> list[str]:
    return [label[0] for label in figure.evaluate(DRAWN)["labels"]]


def opacities(figure: Locator) -> dict[int, list[float]]:
    return {int(row): values for row, values in figure.evaluate(FAINT).items()}


@pytest.mark.parametrize("width", [1280, 390])
def test_vega_draws_what_the_build_drew_in_the_same_place(open_page: OpenPage, chapter: str, width: int) -> None:
    page = open_page(chapter, viewport={"width": width, "height": 900})
    page.evaluate("() => document.fonts.ready.then(() => undefined)")
    for figure in figures(page):
        figure.scroll_into_view_if_needed()
    for figure in figures(page):
        brought_near(figure)
    taken_over = [figure.evaluate(DRAWN) for figure in figures(page)]

    still = open_page(chapter, viewport={"width": width, "height": 900}, java_script_enabled=False)
    images = [figure.evaluate(DRAWN) for figure in figures(still)]
    for drawn, image in zip(taken_over, images, strict=True):
        assert drawn["frame"][2:] == image["frame"][2:]
        for kind in ("labels", "marks"):
            assert sorted(each[0] for each in drawn[kind]) == sorted(each[0] for each in image[kind])
            for name, *place in drawn[kind]:
                same = [other for text, *other in image[kind] if text == name]
                assert any(place == pytest.approx(other, abs=LARGEST_MISPLACEMENT_PX) for other in same), (name, place)


def test_budget_and_nothing_moves(
    watched: Callable[..., tuple[Page, Watch]], site: Path, address: str, chapter: str
) -> None:
    page, watch = watched(viewport=PHONE)
    sizes: dict[str, int] = {}

    def weigh(response: Response) -> None:
        name = response.url.removeprefix(address).partition("?")[0].partition("#")[0]
        content = (site / name).read_bytes()
        sizes[name] = len(content) if name.endswith(COMPRESSED) else len(gzip.compress(content, 6))

    page.on("response", weigh)
    page.goto(chapter)
    page.evaluate(SHIFTS)
    page.wait_for_timeout(5_000)
    assert RUNTIME not in sizes
    assert sum(sizes.values()) <= MOST_AT_LOAD
    page.evaluate(SCROLL)
    page.wait_for_load_state("networkidle")
    for figure in figures(page):
        brought_near(figure)
    assert RUNTIME in sizes
    assert sum(sizes.values()) <= MOST_IN_ALL
    assert page.evaluate("() => window.shift") < LARGEST_SHIFT
    assert watch.problems == []


def test_arrow_keys_read_out_every_row(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    for figure in figures(page):
        expected = rows(figure)
        brought_near(figure)
        height = figure.evaluate("(el) => el.getBoundingClientRect().height")
        readout = readout_of(figure)
        expect(readout).to_be_empty()
        stepper(figure).focus()
        for position, row in enumerate(expected):
            page.keyboard.press("ArrowRight")
            expect(stepper(figure)).to_have_attribute("aria-valuetext", f"row {position + 1} of {len(expected)}")
            said = str(readout.text_content())
            assert all(f"{cell}." in said for cell in row if cell), (row, said)
            shown = opacities(figure)
            assert shown[position] == [1.0]
            assert all(max(values) < 1 for other, values in shown.items() if other != position)
            assert figure.locator("tr.carbite-chosen").count() == 1
            assert figure.evaluate("(el) => el.getBoundingClientRect().height") == height
        page.keyboard.press("Home")
        page.keyboard.press("End")
        expect(stepper(figure)).to_have_attribute("aria-valuetext", f"row {len(expected)} of {len(expected)}")
        page.keyboard.press("Escape")
        expect(readout).to_be_empty()
        expect(stepper(figure)).to_have_attribute("aria-valuetext", "no row chosen")
        assert all(values == [1.0] for values in opacities(figure).values())


def test_focus_is_seen_on_the_chart(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    figure = brought_near(figures(page)[0])
    figure.locator("summary").focus()
    page.keyboard.press("Shift+Tab")
    expect(stepper(figure)).to_be_focused()
    outline = "(el) => getComputedStyle(el).outlineStyle"
    assert figure.locator(".carbite-chart").evaluate(outline) == "solid"


def mark_of(figure: Locator, row: int) -> tuple[float, float]:
    """The middle of the first mark of a row, in the window."""
    find = """(figure, row) => {
      const svg = [...figure.querySelectorAll("svg")].find((each) => each.getBoundingClientRect().width > 0);
      const mark = [...svg.querySelectorAll("*")].find((el) =>
        el.__data__?.datum?.carbite_row === row && el.__data__.mark.marktype !== "line");
      const box = mark.getBoundingClientRect();
      return [box.left + box.width / 2, box.top + box.height / 2];
    }"""
    x, y = figure.evaluate(find, row)
    return x, y


def test_pointing_reads_out_a_mark_and_a_click_keeps_it(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter, viewport={"width": 1280, "height": 900})
    figure = brought_near(figures(page)[0])
    readout = readout_of(figure)
    page.mouse.move(*mark_of(figure, 2))
    expect(readout).to_contain_text(rows(figure)[2][0])
    page.mouse.move(2, 2)
    expect(readout).to_be_empty()
    page.mouse.click(*mark_of(figure, 2))
    page.mouse.move(2, 2)
    expect(readout).to_contain_text(rows(figure)[2][0])
    page.mouse.move(*mark_of(figure, 4))
    expect(readout).to_contain_text(rows(figure)[4][0])
    page.keyboard.press("Escape")
    expect(readout).to_be_empty()


def test_a_finger_near_a_mark_reads_it_out(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter, viewport=PHONE, has_touch=True, is_mobile=True)
    figure = brought_near(figures(page)[0])
    x, y = mark_of(figure, 0)
    page.touchscreen.tap(x + 10, y)
    expect(readout_of(figure)).to_contain_text(rows(figure)[0][0])


def test_chart_stays_an_image_where_the_runtime_does_not_load(
    watched: Callable[..., tuple[Page, Watch]], chapter: str
) -> None:
    page, watch = watched()
    page.route(f"**/{RUNTIME}", lambda route: route.fulfill(status=200, body="throw new Error('cut off')"))
    page.goto(chapter)
    before = [labels(figure) for figure in figures(page)]
    with page.expect_console_message(lambda message: "stays an image" in message.text):
        page.evaluate(SCROLL)
    assert [labels(figure) for figure in figures(page)] == before
    # The values can be had all the same.
    figure = figures(page)[0]
    stepper(figure).focus()
    page.keyboard.press("ArrowRight")
    expect(readout_of(figure)).to_contain_text(rows(figure)[0][0])
    assert [problem for problem in watch.problems if "cut off" not in problem] == []


def test_charts_are_interactive_from_a_disk(open_page: OpenPage, site: Path) -> None:
    page = open_page((site / "book" / "efficacy.html").as_uri())
    for figure in figures(page):
        brought_near(figure)


def test_colours_follow_the_theme(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    figure = brought_near(figures(page)[1])
    light = {mark[0] for mark in figure.evaluate(DRAWN)["marks"]}
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert {mark[0] for mark in figure.evaluate(DRAWN)["marks"]}.isdisjoint(light)


def test_chosen_row_is_printed_and_the_hint_is_not(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    first, second = figures(page)[:2]
    stepper(brought_near(first)).focus()
    page.keyboard.press("ArrowRight")
    brought_near(second)
    page.emulate_media(media="print")
    expect(readout_of(first)).to_be_visible()
    expect(readout_of(second)).to_be_hidden()
    expect(second.locator(".carbite-readout")).to_be_hidden()
