"""The files of a release that tests are to look at, where one is named: ``make release-check`` does."""

from __future__ import annotations

import os
from pathlib import Path

NAMED_RELEASE = "CARBITE_RELEASE"


def released_file(pattern: str) -> Path | None:
    """The one file of the named release whose name fits; None where no release is named, so that tests make their own.

    Raises FileNotFoundError where the release has none or several.
    """
    named = os.environ.get(NAMED_RELEASE)
    if not named:
        return None
    found = sorted(Path(named).resolve().glob(pattern))
    if len(found) != 1:
        raise FileNotFoundError(f"{NAMED_RELEASE}={named}: expected one file {pattern}, found {len(found)}")
    return found[0]
