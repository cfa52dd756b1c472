"""Random draws that the page and Python make alike: Mersenne Twister MT19937 (``draws.js`` holds the same).

Two fractions u and v in [0, 1) give two standard normal deviates, by Box and Muller's transform:
sqrt(-2 ln(1 - u)) cos(2 pi v) and sqrt(-2 ln(1 - u)) sin(2 pi v).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

SEED = 1


@cache
def normal_draws(count: int, columns: int) -> NDArray[np.float64]:
    """Standard normal deviates, shape (count, columns), the same on every machine; read-only.

    The fractions are those of ``numpy.random.RandomState``, whose stream NumPy keeps fixed for good.
    Raises ValueError where count times columns is odd: deviates come in pairs.
    """
    if count * columns % 2:
        raise ValueError(f"count = {count}, columns = {columns}; expected an even number of deviates")
    u, v = np.random.RandomState(SEED).random_sample((count * columns // 2, 2)).T
    radius = np.sqrt(-2.0 * np.log(1.0 - u))
    deviates = np.column_stack([radius * np.cos(2.0 * np.pi * v), radius * np.sin(2.0 * np.pi * v)])
    deviates = deviates.reshape(count, columns)
    deviates.flags.writeable = False
    return deviates
