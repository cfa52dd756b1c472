"""What is installed works anywhere: wheel, source archive and editable install, each in an empty environment."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from carbite import __version__
from tests.released_files import released_file

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
# The README's promise, and a pooled estimate: data and statistics are there, the book's packages are not.
USE = (
    "import sys, carbite;"
    "print(len(carbite.trials()), carbite.__version__, carbite.pool([61, 44], [75, 53]).k);"
    "assert not {'altair', 'anywidget', 'sphinx'} & set(sys.modules)"
)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel and the source archive: of the named release, or built from this tree by the backend of the lock."""
    wheel, sdist = released_file("*.whl"), released_file("*.tar.gz")
    if wheel and sdist:
        return {"wheel": wheel, "sdist": sdist}
    folder = tmp_path_factory.mktemp("dist")
    run = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return {"wheel": next(folder.glob("*.whl")), "sdist": next(folder.glob("*.tar.gz"))}


def use_in_empty_environment(requirement: list[str], folder: Path, code: str = USE) -> str:
    """Install into a new environment and run the code from another folder; its output."""
    uv = str(Path(sys.executable).with_name("uv"))
    environment = folder / "environment"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", str(python), *requirement],
        capture_output=True,
        text=True,
    )
    assert install.returncode == 0, install.stderr
    run = subprocess.run([str(python), "-c", code], capture_output=True, text=True, cwd=folder)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_install_carries_the_data(kind: str, archives: dict[str, Path], tmp_path: Path) -> None:
    requirement = ["--editable", str(ROOT)] if kind == "editable" else [str(archives[kind])]
    rows = len((ROOT / "data" / "trials.csv").read_text("utf-8").splitlines()) - 1
    assert use_in_empty_environment(requirement, tmp_path) == f"{rows} {__version__} 2"


def test_wheel_holds_every_file_that_the_package_reads(archives: dict[str, Path]) -> None:
    with zipfile.ZipFile(archives["wheel"]) as archive:
        names = set(archive.namelist())
    data = {f"carbite/data/{path.name}" for path in (ROOT / "data").iterdir()}
    source = ROOT / "src"
    sources = {
        path.relative_to(source).as_posix()
        for package in ("carbite", "carbite_course")
        for path in (source / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names >= data | sources


def test_source_archive_holds_what_builds_and_tests_the_book(archives: dict[str, Path]) -> None:
    with tarfile.open(archives["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {
        "Makefile",
        "_config.yml",
        "_toc.yml",
        "book/efficacy.md",
        "course/assignments/method/method.md",
        "data/datapackage.json",
        "requirements.lock",
        "tests/test_packaging.py",
    }


def test_the_lock_pins_and_hashes_everything() -> None:
    requirements = re.split(r"\n(?=\S)", LOCK.read_text("utf-8").strip())
    pinned = [each for each in requirements if not each.startswith("#")]
    assert len(pinned) > 100
    for requirement in pinned:
        assert re.match(r"[a-zA-Z0-9._-]+(\[[^\]]+\])?==[^ ]+", requirement), requirement.splitlines()[0]
        assert "--hash=sha256:" in requirement, requirement.splitlines()[0]


def test_the_lock_answers_pyproject(tmp_path: Path) -> None:
    """Resolved again with the lock as preference, nothing changes: no dependency was declared and not locked."""
    copy = tmp_path / LOCK.name
    copy.write_bytes(LOCK.read_bytes())
    command = ["pip", "compile", "--universal", "--generate-hashes", "--no-header", "--quiet"]
    command += ["--python-version", "3.11", "--extra", "test", "--output-file", str(copy), "pyproject.toml"]
    uv = str(Path(sys.executable).with_name("uv"))
    run = subprocess.run([uv, *command], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    assert copy.read_text("utf-8") == LOCK.read_text("utf-8"), "run: make lock"
