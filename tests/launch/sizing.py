"""How much a class needs, from what one learner was measured to need: the tables of deploy/README.md."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.launch.report import table

ROOT = Path(__file__).parents[2]
MEASURED = ROOT / "deploy" / "measured.json"
README = ROOT / "deploy" / "README.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
# What stands between the marks as long as there is no record.
NOT_MEASURED = """\
No class has been measured with this version yet: `.venv/bin/python -m tests.launch.hub --record` does it in some ten \
minutes and writes two tables here, what one learner needs and what 30, 300 and 3,000 need.
Until then the limits in `z2jh/values.yaml` and `tljh/jupyterhub_config.py` are a first guess."""
CLASSES = (30, 300, 3000)
# A learner has this many notebooks open at a time, as a rule; each has a kernel of its own.
KERNELS = 2
# On top of what was measured: learners write code of their own.
HEADROOM = 1.3
# A class that comes at the hour is to have its first chapter run within this time.
ARRIVAL_S = 300.0
NODE_CORES, NODE_GB = 16, 64
# What the operating system and Kubernetes keep of a node.
NODE_SHARE = 0.9


def memory_gb(learners: int, measured: Mapping[str, Any]) -> float:
    """GB for that many learners at the same time."""
    each = measured["server_pss_mb"] + KERNELS * measured["kernel_pss_mb"]
    return (measured["hub_pss_mb"] + learners * each * HEADROOM) / 1000


def cores(learners: int, measured: Mapping[str, Any]) -> float:
    """Cores for that many learners who come at the same time."""
    return learners * (measured["start_cpu_s"] + measured["run_cpu_s"]) / ARRIVAL_S


def nodes(learners: int, measured: Mapping[str, Any]) -> int:
    """Nodes of a cluster: whichever runs out first, memory or cores."""
    by_memory = memory_gb(learners, measured) / (NODE_GB * NODE_SHARE)
    return math.ceil(max(by_memory, cores(learners, measured) / (NODE_CORES * NODE_SHARE)))


def markdown(measured: Mapping[str, Any]) -> str:
    """What stands between the marks in deploy/README.md."""
    when = f"Measured {measured['date']} on {measured['machine']}, with `{measured['command']}`:"
    said = (
        f"{measured['learners']} learners at once, {measured['browsers']} of them in a browser, each with one chapter "
        f"open; {measured['cells']} cells run, {measured['failures'] or 'no'} failures. A server that was killed in "
        "the middle of work lost no saved notebook."
    )
    rows = [
        ("memory of a learner's server (median, PSS)", f"{measured['server_pss_mb']:.0f} MB"),
        ("memory of a kernel with a chapter (median, PSS)", f"{measured['kernel_pss_mb']:.0f} MB"),
        ("the most that one learner took, server and kernel", f"{measured['learner_pss_mb_most']:.0f} MB"),
        ("memory of hub and proxy", f"{measured['hub_pss_mb']:.0f} MB"),
        ("CPU to start a server (median)", f"{measured['start_cpu_s']:.1f} s"),
        ("CPU to run a chapter and save it (median)", f"{measured['run_cpu_s']:.1f} s"),
        ("from the log-in to the open chapter (median, slowest)", _pair(measured, "start_s")),
        ("all cells of a chapter (median, slowest)", _pair(measured, "run_s")),
    ]
    classes = [
        (
            f"{learners:,}",
            f"{memory_gb(learners, measured):,.0f} GB",
            f"{math.ceil(cores(learners, measured)):,}",
            f"{nodes(learners, measured):,}",
        )
        for learners in CLASSES
    ]
    head = ("learners at once", "memory", "cores", f"or nodes of {NODE_CORES} cores and {NODE_GB} GB")
    return "\n\n".join((f"{when} {said}", table(("", "measured"), rows), table(head, classes)))


def _pair(measured: Mapping[str, Any], name: str) -> str:
    return f"{measured[f'{name}_median']:.0f} s, {measured[f'{name}_slowest']:.0f} s"


def shortfalls(measured: Mapping[str, Any], guarantee_mb: float, limit_mb: float) -> list[str]:
    """What a learner was measured to need, in words, that the memory which a hub gives does not cover."""
    one = measured["server_pss_mb"] + measured["kernel_pss_mb"]
    usual = (measured["server_pss_mb"] + KERNELS * measured["kernel_pss_mb"]) * HEADROOM
    most = measured["learner_pss_mb_most"]
    checks = (
        (one, guarantee_mb, "a server and a kernel", "guaranteed"),
        (usual, limit_mb, f"a server and {KERNELS} kernels with {HEADROOM:g} of headroom", "allowed"),
        (most, limit_mb, "the most that one learner took", "allowed"),
    )
    return [
        f"{what}: {needed:.0f} MB, {given:.0f} MB are {how}" for needed, given, what, how in checks if needed >= given
    ]


def read() -> dict[str, Any] | None:
    """The figures of the last recorded run; None while no class has been measured."""
    return dict(json.loads(MEASURED.read_text("utf-8"))) if MEASURED.exists() else None


def said() -> str:
    """What the README says now of what a learner needs."""
    return README.read_text("utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def record(figures: Mapping[str, Any]) -> None:
    """Keep the figures of a run in deploy/, and put them into its README."""
    MEASURED.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    text = README.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n\n{markdown(figures)}\n\n{END}{after}", "utf-8")
