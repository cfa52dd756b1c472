"""Bubblewrap for the tests, and how a test that runs as root (as CI does) becomes an ordinary user."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A user that owns nothing on this machine.
UID = 47110


def require_bubblewrap() -> None:
    """Install bubblewrap on Debian as root when it is missing; fail where sandboxes cannot be had."""
    if shutil.which("bwrap") is None and shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "bubblewrap"], check=True, env=environment
        )
    for program in ("bwrap", "setpriv", "prlimit"):
        assert shutil.which(program), f"{program} is missing; the grader's tests need bubblewrap and util-linux"


def prefix() -> list[str]:
    """What stands before a command so that it runs without privileges: nothing for an ordinary user.

    As root, the folders that only root may enter and that hold this Python, its packages or this project, such as
    ``/root``, are replaced by ones that hold nothing else and that everybody may enter.
    """
    require_bubblewrap()
    if os.geteuid() != 0:
        return []
    view = ["bwrap", "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--die-with-parent"]
    emptied: set[Path] = set()
    for needed in (Path(sys.base_prefix), Path(sys.prefix).resolve(), ROOT):
        ancestors = [*reversed(needed.parents)]
        closed = next((each for each in ancestors if not each.stat().st_mode & stat.S_IXOTH), None)
        if closed is None:
            continue
        if closed not in emptied:
            view += ["--tmpfs", str(closed)]
            emptied.add(closed)
        for folder in (each for each in ancestors if closed in each.parents):
            view += ["--perms", "0755", "--dir", str(folder)]
        view += ["--ro-bind", str(needed), str(needed)]
    capabilities = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
    user = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--no-new-privs", "--inh-caps=-all"]
    return [*view, *capabilities, *user]


def own(folder: Path) -> Path:
    """Give a folder to the user that the tests become."""
    folder.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(folder, UID, UID)
    return folder


def course(*arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run ``carbite-course`` as an ordinary user."""
    return module("carbite_course", *arguments, home=home)


def module(name: str, *arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a Python module of this project as an ordinary user."""
    paths = f"{ROOT / 'src'}:{ROOT}"
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "PYTHONPATH": paths}
    return subprocess.run(
        [*prefix(), sys.executable, "-B", "-m", name, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=home,
    )
