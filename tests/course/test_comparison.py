"""What counts as the same answer, and what a value becomes on its way out of the sandbox."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from carbite_course.assignment import Check
from carbite_course.comparison import same
from carbite_course.driver import plain

EXACT = Check("x", 1, "")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (2, 2.0),
        (0.1 + 0.2, 0.3),
        (" Undecided ", "undecided"),
        ([1, [2]], [1, [2.0]]),
        ({"a": 1}, {"a": 1}),
        (None, None),
    ],
)
def test_same(answer: Any, expected: Any) -> None:
    assert same(answer, expected, EXACT)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (True, 1),
        (1, True),
        ("1", 1),
        (math.nan, math.nan),
        (math.inf, 1.0),
        (10**400, 1.0),
        ([1], 1),
        ([1, 2], [1]),
        ({"a": 1, "b": 2}, {"a": 1}),
        (None, 0),
        ([2, 1], [1, 2]),
        ({"points": 2}, 21),
    ],
)
def test_not_the_same(answer: Any, expected: Any) -> None:
    assert not same(answer, expected, EXACT)


def test_tolerances_and_order() -> None:
    assert same(10.4, 10, Check("x", 1, "", absolute=0.5))
    assert not same(10.6, 10, Check("x", 1, "", absolute=0.5))
    assert same(101, 100, Check("x", 1, "", relative=0.01))
    assert same(["b", "a"], ["a", "b"], Check("x", 1, "", unordered=True))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([[1, 2]]), [[1, 2]]),
        (pd.Series([1.5]), [1.5]),
        ({1: (2,)}, {"1": [2]}),
        ({"b", "a"}, ["a", "b"]),
    ],
)
def test_plain(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)
    json.dumps(plain(value))


def test_what_is_not_plain_is_refused() -> None:
    with pytest.raises(TypeError, match="object is not a number"):
        plain(object())
