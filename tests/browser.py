"""The browser of the real-browser tests: the system's Chromium, Chrome or Edge."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
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
    "The tests need a Chromium, Google Chrome or Microsoft Edge. "
    "On Debian: apt-get install chromium. On macOS: install one of them into /Applications. "
    "Anywhere else: install one and put it on the PATH, or name it in the environment variable CARBITE_BROWSER."
)
# As root Chromium refuses its sandbox; the other flags keep it from talking to its maker while we watch for requests.
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
    named = os.environ.get("CARBITE_BROWSER")
    if named:
        return named
    return next((found for name in NAMES if (found := shutil.which(name))), None) or next(
        (path for path in MAC if Path(path).exists()), None
    )


def require_browser() -> str:
    """The path of a browser; on Debian as root it is installed first. Exits with a clear message otherwise."""
    found = find_browser()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        print("No Chromium, Chrome or Edge found; installing Debian's chromium.", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
            check=True,
            env=environment,
        )
        found = find_browser()
    if found is None:
        sys.exit(MISSING)
    return found


if __name__ == "__main__":
    print(f"Browser for the tests: {require_browser()}")
