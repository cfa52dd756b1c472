"""What must not be on a page: anything from another host, and anything that the policy would block.

Every finding is a Sphinx warning, so that a build with -W stops at it and says where it is.
"""

import re
from html.parser import HTMLParser

# The attributes by which an element loads something by itself. A link (`a href`) waits for its reader.
LOADING_ATTRIBUTES = {
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
    "input": ("src",),
}

# `link` elements that only state a relation; a browser does not fetch them.
INERT_LINKS = frozenset({"canonical", "next", "prev", "index", "search", "author", "license"})

_FOREIGN = re.compile(r"(?:^|[\s,])(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_FOREIGN_STYLE = re.compile(r"url\(\s*['\"]?(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)


class _Auditor(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "style":
            self.problems.append("an inline <style> is blocked by the page's policy: use a stylesheet")
        inert = tag == "link" and attributes.get("rel") in INERT_LINKS
        for name, value in attributes.items():
            if name in LOADING_ATTRIBUTES.get(tag, ()) and not inert and _FOREIGN.search(value):
                self.problems.append(f'<{tag} {name}="{value}"> loads from another host')
            if name == "style" and _FOREIGN_STYLE.search(value):
                self.problems.append(f'<{tag} style="{value}"> loads from another host')
            if name.startswith("on"):
                self.problems.append(f'<{tag} {name}="{value}"> is blocked by the page\'s policy: use a script')
            if value.strip().lower().startswith("javascript:"):
                self.problems.append(f'<{tag} {name}="{value}"> is blocked by the page\'s policy: use a script')


def problems(html: str) -> list[str]:
    """One sentence for each thing on the page that would ask another host or that the policy would block."""
    auditor = _Auditor()
    auditor.feed(html)
    auditor.close()
    return auditor.problems
