"""What a change costs: a warm build after an edit beside a cold build of the whole book, in one run.

python -m benchmarks.rebuild

It also checks what is executed again: nothing after an edit of prose, every chapter after a change of the data or of
the package, which jupyter-cache by itself does not notice. It exits with 1 where that is not so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ("src", "data", "book", "_config.yml", "_toc.yml", "requirements.lock")
CHAPTER = "book/efficacy.md"
BUILD = ("-c", "from jupyter_book.cli.main import main; main()", "build", ".", "-W", "-n", "--keep-going")


@dataclass(frozen=True)
class Build:
    """How long one build took, and which chapters ran."""

    seconds: float
    executed: tuple[str, ...]


def build(folder: Path) -> Build:
    """Build the book in a folder. Raises CalledProcessError when that fails."""
    start = time.perf_counter()
    said = python(folder, *BUILD)
    executed = re.findall(r"(\S+\.md): Executed notebook", said)
    return Build(time.perf_counter() - start, tuple(sorted(Path(name).name for name in executed)))


def python(folder: Path, *arguments: str) -> str:
    """What a Python of the folder's own package says."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "NO_COLOR": "1"}
    run = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, check=True, capture_output=True, encoding="utf-8"
    )
    return run.stdout + run.stderr


def measure(folder: Path) -> dict[str, Build]:
    """Five builds, each after another change; what was changed -> the build."""
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    builds = {"nothing built before": build(folder), "nothing changed": build(folder)}
    chapter = folder / CHAPTER
    chapter.write_text(chapter.read_text("utf-8") + "\nOne sentence more.\n", "utf-8")
    builds["prose of one chapter"] = build(folder)
    code = folder / "src" / "carbite" / "figures.py"
    code.write_text(code.read_text("utf-8") + "\n# One comment more.\n", "utf-8")
    builds["the package"] = build(folder)
    glossary = folder / "data" / "left_out.csv"
    first, row, *rest = glossary.read_text("utf-8").split("\n")
    glossary.write_text("\n".join([first, *rest[:-1], row, *rest[-1:]]), "utf-8")
    python(folder, "-m", "carbite.seal")
    builds["the data"] = build(folder)
    return builds


def faults(builds: dict[str, Build]) -> list[str]:
    """What ran and should not have, or the other way round."""
    every = builds["nothing built before"].executed
    expected = {"nothing changed": (), "prose of one chapter": (), "the package": every, "the data": every}
    return [
        f"after a change of {name}: executed {builds[name].executed}, expected {wanted}"
        for name, wanted in expected.items()
        if builds[name].executed != wanted
    ]


def main() -> int:
    """Print each build, and what was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        builds = measure(Path(folder))
    cold = builds["nothing built before"].seconds
    for name, done in builds.items():
        share = done.seconds / cold
        print(f"{name:<22} {done.seconds:6.1f} s  {share:5.2f} of a cold build, {len(done.executed)} chapters executed")
    found = faults(builds)
    print("\n".join(found) or "Executed again: exactly what depends on the change.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
