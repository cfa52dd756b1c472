"""``book/references.bib``, written from ``data/sources.csv``: a source is described once, in the data."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carbite.evidence import DataError, records

# "Lee DW III" is Lee: initials and a generation stand behind the family name, in capitals.
_INITIALS = re.compile(r"( [A-Z-]+)+$")
HEADER = "% Written by `make references` from data/sources.csv; change that file, not this one.\n"


def bibtex() -> str:
    """Every source as a BibTeX entry, in the order of ``sources.csv``."""
    return HEADER + "".join(_entry(row) for row in records("sources"))


def _entry(row: Mapping[str, Any]) -> str:
    fields = {
        "author": " and ".join(_author(name) for name in row["authors"].split("; ")) if row["authors"] else None,
        "title": "{" + row["title"] + "}" if row["title"] else "{" + row["citation"] + "}",
        "note": row["citation"] if row["title"] else None,
        "year": str(row["year"]),
        "doi": row["doi"],
    }
    said = "".join(f"  {name} = {{{_escaped(value)}}},\n" for name, value in fields.items() if value)
    return f"\n@misc{{{row['source_id']},\n{said}}}\n"


def cited(row: Mapping[str, Any]) -> tuple[str, str]:
    """Names and year of a source: ``Molina and Shah``, ``2021``; its citation where no author is named."""
    authors = (row["authors"] or "").split("; ")
    families = [_INITIALS.sub("", author) for author in authors if author not in ("", "et al")]
    if not families:
        return row["citation"], str(row["year"])
    all_named = len(families) == len(authors) <= 2
    return " and ".join(families) if all_named else f"{families[0]} et al.", str(row["year"])


def _author(name: str) -> str:
    """``Molina JC`` to ``Molina, J. C.``; ``Lee DW III`` to ``Lee, III, D. W.``; ``et al`` to BibTeX's ``others``."""
    if name == "et al":
        return "others"
    family = _INITIALS.sub("", name)
    initials, *generation = name.removeprefix(family).split() or [""]
    spaced = " ".join(f"{letter}." for letter in initials if letter.isalpha())
    return ", ".join(filter(None, (family, *generation, spaced)))


def _escaped(text: str) -> str:
    return text.replace("&", "\\&").replace("%", "\\%").replace("–", "--")


def main() -> None:
    """``python -m carbite.references book/references.bib``."""
    parser = argparse.ArgumentParser(description="Write the references of the book from data/sources.csv.")
    parser.add_argument("target", type=Path, help="the BibTeX file")
    chosen = parser.parse_args()
    try:
        chosen.target.write_text(bibtex(), "utf-8")
    except DataError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
