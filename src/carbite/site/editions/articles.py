"""The chapters of the built site as they can be bound: in order, unfolded, without controls."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml
from bs4 import BeautifulSoup, Tag

# What needs a screen: scripts and controls, tips, the drawing for phones, the code that the site folds away.
_LEFT_OUT = (
    "script, style, link, button, input, select, textarea, form, .headerlink, .tip, .cx-control, .cx-notice, .cx-kept,"
    ' .carbite-readout, .carbite-narrow, .sm-narrow, .carbite-shown, a[href^="data:"], details.hide, [hidden]'
)
_SCREEN_ATTRIBUTES = ("aria-live", "tabindex", "contenteditable", "download", "target", "border")
_SCREEN_ROLES = ("status", "alert", "search", "button", "tooltip")
# A table of data with more rows than this is left on the website.
MOST_ROWS = 40
_EXTERNAL = re.compile(r"https?:")
_PLACE = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True)
class Book:
    """Title and author as in _config.yml, the language of the text, and the chapters in order."""

    title: str
    author: str
    language: str
    version: str
    articles: list[Article]


@dataclass(frozen=True)
class Article:
    """One page: ``part`` is the caption above it in the contents, ``body`` its section, which may be changed."""

    name: str
    title: str
    part: str
    body: Tag

    def sections(self) -> list[tuple[str, str]]:
        """The id and the heading of each section of the page."""
        found = []
        for section in self.body.select("section[id]"):
            heading = section.find("h2", recursive=False)
            if heading is not None:
                found.append((str(section["id"]), heading.get_text(" ", strip=True)))
        return found


def made() -> time.struct_time:
    """When the file says that it was made, in UTC: now, or the time in the environment's SOURCE_DATE_EPOCH."""
    return time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))


def read(site: Path, root: Path, version: str) -> Book:
    """The book whose site was built into ``site`` from the settings in ``root``.

    Raises FileNotFoundError where a page of the contents was not built.
    """
    settings = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    articles = [article(site, page, part) for part, page in contents(root)]
    language = settings["sphinx"]["config"]["language"]
    return Book(settings["title"], settings["author"], language, version, articles)


def contents(root: Path) -> list[tuple[str, str]]:
    """The pages of the book in order, each with the caption above it in the contents: ("Part", "book/efficacy")."""
    listed = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    parts = [(part["caption"], chapter["file"]) for part in listed["parts"] for chapter in part["chapters"]]
    return [("", listed["root"]), *parts]


def article(site: Path, page: str, part: str = "") -> Article:
    """A page of the built site, such as `book/efficacy`. Raises FileNotFoundError where it was not built."""
    file = site / f"{page}.html"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is in the contents of the book and was not built; run: make book")
    soup = BeautifulSoup(file.read_text("utf-8"), "html.parser")
    body = soup.select_one("article.bd-article > section")
    if body is None:
        raise ValueError(f"{file}: expected an <article class=bd-article> with a section in it")
    _tidy(soup, body)
    heading = body.find("h1")
    if heading is None:
        raise ValueError(f"{file}: expected a heading of the page, <h1>")
    return Article(PurePosixPath(page).name, heading.get_text(" ", strip=True), part, body)


def _tidy(soup: BeautifulSoup, body: Tag) -> None:
    """Leave out what needs a screen, unfold what is folded, and mark each number with its source's entry."""
    _bind_self_checks(body)
    for element in body.select(_LEFT_OUT):
        if not element.decomposed:
            element.decompose()
    for fold in body.select("details"):
        fold.name = "div"
        fold.attrs = {"class": "unfolded", **{key: value for key, value in fold.attrs.items() if key == "id"}}
    for summary in body.select("summary"):
        summary.name = "p"
        summary.attrs = {"class": "unfolded-title"}
        said = summary.get_text(" ", strip=True)
        if said.startswith("Data"):
            summary.string = said.removesuffix("(table and CSV)").rstrip()
            _shorten(soup, summary.parent)
    for label in body.select("label"):
        label.name = "span"
        label.attrs = {}
    for link in body.select("a[data-entry]"):
        mark = soup.new_tag("sup")
        mark.string = str(link["data-entry"])
        link.append(mark)
    for element in body.find_all(True):
        for name in list(element.attrs):
            if name in _SCREEN_ATTRIBUTES or name.startswith("data-"):
                del element[name]
        if element.get("role") in _SCREEN_ROLES:
            del element["role"]
        if element.name == "a" and "aria-describedby" in element.attrs:
            del element["aria-describedby"]


def _bind_self_checks(body: Tag) -> None:
    """Take the questions out of their forms, and put the answers behind the last one."""
    for form in body.select(".carbite-question form, .carbite-question fieldset"):
        form.unwrap()
    for legend in body.select(".carbite-question legend"):
        legend.name = "p"
    for checks in body.select(".carbite-self-check"):
        for status in checks.select("[role=status]"):
            status.decompose()
        for answer in checks.select(".carbite-answer"):
            checks.append(answer.extract())


def _shorten(soup: BeautifulSoup, fold: Tag | None) -> None:
    """Put a sentence in the place of data that would fill pages, such as a curve's points."""
    rows = fold.select("tbody tr") if fold is not None else []
    if fold is not None and len(rows) > MOST_ROWS:
        sentence = soup.new_tag("p")
        sentence.string = f"The {len(rows)} rows of the data are on the website, as a table and as CSV."
        fold.clear()
        fold.append(sentence)


def rewrite_links(book: Book, address: Callable[[str, str], str]) -> None:
    """Lead every link within the book to ``address(page, anchor)``; one to a file of the site becomes plain text."""
    pages = {article.name for article in book.articles}
    for article in book.articles:
        for link in article.body.select("a[href]"):
            href = str(link["href"])
            file, _, anchor = href.partition("#")
            page = PurePosixPath(file).stem if file else article.name
            if "=" in anchor:  # a state of the explorer or of a list, which only their scripts can open
                anchor = ""
            if _EXTERNAL.match(href):
                continue
            if page in pages and PurePosixPath(file).suffix in ("", ".html"):
                link["href"] = address(page, anchor)
            else:
                link.unwrap()


def prefix_ids(book: Book) -> None:
    """Make ids unique across the pages, as ``page--id``, with whatever names them inside of a page."""

    def prefixed(article: Article, names: str) -> str:
        return " ".join(f"{article.name}--{name}" for name in names.split())

    for article in book.articles:
        for element in [article.body, *article.body.find_all(True)]:
            for name, value in list(element.attrs.items()):
                if name in ("id", "aria-labelledby", "aria-describedby"):
                    element[name] = prefixed(article, str(value))
                elif isinstance(value, str) and "url(#" in value:
                    element[name] = _PLACE.sub(rf"url(#{article.name}--\1)", value)
