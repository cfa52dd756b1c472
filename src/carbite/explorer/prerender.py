"""What a component shows at first as HTML, drawn at build time by the same functions that draw it in the browser."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any

from carbite.explorer.payload import payload
from carbite.node import node_executable


def prerender(comparison_id: str, key: str) -> str:
    """HTML of one explorer under its default state; ``key`` prefixes the ids inside it.

    Raises RuntimeError with Node's own message when drawing fails.
    """
    return _drawn("prerender.js", {"data": payload(), "comparison": comparison_id, "key": key}, comparison_id)


def prerender_simulation(about: Mapping[str, Any], key: str) -> str:
    """HTML of one simulation at its starting values, from what ``Model.description()`` wrote; otherwise as above."""
    return _drawn("simulation_prerender.js", {"about": about, "key": key}, about["name"])


def prerender_curve(data: Mapping[str, Any], key: str, explorer: str) -> str:
    """HTML of one specification curve with every choice ticked, from what ``Multiverse.payload()`` wrote."""
    return _drawn("curve_prerender.js", {"data": data, "key": key, "explorer": explorer}, data["claim"])


def _drawn(script: str, asked: Mapping[str, Any], what: str) -> str:
    with as_file(files("carbite")) as folder:
        drawn = subprocess.run(
            [node_executable(), str(folder / "explorer" / script)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
    if drawn.returncode != 0:
        raise RuntimeError(f"{what} could not be drawn: {drawn.stderr.strip()}")
    return drawn.stdout
