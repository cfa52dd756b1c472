"""What the explorer's script gets: every comparison with its counts, the rule, the sentences."""

from __future__ import annotations

from functools import cache
from typing import Any

from carbite.comparison import (
    MAX_ADDED_N,
    MAX_ADDED_TRIALS,
    MAX_ATTRITION,
    MAX_BIAS,
    Comparison,
    Trial,
    comparison,
    comparison_ids,
    rule,
)
from carbite.verdict import wording


@cache
def payload() -> dict[str, Any]:
    """Plain JSON values; the browser never sees a file of ``data/``."""
    return {
        "rule": dict(rule()),
        "wording": dict(wording()),
        "limits": {
            "bias": [1.0, MAX_BIAS],
            "attrition": [0.0, MAX_ATTRITION],
            "added_n": MAX_ADDED_N,
            "added_trials": MAX_ADDED_TRIALS,
        },
        "comparisons": [_comparison(comparison(each)) for each in comparison_ids()],
    }


def _comparison(asked: Comparison) -> dict[str, Any]:
    return {
        "id": asked.comparison_id,
        "label": asked.label,
        "statement": asked.statement,
        "event": asked.event,
        "conditional": asked.conditional,
        "better": asked.better,
        "grading": asked.grading,
        "follow_up": asked.follow_up,
        "allows_attrition": asked.allows_attrition,
        "companion": asked.companion_id,
        "readings": dict(asked.readings),
        "bispecific_name": asked.bispecific_name,
        "trials": [_trial(trial) for trial in asked.trials],
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "id": trial.trial_id,
        "name": trial.name,
        "arm": trial.arm,
        "cohorts": sorted(trial.cohorts),
        "age_group": trial.age_group,
        "setting": trial.setting,
        "default": trial.default,
        "printed": trial.printed,
        "counts": {
            reading: {
                "events": count.events,
                "n": count.n,
                "denominator": count.denominator,
                "impossible": count.impossible,
                "derived": count.derived,
            }
            for reading, count in trial.counts.items()
        },
    }
