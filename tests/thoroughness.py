"""How many random cases a test draws: a share of them in `make test`, all in `make test-thorough` and the audit."""

from __future__ import annotations

import os

NAMED = "CARBITE_AUDIT"
THOROUGH = bool(os.environ.get(NAMED))
SHARE = 4


def cases(many: int) -> int:
    """All of so many random cases, or the share of them that every run of the tests draws."""
    return many if THOROUGH else many // SHARE
