"""A question bank in Moodle XML: https://docs.moodle.org/en/Moodle_XML_format, as Moodle's own importer reads it."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from carbite_course.quizzes import BANK, Answer, Asked, Quiz

# Percentages, of which Moodle's importer takes no others than those of its own list; the reciprocals of 1 to 5 are
# in it, to five decimals.
_SHARE = "{:.7g}"


def xml(quiz: Quiz) -> bytes:
    """The questions of a chapter, in a category of their own."""
    bank = Element("quiz")
    category = SubElement(bank, "question", type="category")
    # A slash parts categories, so one within a name is doubled.
    names = (BANK, quiz.title)
    path = "/".join(("$course$", "top", *(name.replace("/", "//") for name in names)))
    _text(SubElement(category, "category"), path)
    for asked in quiz.questions:
        bank.append(_numerical(asked) if asked.type == "number" else _multichoice(asked))
    ElementTree.indent(bank)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(bank, encoding="utf-8") + b"\n"


def _question(kind: str, asked: Asked) -> Element:
    """What questions of every kind have."""
    made = Element("question", type=kind)
    _text(SubElement(made, "name"), asked.id)
    _html(made, "questiontext", asked.question)
    _html(made, "generalfeedback", asked.explanation)
    for name, value in (("defaultgrade", "1"), ("penalty", "0.3333333"), ("hidden", "0"), ("idnumber", asked.id)):
        SubElement(made, name).text = value
    return made


def _multichoice(asked: Asked) -> Element:
    made = _question("multichoice", asked)
    single = asked.type == "one"
    settings = {
        "single": "true" if single else "false",
        "shuffleanswers": "true",
        "answernumbering": "ABCD",
        "showstandardinstruction": "0",
    }
    for name, value in settings.items():
        SubElement(made, name).text = value
    right = sum(answer.right for answer in asked.answers)
    for answer in asked.answers:
        # With several right ones, a wrong tick costs what a right one of as many would give, or ticking all would pay.
        wrong = 0.0 if single else -100 / (len(asked.answers) - right)
        element = _answer(made, answer, 100 / right if answer.right else wrong, "html")
        element[0].text = f"<p>{answer.text}</p>"
    return made


def _numerical(asked: Asked) -> Element:
    made = _question("numerical", asked)
    for answer in asked.answers:
        element = _answer(made, answer, 100.0 if answer.right else 0.0, "moodle_auto_format")
        SubElement(element, "tolerance").text = asked.within
    # No units are asked for: the question says in which the answer is.
    for name, value in (("unitgradingtype", "0"), ("unitpenalty", "0.1"), ("showunits", "3"), ("unitsleft", "0")):
        SubElement(made, name).text = value
    return made


def _answer(question: Element, answer: Answer, percent: float, kind: str) -> Element:
    element = SubElement(question, "answer", fraction=_SHARE.format(percent), format=kind)
    _text(element, answer.text)
    _html(element, "feedback", answer.feedback)
    return element


def _text(parent: Element, text: str) -> None:
    SubElement(parent, "text").text = text


def _html(parent: Element, name: str, html: str) -> None:
    _text(SubElement(parent, name, format="html"), f"<p>{html}</p>" if html else "")
