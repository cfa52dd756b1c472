"""The Content-Security-Policy of a page: its own files, and inline scripts only by their hash."""

import base64
import hashlib
from html.parser import HTMLParser

# Styles are files too, but KaTeX places its boxes with `style` attributes and pandas aligns columns so:
# `style-src-attr` lets attributes through and nothing else.
DIRECTIVES = (
    "default-src 'none'",
    "script-src {scripts}",
    "style-src 'self'",
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
)

# The values of a script's `type` that make a browser run it; with any other it is a block of data.
SCRIPT_TYPES = frozenset({"", "text/javascript", "application/javascript", "module"})

CHARSET = '<meta charset="utf-8" />'


class _InlineScripts(HTMLParser):
    """Collects the text of every script that a browser would run and that has no `src`."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "script" and "src" not in attributes and (attributes.get("type") or "") in SCRIPT_TYPES:
            self._inside = True
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False


def inline_scripts(html: str) -> list[str]:
    """The text of the page's inline scripts, in order; data blocks such as JSON are not scripts."""
    parser = _InlineScripts()
    parser.feed(html)
    parser.close()
    return parser.scripts


def source_hash(text: str) -> str:
    """The source expression that admits exactly this inline script: `'sha256-...'`, base64 (CSP level 3)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(html: str) -> str:
    """The policy under which this page works and nothing else runs."""
    hashes = sorted({source_hash(script) for script in inline_scripts(html)})
    return "; ".join(DIRECTIVES).format(scripts=" ".join(["'self'", *hashes]))


def with_policy(html: str) -> str:
    """The page with its policy as the first thing after the character set, before anything is loaded.

    Raises ValueError where the page does not declare its character set as the theme does.
    """
    if html.count(CHARSET) != 1:
        raise ValueError(f"a page needs {CHARSET} exactly once, to put the Content-Security-Policy after it")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(html)}" />'
    return html.replace(CHARSET, f"{CHARSET}\n    {meta}")
