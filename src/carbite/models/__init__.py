"""The models of the chapters: what a learner can recompute without any trial's data.

A model is three files: ``NAME.py`` (parameters with their origins, and the formulas), ``NAME.js`` (the same formulas
for the page, and its charts) and ``NAME.json`` (the sentences of both). ``model("infusion")`` gives one of them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.resources import files

from .model import Model
from .parameters import Choice, Origin, Slider, Toggle

__all__ = ["Choice", "Model", "Origin", "Slider", "Toggle", "model", "model_names"]


@cache
def model_names() -> tuple[str, ...]:
    """The name of every model: each has its sentences in a file of its own."""
    found = (file.name for file in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in found if name.endswith(".json")))


def model(name: str) -> Model:
    """The model of this name.

    Args:
        name: one of :func:`model_names`.

    Returns:
        The model; ``result()`` of it computes.

    Raises:
        ValueError: for an unknown name, listing those there are.

    >>> model("infusion").result({"half_life": 4})["text"]["half_life"]
    '4.0 hours'
    """
    if name not in model_names():
        raise ValueError(f"there is no model {name!r}; there are {', '.join(model_names())}")
    found: Model = import_module(f"{__name__}.{name}").MODEL
    return found
