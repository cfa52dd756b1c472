"""The browser of the real-browser tests: the system's Chromium, Chrome or Edge."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from carbite.browser import ARGUMENTS, MISSING, find_browser

__all__ = ["ARGUMENTS", "find_browser", "require_browser"]


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
