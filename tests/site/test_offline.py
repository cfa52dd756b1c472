"""Zero requests to any other host, on any page, over http and from a disk."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page

from tests.site.conftest import ROOT, Watch, visit

# The elements by which a page loads something, and where each names it.
LOADING = {("script", "src"), ("link", "href"), ("img", "src"), ("img", "srcset"), ("source", "src")} | {
    ("source", "srcset"),
    ("iframe", "src"),
}
# What a reader can set off without leaving the page, so that everything lazy is loaded too.
UNFOLD_AND_SCROLL = """async () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  for (const button of document.querySelectorAll("button.toggle-button-hidden")) button.click();
  for (let top = 0; top < document.body.scrollHeight; top += innerHeight) {
    scrollTo(0, top);
    await new Promise(requestAnimationFrame);
  }
}"""


class _Loads(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.policies: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.urls += [value for name, value in attributes.items() if (tag, name) in LOADING]
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(attributes["content"])


def test_every_chapter_of_the_contents_is_built(page_names: list[str]) -> None:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [contents["root"], *(each["file"] for part in contents["parts"] for each in part["chapters"])]
    assert {f"{chapter}.html" for chapter in chapters} | {"index.html", "search.html"} == set(page_names)


def test_pages_name_no_other_host_and_carry_a_strict_policy(site: Path, page_names: list[str]) -> None:
    for name in page_names:
        found = _Loads((site / name).read_text("utf-8"))
        assert [url for url in found.urls if re.match(r"\s*(?:[a-z]+:)?//", url, re.IGNORECASE)] == [], name
        assert len(found.policies) == 1, name
        directives = dict(part.strip().split(" ", 1) for part in found.policies[0].split(";"))
        assert directives["default-src"] == "'none'", name
        assert "unsafe-eval" not in found.policies[0], name
        assert "'unsafe-inline'" not in directives["script-src"], name
        assert "http" not in found.policies[0], name


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_pages_load_whole_and_ask_no_other_host(
    watched: Callable[..., tuple[Page, Watch]], site: Path, address: str, page_names: list[str], scheme: str
) -> None:
    page, watch = watched()
    start = address if scheme == "http" else site.as_uri() + "/"
    for name in page_names:
        visit(page, start, name)
        page.evaluate(UNFOLD_AND_SCROLL)
        page.evaluate("() => document.fonts.ready.then(() => undefined)")
    assert watch.foreign == []
    assert watch.problems == []


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_the_chapter(
    watched: Callable[..., tuple[Page, Watch]], site: Path, address: str, scheme: str
) -> None:
    page, watch = watched()
    page.goto(f"{address if scheme == 'http' else site.as_uri() + '/'}search.html?q=blinatumomab")
    page.locator("#search-results a[href*='efficacy.html']").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert watch.foreign == []
    assert watch.problems == []


def test_a_request_to_another_host_would_be_noticed(watched: Callable[..., tuple[Page, Watch]], address: str) -> None:
    """The watch itself: a request that the page's policy lets through, one that it blocks, and a missing file."""
    page, watch = watched()
    page.goto(address + "book/index.html")
    page.evaluate("() => fetch('/_static/missing.js')")
    page.evaluate("() => { new Image().src = 'https://blocked.example/pixel.gif'; }")
    page.goto("about:blank")
    page.set_content("<img src='https://asked.example/pixel.gif'>")
    page.wait_for_load_state("networkidle")
    assert watch.foreign == ["https://asked.example/pixel.gif"]
    assert [problem for problem in watch.problems if problem.startswith("404")]
    assert [problem for problem in watch.problems if "blocked.example" in problem]
