"""CAR or BiTE? The evidence, the statistics and the interactives of a debate you can recompute.

The names below are loaded when they are first used, so that ``import carbite`` stays quick: pandas is
imported by the functions that return frames, NumPy and SciPy by those that pool.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .evidence import (
        DataError,
        consistent_events,
        discrepancies,
        outcomes,
        readings,
        records,
        sources,
        survival,
        trials,
    )
    from .pooling import contrast, glmm, pool

__version__ = "0.1.0"

__all__ = [
    "DataError",
    "__version__",
    "consistent_events",
    "contrast",
    "discrepancies",
    "glmm",
    "outcomes",
    "pool",
    "readings",
    "records",
    "sources",
    "survival",
    "trials",
]

# A submodule hides a name of the package as soon as it is imported, so the tables `claims` and `comparisons`,
# which are also submodules, are reached as `carbite.evidence.claims` and `carbite.evidence.comparisons`.
_POOLING = ("contrast", "glmm", "pool")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "pooling" if name in _POOLING else "evidence"
    return getattr(import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
