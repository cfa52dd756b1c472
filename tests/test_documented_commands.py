"""What the documents tell a reader to type: it runs, or, where it is long, all that it needs is there.

Long commands are held to what they name: a target of the Makefile whose recipe resolves, a module, an option, an
extra of the package. The tests of those commands themselves are elsewhere.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from carbite_course import cli
from carbite_course.assignment import PREDICTION_KEYS

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "course/README.md")
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
# What a shell block may hold that is not ours, with why it is not tried here.
ELSEWHERE = {"apt-get": "installs into the system", "rsync": "needs a server"}
# First words that make a command of what stands in a sentence.
TRIED = ("make", "python", "pip", "carbite-course")
SECONDS = 60


class Block(NamedTuple):
    """A fenced block of a document."""

    document: str
    language: str
    text: str


class Command(NamedTuple):
    """A command as it is documented, with its words."""

    document: str
    words: tuple[str, ...]


def blocks() -> Iterator[Block]:
    for document in DOCUMENTS:
        for match in FENCE.finditer((ROOT / document).read_text("utf-8")):
            indent = len(match["indent"])
            lines = [line[indent:] for line in match["text"].splitlines()]
            yield Block(document, match["language"], "\n".join(lines) + "\n")


def sentences(document: str) -> str:
    """The text of a document without its blocks."""
    return FENCE.sub("", (ROOT / document).read_text("utf-8"))


def commands() -> Iterator[Command]:
    for block in blocks():
        if block.language == "sh":
            for line in block.text.replace("\\\n", " ").splitlines():
                for part in line.split("&&"):
                    if words := spoken(part):
                        yield Command(block.document, words)
    for document in DOCUMENTS:
        for said in INLINE.findall(sentences(document)):
            if (words := spoken(said)) and Path(words[0]).name in TRIED:
                yield Command(document, words)


def spoken(line: str) -> tuple[str, ...]:
    """The words of a line of a shell, without comment and settings before it; none where it is no such line."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return ()
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    return tuple(words)


EVERY = sorted(set(commands()))


def help_of(*command: str) -> str:
    """What a program says of itself."""
    if command[0] == "carbite-course":
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            cli.parser().parse_args([*command[1:], "--help"])
        return said.getvalue()
    run = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False, timeout=SECONDS)
    return run.stdout + run.stderr


def options(words: tuple[str, ...]) -> list[str]:
    return [word.partition("=")[0] for word in words if re.fullmatch(r"--[a-z][\w-]*(=.*)?", word)]


def assert_has(said: str, wanted: list[str], command: str) -> None:
    for option in wanted:
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", said), f"{command} has no {option}"


def assert_module(name: str) -> None:
    assert importlib.util.find_spec(name) is not None, f"there is no module {name}"


def assert_make(words: tuple[str, ...]) -> None:
    targets = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
    run = subprocess.run(
        ["make", "--dry-run", *targets], cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert run.returncode == 0, run.stderr
    for line in run.stdout.splitlines():
        for module in re.findall(r"python -m (\S+)", line):
            if module != "venv":
                assert_module(module)


def assert_extras(words: tuple[str, ...]) -> None:
    known = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    for word in words:
        if match := re.search(r"carbite[^\[]*\[([\w,]+)\]", word):
            assert set(match[1].split(",")) <= known, f"{word}: the extras are {sorted(known)}"


def assert_course(words: tuple[str, ...]) -> None:
    if len(words) == 2:  # named in a sentence, without what it is given
        assert f"carbite-course {words[1]}" in help_of(*words), f"carbite-course has no {words[1]}"
        return
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            cli.parser().parse_args(list(words[1:]))
        except SystemExit:
            pytest.fail(said.getvalue())


@pytest.mark.parametrize("command", EVERY, ids=lambda command: f"{command.document}: {' '.join(command.words)[:60]}")
def test_a_documented_command_is_there(command: Command) -> None:
    program = Path(command.words[0]).name
    if program in ELSEWHERE:
        return
    if program == "make":
        assert_make(command.words)
    elif program == "carbite-course":
        assert_course(command.words)
    elif program == "pip":
        assert_extras(command.words)
    elif program == "python" and command.words[1:2] == ("-m",):
        assert_module(command.words[2])
        assert_extras(command.words)
        if wanted := options(command.words):
            assert_has(help_of(sys.executable, "-m", command.words[2]), wanted, command.words[2])
    else:
        pytest.fail(
            f"{command.document}: nothing here knows how to try {' '.join(command.words)}; say why in ELSEWHERE"
        )


def test_options_that_are_named_alone_are_those_of_the_course() -> None:
    said = "".join(help_of("carbite-course", each) for each in ("build", "grade", "merge"))
    for document in DOCUMENTS:
        named = [each for each in INLINE.findall(sentences(document)) if each.startswith("--")]
        assert_has(said, named, f"carbite-course, in {document},")


def test_something_is_found_in_each_document() -> None:
    assert {command.document for command in EVERY} == set(DOCUMENTS)
    # In a block of another name commands would go unseen.
    assert not {block.language for block in blocks()} & {"", "bash", "shell", "console"}


def test_a_wrong_command_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        assert_make(("make", "no-such-target"))
    with pytest.raises(AssertionError):
        assert_module("carbite.nothing")
    with pytest.raises(AssertionError):
        assert_has(help_of("carbite-course", "grade"), ["--rosters"], "carbite-course grade")
    with pytest.raises(AssertionError):
        assert_extras(("carbite[nothing]",))
    for wrong in (("carbite-course", "mark"), ("carbite-course", "grade", "somewhere", "--too", "there")):
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            assert_course(wrong)


def test_the_python_of_the_readme_runs_from_top_to_bottom() -> None:
    """Each block ends in something that a reader would look at."""
    names: dict[str, Any] = {}
    every = [block for block in blocks() if block.language == "python" and block.document == "README.md"]
    assert len(every) >= 3
    for block in every:
        exec(compile(block.text, block.document, "exec"), names)
        last = block.text.strip().splitlines()[-1].partition("#")[0]
        assert eval(last, names) is not None, last


def test_quick_commands_run(tmp_path: Path) -> None:
    """The learners' notebooks are built, and the facts that the data hold are counted, as documented."""
    (building,) = [each.words for each in EVERY if each.words[:2] == ("carbite-course", "build")]
    sources = sorted(str(path) for path in ROOT.glob(building[2]))
    assert sources
    given = [*sources, "--to", str(tmp_path)]
    with pytest.raises(SystemExit) as ended, contextlib.redirect_stdout(io.StringIO()):
        cli.main(["build", *given])
    assert ended.value.code == 0
    assert len(list(tmp_path.glob("*.zip"))) == len(sources)
    assert any(each.words == ("python", "-m", "carbite.coverage") for each in EVERY)
    run = subprocess.run([sys.executable, "-m", "carbite.coverage"], capture_output=True, text=True, check=True)
    assert "left out" in run.stdout


def test_the_marking_of_a_prediction_is_as_documented() -> None:
    (block,) = [block for block in blocks() if block.language == "yaml" and "prediction" in block.text]
    assert set(yaml.safe_load(block.text)) <= PREDICTION_KEYS
