"""CAR or BiTE? The evidence, the statistics and the interactives of a debate you can recompute.

The names below are loaded when they are first used, so that ``import carbite`` stays quick: pandas is
imported by the functions that return frames, NumPy and SciPy by those that pool.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .comparison import Options, Selection
    from .evidence import (
        DataError,
        appraisals,
        certainty,
        claims,
        comparisons,
        consistent_events,
        constructs,
        costs,
        delivery,
        discrepancies,
        follow_up,
        kinetics,
        milestones,
        ongoing_trials,
        outcomes,
        predictions,
        readings,
        records,
        sources,
        statements,
        survival,
        trials,
    )
    from .pooling import contrast, glmm, pool
    from .robustness import fragility
    from .subsets import all_subsets
    from .verdict import evaluate

__version__ = "0.1.0"

__all__ = [
    "DataError",
    "Options",
    "Selection",
    "__version__",
    "all_subsets",
    "appraisals",
    "certainty",
    "claims",
    "comparisons",
    "consistent_events",
    "constructs",
    "contrast",
    "costs",
    "delivery",
    "discrepancies",
    "evaluate",
    "follow_up",
    "fragility",
    "glmm",
    "kinetics",
    "milestones",
    "ongoing_trials",
    "outcomes",
    "pool",
    "predictions",
    "readings",
    "records",
    "sources",
    "statements",
    "survival",
    "trials",
]

_HOMES = {
    **dict.fromkeys(("contrast", "glmm", "pool"), "pooling"),
    **dict.fromkeys(("Options", "Selection"), "comparison"),
    "all_subsets": "subsets",
    "evaluate": "verdict",
    "fragility": "robustness",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES.get(name, 'evidence')}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
