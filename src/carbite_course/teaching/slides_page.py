"""The slides of a chapter as one page for a browser: no script, no other file, one slide on each printed page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

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
    TableSlide,
    unanchored,
    verdict_caption,
)

STYLE = """
@page { size: A4 landscape; margin: 10mm; }
body { margin: 0; font: 1.5rem/1.35 Arial, Helvetica, sans-serif; color: #1f2328; background: #fff; }
section { min-height: 100vh; box-sizing: border-box; padding: 3vh 4vw; break-after: page; }
h1 { font-size: 3rem; } h2 { font-size: 2.1rem; line-height: 1.2; margin: 0 0 1rem; } h3 { margin: 0 0 .5rem; }
svg { display: block; width: 100%; height: auto; max-height: 70vh; margin: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 3rem; }
.question { font-size: 2.6rem; line-height: 1.3; }
.source, .caption { font-size: 1rem; color: #57606a; } details { font-size: 1.1rem; }
li { margin-bottom: .5rem; } .rows { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 1.2rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #8c959f; }
@media print {
  section { min-height: 0; padding: 0; } svg { max-height: 130mm; } body { font-size: 1.2rem; }
  details { display: none; } .rows { overflow: visible; }
}
"""


PAGE = """<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: slides</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
{slides}
</main>
</body>
</html>
"""


def page(deck: Deck, book: str) -> str:
    """The deck as HTML."""
    slides = "\n".join(f"<section>\n{slide}\n</section>" for slide in _slides(deck, book))
    return PAGE.format(title=escape(deck.title), style=STYLE, slides=slides)


def _slides(deck: Deck, book: str) -> Iterator[str]:
    yield f"<h1>{escape(deck.title)}</h1>\n<p>{escape(book)}</p>\n<p class=source>{escape(NOTICE)}</p>"
    if deck.dispute_title == DISPUTE:
        yield from _arguments(deck)
    else:
        yield _rows(deck.dispute_title, deck.camps, deck.arguments)
    for each in deck.figures:
        yield _figure(each) if isinstance(each, FigureSlide) else _table(each)
    yield f"<h2>{TO_THE_ROOM}</h2><p class=question>{escape(deck.question)}</p>"
    yield _verdicts(deck)
    yield f"<h2>{escape(deck.limits_title)}</h2>{_list(f'{each.lead} {each.rest}' for each in deck.limits)}"
    yield f"<h2>{TAKE_AWAYS}</h2>{_list(each.lead for each in deck.take_aways)}"


def _arguments(deck: Deck) -> Iterator[str]:
    """A slide for each pair of arguments, side by side."""
    for number, row in enumerate(deck.arguments, start=1):
        columns = "".join(
            f"<div><h3>{escape(camp)}</h3><p>{escape(said)}</p></div>"
            for camp, said in zip(deck.camps, row, strict=True)
        )
        title = f"{escape(deck.dispute_title)} ({number} of {len(deck.arguments)})"
        yield f"<h2>{title}</h2><div class=pair>{columns}</div>"


def _figure(each: FigureSlide) -> str:
    figure = each.figure
    caption = f"<p class=caption>{escape(figure.caption)}</p>" if figure.caption else ""
    return (
        f"<h2>{escape(figure.title)}</h2>\n{figure.wide}\n{caption}<p class=source>{escape(each.source)}</p>\n"
        f"<details><summary>The figure in words</summary><p>{escape(figure.alt)}</p></details>"
    )


def _table(each: TableSlide) -> str:
    return f"{_rows(each.title, each.head, each.rows)}<p class=source>{escape(each.source)}</p>"


def _verdicts(deck: Deck) -> str:
    if not deck.verdicts:
        return f"<h2>{NO_VERDICT}</h2>{_list(deck.untested)}"
    said = "".join(f"<p class=caption>{escape(each)}</p>" for each in (verdict_caption(), unanchored()))
    return _rows(VERDICTS, VERDICT_HEAD, [row.cells for row in deck.verdicts]) + said


def _rows(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """On a narrow screen the table is moved sideways, by finger or keyboard, and the page is not."""
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{''.join(map(_row, rows))}</tbody></table>"
    return f'<h2>{escape(title)}</h2><div class=rows role=region aria-label="{escape(title)}" tabindex=0>{table}</div>'


def _row(cells: Sequence[str]) -> str:
    first, *rest = map(escape, cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(each.strip())}</li>' for each in items)}</ul>"
