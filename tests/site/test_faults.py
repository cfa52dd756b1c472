"""Whatever fails, the page stays readable, shows the published comparison, and says what it could not do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from carbite.explorer.payload import payload
from tests.node import run_node
from tests.site.conftest import OpenPage, Watch, visit
from tests.site.hostile import WORST, links
from tests.site.reader import READ, Reader
from tests.site.test_charts import every_chart_is_there
from tests.site.test_links import UNREADABLE
from tests.site.test_without_scripts import explorer_shows_the_published_comparison
from tests.thoroughness import THOROUGH

# The thresholds of the audit: how many hashes, and how long one may take.
HASHES = 1000
LONGEST_MS = 2000
# Chromium lets a page change its address 200 times in ten seconds.
HASHES_IN_THE_BROWSER = 100
# The audit tries on every page what the tests try where it can differ.
COULD_NOT_START = re.compile(
    r"^This could not start, so nothing can be changed here\. You see it as it was published\. \("
)

pytestmark = pytest.mark.audit

Watched = Callable[..., tuple[Page, Watch]]


@pytest.fixture
def errors(browser: Browser) -> Iterator[Callable[..., tuple[Page, list[str]]]]:
    """Opens an empty page whose uncaught errors and dialogs are noted: here something fails on purpose."""
    contexts = []

    def opened(**options: Any) -> tuple[Page, list[str]]:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        noted: list[str] = []
        page.on("pageerror", lambda error: noted.append(str(error)))
        page.on("dialog", lambda dialog: (noted.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        return page, noted

    yield opened
    for context in contexts:
        context.close()


# --- Links ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the explorer's own parser says to each hash, in Node."""
    hashes = links(HASHES)
    asked = {"data": payload(), "comparison": "cr", "links": hashes}
    return dict(zip(hashes, run_node("links.mjs", asked, tmp_path_factory.mktemp("links")), strict=True))


def test_no_link_is_more_than_the_parser_can_bear(answers: dict[str, dict[str, Any]]) -> None:
    assert len(links(HASHES)) == HASHES
    assert [(link[:200], said) for link, said in answers.items() if said["outcome"] == "fault"] == []
    assert max(said["ms"] for said in answers.values()) < LONGEST_MS
    outcomes = [said["outcome"] for said in answers.values()]
    for outcome in ("read", "refused", "anchor"):
        assert outcomes.count(outcome) > 20, outcome


FOLLOW_ALL = """async (links) => {
  const said = [];
  for (const link of links) {
    const arrived = new Promise((done) => addEventListener("hashchange", () => setTimeout(done), { once: true }));
    const before = location.href;
    location.hash = link;
    if (location.href !== before) await arrived;
    const part = (name) => document.querySelector(name).textContent;
    said.push({ notice: part(".cx-notice"), verdict: part(".cx-verdict"), ticked: document.querySelectorAll(".cx-row input:checked").length });
  }
  return said;
}"""


def test_page_stays_alive_whatever_its_address_becomes(
    open_page: OpenPage, chapter: str, answers: dict[str, dict[str, Any]]
) -> None:
    """Its notices are those that the parser gives in Node, and what is refused shows the published comparison."""
    page = open_page(chapter)
    page.on("dialog", lambda dialog: pytest.fail(f"a link ran a script: {dialog.message}"))
    published = Reader(page).shown()
    # A browser drops some signs of an address; what is left is another link.
    hashes = [link for link in answers if not re.search(r"[\x00-\x20\ud800-\udfff\"<>`]", link)][
        -HASHES_IN_THE_BROWSER:
    ]
    assert len(hashes) == HASHES_IN_THE_BROWSER
    for link, seen in zip(hashes, page.evaluate(FOLLOW_ALL, hashes), strict=True):
        outcome = answers[link]["outcome"]
        if outcome == "refused":
            assert UNREADABLE.match(seen["notice"]), link
            assert (" ".join(seen["verdict"].split()), seen["ticked"]) == (published["sentence"], 15), link
        elif outcome == "read":
            assert seen["notice"] == "", link
    page.evaluate("() => { location.hash = '#s=1;c=cr;on=eliana,nci,tower,alcantara'; }")
    reader = Reader(page)
    reader.trials = ["eliana", "nci", "tower", "alcantara"]
    expect(reader.notice).to_be_empty()
    assert reader.shown() == reader.expected()


def test_no_page_breaks_at_the_worst_addresses(
    errors: Callable[..., tuple[Page, list[str]]], address: str, page_names: list[str]
) -> None:
    """Every page, also those whose scripts are the theme's: opened so, and led there while open."""
    page, noted = errors()
    for name in page_names:
        if name == "index.html":
            continue  # it leads on at once and has no script
        for link in WORST if THOROUGH else WORST[-4:-2]:
            page.goto("about:blank")
            page.goto(address + name + link)
        page.evaluate("(links) => { for (const link of links) location.hash = link; }", WORST)
        expect(page.locator("main h1:visible").first).to_be_visible()
        assert noted == [], name


# --- Blocked storage ------------------------------------------------------------------------------------------

BLOCKED = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { configurable: true, get() { throw new DOMException("blocked", "SecurityError"); } });
Object.defineProperty(Document.prototype, "cookie", { get() { throw new DOMException("blocked", "SecurityError"); }, set() { throw new DOMException("blocked", "SecurityError"); } });
"""


def test_pages_need_no_storage(watched: Watched, address: str, page_names: list[str]) -> None:
    """With site data blocked every page works: explorer, theme, search."""
    page, watch = watched()
    page.add_init_script(BLOCKED)
    for name in page_names:
        visit(page, address, name)
        if name == "index.html":
            continue
        modes = []
        for _ in range(3):
            page.locator(".theme-switch-button:visible").first.click()
            modes.append(page.locator("html").get_attribute("data-mode"))
        assert len(set(modes)) == 3, name
        page.keyboard.press("Control+k")
        expect(page.locator("input[type=search]:visible").first).to_be_focused()
    page.goto(f"{address}book/efficacy.html")
    reader = Reader(page)
    reader.toggle("TOWER")
    assert reader.shown() == reader.expected()
    assert watch.problems == []


# --- A script that does not arrive ----------------------------------------------------------------------------


def scripts_of(site: Path, name: str) -> list[str]:
    """The scripts that a page loads, without the version that is part of their address."""
    return [
        source.partition("?")[0].rpartition("/")[2]
        for source in re.findall(r'<script[^>]* src="([^"]+)"', (site / name).read_text("utf-8"))
    ]


# The controls within something that a reader sees and would try, but for those that work.
USABLE = """([within, works]) => [...document.querySelectorAll(`${within} :is(button, [role=button], input, select, textarea)`)]
  .filter((el) => !el.matches(works) && !el.disabled && el.checkVisibility({ visibilityProperty: true }))
  .map((el) => el.outerHTML.slice(0, 120))"""


# What shows a control only while its own script runs.
WORKS = (
    ".cx-live *, .carbite-filter:not([hidden]) *, .carbite-self-check[data-live] *, .toggle-button, #pst-back-to-top"
)


def missing(route: Route) -> None:
    route.abort()


def cut_short(route: Route) -> None:
    body = route.fetch().text()
    route.fulfill(body=body[: len(body) // 2] + "(", content_type="text/javascript")


def spoilt_scripts(site: Path, page_names: list[str]) -> Iterator[tuple[str, str, Callable[[Route], None]]]:
    """A page, one of its scripts, and what is done to it. Pages differ in few scripts, so each is tried once."""
    tried: set[str] = set()
    for name in sorted(page_names, key=lambda name: name != "book/efficacy.html"):
        for file in scripts_of(site, name):
            if THOROUGH or file not in tried:
                yield name, file, missing
            if THOROUGH or (file not in tried and file in ("explorer.js", "book.js", "searchtools.js")):
                yield name, file, cut_short
            tried.add(file)
    assert {"start.js", "book.js", "explorer.js", "listing.js", "searchtools.js", "pydata-sphinx-theme.js"} <= tried


def test_page_without_one_of_its_scripts_says_so_and_can_be_read(
    errors: Callable[..., tuple[Page, list[str]]], site: Path, address: str, page_names: list[str]
) -> None:
    page, _ = errors()
    for name, file, spoil in spoilt_scripts(site, page_names):
        place = f"{name}, {file} {spoil.__name__}"
        pattern = re.compile(rf"/{re.escape(file)}(\?|$)")
        page.route(pattern, spoil)
        page.goto(address + name)
        page.unroute(pattern)
        expect(page.locator(".carbite-scripts"), place).to_be_visible()
        expect(page.locator("main h1:visible").first, place).to_be_visible()
        assert page.evaluate(USABLE, ["", WORKS]) == [], place
        assert page.evaluate(USABLE, [".carbite-explorer:not(.cx-live)", "nothing"]) == [], place
        if name == "book/efficacy.html":
            assert page.locator(".cx-live").count() == (file != "explorer.js"), place
            assert page.evaluate(READ) == Reader(page).expected(), place
            if file == "explorer.js":
                explorer_shows_the_published_comparison(page)
                every_chart_is_there(page)


def test_page_without_scripts_says_so(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter, java_script_enabled=False)
    expect(page.locator(".carbite-scripts")).to_be_visible()
    expect(page.locator(".carbite-scripts")).to_contain_text("the published comparison")


# --- A damaged block of data ----------------------------------------------------------------------------------

BLOCK = re.compile(r'(<script type="application/json" class="carbite-data">)(.*?)(</script>)', re.DOTALL)


def answer_with(route: Route, body: str) -> None:
    route.fulfill(body=body, content_type="text/html; charset=utf-8")


def without(key: str) -> Callable[[str], str]:
    return lambda text: json.dumps({name: value for name, value in json.loads(text).items() if name != key})


def with_first_count(**count: Any) -> Callable[[str], str]:
    def change(text: str) -> str:
        data = json.loads(text)
        comparison = next(each for each in data["comparisons"] if each["id"] == "cr")
        next(trial for trial in comparison["trials"] if trial["default"])["counts"]["printed"] |= count
        return json.dumps(data)

    return change


DAMAGES: dict[str, Callable[[str], str]] = {
    "cut short": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "null": lambda text: "null",
    "a list": lambda text: f"[{text}]",
    **{f"without {key}": without(key) for key in ("rule", "wording", "limits", "comparisons")},
    "no comparison": lambda text: json.dumps(json.loads(text) | {"comparisons": []}),
    "a count as text": with_first_count(events="61"),
    "a count below zero": with_first_count(events=-1),
    "a count above all": with_first_count(events=10**9),
    "no patients": with_first_count(events=0, n=0),
}


def test_explorer_with_damaged_data_says_so_and_shows_the_published_comparison(
    errors: Callable[..., tuple[Page, list[str]]], site: Path, chapter: str
) -> None:
    html = (site / "book" / "efficacy.html").read_text("utf-8")
    block = BLOCK.search(html)
    assert block
    spoilt = {name: html.replace(block[2], damage(block[2])) for name, damage in DAMAGES.items()}
    spoilt["missing"] = html.replace(block[0], "")
    page, noted = errors()
    for damage, body in spoilt.items():
        assert body != html
        page.unroute_all()
        page.route(chapter, partial(answer_with, body=body))
        page.goto(chapter)
        expect(page.locator(".cx-notice"), damage).to_have_text(COULD_NOT_START)
        assert page.evaluate(READ) == Reader(page).expected(), damage
        assert page.evaluate(USABLE, [".carbite-explorer", "nothing"]) == [], damage
        assert noted == [], damage
    explorer_shows_the_published_comparison(page)


# --- Windows and settings -------------------------------------------------------------------------------------

NARROWEST_PX, WIDEST_PX = 240, 3840
# However wide the window, a line of text is at most a little longer than the theme's column of 60 rem.
LONGEST_LINE_EM = 70

LONG_LINES = """(longest) => [...document.querySelectorAll("main article p")]
  .map((p) => ({ text: p.textContent.slice(0, 60), em: p.getBoundingClientRect().width / parseFloat(getComputedStyle(p).fontSize) }))
  .filter(({ em }) => em > longest)"""


def test_every_page_in_the_narrowest_and_the_widest_window(
    open_page: OpenPage, address: str, page_names: list[str]
) -> None:
    """All of it is there: it does not scroll sideways, its lines can be read, and it has no fault to report."""
    page = open_page("about:blank")
    for name in page_names:
        visit(page, address, name)
        expect(page.locator(".carbite-scripts"), name).to_be_hidden()
        for width in (NARROWEST_PX, WIDEST_PX):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width, f"{name}, {width} px"
        assert page.evaluate(LONG_LINES, LONGEST_LINE_EM) == [], name


# Text that leaves its cell lies over the next one.
OUTSIDE_ITS_CELL = """() => [...document.querySelectorAll(".cx-forest :is(th, td)")].filter((cell) => {
  if (!cell.checkVisibility() || cell.matches(".cx-axis")) return false;
  const text = document.createRange();
  text.selectNodeContents(cell);
  return text.getBoundingClientRect().right > cell.getBoundingClientRect().right + 1;
}).map((cell) => cell.textContent)"""


def test_numbers_of_the_explorer_do_not_lie_over_one_another(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    Reader(page).add("Z" * 60, "car_t", "99999", "100000")
    for width in (NARROWEST_PX, 320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(OUTSIDE_ITS_CELL) == [], f"{width} px"


COVERED = """() => [...document.querySelectorAll(".cx-live :is(input, select, button, summary)")].filter((el) => {
  if (!el.checkVisibility()) return false;
  el.focus();
  const box = el.getBoundingClientRect();
  const hit = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, 24) / 2);
  return !(hit && (el === hit || el.contains(hit) || hit.contains(el)));
}).map((el) => el.outerHTML.slice(0, 120))"""


def test_focus_is_not_covered_at_400_percent(open_page: OpenPage, chapter: str) -> None:
    """A window of 1280 by 1024 pixels at 400 %: whatever takes the focus can be seen."""
    page = open_page(chapter, viewport={"width": 320, "height": 256}, device_scale_factor=4)
    Reader(page).toggle("TOWER")
    assert page.evaluate(COVERED) == []
    expect(page.locator(".cx-verdict")).to_be_visible()


SEEN_IN_FORCED_COLOURS = """() => {
  const probe = document.body.appendChild(Object.assign(document.createElement("p"), { textContent: "x" }));
  const colour = (name) => { probe.style.color = name; return getComputedStyle(probe).color; };
  const canvas = colour("Canvas");
  const luminance = (rgb) => {
    const [r, g, b] = rgb.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => p - q); return (y + 0.05) / (x + 0.05); };
  const paint = (el) => { const { fill, stroke } = getComputedStyle(el); return fill === "none" ? stroke : fill; };
  const marks = [...document.querySelectorAll(".cx-bar :is(line, circle, rect, path), .carbite-figure svg :is(path, text)")]
    .filter((el) => el.checkVisibility() && paint(el) !== "none" && getComputedStyle(el).strokeOpacity !== "0");
  const faint = marks.filter((el) => contrast(paint(el), canvas) < 3).map((el) => `${paint(el)} on ${canvas}: ${el.outerHTML.slice(0, 100)}`);
  const texts = [...document.querySelectorAll(".cx-verdict, .cx-row th, .cx-row td, .number, .carbite-figure figcaption")]
    .filter((el) => contrast(getComputedStyle(el).color, canvas) < 7).map((el) => el.outerHTML.slice(0, 100));
  probe.remove();
  return { marks: marks.length, faint, texts };
}"""


def test_everything_can_be_seen_in_forced_colours(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter, forced_colors="active")
    Reader(page).toggle("TOWER")
    box = page.get_by_role("checkbox", name="ELIANA", exact=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, forced_colors="active")
        seen = page.evaluate(SEEN_IN_FORCED_COLOURS)
        assert seen["marks"] > 100
        assert (seen["faint"], seen["texts"]) == ([], []), scheme
        expect(box).to_be_visible()
        box.press("Shift+Tab")
        page.keyboard.press("Tab")
        expect(box).to_be_focused()
        assert box.evaluate("(el) => getComputedStyle(el).outlineStyle") != "none", scheme


MOVING = """() => [...document.querySelectorAll("*")].filter((el) => ["", "::before", "::after"].some((part) => {
  const style = getComputedStyle(el, part || null);
  const lasts = (times) => times.split(",").some((time) => parseFloat(time) > 0);
  return (style.transitionProperty !== "none" && lasts(style.transitionDuration)) || lasts(style.animationDuration) || style.scrollBehavior === "smooth";
})).map((el) => el.outerHTML.slice(0, 100))"""


def test_nothing_moves_for_who_asked_for_less_motion(open_page: OpenPage, address: str, page_names: list[str]) -> None:
    page = open_page("about:blank", reduced_motion="reduce")
    for name in page_names:
        visit(page, address, name)
        assert page.evaluate(MOVING) == [], name


def test_motion_would_be_noticed(open_page: OpenPage, chapter: str) -> None:
    """The measure itself: without the wish for less motion the theme's smooth changes are found."""
    assert open_page(chapter).evaluate(MOVING) != []
