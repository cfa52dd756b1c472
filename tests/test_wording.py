"""The wording of the data is ours: no run of 16 words stands in one of the four articles."""

from collections.abc import Mapping

import pytest

from carbite import evidence
from carbite.evidence import records
from tests import shingles

TABLES = evidence.load(evidence.data_directory())
# Titles are facts: a source is cited by its own.
EXEMPT = {("sources", "title"), ("sources", "citation")}


def copied(cells: Mapping[tuple[str, str, str], str]) -> dict[tuple[str, str, str], str]:
    known = shingles.stored()
    return {
        place: run for place, text in cells.items() for digest, run in shingles.hashes(text).items() if digest in known
    }


@pytest.mark.parametrize("table", TABLES)
def test_no_cell_shares_16_words_in_a_row_with_an_article(table: str) -> None:
    cells = {
        (table, column, str(index)): str(text)
        for index, row in enumerate(records(table))
        for column, text in row.items()
        if text is not None and (table, column) not in EXEMPT
    }
    assert copied(cells) == {}


def test_a_copied_line_would_be_found() -> None:
    """The column heads of a table and the first cell under them, whatever their capitals and punctuation."""
    heads = "Study, n, Median age (range) y, CR %, MRD-CR %, Relapse %, RFS median, OS median: MRD pilot"
    assert copied({("test", "note", "0"): f"Here {heads.upper()} and so on."})
    assert not copied({("test", "note", "0"): heads.replace("Relapse", "Recurrence")})
    assert not copied({("test", "note", "0"): "too short to be a run of that many words"})
