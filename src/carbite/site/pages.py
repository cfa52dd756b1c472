"""The finished HTML of a page: the theme's mark-up made accessible, under a policy, and checked.

Pages are changed once, as they are rendered, through Sphinx's own hook for that (`template_bridge`).
"""

import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.jinja2glue import BuiltinTemplateLoader
from sphinx.util import logging

from carbite import __version__

from . import audit, csp
from .assets import HERE, Context

logger = logging.getLogger(__name__)

STATEMENT = "book/accessibility"

_TAG = re.compile(r"<[^>]+>")
_PANDAS_STYLE = re.compile(r"<style scoped>\s*\.dataframe .*?</style>\s*", re.DOTALL)


def with_plain_data_frames(html: str) -> str:
    """Drop the <style> that pandas writes before a table (the policy blocks it, the theme has one).

    The corner above the row names is empty, so it is no header.
    """
    return _PANDAS_STYLE.sub("", html).replace("<th></th>", "<td></td>")


def with_landmarks(html: str) -> str:
    """Name the sidebar as a region, so that the book's title and its search lie within a landmark."""
    sidebar = '<div id="pst-primary-sidebar"'
    return html.replace(sidebar, f'{sidebar} role="region" aria-label="Book"')


def with_bibliography_items(html: str) -> str:
    """Make references the items of their list: docutils gives them a role that a list may not contain."""
    return html.replace('role="doc-biblioentry"', 'role="listitem"')


def without_sphinx_index(html: str) -> str:
    """The search has passages of its own (`search.py`): Sphinx's index would be loaded for nothing."""
    return html.replace('<script src="searchindex.js"></script>', "")


def tidy(html: str) -> str:
    """A page as the theme rendered it -> the page as it is published."""
    for step in (
        with_plain_data_frames,
        with_landmarks,
        with_bibliography_items,
        without_sphinx_index,
        csp.with_policy,
    ):
        html = step(html)
    return html


class Templates(BuiltinTemplateLoader):
    """Sphinx's templates, where each whole page is tidied and checked."""

    def render(self, template: str, context: dict[str, Any]) -> str:  # type: ignore[override]
        html = super().render(template, context)
        if "</html>" not in html:  # the theme also renders parts of a page, to see whether they are empty
            return html
        html = tidy(html)
        for problem in audit.problems(html):
            logger.warning("%s", problem, location=context["pagename"], type="carbite", subtype="page")
        return html


def describe(app: Sphinx, pagename: str, template: str, context: Context, doctree: object) -> None:
    """Say what the page is and how it is cited, in the tags that search engines and reference managers read.

    The description is that of the page's front matter; a page that has none, such as the search, is described by
    its title.
    """
    title = unescape(_TAG.sub("", str(context.get("title") or app.config.html_title)))
    described = (context.get("meta") or {}).get("description") or f"{title}: {app.config.html_title}"
    tags = {
        "description": described,
        "citation_title": title,
        "citation_inbook_title": app.config.html_title,
        "citation_author": app.config.author,
        "citation_publication_date": app.config.copyright,
        "citation_language": app.config.language,
    }
    written = context.get("metatags", "")
    if re.search(r'<meta[^>]*name="description"', written):
        del tags["description"]
    lines = [f'\n    <meta name="{name}" content="{escape(str(content))}" />' for name, content in tags.items()]
    context["metatags"] = "".join([written, *lines])


def add_statement(app: Sphinx, pagename: str, template: str, context: Context, doctree: object) -> None:
    """Link the accessibility statement, where the book has one, from the foot of every page."""
    if STATEMENT in app.env.found_docs:
        link = f'<a href="{context["pathto"](STATEMENT)}">Accessibility</a>'
        context["theme_extra_footer"] = f"{context.get('theme_extra_footer', '')} {link}"


REDIRECT = """<!DOCTYPE html>
<html lang="{language}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>{title}</title>
    <link rel="icon" href="data:," />
    <link rel="canonical" href="{target}" />
    <meta http-equiv="refresh" content="0; url={target}" />
  </head>
  <body>
    <main>
      <h1>{title}</h1>
      <p><a href="{target}">Open the book</a></p>
    </main>
  </body>
</html>
"""


def redirect(title: str, language: str, target: str) -> str:
    """A page that leads to another one, also for readers whose browser does not follow by itself."""
    page = REDIRECT.format(title=escape(title), language=escape(language), target=escape(target))
    return csp.with_policy(page)


def write_index(app: Sphinx, error: Exception | None) -> None:
    """Where the first page of the book is not `index`, lead there from index.html."""
    if error or app.builder.format != "html" or app.config.root_doc == "index":
        return
    page = redirect(app.config.html_title, app.config.language, f"{app.config.root_doc}.html")
    (Path(app.outdir) / "index.html").write_text(page, "utf-8")


def use_templates(app: Sphinx, config: Config) -> None:
    """Put our templates before the theme's, and name the version, with which a state of the book is cited."""
    config["version"] = config["release"] = __version__
    config["templates_path"].insert(0, str(HERE / "templates"))
    config["template_bridge"] = f"{__name__}.{Templates.__name__}"


def setup(app: Sphinx) -> None:
    app.connect("config-inited", use_templates)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", add_statement)
    # After sphinx-external-toc, whose own redirect has neither title nor language.
    app.connect("build-finished", write_index, priority=900)
