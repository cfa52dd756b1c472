"""No part of an answer key is on the site: neither a page, nor a sentence of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carbite_course.assignment import MODEL_ANSWER, read
from tests.site.conftest import ROOT

# Shorter sentences may stand on a page by chance.
TELLING = 40
READ = (".html", ".js", ".json", ".ipynb", ".txt", ".md", ".csv")


@pytest.fixture(scope="module")
def files(site: Path) -> list[Path]:
    return [path for path in site.rglob("*") if path.is_file()]


def test_no_file_of_the_site_is_a_key_or_an_assignment(files: list[Path]) -> None:
    names = {path.name for path in (ROOT / "course" / "assignments").iterdir() if path.is_dir()}
    own = {f"{name}{ending}" for name in names for ending in ("-key.html", "-solved.ipynb", ".zip")}
    assert own
    assert [str(path) for path in files if path.name in own or path.name.endswith(("-key.html", "-solved.ipynb"))] == []


def test_no_sentence_of_a_key_is_on_the_site(files: list[Path]) -> None:
    secrets = list(sentences())
    assert len(secrets) > 100
    for path in files:
        if path.suffix in READ:
            text = path.read_text("utf-8", errors="replace")
            assert [secret for secret in secrets if secret in text] == [], path


def sentences() -> Iterator[str]:
    """Messages of checks, rubrics and model answers of every assignment."""
    for folder in sorted((ROOT / "course" / "assignments").iterdir()):
        for question in read(folder).questions.values():
            hidden = [
                text for check in question.checks for text in (check.message, *(m.message for m in check.mistakes))
            ]
            hidden += [what for _, what in question.rubric]
            hidden += question.solution.replace(MODEL_ANSWER, "").splitlines() if question.manual else []
            yield from (text.strip() for text in hidden if len(text.strip()) >= TELLING)
