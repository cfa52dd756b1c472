"""Run a JavaScript file of ``tests/js`` in Node: JSON in, JSON out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from carbite.node import node_executable

SCRIPTS = Path(__file__).parent / "js"


def run_node(script: str, data: Any, folder: Path) -> Any:
    """What ``tests/js/<script>`` answers to ``data``; fails with Node's own message."""
    sent, received = folder / "input.json", folder / "output.json"
    sent.write_text(json.dumps(data), "utf-8")
    run = subprocess.run(
        [node_executable(), str(SCRIPTS / script), str(sent), str(received)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return json.loads(received.read_text("utf-8"))
