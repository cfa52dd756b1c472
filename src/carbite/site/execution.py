"""What the execution of notebooks depends on beside their own cells."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

from carbite.markup import BUILDING

PACKAGE = Path(__file__).parents[1]
# This folder draws the site around the outputs; what it holds cannot change an output.
SITE = PACKAGE / "site"
# Caches of earlier states that stay: going back one or two changes then costs nothing.
KEPT_CACHES = 3
CODE_SUFFIXES = frozenset({".py", ".js", ".css", ".csv", ".json"})


def fingerprint(files: Iterable[tuple[str, Path]]) -> str:
    """SHA-256 (12 hex digits) over the names and contents of files, whatever their order."""
    digest = hashlib.sha256()
    for name, path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def files_below(folder: Path) -> list[tuple[str, Path]]:
    """The code and data files below a folder, each with its name relative to it."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix in CODE_SUFFIXES)
    return [(path.relative_to(folder).as_posix(), path) for path in paths]


def execution_key(root: Path) -> str:
    """Changes whenever an executed chapter could: with the package, the data, the chapters or the environment."""
    package = [(f"carbite/{name}", path) for name, path in files_below(PACKAGE) if not path.is_relative_to(SITE)]
    data = [(f"data/{name}", path) for name, path in files_below(root / "data")]
    # The ledger leads to the chapters that there are.
    single = [(name, root / name) for name in ("requirements.lock", "_toc.yml") if (root / name).is_file()]
    return fingerprint([*package, *data, *single])


def key_cache(app: Sphinx, config: Config) -> None:
    """Give each state of code and data a notebook cache of its own: jupyter-cache looks at cells alone."""
    cache = Path(app.outdir).parent / ".jupyter_cache" / execution_key(Path(app.confdir))
    cache.mkdir(parents=True, exist_ok=True)
    os.utime(cache)
    remove_old_caches(cache.parent)
    config["nb_execution_cache_path"] = str(cache)
    config["carbite_site_key"] = fingerprint(files_below(SITE))
    os.environ[BUILDING] = "1"


def remove_old_caches(folder: Path) -> None:
    """Keep the caches that were used last; each change of code or data begins another one."""
    used = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in used[:-KEPT_CACHES]:
        shutil.rmtree(path)


def unset_build_flag(app: Sphinx, error: Exception | None) -> None:
    """The build is over, well or not."""
    os.environ.pop(BUILDING, None)


def setup(app: Sphinx) -> None:
    # A change of this folder re-reads every page, but executes none.
    app.add_config_value("carbite_site_key", "", "env", str)
    app.connect("config-inited", key_cache)
    app.connect("build-finished", unset_build_flag)
