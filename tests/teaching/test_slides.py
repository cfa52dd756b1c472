"""The slides read back: every figure with its description and source, and no text that leaves its frame."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.util import Length
from pypdf._codecs.core_font_metrics import CORE_FONT_METRICS

from carbite.charts import ARMS
from carbite.comparison import parse_question
from carbite.tables import question as in_words
from carbite.verdict import evaluate
from carbite_course.teaching import chapters
from carbite_course.teaching.decks import NOTICE, Deck, FigureSlide, TableSlide, deck
from carbite_course.teaching.fitting import TooMuchTextError, largest, lines, shares
from carbite_course.teaching.plan import plan
from carbite_course.teaching.slides import FONT, on_paper, presentation
from carbite_course.teaching.slides_page import page
from tests.thoroughness import THOROUGH

BOOK = Path(__file__).parents[2] / "book"
TITLE = "A book"
# Drawing every figure takes a minute: each run of the tests takes chapters with every kind of slide, the rest
# `make test-thorough`; `make slides` refuses what does not fit in any chapter.
KINDS = ("mechanism", "efficacy", "cost", "hindsight")
NAMES = chapters.names(BOOK) if THOROUGH else KINDS
# Points. From the last row of a room nothing under 16 is read; where a figure comes from need not be.
SMALLEST_TEXT, SMALLEST_SOURCE = 16, 10
# Of the labels in a figure; most are larger, and the notes and the data have their words.
SMALLEST_FIGURE_TEXT = 9.9
# Helvetica is as wide as Arial; a program breaks lines a little earlier or later than the sum of widths says.
TOLERANCE = 1.02
LINE_HEIGHT = 1.2
WIDTHS = {False: CORE_FONT_METRICS["Helvetica"], True: CORE_FONT_METRICS["Helvetica-Bold"]}


@cache
def made(name: str) -> Deck:
    return deck(chapters.read(BOOK, name), TITLE)


@cache
def written(name: str) -> bytes:
    return presentation(made(name), TITLE)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def slides(name: str) -> list[Any]:
    return list(Presentation(io.BytesIO(written(name))).slides)


def points(length: Length) -> float:
    return length / 12700


def width(text: str, size: float, bold: bool) -> float:
    """By Adobe's metrics of Helvetica, in points."""
    known = WIDTHS[bold].character_widths
    return sum(known.get(sign, known["default"]) for sign in text) * size / 1000


def broken(text: str, size: float, bold: bool, room: float) -> int:
    """How many lines the words take, each line as full as it goes."""
    count, line = 1, ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if line and width(longer, size, bold) > room * TOLERANCE:
            count, line = count + 1, word
        else:
            line = longer
    return count


def pictures(slide: Any) -> list[Any]:
    return [shape for shape in slide.shapes if shape.shape_type == MSO_SHAPE_TYPE.PICTURE]


def description(shape: Any) -> str:
    return str(shape._element.xpath(".//p:cNvPr")[0].get("descr"))


def all_text(slide: Any) -> str:
    cells = [cell.text for shape in slide.shapes if shape.has_table for row in shape.table.rows for cell in row.cells]
    return plain("\n".join([*(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame), *cells]))


def test_every_figure_is_there_with_its_finding_description_and_source(name: str) -> None:
    assert len(made(name).figures) == len(chapters.read(BOOK, name).figures)
    drawn = [each for each in made(name).figures if isinstance(each, FigureSlide)]
    for each in drawn:
        shown = [
            slide for slide in slides(name) if pictures(slide) and titled(slide).startswith(plain(each.figure.title))
        ]
        parts = [f" ({n} of {len(shown)})" for n in range(1, len(shown) + 1)] if len(shown) > 1 else [""]
        assert [titled(slide) for slide in shown] == [plain(each.figure.title) + part for part in parts]
        svg = ElementTree.fromstring(each.figure.wide)
        texts = [text for text in svg.iter() if text.tag.endswith("}text")]
        least = min(float(text.get("font-size", "13").removesuffix("px")) for text in texts)
        high = 0.0
        for slide in shown:
            (picture,) = pictures(slide)
            assert description(picture) == each.figure.alt
            assert each.figure.alt in slide.notes_slide.notes_text_frame.text
            assert plain(each.source) in all_text(slide)
            image = Image.open(io.BytesIO(picture.image.blob))
            assert image.width / image.height == pytest.approx(picture.width / picture.height, rel=0.02)
            scale = points(picture.width) / float(svg.attrib["width"])
            assert least * scale >= SMALLEST_FIGURE_TEXT, (each.figure.title, least * scale)
            high += points(picture.height) / scale
        assert high == pytest.approx(float(svg.attrib["height"]), rel=0.01), "the whole figure is shown"
    assert len(drawn) <= sum(bool(pictures(slide)) for slide in slides(name))


def plain(text: str) -> str:
    """Without the marks that keep a number and its sign on one line."""
    return text.replace("\u00a0", " ")


def titled(slide: Any) -> str:
    return plain(slide.shapes.title.text_frame.text)


def test_every_table_among_the_figures_is_there_whole(name: str) -> None:
    tables = [each for each in made(name).figures if isinstance(each, TableSlide)]
    for each in tables:
        on = [slide for slide in slides(name) if titled(slide).startswith(plain(each.title))]
        found = [row for slide in on for shape in slide.shapes if shape.has_table for row in list(shape.table.rows)[1:]]
        assert [tuple(plain(cell.text) for cell in row.cells) for row in found] == [
            tuple(map(plain, row)) for row in each.rows
        ]
        assert all(plain(each.source) in all_text(slide) for slide in on)


def test_no_text_leaves_its_frame_and_no_frame_its_slide(name: str) -> None:
    file = Presentation(io.BytesIO(written(name)))
    assert file.slide_width / file.slide_height == pytest.approx(16 / 9)
    for slide in file.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= file.slide_width
            assert shape.top + shape.height <= file.slide_height
            if shape.has_text_frame:
                assert _height(shape.text_frame, points(shape.width)) <= points(shape.height) + 0.5, all_text(slide)


def _height(frame: Any, room: float) -> float:
    total = 0.0
    for paragraph in frame.paragraphs:
        (run,) = paragraph.runs
        size, indent = run.font.size.pt, int(paragraph._p.get_or_add_pPr().get("marL", 0)) / 12700
        assert run.font.name == FONT
        total += broken(run.text, size, bool(run.font.bold), room - indent) * size * LINE_HEIGHT
    gaps = [each.space_after.pt for each in frame.paragraphs[:-1] if each.space_after is not None]
    return total + sum(gaps)


def test_frames_do_not_lie_on_one_another(name: str) -> None:
    for slide in slides(name):
        boxes = [(s.left, s.top, s.left + s.width, s.top + s.height) for s in slide.shapes]
        for position, a in enumerate(boxes):
            for b in boxes[position + 1 :]:
                apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
                assert apart, all_text(slide)


def test_text_is_large_enough_and_every_slide_has_a_title_and_more(name: str) -> None:
    for slide in slides(name):
        assert slide.shapes.title.text_frame.text
        assert len(slide.shapes) > 1
        for shape in slide.shapes:
            if shape.has_text_frame and shape != slide.shapes.title:
                small = shape.text_frame.text.startswith(("Source:", "The rule:", NOTICE, TITLE))
                for paragraph in shape.text_frame.paragraphs:
                    for run in paragraph.runs:
                        assert run.font.size.pt >= (SMALLEST_SOURCE if small else SMALLEST_TEXT), run.text


def test_a_table_fits_its_columns(name: str) -> None:
    tables = [shape for slide in slides(name) for shape in slide.shapes if shape.has_table]
    assert bool(tables) == (
        bool(made(name).verdicts) or any(isinstance(each, TableSlide) for each in made(name).figures)
    )
    for shape in tables:
        _fits(shape)


def _fits(shape: Any) -> None:
    table = shape.table
    assert description(shape)
    for row in table.rows:
        for cell, column in zip(row.cells, table.columns, strict=True):
            room = points(column.width - cell.margin_left - cell.margin_right)
            (run,) = cell.text_frame.paragraphs[0].runs
            for word in run.text.split():
                assert width(word, run.font.size.pt, bool(run.font.bold)) <= room * TOLERANCE, word
            needed = broken(run.text, run.font.size.pt, bool(run.font.bold), room) * run.font.size.pt * LINE_HEIGHT
            assert needed <= points(row.height - cell.margin_top - cell.margin_bottom) + 0.5, run.text


def test_the_verdicts_are_those_of_the_claims_or_the_reasons_why_there_are_none() -> None:
    efficacy, mechanism = made("efficacy"), made("mechanism")
    assert [row.cells[0] for row in efficacy.verdicts][:2] == ["Complete remission", "Complete remission, 2016"]
    assert not efficacy.untested
    assert not mechanism.verdicts
    assert any("no numbers" in each.lower() for each in mechanism.untested)
    assert [row.cells[0] for row in made("hindsight").verdicts] == [
        in_words(evaluate(*parse_question(question))) for question in plan().slides["hindsight"].verdicts or ()
    ]


def test_the_words_are_the_chapters(name: str) -> None:
    chapter = chapters.read(BOOK, name)
    said = "\n".join(all_text(slide) for slide in slides(name))
    assert plain(chapter.title) in said
    assert plan().slides[name].question in said
    for row in chapter.dispute[2]:
        for text in row:
            assert plain(text) in said
    for point in (*chapter.limits[1], *chapter.take_aways):
        assert plain(point.lead) in said
    assert "{number}" not in said
    assert "{term}" not in said


def test_the_page_for_browsers_holds_the_same_and_nothing_from_elsewhere(name: str) -> None:
    deck = made(name)
    soup = BeautifulSoup(page(deck, TITLE), "html.parser")
    drawn = soup.select("section > svg[role=img]")
    figures = [each for each in deck.figures if isinstance(each, FigureSlide)]
    assert len(drawn) == len(figures)
    for svg, each in zip(drawn, figures, strict=True):
        described = svg.find("desc")
        assert each.figure.alt in (described.get_text() if described else svg["aria-label"])
    said = soup.get_text(" ")
    for text in (deck.question, *(each.source for each in deck.figures), *(point.lead for point in deck.take_aways)):
        assert " ".join(text.split()) in " ".join(said.split())
    assert not soup.select("script, img, iframe, [src], link[href^=http], a[href]")
    assert all(table.parent and table.parent["tabindex"] == "0" for table in soup.select("table")), "moved by keyboard"
    assert len(soup.select("section")) >= len(deck.figures) + 5
    ids = [each["id"] for each in soup.select("[id]")]
    assert len(ids) == len(set(ids))


def test_the_same_book_gives_the_same_bytes() -> None:
    assert presentation(made("mechanism"), TITLE) == written("mechanism")


def test_on_paper_a_figure_has_its_light_colours() -> None:
    svg = '<path fill="var(--a, var(--b, #d1d5da))" stroke="currentColor"/><path fill="' + ARMS["car_t"].colour + '"/>'
    shown = on_paper(svg)
    assert "var(" not in shown
    assert "currentColor" not in shown
    assert "#d1d5da" in shown
    assert "#b35806" in shown


def test_text_is_never_taken_for_narrower_than_it_is() -> None:
    for text in ("Remission is more frequent with CAR T cells, by the rule.", "WWWW mmmm 0123456789 (EF1)"):
        for size in (16, 28):
            for room in (120.0, 240.0):
                assert lines(text, size, room) >= broken(text, size, False, room)


def test_frames_are_as_few_as_can_be_and_about_equally_full() -> None:
    assert shares([10.0] * 6, 50) == [[0, 1, 2], [3, 4, 5]]
    assert shares([10.0, 200.0, 10.0], 50) == [[0], [1], [2]]
    assert shares([10.0, 10.0], 50) == [[0, 1]]


def test_what_fits_no_size_is_refused() -> None:
    with pytest.raises(TooMuchTextError, match=r"'word word .* points of 20 at size 18"):
        largest(["word " * 50], 100, 20, (24, 18))
