"""Every public name is documented: what it takes, holds and gives; and the examples in docstrings run."""

from __future__ import annotations

import doctest
import inspect
import re
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import traitlets

import carbite
from carbite.notebooks import notebook
from carbite.public import MODULES, public_names, summary
from carbite.site.api import constant_doc, with_lists

BOOK = Path(__file__).parents[1] / "book"
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


def value_of(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def section(value: Any, title: str) -> list[str]:
    """The names that a section of a docstring describes; a section of text alone has one, empty."""
    found = re.search(rf"^{title}:\n((?:    .*\n|\n)+)", f"{inspect.getdoc(value)}\n", re.MULTILINE)
    if not found:
        return []
    heads = re.findall(r"^    ([\w, *]+): \S", found[1], re.MULTILINE)
    return [name.strip("* ") for head in heads for name in head.split(",")] or [""]


def parameters_of(value: Any) -> list[str]:
    return [name for name in inspect.signature(value).parameters if name != "self"]


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
    for each, member in vars(value).items():
        if not each.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            assert inspect.getdoc(member), f"{name}.{each}"


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


def test_sections_become_lists() -> None:
    lines = [
        "Pool.",
        "",
        "Args:",
        "    a, b: two arms.",
        "        More.",
        "",
        "Returns:",
        "    The rest.",
        "",
        "Source: X.",
    ]
    assert list(with_lists(lines)) == [
        "Pool.",
        "",
        ".. rubric:: Takes",
        "",
        "``a``, ``b``",
        "    two arms.",
        "    More.",
        "",
        ".. rubric:: Gives",
        "",
        "The rest.",
        "",
        "Source: X.",
    ]


def test_in_jupyterlab_the_names_are_listed_with_what_they_are() -> None:
    shown = "\n".join(cell["source"] for cell in notebook(BOOK / "api.md")["cells"])
    for module, name in NAMES:
        assert f"- `{module}.{name}`" in shown
    assert "`carbite.trials`: Trials and cohorts, one row each" in shown
