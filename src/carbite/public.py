"""The public names of the package, by the module that offers them: what the API reference has to document."""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module
from typing import Any

MODULES = (
    "carbite",
    "carbite.comparison",
    "carbite.verdict",
    "carbite.robustness",
    "carbite.bias",
    "carbite.pooling",
    "carbite.subsets",
    "carbite.link",
    "carbite.models",
    "carbite.explorer",
)
"""In the order of the reference. What one module offers is not listed again with a later one."""


@cache
def public_names() -> dict[str, tuple[str, ...]]:
    """The names in ``__all__`` of each module, sorted, but for the version and those that an earlier one offers."""
    seen: list[Any] = []
    found: dict[str, tuple[str, ...]] = {}
    for name in MODULES:
        module = import_module(name)
        offered = {each: getattr(module, each) for each in module.__all__ if not each.startswith("__")}
        new = {each: value for each, value in offered.items() if not any(value is earlier for earlier in seen)}
        # Small numbers are one object wherever they are named.
        seen += [value for value in new.values() if callable(value)]
        found[name] = tuple(sorted(new, key=str.lower))
    return found


def summary(module: str, name: str) -> str:
    """The first sentence of what is said of a public name; empty for a constant."""
    value = getattr(import_module(module), name)
    said = inspect.getdoc(value) if callable(value) else ""
    return " ".join((said or "").split("\n\n")[0].split())
