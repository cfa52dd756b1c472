"""Files that are handed in beside notebooks: broken, empty, renamed, huge, and those that want to do harm."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from carbite_course.assignment import Assignment
from carbite_course.building import notebook
from carbite_course.submissions import LARGEST_NOTEBOOK


def filled(assignment: Assignment, **answers: str) -> dict[str, Any]:
    """The learner's notebook with the solution in it, but for these answers."""
    return notebook(assignment, assignment.solution | answers)


def as_bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def encrypted(content: bytes) -> bytes:
    """An archive whose member says that it is encrypted."""
    archive = bytearray(zipped({"toy.ipynb": content}))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    return bytes(archive)


def nameless(content: bytes) -> bytes:
    """An archive with a member whose name ends before it begins."""
    return zipped({"Zoe.ipynb": content}).replace(b"Zoe.ipynb", b"\0oe.ipynb")


def unpackable(content: bytes) -> bytes:
    """An archive whose member is compressed in a way that is allowed, with settings that are not."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("toy.ipynb", content)
    archive_bytes = bytearray(out.getvalue())
    # After the header and the name: version, length of the settings, and the settings.
    archive_bytes[30 + len("toy.ipynb") + 4] = 0xFF
    return bytes(archive_bytes)


def link_in_zip() -> bytes:
    """An archive whose notebook is a symbolic link."""
    link = zipfile.ZipInfo("toy.ipynb")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def problems(assignment: Assignment) -> dict[str, tuple[str, bytes, str]]:
    """By learner: the file's name, what is in it, and what the grades must say of it."""
    good = as_bytes(filled(assignment))
    twice = filled(assignment)
    twice["cells"] += [cell for cell in twice["cells"] if cell["id"].startswith("answer-")]
    other = filled(assignment)
    other["metadata"]["course"]["assignment"] = "efficacy"
    other["cells"] = [cell for cell in other["cells"] if not cell["id"].startswith("answer-")]
    return {
        "empty": ("toy.ipynb", b"", "is empty"),
        "spaces": ("toy.ipynb", b" \n ", "is empty"),
        "broken": ("toy.ipynb", good[:200], "is not a notebook"),
        "word": ("answers.docx", zipped({"word/document.xml": b"<w/>"}), "a zip file with 0 notebooks"),
        "picture": ("toy.ipynb", b"\x89PNG\r\n\x1a\n" + bytes(64), "is not a notebook"),
        "list": ("toy.ipynb", b"[1, 2]", "it has no list of cells"),
        "strange-cells": ("toy.ipynb", b'{"cells": [1, null, {"id": 5, "source": {}}]}', "none of the answer cells"),
        "deep-json": ("toy.ipynb", b"[" * 200_000, "is not a notebook"),
        "huge": ("toy.ipynb", b" " * (LARGEST_NOTEBOOK + 1), "is larger than"),
        "bomb": ("toy.zip", zipped({"toy.ipynb": bytes(LARGEST_NOTEBOOK * 20)}), "is larger than"),
        "locked": ("toy.zip", encrypted(good), "cannot be read"),
        "damaged-zip": ("toy.zip", zipped({"toy.ipynb": good})[:-40], "cannot be read"),
        "nameless": ("toy.zip", nameless(good), "a zip file with 0 notebooks"),
        "unpackable": ("toy.zip", unpackable(good), "cannot be read"),
        "link-in-zip": ("toy.zip", link_in_zip(), "is not a notebook"),
        "another": ("toy.ipynb", as_bytes(other), "it is the notebook of 'efficacy'"),
    }


def usable(assignment: Assignment) -> dict[str, tuple[str, bytes]]:
    """By learner: files with something odd about them that must get full marks all the same."""
    good = filled(assignment)
    renamed = filled(assignment)
    for position, cell in enumerate(renamed["cells"]):
        cell["id"] = f"cell-{position}"
    lines = filled(assignment)
    for cell in lines["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    extra = filled(assignment)
    extra["cells"].insert(0, {"cell_type": "code", "id": "mine", "metadata": {}, "source": "raise SystemExit"})
    log = {"toy.ipynb": as_bytes(good), ".OTTER_LOG": b"cos\nsystem\n(S'touch /tmp/owned'\ntR.", "x.pkl": b"junk"}
    return {
        "good": ("toy.ipynb", as_bytes(good)),
        "renamed-file": ("Copy of toy (1) FINAL.ipynb", as_bytes(good)),
        "renamed-cells": ("toy.ipynb", as_bytes(renamed)),
        "source-as-lines": ("toy.ipynb", as_bytes(lines)),
        "extra-cell": ("toy.ipynb", as_bytes(extra)),
        "zipped-with-log": ("toy.zip", zipped(log)),
    }
