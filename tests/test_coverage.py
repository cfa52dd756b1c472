"""Every figure and category that the four articles state is held by a row, or left out for a reason."""

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from carbite import coverage, evidence
from carbite.evidence import records

# How many facts were read in each article.
FACTS = {"S": 219, "M": 214, "L": 367, "D": 157}
ARTICLES = {"S": "subklewe-2021", "M": "molina-shah-2021", "L": "lussana-2021", "D": "davis-mackall-2016"}
KEYS = {
    **{"trials": "trial_id", "outcomes": "outcome_id", "survival": "survival_id", "constructs": "construct_id"},
    **{"kinetics": "kinetics_id", "costs": "cost_id", "delivery": "delivery_id", "ongoing_trials": "ongoing_id"},
    **{"statements": "statement_id", "claims": "claim_id", "discrepancies": "discrepancy_id"},
}
ROWS = {(table, row[key]): row for table, key in KEYS.items() for row in records(table)}
HELD = [fact for fact in records("coverage") if not fact["left_out"]]
LEFT_OUT = [fact for fact in records("coverage") if fact["left_out"]]


def test_each_fact_stands_once_under_its_article() -> None:
    facts = {fact["fact_id"]: fact["source_id"] for fact in records("coverage")}
    assert len(facts) == len(records("coverage"))
    assert facts == {
        f"{letter}{i:03d}": ARTICLES[letter] for letter, count in FACTS.items() for i in range(1, count + 1)
    }


def test_the_row_that_holds_a_fact_exists_and_has_its_value() -> None:
    for fact in HELD:
        cell = str(ROWS[fact["table"], fact["row_id"]][fact["field"]])
        if fact["value"] in ("NR", "NA"):
            assert cell == fact["value"], fact
        elif fact["value"]:
            numbers = [Decimal(number) for number in re.findall(r"[0-9]+(?:\.[0-9]+)?", cell)]
            assert [Decimal(number) for number in fact["value"].split()] == numbers, fact
        else:
            assert cell != "None", fact


def test_a_row_that_holds_a_fact_names_its_article() -> None:
    """So that each figure keeps its own locator. Claims and discrepancies name their articles in other columns."""
    for fact in HELD:
        row = ROWS[fact["table"], fact["row_id"]]
        if fact["table"] == "constructs":
            # One row describes a construct that several articles name; its locator says which.
            author = {"subklewe-2021": "Subklewe", "lussana-2021": "Lussana"}.get(fact["source_id"], "")
            assert row["source_id"] == fact["source_id"] or (author and author in row["locator"]), fact
        elif "source_id" in row:
            assert fact["source_id"] in (row["source_id"], row.get("enrolled_source_id")), fact


def test_few_facts_are_left_out_and_none_with_a_number_of_its_own() -> None:
    assert len(HELD) + len(LEFT_OUT) == 957
    assert len(LEFT_OUT) < 40
    assert not any(fact["value"] for fact in LEFT_OUT)


def test_more_than_half_of_the_facts_are_compared_by_number() -> None:
    assert sum(1 for fact in HELD if fact["value"]) > 957 / 2


def test_the_command_prints_what_is_held_and_why_the_rest_is_not() -> None:
    printed = subprocess.run([sys.executable, "-m", "carbite.coverage"], capture_output=True, text=True, check=True)
    assert printed.stdout == coverage.summary() + "\n"
    assert printed.stdout.endswith(f"all: 957 facts, {len(HELD)} held, {len(LEFT_OUT)} left out\n")
    for source in ARTICLES.values():
        assert f"\n{source} (" in f"\n{printed.stdout}"
    for reason in {fact["left_out"] for fact in LEFT_OUT}:
        assert f"{reason} " in printed.stdout


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"row_id": "eliana-crs"}, "row_id", "a row of outcomes"),
        ({"field": "comparison"}, "field", "a column in which eliana-cr has a value"),
        ({"field": "grading_scale"}, "field", "a column in which eliana-cr has a value"),
        ({"value": "82"}, "value", "the numbers of 81, which stands in eliana-cr"),
        ({"value": "NR"}, "value", "81, which stands in eliana-cr"),
        ({"left_out": "bibliographic"}, "left_out", "an empty cell: a row holds the fact"),
        ({"table": None}, "table", "table, row_id and field, or the reason why the fact is left out"),
    ],
)
def test_a_fact_that_no_row_holds_is_refused(change: dict[str, str | None], field: str, expected: str) -> None:
    tables = dict(evidence.load(evidence.data_directory()))
    index, fact = next((i, f) for i, f in enumerate(tables["coverage"].rows) if f["fact_id"] == "M132")
    assert (fact["row_id"], fact["field"], fact["value"]) == ("eliana-cr", "percent_printed", "81")
    rows = list(tables["coverage"].rows)
    rows[index] = {**fact, **change}
    tables["coverage"] = tables["coverage"]._replace(rows=tuple(rows))
    with pytest.raises(evidence.DataError) as caught:
        evidence._check_coverage(tables)
    assert (caught.value.field, caught.value.expected) == (field, expected)
    assert Path(caught.value.file).name == "coverage.csv"
