"""The folder that a web server shows: what pages ask for and nothing else, a page for wrong addresses, and policies.

    python -m carbite.publish.site _build/html dist/site --policies dist/car-or-bite.policies --base /car-or-bite/

``--base`` is where on its host the site will be; a page that is shown for any wrong address can name others only
from there. ``--policies`` is for nginx (deploy/nginx.conf): the Content-Security-Policy of each page, taken from the
page, as the lines of a ``map``.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from html import escape
from pathlib import Path

import yaml

from carbite.site import csp
from carbite.site.editions.articles import contents

# What is built and no page asks for, with why.
LEFT_OUT = {
    ".buildinfo": "Sphinx's note to itself",
    "searchindex.js": "Sphinx's index: our search looks through passages.js",
    "_static/locales": "the theme in other languages",
}
# Pages that are no chapters: the first one, which leads to the book, and the search.
OTHER_PAGES = ("index.html", "search.html")
NOT_FOUND = "404.html"
# Tells GitHub Pages to publish the folder as it is; Jekyll would leave out what begins with an underscore.
AS_IT_IS = ".nojekyll"

_STYLESHEET = re.compile(r'<link rel="stylesheet"[^>]*? href="([^"?]+)')

_NOT_FOUND = """<!DOCTYPE html>
<html lang="{language}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="robots" content="noindex" />
    <title>Page not found - {title}</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <main style="max-width: 36rem; margin: 15vh auto; padding: 0 1rem; font: 1.1rem/1.6 system-ui, sans-serif">
      <p>{title}</p>
      <h1 style="font-size: 1.6rem">There is no page at this address</h1>
      <p>It may have been mistyped, or the page has another name now.</p>
      <p><a href="{base}book/index.html">Open the book</a> or <a href="{base}search.html">search it</a>.</p>
    </main>
  </body>
</html>
"""


def publish(built: Path, folder: Path, root: Path, base: str = "/") -> None:
    """Write the built site into ``folder``, anew, as it is published.

    built: where the book was built; root: the folder of _config.yml and _toc.yml; base: the path of the site on its
        host.
    Raises FileNotFoundError where nothing was built, and ValueError where other pages were built than the book has.
    """
    expected = {*OTHER_PAGES, *(f"{page}.html" for _, page in contents(root))}
    pages = {path.relative_to(built).as_posix(): path.read_text("utf-8") for path in built.rglob("*.html")}
    if not pages:
        raise FileNotFoundError(f"there is no built book in {built}; run: make book")
    if pages.keys() != expected:
        wrong = ", ".join(sorted(pages.keys() ^ expected))
        raise ValueError(f"{built}: the pages are not those of _toc.yml ({wrong}); run: make clean book")
    linked = {(built / name).parent.joinpath(sheet).resolve() for name, html in pages.items() for sheet in sheets(html)}
    shutil.rmtree(folder, ignore_errors=True)
    for path in sorted(built.rglob("*")):
        name = path.relative_to(built)
        left_out = any(name.is_relative_to(each) for each in LEFT_OUT)
        # site.css holds what the pages need of all others.
        unlinked = path.suffix == ".css" and path.resolve() not in linked
        if path.is_file() and not left_out and not unlinked:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    settings = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    language = settings["sphinx"]["config"]["language"]
    (folder / NOT_FOUND).write_text(not_found(settings["title"], language, base), "utf-8")
    (folder / AS_IT_IS).touch()


def sheets(html: str) -> list[str]:
    """The addresses of the stylesheets that a page links, without what stands behind a question mark."""
    return _STYLESHEET.findall(html)


def not_found(title: str, language: str, base: str) -> str:
    """The page for a wrong address. It loads nothing, so that it looks the same at any depth."""
    base = f"/{base.strip('/')}/" if base.strip("/") else "/"
    page = _NOT_FOUND.format(title=escape(title), language=escape(language), base=escape(base))
    return csp.with_policy(page)


def policies(folder: Path) -> str:
    """The lines of an nginx ``map`` from a path of the published folder to its Content-Security-Policy.

    Pages have the policy that they state themselves; everything else that of a page without a script of its own.
    """
    lines = [f'default "{csp.policy("")}";']
    for path in sorted(folder.rglob("*.html")):
        name = path.relative_to(folder).as_posix()
        lines.append(f'"/{name}" "{csp.policy(path.read_text("utf-8"))}";')
    return "\n".join(["# The policy of each page, as the page states it. Written by: make site", *lines]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the folder that a web server shows.")
    parser.add_argument("built", type=Path, help="folder with the built book")
    parser.add_argument("folder", type=Path, help="folder to write; what is in it is replaced")
    parser.add_argument("--base", default="/", help="path of the site on its host (%(default)s)")
    parser.add_argument("--policies", type=Path, help="file to write for nginx")
    parser.add_argument("--root", type=Path, default=Path(), help="folder with _config.yml and _toc.yml")
    chosen = parser.parse_args()
    try:
        publish(chosen.built, chosen.folder, chosen.root, chosen.base)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(str(error))
    if chosen.policies:
        chosen.policies.write_text(policies(chosen.folder), "utf-8")
    size = sum(path.stat().st_size for path in chosen.folder.rglob("*") if path.is_file())
    print(f"{chosen.folder} is what is published, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
