"""The files that pages load: which there are, and which page links which.

To add to every page, put a small stylesheet or a classic script in `static/`. To add to some pages, call
`add_page_assets` from an extension's `setup`.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

HERE = Path(__file__).parent
STATIC = HERE / "static"
VENDOR = HERE / "vendor"

# Where our files are below `_static/`.
OURS = "carbite"

# What a script in the page itself, or a script of the search page, reads as soon as it is there.
AT_ONCE = ("documentation_options.js", "doctools.js")
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"

Context = dict[str, Any]


def publish(app: Sphinx, files: Mapping[str, Path | str]) -> None:
    """Put files below `_static/` of the site: name -> a file or a folder to copy, or the text to write."""

    def write(app: Sphinx) -> None:
        if app.builder.format != "html":
            return
        for name, content in files.items():
            target = Path(app.outdir) / "_static" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                target.write_text(content, "utf-8")
            elif content.is_dir():
                shutil.rmtree(target, ignore_errors=True)  # a file that an earlier build put there must not stay
                shutil.copytree(content, target)
            else:
                shutil.copyfile(content, target)

    app.connect("builder-inited", write)


def link(app: Sphinx, name: str) -> None:
    """Link a file below `_static/` from every page: a stylesheet, or a deferred script."""
    if name.endswith(".css"):
        app.add_css_file(name)
    else:
        app.add_js_file(name, loading_method="defer")


def link_only_where(app: Sphinx, markers: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Leave the links to these files only on pages whose body contains one of the texts `markers`."""
    paths = {f"_static/{name}" for name in names}

    def drop(app: Sphinx, pagename: str, template: str, context: Context, doctree: object) -> None:
        body = context.get("body", "")
        if any(marker in body for marker in markers):
            return
        for key in ("css_files", "script_files"):
            context[key][:] = [file for file in context[key] if str(file.filename) not in paths]

    app.connect("html-page-context", drop, priority=900)


def add_page_assets(app: Sphinx, marker: str | tuple[str, ...], files: Mapping[str, Path | str]) -> None:
    """Publish files as `_static/carbite/<name>` and link them on the pages that need them.

    marker: a text that is in the body of just those pages, such as `class="carbite-explorer"`, or several texts of
        which one is.
    files: name -> a file or folder to copy, or the text to write. A name that ends in .css is linked as a
        stylesheet, one in .js as a deferred script, in this order; others are published and not linked.
        Scripts are classic ones: modules do not load from file://.
    """
    named = {f"{OURS}/{name}": content for name, content in files.items()}
    linked = tuple(name for name in named if name.endswith((".css", ".js")))
    publish(app, named)
    for name in linked:
        link(app, name)
    link_only_where(app, (marker,) if isinstance(marker, str) else marker, linked)


def order_scripts(app: Sphinx, pagename: str, template: str, context: Context, doctree: object) -> None:
    """Link each script once, and none before the text, but for those that others wait for.

    The state of notebook widgets is left out, which only a kernel could use.
    """
    wanted: dict[tuple[str, str | None], Any] = {}
    for script in context["script_files"]:
        if script.attributes.get("type") != WIDGET_STATE:
            wanted.setdefault((str(script.filename or ""), script.attributes.get("body")), script)
    for name, body in wanted:
        if body is None and not name.endswith(AT_ONCE):
            wanted[name, body].attributes["defer"] = "defer"
    context["script_files"][:] = wanted.values()


def remove_thebe(app: Sphinx) -> None:
    """Take out sphinx-thebe, which Jupyter Book always loads: it fetches scripts from another host."""
    for listeners in app.events.listeners.values():
        for listener in list(listeners):
            if (getattr(listener.handler, "__module__", None) or "").partition(".")[0] == "sphinx_thebe":
                app.disconnect(listener.id)
    styles = app.registry.css_files
    styles[:] = [(name, attributes) for name, attributes in styles if name != "sphinx-thebe.css"]


def setup(app: Sphinx) -> None:
    remove_thebe(app)
    publish(app, {OURS: STATIC})
    for path in sorted(STATIC.glob("*.css")) + sorted(STATIC.glob("*.js")):
        link(app, f"{OURS}/{path.name}")
    app.connect("html-page-context", order_scripts, priority=900)
