"""A link that opens the explorer in exactly one state: what ``explorer/state.js`` writes and reads."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np

from carbite.comparison import Options, Selection

SCHEMA = "1"
_OPTION_KEYS = {
    "r": "reading",
    "t": "tau2",
    "i": "interval",
    "p": "population",
    "o": "overlap",
    "b": "bias",
    "a": "attrition",
}


def format_hash(selection: Selection, options: Options | None = None) -> str:
    """The part of an address from ``#`` on, such as ``#s=1;c=cr;on=eliana,tower;r=enrolled``.

    It names every ticked trial, so that it holds when the published comparison grows.
    """
    options, usual = options or Options(), Options()
    parts = [f"s={SCHEMA}", f"c={selection.comparison_id}", f"on={','.join(selection.trials)}"]
    if selection.readings:
        parts.append("rt=" + ",".join(f"{trial}.{reading}" for trial, reading in selection.readings.items()))
    for key, name in _OPTION_KEYS.items():
        value = getattr(options, name)
        if value != getattr(usual, name):
            parts.append(f"{key}={_number(value) if isinstance(value, float) else value}")
    for trial in selection.added:
        (count,) = trial.counts.values()
        parts.append("x=" + "~".join(_part(value) for value in (trial.name, trial.arm, count.events, count.n)))
    return "#" + ";".join(parts)


def _number(value: float) -> str:
    """As JavaScript writes it: ``2``, ``0.13``."""
    return np.format_float_positional(value, trim="-")


def _part(value: object) -> str:
    """As JavaScript's ``encodeURIComponent`` with ``~``, which stands between the parts."""
    return quote(str(value), safe="!*'()").replace("~", "%7E")
