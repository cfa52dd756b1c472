"""The system's Chromium, Chrome or Edge: it prints the PDF, and the tests look at the site with it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMED = "CARBITE_BROWSER"
# First the one without windows: it opens a page in a third of the time.
HEADLESS_SHELL = "chromium-headless-shell"
NAMES = (
    HEADLESS_SHELL,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
)
MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
MISSING = (
    "A Chromium, Google Chrome or Microsoft Edge is needed. "
    "On Debian: apt-get install chromium. On macOS: install one of them into /Applications. "
    "Anywhere else: install one and put it on the PATH, or name it in the environment variable CARBITE_BROWSER."
)
# As root Chromium refuses its sandbox; the other flags keep it from talking to its maker.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    """The path of a browser on this machine, or None."""
    named = os.environ.get(NAMED)
    if named:
        return named
    return next((found for name in NAMES if (found := shutil.which(name))), None) or next(
        (path for path in MAC if Path(path).exists()), None
    )
