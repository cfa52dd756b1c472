"""Every chart is drawn, says in words what it shows, and comes with its numbers; also without scripts and in print."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page

from tests.site.conftest import OpenPage

# An axis with its labels, or rows with their names.
FEWEST_LABELS = 4
FEWEST_WORDS = 8

FIGURES = """() => {
  const text = (el) => el?.textContent.trim() ?? null;
  const own = (svg, tag) => [...svg.children].filter((child) => child.localName === tag).map(text);
  const named = (svg, attribute) => text(document.getElementById(svg.getAttribute(attribute)));
  const isSeen = (el) => el.getBoundingClientRect().width > 0;
  const isPainted = ({ fill, stroke, visibility }) => (fill !== "none" || stroke !== "none") && visibility === "visible";
  const isInside = (box, frame) => box.left >= frame.left - 1 && box.right <= frame.right + 1
    && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
  const isMark = (frame) => (el) => {
    const box = el.getBoundingClientRect();
    return box.width + box.height > 0 && isInside(box, frame) && isPainted(getComputedStyle(el));
  };
  const drawing = (svg) => {
    const frame = svg.getBoundingClientRect();
    return {
      width: frame.width,
      height: frame.height,
      marks: [...svg.querySelectorAll("path")].filter(isMark(frame)).length,
      labels: [...svg.querySelectorAll("text")].filter(isSeen).length,
      title: own(svg, "title"),
      description: own(svg, "desc"),
      named: [named(svg, "aria-labelledby"), named(svg, "aria-describedby")],
    };
  };
  return [...document.querySelectorAll("figure.carbite-figure")].map((figure) => ({
    caption: text(figure.querySelector("figcaption strong")),
    drawings: [...figure.querySelectorAll("svg")].filter(isSeen).map(drawing),
    rows: [...figure.querySelectorAll("table tbody tr")].map((row) => [...row.cells].map(text)),
    csv: figure.querySelector("a[download]")?.getAttribute("href") ?? "",
  }));
}"""


def figures(page: Page) -> list[dict[str, Any]]:
    return list(page.evaluate(FIGURES))


def test_every_chart_is_drawn_described_and_has_its_numbers(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter, viewport={"width": 1280, "height": 900})
    every_chart_is_there(page)
    page.set_viewport_size({"width": 390, "height": 844})
    every_chart_is_there(page)
    page.emulate_media(color_scheme="dark")
    every_chart_is_there(page)


def test_every_chart_is_there_without_scripts_and_in_print(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter, java_script_enabled=False)
    every_chart_is_there(page)
    page.emulate_media(media="print")
    every_chart_is_there(page)


def every_chart_is_there(page: Page) -> None:
    found = figures(page)
    assert len(found) >= 5
    for figure in found:
        assert len(figure["drawings"]) == 1, figure["caption"]
        drawing = figure["drawings"][0]
        assert drawing["width"] > 200, figure["caption"]
        assert drawing["height"] > 50, figure["caption"]
        # Axes and grids are lines, so every path is a mark: at least one for each row of the data.
        assert drawing["marks"] >= len(figure["rows"]), figure["caption"]
        assert drawing["labels"] >= FEWEST_LABELS, figure["caption"]
        assert drawing["title"] == [figure["caption"]]
        assert drawing["named"] == [*drawing["title"], *drawing["description"]]
        assert len(drawing["description"][0].split()) >= FEWEST_WORDS, figure["caption"]
        assert sum(bool(re.search(r"\d", " ".join(row[1:]))) for row in figure["rows"]) == len(figure["rows"]) > 1
        assert figure["csv"].startswith("data:text/csv"), figure["caption"]
    for words in ("title", "description"):
        assert len({figure["drawings"][0][words][0] for figure in found}) == len(found)
