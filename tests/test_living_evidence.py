"""A trial joins by one row in three files, as CONTRIBUTING.md shows, and what came after a release is marked.

The rows of the text are those of a real trial. In a copy of the project without that trial, which is then declared
released, they are put in exactly as the text has them, and everything that should follow is looked for.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from carbite import released

ROOT = Path(__file__).parents[1]
STEP = re.compile(r"`data/(\w+\.csv)`[^\n]*\n\n\s*```csv\n\s*([^\n]+)\n\s*```")
LOOK = """
import json
from carbite import comparison, evidence, hindsight, released
from carbite.explorer.payload import payload
from carbite.prose import UnknownNumberError, number
from carbite.references import bibtex

def said(name):
    try:
        found = number(name)
    except UnknownNumberError:
        return None
    return [found.text, found.source]

shown = next(each for each in payload()["comparisons"] if each["id"] == "cr_later")
print(json.dumps({
    "trials": [trial.trial_id for trial in comparison.comparison("cr_later").trials],
    "published": [trial.trial_id for trial in comparison.comparison("cr").trials],
    "payload": {trial["id"]: trial["counts"] for trial in shown["trials"]},
    "outcome": said("o:zuma-3-phase-1-cr"),
    "enrolled": said("t:zuma-3-phase-1:enrolled"),
    "pooled": said("v:cr_later:car_t.trials")[0],
    "new": released.new_rows(),
    "news": released.news().html,
    "table": hindsight.later_trials()._repr_html_(),
    "cited": "shah-2021-phase-1" in bibtex(),
}))
"""


def steps() -> dict[str, str]:
    """The files that CONTRIBUTING.md names for a trial, and the row that goes into each."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = text[text.index("## Add a trial") : text.index("## Add another figure")]
    return dict(STEP.findall(section))


def run(copy: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=copy, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def look(copy: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(copy, "-c", LOOK))
    return found


@pytest.fixture(scope="module")
def before_and_after(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    copy = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "data", copy / "data")
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    gone = {"sources.csv": ("source_id",), "trials.csv": ("trial_id",), "outcomes.csv": ("trial_id",)}
    names = {"source_id": "shah-2021-phase-1", "trial_id": "zuma-3-phase-1"}
    for file, (column,) in gone.items():
        path = copy / "data" / file
        with path.open(encoding="utf-8", newline="") as opened:
            header, *rows = csv.reader(opened)
        kept = [row for row in rows if row[header.index(column)] != names[column]]
        assert len(kept) < len(rows)
        with path.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened, lineterminator="\n").writerows([header, *kept])
    run(copy, "-m", "carbite.seal")
    run(copy, "-m", "carbite.released")
    before = look(copy)
    for file, row in steps().items():
        with (copy / "data" / file).open("a", encoding="utf-8", newline="") as opened:
            opened.write(f"{row}\n")
    run(copy, "-m", "carbite.seal")
    return before, look(copy)


def test_the_example_is_one_row_in_three_files_and_real() -> None:
    assert list(steps()) == ["sources.csv", "trials.csv", "outcomes.csv"]
    for file, row in steps().items():
        assert row in (ROOT / "data" / file).read_text("utf-8").splitlines()


def test_the_trial_appears_in_its_comparison_and_not_in_the_published_one(
    before_and_after: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    before, after = before_and_after
    assert set(after["trials"]) - set(before["trials"]) == {"zuma-3-phase-1"}
    assert after["published"] == before["published"]
    assert "zuma-3-phase-1" not in after["published"]


def test_the_explorer_gets_its_counts(before_and_after: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = before_and_after
    assert "zuma-3-phase-1" not in before["payload"]
    count = after["payload"]["zuma-3-phase-1"]["printed"]
    assert (count["events"], count["n"], count["denominator"]) == (31, 45, "infused")


def test_the_numbers_of_the_prose_follow(before_and_after: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = before_and_after
    assert (before["outcome"], before["enrolled"]) == (None, None)
    assert after["outcome"][0] == "69\u00a0%"
    assert after["enrolled"][0] == "54"
    k = int(before["pooled"].split()[0])
    assert after["pooled"] == f"{k + 1} trials"
    assert (before["cited"], after["cited"]) == (False, True)


def test_what_came_after_the_release_is_marked_and_nothing_else(
    before_and_after: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    before, after = before_and_after
    assert before["new"] == {}
    assert "No row is new since version" in before["news"]
    assert after["new"] == {
        "sources": ["shah-2021-phase-1"],
        "trials": ["zuma-3-phase-1"],
        "outcomes": ["zuma-3-phase-1-cr"],
    }
    marked = "new since version"
    assert marked in after["outcome"][1].lower()
    assert marked in after["enrolled"][1].lower()
    assert after["table"].count(marked) == 1
    assert before["table"].count(marked) == 0
    for row in ("shah-2021-phase-1", "zuma-3-phase-1", "zuma-3-phase-1-cr"):
        assert f"<code>{row}</code>" in after["news"]


def test_released_json_keeps_the_release_that_the_changelog_names() -> None:
    """Its version is the newest that the changelog gives a date; without one, nothing is new."""
    headings = re.findall(r"^## (\S+) \(([^)]+)\)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings
    dated = [version for version, state in headings if state != "unreleased"]
    assert released.last().version == (dated[0] if dated else "")
    if not dated:
        assert released.new_rows() == {}
        assert "No version has been released yet" in released.news().html
