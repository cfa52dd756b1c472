"""Two builds of one commit, compared byte for byte.

python -m tests.same_build            builds the book twice, in other folders, time zones and hash seeds
python -m tests.same_build A B        compares two sites that were built

It prints the files that differ, with the first place where they do, and exits with 1 when there are any.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from carbite.archives import files_below

ROOT = Path(__file__).parents[1]
SOURCES = (
    "src",
    "data",
    "book",
    "course",
    "_config.yml",
    "_toc.yml",
    "requirements.lock",
    "LICENSE",
    "LICENSE-content",
)
AROUND = 60
# What may differ, and why. Nothing of it is read by a page.
EXPLAINED = {
    ".buildinfo": "Sphinx's note to itself: a hash of its settings, among them where the themes are installed",
}
# Two readers' machines: what must not show in a page.
ENVIRONMENTS = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC"},
    {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LANG": "C"},
)


def differences(one: Path, other: Path) -> list[str]:
    """A line for each file that is not the same in both."""
    first, second = files_below(one), files_below(other)
    lines = [f"{name}: only in {one if name in first else other}" for name in sorted(first.keys() ^ second.keys())]
    both = sorted(first.keys() & second.keys())
    return lines + [difference(name, first[name], second[name]) for name in both if first[name] != second[name]]


def difference(name: str, one: bytes, other: bytes) -> str:
    """Where two versions of a file first differ, and what stands there in each."""
    pairs = enumerate(zip(one, other, strict=False))
    place = next((i for i, (x, y) in pairs if x != y), min(len(one), len(other)))
    start = max(0, place - AROUND)
    return f"{name}, byte {place}: {one[start : place + AROUND]!r}\n  {other[start : place + AROUND]!r}"


def build(folder: Path, environment: dict[str, str]) -> Path:
    """Copy the sources to a folder and build them there from nothing; returns the site.

    Raises CalledProcessError with what was said when the build fails.
    """
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    command = ["-c", "from jupyter_book.cli.main import main; main()", "build", ".", "-W", "-n", "--keep-going"]
    subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "NO_COLOR": "1", **environment},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return folder / "_build" / "html"


def main() -> int:
    """Compare two sites, named or built; 1 where they differ."""
    if len(sys.argv) == 3:
        found = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory(prefix="elsewhere-") as there:
            folders = (Path(here), Path(there) / "deeper")
            folders[1].mkdir()
            found = differences(*(build(*each) for each in zip(folders, ENVIRONMENTS, strict=True)))
    explained = {name: why for name, why in EXPLAINED.items() if any(line.startswith(name) for line in found)}
    found = [line for line in found if not line.startswith(tuple(EXPLAINED))]
    for line in found:
        print(line)
    for name, why in explained.items():
        print(f"{name} differs: {why}")
    print(f"{len(found)} files of the site differ" if found else "Both sites are the same, byte for byte")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
