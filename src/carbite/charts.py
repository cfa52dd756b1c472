"""Altair charts as figures that any page can show: an SVG with words for it, and its data.

    show(chart, title="...", alt="...", csv=table)

The chart is drawn once, in Python. What a reader gets is plain HTML, the same on the site and in JupyterLab,
with no script and no other host. Colours are CSS variables of the site (`site/static/book.css`), each with a
fallback for notebooks; text has the colour of the text around it. So both follow light and dark.

On the site the figure also carries what its script needs (`site/figures.js`): the chart as a Vega specification,
and each row of its data in words, which the script reads out when the reader chooses it.
"""

import csv as csv_format
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from html import escape
from numbers import Real
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree

import altair
import pandas as pd
import vl_convert

from carbite.foreign_text import FORMULA_SIGNS
from carbite.markup import building
from carbite.vega import FONTS, MEASURED_FONT, page_spec, vegalite_version

SVG = "http://www.w3.org/2000/svg"
ElementTree.register_namespace("", SVG)

# In CSS pixels: the column of text on a phone 390 px wide, and the least in which a scale can be read.
PHONE_WIDTH = 350
NARROWEST_PLOT = 120

TEXT = "currentColor"
GRID = "var(--carbite-grid, var(--jp-border-color2, #d1d5da))"


@dataclass(frozen=True)
class Arm:
    """How one arm looks in every chart: its name, its colour (with the light one as fallback), its marker."""

    label: str
    colour: str
    shape: str


ARMS = {
    "car_t": Arm("CAR T cells", "var(--carbite-car, #b35806)", "circle"),
    "bispecific": Arm("Bispecific antibody", "var(--carbite-bispecific, #3a75a8)", "diamond"),
    "chemotherapy": Arm("Chemotherapy", "var(--carbite-chemotherapy, #5f6368)", "square"),
}
DEBATE = ("car_t", "bispecific")


def arm_colour(field: str = "arm", arms: Sequence[str] = DEBATE) -> altair.Color:
    """The colours of `arms`, the values of the column `field`; always together with `arm_shape`."""
    scale = altair.Scale(domain=list(arms), range=[ARMS[arm].colour for arm in arms])
    return altair.Color(field, type="nominal", scale=scale, legend=_arm_legend(arms))


def arm_shape(field: str = "arm", arms: Sequence[str] = DEBATE) -> altair.Shape:
    """The markers of `arms`, the values of the column `field`: an arm is never told by its colour alone."""
    scale = altair.Scale(domain=list(arms), range=[ARMS[arm].shape for arm in arms])
    return altair.Shape(field, type="nominal", scale=scale, legend=_arm_legend(arms))


def _arm_legend(arms: Sequence[str]) -> altair.Legend:
    labels = json.dumps({arm: ARMS[arm].label for arm in arms})
    return altair.Legend(title=None, orient="top", labelExpr=f"{labels}[datum.value]")


TEXT_PX = 13
_text_px: ContextVar[int] = ContextVar("text_px", default=TEXT_PX)

_WORDS = {"labelColor": TEXT, "titleColor": TEXT}
_AXIS = {
    "titleFontWeight": "normal",
    "titlePadding": 8,
    "gridColor": GRID,
    "domainColor": TEXT,
    "tickColor": TEXT,
}
_CONFIG: Any = {
    "background": None,
    "font": MEASURED_FONT,
    "padding": 8,
    "view": {"stroke": None, "continuousWidth": 440, "continuousHeight": 280},
    "axis": {**_WORDS, **_AXIS},
    "legend": {**_WORDS, "symbolOpacity": 1, "symbolSize": 90},
    "header": _WORDS,
    "title": {"color": TEXT, "subtitleColor": TEXT},
    "mark": {"color": TEXT, "opacity": 1},
    "point": {"filled": True, "size": 90, "opacity": 1},
    "text": {"color": TEXT},
}
# Labels may be as long as so many font sizes.
_LABEL_LIMIT = 20


@altair.theme.register("carbite", enable=True)
def theme() -> altair.theme.ThemeConfig:
    """The look of every chart, in force once this module is imported: no ground, the page's text colour."""
    size = _text_px.get()
    words = {"labelFontSize": size, "titleFontSize": size}
    limit = {"labelLimit": _LABEL_LIMIT * size}
    sized: Any = {
        **_CONFIG,
        "axis": {**_CONFIG["axis"], **words, **limit},
        "legend": {**_CONFIG["legend"], **words, **limit},
        "header": {**_CONFIG["header"], **words},
        "text": {**_CONFIG["text"], "fontSize": size},
    }
    return {"config": sized}


@contextmanager
def text_size(pixels: int) -> Iterator[None]:
    """Charts that are drawn meanwhile have text of this size, in CSS pixels; their marks stay where they are."""
    before = _text_px.set(pixels)
    try:
        yield
    finally:
        _text_px.reset(before)


def with_text(pixels: int) -> int:
    """A distance into which text has to fit: so many pixels, and more while :func:`text_size` is larger."""
    return round(pixels * _text_px.get() / TEXT_PX)


@dataclass(frozen=True)
class Figure:
    """A chart with its finding, its description in words and its data; a notebook shows it as HTML."""

    title: str
    alt: str
    caption: str | None
    wide: str
    narrow: str | None
    table: str
    csv: str
    interactive: str = ""

    @property
    def name(self) -> str:
        """What links and files call the figure: its title without the figures in it, which new data may change."""
        return "-".join(re.findall(r"[a-z]+", self.title.lower()))[:60].rstrip("-")

    def _repr_html_(self) -> str:
        caption = f"\n<span>{escape(self.caption)}</span>" if self.caption else ""
        drawings = f'<div class="carbite-wide carbite-scroll">{self.wide}</div>'
        if self.narrow:
            # Hidden where there is no stylesheet of ours, which has room for the wide one.
            drawings += f'\n<div class="carbite-narrow" style="display: none">{self.narrow}</div>'
        data = f"data:text/csv;charset=utf-8,{quote(self.csv)}"
        return (
            f'<figure class="carbite-figure" id="figure-{self.name}">\n'
            f"<figcaption><strong>{escape(self.title)}</strong>{caption}</figcaption>\n"
            f'<div class="carbite-chart">{drawings}</div>\n'
            f"{self.interactive}"
            '<div class="carbite-foot"><details><summary>Data (table and CSV)</summary>\n'
            f'<div class="carbite-scroll" role="group" aria-label="{escape("Data: " + self.title)}">'
            f"{self.table}</div>\n"
            f'<a href="{data}" download="{self.name}.csv">Download CSV</a>\n'
            "</details></div>\n</figure>"
        )

    def __repr__(self) -> str:
        return f"Figure: {self.title} {self.alt}"


def show(chart: altair.TopLevelMixin, *, title: str, alt: str, csv: pd.DataFrame, caption: str | None = None) -> Figure:
    """The chart as a figure.

    title: the finding, in one sentence. alt: what the chart shows, in words, for readers who cannot see it.
    csv: the numbers that are drawn, one row a mark; columns are named as a reader would name them.
    Raises ValueError where title, alt or csv is empty.
    """
    for name, text in (("title", title), ("alt", alt)):
        if not text.strip():
            raise ValueError(f"a figure needs {name}: got {text!r}")
    if csv.empty:
        raise ValueError("a figure needs csv, the numbers that it draws: got an empty table")
    header = [str(column) for column in csv.columns]
    rows = list(csv.itertuples(index=False, name=None))
    drawn = _draw(chart)
    # Of the site alone: no notebook shows them, and they take as long as the drawing itself.
    phone = _for_phones(chart, drawn) if building() else None
    interactive = _interactive(chart, phone, header, rows) if building() else ""
    wide, narrow = _described(drawn, title, alt), _described(_draw(phone), title, alt) if phone else None
    return Figure(title, alt, caption, wide, narrow, as_table(header, rows), as_csv(header, rows), interactive)


def _interactive(
    chart: altair.TopLevelMixin,
    phone: altair.TopLevelMixin | None,
    header: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> str:
    """What the site's script needs, and the room for its readout: as much as the longest row in words takes."""
    words = [_in_words(header, row) for row in rows]
    page = {
        "rows": list(zip(_row_names(rows), words, strict=True)),
        "wide": page_spec(chart, header, rows),
        "narrow": page_spec(phone, header, rows) if phone else None,
    }
    data = json.dumps(page, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    room = f'<span aria-hidden="true">{escape(max(words, key=len))}</span>'
    return (
        f'<div class="carbite-readout">{room}</div>\n'
        f'<script type="application/json" class="carbite-spec">{data}</script>\n'
    )


def _in_words(header: Sequence[str], row: Sequence[Any]) -> str:
    """A row of the data as a reader would say it: `ELIANA. Counted: infused. Percent: 81.3.`"""
    said = [f"{name}: {_word(value)}" for name, value in zip(header[1:], row[1:], strict=True) if _word(value)]
    return ". ".join((_word(row[0]), *said)) + "."


def _row_names(rows: Sequence[Sequence[Any]]) -> list[str]:
    """A name for each row that links can keep: its words, and its numbers only where two rows have the same words."""

    def name(values: Iterable[Any]) -> str:
        return "-".join(re.findall(r"[\w.]+", " ".join(_cell(value) for value in values).lower()))

    words = [name(value for value in row if isinstance(value, str)) for row in rows]
    return [one if one and words.count(one) == 1 else name(row) for one, row in zip(words, rows, strict=True)]


class _Drawn(NamedTuple):
    """A chart as Vega draws it, and what it was drawn from."""

    spec: Mapping[str, Any]
    svg: str

    @property
    def width(self) -> float:
        """In CSS pixels."""
        return float(ElementTree.fromstring(self.svg).attrib["width"])


def _draw(chart: altair.TopLevelMixin) -> _Drawn:
    """Raises ValueError where the chart asks another host for its data."""
    spec = chart.to_dict()
    return _Drawn(spec, vl_convert.vegalite_to_svg(spec, vl_version=vegalite_version(), allowed_base_urls=[]))


def _described(drawn: _Drawn, title: str, alt: str) -> str:
    """The drawing as an SVG element with a name and a description, and no id in common with another one."""
    svg = ElementTree.fromstring(drawn.svg)
    key = hashlib.sha256(json.dumps([drawn.spec, title, alt], sort_keys=True).encode()).hexdigest()[:10]
    _simplify(svg, f"carbite-{key}")
    svg.set("font-family", FONTS)
    svg.set("role", "img")
    svg.set("aria-labelledby", f"carbite-{key}-title")
    svg.set("aria-describedby", f"carbite-{key}-desc")
    for place, (tag, text) in enumerate((("title", title), ("desc", alt))):
        element = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"carbite-{key}-{tag}"})
        element.text = text
        svg.insert(place, element)
    return ElementTree.tostring(svg, encoding="unicode")


def _for_phones(chart: altair.TopLevelMixin, drawn: _Drawn) -> altair.TopLevelMixin | None:
    """The same chart, its plot made so narrow that the whole fits a phone with its text at full size.

    None where it fits as it is, or cannot: several plots, or hardly any room beside the labels.
    """
    if not isinstance(chart, altair.Chart | altair.LayerChart) or drawn.width <= PHONE_WIDTH:
        return None
    stacked: altair.Chart | altair.LayerChart = chart.configure_legend(columns=1)
    plot = chart.width if isinstance(chart.width, int | float) else _CONFIG["view"]["continuousWidth"]
    narrow = plot - max(0, _draw(stacked).width - PHONE_WIDTH)
    return stacked.properties(width=narrow) if narrow >= NARROWEST_PLOT else None


# Vega's names and roles for its parts: inside one image they are noise, for styles and for readers.
_NOISE = re.compile(r"role|aria-.*|class|pointer-events|font-family")
_LONG_DECIMAL = re.compile(r"-?\d+\.\d{3,}")


def _is_drawn(element: ElementTree.Element) -> bool:
    """Whether a reader could see it: Vega also writes hidden labels, and grounds without a colour."""
    hidden = element.get("display") == "none" or element.get("opacity") == "0"
    return not hidden and (element.get("class") != "background" or "fill" in element.attrib)


def _simplify(svg: ElementTree.Element, prefix: str) -> None:
    """Take out what is not drawn, shorten coordinates to 1/100 px, and number ids anew.

    Vega counts its ids through all charts of a process, so that they depend on what was drawn before.
    """
    ids: dict[str, str] = {}
    for parent in svg.iter():
        for child in list(parent):
            if child.get("display") == "none" or (child.get("class") == "background" and not child.get("fill")):
                parent.remove(child)
        if "id" in parent.attrib:
            ids[parent.attrib["id"]] = f"{prefix}-{len(ids)}"
    for element in svg.iter():
        for name, value in list(element.attrib.items()):
            if _NOISE.fullmatch(name):
                del element.attrib[name]
            elif name == "id":
                element.attrib[name] = ids[value]
            else:
                value = re.sub(r"url\(#([^)]+)\)", lambda match: f"url(#{ids[match[1]]})", value)
                element.attrib[name] = _LONG_DECIMAL.sub(lambda match: f"{float(match[0]):.2f}", value)


def _cell(value: Any) -> str:
    """A value as a reader sees it; empty where there is none."""
    if pd.isna(value):
        return ""
    if isinstance(value, Real) and not isinstance(value, bool):
        return f"{value:.15g}"
    return str(value)


def _word(value: Any) -> str:
    """A value in words: as in the data, but an arm by its name."""
    return ARMS[value].label if isinstance(value, str) and value in ARMS else _cell(value)


def as_table(header: list[str], rows: Iterable[Sequence[Any]]) -> str:
    """The data as an HTML table: the first column names the row."""

    def cell(value: Any) -> str:
        number = ' class="carbite-numeric"' if isinstance(value, Real) else ""
        return f"<td{number}>{escape(_word(value))}</td>"

    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "\n".join(
        f'<tr><th scope="row">{escape(_word(first))}</th>{"".join(cell(value) for value in rest)}</tr>'
        for first, *rest in rows
    )
    return f'<table class="carbite-table">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>'


def as_csv(header: list[str], rows: Iterable[Sequence[Any]]) -> str:
    """The data as CSV (RFC 4180, \\n line ends), in which no text is a formula to a spreadsheet."""

    def safe(value: Any) -> str:
        text = _cell(value)
        return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_SIGNS) else text

    out = io.StringIO()
    writer = csv_format.writer(out, lineterminator="\n")
    writer.writerow([safe(name) for name in header])
    writer.writerows([safe(value) for value in row] for row in rows)
    return out.getvalue()
