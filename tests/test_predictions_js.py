"""What a browser keeps of a reader's predictions: whatever stands in its storage, nothing breaks and nothing is run."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from carbite.site.predict import SURENESS
from tests.node import run_node

ENTRY = {
    "at": "2026-11-21T20:15:30.123Z",
    "chapter": "Efficacy",
    "asked_in": "text",
    "question": "Complete remission",
    "basis": "11 v 6 trials; REML; as printed",
    "sure": "fairly",
    "expected": "Undecided",
    "answer": "Favours CAR T",
    "odds_ratio": 4.5,
    "ci_low": 2.5,
    "ci_high": 8,
    "link": "efficacy.html#s=1;c=cr;on=tower,eliana",
}
# Each with what is wrong in it, so that it is left out.
DAMAGED: dict[str, Any] = {
    "nothing": None,
    "a number": 5,
    "a list": [],
    "an empty object": {},
    "no time": ENTRY | {"at": "yesterday"},
    "an impossible time": ENTRY | {"at": "2026-99-99T99:99:99Z"},
    "a question that is no text": ENTRY | {"question": {"toString": "x"}},
    "a very long text": ENTRY | {"basis": "x" * 100_000},
    "an unknown sureness": ENTRY | {"sure": "toString"},
    "an unknown place": ENTRY | {"asked_in": "dream"},
    "a ratio that is text": ENTRY | {"odds_ratio": "<b>4</b>"},
    "a script as its link": ENTRY | {"link": "javascript:alert(1)"},
    "another host": ENTRY | {"link": "//evil.example/"},
    "another host in full": ENTRY | {"link": "https://evil.example/"},
    "a link with a space": ENTRY | {"link": "efficacy.html#s=1; c=cr"},
    "a very long link": ENTRY | {"link": f"efficacy.html#{'x' * 100_000}"},
    "a missing field": {name: value for name, value in ENTRY.items() if name != "answer"},
}
UNREADABLE_TEXTS = ["", "{", "null", "1", '"text"', "{}", '{"length": 5}', "[" * 100_000, "[1,]", "\ufeff[]"]
MOST_KEPT = 500
NOT_KEPT, UNREADABLE = "This browser keeps no data", "could not be read"
HOSTILE = ENTRY | {"chapter": "=HYPERLINK(1)", "question": '<img src=x onerror="alert(1)">', "expected": 'a "b",\nc'}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    whole = [json.dumps([ENTRY, damaged, ENTRY]) for damaged in DAMAGED.values()]
    many = json.dumps([ENTRY] * (MOST_KEPT + 1))
    asked = {"texts": [None, "[]", *UNREADABLE_TEXTS, *whole, many], "entry": ENTRY, "entries": [ENTRY, HOSTILE]}
    answered: dict[str, Any] = run_node("predictions.mjs", asked, tmp_path_factory.mktemp("predictions"))
    return answered


def test_what_cannot_be_read_is_left_out_and_said(answers: dict[str, Any]) -> None:
    nothing, empty, *read = answers["read"]
    assert nothing == empty == {"list": [], "trouble": ""}
    for text, found in zip(UNREADABLE_TEXTS, read, strict=False):
        assert found["list"] == [], text[:20]
        assert UNREADABLE in found["trouble"], text[:20]
    for name, found in zip(DAMAGED, read[len(UNREADABLE_TEXTS) :], strict=False):
        assert found["list"] == [ENTRY, ENTRY], name
        assert UNREADABLE in found["trouble"], name
    assert len(read[-1]["list"]) == MOST_KEPT


@pytest.mark.parametrize("storage", ["none", "blocked", "full", "working"])
def test_predictions_are_there_with_and_without_a_storage(answers: dict[str, Any], storage: str) -> None:
    used = answers["kept"][storage]
    assert [count for count, _, _ in used["seen"]] == [0, 1, 2, 0, 1]
    assert used["calls"] == 4
    _, trouble, lasting = used["seen"][-1]
    assert lasting == (storage == "working")
    assert (NOT_KEPT in trouble) == (storage != "working")


def test_tabs_do_not_lose_the_predictions_of_one_another(answers: dict[str, Any]) -> None:
    assert answers["tabs"] == [3, 3]


def test_files_hold_every_field_and_no_formula(answers: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(answers["csv"]), strict=True))
    written = json.loads(answers["json"])
    assert (written["format"], written["version"]) == ("carbite-predictions", 1)
    for row, plain, entry in zip(rows, written["predictions"], (ENTRY, HOSTILE), strict=True):
        assert set(row) == set(plain) == set(entry) | {"prediction", "came_true"}
        assert plain["link"] == row["link"] == f"https://example.org/book/{entry['link']}"
        assert (plain["came_true"], plain["sure"]) == (row["came_true"], row["sure"]) == ("no", "fairly sure")
        for name in ("at", "asked_in", "basis", "answer", "odds_ratio", "ci_low", "ci_high"):
            assert plain[name] == entry[name], name
            assert row[name] == str(entry[name]), name
    assert rows[1]["chapter"] == f"'{HOSTILE['chapter']}"
    assert rows[1]["expected"] == HOSTILE["expected"]


def test_page_and_script_name_the_same_degrees_of_sureness(answers: dict[str, Any]) -> None:
    assert {"": SURENESS[""], **answers["sureness"]} == SURENESS
