"""What was written into a notebook, noted in it: so that one which a learner has edited is never replaced.

Running or saving a notebook is not editing it: the stamp is of the text in its cells.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carbite.whole_files import write_text


def fingerprint(page: Mapping[str, Any]) -> str:
    """Of the text in all cells; running them does not change it. nbformat keeps a text whole or as lines."""
    sources = [source if isinstance(source := cell["source"], str) else "".join(source) for cell in page["cells"]]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()


def stamped(page: Mapping[str, Any]) -> dict[str, Any]:
    """The notebook with its fingerprint in its metadata."""
    return {**page, "metadata": {**page["metadata"], "carbite": {"written": fingerprint(page)}}}


def stamp(page: Mapping[str, Any]) -> str:
    """The fingerprint that was noted when the notebook was written. Raises KeyError or TypeError without one."""
    return str(page["metadata"]["carbite"]["written"])


def edited(file: Path) -> bool:
    """Whether the notebook in ``file`` is no longer what was written there."""
    if not file.exists():
        return False
    try:
        page = json.loads(file.read_text("utf-8"))
        return stamp(page) != fingerprint(page)
    except (ValueError, KeyError, TypeError):
        return True  # not a notebook of ours: not ours to replace


def write(file: Path, page: Mapping[str, Any]) -> bool:
    """Write the notebook, stamped, unless a learner has edited the one that is there; whether it was written."""
    if edited(file):
        return False
    write_text(file, json.dumps(stamped(page), ensure_ascii=False, indent=1) + "\n")
    return True
