"""The files of ``data/`` on the site, for download: the tables and the descriptor that explains them."""

from __future__ import annotations

from sphinx.application import Sphinx

from carbite.catalogue import PUBLISHED
from carbite.evidence import PACKAGE, data_directory, package

from .assets import publish

FOLDER = PUBLISHED.removeprefix("../_static/")


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    names = (PACKAGE, *(table["path"] for table in package()["resources"]))
    publish(app, {FOLDER + name: data_directory() / name for name in names})
