"""What a submission may see and use: the command that starts a Python in a bubblewrap sandbox.

Inside there is no network, no file of the user, no other process; the system and the packages are read-only, and
what may be written is memory of fixed size. ``ready`` says whether this machine can do it, and what to install if not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import carbite
from carbite.evidence import data_directory

HOME = "/home/learner"
DRIVER = Path(__file__).with_name("driver.py")
MEGABYTE = 1024 * 1024
# Of the system: programs and libraries, and where the loader finds them. Nothing else of /etc.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache", "/etc/alternatives", "/nix/store")
INSTALL = (
    "Submissions run in a bubblewrap sandbox, which is not available here: {reason}.\n"
    "Debian, Ubuntu: apt-get install bubblewrap    Fedora: dnf install bubblewrap    Arch: pacman -S bubblewrap\n"
    "Windows: the same inside WSL 2. macOS: inside a Linux virtual machine.\n"
    "In a container or a hub pod, user namespaces must be allowed (Ubuntu 24.04 and later:\n"
    "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap).\n"
    "Only if you wrote every submission yourself: --trust-submissions runs them with all your rights."
)
AS_ROOT = (
    "Refusing to grade as root: limits on processes do not hold for root, and a fault of the sandbox would be total.\n"
    "Grade as an ordinary user, for example with: setpriv --reuid=1000 --regid=1000 --clear-groups carbite-course ...\n"
    "Only on a machine that you can throw away: --as-root."
)


class SandboxError(RuntimeError):
    """Submissions cannot be run safely here; the message says why and what to install."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    ``seconds_per_step`` holds for a cell and for a check, ``seconds`` for all together; ``memory`` is what all
    processes of the sandbox may hold, in bytes, and ``scratch`` what their files may.
    """

    seconds_per_step: float = 30.0
    seconds: float = 180.0
    memory: int = 2048 * MEGABYTE
    scratch: int = 64 * MEGABYTE
    processes: int = 64
    open_files: int = 256


def require(*, trusted: bool, as_root: bool) -> None:
    """Raise SandboxError unless submissions can be run in a sandbox here, or the caller takes the risk."""
    if trusted:
        return
    if sys.platform != "linux":
        raise SandboxError(INSTALL.format(reason=f"bubblewrap needs Linux, this is {sys.platform}"))
    if os.geteuid() == 0 and not as_root:
        raise SandboxError(AS_ROOT)
    if reason := missing():
        raise SandboxError(INSTALL.format(reason=reason))


def missing() -> str:
    """Why no sandbox can be started here; empty when it can."""
    for program in ("bwrap", "prlimit"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    run = subprocess.run(
        [*_isolated(), "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"],
        capture_output=True,
        text=True,
        errors="replace",
    )
    return "" if run.returncode == 0 else (run.stderr.strip() or f"bwrap ended with {run.returncode}")


def command(limits: Limits, *, trusted: bool = False) -> list[str]:
    """The command that starts the driver, in the sandbox unless it is trusted."""
    driver = [sys.executable, "-P", "-s", "-B", str(DRIVER)]
    if trusted:
        return driver
    scratch = str(limits.scratch)
    # Order matters: what is read-only may lie below a folder that was emptied before.
    emptied = [argument for folder in ("/tmp", HOME) for argument in ("--size", scratch, "--tmpfs", folder)]
    shown = [argument for path in _visible() for argument in ("--ro-bind-try", path, path)]
    environment = [argument for name, value in _environment().items() for argument in ("--setenv", name, value)]
    devices = ["--dev", "/dev", "--size", scratch, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    limited = [
        "prlimit",
        # Address space is more than memory in use, which is watched from outside.
        f"--as={2 * limits.memory}",
        f"--cpu={int(limits.seconds)}",
        f"--fsize={limits.scratch}",
        f"--nofile={limits.open_files}",
        f"--nproc={limits.processes}",
        "--core=0",
        "--",
    ]
    return [
        *_isolated(),
        *emptied,
        *shown,
        *("--proc", "/proc"),
        *devices,
        *("--remount-ro", "/", "--chdir", HOME, "--clearenv"),
        *environment,
        *limited,
        *driver,
    ]


@cache
def _isolated() -> tuple[str, ...]:
    """No network, no other process, no privilege, and nothing outlives the grader."""
    options = ["--unshare-all", "--unshare-user", "--cap-drop", "ALL", "--die-with-parent", "--new-session"]
    offered = subprocess.run(["bwrap", "--help"], capture_output=True, text=True)
    if "--disable-userns" in offered.stdout + offered.stderr and os.geteuid() != 0:
        options.append("--disable-userns")
    return ("bwrap", *options)


def _visible() -> list[str]:
    """Paths that are shown read-only: the system, this Python and its packages, carbite and its data."""
    own = [package_folder("carbite"), package_folder("carbite_course"), data_directory()]
    return list(dict.fromkeys([*SYSTEM, sys.base_prefix, sys.prefix, *map(str, own)]))


def package_folder(name: str) -> Path:
    """Where a package lies."""
    spec = find_spec(name)
    assert spec
    assert spec.origin, f"{name} is installed"
    return Path(spec.origin).parent


def _environment() -> dict[str, str]:
    return {
        "HOME": HOME,
        "USER": "learner",
        "LOGNAME": "learner",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": str(Path(carbite.__file__).parents[1]),
        "PYTHONHASHSEED": "0",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "MPLCONFIGDIR": f"{HOME}/.matplotlib",
        # One core a submission: several run side by side.
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    }
