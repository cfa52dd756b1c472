"""Which row of the outcomes stands closest to the trial itself, where several answer the same question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

# What a source that does not define its endpoint is recorded with.
UNDEFINED = ("complete remission, not defined in the table",)
# A report of the trial itself, whether before or after the debate.
OWN_REPORTS = ("primary", "follow-up")


def closest(rows: Sequence[Row], kind_of: Mapping[str, str]) -> dict[str, str]:
    """For each outcome_id the outcome_id that stays: its own, or that of the row that supersedes it.

    `kind_of` gives the kind of each source_id. The rule and the order are those of `carbite.outcomes`.
    """
    asked: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        asked[row["trial_id"], row["endpoint"], row["population"]].append(row)
    stays: dict[str, str] = {}
    for answers in asked.values():
        kept: list[Row] = []
        # The sort is stable: what is equal stays in the order of the table.
        for row in sorted(answers, key=lambda row: _distance(row, kind_of[row["source_id"]])):
            better = next((other for other in kept if _supersedes(other, row)), None)
            if better is None:
                kept.append(row)
            stays[row["outcome_id"]] = (better or row)["outcome_id"]
    return stays


def _distance(row: Row, kind: str) -> tuple[int, ...]:
    if row["status"] == "primary":
        from_trial = 0
    elif row["status"] == "secondary" or kind == "secondary":
        from_trial = 3
    else:
        from_trial = 1 if kind in OWN_REPORTS else 2
    impossible = "impossible-percent" in (row["flag"] or "").split()
    return row["events"] is None, from_trial, impossible, row["status"] == "derived"


def _supersedes(closer: Row, row: Row) -> bool:
    """Whether the closer row, of the same trial, endpoint and population, answers what the other one answers."""
    if row["definition"] not in (closer["definition"], *UNDEFINED):
        return False
    if row["timepoint"] not in (closer["timepoint"], None):
        return False
    if None not in (row["grading_scale"], closer["grading_scale"]) and row["grading_scale"] != closer["grading_scale"]:
        return False
    if row["denominator"] == closer["denominator"]:
        return True
    one_is_unstated = "unstated" in (row["denominator"], closer["denominator"])
    return one_is_unstated and (None in (row["n"], closer["n"]) or row["n"] == closer["n"])
