"""Give a learner the notebooks that were written once for all: at the start of a server, in less than a second.

    python -m carbite.handout /srv/carbite/car-or-bite ~/car-or-bite

What a learner has edited is kept, and what they have only run keeps its results until there is another version of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from carbite.stamp import edited, stamp
from carbite.whole_files import write_text

WRITTEN, KEPT, EDITED = "written", "there already", "kept, it was edited"


def hand_out(source: Path, target: Path) -> dict[Path, str]:
    """Copy every notebook below ``source`` to the same place below ``target``; each file there with what was done.

    A file is replaced in one step: a server that is stopped meanwhile leaves the old one or the new one.
    """
    done = {}
    for written in sorted(source.rglob("*.ipynb")):
        file = target / written.relative_to(source)
        done[file] = _give(written, file)
    return done


def _give(written: Path, file: Path) -> str:
    if edited(file):
        return EDITED
    text = written.read_text("utf-8")
    if file.exists() and stamp(json.loads(file.read_text("utf-8"))) == stamp(json.loads(text)):
        return KEPT
    write_text(file, text)
    return WRITTEN


def main() -> None:
    """``python -m carbite.handout SOURCE TARGET``: says what was done with how many, and which were edited."""
    parser = argparse.ArgumentParser(description="Give a learner the notebooks that were written once for all.")
    parser.add_argument("source", type=Path, help="folder with the notebooks, as they were written")
    parser.add_argument("target", type=Path, help="the learner's folder")
    chosen = parser.parse_args()
    if not chosen.source.is_dir():
        sys.exit(f"{chosen.source}: there is no such folder")
    try:
        done = hand_out(chosen.source, chosen.target)
    except OSError as error:
        sys.exit(f"{chosen.target}: the notebooks could not be written: {error}")
    said = list(done.values())
    print(", ".join(f"{said.count(what)} {what}" for what in (WRITTEN, KEPT, EDITED)), f"in {chosen.target}")


if __name__ == "__main__":
    main()
