"""The figures on mechanism say what the data say."""

from __future__ import annotations

import pytest

from carbite.evidence import records, row
from carbite.figures import mechanism
from tests.figures import frame


def test_dose_spread() -> None:
    figure = mechanism.dose_spread()
    table = frame(figure).set_index("Trial")["Highest over lowest"]
    for label, kinetics_id in (
        ("ELIANA, cells per kg", "subklewe-eliana-dose-range"),
        ("JULIET, cells in all", "subklewe-juliet-dose-range"),
    ):
        found = row("kinetics", kinetics_id)
        assert table[label] == pytest.approx(found["high"] / found["low"])
        assert f"{table[label]:.0f} times" in figure.title
    # The register of discrepancies states both spreads in words.
    resolved = (
        row("discrepancies", "dose-range-units")["resolution"] + row("discrepancies", "dose-range-units")["effect"]
    )
    assert "27 and 60 times" in resolved


def test_chains_name_every_construct_with_a_known_domain() -> None:
    figure = mechanism.chains()
    for construct in records("constructs"):
        if construct["costimulatory_domain"] in ("CD28", "4-1BB"):
            assert construct["name"] in figure.alt
            assert construct["name"] in figure.table


def test_drawings_have_a_wide_and_a_narrow_form_with_the_same_words() -> None:
    for figure in (mechanism.formats(), mechanism.chains()):
        assert figure.narrow
        for svg in (figure.wide, figure.narrow):
            assert 'role="img"' in svg
            assert figure.alt.split(".")[0] in svg
