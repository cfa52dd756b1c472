"""Everything works by keyboard: reached with Tab, seen when focused, and left again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.site.conftest import END_ANIMATIONS, OpenPage
from tests.site.reader import BIAS, Reader

# More than the chapter has places to stop at, so that an endless loop ends as a failure.
MOST_STOPS = 1_000
# Long enough for a key that opens another chapter to have left this one.
NAVIGATION_MS = 300

# What tells one control of the explorer from the others.
KEY_OF = """() => {
  window.keyOf = (el) =>
    Object.entries(el.dataset).map((pair) => pair.join("=")).join(" ") || el.name || el.textContent.trim();
}"""
# Where the focus is now, whether it can be seen, and whether something else lies over it.
FOCUSED = """() => {
  const el = document.activeElement;
  if (!el || el === document.body || el === document.documentElement) return null;
  // The slider that steps through a chart is not drawn: the chart itself shows the focus.
  const shown = el.matches(".carbite-chart > input") ? el.parentElement : el;
  const box = shown.getBoundingClientRect();
  const style = getComputedStyle(shown);
  const ring = (of) => (of.outlineStyle !== "none" && parseFloat(of.outlineWidth) > 0) || of.boxShadow !== "none";
  const points = [[0.5, 0.5], [0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]]
    .map(([x, y]) => document.elementFromPoint(box.left + x * box.width, box.top + y * box.height));
  const label = el.closest("label") ?? (el.id ? document.querySelector(`label[for="${CSS.escape(el.id)}"]`) : null);
  window.stops ??= new Map();
  if (!window.stops.has(el)) window.stops.set(el, window.stops.size);
  return {
    stop: window.stops.get(el),
    explorer: Boolean(el.closest(".carbite-explorer")),
    what: el.outerHTML.slice(0, 120),
    key: window.keyOf(el),
    ring: ring(style),
    uncovered: points.some((top) => top && (shown.contains(top) || top.contains(shown) || label?.contains(top))),
  };
}"""


@pytest.fixture
def page(open_page: OpenPage, chapter: str) -> Page:
    return open_page(chapter, viewport={"width": 1280, "height": 800})


@pytest.fixture
def reader(page: Page) -> Reader:
    return Reader(page)


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_tab_goes_through_the_whole_chapter_and_every_stop_is_seen(page: Page, key: str) -> None:
    page.evaluate(KEY_OF)
    reached: list[str] = []
    unseen: list[str] = []
    seen: set[int] = set()
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        page.evaluate(END_ANIMATIONS)
        focused = page.evaluate(FOCUSED)
        if focused is None or focused["stop"] in seen:
            break
        seen.add(focused["stop"])
        if not (focused["ring"] and focused["uncovered"]):
            unseen.append(f"{'covered' if focused['ring'] else 'no ring'}: {focused['what']}")
        if focused["explorer"]:
            reached.append(focused["key"])
    assert unseen == []
    # The round ended where it began, outside the page, with every control of the explorer passed once.
    assert focused is None
    controls = page.locator(".carbite-explorer").locator("select, input, button, summary")
    expected = [
        control.evaluate("(el) => window.keyOf(el)")
        for control in controls.all()
        if control.is_visible() and control.is_enabled()
    ]
    assert reached == (expected if key == "Tab" else expected[::-1])
    assert len(expected) > 25


def test_space_toggles_a_trial_and_the_focus_stays(reader: Reader) -> None:
    tower = reader.checkbox("TOWER")
    tower.focus()
    for _ in range(2):
        reader.page.keyboard.press("Space")
        reader.note_toggle("TOWER")
        assert reader.shown() == reader.expected()
        expect(tower).to_be_focused()


def test_arrows_change_a_list_and_the_focus_stays(reader: Reader) -> None:
    interval = reader.select("Interval")
    interval.focus()
    for value in ("hartung-knapp", "z"):
        reader.page.keyboard.press("ArrowDown")
        reader.note_choice("Interval", value)
        assert reader.shown() == reader.expected()
        expect(interval).to_be_focused()

    eliana = reader.select("Count ELIANA by")
    eliana.focus()
    reader.page.keyboard.press("ArrowDown")
    reader.readings["eliana"] = "enrolled"
    assert reader.shown() == reader.expected()
    expect(eliana).to_be_focused()


def test_another_endpoint_keeps_the_focus(reader: Reader) -> None:
    endpoint = reader.select("Endpoint")
    endpoint.focus()
    reader.page.keyboard.press("ArrowDown")
    reader.note_choice("Endpoint", "mrd_among_cr")
    assert reader.shown() == reader.expected()
    expect(endpoint).to_be_focused()


def test_tab_from_a_changed_number_goes_to_the_next_control(reader: Reader) -> None:
    reader.field(BIAS).focus()
    reader.page.keyboard.press("Control+A")
    reader.page.keyboard.type("2")
    reader.page.keyboard.press("Tab")
    reader.options["bias"] = 2.0
    assert reader.shown() == reader.expected()
    expect(reader.page.locator("[data-choice=attrition]")).to_be_focused()


def test_enter_adds_a_trial_and_removing_it_leaves_the_focus_near(reader: Reader) -> None:
    keyboard = reader.page.keyboard
    reader.page.locator(".cx-add summary").focus()
    keyboard.press("Enter")
    for typed in ("Mine", None, "3", "40"):
        keyboard.press("Tab")
        if typed:
            keyboard.type(typed)
    keyboard.press("Enter")
    reader.added.append({"name": "Mine", "arm": "car_t", "events": 3, "n": 40})
    assert reader.shown() == reader.expected()

    reader.button("Remove Mine").focus()
    keyboard.press("Enter")
    reader.added.clear()
    assert reader.shown() == reader.expected()
    expect(reader.page.locator(".cx-add summary")).to_be_focused()


def test_tools_work_by_keyboard(reader: Reader) -> None:
    reader.toggle("TOWER")
    reader.button("Keep this scenario").focus()
    reader.page.keyboard.press("Enter")
    expect(reader.page.locator(".cx-kept:not(.cx-predictions)")).to_contain_text("Scenario 1")
    reader.button("Remove Scenario 1").focus()
    reader.page.keyboard.press("Space")
    expect(reader.page.locator(".cx-kept:not(.cx-predictions)")).to_be_hidden()
    expect(reader.button("Keep this scenario")).to_be_focused()
    reader.button("Reset to the published comparison").focus()
    reader.page.keyboard.press("Enter")
    reader.note_toggle("TOWER")
    assert reader.shown() == reader.expected()


def test_arrows_never_open_another_chapter(reader: Reader, chapter: str) -> None:
    for focus in (None, reader.checkbox("TOWER"), reader.select("Interval"), reader.field(BIAS)):
        if focus:
            focus.focus()
        for key in ("ArrowRight", "ArrowLeft"):
            reader.page.keyboard.press(key)
            reader.page.wait_for_timeout(NAVIGATION_MS)
            expect(reader.page).to_have_url(re.compile(f"^{re.escape(chapter)}(#|$)"))
