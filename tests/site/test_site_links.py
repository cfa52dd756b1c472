"""Every link within the site leads somewhere, and every DOI is one."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from carbite import notebooks
from carbite.evidence import records
from tests.site.conftest import ROOT

# https://www.crossref.org/blog/dois-and-matching-regular-expressions/
DOI = re.compile(r"10\.\d{4,9}/[-._;()/:a-zA-Z0-9<>\[\]+]+")
# What a link may leave the site with.
OUTSIDE = ("https", "mailto", "data")


class _Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.ids += [attributes["id"]] if "id" in attributes else []
        names = {"a": "href", "link": "href", "script": "src", "img": "src", "use": "href"}
        if tag in names and attributes.get(names[tag]):
            self.links.append(attributes[names[tag]])
        for described in ("aria-describedby", "aria-labelledby", "aria-controls", "for"):
            self.links += [f"#{name}" for name in attributes.get(described, "").split()]


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, _Links]:
    return {path: _Links(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}


# How the link to a state begins; every other fragment names a place.
STATE = "s="


def test_links_and_anchors_within_the_site_resolve(site: Path, pages: dict[Path, _Links]) -> None:
    """Pages, files and ids, also those that only a screen reader follows."""
    broken = []
    followed = 0
    ids = {path: set(page.ids) for path, page in pages.items()}
    for path, page in pages.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            followed += 1
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            if not target.is_file():
                broken.append(f"{path.relative_to(site)}: {link}: no such file")
            elif address.fragment.startswith(STATE):
                continue  # what the explorer is to show; the page's own parser reads such links in tests/test_link.py
            elif address.fragment and target.suffix == ".html" and unquote(address.fragment) not in ids[target]:
                broken.append(f"{path.relative_to(site)}: {link}: no such place")
    assert broken == []
    assert followed > 500


def test_no_page_has_an_id_twice(site: Path, pages: dict[Path, _Links]) -> None:
    twice = {
        path.relative_to(site).as_posix(): sorted(name for name, count in Counter(page.ids).items() if count > 1)
        for path, page in pages.items()
    }
    assert {name: ids for name, ids in twice.items() if ids} == {}


def test_links_out_of_the_site_are_safe_and_dois_well_formed(site: Path, pages: dict[Path, _Links]) -> None:
    outside = {link for page in pages.values() for link in page.links if urlsplit(link).scheme}
    assert {link for link in outside if urlsplit(link).scheme not in OUTSIDE} == set()
    dois = {link for link in outside if "doi.org" in urlsplit(link).netloc}
    assert len(dois) > 20
    for link in dois:
        assert link.startswith("https://doi.org/"), link
        assert DOI.fullmatch(unquote(urlsplit(link).path[1:])), link


def test_dois_of_the_data_are_well_formed() -> None:
    dois = [row["doi"] for row in records("sources") if row["doi"]]
    assert len(dois) > 20
    assert [doi for doi in dois if not DOI.fullmatch(doi)] == []


def test_search_index_names_pages_that_exist(site: Path) -> None:
    text = (site / "searchindex.js").read_text("utf-8")
    index = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    assert len(index["docnames"]) > 3
    for name in index["docnames"]:
        assert (site / f"{name}.html").is_file(), name


def test_links_of_the_notebooks_resolve(tmp_path: Path) -> None:
    """A chapter in JupyterLab leads to other notebooks and to places in them."""
    written = notebooks.write(ROOT / "book", tmp_path)
    names = {path.name for path in written}
    links = 0
    for path in written:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] != "markdown":
                continue
            for link in re.findall(r"\]\(([^)\s]+)", "".join(cell["source"])):
                address = urlsplit(link)
                if address.scheme:
                    assert address.scheme in OUTSIDE, link
                elif address.path:
                    links += 1
                    assert address.path in names or (ROOT / "book" / address.path).resolve().is_file(), (
                        f"{path.name}: {link}"
                    )
    assert links > 3
