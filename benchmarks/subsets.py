"""Every subset of the trials: `carbite.all_subsets` beside metafor::gosh, PyMARE and pimeta, in one run.

``python -m benchmarks.subsets [largest k]``. Processor time per fit, one thread; then how it grows with k. The trials
are the 15 of ``tests/reference/mixed_15_trials.json``; beyond 15, the first nine again. metafor is Debian's
r-cran-metafor.

The programs do not do the same work, and the table says so where it matters: metafor and pimeta give no standard error
and stop early, PyMARE's REML is exact to about 1e-6 and must be given the subsets sorted by size. Ours has the standard
error, the global maximum, and converges.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pimeta
from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator, WeightedLeastSquares

from carbite.pooling import TAU2, effect_sizes
from carbite.subsets import Subsets, all_subsets

ROOT = Path(__file__).parents[1]
METHODS = ("EE", "DL", "REML")
GOALS = {"EE": 3_000, "DL": 1_000, "REML": 10_000}
REML_GOAL_PYTHON = 30
LARGEST_K = 24  # some 600 MB; above, a sample is drawn
# A peer is run up to the k at which one run takes some ten seconds.
LARGEST_METAFOR = {"EE": 14, "DL": 14, "REML": 12}
LARGEST_PYMARE = {"EE": 16, "DL": 16, "REML": 14}
LARGEST_PIMETA = {"EE": 14, "DL": 14, "REML": 12}
# Ours is repeated until this much time has passed, at least so often; the shortest counts.
SECONDS, REPEATS = 0.5, 3
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

FIRST_CALL = """
import time
from carbite.subsets import all_subsets
start = time.perf_counter(), time.process_time()
all_subsets([3, 4], [9, 9], progress=None)
print(time.perf_counter() - start[0], time.process_time() - start[1])
"""


class Run(NamedTuple):
    """Nanoseconds of processor time per fit, and the estimates by mask, where the program gives them."""

    ns: float
    estimates: np.ndarray | None


def trials(k: int) -> tuple[list[int], list[int]]:
    mixed = json.loads((ROOT / "tests" / "reference" / "mixed_15_trials.json").read_text("utf-8"))
    return (mixed["xi"] + mixed["xi"][:9])[:k], (mixed["ni"] + mixed["ni"][:9])[:k]


def timed(work: Callable[[], object], fits: int) -> float:
    """Nanoseconds per fit, the shortest of several runs."""
    taken: list[float] = []
    while len(taken) < REPEATS or sum(taken) < SECONDS:
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken) / fits * 1e9


def ours(k: int, method: str, interval: str = "z") -> tuple[float, Subsets]:
    x, n = trials(k)
    kept: list[Subsets] = []

    def work() -> None:
        kept[:] = [all_subsets(x, n, tau2=method, interval=interval, progress=None)]

    return timed(work, 2**k - 1), kept[0]


def run_metafor(k: int, method: str) -> tuple[float, float, str] | None:
    """Nanoseconds per fit, the sum of the estimates, and the version; None without R or metafor."""
    if shutil.which("Rscript") is None:
        return None
    y, v = effect_sizes(*trials(k))
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.writelines(f"{a!r},{b!r}\n" for a, b in zip(y.tolist(), v.tolist(), strict=True))
        file.flush()
        command = ["Rscript", str(Path(__file__).with_name("gosh.R")), file.name, method, str(k)]
        run = subprocess.run(command, capture_output=True, text=True, env=os.environ | ONE_THREAD)
    if run.returncode != 0:
        return None
    seconds, fits, total, metafor = run.stdout.split()
    return float(seconds) / int(fits) * 1e9, float(total), metafor


def run_pymare(k: int, method: str) -> Run:
    """All subsets of one size are parallel data sets: PyMARE's own way to fit many at once."""
    y, v = effect_sizes(*trials(k))
    masks = np.arange(1, 2**k)
    inside = (masks[:, None] >> np.arange(k) & 1).astype(bool)
    sizes = inside.sum(axis=1)
    batches = [
        (rows, np.nonzero(inside[rows])[1].reshape(-1, size).T)
        for size in range(2, k + 1)
        for rows in [np.flatnonzero(sizes == size)]
    ]
    estimators = {
        "EE": lambda: WeightedLeastSquares(tau2=0, small_sample_correction="wald"),
        "DL": lambda: DerSimonianLaird(small_sample_correction="wald"),
        "REML": lambda: VarianceBasedLikelihoodEstimator(method="REML", small_sample_correction="wald"),
    }
    estimates = np.empty(len(masks))
    start = time.process_time()
    for rows, positions in batches:
        estimator = estimators[method]()
        estimator.fit(y=y[positions], v=v[positions], X=np.ones((len(positions), 1)))
        estimates[rows] = estimator.params_["fe_params"][0]
    taken = time.process_time() - start
    alone = sizes == 1
    estimates[alone] = y[np.nonzero(inside[alone])[1]]
    return Run(taken / (len(masks) - k) * 1e9, estimates)


def run_pimeta(k: int, method: str) -> Run:
    y, v = (values.tolist() for values in effect_sizes(*trials(k)))
    start = time.process_time()
    result = pimeta.gosh(y, v, method="FE" if method == "EE" else method)
    taken = time.process_time() - start
    estimates = np.full(2**k - 1, np.nan)
    masks = (np.asarray(result.incl, dtype=int) << np.arange(k)).sum(axis=1)
    estimates[masks - 1] = np.asarray(result.estimate, dtype=float).ravel()
    return Run(taken / len(masks) * 1e9, estimates)


def first_calls() -> None:
    """Two new processes with an empty cache folder: the first compiles, the second finds the result."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        for what in ("first call, compiling", "first call of a later process"):
            run = subprocess.run([sys.executable, "-c", FIRST_CALL], capture_output=True, text=True, env=environment)
            wall, processor = map(float, run.stdout.split())
            print(f"{what:32} {wall:6.2f} s, of which processor {processor:.2f} s")


def ratio(theirs: float | None, mine: float) -> str:
    return "–" if theirs is None else f"{theirs / mine:,.0f}"


def nanoseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def compare(method: str, largest_k: int) -> dict[int, float]:
    """One table: k from 8, in steps of two. Beyond a peer's last measured k, its last time stands.

    Returns our milliseconds for all subsets, by k.
    """
    print(f"\n{method}: ns of processor time per fit; x = times faster than the peer")
    peers = f"{'metafor':>11} {'x':>8} | {'PyMARE':>9} {'x':>7} | {'pimeta':>9} {'x':>7}"
    print(f"{'k':>2} {'subsets':>11} {'carbite':>9} | {peers} | largest difference of an estimate")
    last: dict[str, float] = {}
    whole: dict[int, float] = {}
    for k in range(8, largest_k + 1, 2):
        mine, subsets = ours(k, method)
        whole[k] = mine * (2**k - 1) / 1e6
        notes: list[str] = []
        if k <= LARGEST_METAFOR[method] and (metafor := run_metafor(k, method)):
            last["metafor"] = metafor[0]
            mean_difference = abs(metafor[1] - subsets.estimate.sum()) / len(subsets)
            notes.append(f"metafor {mean_difference:.0e} (mean)")
        if k <= LARGEST_PYMARE[method]:
            pymare = run_pymare(k, method)
            last["PyMARE"] = pymare.ns
            notes.append(f"PyMARE {np.nanmax(np.abs(pymare.estimates - subsets.estimate)):.0e}")
        if k <= LARGEST_PIMETA[method]:
            peer = run_pimeta(k, method)
            last["pimeta"] = peer.ns
            notes.append(f"pimeta {np.nanmax(np.abs(peer.estimates - subsets.estimate)):.0e}")
        columns = " | ".join(
            f"{nanoseconds(last.get(name)):>{width}} {ratio(last.get(name), mine):>{narrow}}"
            for name, width, narrow in (("metafor", 11, 8), ("PyMARE", 9, 7), ("pimeta", 9, 7))
        )
        print(
            f"{k:2} {2**k - 1:11,} {mine:9.1f} | {columns} | {', '.join(notes) or 'peers: their last measured k'}",
            flush=True,
        )
    return whole


def growth(by_method: dict[str, dict[int, float]]) -> None:
    """How the cost of all subsets grows: their number grows fourfold with two more trials."""
    print("\nall subsets, ms of processor time; x = times that of two trials fewer (the number of subsets: 4.0)")
    print(f"{'k':>2} {'subsets':>11} | " + " | ".join(f"{method:>10} {'x':>5}" for method in by_method))
    for k in next(iter(by_method.values())):
        cells = []
        for whole in by_method.values():
            factor = f"{whole[k] / whole[k - 2]:.1f}" if k - 2 in whole else "–"
            cells.append(f"{whole[k]:10,.2f} {factor:>5}")
        print(f"{k:2} {2**k - 1:11,} | " + " | ".join(cells))


def main() -> None:
    largest_k = int(sys.argv[1]) if len(sys.argv) > 1 else LARGEST_K
    metafor = run_metafor(4, "EE")
    print(
        f"carbite {version('carbite')}, Numba {version('numba')}, NumPy {version('numpy')}, "
        f"Python {platform.python_version()}; PyMARE {version('PyMARE')}, pimeta {version('pimeta')}; "
        + (f"metafor {metafor[2]}" if metafor else "metafor is missing: apt-get install r-cran-metafor")
    )
    threads = {name: os.environ.get(name, "not set") for name in ONE_THREAD}
    print(f"goals: {GOALS} times metafor, REML {REML_GOAL_PYTHON} times the fastest Python peer; threads: {threads}")
    first_calls()
    growth({method: compare(method, largest_k) for method in METHODS})
    print("\nk = 15, the debate's own trials: all 32,767 subsets, ms of processor time")
    for method in TAU2:
        z, modified = (ours(15, method, interval)[0] * 32_767 / 1e6 for interval in ("z", "modified-hartung-knapp"))
        print(f"{method:5} {z:7.2f} with z, {modified:7.2f} with modified-hartung-knapp")


if __name__ == "__main__":
    main()
