"""The browser of the real-browser tests: the system's Chromium, Chrome or Edge."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from carbite.browser import ARGUMENTS, HEADLESS_SHELL, MISSING, NAMED, find_browser

__all__ = ["ARGUMENTS", "require_browser"]


def require_browser() -> str:
    """The path of a browser. Exits with a clear message when there is none."""
    return find_browser() or sys.exit(MISSING)


def install_headless_shell() -> None:
    """On Debian as root, unless it is there or another browser was named. Where it cannot be had, others do."""
    there = NAMED in os.environ or shutil.which(HEADLESS_SHELL)
    if there or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    print(f"Installing Debian's {HEADLESS_SHELL}, in which the tests take half the time.", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = (HEADLESS_SHELL, "fonts-dejavu-core")
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        if subprocess.run(["apt-get", "-qq", *command], env=environment).returncode:
            return


if __name__ == "__main__":
    install_headless_shell()
    print(f"Browser for the tests: {require_browser()}")
