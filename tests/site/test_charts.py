"""Every chart is drawn, says in words what it shows, and comes with its numbers; also without scripts and in print."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.site.conftest import OpenPage

# A chart with less is no chart: an axis, its labels and a mark for each of a few rows.
FEWEST_MARKS = 4
FEWEST_WORDS = 8

FIGURES = """() => [...document.querySelectorAll("figure.carbite-figure")].map((figure) => {
  const own = (svg, tag) => [...svg.children].filter((child) => child.localName === tag).map((child) => child.textContent.trim());
  const shown = [...figure.querySelectorAll("svg")].filter((svg) => svg.getBoundingClientRect().width > 0);
  return {
    caption: figure.querySelector("figcaption strong").textContent.trim(),
    drawings: shown.map((svg) => {
      const frame = svg.getBoundingClientRect();
      const marks = [...svg.querySelectorAll("path, line, rect, circle")].filter((mark) => {
        const box = mark.getBoundingClientRect();
        const style = getComputedStyle(mark);
        const painted = style.fill !== "none" || style.stroke !== "none";
        const inside = box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
        return painted && style.visibility === "visible" && box.width + box.height > 0 && inside;
      });
      return {
        width: frame.width, height: frame.height, marks: marks.length,
        labels: [...svg.querySelectorAll("text")].filter((text) => text.getBoundingClientRect().width > 0).length,
        title: own(svg, "title"), description: own(svg, "desc"),
        named: [svg.getAttribute("aria-labelledby"), svg.getAttribute("aria-describedby")].map((id) => document.getElementById(id)?.textContent.trim() ?? null),
      };
    }),
    rows: [...figure.querySelectorAll("table tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent.trim())),
    csv: figure.querySelector("a[download]")?.getAttribute("href") ?? "",
  };
})"""


def figures(page: Page) -> list[dict[str, Any]]:
    return list(page.evaluate(FIGURES))


@pytest.mark.parametrize(
    "how",
    [
        {"viewport": {"width": 1280, "height": 900}},
        {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
        {"java_script_enabled": False},
        {"media": "print"},
    ],
    ids=["desktop", "phone", "without scripts", "print"],
)
def test_every_chart_is_drawn_described_and_has_its_numbers(
    open_page: OpenPage, chapter: str, how: dict[str, Any]
) -> None:
    media = how.pop("media", None)
    page = open_page(chapter, **how)
    page.emulate_media(media=media)
    found = figures(page)
    assert len(found) >= 5
    for figure in found:
        assert len(figure["drawings"]) == 1, figure["caption"]
        drawing = figure["drawings"][0]
        assert drawing["width"] > 200, figure["caption"]
        assert drawing["height"] > 50, figure["caption"]
        assert drawing["marks"] >= FEWEST_MARKS, figure["caption"]
        assert drawing["labels"] >= FEWEST_MARKS, figure["caption"]
        assert drawing["title"] == [figure["caption"]]
        assert drawing["named"] == [*drawing["title"], *drawing["description"]]
        assert len(drawing["description"][0].split()) >= FEWEST_WORDS, figure["caption"]
        assert sum(bool(re.search(r"\d", " ".join(row[1:]))) for row in figure["rows"]) == len(figure["rows"]) > 1
        assert figure["csv"].startswith("data:text/csv"), figure["caption"]
    for words in ("title", "description"):
        assert len({figure["drawings"][0][words][0] for figure in found}) == len(found)
