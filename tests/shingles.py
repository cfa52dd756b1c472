"""Runs of 16 words that the four articles contain, kept as hashes, so that no copied sentence enters the data.

The hashes stand in ``tests/reference/article_shingles.bin``: five bytes each, sorted. They were made by
``python -m tests.shingles article.txt ...`` from the body of each article, up to its list of references.
"""

from __future__ import annotations

import re
import sys
from hashlib import blake2b
from pathlib import Path

LENGTH = 16
SIZE = 5
STORE = Path(__file__).parent / "reference" / "article_shingles.bin"
WORD = re.compile(r"[^\W_]+")


def hashes(text: str) -> dict[bytes, str]:
    """The hash of each run of `LENGTH` words in lower case, with the run itself. Shorter texts have none."""
    words = WORD.findall(text.lower())
    runs = (" ".join(words[i : i + LENGTH]) for i in range(len(words) - LENGTH + 1))
    return {blake2b(run.encode(), digest_size=SIZE).digest(): run for run in runs}


def stored() -> set[bytes]:
    raw = STORE.read_bytes()
    return {raw[i : i + SIZE] for i in range(0, len(raw), SIZE)}


if __name__ == "__main__":
    found = {each for path in sys.argv[1:] for each in hashes(Path(path).read_text(encoding="utf-8"))}
    STORE.write_bytes(b"".join(sorted(found)))
