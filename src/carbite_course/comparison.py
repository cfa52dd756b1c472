"""Whether an answer is the solution's. Both are plain values; nothing of the learner's is called."""

from __future__ import annotations

import math
from typing import Any

from carbite_course.assignment import Check


def same(answer: Any, expected: Any, check: Check) -> bool:
    """Whether an answer equals the expected value, numbers within the tolerance of the check.

    A truth value is not a number, ``nan`` equals nothing, a text is compared without regard to case and outer
    spaces, and containers are compared element by element.
    """
    if isinstance(expected, bool) or expected is None:
        return answer is expected
    if isinstance(expected, int | float):
        return _is_number(answer) and _close(answer, expected, check)
    if isinstance(expected, str):
        return isinstance(answer, str) and answer.strip().casefold() == expected.strip().casefold()
    if isinstance(expected, list):
        if not isinstance(answer, list) or len(answer) != len(expected):
            return False
        if check.unordered:
            answer, expected = sorted(answer, key=_order), sorted(expected, key=_order)
        return all(same(a, b, check) for a, b in zip(answer, expected, strict=True))
    if isinstance(expected, dict):
        return (
            isinstance(answer, dict)
            and set(answer) == set(expected)
            and all(same(answer[key], expected[key], check) for key in expected)
        )
    raise TypeError(f"{type(expected).__name__} is not a plain value")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _close(answer: float, expected: float, check: Check) -> bool:
    try:
        return math.isclose(answer, expected, rel_tol=0, abs_tol=max(check.absolute, check.relative * abs(expected)))
    except OverflowError:  # a whole number too large for a float is not close to any
        return False


def _order(value: Any) -> tuple[str, str]:
    return type(value).__name__, str(value).strip().casefold()
