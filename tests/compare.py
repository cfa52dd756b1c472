"""Whether two JSON values are the same but for rounding."""

from __future__ import annotations

import math
from typing import Any

# Both languages do the same steps in double precision; what is left is rounding in library functions.
LARGEST_DIFFERENCE = 1e-9


def differences(
    ours: Any, theirs: Any, where: str = "", tolerance: float = LARGEST_DIFFERENCE
) -> list[tuple[str, Any, Any]]:
    """Where two JSON values differ; numbers by more than the tolerance, relative above 1."""
    if type(ours) is type(theirs) and ours == theirs:
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if ours.keys() != theirs.keys():
            return [(where, sorted(ours), sorted(theirs))]
        return [found for key in ours for found in differences(ours[key], theirs[key], f"{where}.{key}", tolerance)]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [
            found
            for position, pair in enumerate(zip(ours, theirs, strict=True))
            for found in differences(*pair, f"{where}[{position}]", tolerance)
        ]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (ours, theirs))
    if numbers and math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=tolerance):
        return []
    return [] if not numbers and ours == theirs else [(where, ours, theirs)]
