"""The self-checks as quizzes: read back, each question, right answer and reason is that of the book."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
import xmlschema
import yaml
from bs4 import BeautifulSoup

from carbite.self_checks import SEVERAL, Question, file_of, named, read
from carbite_course import canvas, moodle
from carbite_course.cli import main
from carbite_course.quizzes import Quiz, QuizError, quiz
from tests.written import BOOK, plain, straight

HERE = Path(__file__).parent
MOODLE, CANVAS = HERE / "moodle.xsd", HERE / "qti.xsd"
QTI = {"q": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"}
MANIFEST = {"m": "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"}
# text2qti writes figures with four decimals.
DECIMALS = 0.5e-4

# Signs that mean something in HTML, XML, Markdown, to text2qti, or to the one that reads their result.
SIGNS = r"1 \< 2 & 3 > 2; 'a' \"b\" \*c\* \_d\_ \[e](f) ((g)) [[h]] ~i~ a\) #j !k | \\num \\SI l -- m ... % n"
TOY = [
    {
        "id": "toy-signs",
        "type": "one",
        "question": f"{SIGNS} {{number}}`o:eliana-cr` of {{term}}`those <MRD>` *and* `x < y`",
        "options": [{"text": f"{SIGNS} {sign}", "feedback": f"{SIGNS} {sign}", "right": sign == "b"} for sign in "abc"],
        "explanation": f"{SIGNS} **{{cite:t}}`molina-shah-2021`** {{cite:p}}`davis-mackall-2016`, {{doc}}`toy`",
    },
    {
        "id": "toy-many",
        "type": "many",
        "question": "Which?",
        "options": [{"text": sign, "feedback": f"It is {sign}.", "right": sign in "ace"} for sign in "abcde"],
        "explanation": "Those.",
    },
    {
        "id": "toy-number",
        "type": "number",
        "question": "How many?",
        "answer": "o:tower-severe-crs",
        "within": 0.25,
        "unit": "%",
        "mistakes": [{"answer": "o:tower-severe-crs:n", "feedback": "These were treated."}],
        "explanation": "Few.",
    },
]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of one chapter that has every sign."""
    book = tmp_path_factory.mktemp("book")
    (book / "self-checks").mkdir()
    (book / "toy.md").write_text("# Toys < games / and & more\n", "utf-8")
    file_of(book, "toy").write_text(yaml.safe_dump(TOY), "utf-8")
    return book


@pytest.fixture(scope="module", params=[*named(BOOK), "toy"])
def made(request: pytest.FixtureRequest, toy: Path) -> tuple[Quiz, tuple[Question, ...]]:
    """A chapter's quiz, and its questions as they are in the file."""
    book = toy if request.param == "toy" else BOOK
    return quiz(book, request.param), read(file_of(book, request.param))


def words(html: str | None) -> str:
    """What a platform shows of its HTML."""
    return straight(BeautifulSoup(html or "", "html.parser").get_text())


def expected(text: str) -> str:
    """What the toy's chapter is called stands in its own book."""
    return plain(text.replace("{doc}`toy`", "Toys < games / and & more"))


def asked(question: Question) -> str:
    """The question, with what a platform has to say beside it."""
    several = f" {SEVERAL}" if question.type == "many" else ""
    unit = f" (Answer in {question.unit}.)" if question.unit else ""
    return expected(question.question) + several + unit


def nothing_is_left(text: str) -> None:
    """No role, no sign of Markdown, no entity."""
    for sign in ("{", "}", "`", "**", "&amp;", "&lt;", "&#", "<p>"):
        assert sign not in text, text


# --- Moodle -----------------------------------------------------------------------------------------------------


def text_at(element: Element, path: str) -> str:
    found = element.find(f"{path}/text")
    assert found is not None, path
    return found.text or ""


def test_moodle_takes_the_file(made: tuple[Quiz, tuple[Question, ...]]) -> None:
    xmlschema.XMLSchema11(MOODLE).validate(io.BytesIO(moodle.xml(made[0])))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b'fraction="100"', b'fraction="99"'),  # the importer has no such fraction
        (b'fraction="33.33333"', b'fraction="25"'),  # all right answers together give too little
        (b"<tolerance>0.25</tolerance>", b""),
        (b"<text>4.9</text>", b"<text>4,9</text>"),
        (b'type="numerical"', b'type="figure"'),
        (b"<idnumber>toy-many</idnumber>", b"<idnumber>toy-signs</idnumber>"),
        (b"$course$/top/", b"$course/top/"),
    ],
)
def test_the_schema_finds_what_moodle_would_not_take(right: bytes, wrong: bytes, toy: Path) -> None:
    written = moodle.xml(quiz(toy, "toy"))
    assert right in written
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        xmlschema.XMLSchema11(MOODLE).validate(io.BytesIO(written.replace(right, wrong)))


def test_moodle_reads_what_the_book_asks(made: tuple[Quiz, tuple[Question, ...]]) -> None:
    exported, questions = made
    category, *found = ElementTree.fromstring(moodle.xml(exported))
    assert category.get("type") == "category"
    *_, heading = text_at(category, "category").replace("//", "\0").split("/")
    assert heading.replace("\0", "/") == exported.title
    assert len(found) == len(questions)
    for element, question in zip(found, questions, strict=True):
        assert element.findtext("idnumber") == text_at(element, "name") == question.id
        assert words(text_at(element, "questiontext")) == asked(question)
        assert words(text_at(element, "generalfeedback")) == expected(question.explanation)
        answers = element.findall("answer")
        shares = [float(answer.get("fraction", "")) for answer in answers]
        feedback = [words(text_at(answer, "feedback")) for answer in answers]
        texts = [answer.findtext("text") or "" for answer in answers]
        if question.answer:
            assert element.get("type") == "numerical"
            figures = (question.answer, *question.mistakes)
            assert [float(text) for text in texts] == [figure.value for figure in figures]
            assert feedback == [expected(figure.feedback) for figure in figures]
            assert shares == [100.0, *(0.0 for _ in question.mistakes)]
            assert {float(answer.findtext("tolerance") or "") for answer in answers} == {question.within}
        else:
            assert element.get("type") == "multichoice"
            assert element.findtext("single") == ("true" if question.type == "one" else "false")
            assert [words(text) for text in texts] == [expected(option.text) for option in question.options]
            assert feedback == [expected(option.feedback) for option in question.options]
            assert [share > 0 for share in shares] == [option.right for option in question.options]
            # To tick everything gives nothing where several may be ticked.
            assert question.type == "one" or sum(shares) == pytest.approx(0, abs=1e-4)


# --- Canvas -----------------------------------------------------------------------------------------------------


def opened(exported: Quiz) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(canvas.package(exported)))


def assessment(exported: Quiz) -> bytes:
    """The file of the package that holds the questions."""
    with opened(exported) as archive:
        manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
        (resource,) = manifest.findall(".//m:resource[@type='imsqti_xmlv1p2']", MANIFEST)
        (file,) = resource.findall("m:file", MANIFEST)
        return archive.read(file.attrib["href"])


def items(exported: Quiz) -> list[Element]:
    """The questions of the package, in order."""
    return ElementTree.fromstring(assessment(exported)).findall(".//q:item", QTI)


def test_the_questions_are_qti(made: tuple[Quiz, tuple[Question, ...]]) -> None:
    xmlschema.XMLSchema(CANVAS).validate(io.BytesIO(assessment(made[0])))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b"<presentation>", b"<hidden/><presentation>"),
        (b'rcardinality="Multiple"', b'rcardinality="Several"'),
        (b'linkrefid="general_fb"', b""),
        (b"</vargte>", b"%</vargte>"),
        (b"<outcomes>", b"<outcomes/><outcomes>"),
    ],
)
def test_the_schema_finds_what_is_not_qti(right: bytes, wrong: bytes, toy: Path) -> None:
    written = assessment(quiz(toy, "toy"))
    assert right in written
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        xmlschema.XMLSchema(CANVAS).validate(io.BytesIO(written.replace(right, wrong, 1)))


def test_the_package_is_what_canvas_documents(made: tuple[Quiz, tuple[Question, ...]]) -> None:
    """Its manifest is where an importer looks, names each file that is there, and no other."""
    with opened(made[0]) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
        listed = {file.attrib["href"] for file in manifest.findall(".//m:file", MANIFEST)}
        assert listed == {name for name in names if not name.endswith("/")} - {"imsmanifest.xml"}
        meta = next(name for name in listed if name.endswith("assessment_meta.xml"))
        assert made[0].title in "".join(ElementTree.fromstring(archive.read(meta)).itertext())
        ids = [resource.attrib["identifier"] for resource in manifest.findall(".//m:resource", MANIFEST)]
        wanted = [each.attrib["identifierref"] for each in manifest.findall(".//m:dependency", MANIFEST)]
        assert len(ids) == len(set(ids))
        assert set(wanted) <= set(ids)


def test_canvas_reads_what_the_book_asks(made: tuple[Quiz, tuple[Question, ...]]) -> None:
    exported, questions = made
    found = items(exported)
    assert len(found) == len(questions)
    kinds = {"one": "multiple_choice_question", "many": "multiple_answers_question", "number": "numerical_question"}
    for item, question in zip(found, questions, strict=True):
        assert item.get("title") == question.id
        fields = {
            each.findtext("q:fieldlabel", "", QTI): each.findtext("q:fieldentry", "", QTI)
            for each in item.findall(".//q:qtimetadatafield", QTI)
        }
        assert fields["question_type"] == kinds[question.type]
        assert words(item.findtext("q:presentation/q:material/q:mattext", "", QTI)) == asked(question)
        feedback = {
            each.attrib["ident"]: words(each.findtext(".//q:mattext", "", QTI))
            for each in item.findall("q:itemfeedback", QTI)
        }
        shown = {each.attrib["linkrefid"] for each in item.findall(".//q:displayfeedback", QTI)}
        assert shown == set(feedback), "every feedback is shown at some answer"
        (scored,) = (
            each for each in item.findall(".//q:respcondition", QTI) if each.findtext("q:setvar", "", QTI) == "100"
        )
        if question.answer:
            low, high = (float(scored.findtext(f".//q:{name}", "", QTI)) for name in ("vargte", "varlte"))
            assert low == pytest.approx(question.answer.value - question.within, abs=DECIMALS)
            assert high == pytest.approx(question.answer.value + question.within, abs=DECIMALS)
            assert feedback["general_fb"].startswith(expected(question.explanation))
            for mistake in question.mistakes:
                assert f"Not {mistake.value:.10g}: {expected(mistake.feedback)}" in feedback["general_fb"]
            continue
        assert feedback["general_fb"] == expected(question.explanation)
        labels = {
            each.attrib["ident"]: words(each.findtext(".//q:mattext", "", QTI))
            for each in item.findall(".//q:response_label", QTI)
        }
        assert list(labels.values()) == [expected(option.text) for option in question.options]
        assert [feedback[f"{ident}_fb"] for ident in labels] == [
            expected(option.feedback) for option in question.options
        ]
        wrong = {each.text for each in scored.findall(".//q:not/q:varequal", QTI)}
        right = {each.text for each in scored.findall(".//q:varequal", QTI)} - wrong
        assert [ident in right for ident in labels] == [option.right for option in question.options]
        if question.type == "many":
            assert wrong | right == set(labels), "to tick a wrong one beside is not right"


def test_what_canvas_cannot_express_is_said(toy: Path) -> None:
    """text2qti refuses figures near zero."""
    exported = quiz(toy, "toy")
    *_, last = exported.questions
    zero = Quiz(
        "toy", "Toy", (type(last)("toy-zero", "number", "?", "!", (type(last.answers[0])("0", "", True),), "0"),)
    )
    with pytest.raises(QuizError, match=r"toy: text2qti cannot make a quiz for Canvas of it: .*0\.0001"):
        canvas.package(zero)


# --- Both -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", named(BOOK))
def test_nothing_of_the_source_is_left(chapter: str) -> None:
    exported = quiz(BOOK, chapter)
    for element in ElementTree.fromstring(moodle.xml(exported)).iter("text"):
        nothing_is_left(words(element.text))
    for item in items(exported):
        for text in item.iter(f"{{{QTI['q']}}}mattext"):
            nothing_is_left(words(text.text))


def test_the_command_writes_the_same_bytes_every_time(toy: Path, tmp_path: Path) -> None:
    """Another process, on another day, in which Python orders sets in another way."""
    with pytest.raises(SystemExit) as ended:
        main(["quiz", "--book", str(toy), "--to", str(tmp_path / "ours")])
    assert ended.value.code == 0
    later = (
        "import datetime, sys\n"
        "from carbite_course.cli import main\n"
        "class Later(datetime.date):\n    today = classmethod(lambda cls: cls(2031, 5, 6))\n"
        "datetime.date = Later\n"
        "main(sys.argv[1:])"
    )
    run = subprocess.run(
        [sys.executable, "-c", later, "quiz", "toy", "--book", str(toy), "--to", str(tmp_path / "theirs")],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "toy-canvas.zip" in run.stdout
    assert "(3 questions)" in run.stdout
    names = {"toy-canvas.zip", "toy-moodle.xml"}
    assert {path.name for path in (tmp_path / "ours").iterdir()} == names
    for name in names:
        assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], r"there is no such chapter, or it has no heading"),
        (["--book", "nowhere"], r"nowhere: there is no chapter with self-checks; name the book's folder with --book"),
        (["references"], r"there is no such file of self-checks"),
    ],
)
def test_a_chapter_that_cannot_be_exported_is_named(arguments: list[str], message: str, tmp_path: Path) -> None:
    book = [] if "--book" in arguments else ["--book", str(BOOK)]
    with pytest.raises(SystemExit, match=message):
        main(["quiz", *arguments, *book, "--to", str(tmp_path / "quizzes")])
    assert not (tmp_path / "quizzes").exists()
