"""Zip archives whose bytes follow from what is in them, on any day, in any folder and on any system."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip archive can hold."""

_FROM_UNIX = 3
_READABLE_BY_ALL = 0o100644 << 16


def zipped(files: Mapping[str, bytes], time: tuple[int, int, int, int, int, int] = NO_TIME) -> bytes:
    """An archive of the files, by their names in it, in this order, each of this time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, time)
            # Otherwise as on the machine that packs.
            entry.create_system = _FROM_UNIX
            entry.external_attr = _READABLE_BY_ALL
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return made.getvalue()


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path in it, with slashes."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
