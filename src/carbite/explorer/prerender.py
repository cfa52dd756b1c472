"""The explorer's default view as HTML, drawn at build time by the same functions that draw it in the browser."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import as_file, files

from carbite.explorer.payload import payload
from carbite.node import node_executable


def prerender(comparison_id: str, key: str) -> str:
    """HTML of one explorer under its default state; ``key`` prefixes the ids inside it.

    Raises RuntimeError with Node's own message when drawing fails.
    """
    asked = json.dumps({"data": payload(), "comparison": comparison_id, "key": key})
    with as_file(files("carbite.explorer")) as folder:
        drawn = subprocess.run(
            [node_executable(), str(folder / "prerender.js")],
            input=asked,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
    if drawn.returncode != 0:
        raise RuntimeError(f"the explorer could not be drawn for {comparison_id}: {drawn.stderr.strip()}")
    return drawn.stdout
