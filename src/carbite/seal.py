"""Seals the data after a wanted change: ``python -m carbite.seal``.

Writes the checksum of each table, and of the description itself, into ``datapackage.json``, and then loads
everything, so that a change that breaks a rule is told at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from carbite.evidence import PACKAGE, DataError, checksum, data_directory, load, package_seal


def seal(directory: Path) -> None:
    """Seals the tables in `directory`. Raises DataError when they break a rule."""
    path = directory / PACKAGE
    package = json.loads(path.read_text(encoding="utf-8"))
    for resource in package["resources"]:
        resource["hash"] = checksum((directory / resource["path"]).read_bytes())
    package["seal"] = package_seal(package)
    path.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    load(directory)


def main() -> None:
    """``python -m carbite.seal``; what is wrong with the tables is one message."""
    try:
        seal(data_directory())
    except DataError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
