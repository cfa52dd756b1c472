"""A prediction in an assignment: it gives no points, and feedback sets it beside the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carbite_course import feedback
from carbite_course.assignment import Assignment, AssignmentError, read
from carbite_course.building import notebook
from carbite_course.gradebook import grades, to_mark
from carbite_course.grading import Key, Observed, expressions_of, predicted
from carbite_course.kernel import ERROR, Reply
from carbite_course.results import result, total
from carbite_course.sandbox import Limits
from carbite_course.submissions import Submission

HEAD = """---
course:
  title: Small
  minutes: 1
  objectives: [guess]
---

"""
PREDICTION = """```{code-cell} ipython3
:question: p1

expected = 4  # SOLUTION
```

```{raw-cell}
:question: p1

prediction: expected
result: total
absolute: 0.5
```

"""
QUESTION = """```{code-cell} ipython3
:question: q1

total = 2 + 2  # SOLUTION
```

```{raw-cell}
:question: q1

checks:
  - expression: total
    points: 2
    message: The sum.
```
"""


def written(folder: Path, text: str) -> Assignment:
    file = folder / "small.md"
    file.write_text(HEAD + text, "utf-8")
    return read(file)


@pytest.fixture
def small(tmp_path: Path) -> Assignment:
    return written(tmp_path, QUESTION + "\n" + PREDICTION)


def found(small: Assignment, expected: Reply, given: str = "expected = 1") -> dict[str, Any]:
    """The result of a submission whose prediction evaluates to this."""
    key = Key({("q1", "total"): 4, ("p1", "total"): 4, ("p1", "expected"): 4})
    seen = Observed(values={("q1", "total"): Reply(value=4), ("p1", "expected"): expected})
    submission = Submission("ada", "Ada", "", "ada.ipynb", {"p1": given, "q1": "total = 4"})
    return result(small, submission, key, seen, Limits())


def test_it_gives_no_points_and_is_in_no_table(small: Assignment) -> None:
    assert small.points == 2
    assert not small.questions["p1"].manual
    seen = found(small, Reply(value=1))
    assert total(seen) == 2
    head = grades(small, [seen]).removeprefix("\ufeff").splitlines()[0]
    assert head == "name,learner,platform_id,status,q1,total,out_of,remarks"
    assert len(to_mark([seen]).splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "shown", "came_true"), [(4, "4", True), (4.4, "4.4", True), (1, "1", False), ("four", "four", False)]
)
def test_feedback_sets_it_beside_the_result(small: Assignment, value: Any, shown: str, came_true: bool) -> None:
    page = feedback.page(small, found(small, Reply(value=value)))
    assert f"You expected <strong>{shown}</strong>, and the result is <strong>4</strong>" in page
    assert ("as you expected" in page) == came_true
    assert "Your prediction before Question 1" in page


def test_without_one_feedback_says_so(small: Assignment) -> None:
    page = feedback.page(small, found(small, Reply(failure=ERROR, error="TypeError"), "expected = ..."))
    assert "You made none. The result is <strong>4</strong>." in page


def test_whatever_is_predicted_is_text_and_short(small: Assignment) -> None:
    page = feedback.page(small, found(small, Reply(value="<script>alert(1)</script>" + "x" * 5000)))
    assert "<script>" not in page
    assert "x" * 200 not in page


def test_it_is_evaluated_before_any_check_could_be_seen(small: Assignment) -> None:
    """What it holds is shown to its author; a check must not have run by then, wherever it stands."""
    assert list(small.questions) == ["q1", "p1"]
    assert list(expressions_of(small)) == ["p1", "q1"]
    assert expressions_of(small)["p1"] == ("expected",)
    assert expressions_of(small, solution=True)["p1"] == ("expected", "total")


def test_only_a_prediction_is_compared_so(small: Assignment) -> None:
    assert predicted(small.questions["q1"], Key({}), Observed()) is None


def test_it_is_a_cell_of_the_learners_notebook(small: Assignment) -> None:
    (cell,) = [cell for cell in notebook(small)["cells"] if cell["metadata"].get("question") == "p1"]
    assert cell["source"] == "expected = ..."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("prediction: expected\n", "", "p1 is a prediction: it has to hold 'prediction' and 'result'"),
        ("absolute: 0.5", "points: 1", "p1 is a prediction: it has to hold 'prediction' and 'result'"),
        (":question: p1", ":question: q2", "the marking of q2 has to hold 'checks'"),
        ("result: total", "result: total +", "the marking of p1: SyntaxError"),
        (":question: p1", ":question: z1", "expected q1 to q99, or p1 to p99 for a prediction"),
    ],
)
def test_a_prediction_that_is_not_as_it_must_be_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(AssignmentError, match=said):
        written(tmp_path, QUESTION + "\n" + PREDICTION.replace(old, new))
