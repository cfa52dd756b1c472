"""The Sphinx extension that makes the book a site which needs no other host.

Each module holds one concern and connects itself; `pages` says what a finished page looks like.
"""

from sphinx.application import Sphinx

from carbite import __version__

from . import (
    api,
    assets,
    data,
    execution,
    figures,
    icons,
    interactive,
    listing,
    maths,
    numbers,
    pages,
    predict,
    repository,
    search,
    self_checks,
    stylesheet,
    teaching,
    terms,
)

CONCERNS = (
    execution,
    assets,
    api,
    data,
    figures,
    interactive,
    listing,
    self_checks,
    numbers,
    teaching,
    predict,
    terms,
    maths,
    pages,
    icons,
    repository,
    search,
    stylesheet,
)


def setup(app: Sphinx) -> dict[str, str | bool]:
    """Called by Sphinx: `carbite.site` is listed under `sphinx.extra_extensions` in _config.yml."""
    for concern in CONCERNS:
        concern.setup(app)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": False}
