"""The ES modules of explorer and models as one script.

JupyterLab is given one module as text, and a page opened from a USB stick cannot load modules at all.
So the few files are put behind one another: imports of one another are dropped, ``export`` is dropped.
That is all the bundling there is; names are unique across the files, which a test checks.
Files are named from the package's folder: ``explorer/page.js``, ``models/infusion.js``.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache
from importlib.resources import files

from carbite.models import model_names

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[\w./-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def source(name: str) -> str:
    """The text of one file of the package."""
    return files("carbite").joinpath(name).read_text("utf-8")


def modules(*entries: str) -> list[str]:
    """The entries and every file they import, each after those it needs."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        for needed in _IMPORT.findall(source(name)):
            visit(posixpath.normpath(posixpath.join(posixpath.dirname(name), needed)))
        if name not in ordered:
            ordered.append(name)

    for entry in entries:
        visit(entry)
    return ordered


@cache
def widget_module() -> str:
    """The ES module of the explorer that JupyterLab loads."""
    return _joined("explorer/widget.js")


@cache
def simulation_module(model: str) -> str:
    """The ES module of one model's simulation that JupyterLab loads."""
    return _joined(*model_files(model), "explorer/simulation_widget.js")


@cache
def curve_module() -> str:
    """The ES module of a specification curve that JupyterLab loads."""
    return _joined("explorer/curve_widget.js")


@cache
def page_script() -> str:
    """The classic script that a static page loads, in a scope of its own, with every model."""
    return f'(() => {{\n"use strict";\n{_joined(*model_files(*model_names()), "explorer/page.js")}}})();\n'


def model_files(*names: str) -> list[str]:
    """The file of each model, which makes the model known when it is read."""
    return [f"models/{name}.js" for name in names]


def _joined(*entries: str) -> str:
    return "".join(_EXPORT.sub("", _IMPORT.sub("", source(name))) for name in modules(*entries))
