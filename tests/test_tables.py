"""Tables of the chapters: claims with their verdicts, discrepancies with both values."""

from __future__ import annotations

import pandas as pd

from carbite import tables
from carbite.evidence import records


def test_the_chapter_names_every_claim_once() -> None:
    table = tables.claims("efficacy").frame
    expected = [row["claim_id"] for row in records("claims") if row["chapter"] == "efficacy"]
    assert [str(each) for each in table["Claim"]] == expected
    html = tables.claims("efficacy")._repr_html_()
    assert all(f'<span id="claim-{each}">{each}</span>' in html for each in expected)
    assert len(expected) == len(set(expected)) >= 13


def test_a_table_escapes_what_data_hold() -> None:
    html = tables.Table("A <b>", pd.DataFrame({"<i>": ["<img src=x>", None]}))._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html
    assert "A &lt;b&gt;" in html


def test_discrepancies_of_a_chapter_name_both_values() -> None:
    table = tables.discrepancies("efficacy")
    assert table.folded
    assert len(table.frame) > 20
    assert table.frame["One value"].notna().all()
