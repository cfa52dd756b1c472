"""Grading a class again, after a crash, with a roster, with marks by hand; and where it must be refused."""

from __future__ import annotations

import csv
import os
import shutil
import sys
from pathlib import Path

import pytest

from carbite_course import sandbox
from carbite_course.assignment import Assignment
from carbite_course.cli import main
from tests.course import files
from tests.course.conftest import LIMITS, TOY, own_new, put
from tests.course.unprivileged import course, own


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def small(toy: Assignment, workplace: Path) -> tuple[Path, Path]:
    """A class of three, graded: the folder of the submissions, and that of the grades."""
    submissions, folder = own_new(workplace / "three"), own_new(workplace / "three-graded")
    put(submissions, "ada", "toy.ipynb", files.as_bytes(files.filled(toy)))
    put(submissions, "ben", "toy.ipynb", files.as_bytes(files.filled(toy, q1="total = 0")))
    put(submissions, "eve", "toy.ipynb", b"{")
    run = course("grade", TOY, submissions, "--to", folder, *LIMITS, home=workplace)
    assert run.returncode == 0, run.stderr
    return submissions, folder


def test_a_second_run_gives_the_same_bytes(small: tuple[Path, Path], workplace: Path) -> None:
    submissions, folder = small
    before = contents(folder)
    assert course("grade", TOY, submissions, "--to", folder, *LIMITS, home=workplace).returncode == 0
    assert contents(folder) == before
    elsewhere = own_new(workplace / "elsewhere")
    assert course("grade", TOY, submissions, "--to", elsewhere, *LIMITS, home=workplace).returncode == 0
    assert contents(elsewhere) == before


def test_what_is_no_longer_handed_in_is_kept_and_named(small: tuple[Path, Path], workplace: Path) -> None:
    submissions, folder = small
    fewer, again = own_new(workplace / "fewer"), workplace / "fewer-graded"
    put(fewer, "ada", "toy.ipynb", (submissions / "ada" / "toy.ipynb").read_bytes())
    shutil.copytree(folder, again)
    for path in (again, *again.rglob("*")):
        if path.is_dir():
            own(path)
    run = course("grade", TOY, fewer, "--to", again, *LIMITS, home=workplace)
    named = [line for line in run.stdout.splitlines() if line.startswith("Kept from an earlier run")]
    assert [line.split(": ")[1].split(".")[0] for line in named] == ["ben", "eve"], run.stdout + run.stderr
    assert str(again / "results" / "ben.json") in named[0]


def test_tables_for_a_person_say_that_they_are_utf_8(small: tuple[Path, Path]) -> None:
    """A spreadsheet may take a file that does not begin with this mark for one in another encoding."""
    assert all((small[1] / name).read_bytes().startswith(b"\xef\xbb\xbf") for name in ("grades.csv", "manual.csv"))


def test_after_a_crash_only_what_is_missing_is_graded(small: tuple[Path, Path], workplace: Path) -> None:
    submissions, folder = small
    crashed = workplace / "crashed"
    shutil.copytree(folder, crashed)
    before = contents(crashed)
    # As a power cut leaves it: one result not written, one half, no tables. The third tells whether it is kept.
    (crashed / "results" / "ben.json").unlink()
    (crashed / "results" / "eve.json").write_text('{"learner": "ev')
    (crashed / "grades.csv").unlink()
    kept = crashed / "results" / "ada.json"
    told = before["results/ada.json"].replace(b'"file": "ada/toy.ipynb"', b'"file": "not graded again"')
    kept.write_bytes(told)
    for path in (crashed, *crashed.rglob("*")):
        if path.is_dir():
            own(path)
        elif os.geteuid() == 0:
            path.chmod(0o666)
    assert course("grade", TOY, submissions, "--to", crashed, *LIMITS, home=workplace).returncode == 0
    after = contents(crashed)
    assert after.pop("results/ada.json") == told != before.pop("results/ada.json")
    assert after == before


def test_marks_by_hand_come_back(small: tuple[Path, Path], workplace: Path, toy: Assignment) -> None:
    _, graded = small
    folder = workplace / "marked"
    shutil.copytree(graded, folder)
    assert totals(folder) == {"ada": "", "ben": "", "eve": "0"}
    mark(folder, {"ada": ("3,5", "=good"), "ben": ("4", "")})
    main_quietly("merge", TOY, folder)
    assert totals(folder) == {"ada": "7.5", "ben": "6", "eve": "0"}
    assert "<strong>7.5 of 8 points</strong>" in (folder / "feedback" / "ada.html").read_text("utf-8")
    assert "=good" in (folder / "feedback" / "ada.html").read_text("utf-8")
    before = contents(folder)
    main_quietly("merge", TOY, folder)
    assert contents(folder) == before


@pytest.mark.parametrize("points", ["5", "-1", "good", "nan"])
def test_marks_that_cannot_be_are_refused(points: str, small: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(small[1], tmp_path / "marked")
    mark(tmp_path / "marked", {"ada": (points, "")})
    with pytest.raises(SystemExit, match=f"manual.csv, row 2: points are '{points}'; expected a number from 0 to 4"):
        main(["merge", str(TOY), str(tmp_path / "marked")])


def test_a_mark_for_an_answer_that_changed_is_kept_aside(small: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "marked"
    shutil.copytree(small[1], folder)
    mark(folder, {"ada": ("3", "")})
    text = (folder / "results" / "ada.json").read_text("utf-8")
    (folder / "results" / "ada.json").write_text(text.replace("7193", "7194"), "utf-8")
    main_quietly("merge", TOY, folder)
    assert totals(folder)["ada"] == ""
    assert ",3," in (folder / "manual.superseded.csv").read_text("utf-8")


def main_quietly(*arguments: str | Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    assert ended.value.code == 0


def totals(folder: Path) -> dict[str, str]:
    return {row["name"]: row["total"] for row in csv.DictReader((folder / "grades.csv").open(encoding="utf-8-sig"))}


def mark(folder: Path, marks: dict[str, tuple[str, str]]) -> None:
    """Fill manual.csv in."""
    file = folder / "manual.csv"
    rows = list(csv.DictReader(file.open(encoding="utf-8-sig")))
    for row in rows:
        row["points"], row["comment"] = marks.get(row["name"], ("", ""))
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_root_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(sandbox.SandboxError, match="Refusing to grade as root"):
        sandbox.require(trusted=False, as_root=False)


def test_a_machine_without_bubblewrap_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="there is no bwrap") as refused:
        main(["grade", str(TOY), str(TOY), "--to", "nowhere"])
    assert "apt-get install bubblewrap" in str(refused.value)
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(sandbox.SandboxError, match="bubblewrap needs Linux, this is darwin"):
        sandbox.require(trusted=False, as_root=False)


def test_trusted_submissions_run_without_a_sandbox_and_that_is_shouted(
    toy: Assignment, workplace: Path, small: tuple[Path, Path]
) -> None:
    """And without it an attack works: the sandbox is what keeps the files outside as they are."""
    submissions, folder = own_new(workplace / "trusted"), own_new(workplace / "trusted-graded")
    reached = own_new(workplace / "reached")
    code = f"open({str(reached / 'file')!r}, 'w').write('here')\ntotal = 0"
    put(submissions, "mine", "toy.ipynb", files.as_bytes(files.filled(toy, q1=code)))
    run = course("grade", TOY, submissions, "--to", folder, *LIMITS, "--trust-submissions", home=workplace)
    assert run.returncode == 0, run.stderr
    assert "WITHOUT A SANDBOX" in run.stderr
    assert (reached / "file").read_text() == "here"


def test_results_of_another_assignment_are_not_mixed(small: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(small[1], folder)
    text = (folder / "results" / "ada.json").read_text("utf-8")
    (folder / "results" / "ada.json").write_text(text.replace('"assignment": "toy"', '"assignment": "other"'), "utf-8")
    with pytest.raises(SystemExit, match="holds results of other; expected a folder of its own"):
        main(["merge", str(TOY), str(folder)])
