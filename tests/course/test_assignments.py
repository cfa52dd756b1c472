"""The assignments of the course: the solution gets everything, a blank nothing, typical mistakes what they should."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import carbite
from carbite_course.assignment import SELF_CHECK, Assignment, read
from carbite_course.building import build, notebook
from tests.course import files
from tests.course.conftest import own_new, put
from tests.course.unprivileged import ROOT, module

FOLDER = ROOT / "course" / "assignments"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
MISTAKES = {name: yaml.safe_load((FOLDER / name / "mistakes.yml").read_text("utf-8")) for name in NAMES}
# A hint in a learner's notebook that is as long as this and stands in the hidden part gave something away.
TELLING = 25
WITHOUT_HISTORY = Config({"HistoryManager": {"enabled": False}})


@pytest.fixture(scope="module", params=NAMES)
def assignment(request: pytest.FixtureRequest) -> Assignment:
    return read(FOLDER / str(request.param))


@pytest.fixture(scope="module")
def graded(request: pytest.FixtureRequest, workplace: Path) -> Path:
    """Solution, blank and mistakes of every assignment that is tested, graded in one run."""
    called = [getattr(item, "callspec", None) for item in request.session.items]
    asked = {each.params.get("assignment") for each in called if each}
    names = [name for name in NAMES if name in asked]
    submissions, folder = own_new(workplace / "assignments"), own_new(workplace / "assignments-graded")
    for name in names:
        hand_in(read(FOLDER / name), own_new(submissions / name))
        own_new(folder / name)
    sources = [FOLDER / name for name in names]
    run = module("tests.course.grade_many", submissions, folder, *sources, home=workplace)
    assert run.returncode == 0, run.stderr
    return folder


def hand_in(assignment: Assignment, submissions: Path) -> None:
    """Solution, blank and mistakes as a class."""
    put(submissions, "solution", "a.ipynb", files.as_bytes(notebook(assignment, assignment.solution)))
    put(submissions, "blank", "a.ipynb", files.as_bytes(notebook(assignment)))
    for number, each in enumerate(MISTAKES[assignment.name]):
        answers = assignment.solution | each["answers"]
        put(submissions, f"mistake-{number}", "a.ipynb", files.as_bytes(notebook(assignment, answers)))


@pytest.fixture(scope="module")
def marked(assignment: Assignment, graded: Path) -> Path:
    """What grading an assignment left."""
    return graded / assignment.name


def points(folder: Path, name: str) -> dict[str, float | None]:
    found: dict[str, Any] = json.loads((folder / "results" / f"{name}.json").read_text("utf-8"))
    return {name: question["points"] for name, question in found["questions"].items()}


def test_the_solution_gets_every_point(assignment: Assignment, marked: Path) -> None:
    expected = {name: None if each.manual else each.points for name, each in assignment.questions.items()}
    assert points(marked, "solution") == expected


def test_a_blank_gets_none(assignment: Assignment, marked: Path) -> None:
    assert points(marked, "blank") == dict.fromkeys(assignment.questions, 0)


def test_typical_mistakes_get_what_they_should(assignment: Assignment, marked: Path) -> None:
    for number, each in enumerate(MISTAKES[assignment.name]):
        given = points(marked, f"mistake-{number}")
        assert {name: given[name] for name in each["scores"]} == each["scores"], each["name"]


def test_a_prediction_stands_beside_the_result_in_feedback(assignment: Assignment, marked: Path) -> None:
    asked = [name for name, question in assignment.questions.items() if question.prediction]
    pages = {who: (marked / "feedback" / f"{who}.html").read_text("utf-8") for who in ("solution", "blank")}
    for page in pages.values():
        assert page.count("Your prediction before Question") == len(asked)
    assert pages["solution"].count("You expected <strong>") == len(asked)
    assert pages["blank"].count("You made none. The result is <strong>") == len(asked)


def test_it_says_what_it_asks_for(assignment: Assignment) -> None:
    about = assignment.about
    assert (ROOT / "book" / f"{about['chapter']}.md").is_file()
    assert len(about["objectives"]) >= 3
    assert 30 <= about["minutes"] <= 120
    by_hand = [each for each in assignment.questions.values() if each.manual]
    assert by_hand, "each assignment asks for words too"
    for question in by_hand:
        assert sum(worth for worth, _ in question.rubric) == question.points


def test_nothing_hidden_is_in_what_learners_get(assignment: Assignment, tmp_path: Path) -> None:
    with zipfile.ZipFile(build(assignment, tmp_path)) as archive:
        given = "\n".join(archive.read(name).decode() for name in archive.namelist())
    given = given.replace('\\"', '"').replace("\\n", "\n")
    hidden = hidden_texts(assignment)
    assert len(hidden) > len(assignment.questions)
    assert [text for text in hidden if text in given] == []
    assert "SOLUTION" not in given
    assert "MODEL ANSWER" not in given


def hidden_texts(assignment: Assignment) -> list[str]:
    """Lines of solutions, inputs of checks, words of feedback, model answers and rubrics."""
    hidden = []
    for question in assignment.questions.values():
        for check in question.checks:
            hidden += [check.message, *(mistake.message for mistake in check.mistakes)]
            hidden += [check.expression] if "(" in check.expression else []
        hidden += [what for _, what in question.rubric]
        shown = assignment.blank[question.name]
        hidden += [line.strip() for line in question.solution.splitlines() if line not in shown]
    hidden = [re.sub(r"\s*# SOLUTION$", "", text) for text in hidden]
    return [text for text in hidden if len(text) >= TELLING or "(" in text]


@pytest.fixture(scope="module")
def built_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every assignment, built by the program in another process and another time zone."""
    folder = tmp_path_factory.mktemp("built")
    sources = [str(FOLDER / name) for name in NAMES]
    command = [sys.executable, "-m", "carbite_course", "build", *sources, "--to", str(folder)]
    subprocess.run(command, check=True, capture_output=True, env={"PYTHONPATH": str(ROOT / "src"), "TZ": "Asia/Tokyo"})
    return folder


def test_the_same_source_gives_the_same_archive(assignment: Assignment, built_elsewhere: Path, tmp_path: Path) -> None:
    again = build(assignment, tmp_path).read_bytes()
    assert (built_elsewhere / f"{assignment.name}.zip").read_bytes() == again


def test_the_notebook_is_valid(assignment: Assignment) -> None:
    import nbformat

    nbformat.validate(nbformat.from_dict(notebook(assignment)))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("filled_in", [True, False])
def test_the_self_checks_pass_the_solution_and_not_a_blank(assignment: Assignment, filled_in: bool) -> None:
    """Run as a learner runs it, self-checks included; a blank gets words and no traceback, and every cell runs."""
    shell = InteractiveShell(config=WITHOUT_HISTORY)
    said = []
    for cell in notebook(assignment, assignment.solution if filled_in else None)["cells"]:
        if cell["cell_type"] == "code":
            result = shell.run_cell(cell["source"])
            assert result.success, cell["source"]
            if cell["source"].startswith(SELF_CHECK):
                said.append(result.result.passed)
    assert said == [filled_in] * sum(bool(each.checks) for each in assignment.questions.values())


def test_every_prompt_is_python(assignment: Assignment) -> None:
    """A learner who runs a cell as it is handed out gets no syntax error."""
    for name, question in assignment.questions.items():
        if not question.manual:
            ast.parse(assignment.blank[name])


def test_the_counts_that_fit_are_those_of_the_data_checks() -> None:
    """The solution of ``method`` against the function that checks the evidence itself."""
    answers = read(FOLDER / "method").solution
    names: dict[str, Any] = {"rounded": lambda value: int(value + 0.5), "remissions": 1, "infused": 1, "enrolled": 1}
    exec(answers["q2"] + "\n" + answers["q3"], names)
    for n in range(1, 80):
        for percent in range(101):
            assert names["counts_that_fit"](percent, n) == list(carbite.consistent_events(n, str(percent)))
