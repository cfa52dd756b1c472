"""Rows of ``data/`` as figures and tables need them, and their numbers in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import scipy

from carbite.evidence import row
from carbite.pooling.intervals import exact_limits


def outcome_rows(*outcome_ids: str) -> list[Mapping[str, Any]]:
    """These outcomes, in this order."""
    return [row("outcomes", outcome_id) for outcome_id in outcome_ids]


def share(outcome: Mapping[str, Any]) -> float:
    """The printed percentage of an outcome where there is one, otherwise the count's."""
    printed = outcome["percent_printed"]
    return float(printed) if printed else 100.0 * outcome["events"] / outcome["n"]


def exact_percent(events: int, n: int) -> tuple[float, float]:
    """The exact 95 % interval of a count, in per cent with one decimal."""
    low, high = exact_limits(events, n)
    return round(100.0 * low, 1), round(100.0 * high, 1)


def fisher(one: str, other: str) -> float:
    """The two-sided P of Fisher's exact test of two outcomes."""
    pair = outcome_rows(one, other)
    p: float = scipy.stats.fisher_exact([[each["events"], each["n"] - each["events"]] for each in pair]).pvalue
    return p


def in_words(table: pd.DataFrame, name: str, column: str, value: str, opening: str) -> str:
    """The numbers of a table as one sentence, for readers who cannot see its figure."""
    said = [f"{r[name]}, {r[column]}: {r[value]:g}" for r in table.to_dict("records")]
    return f"{opening} {'; '.join(said)}."
