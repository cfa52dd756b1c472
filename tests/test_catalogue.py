"""The data page: every table and column of the schema, and files that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from pathlib import Path

import pytest
from frictionless import Package

from carbite import catalogue
from carbite.evidence import data_directory, package, records
from carbite.markup import BUILDING

# With one of these at its beginning a spreadsheet takes a cell for a formula (OWASP, CSV Injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CSV_FILES = sorted(data_directory().glob("*.csv"))


def shown(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def sections() -> dict[str, str]:
    parts = re.split(r'<section class="carbite-schema"><h3 id="table-([a-z_]+)">', catalogue.every_table().html)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("file", CSV_FILES, ids=lambda file: file.stem)
def test_no_cell_is_a_formula_for_a_spreadsheet(file: Path) -> None:
    with file.open(encoding="utf-8", newline="") as opened:
        found = [cell for row in csv.reader(opened) for cell in row if cell.startswith(FORMULA)]
    assert found == []


def test_every_file_is_described() -> None:
    assert [file.name for file in CSV_FILES] == sorted(table["path"] for table in package()["resources"])


def test_any_frictionless_tool_opens_the_package() -> None:
    report = Package(str(data_directory() / "datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "message"])


def test_every_table_and_every_column_is_shown_as_the_schema_has_it() -> None:
    described = json.loads((data_directory() / "datapackage.json").read_text("utf-8"))["resources"]
    found = sections()
    assert list(found) == [table["name"] for table in described]
    for table in described:
        html = found[table["name"]]
        columns = re.findall(r"<div><dt><code>([^<]+)</code> <span>([^<]*)</span></dt><dd>(.*?)</dd></div>", html)
        assert [name for name, _, _ in columns] == [each["name"] for each in table["schema"]["fields"]]
        assert table["description"] in shown(html)
        assert f"<dt>Rows</dt><dd>{len(records(table['name']))}</dd>" in html
        for (_, kind, said), column in zip(columns, table["schema"]["fields"], strict=True):
            limits = column.get("constraints", {})
            assert kind.split(", ")[0] == column["type"]
            assert ("required" in kind.split(", ")) is limits.get("required", False)
            assert column.get("unit", "") in kind
            assert re.findall(r"<li><code>([^<]+)</code>", said) == [*map(str, limits.get("enum", ()))]
            # The meaning of each word stands beside it; together they are the description again.
            words = re.sub(r"^Pattern:.*", "", shown(re.sub(r"</?(p|ul|li)>", "\n", said)), flags=re.MULTILINE)
            for word in re.findall(r"\w+", column["description"]):
                assert word in words, (table["name"], column["name"], word)


def test_links_between_tables_resolve() -> None:
    html = catalogue.overview().html + catalogue.every_table().html
    ids = re.findall(r'id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) == set(ids)


def test_a_reference_of_a_table_to_itself_names_it() -> None:
    assert (
        '<dt>Row of <a href="#table-comparisons">comparisons</a></dt><dd><code>companion_id</code>'
        in (sections()["comparisons"])
    )


def test_files_can_be_downloaded_on_the_site_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUILDING, "1")
    expected = {"datapackage.json", *(file.name for file in CSV_FILES)}
    assert set(re.findall(r'href="\.\./_static/data/([^"]+)" download', catalogue.overview().html)) == expected
    monkeypatch.delenv(BUILDING)
    assert "download" not in catalogue.overview().html


def test_meanings_are_read_from_the_description() -> None:
    column = {
        "name": "setting",
        "description": "Where. a: one. a+b: both: a and b. Empty: none.",
        "constraints": {"enum": ["a", "b", "a+b"]},
    }
    assert catalogue.meanings(column) == ("Where.", {"a": "one.", "a+b": "both: a and b. Empty: none."})
    assert catalogue.meanings({"description": "a: one."}) == ("a: one.", {})


@pytest.mark.parametrize(("table", "column"), [("outcomes", "status"), ("discrepancies", "kind")])
def test_every_allowed_word_is_explained(table: str, column: str) -> None:
    described = catalogue.field(table, column)
    assert set(catalogue.meanings(described)[1]) == set(described["constraints"]["enum"])
    assert re.findall(r"<dt>([^<]+)</dt>", catalogue.words(table, column).html) == described["constraints"]["enum"]


def test_what_the_schema_says_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = json.loads(json.dumps(package()).replace("Identifier of the row.", "<img src=x> & more"))
    monkeypatch.setattr(catalogue, "package", lambda: hostile)
    html = catalogue.every_table().html
    assert "<img" not in html
    assert "&lt;img src=x&gt; &amp; more" in html
