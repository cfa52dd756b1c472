"""A quiz for Canvas: QTI 1.2 in a zip file, by text2qti.

text2qti reads a text of its own, which is Markdown. What it gets here is HTML in paragraphs, which it hands on
unchanged.
"""

from __future__ import annotations

import io
import re
import zipfile

from text2qti.config import Config
from text2qti.err import Text2qtiError
from text2qti.qti import QTI
from text2qti.quiz import Quiz as Parsed

from carbite.archives import NO_TIME, zipped
from carbite_course.quizzes import BANK, Asked, Quiz, QuizError

# text2qti notes the day on which it ran.
_DATE = re.compile(r"(<imsmd:dateTime>)[^<]*(</imsmd:dateTime>)")
_NO_DATE = "{:04}-{:02}-{:02}".format(*NO_TIME)
# What text2qti looks for before it looks at Markdown: formulas, their macros, and blanks to fill in.
_SIGNS = {"$": "&#36;", "\\": "&#92;", "((": "(&#40;"}


def package(quiz: Quiz) -> bytes:
    """The zip file to import in Canvas. Raises QuizError for what text2qti cannot express."""
    try:
        # Config.load would read, and write, a file in the home directory.
        written = QTI(Parsed(text(quiz), config=Config())).zip_bytes()
    except Text2qtiError as error:
        said = " ".join(str(error).split())
        raise QuizError(f"{quiz.chapter}: text2qti cannot make a quiz for Canvas of it: {said}") from error
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        files = {name: archive.read(name) for name in sorted(archive.namelist())}
    manifest = files["imsmanifest.xml"].decode()
    return zipped({**files, "imsmanifest.xml": _DATE.sub(rf"\g<1>{_NO_DATE}\g<2>", manifest).encode()})


def text(quiz: Quiz) -> str:
    """The quiz as text2qti reads it."""
    head = (f"Quiz title: {BANK} {quiz.title}", "shuffle answers: true", "")
    return "\n".join((*head, *(line for asked in quiz.questions for line in (*_lines(asked), ""))))


def _lines(asked: Asked) -> list[str]:
    lines = [f"Title: {asked.id}", "Points: 1", f"1. {_paragraph(asked.question)}"]
    if asked.type == "number":
        # A wrong figure has no feedback of its own there: all of it is said with the explanation.
        right, *wrong = asked.answers
        said = [asked.explanation, *(f"Not {answer.text}: {answer.feedback}" for answer in wrong)]
        return [*lines, f"... {''.join(map(_paragraph, said))}", f"=   {right.text} +- {asked.within}"]
    lines.append(f"... {_paragraph(asked.explanation)}")
    marks = {"one": ("a) ", "*a) "), "many": ("[ ] ", "[*] ")}[asked.type]
    for answer in asked.answers:
        lines += [f"{marks[answer.right]}{_paragraph(answer.text)}", f"... {_paragraph(answer.feedback)}"]
    return lines


def _paragraph(html: str) -> str:
    for sign, entity in _SIGNS.items():
        html = html.replace(sign, entity)
    return f"<p>{html}</p>"
