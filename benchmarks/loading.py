"""How long the data take to load, beside ``import pandas``, each in a fresh interpreter of one run.

python -m benchmarks.loading [runs]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

LOAD = "from carbite import evidence; start = time.perf_counter(); evidence.records('sources')"
PANDAS = "import pandas"


def seconds(code: str) -> float:
    """Wall-clock seconds of ``code`` in an interpreter of its own; a ``start`` in it is where the clock begins."""
    timed = f"import time; start = time.perf_counter(); {code}; print(time.perf_counter() - start)"
    run = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)
    return float(run.stdout)


def main() -> None:
    """Print both medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=int, nargs="?", default=15, help="interpreters of each kind (default: 15)")
    pairs = [(seconds(LOAD), seconds(PANDAS)) for _ in range(parser.parse_args().runs)]
    load, pandas = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"load all data {1000 * load:.0f} ms, import pandas {1000 * pandas:.0f} ms, ratio {ratio:.3f} (medians)")


if __name__ == "__main__":
    main()
