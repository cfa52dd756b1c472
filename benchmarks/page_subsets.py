"""Every subset of 15 trials in the page's JavaScript: the goal is all 32,767 within one frame of a screen.

    python -m benchmarks.page_subsets

In Node, which has the engine of Chromium, one thread, all in one run:

- all subsets anew, beside one call of the page's own ``pool`` for each of them, and beside the compiled
  ``carbite.all_subsets`` in Python, which works on several subsets with one instruction;
- all subsets after the denominator of one trial has changed: only those that hold it are fitted;
- the first call, before the engine has compiled the functions: what a reader's first change costs.

Ticking a trial needs no fit at all. In the page the work is cut into slices; `benchmarks.responsiveness` measures them
with the processor slowed six times.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from carbite.node import node_executable
from carbite.pooling import TAU2
from carbite.subsets import all_subsets

HERE = Path(__file__).parent
MIXED = json.loads((HERE.parent / "tests" / "reference" / "mixed_15_trials.json").read_text("utf-8"))
FRAME_MS = 1000 / 60
REPEATS = 60
SINGLES = 500  # calls of `pool` that are timed


def in_node() -> dict[str, Any]:
    asked = {"events": MIXED["xi"], "n": MIXED["ni"], "methods": TAU2, "repeats": REPEATS, "singles": SINGLES}
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder, "asked.json")
        given.write_text(json.dumps(asked), "utf-8")
        run = subprocess.run(
            [node_executable(), str(HERE / "page_subsets.mjs"), str(given)], capture_output=True, text=True
        )
    if run.returncode:
        sys.exit(run.stderr)
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


def in_python(tau2: str) -> float:
    """Milliseconds, the shortest of several runs."""
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        all_subsets(MIXED["xi"], MIXED["ni"], tau2=tau2, progress=None)
        best = min(best, time.perf_counter() - start)
    return 1000 * best


def main() -> None:
    found = in_node()
    subsets = 2 ** len(MIXED["xi"]) - 1
    cores, trials = os.cpu_count(), len(MIXED["xi"])
    print(f"{cores} cores, Node {found['node']}; {subsets:,} subsets of {trials} trials, shortest of {REPEATS} runs")
    columns = {"all, ms": 10, "frames": 8, "ns a fit": 10, "pool, times": 13}
    columns |= {"one changed, ms": 17, "first, ms": 11, "Python, ms": 12}
    print(" " * 6 + "".join(name.rjust(width) for name, width in columns.items()))
    for method, times in found["times"].items():
        print(
            f"{method:<6}{times['all']:>10.1f}{times['all'] / FRAME_MS:>8.2f}{1e6 * times['all'] / subsets:>10.0f}"
            f"{times['one_pool'] * subsets / times['all']:>13.0f}{times['one_changed']:>17.1f}{times['first']:>11.1f}"
            f"{in_python(method):>12.1f}"
        )
    print("frames: of 16.7 ms; pool, times: one call of pool() for each subset takes so many times as long.")


if __name__ == "__main__":
    main()
