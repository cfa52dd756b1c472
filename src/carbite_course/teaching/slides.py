"""Slides to teach from: a PowerPoint file a chapter, written from its figures, its comparisons and its own words.

A page for browsers with the same content stands beside each.

    python -m carbite_course.teaching.slides book dist/slides

Text can be edited, every figure has its description as alternative text and as speaker notes, and the same book gives
the same bytes. Measures are in points; a slide is 960 by 540 of them (16:9).
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import vl_convert
import yaml
from PIL import Image
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Pt

from carbite.archives import NO_TIME, zipped
from carbite_course.teaching.chapters import ChapterSourceError, Point
from carbite_course.teaching.decks import (
    DISPUTE,
    NO_VERDICT,
    NOTICE,
    TAKE_AWAYS,
    TO_THE_ROOM,
    VERDICT_HEAD,
    VERDICTS,
    Deck,
    FigureSlide,
    decks,
    unanchored,
    verdict_caption,
)
from carbite_course.teaching.fitting import TooMuchTextError, height, largest, shares, width_of
from carbite_course.teaching.plan import PlanError
from carbite_course.teaching.slides_page import page

WIDTH, HEIGHT = 960.0, 540.0
MARGIN = 40.0
FONT = "Arial"
INK, QUIET = "1F2328", "57606A"
PAPER, HEAD_GROUND = "FFFFFF", "E7EAED"
# Readable at the back of a room, from the largest on; a line on where something comes from may be smaller.
TITLE_SIZES = (30, 28, 26, 24, 22, 20)
TEXT_SIZES = (28, 26, 24, 22, 20, 18)
CELL_SIZES = (18, 17, 16)
SOURCE_SIZES = (12, 11, 10)
NOTE_SIZE = 14
QUESTION_SIZES = (44, 40, 36, 32)
BULLET_INDENT = 20.0
BULLET_GAP = 0.5
# The labels of a figure, which notes and data repeat, may be smaller than text; a figure has at most so many parts.
FIGURE_TEXT = 10.0
MOST_PARTS = 4
PIXELS_ACROSS = 2000
"""Of a figure: sharp on a projector of 1920 pixels."""
CELL_PADDING = (7.2, 3.6)
# What a figure's colours are on paper: each names the variable of the site's stylesheet, then the light one.
_VARIABLE = re.compile(r"var\(--[\w-]+,\s*([^()]+)\)")


@dataclass(frozen=True)
class Box:
    """A frame on a slide."""

    left: float
    top: float
    width: float
    height: float


TITLE = Box(MARGIN, 24, WIDTH - 2 * MARGIN, 80)
BODY = Box(MARGIN, 118, WIDTH - 2 * MARGIN, 362)
FOOT = Box(MARGIN, 490, WIDTH - 2 * MARGIN, 32)
# A figure that is high for its width stands beside its title.
SIDE_TITLE = Box(MARGIN, 24, 270, 420)
SIDE_BODY = Box(330, 24, WIDTH - MARGIN - 330, 456)


def presentation(deck: Deck, book: str) -> bytes:
    """The deck as a file of PowerPoint. Raises TooMuchTextError where a text fits no frame."""
    made = _Slides(deck, book)
    made.opening()
    made.dispute()
    for each in deck.figures:
        if isinstance(each, FigureSlide):
            made.figure(each)
        else:
            made.table(each.title, each.head, each.rows, [each.source], [each.source] * len(each.rows))
    made.question()
    made.verdicts()
    made.points(deck.limits_title, deck.limits)
    made.points(TAKE_AWAYS, deck.take_aways)
    return made.saved()


class _Slides:
    """A file of PowerPoint while it is written."""

    def __init__(self, deck: Deck, book: str) -> None:
        self.deck, self.book = deck, book
        self.file = _empty()
        self.file.slide_width, self.file.slide_height = Pt(WIDTH), Pt(HEIGHT)
        self.layout = next(each for each in self.file.slide_layouts if each.name == "Title Only")
        for placeholder in self.layout.placeholders:
            if placeholder.placeholder_format.idx == 0:
                _place(placeholder, TITLE)
        about = self.file.core_properties
        about.title, about.subject = deck.title, book
        about.author, about.last_modified_by = "CAR or BiTE? contributors", ""
        about.created = about.modified = datetime(*NO_TIME)
        about.language, about.revision = "en-GB", 1

    def slide(self, title: str, box: Box = TITLE, sizes: Sequence[float] = TITLE_SIZES, notes: str = "") -> Any:
        """A new slide with its title, which is a real one, so that outlines and screen readers find it."""
        added = self.file.slides.add_slide(self.layout)
        _place(added.shapes.title, box)
        _write(added.shapes.title, [title], box, sizes, bold=True)
        added.notes_slide.notes_text_frame.text = notes
        return added

    def opening(self) -> None:
        objectives = "\n".join(f"- {each}" for each in self.deck.objectives)
        box = Box(MARGIN, 150, WIDTH - 2 * MARGIN, 150)
        slide = self.slide(self.deck.title, box, QUESTION_SIZES, f"After the chapter, learners can:\n{objectives}")
        _text(slide, [self.book], Box(MARGIN, 320, WIDTH - 2 * MARGIN, 40), (24,))
        _text(slide, [NOTICE], FOOT, (14,), colour=QUIET)

    def dispute(self) -> None:
        """A slide for each pair of arguments, side by side; a chapter without camps has a table in their place."""
        if self.deck.dispute_title != DISPUTE:
            self.table(self.deck.dispute_title, self.deck.camps, self.deck.arguments, [self.book], [])
            return
        column = (BODY.width - 40) / len(self.deck.camps)
        room = BODY.height - 64
        texts = [text for row in self.deck.arguments for text in row]
        # One size on all of them, so that no side looks louder.
        size = min(largest([text], column - 10, room, TEXT_SIZES) for text in texts)
        for number, row in enumerate(self.deck.arguments, start=1):
            slide = self.slide(f"{self.deck.dispute_title} ({number} of {len(self.deck.arguments)})")
            for position, (camp, text) in enumerate(zip(self.deck.camps, row, strict=True)):
                left = BODY.left + position * (column + 40)
                _text(slide, [camp], Box(left, BODY.top, column, 54), (22, 20, 18), bold=True)
                _text(slide, [text], Box(left, BODY.top + 64, column, room), (size,))

    def figure(self, each: FigureSlide) -> None:
        """The finding as the title, the figure with its description, and where it comes from.

        A figure that is too high to be read on one slide is cut into parts, each on its own.
        """
        figure = each.figure
        svg = on_paper(figure.wide)
        wide, high = _size(svg)
        notes = "\n\n".join(filter(None, (figure.alt, figure.caption, each.source)))
        least = _smallest_text(svg)
        count = next((n for n in range(1, MOST_PARTS) if least * _best(wide, high / n) >= FIGURE_TEXT), MOST_PARTS)
        parts = _cut(vl_convert.svg_to_png(svg, scale=PIXELS_ACROSS / wide), count)
        for number, (image, part_high) in enumerate(parts, start=1):
            tall = part_high * high
            beside = _scale(wide, tall, SIDE_BODY) > _scale(wide, tall, BODY)
            said = _numbered(figure.title, number, count)
            slide = self.slide(said, SIDE_TITLE if beside else TITLE, notes=notes)
            box = SIDE_BODY if beside else BODY
            scale = _scale(wide, tall, box)
            left = box.left + (box.width - scale * wide) / 2
            picture = slide.shapes.add_picture(
                io.BytesIO(image), Pt(left), Pt(box.top), Pt(scale * wide), Pt(scale * tall)
            )
            _describe(picture, figure.title, figure.alt)
            _text(slide, [each.source], FOOT, SOURCE_SIZES, colour=QUIET)

    def question(self) -> None:
        notes = "Give a minute of silence, then pairs, then the room."
        slide = self.slide(TO_THE_ROOM, notes=notes)
        _text(slide, [self.deck.question], Box(MARGIN, 150, WIDTH - 2 * MARGIN, 300), QUESTION_SIZES)

    def verdicts(self) -> None:
        """What the rule says, in a table; or why it says nothing."""
        rows = self.deck.verdicts
        if not rows:
            self.points(NO_VERDICT, [Point(each) for each in self.deck.untested])
            return
        caption = [verdict_caption(), unanchored()]
        self.table(VERDICTS, VERDICT_HEAD, [row.cells for row in rows], caption, [row.notes for row in rows])

    def table(
        self,
        title: str,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        caption: Sequence[str],
        notes: Sequence[str],
    ) -> None:
        """Rows in a table, on as many slides as they need, with what is said below and in the notes."""
        below = height(caption, NOTE_SIZE, BODY.width)
        room = FOOT.top + FOOT.height - below - 12 - BODY.top
        layouts = []
        for size in CELL_SIZES:
            if widths := _columns([head, *rows], size):
                first, *heights = (_row_height(row, widths, size) for row in [head, *rows])
                layouts.append((size, widths, first, heights, shares(heights, room - first)))
        if not layouts:
            raise TooMuchTextError(f"a table with the columns {', '.join(head)} is too wide at size {CELL_SIZES[-1]}")
        # As few slides as a readable size allows, and of those the largest size.
        size, widths, first, heights, parts = min(layouts, key=lambda layout: (len(layout[4]), -layout[0]))
        for number, part in enumerate(parts, start=1):
            said = _numbered(title, number, len(parts))
            slide = self.slide(
                said, notes="\n\n".join(dict.fromkeys(notes[position] for position in part) if notes else "")
            )
            shown = [head, *(rows[position] for position in part)]
            _table(slide, title, shown, widths, size, [first, *(heights[position] for position in part)])
            _text(
                slide,
                caption,
                Box(MARGIN, FOOT.top + FOOT.height - below, BODY.width, below),
                (NOTE_SIZE,),
                colour=QUIET,
            )

    def points(self, title: str, points: Sequence[Point]) -> None:
        """A list; what stands behind the bold head of an entry goes to the notes."""
        said = [each.lead for each in points]
        notes = "\n".join(f"{each.lead} {each.rest}".strip() for each in points if each.rest)
        sizes = TEXT_SIZES
        width = BODY.width - BULLET_INDENT
        try:
            largest(said, width, BODY.height, sizes, gap=BULLET_GAP)
            parts = [list(range(len(said)))]
        except TooMuchTextError:
            heights = [height([each], sizes[-3], width) + BULLET_GAP * sizes[-3] for each in said]
            parts = shares(heights, BODY.height)
        for number, part in enumerate(parts, start=1):
            slide = self.slide(_numbered(title, number, len(parts)), notes=notes)
            _text(slide, [said[position] for position in part], BODY, sizes, bullets=True)

    def saved(self) -> bytes:
        """The file, its parts without the time at which they were written."""
        out = io.BytesIO()
        self.file.save(out)
        with zipfile.ZipFile(out) as parts:
            return zipped({name: parts.read(name) for name in parts.namelist()})


def _numbered(title: str, number: int, count: int) -> str:
    """The title of a slide, one of so many that share it."""
    return f"{title} ({number} of {count})" if count > 1 else title


def _empty() -> Any:
    """A new file; the library's own types do not hold for what it gives."""
    return Presentation()


def on_paper(svg: str) -> str:
    """A figure of the site with the colours that it has on white: variables and the text's colour filled in."""
    while (filled := _VARIABLE.sub(r"\1", svg)) != svg:
        svg = filled
    return svg.replace("currentColor", f"#{INK}")


def _size(svg: str) -> tuple[float, float]:
    """Width and height in CSS pixels."""
    root = ElementTree.fromstring(svg)
    return float(root.attrib["width"]), float(root.attrib["height"])


def _smallest_text(svg: str) -> float:
    """In CSS pixels; where a text names no size it has that of the whole."""
    root = ElementTree.fromstring(svg)
    usual = root.get("font-size", "13")
    sizes = [each.get("font-size", usual) for each in root.iter() if each.tag.endswith("}text")]
    return min(float(size.removesuffix("px")) for size in sizes)


def _cut(image: bytes, count: int) -> list[tuple[bytes, float]]:
    """An image in so many parts from top to bottom, each with its share of the height; cut where least is drawn."""
    if count == 1:
        return [(image, 1.0)]
    whole = Image.open(io.BytesIO(image)).convert("RGBA")
    drawn = whole.getchannel("A")
    ink = [sum(drawn.crop((0, y, whole.width, y + 1)).histogram()[1:]) for y in range(whole.height)]
    reach = whole.height // (4 * count)
    wanted = [whole.height * number // count for number in range(1, count)]
    cuts = [min(range(at - reach, at + reach), key=lambda y: (ink[y], abs(y - at))) for at in wanted]
    parts = []
    for top, bottom in pairwise([0, *cuts, whole.height]):
        out = io.BytesIO()
        whole.crop((0, top, whole.width, bottom)).save(out, "PNG")
        parts.append((out.getvalue(), (bottom - top) / whole.height))
    return parts


def _best(wide: float, high: float) -> float:
    return max(_scale(wide, high, BODY), _scale(wide, high, SIDE_BODY))


def _scale(wide: float, high: float, box: Box) -> float:
    return min(box.width / wide, box.height / high)


def _place(shape: Any, box: Box) -> None:
    shape.left, shape.top, shape.width, shape.height = map(Pt, (box.left, box.top, box.width, box.height))


def _text(slide: Any, paragraphs: Sequence[str], box: Box, sizes: Sequence[float], **style: Any) -> None:
    """Text in a frame of its own; ``style`` as for :func:`_write`."""
    shape = slide.shapes.add_textbox(Pt(0), Pt(0), Pt(1), Pt(1))
    _place(shape, box)
    _write(shape, paragraphs, box, sizes, **style)


def _write(
    shape: Any,
    paragraphs: Sequence[str],
    box: Box,
    sizes: Sequence[float],
    *,
    bold: bool = False,
    bullets: bool = False,
    colour: str = INK,
) -> None:
    """Text in a frame, in the largest of the sizes that fits."""
    gap = BULLET_GAP if bullets else 0.0
    size = largest(paragraphs, box.width - (BULLET_INDENT if bullets else 0), box.height, sizes, gap=gap, bold=bold)
    frame = shape.text_frame
    frame.word_wrap, frame.auto_size, frame.vertical_anchor = True, MSO_AUTO_SIZE.NONE, MSO_ANCHOR.TOP
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    for number, said in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        _style(paragraph, said, size, bold=bold, colour=colour)
        if bullets:
            _bullet(paragraph)
            paragraph.space_after = Pt(BULLET_GAP * size)


def _style(paragraph: Any, said: str, size: float, *, bold: bool = False, colour: str = INK) -> None:
    paragraph.alignment = PP_ALIGN.LEFT
    paragraph.line_spacing = 1.0
    run = paragraph.add_run()
    run.text = said.replace(" %", "\u00a0%")
    run.font.name, run.font.size, run.font.bold = FONT, Pt(size), bold
    run.font.color.rgb = RGBColor.from_string(colour)
    run._r.get_or_add_rPr().set("lang", "en-GB")


def _bullet(paragraph: Any) -> None:
    """A real bullet, so that the program for slides keeps its indent when the text is edited."""
    properties = paragraph._p.get_or_add_pPr()
    properties.set("marL", str(Pt(BULLET_INDENT)))
    properties.set("indent", str(-Pt(BULLET_INDENT)))
    sign = properties.makeelement(qn("a:buChar"), {"char": "•"})
    properties.append(sign)


def _describe(shape: Any, name: str, description: str) -> None:
    """Name and alternative text of a picture or a table."""
    properties = shape._element.xpath(".//p:cNvPr")[0]
    properties.set("name", name[:60])
    properties.set("descr", description)


def _columns(rows: Sequence[Sequence[str]], size: float) -> list[float]:
    """The widths of a table's columns, in which no word is broken; none where they are wider than a slide.

    Room that the longest words leave is shared by the lengths of the longest cells, and not in their proportion,
    so that no column becomes a thread.
    """
    columns = list(zip(*rows, strict=True))
    least = [
        max(width_of(word, size, bold=True) for cell in column for word in cell.split(" ")) + 2 * CELL_PADDING[0] + 1
        for column in columns
    ]
    amounts = [max(map(len, column)) ** 0.5 for column in columns]
    spare = BODY.width - sum(least)
    if spare < 0:
        return []
    return [one + spare * amount / sum(amounts) for one, amount in zip(least, amounts, strict=True)]


def _row_height(cells: Sequence[str], widths: Sequence[float], size: float) -> float:
    inner = [width - 2 * CELL_PADDING[0] for width in widths]
    highest = max(height([cell], size, width, bold=True) for cell, width in zip(cells, inner, strict=True))
    return highest + 2 * CELL_PADDING[1]


def _table(
    slide: Any,
    title: str,
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    size: float,
    heights: Sequence[float],
) -> None:
    """A table whose first row is its head and whose first column names the rows."""
    shape = slide.shapes.add_table(
        len(rows), len(widths), Pt(BODY.left), Pt(BODY.top), Pt(sum(widths)), Pt(sum(heights))
    )
    _describe(shape, title, "; ".join(" ".join(row) for row in rows[1:]))
    table = shape.table
    table.first_col = True
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)
    for line, (cells, high) in enumerate(zip(rows, heights, strict=True)):
        table.rows[line].height = Pt(high)
        for position, said in enumerate(cells):
            cell = table.cell(line, position)
            cell.margin_left = cell.margin_right = Pt(CELL_PADDING[0])
            cell.margin_top = cell.margin_bottom = Pt(CELL_PADDING[1])
            cell.fill.solid()
            cell.fill.fore_color.rgb = RGBColor.from_string(HEAD_GROUND if line == 0 else PAPER)
            _style(cell.text_frame.paragraphs[0], said, size, bold=line == 0 or position == 0)
            cell.text_frame.word_wrap = True


def write(book: Path, target: Path) -> list[Path]:
    """For each chapter of the folder ``book`` a deck and the same as a page in ``target``; returns what was written."""
    title = yaml.safe_load((book.parent / "_config.yml").read_text("utf-8"))["title"]
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for deck in decks(book, title):
        file = target / f"{deck.name}.pptx"
        file.write_bytes(presentation(deck, title))
        beside = file.with_suffix(".html")
        beside.write_text(page(deck, title), "utf-8")
        written += [file, beside]
    return written


def main() -> None:
    """``python -m carbite_course.teaching.slides book dist/slides``."""
    parser = argparse.ArgumentParser(description="Write a deck of slides for each chapter of the book.")
    parser.add_argument("book", type=Path, help="folder with the chapters, beside _toc.yml and _config.yml")
    parser.add_argument("target", type=Path, help="folder for the decks")
    chosen = parser.parse_args()
    if not (chosen.book.parent / "_toc.yml").is_file():
        sys.exit(f"{chosen.book}: expected the folder of the chapters, beside _toc.yml")
    try:
        for file in write(chosen.book, chosen.target):
            print(f"wrote {file}")
    except (ChapterSourceError, PlanError, TooMuchTextError) as error:
        sys.exit(f"slides: {error}")


if __name__ == "__main__":
    main()
