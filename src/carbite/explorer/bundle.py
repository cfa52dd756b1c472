"""The explorer's ES modules as one script.

JupyterLab is given one module as text, and a page opened from a USB stick cannot load modules at all.
So the few files are put behind one another: imports of one another are dropped, ``export`` is dropped.
That is all the bundling there is; names are unique across the files, which a test checks.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def source(name: str) -> str:
    """The text of one file of the explorer."""
    return files("carbite.explorer").joinpath(name).read_text("utf-8")


def modules(entry: str) -> list[str]:
    """``entry`` and every file it imports, each after those it needs."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        for needed in _IMPORT.findall(source(name)):
            visit(needed)
        if name not in ordered:
            ordered.append(name)

    visit(entry)
    return ordered


@cache
def widget_module() -> str:
    """The ES module that JupyterLab loads."""
    return _joined("widget.js")


@cache
def page_script() -> str:
    """The classic script that a static page loads, in a scope of its own."""
    return f'(() => {{\n"use strict";\n{_joined("page.js")}}})();\n'


def _joined(entry: str) -> str:
    return "".join(_EXPORT.sub("", _IMPORT.sub("", source(name))) for name in modules(entry))
