"""A link that opens the explorer in exactly one state: what ``explorer/state.js`` writes and reads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from carbite.comparison import Options, Selection, Trial, added_trial, check, comparison

__all__ = ["format_hash", "parse_hash"]

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
# Other keys of an address belong to other parts of a page.
_KEYS = {"c", "on", "rt", "x", *_OPTION_KEYS}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COUNT = re.compile(r"[0-9]{1,9}")
_LONGEST_NAME = 60
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def format_hash(selection: Selection, options: Options | None = None) -> str:
    """The part of an address from ``#`` on, such as ``#s=1;c=cr;on=eliana,tower;r=enrolled``.

    It names every ticked trial, so that it holds when the published comparison grows. Behind the address of a page
    with an explorer it opens this state there.

    Args:
        selection: the trials that are counted.
        options: how they are counted and pooled; the published ones where there are none.

    Returns:
        The part of the address, in ASCII.
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


def parse_hash(link: str) -> tuple[Selection, Options]:
    """The state that a link opens: what :func:`format_hash` wrote, alone or at the end of an address.

    Args:
        link: the address, or its part from ``#`` on.

    Returns:
        The selection and the options, as :func:`carbite.evaluate` takes them.

    Raises:
        ValueError: for every link at which the page shows the published comparison with a notice, and for one
            without a state; it says what is wrong.
    """
    version, *parts = link.strip().partition("#")[2].split(";")
    if version != f"s={SCHEMA}":
        raise ValueError(f"expected a link to a state of the explorer, with '#s={SCHEMA};c=' in it")
    values: dict[str, str] = {}
    added: list[str] = []
    for key, _, value in (part.partition("=") for part in parts if "=" in part):
        if key == "x":
            added.append(value)
        elif key in values:
            raise ValueError(f"{key!r} stands in the link twice")
        elif key in _KEYS:
            values[key] = value
    if missing := {"c", "on"} - set(values):
        raise ValueError(f"the link does not say {' and '.join(sorted(missing))!r}: endpoint, ticked trials")
    try:
        asked = comparison(values["c"])
    except KeyError as error:
        raise ValueError(error.args[0]) from None
    trials = tuple(values["on"].split(",")) if values["on"] else ()
    if len(set(trials)) < len(trials):
        raise ValueError("a trial is ticked twice in the link")
    selection = Selection(asked.comparison_id, trials, _readings(values.get("rt", "")))
    for text in added:
        taken = {trial.name for trial in (*asked.trials, *selection.added)}
        selection = replace(selection, added=(*selection.added, _added(text, taken)))
    options = Options(**{name: _value(name, values[key]) for key, name in _OPTION_KEYS.items() if key in values})
    check(selection, options)
    return selection, options


def _readings(text: str) -> dict[str, str]:
    readings: dict[str, str] = {}
    for pair in text.split(",") if text else ():
        trial, _, reading = pair.partition(".")
        if trial in readings or not reading:
            raise ValueError(f"{pair!r} does not say how one trial is counted")
        readings[trial] = reading
    return readings


def _value(name: str, text: str) -> Any:
    if not isinstance(getattr(Options(), name), float):
        return text
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"option {name} is {text!r}; expected a number")
    return float(text)


def _added(text: str, taken: Iterable[str]) -> Trial:
    parts = text.split("~")
    if len(parts) != 4 or _BROKEN_ESCAPE.search(text):
        raise ValueError("an added trial cannot be read; expected its name, arm, events and patients")
    name, arm, events, n = (unquote(part, errors="strict") for part in parts)
    if not (_COUNT.fullmatch(events) and _COUNT.fullmatch(n)):
        raise ValueError(f"{name!r} has {events!r} of {n!r} patients; expected whole numbers")
    trial = added_trial(name, arm, int(events), int(n))
    if trial.name in taken or len(trial.name) > _LONGEST_NAME:
        raise ValueError(f"an added trial is called {trial.name!r}; expected up to {_LONGEST_NAME} signs, none twice")
    return trial


def _number(value: float) -> str:
    """As JavaScript writes it: ``2``, ``0.13``."""
    return np.format_float_positional(value, trim="-")


def _part(value: object) -> str:
    """As JavaScript's ``encodeURIComponent`` with ``~``, which stands between the parts."""
    return quote(str(value), safe="!*'()").replace("~", "%7E")
