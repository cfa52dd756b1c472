"""The book as an EPUB 3.3 file: https://www.w3.org/TR/epub-33/."""

from __future__ import annotations

import re
import time
import uuid
import zipfile
from html import escape
from itertools import groupby
from pathlib import Path

from bs4 import Tag

from .articles import Article, Book, made, rewrite_links

HERE = Path(__file__).parent
STYLES = "styles.css"

# Reading devices know no variables in SVG: the fallback, which each of ours has, stands in.
_VARIABLE = re.compile(r"var\(--[\w-]+,\s*((?:[^()]|\([^()]*\))*)\)")
_NAMESPACES = {"svg": "http://www.w3.org/2000/svg", "math": "http://www.w3.org/1998/Math/MathML"}
# HTML knows no upper case, XML does.
_CASE = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio", "clippath": "clipPath"}
# In an archive the first file says what it is, and time begins in 1980.
_MIMETYPE = "application/epub+zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)

_CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
_ACCESSIBILITY = {
    "accessMode": ("textual", "visual"),
    "accessModeSufficient": ("textual",),
    "accessibilityFeature": (
        "alternativeText",
        "longDescription",
        "MathML",
        "readingOrder",
        "structuralNavigation",
        "tableOfContents",
    ),
    "accessibilityHazard": ("none",),
    "accessibilitySummary": ("Every chart has a description in words and its numbers as a table.",),
}


def write(book: Book, target: Path) -> None:
    """Write the book into ``target``. With the environment's SOURCE_DATE_EPOCH the bytes are the same every time."""
    rewrite_links(book, lambda page, anchor: f"{page}.xhtml" + (f"#{anchor}" if anchor else ""))
    # Before the package is written, which says what is left in each page.
    pages = {f"book/{each.name}.xhtml": _page(book, each.title, _xhtml(each.body)) for each in book.articles}
    files = {
        "META-INF/container.xml": _CONTAINER,
        "book/package.opf": _package(book),
        "book/contents.xhtml": _page(book, "Contents", _contents(book)),
        f"book/{STYLES}": (HERE / "device.css").read_text("utf-8"),
        **pages,
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", _EPOCH), _MIMETYPE, zipfile.ZIP_STORED)
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)


def _xhtml(body: Tag) -> str:
    """The section as XML: formulas as MathML alone, colours that every device knows, names in their own case."""
    for drawn in body.select(".katex-html, .cx-axis"):
        drawn.decompose()
    for element in [body, *body.find_all(True)]:
        element.name = _CASE.get(element.name, element.name)
        for name, value in list(element.attrs.items()):
            plain = " ".join(value) if isinstance(value, list) else str(value)
            while _VARIABLE.search(plain):
                plain = _VARIABLE.sub(r"\1", plain)
            del element[name]
            element[_CASE.get(name, name)] = plain
        if element.name in _NAMESPACES:
            element["xmlns"] = _NAMESPACES[element.name]
    return body.decode(formatter="minimal")


def _page(book: Book, title: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        f'lang="{escape(book.language)}" xml:lang="{escape(book.language)}">\n'
        f'<head><meta charset="utf-8"/><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="{STYLES}"/></head>\n<body>\n{body}\n</body>\n</html>\n'
    )


def _contents(book: Book) -> str:
    """The navigation document: parts, chapters, sections."""

    def entry(article: Article) -> str:
        link = f'<a href="{article.name}.xhtml">{escape(article.title)}</a>'
        sections = "".join(
            f'<li><a href="{article.name}.xhtml#{place}">{escape(heading)}</a></li>'
            for place, heading in article.sections()
        )
        return f"<li>{link}{f'<ol>{sections}</ol>' if sections else ''}</li>"

    parts = []
    for part, articles in groupby(book.articles, key=lambda article: article.part):
        entries = "".join(map(entry, articles))
        parts.append(f"<li><span>{escape(part)}</span><ol>{entries}</ol></li>" if part else entries)
    return f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>{"".join(parts)}</ol></nav>'


def _package(book: Book) -> str:
    """The package document: what the book is, its files, their order."""
    identifier = uuid.uuid5(uuid.NAMESPACE_URL, f"{book.title} {book.version}")
    changed = time.strftime("%Y-%m-%dT%H:%M:%SZ", made())
    access = "".join(
        f'<meta property="schema:{name}">{escape(value)}</meta>'
        for name, values in _ACCESSIBILITY.items()
        for value in values
    )
    items = [
        '<item id="contents" href="contents.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        f'<item id="styles" href="{STYLES}" media-type="text/css"/>',
    ]
    for article in book.articles:
        kinds = [kind for kind, tag in (("svg", "svg"), ("mathml", "math")) if article.body.find(tag)]
        properties = f' properties="{" ".join(kinds)}"' if kinds else ""
        href = f'href="{article.name}.xhtml" media-type="application/xhtml+xml"'
        items.append(f'<item id="page-{article.name}" {href}{properties}/>')
    order = "".join(f'<itemref idref="page-{article.name}"/>' for article in book.articles)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        f'unique-identifier="id" xml:lang="{escape(book.language)}">\n'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{identifier}</dc:identifier><dc:title>{escape(book.title)}</dc:title>'
        f"<dc:creator>{escape(book.author)}</dc:creator><dc:language>{escape(book.language)}</dc:language>"
        f'<meta property="dcterms:modified">{changed}</meta>{access}</metadata>\n'
        f'<manifest>{"".join(items)}</manifest>\n<spine><itemref idref="contents"/>{order}</spine>\n</package>\n'
    )
