"""What a reader is told to type: it runs, or, where it is long, all that it needs is there.

Long commands are held to what they name: a target of the Makefile whose recipe resolves, a module that can be run, an
option, a file, an extra of the package. The tests of those commands themselves are elsewhere. Read are all documents
and pages of the book, every target of the Makefile, and what docstrings, comments and messages in code name.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from carbite_course import cli
from carbite_course.assignment import PREDICTION_KEYS, read

ROOT = Path(__file__).parents[1]
WHERE = ("*.md", "*/README.md", "book/*.md", "course/assignments/*/*.md", "tests/reference/*.md")
# Folders with a dot belong to tools.
DOCUMENTS = sorted(
    {path.relative_to(ROOT).as_posix() for each in WHERE for path in ROOT.glob(each)}
    - {path.relative_to(ROOT).as_posix() for path in ROOT.glob(".*/*.md")}
)
# Those that would be empty of commands only by mistake.
WITH_COMMANDS = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "course/README.md", "deploy/README.md"}
WITH_COMMANDS |= {"book/teach.md", "book/teach-setup.md", "tests/reference/README.md"}
# Where a reader of their Python stands: beside the README, or beside the tables that were downloaded.
WITH_PYTHON = {"README.md": ROOT, "book/data.md": ROOT / "data"}
FENCE = re.compile(
    r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[^`\n]*)\n(?P<text>.*?)^ *(?P=ticks)$", re.MULTILINE | re.DOTALL
)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
# What a shell block may hold that is not ours, with why it is not tried here.
ELSEWHERE = {
    "apt-get": "installs into the system",
    "cd": "is the shell's",
    "curl": "needs a network",
    "git": "clones from a network",
    "rsync": "needs a server",
    "tljh-config": "is on a server with The Littlest JupyterHub",
}
# First words that make a command of what stands in a sentence.
TRIED = ("make", "python", "python3", "pip", "pytest", "carbite-course", "sh")
# Folders of the project: what a command names in them is there.
HELD = ("book/", "course/", "data/", "deploy/", "src/", "tests/")
SECONDS = 60
# What code and its comments tell somebody to run.
CODE = ("src/**/*.py", "tests/**/*.py", "benchmarks/**/*.py", "deploy/**/*.*", ".binder/postBuild", "Makefile")
MODULE = re.compile(r"python -m (?P<said>(?:carbite|carbite_course|tests|benchmarks)\b[^\n`'\",;:)]*)")
NAMED = re.compile(r"[`'](?P<said>(?:make|carbite-course) [a-z][a-z-]*)[`']")
OUR_MODULES = ("carbite", "carbite_course", "tests", "benchmarks")


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
    while words and (words[0] == "sudo" or re.fullmatch(r"[A-Z_]+=.*", words[0])):
        words = words[1:]
    return tuple(words)


EVERY = sorted(set(commands()))
TARGETS = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def in_code() -> Iterator[Command]:
    for file in sorted({path for each in CODE for path in ROOT.glob(each) if "vendor" not in path.parts}):
        text, name = file.read_text("utf-8"), file.relative_to(ROOT).as_posix()
        for match in MODULE.finditer(text):
            yield Command(name, ("python", "-m", *re.sub(r"[][]", " ", match["said"]).rstrip(". ").split()))
        for match in NAMED.finditer(text):
            yield Command(name, tuple(match["said"].split()))


IN_CODE = sorted(set(in_code()))


@cache
def help_of(*command: str) -> str:
    """What a program says of itself."""
    if command[0] == "carbite-course":
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            cli.parser().parse_args([*command[1:], "--help"])
        return said.getvalue()
    run = subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)
    return run.stdout + run.stderr


def options(words: tuple[str, ...]) -> list[str]:
    return [word.partition("=")[0] for word in words if re.fullmatch(r"--[a-z][\w-]*(=.*)?", word)]


def assert_has(said: str, wanted: list[str], command: str) -> None:
    for option in wanted:
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", said), f"{command} has no {option}"


def assert_module(name: str) -> None:
    found = importlib.util.find_spec(name)
    assert found is not None, f"there is no module {name}"
    if name.partition(".")[0] in OUR_MODULES:
        assert found.origin
        file = Path(found.origin)
        if file.name == "__init__.py":
            assert file.with_name("__main__.py").is_file(), f"python -m {name} runs nothing"
        else:
            assert '__name__ == "__main__"' in file.read_text("utf-8"), f"python -m {name} runs nothing"


def assert_program(name: str) -> None:
    assert Path(sys.executable).with_name(name).exists(), f"{name} is not installed with the project"


def assert_paths(words: tuple[str, ...]) -> None:
    for word in words:
        if word.startswith(HELD):
            assert any(ROOT.glob(word)), f"there is no {word}"


def assert_make(words: tuple[str, ...]) -> None:
    targets = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
    run = subprocess.run(
        ["make", "--dry-run", *targets], cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert run.returncode == 0, run.stderr
    for line in run.stdout.splitlines():
        for module in re.findall(r"python -m (\S+)", line):
            assert_module(module)
        for program in re.findall(r"\.venv/bin/([\w-]+)", line):
            assert_program(program)


def assert_extras(words: tuple[str, ...]) -> None:
    known = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    for word in words:
        if match := re.search(r"(?:carbite[^\[]*|^\.)\[([\w,]+)\]", word):
            assert set(match[1].split(",")) <= known, f"{word}: the extras are {sorted(known)}"


def assert_course(words: tuple[str, ...]) -> None:
    if len(words) <= 2:  # named in a sentence, without what it is given
        assert " ".join(words) in help_of(*words), f"there is no {' '.join(words)}"
        return
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            cli.parser().parse_args(list(words[1:]))
        except SystemExit:
            pytest.fail(said.getvalue())


def assert_can_be_typed(command: Command) -> None:
    """What the command names is there. Fails for a program that nothing here knows how to try."""
    program = Path(command.words[0]).name
    assert_paths(command.words)
    if program in ELSEWHERE:
        return
    if program == "make":
        assert_make(command.words)
    elif program == "carbite-course":
        assert_course(command.words)
    elif program == "pip":
        assert_extras(command.words)
    elif program in ("python", "python3") and command.words[1:2] == ("-m",):
        module, *given = command.words[2:]
        assert_module(module)
        assert_extras(command.words)
        if module == "carbite_course":
            assert_course(("carbite-course", *given))
        elif wanted := options(command.words):
            # The options of pip are those of its subcommands.
            said = help_of(sys.executable, "-m", module, *(given[:1] if module == "pip" else ()))
            assert_has(said, wanted, module)
    elif program == "jupyter":
        assert_program(f"jupyter-{command.words[1]}")
    elif program == "frictionless":
        assert_program(program)
        assert (ROOT / "data" / command.words[-1]).is_file()
    elif program == "jupyter-repo2docker":
        assert_has(help_of(str(Path(sys.executable).with_name(program))), options(command.words), program)
    elif program not in ("sh", "pytest"):  # they are given files, which are there
        pytest.fail(
            f"{command.document}: nothing here knows how to try {' '.join(command.words)}; say why in ELSEWHERE"
        )


def named(command: Command) -> str:
    return f"{command.document}: {' '.join(command.words)[:60]}"


@pytest.mark.parametrize("command", EVERY, ids=named)
def test_a_documented_command_is_there(command: Command) -> None:
    assert_can_be_typed(command)


@pytest.mark.parametrize("command", IN_CODE, ids=named)
def test_a_command_that_code_names_is_there(command: Command) -> None:
    assert_can_be_typed(command)


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_that_make_help_lists_can_be_made(target: str) -> None:
    assert_make(("make", target))


def test_make_help_lists_every_target_but_parts_of_others() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert set(TARGETS) <= set(phony.split())
    for hidden in set(phony.split()) - set(TARGETS):
        assert re.search(rf"^(?:[a-z-]+:|\t@?\$\(MAKE\)).* {hidden}\b", text, re.MULTILINE), f"nobody needs {hidden}"


def test_options_that_are_named_alone_are_those_of_the_course() -> None:
    said = "".join(help_of("carbite-course", each) for each in ("build", "grade", "merge"))
    for document in DOCUMENTS:
        named = [each for each in INLINE.findall(sentences(document)) if each.startswith("--")]
        assert_has(said, named, f"carbite-course, in {document},")


def test_something_is_found_in_each_document() -> None:
    assert {command.document for command in EVERY} >= WITH_COMMANDS
    assert {each.document.partition("/")[0] for each in IN_CODE} >= {"src", "tests", "benchmarks", "deploy", ".binder"}
    # In a block of another name commands would go unseen.
    assert not {block.language for block in blocks()} & {"", "bash", "shell", "console"}
    assert {block.document for block in blocks() if block.language == "python"} == set(WITH_PYTHON)


def test_a_wrong_command_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        assert_make(("make", "no-such-target"))
    for module in ("carbite.nothing", "carbite.pooling", "carbite.bias"):  # none, a package, nothing to run
        with pytest.raises(AssertionError):
            assert_module(module)
    for wrong in ("data/no-such-table.csv", "course/assignments/nothing/*"):
        with pytest.raises(AssertionError):
            assert_paths(("python", wrong))
    with pytest.raises(AssertionError):
        assert_program("no-such-program")
    with pytest.raises(AssertionError):
        assert_has(help_of("carbite-course", "grade"), ["--rosters"], "carbite-course grade")
    for wrong in ("carbite[nothing]", ".[nothing]", "carbite[book,nothing] @ file://somewhere"):
        with pytest.raises(AssertionError):
            assert_extras((wrong,))
    for words in (("carbite-course", "mark"), ("carbite-course", "grade", "somewhere", "--too", "there")):
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            assert_course(words)
    with pytest.raises(pytest.fail.Exception):
        assert_can_be_typed(Command("", ("wget", "something")))


@pytest.mark.parametrize("document", WITH_PYTHON)
def test_the_python_of_a_document_runs_from_top_to_bottom(document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block ends in something that a reader would look at."""
    monkeypatch.chdir(WITH_PYTHON[document])
    names: dict[str, Any] = {}
    every = [block for block in blocks() if block.language == "python" and block.document == document]
    assert len(every) >= 2
    for block in every:
        exec(compile(block.text, document, "exec"), names)
        last = ast.parse(block.text).body[-1]
        assert isinstance(last, ast.Expr | ast.Assign)
        shown = last.value if isinstance(last, ast.Expr) else last.targets[0]
        assert len(eval(ast.unparse(shown), names)), ast.unparse(last)


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


def test_the_table_of_assignments_says_what_their_sources_say() -> None:
    text = (ROOT / "course" / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| `([\w-]+)`: [^|]+ \| [^|]+ \| (\d+) min \| (\d+) \|$", text, re.MULTILINE)
    sources = [read(folder) for folder in (ROOT / "course" / "assignments").iterdir() if folder.is_dir()]
    assert sorted(listed) == sorted((each.name, str(each.about["minutes"]), f"{each.points:g}") for each in sources)


def test_the_marking_of_a_prediction_is_as_documented() -> None:
    (block,) = [block for block in blocks() if block.language == "yaml" and "prediction" in block.text]
    assert set(yaml.safe_load(block.text)) <= PREDICTION_KEYS
