"""Every subset of the trials: how fragile is a pooled result?

``all_subsets`` pools each subset of one arm as ``carbite.pooling.pool`` would. Two arms that are pooled separately
factorise: their subsets, taken in pairs by ``pairs``, give the verdict of every possible selection of trials.

================  ==========================================================
enumeration       one arm: ``all_subsets``
engine            its compiled loop
pairs             two arms: ``pairs``, ``verdicts`` and ``without_overlaps``
fragility         the fewest trials to remove: ``fewest_removed``
================  ==========================================================
"""

from carbite.subsets.enumeration import EVERY_SUBSET_UP_TO, SAMPLE_SIZE, Subsets, all_subsets
from carbite.subsets.fragility import Removal, fewest_removed
from carbite.subsets.pairs import (
    A_HIGHER,
    B_HIGHER,
    NOT_TESTABLE,
    UNDECIDED,
    PairCounts,
    pairs,
    verdicts,
    without_overlaps,
)

__all__ = [
    "A_HIGHER",
    "B_HIGHER",
    "EVERY_SUBSET_UP_TO",
    "NOT_TESTABLE",
    "SAMPLE_SIZE",
    "UNDECIDED",
    "PairCounts",
    "Removal",
    "Subsets",
    "all_subsets",
    "fewest_removed",
    "pairs",
    "verdicts",
    "without_overlaps",
]
