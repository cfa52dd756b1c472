"""Buttons that need a public repository exist exactly where `repository.url` in _config.yml names one."""

from sphinx.application import Sphinx
from sphinx.config import Config


def show_buttons(app: Sphinx, config: Config) -> None:
    """Show the repository, issue and launch buttons, or none of them."""
    options = config["html_theme_options"]
    known = bool(options.get("repository_url"))
    options["use_repository_button"] = known
    options["use_issues_button"] = known
    if not known:
        options["launch_buttons"] = {}


def setup(app: Sphinx) -> None:
    app.connect("config-inited", show_buttons)
