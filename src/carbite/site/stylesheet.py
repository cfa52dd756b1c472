"""One stylesheet for the whole site, without the theme's rules that no page uses.

The theme and its extensions bring a dozen stylesheets, of which a page uses a tenth; each delays the first sight of a
page on a telephone. They are bound in the order in which Sphinx would link them, with their own files below `_static/`.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.application import Sphinx

from .assets import OURS

BOUND = f"{OURS}/site.css"
# What the theme's layout links before all others.
THEME = ("basic.css", "styles/pydata-sphinx-theme.css")

# `link` in templates/layout.html
_LINKED = re.compile(rf"({re.escape(BOUND)}\?v=)[0-9a-z]+")
_WORD = re.compile(r"[\w-]+")
_CLASS = re.compile(r"\.([\w-]+)")
# In `:not(.a)`, `:is(.a, .b)` and the like a class need not be there for the rule to hold.
_FUNCTION = re.compile(r":[\w-]+\([^()]*\)")
_URL = re.compile(r"url\(\s*(['\"]?)(?!data:|#|https?:)([^'\")]+)\1\s*\)")
# Rules of which each holds further rules.
_NESTING = frozenset({"media", "supports", "layer", "container"})


def is_used(selector: str, words: set[str]) -> bool:
    """Whether an element could match, when its classes are among `words`. With an escape in it, a selector is kept."""
    if "\\" in selector:
        return True
    plain = selector
    while (shorter := _FUNCTION.sub("", plain)) != plain:
        plain = shorter
    return all(name in words for name in _CLASS.findall(plain))


def without_unused_rules(css: str, words: set[str]) -> str:
    """The stylesheet without selectors that name a class outside `words`, and without rules that lose them all."""
    return _kept(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), words)


def _kept(rules: Iterable[Any], words: set[str]) -> str:
    kept: list[str] = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [part for part in _selectors(rule.prelude) if is_used(part, words)]
            if selectors:
                kept.append(f"{','.join(selectors)}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in _NESTING and rule.content is not None:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if content := _kept(inner, words):
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{content}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword != "charset":
            kept.append(rule.serialize())
        elif rule.type == "error":
            raise ValueError(f"a stylesheet of the theme cannot be read: line {rule.source_line}: {rule.message}")
    return "\n".join(kept)


def _selectors(prelude: Sequence[Any]) -> list[str]:
    """The selectors of a rule, which commas part; commas inside of brackets are in tokens of their own."""
    parts: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        elif token.type != "comment":
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def moved(css: str, source: str, target: str) -> str:
    """The stylesheet with its addresses as they are seen from `target` instead of `source`, both below one folder."""

    def address(match: re.Match[str]) -> str:
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        return f"url({posixpath.relpath(file, posixpath.dirname(target))})"

    return _URL.sub(address, css)


def bind(site: Path, sheets: Sequence[str]) -> str:
    """The stylesheets below `_static/` of a built site as one. Raises ValueError where one imports another."""
    static = site / "_static"
    pages = [*site.rglob("*.html"), *static.rglob("*.js")]
    words = set().union(*(_WORD.findall(path.read_text("utf-8")) for path in pages))
    bound: list[str] = []
    for sheet in sheets:
        css = (static / sheet).read_text("utf-8")
        if "@import" in css:
            raise ValueError(f"_static/{sheet} imports another stylesheet; name that one in {__name__}.THEME")
        # Our scripts put class names together, so our own rules stay as they are.
        ours = sheet.startswith(f"{OURS}/")
        bound.append(moved(css if ours else without_unused_rules(css, words), sheet, BOUND))
    return "\n".join(bound) + "\n"


def sheets(app: Sphinx) -> list[str]:
    """The stylesheets that the theme and all extensions link, below `_static/`, whether pages are written or not."""
    # Pages take from the one list what they do not need; Sphinx keeps the whole in the other, once it writes pages.
    builder: Any = app.builder
    registered: Iterable[Any] = getattr(builder, "_orig_css_files", builder._css_files)
    return list(dict.fromkeys((*THEME, *(str(file.filename).removeprefix("_static/") for file in registered))))


def finish(app: Sphinx, error: Exception | None) -> None:
    """Once the pages are written and the icons cut: write the one stylesheet, and let pages ask for this version."""
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    css = bind(site, sheets(app))
    (site / "_static" / BOUND).write_text(css, "utf-8")
    version = sha256(css.encode()).hexdigest()[:8]
    for page in site.rglob("*.html"):
        html = page.read_text("utf-8")
        if (linked := _LINKED.sub(rf"\g<1>{version}", html)) != html:
            page.write_text(linked, "utf-8")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", finish, priority=950)
