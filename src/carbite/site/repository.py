"""Buttons that need a public repository exist exactly where `repository.url` in _config.yml names one.

The theme's launch buttons name the source of a page, which Binder and a hub show as text. What they hold is that page
as a notebook (see :mod:`carbite.launch`), so the buttons lead there.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from carbite.launch import chapter, lab, on_hub

# The theme adds its buttons at 501.
AFTER_THE_THEME = 600


def show_buttons(app: Sphinx, config: Config) -> None:
    """Show the repository, issue and launch buttons, or none of them."""
    options = config["html_theme_options"]
    known = bool(options.get("repository_url"))
    options["use_repository_button"] = known
    options["use_issues_button"] = known
    if not known:
        options["launch_buttons"] = {}


def lead_to_notebooks(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let the launch buttons of a page open its notebook.

    Raises ValueError for a service whose links are not known here: its button would open nothing.
    """
    settings = app.config["html_theme_options"].get("launch_buttons", {})
    for group in context.get("header_buttons", ()):
        if group.get("label") != "launch-buttons":
            continue
        for button in group["buttons"]:
            if button["text"] == "Binder":
                button["url"] = f"{button['url'].partition('?')[0]}?urlpath={lab(chapter(pagename))}"
            elif button["text"] == "JupyterHub":
                button["url"] = on_hub(settings["jupyterhub_url"], chapter(pagename))
            else:
                raise ValueError(f"_config.yml: no notebooks are written for the launch button {button['text']!r}")


def setup(app: Sphinx) -> None:
    app.connect("config-inited", show_buttons)
    app.connect("html-page-context", lead_to_notebooks, priority=AFTER_THE_THEME)
