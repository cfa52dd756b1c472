"""Numbers and sentences as text, the same in both languages (``formats.js``)."""

from __future__ import annotations

import math

# Both languages compute a number with different rounding in its last digits; what is a half but for those is a half.
HALF = 0.5 + 1e-9


def rounded(value: float, decimals: int = 0) -> str:
    """``value`` with so many decimals, a half upwards, and commas between thousands: ``31,682``."""
    scale = 10.0**decimals
    return f"{math.floor(value * scale + HALF) / scale:,.{decimals}f}"


def significant(value: float, digits: int = 2) -> str:
    """``value`` rounded to so many significant digits, written out: ``0.0012``, ``0.35``, ``120``, ``31,000``."""
    if value == 0.0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)) + 1e-9)
    if decimals >= 0:
        return rounded(value, decimals)
    unit = 10.0**-decimals
    return rounded(math.floor(value / unit + HALF) * unit)


def fill(template: str, values: dict[str, str]) -> str:
    """Put texts into the ``{places}`` of a sentence. Raises KeyError where one is missing."""
    return template.format_map(values)
