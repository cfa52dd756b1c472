"""How long a class takes to grade, and what the grader itself holds meanwhile.

python -m benchmarks.grading [--learners 100] [--kernels 2]

Learners hand in the efficacy assignment: the solution, each typical mistake and a blank, in turn. Memory is that of the
grading process without its sandboxes; that it is flat shows in the peak of a class beside that of a tenth of it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import yaml
from tests.course.unprivileged import ROOT, own, prefix

from carbite_course.assignment import Assignment, read
from carbite_course.building import notebook

SOURCE = ROOT / "course" / "assignments" / "efficacy"
TARGET_S = 600.0
# Growth from a tenth of the class to the whole that is still called flat, in MB: what an allocator may keep.
FLAT_MB = 20.0
WATCH_S = 0.1


def main() -> None:
    """Measure, print, and fail where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=100)
    parser.add_argument("--kernels", type=int, default=2)
    chosen = parser.parse_args()
    assignment = read(SOURCE)
    tenth, _ = measure(assignment, max(chosen.learners // 10, 2), chosen.kernels)
    peak, seconds = measure(assignment, chosen.learners, chosen.kernels)
    each = seconds / chosen.learners
    print(f"{chosen.learners} learners on {chosen.kernels} kernels: {seconds:.0f} s, {each:.2f} s each")
    print(f"for 100 learners: {100 * each:.0f} s (target under {TARGET_S:.0f} s)")
    print(f"memory of the grader: {peak:.0f} MB; for a tenth of the class {tenth:.0f} MB")
    if 100 * each > TARGET_S or peak - tenth > FLAT_MB:
        sys.exit("missed: the target is under ten minutes for 100 learners, with flat memory")


def measure(assignment: Assignment, learners: int, kernels: int) -> tuple[float, float]:
    """Grade a class; the peak of the grader's memory in MB, and the seconds it took."""
    with tempfile.TemporaryDirectory(prefix="carbite-grading-", dir="/var/tmp") as place:
        home = own(Path(place))
        submissions, folder = home / "submissions", home / "graded"
        for made in (submissions, folder):
            made.mkdir()
            own(made)
        hand_in(assignment, submissions, learners)
        command = [*prefix(), sys.executable, "-B", "-m", "carbite_course", "grade", str(SOURCE), str(submissions)]
        environment = {"PATH": os.environ["PATH"], "HOME": place, "PYTHONPATH": str(ROOT / "src"), "LANG": "C.UTF-8"}
        started = time.monotonic()
        process = psutil.Popen([*command, "--to", str(folder), "--kernels", str(kernels)], env=environment, cwd=place)
        peaks: list[float] = [0.0]
        watch = threading.Thread(target=_watch, args=(process, peaks))
        watch.start()
        code = process.wait()
        watch.join()
        if code or len(list((folder / "results").glob("*.json"))) != learners:
            sys.exit(f"grading ended with {code}")
        return peaks[0], time.monotonic() - started


def hand_in(assignment: Assignment, folder: Path, learners: int) -> None:
    """A class: solutions, mistakes and blanks in turn."""
    mistakes = yaml.safe_load((SOURCE / "mistakes.yml").read_text("utf-8"))
    kinds = [assignment.solution, assignment.blank, *(assignment.solution | each["answers"] for each in mistakes)]
    for number in range(learners):
        written = json.dumps(notebook(assignment, kinds[number % len(kinds)]))
        (folder / f"learner{number:04d}.ipynb").write_text(written, "utf-8")


def _watch(process: psutil.Popen, peaks: list[float]) -> None:
    """Keep the largest memory of the grader: the one process of the tree that runs the command line itself."""
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        for each in [process, *process.children(recursive=True)]:
            try:
                if each.cmdline()[1:4] == ["-B", "-m", "carbite_course"]:
                    peaks[0] = max(peaks[0], each.memory_info().rss / 1e6)
            except (psutil.Error, IndexError):
                continue
        time.sleep(WATCH_S)


if __name__ == "__main__":
    main()
