"""The submissions in a folder or in the archive that a learning platform hands out, one a learner.

Files come from strangers: nothing is unpacked to disk, links are not followed, every read has a limit, and a file
that cannot be used becomes a submission with a problem, so that its owner appears in the grades.
"""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any
from unicodedata import combining, normalize

from carbite.foreign_text import INVISIBLE

LARGEST_NOTEBOOK = 10 * 1024 * 1024
LARGEST_ANSWER = 100_000
MOST_FILES = 20_000
LONGEST_NAME = 80
# lastnamefirstname_LATE_1234_567890_file.ipynb, where the rest is the learner's own name for the file
CANVAS = re.compile(r"(?P<name>[^_/]+)_(?:LATE_)?(?P<id>[0-9]+)_[0-9]+_[^/]+")
# Full Name_1234_assignsubmission_file_/file.ipynb, or the same in one name; the first number is the platform's
MOODLE = re.compile(r"(?P<name>[^/]+?)_(?P<id>[0-9]+)_assignsubmission_[a-z]+_?/?.+")
IGNORED = re.compile(r"(^|/)(\.|__MACOSX/|Thumbs\.db$|desktop\.ini$)")


class SubmissionsError(ValueError):
    """There is nothing that could be graded; the message says what was looked for."""


@dataclass(frozen=True)
class Submission:
    """What one learner handed in: the answers, by question, or why there are none (``problem``).

    ``name`` is safe as a file name, ``learner`` is the name as it stood on the files, ``platform_id`` the number that
    the platform gave. ``notes`` say what is odd and does not stand in the way.
    """

    name: str
    learner: str
    platform_id: str
    file: str
    answers: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _File:
    """A file of a submission, not read yet: ``content`` reads at most so many bytes."""

    path: str
    content: Any
    problem: str = ""


class Submissions:
    """The submissions in a folder or a zip file, in the order of their names; each is read when its turn comes.

    Raises SubmissionsError for a place that is neither, or holds no file at all.
    """

    def __init__(self, place: Path, assignment: str, questions: Sequence[str]) -> None:
        self._assignment, self._questions = assignment, questions
        if place.is_dir():
            files = _in_folder(place)
        elif zipfile.is_zipfile(place):
            files = _below_common_folder(_in_archive(place.open("rb")))
        else:
            raise SubmissionsError(f"{place}: expected a folder of submissions, or the zip file of a learning platform")
        self._owners: dict[tuple[str, str], list[_File]] = {}
        for each in files:
            self._owners.setdefault(_owner(each.path), []).append(each)
        if not self._owners:
            raise SubmissionsError(f"{place}: there is no submission in it")

    def __len__(self) -> int:
        return len(self._owners)

    def __iter__(self) -> Iterator[Submission]:
        taken: set[str] = set()
        for (learner, platform_id), files in sorted(self._owners.items()):
            name = _safe(learner, platform_id, taken)
            yield _submission(name, learner, platform_id, files, self._assignment, self._questions)


def _in_folder(folder: Path) -> list[_File]:
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).as_posix()
        if IGNORED.search(inside):
            continue
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        problem = "" if stat.S_ISREG(mode) else "is a link or a device, not a file; expected a notebook"
        found.append(_File(inside, _reader(path), problem))
        if len(found) > MOST_FILES:
            raise SubmissionsError(f"{folder}: more than {MOST_FILES} files; is this the folder of the submissions?")
    return found


def _reader(path: Path) -> Any:
    def content(limit: int) -> bytes:
        with path.open("rb") as stream:
            return stream.read(limit)

    return content


def _in_archive(stream: Any) -> list[_File]:
    """The files in a zip archive. Paths are only names here: nothing is written where they point."""
    try:
        archive = zipfile.ZipFile(stream)
    except Exception as error:  # whatever a stranger's archive leads to
        raise SubmissionsError(f"the archive cannot be read: {error}") from None
    files = [each for each in archive.infolist() if not each.filename.endswith("/")]
    members = [each for each in files if not IGNORED.search(each.filename)]
    if len(members) > MOST_FILES:
        raise SubmissionsError(f"the archive has {len(members)} files; expected at most {MOST_FILES}")
    return [_File(each.filename, _member(archive, each)) for each in members]


def _below_common_folder(files: list[_File]) -> list[_File]:
    """The files without the one folder that all of them lie in, as when a folder of submissions was zipped."""
    first = {PurePosixPath(each.path).parts[:1] for each in files}
    if len(files) < 2 or len(first) != 1 or any("/" not in each.path for each in files):
        return files
    return [replace(each, path=each.path.partition("/")[2]) for each in files]


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Any:
    def content(limit: int) -> bytes:
        with archive.open(member) as stream:
            return stream.read(limit)

    return content


def _owner(path: str) -> tuple[str, str]:
    """Learner and number from the path, as Canvas and Moodle write it; otherwise the folder or the file's name."""
    for pattern in (CANVAS, MOODLE):
        if match := pattern.fullmatch(path):
            return match["name"], match["id"]
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..", ".")]
    if len(parts) > 1:
        return parts[0], ""
    return (PurePosixPath(parts[0]).stem if parts else "unnamed"), ""


def _safe(learner: str, platform_id: str, taken: set[str]) -> str:
    """A name for the learner's results: letters, digits, ``.-_``, and unlike any other on every file system."""
    without_accents = "".join(sign for sign in normalize("NFKD", learner) if not combining(sign))
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", without_accents).strip("-.")[:LONGEST_NAME] or "unnamed"
    name = f"{plain}-{platform_id}" if platform_id else plain
    if name.casefold() in taken or (name != learner and not platform_id):
        name = f"{name}-{sha256(f'{learner}/{platform_id}'.encode('utf-8', 'replace')).hexdigest()[:8]}"
    taken.add(name.casefold())
    return name


def _submission(
    name: str, learner: str, platform_id: str, files: list[_File], assignment: str, questions: Sequence[str]
) -> Submission:
    notebooks = [each for each in files if each.path.lower().endswith(".ipynb")]
    candidates = notebooks or files
    shown = legible(learner)
    paths = ", ".join(legible(each.path) for each in files[:5])

    def refused(problem: str) -> Submission:
        return Submission(name, shown, platform_id, paths, problem=problem)

    if len(candidates) > 1:
        return refused(f"{len(candidates)} files; expected one notebook: leave the one that counts and grade again")
    (only,) = candidates
    if only.problem:
        return refused(only.problem)
    try:
        content = _content(only)
        answers, notes = answers_in(content, assignment, questions)
    except SubmissionsError as error:
        return refused(str(error))
    return Submission(name, shown, platform_id, paths, answers, notes=tuple(notes))


def _content(file: _File) -> bytes:
    """The bytes of the notebook, taken out of the archive that it may have been handed in as."""
    content = _limited(file)
    if content[:4] != b"PK\x03\x04":
        return content
    inner = [each for each in _in_archive(io.BytesIO(content)) if each.path.lower().endswith(".ipynb")]
    if len(inner) != 1:
        raise SubmissionsError(f"a zip file with {len(inner)} notebooks; expected one")
    return _limited(inner[0])


def _limited(file: _File) -> bytes:
    try:
        content = file.content(LARGEST_NOTEBOOK + 1)
    except Exception as error:  # a compression, an encryption, a disk: a stranger's file must not stop the class
        raise SubmissionsError(f"cannot be read: {legible(str(error)) or type(error).__name__}") from None
    if len(content) > LARGEST_NOTEBOOK:
        raise SubmissionsError(
            f"is larger than {LARGEST_NOTEBOOK // 1024 // 1024} MB; clear its outputs, save it and hand it in again"
        )
    if not content.strip():
        raise SubmissionsError("is empty")
    assert isinstance(content, bytes)
    return content


def answers_in(content: bytes, assignment: str, questions: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The answers in a notebook, by question, and what is odd about it.

    An answer cell is known by its id, or by the question in its metadata where a program has renamed the cells.
    Raises SubmissionsError for what is not a notebook of this assignment.
    """
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        raise SubmissionsError("is not a notebook: expected the JSON that Jupyter saves as .ipynb") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise SubmissionsError("is not a notebook: it has no list of cells")
    by_id: dict[str, list[str]] = {}
    by_metadata: dict[str, list[str]] = {}
    for cell in cells:
        if isinstance(cell, dict) and (source := _source(cell)) is not None:
            identifier, metadata = cell.get("id"), cell.get("metadata")
            if isinstance(identifier, str):
                by_id.setdefault(identifier, []).append(source)
            if isinstance(metadata, dict) and isinstance(metadata.get("question"), str):
                by_metadata.setdefault(metadata["question"], []).append(source)
    answers, notes = {}, []
    for question in questions:
        found = by_id.get(cell_id(question)) or by_metadata.get(question) or []
        if not found:
            notes.append(f"{question}: its answer cell is missing")
        elif len(found) > 1:
            notes.append(f"{question}: {len(found)} answer cells, of which none was marked; keep one and grade again")
        elif len(found[0]) > LARGEST_ANSWER:
            notes.append(f"{question}: the answer is longer than {LARGEST_ANSWER} characters and was not run")
        else:
            answers[question] = found[0]
    if not answers and len(notes) == len(questions):
        other = _assignment_of(notebook)
        hint = (
            f"it is the notebook of {other!r}" if other and other != assignment else "it has none of the answer cells"
        )
        raise SubmissionsError(f"is not the notebook of {assignment!r}: {hint}")
    return answers, notes


def cell_id(question: str) -> str:
    """The id of an answer cell."""
    return f"answer-{question}"


def _source(cell: dict[str, Any]) -> str | None:
    """The text of a cell; notebooks keep it whole or as lines."""
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else None


def _assignment_of(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    course = metadata.get("course") if isinstance(metadata, dict) else None
    name = course.get("assignment") if isinstance(course, dict) else None
    return legible(name) if isinstance(name, str) else ""


def legible(text: str, longest: int = 300) -> str:
    """Text of strangers for a message: no sign that cannot be seen or encoded, and not too long."""
    return INVISIBLE.sub(" ", text.encode("utf-8", "replace").decode())[:longest]
