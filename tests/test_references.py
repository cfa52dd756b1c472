"""The references of the book are the sources of the data."""

from __future__ import annotations

from pathlib import Path

from carbite.evidence import records
from carbite.references import bibtex, cited

BIB = Path(__file__).parents[1] / "book" / "references.bib"


def test_the_bibliography_is_the_source_table() -> None:
    assert BIB.read_text("utf-8") == bibtex(), "run: make references"


def test_every_source_is_an_entry() -> None:
    text = bibtex()
    for row in records("sources"):
        assert f"@misc{{{row['source_id']},\n" in text


def test_names_survive_bibtex() -> None:
    text = bibtex()
    assert "author = {Molina, J. C. and Shah, N. N.}" in text
    assert "author = {Kantarjian, H. and Stein, A. and Gökbuget, N. and others}" in text


def test_a_generation_is_no_initial() -> None:
    assert "author = {Lee, III, D. W. and" in bibtex()


def test_a_source_is_cited_by_its_authors() -> None:
    by_id = {row["source_id"]: cited(row) for row in records("sources")}
    assert by_id["molina-shah-2021"] == ("Molina and Shah", "2021")
    assert by_id["lussana-2021"] == ("Lussana et al.", "2021")
    assert by_id["subklewe-2021"] == ("Subklewe", "2021")
