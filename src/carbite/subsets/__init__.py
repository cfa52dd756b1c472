"""Every subset of the trials: how fragile is a pooled result?

``all_subsets`` pools each subset of one arm as ``carbite.pooling.pool`` would. Two arms that are pooled separately
factorise: their subsets, taken in pairs by ``pairs``, give the verdict of every possible selection of trials.

================  ==========================================================
enumeration       one arm: ``all_subsets``
engine            its compiled loop
pairs             two arms: ``pairs``, ``verdicts`` and ``without_overlaps``
removal           the fewest trials to remove: ``fewest_removed``
reclassification  the fewest patients: ``fewest_reclassified``
================  ==========================================================
"""

from carbite.subsets.enumeration import EVERY_SUBSET_UP_TO, SAMPLE_SIZE, Subsets, all_subsets
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
from carbite.subsets.reclassification import Reclassification, fewest_reclassified
from carbite.subsets.removal import Removal, fewest_removed

__all__ = [
    "A_HIGHER",
    "B_HIGHER",
    "EVERY_SUBSET_UP_TO",
    "NOT_TESTABLE",
    "SAMPLE_SIZE",
    "UNDECIDED",
    "PairCounts",
    "Reclassification",
    "Removal",
    "Subsets",
    "all_subsets",
    "fewest_reclassified",
    "fewest_removed",
    "pairs",
    "verdicts",
    "without_overlaps",
]
