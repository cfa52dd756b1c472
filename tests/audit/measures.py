"""What is counted in Chromium on every page of the built site. Each function returns plain numbers and findings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.site.conftest import END_ANIMATIONS, Watch, visit
from tests.site.test_accessibility import DESKTOP, PHONE, RULES, RUN, UNFOLD
from tests.site.test_offline import UNFOLD_AND_SCROLL

SETTLED_MS = 5_000


@dataclass
class Found:
    """A number, and what it counts."""

    value: float
    details: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[tuple[Page, Watch]]:
    """A page in a context of its own, from which every other host is refused."""
    context = browser.new_context(**options)
    watch = Watch(context, address)
    yield context.new_page(), watch
    context.close()


def foreign_requests(browser: Browser, start: str, names: list[str]) -> Found:
    """Requests to another host, whatever a reader unfolds and scrolls to; failed loads and console errors too."""
    with opened(browser, start) as (page, watch):
        for name in names:
            visit(page, start, name)
            page.evaluate(UNFOLD_AND_SCROLL)
            page.wait_for_load_state("networkidle")
        return Found(len(watch.foreign) + len(watch.problems), watch.foreign + watch.problems)


DRAWN = """() => {
  const isSeen = (el) => el.getBoundingClientRect().width > 1 && el.getBoundingClientRect().height > 1;
  const text = (svg, attribute) => document.getElementById(svg.getAttribute(attribute))?.textContent.trim() ?? "";
  const charts = [...document.querySelectorAll("figure.carbite-figure")].map((figure) => {
    const svg = [...figure.querySelectorAll("svg")].find(isSeen);
    const marks = svg ? [...svg.querySelectorAll("path, circle, rect, line")].filter(isSeen).length : 0;
    const words = svg ? `${text(svg, "aria-labelledby") || svg.getAttribute("aria-label") || ""} ${text(svg, "aria-describedby")}`.trim() : "";
    return { drawn: marks > 0, words };
  });
  const equations = [...document.querySelectorAll(".math")].map((el) => Boolean(el.querySelector(".katex")) && isSeen(el));
  return { charts, equations };
}"""


def drawings(browser: Browser, start: str, names: list[str]) -> dict[str, Found]:
    """Charts and equations that are not drawn, and charts whose words are missing or those of another chart."""
    charts: list[tuple[str, bool, str]] = []
    equations: list[tuple[str, bool]] = []
    with opened(browser, start, viewport=DESKTOP) as (page, _):
        for name in names:
            visit(page, start, name)
            page.evaluate(UNFOLD_AND_SCROLL)
            seen = page.evaluate(DRAWN)
            charts += [(name, chart["drawn"], chart["words"]) for chart in seen["charts"]]
            equations += [(name, drawn) for drawn in seen["equations"]]
    words = [chart[2] for chart in charts]
    undescribed = [
        f"{name}: {said[:80]!r}" for name, _, said in charts if len(said.split()) < 8 or words.count(said) > 1
    ]
    return {
        "charts": Found(sum(not drawn for _, drawn, _ in charts), [f"{len(charts)} charts"]),
        "equations": Found(sum(not drawn for _, drawn in equations), [f"{len(equations)} equations"]),
        "descriptions": Found(len(undescribed), [f"{len(charts)} charts", *undescribed]),
    }


def transferred(browser: Browser, url: str) -> tuple[float, float, int]:
    """KiB over the wire at 390 x 844: after load and five seconds, and after scrolling; Font Awesome's scripts."""
    with opened(browser, url.partition("book/")[0], viewport=PHONE) as (page, _):
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        received: list[float] = []
        scripts: list[str] = []
        session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        page.on(
            "request",
            lambda request: (
                scripts.append(request.url)
                if "fontawesome" in request.url and request.url.partition("?")[0].endswith(".js")
                else None
            ),
        )
        page.goto(url)
        page.wait_for_load_state("load")
        page.wait_for_timeout(SETTLED_MS)
        first = sum(received) / 1024
        page.evaluate(UNFOLD_AND_SCROLL)
        page.wait_for_timeout(SETTLED_MS)
        return first, sum(received) / 1024, len(scripts)


SHIFTS = """() => {
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""


def layout_shift(browser: Browser, start: str, names: list[str]) -> Found:
    """The largest sum of layout shifts of a page, wide or narrow, loaded and scrolled; nothing is unfolded."""
    sums: dict[str, float] = {}
    for size in (DESKTOP, PHONE):
        with opened(browser, start, viewport=size) as (page, _):
            page.add_init_script(f"({SHIFTS})()")
            for name in names:
                visit(page, start, name)
                page.wait_for_load_state("networkidle")
                page.evaluate(
                    "async () => { for (let y = 0; y < document.body.scrollHeight; y += innerHeight) { scrollTo(0, y); await new Promise(requestAnimationFrame); } }"
                )
                page.wait_for_timeout(300)
                sums[f"{name}, {size['width']} px"] = page.evaluate("() => window.shifts")
    worst = sorted(sums, key=lambda name: -sums[name])[:3]
    return Found(max(sums.values()), [f"{name}: {sums[name]:.4f}" for name in worst])


def axe(browser: Browser, start: str, names: list[str]) -> Found:
    """Elements that axe-core names, whatever the impact: light and dark, 1280 and 390 px, everything unfolded."""
    details: list[str] = []
    for size in (DESKTOP, PHONE):
        for scheme in ("light", "dark"):
            with opened(browser, start, viewport=size, color_scheme=scheme) as (page, _):
                for name in names:
                    visit(page, start, name)
                    page.evaluate(UNFOLD)
                    page.evaluate(AXE_SCRIPT)
                    expect(page.locator("[aria-busy=true]")).to_have_count(0)  # what is being counted is dimmed
                    page.evaluate(END_ANIMATIONS)
                    found = page.evaluate(RUN, ["html", RULES])
                    details += [f"{name}, {size['width']} px, {scheme}: {each}" for each in found]
    return Found(len(details), details)


CONTROLS = """() => {
  const seen = [...document.querySelectorAll(":is(.carbite-explorer, .carbite-filter, .carbite-figure) :is(input, select, button, summary, [role=button], [role=slider])")]
    .filter((el) => el.checkVisibility({ visibilityProperty: true }) && !el.disabled);
  seen.forEach((el, position) => { el.dataset.auditControl = position; });
  return seen.length;
}"""


# Whatever can come between two controls, and more.
FOCUSABLE = "a, button, input, select, textarea, summary, [tabindex]"


def unreached_controls(browser: Browser, start: str, names: list[str]) -> Found:
    """Controls of explorers, charts and filters that the Tab key passes by, and those that do not show the focus."""
    details: list[str] = []
    total = 0
    with opened(browser, start, viewport=DESKTOP) as (page, _):
        for name in names:
            visit(page, start, name)
            page.evaluate(
                "() => { for (const details of document.querySelectorAll('.carbite-explorer details')) details.open = true; }"
            )
            expect(page.locator("[aria-busy=true]")).to_have_count(0)  # what is drawn anew would lose its number
            count = page.evaluate(CONTROLS)
            if not count:
                continue
            total += count
            page.evaluate(
                "() => { const first = document.querySelector('[data-audit-control=\"0\"]'); first.focus(); }"
            )
            reached: set[str] = set()
            for _ in range(page.locator(FOCUSABLE).count()):
                now = page.evaluate(
                    "() => { const el = document.activeElement; const style = getComputedStyle(el); return [el.dataset.auditControl ?? null, style.outlineStyle !== 'none' || style.boxShadow !== 'none']; }"
                )
                if now[0] is not None:
                    reached.add(now[0])
                    if not now[1] and len(reached) > 1:
                        details.append(f"{name}: control {now[0]} does not show the focus")
                if len(reached) == count:
                    break
                page.keyboard.press("Tab")
            details += [f"{name}: control {n} is not reached" for n in range(count) if str(n) not in reached]
    return Found(len(details), [f"{total} controls", *details])


def heaviest(site: Path, names: list[str]) -> str:
    """The page with the most bytes of HTML."""
    return max(names, key=lambda name: (site / name).stat().st_size)
