"""Every public name is documented: what it takes, holds and gives; and the examples in docstrings run.

Public is what a module offers in ``__all__``, what such a name takes, holds or gives, and what a reader is shown.
"""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pandas as pd
import pytest
import traitlets

import carbite
from carbite.notebooks import notebook
from carbite.public import MODULES, public_names, summary
from carbite.site.api import constant_doc

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
PACKAGE = ROOT / "src" / "carbite"
NAMES = [(module, name) for module, names in public_names().items() for name in names]
# Modules whose docstrings hold examples; all others have none, which a test checks.
WITH_EXAMPLES = (
    "carbite.bias",
    "carbite.comparison",
    "carbite.evidence",
    "carbite.models",
    "carbite.pooling.pooled",
    "carbite.verdict",
)

# What the pages of the book and the capstone call, and the reference therefore leaves out, as it says.
OF_PAGES = ("carbite.figures", "carbite.tables", "carbite.catalogue", "carbite.hindsight", "carbite.ledger")
OF_PAGES += ("carbite.register", "carbite.released", "carbite.review_trials", "carbite_course.debate")
CODE = re.compile(r"^```(?:python|\{code-cell\}[^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def value_of(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def section_text(value: Any, title: str) -> str:
    found = re.search(rf"^{title}:\n((?:    .*\n|\n)+)", f"{inspect.getdoc(value)}\n", re.MULTILINE)
    return found[1] if found else ""


def section(value: Any, title: str) -> list[str]:
    """The names that a section of a docstring describes; a section of text alone has one, empty."""
    text = section_text(value, title)
    if not text:
        return []
    heads = re.findall(r"^    ([\w, *]+): \S", text, re.MULTILINE)
    return [name.strip("* ") for head in heads for name in head.split(",")] or [""]


def parameters_of(value: Any) -> list[str]:
    return [name for name in inspect.signature(value).parameters if name != "self"]


PROPERTIES = (property, cached_property)
MEMBERS = (*PROPERTIES, type(value_of), classmethod, staticmethod)
FUNCTIONS = [each for each in NAMES if inspect.isroutine(value_of(*each)) or hasattr(value_of(*each), "cache_info")]
CLASSES = [each for each in NAMES if inspect.isclass(value_of(*each))]
CONSTANTS = [each for each in NAMES if each not in FUNCTIONS and each not in CLASSES]


def test_the_reference_lists_every_public_name_once() -> None:
    asked = re.findall(r"^```\{api\} (\S+)$", (BOOK / "api.md").read_text("utf-8"), re.MULTILINE)
    assert asked == list(MODULES)
    assert set(public_names()["carbite"]) == set(carbite.__all__) - {"__version__"}
    assert {name for module in MODULES for name in import_module(module).__all__} - {"__version__"} == {
        name for _, name in NAMES
    }
    assert len({name for _, name in NAMES}) == len(NAMES)


def test_every_module_that_offers_names_is_in_the_reference() -> None:
    offering = set()
    for file in PACKAGE.rglob("*.py"):
        if re.search(r"^__all__\b", file.read_text("utf-8"), re.MULTILINE):
            offering.add(".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"))
    assert offering == set(MODULES)


def classes_in(hint: Any) -> Iterator[type]:
    """The classes of this package in a type, such as ``Count`` in ``Mapping[str, Count]``."""
    for part in hint if isinstance(hint, list) else get_args(hint):
        yield from classes_in(part)
    if inspect.isclass(hint) and hint.__module__.partition(".")[0] == "carbite":
        yield hint


def hints_of(value: Any) -> list[Any]:
    """The types of what a public name takes, holds and gives; some stand in quotes, for what is loaded later."""
    later = {"pd": pd, **{each[1]: value_of(*each) for each in CLASSES}}
    if not inspect.isclass(value):
        return list(get_type_hints(inspect.unwrap(value), localns=later).values())
    found = list(get_type_hints(value, localns=later).values()) if is_dataclass(value) else []
    for name, member in vars(value).items():
        function = getattr(member, "fget", None) or getattr(member, "func", None) or inspect.unwrap(member)
        if not name.startswith("_") and inspect.isfunction(function):
            found += get_type_hints(function, localns=later).values()
    return found


@pytest.mark.parametrize(("module", "name"), [*FUNCTIONS, *CLASSES])
def test_what_a_public_name_takes_holds_and_gives_is_public_too(module: str, name: str) -> None:
    public = {value_of(*each) for each in CLASSES}
    used = {each for hint in hints_of(value_of(module, name)) for each in classes_in(hint)}
    assert {each.__qualname__ for each in used - public} == set()


@pytest.mark.parametrize(("module", "name"), [*FUNCTIONS, *CLASSES])
def test_what_a_docstring_refers_to_is_public(module: str, name: str) -> None:
    known = {name for _, name in NAMES} | set(MODULES)
    known |= {f"{each[1]}.{member}" for each in CLASSES for member in vars(value_of(*each))}
    for said in re.findall(r":(?:func|class|meth|mod|data):`([^`]+)`", inspect.getdoc(value_of(module, name)) or ""):
        ends = {said, said.rpartition(".")[2], ".".join(said.split(".")[-2:])}
        assert ends & known, said


def test_what_readers_are_shown_is_public_or_of_the_pages() -> None:
    sources = [ROOT / "README.md", *BOOK.glob("*.md"), *(ROOT / "course" / "assignments").glob("*/*.md")]
    shown = "\n".join(code for file in sources for code in CODE.findall(file.read_text("utf-8")))
    names = {f"carbite.{name}" for name in re.findall(r"\bcarbite\.(\w+)\(", shown)}
    for module, imported in re.findall(r"^from (carbite[\w.]*) import (.+)$", shown, re.MULTILINE):
        names |= {f"{module}.{each.partition(' as ')[0]}" for each in imported.split(", ")}
    offered = {f"{module}.{name}" for module in MODULES for name in import_module(module).__all__}
    assert len(names & offered) > 20
    assert {name for name in names - offered if not name.startswith(OF_PAGES)} == set()


@pytest.mark.parametrize(("module", "name"), FUNCTIONS)
def test_a_function_says_what_it_takes_and_gives(module: str, name: str) -> None:
    function = value_of(module, name)
    assert summary(module, name).endswith((".", ":"))
    assert inspect.signature(function).return_annotation is not inspect.Signature.empty
    parameters = parameters_of(function)
    assert section(function, "Args") == parameters
    # Of a function without arguments the first sentence says what it gives.
    assert bool(section(function, "Returns")) == bool(parameters)
    annotations = [each.annotation for each in inspect.signature(function).parameters.values()]
    assert inspect.Parameter.empty not in annotations


@pytest.mark.parametrize(("module", "name"), CLASSES)
def test_a_class_says_what_it_holds(module: str, name: str) -> None:
    value = value_of(module, name)
    assert summary(module, name)
    if is_dataclass(value):
        wanted = [field.name for field in fields(value) if not field.name.startswith("_")]
        assert section(value, "Attributes") == wanted
    if issubclass(value, traitlets.HasTraits):
        assert section(value, "Args") == parameters_of(value)
        traits = {each for each in value.class_own_traits() if not each.startswith("_")}
        assert set(section(value, "Attributes")) == traits
    for each, member in vars(value).items():
        if not each.startswith("_") and isinstance(member, MEMBERS):
            assert inspect.getdoc(getattr(value, each)), f"{name}.{each}"


def test_no_sentence_is_taken_for_a_type() -> None:
    """Napoleon takes what stands before a colon for a type, where a property or what is returned begins."""
    begins = [section_text(value_of(*each), "Returns") for each in FUNCTIONS]
    for value in (value_of(*each) for each in CLASSES):
        begins += [inspect.getdoc(each) or "" for each in vars(value).values() if isinstance(each, PROPERTIES)]
    assert len(begins) > len(FUNCTIONS)
    for text in begins:
        first = re.sub(r"(?::\w+:)?`+[^`]*`+", "", text.strip().partition("\n")[0])
        assert ":" not in first, text


@pytest.mark.parametrize(("module", "name"), CONSTANTS)
def test_a_constant_says_what_it_is(module: str, name: str) -> None:
    assert " ".join(constant_doc(name, value_of(module, name))).strip().endswith(".")


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_run(name: str) -> None:
    module = import_module(name)
    ran = doctest.testmod(module, extraglobs={}, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert (ran.failed, ran.attempted > 0) == (0, True)


def test_no_other_module_has_examples_that_nobody_runs() -> None:
    package = Path(str(carbite.__file__)).parent
    written = set()
    for file in package.rglob("*.py"):
        if ">>> " in file.read_text("utf-8"):
            written.add(
                ".".join(("carbite", *file.relative_to(package).with_suffix("").parts)).removesuffix(".__init__")
            )
    assert written == set(WITH_EXAMPLES)


def test_in_jupyterlab_the_names_are_listed_with_what_they_are() -> None:
    shown = "\n".join(cell["source"] for cell in notebook(BOOK / "api.md")["cells"])
    for module, name in NAMES:
        assert f"- `{module}.{name}`" in shown
    assert "`carbite.trials`: Trials and cohorts, one row each" in shown
