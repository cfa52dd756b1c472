"""``{api} carbite.pooling``: the public names of a module with signature, types and docstring, by Sphinx's autodoc.

Docstrings are written for people who read them with ``help()``: sections such as ``Args:`` with one line a name, which
Sphinx's napoleon reads.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any

import traitlets
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import stringify_signature

from carbite.public import public_names

# Types that are names for longer ones: shown as they are written.
ALIASES = ("ArrayLike", "Array", "Flags", "Masks", "Progress", "Values", "Value", "Parameter")


def signature_to_read(
    app: Sphinx, what: str, name: str, value: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """What is only ever given to a reader is listed by what it holds; a widget is called as its class says."""
    if what == "class" and issubclass(value, traitlets.HasTraits):
        return stringify_signature(inspect.signature(value), show_return_annotation=False), None
    if what == "class" and is_dataclass(value) and name.rpartition(".")[2] not in ("Selection", "Options"):
        return "", None
    return signature, returned


class Api(SphinxDirective):
    """The public names of one module."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module = self.arguments[0]
        if module not in public_names():
            said = f"api: no module {module!r}; expected one of {', '.join(public_names())}"
            return [self.state.document.reporter.error(said, line=self.lineno)]
        for loaded in _package():
            if loaded.__file__:
                self.env.note_dependency(loaded.__file__)
        text = "\n".join(["````{eval-rst}", *_directives(module), "````"])
        box = nodes.Element()
        self.state.nested_parse(StringList(text.split("\n"), self.env.docname), self.content_offset, box)
        return list(box.children)


def _directives(module: str) -> Iterator[str]:
    for name in public_names()[module]:
        value = getattr(import_module(module), name)
        if inspect.isclass(value):
            kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
            yield f".. {kind}:: {module}.{name}"
            if not issubclass(value, traitlets.HasTraits):
                yield "   :members:"
            elif own := own_properties(value):
                # The traits of a widget are listed by what is said of it; the rest belongs to the library.
                yield f"   :members: {', '.join(own)}"
        elif callable(value):
            yield f".. autofunction:: {module}.{name}"
        else:
            yield from (f".. py:data:: {module}.{name}", f"   :value: {value!r}", "")
            yield from (f"   {line}" for line in constant_doc(name, value))
        yield ""


def own_properties(widget: type) -> list[str]:
    """What a widget offers beside its traits."""
    return [name for name, each in vars(widget).items() if isinstance(each, property) and not name.startswith("_")]


def constant_doc(name: str, value: Any) -> list[str]:
    """What stands below a constant in the module that defines it; empty where nothing does."""
    for module in _package():
        if vars(module).get(name) is value:
            found = ModuleAnalyzer.for_module(module.__name__).find_attr_docs().get(("", name))
            if found:
                return found
    return []


def _package() -> list[Any]:
    """The modules of the package that are loaded, by name."""
    return [sys.modules[name] for name in sorted(sys.modules) if name.partition(".")[0] == "carbite"]


def configure(app: Sphinx, config: Config) -> None:
    """How docstrings are read."""
    config["autodoc_type_aliases"] = {name: name for name in ALIASES}
    # Types stand in the signature. Several names may share a line, which napoleon allows in a list of this style.
    config["napoleon_use_param"] = False
    config["napoleon_custom_sections"] = [("Attributes", "params_style")]
    # Types of other libraries have no page here that a name could link to.
    config["nitpick_ignore_regex"] = [*config["nitpick_ignore_regex"], ("py:.*", ".*")]


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    app.setup_extension("sphinx.ext.napoleon")
    app.add_directive("api", Api)
    app.connect("config-inited", configure)
    app.connect("autodoc-process-signature", signature_to_read)
