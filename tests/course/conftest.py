"""A class that hands in the toy assignment, well and badly, graded once as an ordinary user."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from carbite_course.assignment import Assignment, read
from tests.course import attacks, files
from tests.course.unprivileged import course, own

TOY = Path(__file__).with_name("toy")
# Short, so that what hangs does not hold the tests up; what is right takes milliseconds.
LIMITS = ("--seconds-per-step", "2", "--memory-mb", "600", "--kernels", "4")


@dataclass
class Graded:
    """What grading the class left: results by learner, and what an attack may have left outside."""

    folder: Path
    submissions: Path
    outside: Path
    run: subprocess.CompletedProcess[str]
    calls: list[str]

    def __getitem__(self, learner: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "results" / f"{learner}.json").read_text("utf-8"))
        return found

    def points(self, learner: str, question: str) -> float | None:
        given: float | None = self[learner]["questions"][question]["points"]
        return given

    def feedback(self, learner: str) -> str:
        return (self.folder / "feedback" / f"{learner}.html").read_text("utf-8")


@pytest.fixture(scope="session")
def toy() -> Assignment:
    return read(TOY)


@pytest.fixture(scope="session")
def workplace() -> Iterator[Path]:
    """A folder of the ordinary user; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="carbite-course-", dir="/var/tmp"))
    yield own(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def graded(toy: Assignment, workplace: Path) -> Graded:
    """The whole class, graded once."""
    submissions, outside, folder = (own_new(workplace / name) for name in ("submissions", "outside", "graded"))
    (outside / "precious").write_text("kept")
    own(outside)
    if os.geteuid() == 0:
        (outside / "precious").chmod(0o666)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told = {
            "OUTSIDE": str(outside),
            "RESULTS": str(folder),
            "SOURCE": str(TOY / "toy.md"),
            "PORT": str(listener.getsockname()[1]),
        }
        for question, tried in (("q1", attacks.ON_QUESTION_1), ("q2", attacks.ON_QUESTION_2)):
            for learner, code in tried.items():
                for word, value in told.items():
                    code = code.replace(word, value)
                put(submissions, learner, "toy.ipynb", files.as_bytes(files.filled(toy, **{question: code})))
        for learner, (name, content, _) in files.problems(toy).items():
            put(submissions, learner, name, content)
        for learner, (name, content) in files.usable(toy).items():
            put(submissions, learner, name, content)
        put(submissions, "blank", "toy.ipynb", files.as_bytes(files.notebook(toy)))
        put(submissions, "near-miss", "toy.ipynb", files.as_bytes(files.filled(toy, q1="total = given")))
        html = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\n![](/etc/passwd)"
        put(submissions, "html", "toy.ipynb", files.as_bytes(files.filled(toy, q3=html)))
        put(submissions, "formula", "toy.ipynb", files.as_bytes(files.filled(toy, q3="=HYPERLINK(1)")))
        twice = files.filled(toy)
        twice["cells"] += [cell for cell in twice["cells"] if cell["id"] == "answer-q1"]
        put(submissions, "answered-twice", "toy.ipynb", files.as_bytes(twice))
        put(submissions, "two-files", "a.ipynb", files.as_bytes(files.filled(toy)))
        put(submissions, "two-files", "b.ipynb", files.as_bytes(files.filled(toy)))
        (submissions / "link").mkdir()
        (submissions / "link" / "toy.ipynb").symlink_to("/etc/passwd")
        (submissions / "pipe").mkdir()
        os.mkfifo(submissions / "pipe" / "toy.ipynb")
        run = course("grade", TOY, submissions, "--to", folder, *LIMITS, home=workplace)
        listener.setblocking(False)
        calls: list[str] = []
        with suppress(BlockingIOError):
            calls.append(str(listener.accept()[1]))
    return Graded(folder, submissions, outside, run, calls)


def own_new(folder: Path) -> Path:
    folder.mkdir()
    return own(folder)


def put(submissions: Path, learner: str, name: str, content: bytes) -> None:
    """Hand a file in."""
    (submissions / learner).mkdir(exist_ok=True)
    (submissions / learner / name).write_bytes(content)


def mentioning(text: str) -> list[str]:
    """The command lines of running processes that hold a text."""
    lines = [" ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])]
    return [line for line in lines if text in line]
