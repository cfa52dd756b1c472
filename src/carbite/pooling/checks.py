"""Checks of what is given: one message that says what is wrong, where, and what was expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} = {value!r}; expected one of {', '.join(map(repr, choices))}")


def check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level = {level!r}; expected a number between 0 and 1, such as 0.95")


def _numbers(name: str, values: ArrayLike, what: str) -> Array:
    """The values as floats, shape (k,), k >= 1."""
    given = np.asarray(values)
    if given.ndim != 1:
        raise ValueError(f"{name} has {given.ndim} dimensions; expected one list of {what}")
    if len(given) == 0:
        raise ValueError(f"{name} is empty; expected at least one {what.rstrip('s')}")
    for position, value in enumerate(given.tolist()):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{name}[{position}] = {value!r}; expected {what}")
    numbers = given.astype(np.float64)
    _refuse(name, numbers, ~np.isfinite(numbers), f"finite {what}")
    return numbers


def _refuse(name: str, values: Array, bad: NDArray[np.bool_], expected: str) -> None:
    """Raise for the first bad position."""
    if bool(bad.any()):
        position = int(np.argmax(bad))
        raise ValueError(f"{name}[{position}] = {values[position]:g}; expected {expected}")


def _same_length(first: str, a: Array, second: str, b: Array) -> None:
    if len(a) != len(b):
        raise ValueError(f"{first} has {len(a)} values and {second} has {len(b)}; expected the same number")


def check_counts(events: ArrayLike, n: ArrayLike) -> tuple[Array, Array]:
    x, m = _numbers("events", events, "whole numbers"), _numbers("n", n, "whole numbers")
    _same_length("events", x, "n", m)
    _refuse("n", m, (m <= 0) | (m != np.floor(m)), "a whole number of at least 1")
    _refuse("events", x, (x < 0) | (x != np.floor(x)), "a whole number of at least 0")
    if bool((x > m).any()):
        position = int(np.argmax(x > m))
        raise ValueError(
            f"events[{position}] = {x[position]:g} is greater than n[{position}] = {m[position]:g}; "
            "expected events <= n"
        )
    return x, m


def check_effects(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array]:
    y, v = _numbers("yi", yi, "numbers"), _numbers("vi", vi, "numbers")
    _same_length("yi", y, "vi", v)
    _refuse("vi", v, v <= 0, "a variance greater than 0")
    return y, v
