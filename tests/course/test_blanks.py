"""Answers that are still dots stop no cell; errors of the learner's own stay errors."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

BLANK = "# Answer to Question 1\ndef double(x):\n    y = ...\n    return y.real\n\n\nfour = double(2)\nfive = 5"
FILLED = BLANK.replace("...", "2 * x")
NEEDED = "This cell needs {}: first answer Question 1, and run the cells since. ({})\n"


@pytest.fixture
def shell() -> InteractiveShell:
    made = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    assert made.run_cell("%load_ext carbite_course.selfcheck").success
    return made


def runs(shell: InteractiveShell, cell: str) -> bool:
    """Whether Jupyter would go on to the next cell."""
    return bool(shell.run_cell(cell).success)


def test_a_cell_with_dots_says_so_in_one_line(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert runs(shell, BLANK)
    said = capsys.readouterr()
    assert said.out == (
        "Question 1 has no answer yet: the dots are still there. "
        "(AttributeError: 'ellipsis' object has no attribute 'real')\n"
    )
    assert said.err == ""


def test_cells_that_need_it_say_so_too(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert runs(shell, BLANK)
    capsys.readouterr()
    assert runs(shell, "more = [four]\nmore[0] + 1")
    assert capsys.readouterr().out == NEEDED.format("four", "NameError: name 'four' is not defined")
    assert runs(shell, "len(more)")
    assert capsys.readouterr().out == NEEDED.format("more", "NameError: name 'more' is not defined")
    assert runs(shell, "double(1)")
    assert "This cell needs double" in capsys.readouterr().out


def test_once_it_is_answered_errors_are_errors(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert runs(shell, BLANK)
    assert runs(shell, FILLED)
    assert runs(shell, "more = [four]\nmore[0] + 1")
    capsys.readouterr()
    assert not runs(shell, "four / 0")
    said = capsys.readouterr().out
    assert "Traceback" in said
    assert "ZeroDivisionError" in said


@pytest.mark.parametrize("cell", ["1 / 0", "import no_such_module", "nothing", "def f(x: tuple[int, ...]): f\nf()"])
def test_an_error_that_no_blank_explains_stops(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    assert runs(shell, BLANK)
    capsys.readouterr()
    assert not runs(shell, cell)
    assert "Traceback" in capsys.readouterr().out


def test_a_cell_that_is_no_python_stops(shell: InteractiveShell) -> None:
    assert not runs(shell, "# Answer to Question 1\nx = ...\nx = = 2")
    assert runs(shell, "2 + 2")


def test_dots_that_hurt_nobody_are_let_pass(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert runs(shell, "# Your prediction before Question 2\nexpected = ...")
    assert capsys.readouterr().out == ""
    assert runs(shell, "expected.verdict")
    assert "first answer Question 2" in capsys.readouterr().out


def test_the_grader_still_sees_the_error() -> None:
    cells = ["%load_ext carbite_course.selfcheck", BLANK, FILLED]
    asked = "".join(json.dumps({"code": cell, "seconds": 60}) + "\n" for cell in cells)
    command = [sys.executable, "-m", "carbite_course.driver"]
    run = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    ready, loaded, blank, filled = map(json.loads, run.stdout.splitlines())
    assert (ready, loaded, filled) == ({"ready": True}, {}, {})
    assert blank == {"error": "AttributeError", "message": "'ellipsis' object has no attribute 'real'"}
