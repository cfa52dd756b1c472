"""The script of the figures, on the pages that have any, and the Vega runtime, which it loads when needed."""

from __future__ import annotations

from sphinx.application import Sphinx

from .assets import HERE, VENDOR, add_page_assets, publish

# Beside the script of the figures, which looks for it there; no page links it.
RUNTIME = "carbite/vega.js"

# The interpreter of Vega's expressions, without which Vega would need eval, is published as a module only.
# A page from a disk can load no module, so its one import and its one export are put in other words.
_MODULE = {
    "import { ascending, isString, DisallowedObjectProperties } from 'vega-util';": (
        "const { ascending, isString, DisallowedObjectProperties } = vega;"
    ),
    "export { expression as expressionInterpreter };": "vega.expressionInterpreter = expression;",
    "//# sourceMappingURL=vega-interpreter.js.map": "",
}


def runtime() -> str:
    """Vega and its interpreter as one classic script, which defines `vega`."""
    interpreter = (VENDOR / "vega-interpreter" / "vega-interpreter.js").read_text("utf-8")
    for old, new in _MODULE.items():
        if interpreter.count(old) != 1:
            raise ValueError(f"vega-interpreter.js: expected {old!r} exactly once, as in the version that is vendored")
        interpreter = interpreter.replace(old, new)
    vega = (VENDOR / "vega" / "vega.min.js").read_text("utf-8")
    return f"{vega}\n(() => {{\n{interpreter}}})();\n"


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    publish(app, {RUNTIME: runtime()})
    add_page_assets(app, 'class="carbite-figure"', {"figures.js": HERE / "figures.js"})
