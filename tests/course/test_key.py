"""The answer key: whole, marked as what it is, and never where learners look."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from carbite_course.assignment import Assignment, read
from carbite_course.cli import main
from carbite_course.feedback import points
from tests.course.conftest import TOY
from tests.course.unprivileged import ROOT

JUDGED = """
checks:
  - expression: total
    points: 2
    message: <b>The total</b> is judged.
    judge: side
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key of the toy assignment, written by the program."""
    folder = tmp_path_factory.mktemp("keys")
    done("key", TOY, "--to", folder)
    return folder


def done(*arguments: str | Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    assert ended.value.code == 0, ended.value.code


def test_the_page_has_what_learners_do_not_get(keys: Path, toy: Assignment) -> None:
    page = (keys / "toy-key.html").read_text("utf-8")
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
    for question in toy.questions.values():
        assert f"Key to question {question.name[1:]}: {points(question.points)} points" in text
        for check in question.checks:
            assert check.message in text
            assert check.expression in text
            assert all(each.message in text for each in check.mistakes)
        assert all(what in text for _, what in question.rubric)
    assert "return [2 * value for value in values]" in text
    assert "Because a canary sings 7193." in text
    assert "MODEL ANSWER" not in text
    assert "4 are marked by hand" in text
    # What the solution gives, and what the mistake leads to.
    assert re.search(r"\b2 21 total The total is", text)
    assert "0.5 mistaken: 20 given One more" in text
    assert "[81922, 6]" in text


def test_it_says_first_that_it_is_not_for_learners(keys: Path) -> None:
    page = (keys / "toy-key.html").read_text("utf-8")
    said = page.index("This is not for learners")
    assert said < page.index("<h1>") < page.index("Key to question")
    assert "not for learners" in page[page.index("<title>") : page.index("</title>")]


def test_the_page_is_html_that_nests_and_runs_nothing(keys: Path) -> None:
    page = (keys / "toy-key.html").read_text("utf-8")
    checked = Nesting()
    checked.feed(page)
    assert checked.open == []
    assert "default-src 'none'" in page
    assert "<script" not in page


class Nesting(HTMLParser):
    """Elements that are open; fails where one is closed that is not the last."""

    VOID = ("meta", "br", "hr", "img", "link")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open += [tag] if tag not in self.VOID else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_notebook_is_the_learners_with_the_solution_in_it(keys: Path, toy: Assignment) -> None:
    solved = json.loads((keys / "toy-solved.ipynb").read_text("utf-8"))
    nbformat.validate(nbformat.from_dict(solved))  # type: ignore[no-untyped-call]
    answers = {
        cell["metadata"]["question"]: cell["source"] for cell in solved["cells"] if "question" in cell["metadata"]
    }
    assert answers == toy.solution


def test_the_same_source_gives_the_same_key(keys: Path, tmp_path: Path) -> None:
    done("key", TOY, "--to", tmp_path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {
        each.name: each.read_bytes() for each in keys.iterdir()
    }


def test_markup_in_an_assignment_is_shown(tmp_path: Path) -> None:
    text = (TOY / "toy.md").read_text("utf-8")
    start, end = text.index("checks:\n  - expression: total"), text.index("```", text.index("One more is missing"))
    text = text[:start] + JUDGED.strip() + "\n" + text[end:]
    text = text.replace("total = given + 1", 'total = ["Ada Lovelace", "car_t"]').replace(
        "# Toy\n", "# Toy <script>alert(1)</script>\n"
    )
    (tmp_path / "toy.md").write_text(text, "utf-8")
    done("key", tmp_path / "toy.md", "--to", tmp_path / "keys")
    page = (tmp_path / "keys" / "toy-key.html").read_text("utf-8")
    assert "&lt;b&gt;The total&lt;/b&gt;" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "judged (side): another side" in page


def test_keys_are_refused_where_learners_fetch_their_files(keys: Path, tmp_path: Path) -> None:
    done("build", TOY, "--to", tmp_path / "course")
    with pytest.raises(SystemExit, match=r"holds files for learners \(toy.zip\); answer keys need a folder"):
        main(["key", str(TOY), "--to", str(tmp_path / "course")])
    with pytest.raises(SystemExit, match=r"holds answer keys \(toy-key.html\); answer keys need a folder"):
        main(["build", str(TOY), "--to", str(keys)])
    site = tmp_path / "site"
    site.mkdir()
    (site / "searchindex.js").touch()
    for folder in (site, site / "keys"):
        with pytest.raises(SystemExit, match=r"holds a site \(searchindex.js\)"):
            main(["key", str(TOY), "--to", str(folder)])
    assert [each.name for each in tmp_path.rglob("*-key.html")] == []


def test_the_commands_write_keys_and_learners_files_apart() -> None:
    """As the Makefile has them; neither folder is built into the site, which takes pages of its contents alone."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "carbite_course key course/assignments/* --to dist/keys\n" in makefile
    assert "carbite_course build course/assignments/* --to dist/course\n" in makefile
    assert "only_build_toc_files: true\n" in (ROOT / "_config.yml").read_text("utf-8")
    listed = re.findall(r"(?:file|root): (\S+)", (ROOT / "_toc.yml").read_text("utf-8"))
    assert listed
    assert all(each.startswith("book/") for each in listed)


def test_a_judge_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    text = (
        (TOY / "toy.md").read_text("utf-8").replace("  - expression: total\n", "  - expression: total\n    judge: me\n")
    )
    (tmp_path / "toy.md").write_text(text, "utf-8")
    with pytest.raises(ValueError, match="judge is 'me'; expected one of side, argument, reply"):
        read(tmp_path / "toy.md")
