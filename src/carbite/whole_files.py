"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_text(file: Path, text: str) -> None:
    """Write a file under another name and move it: nobody ever reads half of it, whenever the writer is stopped."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    part.write_text(text, "utf-8", newline="")
    os.replace(part, file)
