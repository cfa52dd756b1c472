"""What a reader types in stays text, on the page and in a spreadsheet; what is downloaded is what is shown."""

from __future__ import annotations

import csv
import math

import pytest
from playwright.sync_api import Page, expect

from carbite.charts import ARMS as DRAWN
from carbite.comparison import ARMS
from carbite.evidence import records
from tests.site.conftest import OpenPage
from tests.site.reader import Reader

IMAGE = "<img src=x onerror=window.hacked=1>"
FORMULA = '=HYPERLINK("https://x.example";"y")'
QUOTED = 'A "quoted", name & <b>bold</b>'
# A spreadsheet shows a text that begins with an apostrophe as it stands.
NEUTRALISED = "'"
# Both languages print every digit of the same double, but compute it each in their own way.
LARGEST_DIFFERENCE = 1e-9
NAMES = {arm: look.label for arm, look in DRAWN.items()}


@pytest.fixture
def page(open_page: OpenPage, chapter: str) -> Page:
    return open_page(chapter)


@pytest.fixture
def reader(page: Page) -> Reader:
    return Reader(page)


def downloaded(page: Page, button: str) -> tuple[str, list[dict[str, str]]]:
    """The name of the file that a button or link gives, and its rows."""
    with page.expect_download() as expected:
        page.get_by_role("button", name=button, exact=True).click()
    with open(expected.value.path(), encoding="utf-8-sig", newline="") as file:
        return expected.value.suggested_filename, list(csv.DictReader(file, strict=True))


def test_html_in_a_name_stays_text(reader: Reader) -> None:
    page = reader.page
    reader.add(IMAGE, "car_t", "3", "40")
    reader.button("Keep this scenario").click()
    page.wait_for_load_state("networkidle")
    assert reader.shown() == reader.expected()
    assert any(IMAGE in caveat for caveat in reader.shown()["caveats"])
    expect(page.locator(f"tr[data-row='added-{IMAGE}']")).to_contain_text(IMAGE)
    expect(reader.button(f"Remove {IMAGE}")).to_be_visible()
    assert page.locator(".carbite-explorer img").count() == 0
    assert page.evaluate("() => window.hacked") is None

    # The same through a kept scenario's link, in the notices and after a removal.
    page.get_by_role("link", name="Scenario 1").click()
    assert reader.shown() == reader.expected()
    reader.fill_trial(IMAGE, "car_t", "3", "40")
    reader.button("Add").click()
    expect(page.locator(".cx-error")).to_have_text(f"There is already a trial called {IMAGE}.")
    reader.remove(IMAGE)
    assert reader.shown() == reader.expected()
    assert page.evaluate("() => window.hacked") is None


def test_csv_holds_what_is_on_the_screen(reader: Reader) -> None:
    reader.toggle("TOWER")
    reader.count("ELIANA", "enrolled")
    reader.choose("Interval", "z")
    reader.add(FORMULA, "bispecific", "0", "12")
    reader.add(QUOTED, "car_t", "7", "9")
    reader.add(IMAGE, "car_t", "8", "9")
    name, rows = downloaded(reader.page, "Download as CSV")
    assert name == "carbite-comparison.csv"

    shown, result = reader.shown(), reader.result()
    trials = [row for row in rows if row["row"] == "trial"]
    assert [row["name"].removeprefix(NEUTRALISED) for row in trials] == [row["name"] for row in shown["rows"]]
    assert next(row["name"] for row in trials if "HYPERLINK" in row["name"]) == NEUTRALISED + FORMULA
    assert not any(row[cell][:1] in tuple("=+-@\t\r") for row in rows for cell in row if row[cell])
    for row, seen in zip(trials, shown["rows"], strict=True):
        assert f"{row['events']} of {row['n']}" == seen["cells"][0]
        assert row["counted"] == ("yes" if seen["counted"] else "no")
        assert float(row["estimate"]) == pytest.approx(int(row["events"]) / int(row["n"]), abs=LARGEST_DIFFERENCE)
        low, high = (f"{math.floor(100 * float(row[limit]) + 0.5)}" for limit in ("ci_low", "ci_high"))
        assert f"({low}–{high})" in seen["cells"][1]
    assert {row["reason"] for row in trials} == {"", "unticked"}
    assert next(row["count"] for row in trials if row["name"] == "ELIANA") == "enrolled"

    pooled = {row["arm"]: row for row in rows if row["row"] == "pooled proportion"}
    for arm in ARMS:
        for limit in ("estimate", "ci_low", "ci_high"):
            assert float(pooled[arm][limit]) == pytest.approx(result["arms"][arm][limit], abs=LARGEST_DIFFERENCE)
        assert pooled[arm]["events"] == result["text"][f"{arm}.events"]
        assert pooled[arm]["count"] == shown["beside"][0]
    ratio = rows[-1]
    assert ratio["row"] == "odds ratio"
    assert ratio["reason"] + "." == shown["verdict"]
    for column, limit in (("estimate", "odds_ratio"), ("ci_low", "ci_low"), ("ci_high", "ci_high")):
        assert float(ratio[column]) == pytest.approx(result["ratio"][limit], rel=LARGEST_DIFFERENCE)


def test_csv_of_a_comparison_that_cannot_be_tested(reader: Reader) -> None:
    """No trial in an arm, no count in a row: cells are empty, never a number."""
    reader.choose("Endpoint", "relapse_among_cr")
    for trial in reader.asked.trials:
        if trial.arm == "bispecific" and trial.counts:
            reader.toggle(trial.name)
    _, rows = downloaded(reader.page, "Download as CSV")
    assert {row["row"] for row in rows} == {"trial", "pooled proportion"}
    assert {row["arm"] for row in rows if row["row"] == "pooled proportion"} == {"car_t"}
    tower = next(row for row in rows if row["name"] == "TOWER")
    assert [tower[column] for column in ("events", "n", "estimate", "ci_low", "ci_high")] == [""] * 5
    assert "NaN" not in str(rows)
    assert "null" not in str(rows)


def test_csv_of_kept_scenarios_holds_their_links(reader: Reader) -> None:
    page = reader.page
    expected = []
    for endpoint in ("cr", "davis_cr"):
        reader.choose("Endpoint", endpoint)
        reader.button("Keep this scenario").click()
        expected.append(reader.result())
    name, rows = downloaded(page, "Download kept scenarios as CSV")
    assert name == "carbite-scenarios.csv"
    assert [row["scenario"] for row in rows] == ["Scenario 1", "Scenario 2"]
    links = [link.get_attribute("href") for link in page.locator(".cx-kept th a").all()]
    assert [row["link"] for row in rows] == links
    for row, result in zip(rows, expected, strict=True):
        assert row["verdict"] == result["text"]["verdict"]
        assert row["endpoint"] == result["text"]["label"]
        assert row["car_t_percent"] == result["text"]["car_t.percent"]
        assert float(row["odds_ratio"]) == pytest.approx(result["ratio"]["odds_ratio"], rel=LARGEST_DIFFERENCE)

    # One dropped: the other keeps its name.
    reader.button("Remove Scenario 1").click()
    _, rows = downloaded(page, "Download kept scenarios as CSV")
    assert [row["scenario"] for row in rows] == ["Scenario 2"]


def test_every_figure_gives_its_table_as_csv(page: Page) -> None:
    names = set()
    for figure in page.locator("figure.carbite-figure").all():
        figure.locator("summary").click()
        table = [row.locator("th, td").all_text_contents() for row in figure.locator("tr").all()]
        with page.expect_download() as expected:
            figure.get_by_role("link", name="Download CSV").click()
        with open(expected.value.path(), encoding="utf-8-sig", newline="") as file:
            # The file has an arm as the data have it, the table by its name.
            rows = [[NAMES.get(cell, cell) for cell in row] for row in csv.reader(file, strict=True)]
        assert rows == table
        names.add(expected.value.suggested_filename)
    assert len(names) == page.locator("figure.carbite-figure").count() >= 5


def test_trial_names_in_the_data_are_what_the_page_shows(reader: Reader) -> None:
    """An apostrophe or an ampersand of the data is neither lost nor doubled on its way."""
    names = {row["name"] for row in records("trials")}
    assert {row["name"] for row in reader.shown()["rows"]} <= names
    assert any("'" in row["name"] for row in reader.shown()["rows"])
