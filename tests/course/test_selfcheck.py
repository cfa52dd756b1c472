"""The learner's own check, in the notebook."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from carbite_course.selfcheck import check

CONDITIONS = "0 < rate < 1  # rate is a share\n\nrate == third  # rate is a third\n1 / 0  # this\n"


def test_each_line_is_tried_and_said_in_words() -> None:
    said = repr(check("Question 1", CONDITIONS, {"rate": 0.5}))
    assert said.splitlines() == [
        "Question 1: not yet",
        "  ✓ rate is a share",
        "  ✗ rate is a third (third is not there yet: run its cell first)",
        "  ✗ this (this could not be tried: ZeroDivisionError: division by zero)",
    ]


def test_all_is_well() -> None:
    assert repr(check("Question 1", "rate == 0.5  # half", {"rate": 0.5})).startswith("Question 1: so far, so good")


def test_the_magic_sees_the_names_of_the_notebook() -> None:
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_cell("%load_ext carbite_course.selfcheck\nrate = 0.5")
    result = shell.run_cell("%%selfcheck Question 1\nrate == 0.5  # half")
    assert result.result.passed
