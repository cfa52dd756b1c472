"""The register of discrepancies as a page: each entry with both values, what it changes and how it is resolved.

The list is complete as it stands, see ``carbite.listing``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby
from typing import Any

from carbite.catalogue import field
from carbite.evidence import records
from carbite.listing import Choice, in_words, listing
from carbite.markup import Link, Markup
from carbite.references import cited

# The first letter of an entry's first code says where the disagreement was found.
PLACES = {
    "A": "subklewe-2021",
    "B": "molina-shah-2021",
    "C": "lussana-2021",
    "D": "davis-mackall-2016",
    "E": "Between the articles",
    "F": "Against the trials' own reports",
}
# What the form filters by, with its label; a word field comes before them.
CHOICES = {"kind": "Kind", "chapter": "Chapter", "confidence": "Confidence"}

Row = Mapping[str, Any]


def anchor(discrepancy_id: str) -> str:
    """The id of an entry on the page."""
    return f"discrepancy-{discrepancy_id}"


def chapters() -> list[str]:
    """Every chapter that an entry can name, in the order of the book."""
    # A cell names several, so that the schema has them in a pattern: (one|other)( (one|other))*.
    alternatives = re.search(r"\(([^)]*)\)", field("discrepancies", "chapters")["constraints"]["pattern"])
    assert alternatives, "the pattern of chapters lists them in brackets"
    return alternatives[1].split("|")


def register() -> Markup:
    """Every discrepancy, grouped by where it was found, with a form to filter them."""
    rows = sorted(records("discrepancies"), key=_first_code)
    groups = [(letter, list(found)) for letter, found in groupby(rows, key=lambda row: _first_code(row)[0])]
    sources = {row["source_id"]: row for row in records("sources")}
    names = {
        letter: f"In {' '.join(cited(sources[place]))}" if place in sources else place
        for letter, place in PLACES.items()
    }
    contents = "".join(
        f'<li><a href="#{_group(letter)}">{escape(names[letter])}</a> ({len(found)})</li>' for letter, found in groups
    )
    lists = "".join(
        f'<div class="carbite-entry-group"><h3 id="{_group(letter)}">{escape(names[letter])}</h3>'
        f'<ul class="carbite-entries">{"".join(_entry(row, sources) for row in found)}</ul></div>'
        for letter, found in groups
    )
    body = f'<ul class="carbite-groups">{contents}</ul>{lists}'
    return listing(body, noun="entries", count=len(rows), choices=_choices(rows))


def _first_code(row: Row) -> tuple[str, int]:
    code = str(row["codes"]).split()[0]
    return code[0], int(code[1:])


def _group(letter: str) -> str:
    return f"discrepancies-{letter.lower()}"


def _choices(rows: Iterable[Row]) -> list[Choice]:
    """What the form filters by, with the values that entries hold, in the order of the schema."""
    known = {
        "kind": field("discrepancies", "kind")["constraints"]["enum"],
        "chapter": chapters(),
        "confidence": field("discrepancies", "confidence")["constraints"]["enum"],
    }
    used = {name: {value for row in rows for value in _values(row)[name].split()} for name in CHOICES}
    return [
        Choice(name, label, {value: in_words(value) for value in known[name] if value in used[name]})
        for name, label in CHOICES.items()
    ]


def _values(row: Row) -> dict[str, str]:
    """What the form compares, by the names of its fields."""
    return {"kind": row["kind"], "chapter": row["chapters"], "confidence": row["confidence"]}


def _entry(row: Row, sources: Mapping[str, Row]) -> str:
    name = anchor(row["discrepancy_id"])
    data = "".join(f' data-{key}="{escape(value)}"' for key, value in _values(row).items())
    facts = {
        "Kind": escape(in_words(row["kind"])),
        "Confidence": escape(in_words(row["confidence"])),
        "Chapters": escape(", ".join(map(in_words, row["chapters"].split()))),
        "Code": escape(row["codes"].replace(" ", ", ")),
    }
    return (
        f'<li class="carbite-entry" id="{escape(name)}"{data}>'
        f"<h4>{escape(row['subject'])}"
        f'<a class="headerlink" href="#{escape(name)}" title="Link to this entry">#</a></h4>'
        '<dl class="carbite-values">'
        f"{_value('One value', row, 'a', sources)}{_value('The other', row, 'b', sources)}</dl>"
        f"<dl><dt>What it changes</dt><dd>{escape(row['effect'])}</dd>"
        f"<dt>Resolution</dt><dd>{escape(row['resolution'])}</dd></dl>"
        '<dl class="carbite-facts">'
        + "".join(f"<div><dt>{term}</dt><dd>{said}</dd></div>" for term, said in facts.items())
        + "</dl></li>"
    )


def _value(term: str, row: Row, side: str, sources: Mapping[str, Row]) -> str:
    """One of the two values with its source by short name, and the place in it."""
    locator = escape(row[f"locator_{side}"] or "")
    source = sources.get(row[f"source_{side}"] or "")
    place = f"{_source(source)}, {locator}" if source else locator
    return (
        f'<div><dt>{term}</dt><dd><span class="carbite-value">{escape(row[f"value_{side}"])}</span> '
        f'<span class="carbite-place">{place}</span></dd></div>'
    )


def _source(source: Row) -> str:
    name = " ".join(cited(source))
    return Link(name, f"https://doi.org/{source['doi']}").html() if source["doi"] else escape(name)
