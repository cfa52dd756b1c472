"""The files of a release, all from this tree, and their checksums: ``make release``.

    python -m carbite.publish.release dist/site dist/release

Wheel and source archive, the site as a zip, the book as PDF and EPUB, the data package as a zip, CITATION.cff and
SHA256SUMS. Times in the files are that of ``date-released`` in CITATION.cff, so that the same tree gives the same
bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from carbite import __version__
from carbite.archives import files_below, zipped
from carbite.evidence import PACKAGE
from carbite.released import FILE as RELEASED

from . import datapackage

CITATION = "CITATION.cff"
CHANGELOG = "CHANGELOG.md"
SUMS = "SHA256SUMS"
UNRELEASED = "unreleased"
_HEADING = re.compile(r"^## (\S+) \(([^)]+)\)$", re.MULTILINE)


def cited(root: Path) -> dict[str, Any]:
    """What CITATION.cff says."""
    found: dict[str, Any] = yaml.safe_load((root / CITATION).read_text("utf-8"))
    return found


def newest(root: Path) -> tuple[str, str]:
    """Version and date, or "unreleased", of the first heading of the changelog.

    Raises ValueError where it has none such as "## 1.2.3 (2026-11-21)".
    """
    heading = _HEADING.search((root / CHANGELOG).read_text("utf-8"))
    if heading is None:
        raise ValueError(f'{CHANGELOG}: expected a heading such as "## 1.2.3 (2026-11-21)" or "## 1.2.3 (unreleased)"')
    return heading[1], heading[2]


def disagreements(root: Path) -> list[str]:
    """One sentence for each place that names another version or date than the others do."""
    citation = cited(root)
    version, day = newest(root)
    described = json.loads((root / "data" / PACKAGE).read_text("utf-8"))["version"]
    kept = json.loads((root / "src" / "carbite" / RELEASED).read_text("utf-8"))["version"]
    named = {CITATION: str(citation["version"]), CHANGELOG: version, f"data/{PACKAGE}": described}
    if day != UNRELEASED:
        named[f"src/carbite/{RELEASED} (make released)"] = kept
    found = [f"{place} is at version {said or 'none'}, the package at {__version__}" for place, said in named.items()]
    found = [line for line, said in zip(found, named.values(), strict=True) if said != __version__]
    if day not in (UNRELEASED, str(citation["date-released"])):
        found.append(f"{CHANGELOG} has {day}, {CITATION} has date-released {citation['date-released']}")
    return found


def make(site: Path, target: Path, root: Path) -> None:
    """Write every file of a release into ``target``, anew; ``site`` is the folder that ``make site`` wrote.

    Raises CalledProcessError where the wheel cannot be built, RuntimeError where no browser can print the PDF.
    """
    # The binding of the book is a matter of the book's packages; the checks above are not.
    from carbite.site.editions import articles, epub, pdf

    day = date.fromisoformat(str(cited(root)["date-released"]))
    os.environ["SOURCE_DATE_EPOCH"] = str(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()))
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    name = f"carbite-{__version__}"
    # The wheel is built from the source archive.
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(root)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for part, files in (("site", files_below(site)), ("data", datapackage.files(root))):
        (target / f"{name}-{part}.zip").write_bytes(in_one_folder(f"{name}-{part}", files, day))
    shutil.copyfile(root / CITATION, target / CITATION)
    # Each binder changes the pages that it is given.
    epub.write(articles.read(site, root, __version__), target / f"{name}.epub")
    pdf.write(articles.read(site, root, __version__), site, target / f"{name}.pdf")
    (target / SUMS).write_text(sums(target), "utf-8")


def in_one_folder(folder: str, files: Mapping[str, bytes], day: date) -> bytes:
    """A zip of the files, all below one folder, sorted by name and dated to the start of the day."""
    return zipped({f"{folder}/{name}": files[name] for name in sorted(files)}, (day.year, day.month, day.day, 0, 0, 0))


def sums(folder: Path) -> str:
    """A line for each file, as the program sha256sum writes and checks them."""
    return "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files_below(folder).items()))


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the files of a release.")
    parser.add_argument("site", type=Path, help="folder that `make site` wrote")
    parser.add_argument("target", type=Path, help="folder to write; what is in it is replaced")
    parser.add_argument("--root", type=Path, default=Path(), help="folder of the project")
    chosen = parser.parse_args()
    if wrong := disagreements(chosen.root):
        sys.exit("\n".join(wrong))
    try:
        make(chosen.site, chosen.target, chosen.root)
    except (FileNotFoundError, RuntimeError, ValueError) as error:
        sys.exit(str(error))
    for path in sorted(chosen.target.iterdir()):
        print(f"{path.stat().st_size / 1e6:6.1f} MB  {path}")
    if newest(chosen.root)[1] == UNRELEASED:
        print(f"A rehearsal: {CHANGELOG} says that {__version__} is {UNRELEASED}.")


if __name__ == "__main__":
    main()
