"""Zip archives whose bytes follow from what is in them, on any day and in any folder."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

_FROM_UNIX = 3
_READABLE_BY_ALL = 0o100644 << 16


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path in it, with slashes."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def pack(target: Path, folder: str, files: Mapping[str, bytes], day: date) -> None:
    """Write files into a zip, all below one folder, sorted by name and dated to the start of ``day``."""
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{folder}/{name}", (day.year, day.month, day.day, 0, 0, 0))
            # Otherwise as on the machine that packs.
            entry.create_system = _FROM_UNIX
            entry.external_attr = _READABLE_BY_ALL
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, compresslevel=9)
