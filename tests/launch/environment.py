"""What Binder builds, without Docker: repo2docker's frozen base, then what .binder asks for, in an empty place.

The base is what the installed repo2docker would take: the packages of its own lock, at those versions, from PyPI where
they have the same name there. What only conda has (Node.js, compilers) is left out.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import chdir
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from repo2docker.app import Repo2Docker
from repo2docker.buildpacks.base import BuildPack

ROOT = Path(__file__).parents[2]
NOTE = "built-from.txt"
# What the environment and its notebooks come from.
PARTS = (".binder/", "book/", "course/", "data/", "src/", "_config.yml", "_toc.yml", "pyproject.toml")
LOCK = "environment.py-{python}-linux-64.lock"
WANTED = "environment.yml"
# conda's name of what PyPI calls jupyterhub.
JUPYTERHUB = "jupyterhub-singleuser"
# What repo2docker's environment asks for that is no Python package of PyPI.
NOT_ON_PYPI = {"python", "pip", "nodejs", JUPYTERHUB}


def buildpack(root: Path) -> BuildPack:
    """The buildpack that repo2docker takes for a repository."""
    application = Repo2Docker()
    with chdir(root):
        every = (each(base_image=application.base_image) for each in application.buildpacks)
        found = next(each for each in every if each.detect())
    found.platform = "linux/amd64"
    return found


def dockerfile(root: Path) -> str:
    """What repo2docker would hand to Docker."""
    pack = buildpack(root)
    with chdir(root):
        return str(pack.render({"NB_UID": "1000", "NB_USER": "jovyan"}))


def frozen(python: str) -> dict[str, str]:
    """The version of every package in repo2docker's base for a version of Python such as 3.12."""
    text = (files("repo2docker.buildpacks.conda") / LOCK.format(python=python)).read_text("utf-8")
    names = re.findall(r"^https://\S+/([^/\s]+?)\.(?:conda|tar\.bz2)", text, re.MULTILINE)
    return {name: version for name, version, _ in (each.rsplit("-", 2) for each in names)}


def base(python: str) -> tuple[list[str], list[str]]:
    """The requirements of the base and its constraints, as lines for pip."""
    pins = frozen(python)
    pins["jupyterhub"] = pins[JUPYTERHUB]
    text = (files("repo2docker.buildpacks.conda") / WANTED).read_text("utf-8")
    wanted = {*re.findall(r"^ *- *([A-Za-z0-9_.-]+)", text, re.MULTILINE), "jupyterhub"}
    asked = sorted(name for name in wanted - NOT_ON_PYPI if name in pins)
    constraints = (f"{name}=={version}" for name, version in pins.items() if not name.startswith("_"))
    return [f"{name}=={pins[name]}" for name in asked], list(constraints)


@dataclass(frozen=True)
class Place:
    """A folder in which everything was built."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "environment" / "bin" / "python"

    @property
    def home(self) -> Path:
        """The learner's home, which on Binder is also the repository."""
        return self.folder / "home"

    def variables(self) -> dict[str, str]:
        """The environment of a learner's process: nothing of this one's but how to reach a package index."""
        kept = ("LANG", "PIP_CERT", "PIP_INDEX_URL", "PIP_FIND_LINKS", "PIP_CONFIG_FILE", "SSL_CERT_FILE")
        network = {name: value for name, value in os.environ.items() if name in kept or name.lower().endswith("_proxy")}
        path = f"{self.python.parent}{os.pathsep}/usr/local/bin:/usr/bin:/bin"
        return {**network, "HOME": str(self.home), "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def build(folder: Path) -> tuple[Place, dict[str, float]]:
    """Build it anew; the place, and how many seconds each step took.

    Raises SystemExit with a step's own message when it fails.
    """
    shutil.rmtree(folder, ignore_errors=True)
    place = Place(folder)
    python = buildpack(ROOT).python_version
    place.home.mkdir(parents=True)
    _copy_repository(place.home)
    asked, constraints = base(python)
    (folder / "constraints.txt").write_text("\n".join(constraints) + "\n", "utf-8")
    uv = str(Path(sys.executable).with_name("uv"))
    pip = [str(place.python), "-m", "pip"]
    steps = {
        "environment": [uv, "venv", "--quiet", "--seed", "--python", interpreter(python), str(folder / "environment")],
        "base": [*pip, "install", "--quiet", "--constraint", str(folder / "constraints.txt"), *asked],
        "requirements": [*pip, "install", "--quiet", "--no-cache-dir", "-r", ".binder/requirements.txt"],
        "postBuild": ["./.binder/postBuild"],
        "check": [*pip, "check"],
    }
    seconds = {}
    for step, command in steps.items():
        began = time.monotonic()
        variables = dict(os.environ) if step == "environment" else place.variables()
        run = subprocess.run(command, cwd=place.home, env=variables, capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"{step}: {' '.join(command)[:300]}\n{run.stdout[-3000:]}\n{run.stderr[-3000:]}")
        seconds[step] = time.monotonic() - began
        print(f"{step}: {seconds[step]:.0f} s", flush=True)
    (folder / NOTE).write_text(fingerprint(), "utf-8")
    return place, seconds


def interpreter(version: str) -> str:
    """A Python of this version: on the PATH, of pyenv, or whatever uv finds or fetches under that name."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/python{version}"))
    for path in filter(None, (shutil.which(f"python{version}"), *map(str, installed))):
        if subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:  # not so a shim of pyenv
            return path
    return version


def built(folder: Path) -> Place:
    """The place in a folder, built there unless that was done with the same files."""
    place = Place(folder)
    note = folder / NOTE
    if not (note.is_file() and note.read_text("utf-8") == fingerprint()):
        place, _ = build(folder)
    return place


def fingerprint() -> str:
    """Of every file of the repository that the place is built from."""
    kept = hashlib.sha256()
    for name in _listed():
        if name.startswith(PARTS):
            kept.update(name.encode() + (ROOT / name).read_bytes())
    return kept.hexdigest()


def _copy_repository(target: Path) -> None:
    for name in _listed():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)


def _listed() -> list[str]:
    """What git holds of this repository, with changes that are not committed: nothing that was built here."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    names = filter(None, listed.stdout.decode().split("\0"))
    return sorted(name for name in names if (ROOT / name).is_file())


def size(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
