"""How little changes a verdict: trials to remove."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carbite.subsets.enumeration import Subsets
from carbite.subsets.pairs import NOT_TESTABLE, counted, verdicts


@dataclass(frozen=True, slots=True)
class Removal:
    """The smallest removals of trials after which the verdict is another.

    Attributes:
        trials: how many trials must be removed, over both arms.
        choices: each removal of so many that does it: the positions of the trials removed from a, and from b.
        verdicts: what is then said, one per choice.
    """

    trials: int
    choices: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    verdicts: tuple[int, ...]


def fewest_removed(
    a: Subsets,
    b: Subsets,
    *,
    start: tuple[int, int] | None = None,
    allowed_a: ArrayLike | None = None,
    allowed_b: ArrayLike | None = None,
) -> Removal | None:
    """The fewest trials whose removal changes the verdict, and all ways to choose them; None where none does.

    A removal that leaves nothing to test does not change a verdict, it ends it, and is not counted.

    Args:
        a, b: two arms with every subset, pooled in the same way.
        start: the bit masks of the selection to begin with, of a and of b; None for all trials.
        allowed_a, allowed_b: which subsets a removal may leave, one truth value each; None for all.

    Returns:
        The removals; None where none changes the verdict.

    Raises:
        ValueError: when an arm is a sample, a mask is not that of a subset, or flags have the wrong shape or type.
    """
    for name, arm in (("a", a), ("b", b)):
        if not arm.complete:
            raise ValueError(f"{name} is a sample of {len(arm)} subsets; expected every subset")
    first, second = start or (len(a), len(b))
    for position, (mask, arm) in enumerate(((first, a), (second, b))):
        if not 1 <= mask <= len(arm):
            raise ValueError(f"start[{position}] = {mask!r}; expected the bit mask of a subset, 1 to {len(arm)}")
    table = verdicts(a, b)
    within = (((a.masks & ~first) == 0) & counted(a, "allowed_a", allowed_a))[:, None] & (
        ((b.masks & ~second) == 0) & counted(b, "allowed_b", allowed_b)
    )
    changed = within & (table != table[first - 1, second - 1]) & (table != NOT_TESTABLE)
    if not changed.any():
        return None
    removed = (np.int64(first.bit_count()) - a.k)[:, None] + (np.int64(second.bit_count()) - b.k)
    fewest = int(removed[changed].min())
    rows = np.argwhere(changed & (removed == fewest)).tolist()
    return Removal(
        trials=fewest,
        choices=tuple((_positions(first & ~(i + 1)), _positions(second & ~(j + 1))) for i, j in rows),
        verdicts=tuple(int(table[i, j]) for i, j in rows),
    )


def _positions(mask: int) -> tuple[int, ...]:
    return tuple(i for i in range(mask.bit_length()) if mask >> i & 1)
