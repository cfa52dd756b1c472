"""The book as a PDF: all chapters on one page, which a browser prints twice, the second time with page numbers."""

from __future__ import annotations

import re
import time
from html import escape
from itertools import groupby
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import Fit

from carbite.browser import ARGUMENTS, MISSING, find_browser

from .articles import Book, made, prefix_ids, rewrite_links

HERE = Path(__file__).parent
# In the place of a page number that is not known yet: as wide as one.
UNKNOWN = "000"


def write(book: Book, site: Path, target: Path) -> None:
    """Print the book into ``target``; the styles are those of ``site``. Raises RuntimeError without a browser."""
    rewrite_links(book, lambda page, anchor: f"#{page}--{anchor}" if anchor else f"#{page}")
    prefix_ids(book)
    _keep_together(book)
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet = target.with_suffix(".html")
    try:
        _print(book, site, sheet, target, {})
        pages = _pages(target)
        _print(book, site, sheet, target, pages)
    finally:
        sheet.unlink(missing_ok=True)
    _finish(book, target, pages)


def _keep_together(book: Book) -> None:
    """Put the finding of a figure and its drawing into one box, which no page break parts."""
    for article in book.articles:
        for chart in article.body.select("figure > .carbite-chart"):
            caption = chart.find_previous_sibling("figcaption")
            if caption is not None:
                box = caption.wrap(Tag(name="div", attrs={"class": "together"}))
                box.append(chart.extract())


def _print(book: Book, site: Path, sheet: Path, target: Path, pages: dict[str, int]) -> None:
    sheet.write_text(_html(book, site, pages), "utf-8")
    executable = find_browser()
    if executable is None:
        raise RuntimeError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        page = browser.new_page(java_script_enabled=False)
        page.route(re.compile("^https?:"), lambda route: route.abort())
        page.goto(sheet.resolve().as_uri(), wait_until="load")
        page.pdf(path=target, tagged=True, prefer_css_page_size=True, print_background=True)
        browser.close()


def _pages(file: Path) -> dict[str, int]:
    """On which page, counted from 1, each place lies that a link of the document leads to."""
    reader = PdfReader(file)
    numbers = {}
    for name, destination in reader.named_destinations.items():
        page = reader.get_destination_page_number(destination)
        if page is not None:
            numbers[name.lstrip("/")] = page + 1
    return numbers


def _finish(book: Book, file: Path, pages: dict[str, int]) -> None:
    """Give the document its properties and its outline. (The browser's outline joins words at line ends.)"""
    writer = PdfWriter(clone_from=file)
    writer.pdf_header = "%PDF-1.7"
    time_made = time.strftime("D:%Y%m%d%H%M%SZ", made())
    writer.add_metadata({"/Title": book.title, "/Author": book.author})
    writer.add_metadata({"/CreationDate": time_made, "/ModDate": time_made})
    for part, articles in groupby(book.articles, key=lambda article: article.part):
        chapters = list(articles)
        top = (
            writer.add_outline_item(title=part, page_number=pages[chapters[0].name] - 1, fit=Fit.fit())
            if part
            else None
        )
        for article in chapters:
            above = writer.add_outline_item(
                title=article.title, page_number=pages[article.name] - 1, parent=top, fit=Fit.fit()
            )
            for place, heading in article.sections():
                writer.add_outline_item(title=heading, page_number=pages[place] - 1, parent=above, fit=Fit.fit())
    writer.write(file)


def _html(book: Book, site: Path, pages: dict[str, int]) -> str:
    styles = "\n".join(f'<link rel="stylesheet" href="{escape(file.as_uri())}">' for file in _stylesheets(book, site))
    chapters = "\n".join(
        f'<article class="bd-article" id="{article.name}">{article.body}</article>' for article in book.articles
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(book.language)}" data-theme="light" data-mode="light">\n<head>'
        f'<meta charset="utf-8"><title>{escape(book.title)}</title>\n{styles}</head>\n<body>\n'
        f'<header class="cover"><p class="cover-title">{escape(book.title)}</p><p>{escape(book.author)}</p>'
        f"<p>Version {escape(book.version)}</p></header>\n{_contents(book, pages)}\n"
        f'<main class="bd-content">\n{chapters}\n</main>\n</body></html>'
    )


def _contents(book: Book, pages: dict[str, int]) -> str:
    """The table of contents, with the page of each chapter and section."""

    def line(place: str, text: str, level: str) -> str:
        number = pages.get(place, UNKNOWN)
        return f'<li class="{level}"><a href="#{place}"><span>{escape(text)}</span> <span>{number}</span></a></li>'

    parts = []
    for part, articles in groupby(book.articles, key=lambda article: article.part):
        lines = []
        for article in articles:
            lines.append(line(article.name, article.title, "chapter"))
            lines += [line(place, heading, "section") for place, heading in article.sections()]
        caption = f"<p>{escape(part)}</p>" if part else ""
        parts.append(f"{caption}<ul>{''.join(lines)}</ul>")
    return f'<nav class="book-contents"><p class="contents-title">Contents</p>{"".join(parts)}</nav>'


def _stylesheets(book: Book, site: Path) -> list[Path]:
    """The stylesheets of all pages, each once, in the order in which pages link them; ours for paper last."""
    files: dict[Path, None] = {}
    for page in sorted(site.glob("book/*.html")):
        for link in BeautifulSoup(page.read_text("utf-8"), "html.parser").select("link[rel=stylesheet]"):
            files.setdefault((page.parent / str(link["href"]).partition("?")[0]).resolve())
    return [*files, HERE / "paper.css"]
