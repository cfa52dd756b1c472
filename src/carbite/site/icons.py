"""Font Awesome cut to the icons that the book shows."""

import logging
import re
from collections.abc import Iterable
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from sphinx.application import Sphinx

# The theme's folder of static files, laid out below as in the built site.
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
FONTS = "vendor/fontawesome/webfonts"
STYLESHEET = "styles/pydata-sphinx-theme.css"
# What a built site need not carry.
UNUSED = ("scripts/fontawesome.js*", "scripts/bootstrap.js*", f"{FONTS}/*.ttf", "**/*.map", "*webpack-macros.html")

# Where Font Awesome's characters live: Unicode's private use area.
PRIVATE_USE = range(0xE000, 0xF900)

_ICON_CLASS = re.compile(r"\bfa-[a-z0-9-]+")
# `.fa-bars:before,.fa-navicon:before{content:"\f0c9"}`
_ICON_RULE = re.compile(r'(?:\.fa-[a-z0-9-]+:{1,2}before,?)+\{content:"([^"]*)"\}')
_ESCAPE = re.compile(r"\\([0-9a-f]{4,6})")


def classes_in(text: str) -> set[str]:
    """The icon classes that a page or a script names, such as `fa-bars`."""
    return set(_ICON_CLASS.findall(text))


def characters_in(css: str) -> set[int]:
    """The code points of the private use area that a stylesheet names, as escapes or literally."""
    points = {int(escape, 16) for escape in _ESCAPE.findall(css)} | {ord(character) for character in css}
    return {point for point in points if point in PRIVATE_USE}


def without_unused_rules(css: str, used: set[str]) -> str:
    """The stylesheet without the rules of icons that nothing names."""
    return _ICON_RULE.sub(lambda rule: rule[0] if classes_in(rule[0]) & used else "", css)


def cut_font(source: Path, target: Path, points: Iterable[int]) -> None:
    """Write `source` with only the characters `points`, as WOFF2; the same points give the same bytes."""
    options = subset.Options(flavor="woff2")
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)
    subset.save_font(font, str(target), options)


def cut(site: Path) -> None:
    """Cut the fonts and the stylesheet of a built site, each from the theme's own uncut file."""
    static = site / "_static"
    texts = [*site.rglob("*.html"), *static.rglob("*.js")]
    used = set().union(*(classes_in(path.read_text("utf-8")) for path in texts))
    css = without_unused_rules((THEME / STYLESHEET).read_text("utf-8"), used)
    (static / STYLESHEET).write_text(css, "utf-8")
    sheets = static.glob("styles/*.css")
    points = set().union(*(characters_in(path.read_text("utf-8")) for path in sheets))
    for font in (THEME / FONTS).glob("*.woff2"):
        cut_font(font, static / FONTS / font.name, points)


def remove_unused(site: Path) -> None:
    """Delete what no page loads: Bootstrap, Font Awesome as a script and TrueType, source maps, the theme's macros."""
    for pattern in UNUSED:
        for path in list((site / "_static").glob(pattern)):
            path.unlink()


def finish(app: Sphinx, error: Exception | None) -> None:
    """Once every page is written, and so every icon known."""
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    remove_unused(site)
    cut(site)


def setup(app: Sphinx) -> None:
    logging.getLogger("fontTools.subset").setLevel(logging.WARNING)  # else a screenful for each font
    app.connect("build-finished", finish, priority=900)
