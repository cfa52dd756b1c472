"""Zip archives that do not depend on when they were made: the same content gives the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip archive can hold."""


def zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive of the files, by their names in it, in this order."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, NO_TIME), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
