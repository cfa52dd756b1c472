"""Reports of the runs: Markdown for people, JSON for tests, both with machine, date and command."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil


def machine() -> str:
    """This machine in a few words."""
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GB, {platform.system()} {platform.release()}"


def _cpuinfo() -> Iterable[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text("utf-8").splitlines() if file.exists() else ()


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def about(command: str) -> dict[str, Any]:
    """When, where and by what a report was made: the first of its figures."""
    return {"date": f"{datetime.now():%Y-%m-%d %H:%M}", "machine": machine(), "command": command}


def write(folder: Path, title: str, parts: Sequence[str], figures: dict[str, Any]) -> Path:
    """Write report.md and report.json; the path of the first. ``figures`` begin with those of ``about``."""
    said = f"{figures['date']}, {figures['machine']}, `{figures['command']}`."
    (folder / "report.md").write_text("\n\n".join((f"# {title}", said, *parts)) + "\n", "utf-8")
    (folder / "report.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return folder / "report.md"
