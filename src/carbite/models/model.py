"""One model: its parameters, its formulas, and what the page needs to know of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from .parameters import Parameter, Value, Values, described

# What every result has, beside the numbers and series of its own.
RESULT = ("text", "sentence")


@cache
def wording(name: str) -> Mapping[str, Any]:
    """The sentences of a model, with places for its numbers: ``NAME.json``."""
    loaded: Mapping[str, Any] = json.loads(files(__package__).joinpath(f"{name}.json").read_text("utf-8"))
    return loaded


def no_data() -> Mapping[str, Any]:
    """For a model that takes nothing from ``data/`` beyond the starting values of its parameters."""
    return {}


@dataclass(frozen=True)
class Model:
    """One model of a chapter.

    Attributes:
        name: by which it is called.
        title: what it is about, in a few words.
        about: what kind of thing it is, in one or two sentences: what is published, what assumed; illustration or
            calculation.
        parameters: what can be set, each with its start, its range and the origin of its start.
        compute: takes a checked value for every parameter and returns plain JSON: numbers, series (lists), ``text``
            (formatted numbers by name), ``sentence``, and maybe ``unused``, the names of parameters without effect
            under these values.
        data: gives rows of ``data/`` that the page draws beside it, as plain JSON.
    """

    name: str
    title: str
    about: str
    parameters: tuple[Parameter, ...]
    compute: Callable[[Values], dict[str, Any]]
    data: Callable[[], Mapping[str, Any]] = no_data

    def __post_init__(self) -> None:
        names = [parameter.name for parameter in self.parameters]
        if len(set(names)) < len(names):
            raise ValueError(f"model {self.name}: a name of a parameter stands twice in {', '.join(names)}")

    @property
    def defaults(self) -> dict[str, Value]:
        """Every parameter at its starting value."""
        return {parameter.name: parameter.check(parameter.default) for parameter in self.parameters}

    def parameter(self, name: str) -> Parameter:
        """The parameter of this name. Raises ValueError that lists those there are."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = ", ".join(parameter.name for parameter in self.parameters)
        raise ValueError(f"model {self.name} has no parameter {name!r}; it has {known}")

    def check(self, values: Values | None = None) -> dict[str, Value]:
        """A value for every parameter: the given ones checked, the others at their start.

        Raises ValueError that names model, parameter, value and what was expected.
        """
        given = dict(values or {})
        checked = self.defaults
        for name, value in given.items():
            parameter = self.parameter(name)
            try:
                checked[name] = parameter.check(value)
            except ValueError as error:
                raise ValueError(f"model {self.name}: {error}") from error
        return checked

    def read(self, question: str) -> dict[str, Value]:
        """The values that ``param=value&param=value`` stands for, complete; errors as in :meth:`check`."""
        given: dict[str, Value] = {}
        for pair in question.split("&") if question else ():
            name, _, text = pair.partition("=")
            if name in given:
                raise ValueError(f"model {self.name}: {name} stands twice in {question!r}")
            try:
                given[name] = self.parameter(name).read(text)
            except ValueError as error:
                raise ValueError(f"model {self.name}: {error}") from error
        return self.check(given)

    def result(self, values: Values | None = None) -> dict[str, Any]:
        """What the model gives for these values and the starting values of all others; errors as in :meth:`check`."""
        computed = self.compute(self.check(values))
        if missing := [name for name in RESULT if name not in computed]:
            raise TypeError(f"model {self.name}: its result has no {' and no '.join(missing)}")
        return computed

    def description(self) -> dict[str, Any]:
        """All that the page needs, as plain JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "about": self.about,
            "parameters": [described(parameter) for parameter in self.parameters],
            "wording": dict(wording(self.name)),
            "data": dict(self.data()),
        }
