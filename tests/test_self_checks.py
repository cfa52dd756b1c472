"""The files of self-checks: each is whole, and what is wrong with one is said in one message."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from carbite.evidence import records
from carbite.notebooks import ChapterError, notebook
from carbite.prose import number
from carbite.self_checks import SelfCheckError, file_of, named, pieces, read
from tests import shingles
from tests.written import BOOK, DIRECTIVE, questions

CHAPTERS = sorted(page for page in BOOK.glob("*.md") if DIRECTIVE.search(page.read_text("utf-8")))
FEWEST = 5

ONE: dict[str, Any] = {
    "id": "toy-one",
    "type": "one",
    "claims": ["EF1"],
    "question": "Is {number}`o:eliana-cr` *all*?",
    "options": [
        {"text": "Yes", "feedback": "No."},
        {"text": "No", "right": True, "feedback": "Yes."},
        {"text": "Who knows", "feedback": "We do."},
    ],
    "explanation": "So it is.",
}
MANY = ONE | {"id": "toy-many", "type": "many"}
NUMBER: dict[str, Any] = {
    "id": "toy-number",
    "type": "number",
    "question": "How many?",
    "answer": "o:eliana-cr:events",
    "within": 0.5,
    "unit": "children",
    "mistakes": [{"answer": "o:eliana-cr:n", "feedback": "These were infused."}],
    "explanation": "Count.",
}

Write = Callable[[object], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of self-checks of the chapter ``toy``."""

    def written(said: object) -> Path:
        file = tmp_path / "self-checks" / "toy.yml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(said if isinstance(said, str) else yaml.safe_dump(said), "utf-8")
        return file

    return written


def changed(question: dict[str, Any], path: str, value: object) -> list[dict[str, Any]]:
    """The question with another value at a path such as ``options.0.text``; ``...`` takes it out."""
    made: Any = copy.deepcopy(question)
    at = made
    *way, last = path.split(".")
    for step in way:
        at = at[int(step) if step.isdigit() else step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return [made]


# --- The book ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda page: page.stem)
def test_a_chapter_asks_enough_and_not_in_one_way(chapter: Path) -> None:
    asked = questions(chapter)
    assert DIRECTIVE.findall(chapter.read_text("utf-8")) == [chapter.stem]
    assert len(asked) >= FEWEST
    assert len({question.type for question in asked}) > 1


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda page: page.stem)
def test_neither_place_nor_length_gives_the_right_option_away(chapter: Path) -> None:
    """A reader who always takes the same letter, or the longest text, is wrong about most of the questions."""
    asked = [question for question in questions(chapter) if question.type == "one"]
    places = [[option.right for option in question.options].index(True) for question in asked]
    longest = [max(question.options, key=lambda option: len(option.text)).right for question in asked]
    assert max(map(places.count, places)) <= len(asked) // 2 + 1
    assert sum(longest) <= len(asked) // 2 + 1


def test_every_file_belongs_to_a_chapter_and_ids_are_unique_in_the_book() -> None:
    assert named(BOOK) == [page.stem for page in CHAPTERS] != []
    ids = [question.id for chapter in named(BOOK) for question in read(file_of(BOOK, chapter))]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda page: page.stem)
def test_no_text_shares_16_words_in_a_row_with_an_article(chapter: Path) -> None:
    known = shingles.stored()
    for question in questions(chapter):
        for text in question.texts:
            assert not known & set(shingles.hashes(text)), text


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda page: page.stem)
def test_the_notebook_has_every_question_with_its_answer_folded(chapter: Path) -> None:
    said = "\n".join(cell["source"] for cell in notebook(chapter)["cells"] if cell["cell_type"] == "markdown")
    asked = questions(chapter)
    for position, question in enumerate(asked, start=1):
        start = said.index(f"**Question {position}.**")
        answer = said.index(f"<details><summary>Answer to question {position}</summary>")
        assert start < answer
        assert said[start:answer].count("\n- **") == len(question.options)
        for text in (question.explanation, *(feedback for _, feedback in question.reasons)):
            words = re.split(r"\{|\*|`", text)[0].strip()[:40]
            assert words in said[answer:], text


# --- Reading ----------------------------------------------------------------------------------------------------


def test_questions_are_read_as_they_were_written(write: Write) -> None:
    one, many, typed = read(write([ONE, MANY, NUMBER]))
    assert (one.id, one.type, one.claims) == ("toy-one", "one", ("EF1",))
    assert [(option.text, option.feedback, option.right) for option in one.options] == [
        ("Yes", "No.", False),
        ("No", "Yes.", True),
        ("Who knows", "We do.", False),
    ]
    assert one.solution == "B is right."
    assert many.type == "many"
    row = next(row for row in records("outcomes") if row["outcome_id"] == "eliana-cr")
    assert typed.answer
    assert (typed.answer.value, typed.within, typed.unit) == (row["events"], 0.5, "children")
    assert [(mistake.value, mistake.feedback) for mistake in typed.mistakes] == [(row["n"], "These were infused.")]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    # A whole percentage with its unit, one with a decimal, and one whose thousands are set apart.
    [("o:eliana-cr", "81\u00a0%", 81), ("o:tower-severe-crs", "4.9\u00a0%", 4.9), ("g:cr:pairs", "", None)],
)
def test_a_figure_is_taken_from_the_text_of_its_number(name: str, text: str, value: float | None, write: Write) -> None:
    (asked,) = read(write(changed(NUMBER, "answer", name)))
    assert asked.answer
    if value is None:
        text = number(name).text
        assert "," in text
        value = float(text.replace(",", ""))
    assert (number(name).text, asked.answer.value) == (text, value)


@pytest.mark.parametrize(
    ("question", "path", "value", "message"),
    [
        (ONE, "id", "other-one", r"question 1: id: found 'other-one'; expected .* beginning with toy-"),
        (ONE, "type", "several", r"toy-one: type: found 'several'; expected one, many or number"),
        (ONE, "explanation", ..., r"toy-one: explanation: it is missing; expected a value"),
        (ONE, "hint", "x", r"toy-one: hint: there is no such field here; expected some of claims, explanation"),
        (ONE, "question", True, r"toy-one: question: found True; expected a text \(in quotes"),
        (ONE, "question", " ", r"toy-one: question: found ' '; expected a text"),
        (ONE, "claims", ["EF999"], r"toy-one: claims: found \['EF999'\]; expected a list of ids of data/claims.csv"),
        (ONE, "options", ONE["options"][:2], r"toy-one: options: found 2; expected a list of 3 to 5"),
        (ONE, "options", "Yes", r"toy-one: options: found 'Yes'; expected a list of 3 to 5"),
        (ONE, "options.0.right", True, r"toy-one: options: 2 are right; expected exactly one"),
        (ONE, "options.1.right", "yes", r"toy-one: options B, right: found 'yes'; expected true, or nothing"),
        (ONE, "options.1.feedback", ..., r"toy-one: options B, feedback: it is missing"),
        (ONE, "options.0.text", "No", r"toy-one: options: the same text twice"),
        (ONE, "options.2.points", 1, r"toy-one: options C, points: there is no such field here"),
        (MANY, "options.1.right", False, r"toy-many: options: 0 of 3 are right; expected some that are and some"),
        (ONE, "answer", "o:eliana-cr", r"toy-one: answer: there is no such field here"),
        (NUMBER, "options", [], r"toy-number: options: there is no such field here"),
        (NUMBER, "answer", "o:nobody-cr", r"toy-number: answer: outcomes.csv has no row 'nobody-cr'"),
        (NUMBER, "answer", "o:eliana-cr:count", r"toy-number: answer: .* with 2 figures in it; expected a number with"),
        (NUMBER, "answer", 81, r"toy-number: answer: found 81; expected the name of a number"),
        (NUMBER, "answer", "live:ratio", r"toy-number: answer: found 'live:ratio'; expected the name of a number"),
        (NUMBER, "within", -1, r"toy-number: within: found -1; expected a number that is not negative"),
        (NUMBER, "within", "a bit", r"toy-number: within: found 'a bit'; expected a number"),
        (NUMBER, "within", 20, r"toy-number: mistakes 1: 75 counts as right; expected a figure that does not"),
        (NUMBER, "unit", 5, r"toy-number: unit: found 5; expected a text, such as months"),
        (NUMBER, "mistakes", {}, r"toy-number: mistakes: found \{\}; expected a list"),
        (NUMBER, "mistakes.0.feedback", ..., r"toy-number: mistakes 1, feedback: it is missing"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(
    question: dict[str, Any], path: str, value: object, message: str, write: Write
) -> None:
    file = write(changed(question, path, value))
    with pytest.raises(SelfCheckError, match=f"^{re.escape(str(file))}: {message}"):
        read(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A <b>bold</b> word", "found HTML in it; expected words, emphasis, code and roles"),
        ("<script>alert(1)</script>", "found more than a paragraph of text"),
        ("An image ![x](y.png)", "found IMAGE in it"),
        ("A [link](https://example.org)", "found LINK in it"),
        ("<https://example.org>", "found LINK in it"),
        ("# A heading", "found more than a paragraph of text; expected one, without lists, headings or blank lines"),
        ("- a list", "found more than a paragraph of text"),
        ("Words.\n\nMore words.", "found more than a paragraph of text"),
        ("It costs $5 or $6", "found '\\$' in it; expected words"),
        ("{{ x }}", "found '{' in it"),
        ("*a*{.big}", "found '{' in it"),
        ("{eval}`1`", "found the role {eval}; expected one of number, term"),
        ("{number}`o:nobody-cr`", "outcomes.csv has no row 'nobody-cr'"),
        ("{number}`live:ratio`", "'live:ratio' follows the page; expected a number that stays"),
    ],
)
@pytest.mark.parametrize("field", ["question", "options.0.text", "options.0.feedback", "explanation"])
def test_no_text_can_be_more_than_words(field: str, text: str, message: str, write: Write) -> None:
    with pytest.raises(SelfCheckError, match=re.escape(message).replace(r"\\\$", r"\$")):
        read(write(changed(ONE, field, text)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a list of questions"),
        ("id: toy-one", "expected a list of questions"),
        ("- toy", "question 1: found 'toy'; expected id, type, question and so on"),
        ("- id: [", "this is not YAML"),
        ("- id: toy-one\n  type: one\n  type: many\n", "'type' is given twice"),
    ],
)
def test_a_file_that_is_no_list_of_questions_is_refused(text: str, message: str, write: Write) -> None:
    with pytest.raises(SelfCheckError, match=re.escape(message)):
        read(write(text))


def test_an_id_given_twice_and_a_file_that_is_not_there(write: Write) -> None:
    with pytest.raises(SelfCheckError, match=r"toy-one: id: there is another question of this id"):
        read(write([ONE, ONE]))
    with pytest.raises(SelfCheckError, match=r"nothing\.yml: there is no such file"):
        read(write([ONE]).with_name("nothing.yml"))


def test_the_pieces_of_a_text() -> None:
    said = "A *very* {term}`few <MRD>` `x` {number}`o:eliana-cr`, **no** \\*star\\* &amp;"
    assert list(pieces(said)) == [
        ("text", "A "),
        ("em_open", ""),
        ("text", "very"),
        ("em_close", ""),
        ("text", " "),
        ("term", "few <MRD>"),
        ("text", " "),
        ("code", "x"),
        ("text", " "),
        ("number", "o:eliana-cr"),
        ("text", ", "),
        ("strong_open", ""),
        ("text", "no"),
        ("strong_close", ""),
        ("text", " *star* &"),
    ]


def test_a_notebook_names_the_file_that_is_wrong(write: Write) -> None:
    page = write(changed(ONE, "type", "none")).parents[1] / "toy.md"
    page.write_text("# Toy\n\n```{self-check} toy\n```\n", "utf-8")
    with pytest.raises(ChapterError, match=r"toy\.yml: toy-one: type: found 'none'"):
        notebook(page)
