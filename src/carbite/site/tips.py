"""Tips: what a link in a sentence is about, on hover, focus and tap. Numbers show their source so, terms their meaning.

The mark-up is here; styles and the script's part (Escape, touch, the edge of the page) are in `static/book.*`.
"""

from __future__ import annotations

from html import escape


def opening(kind: str) -> str:
    """Before the link. ``kind`` is one more class: `number` or `term`."""
    return f'<span class="tipped {kind}">'


def described_by(kind: str, position: int) -> str:
    """The attribute of the link; ``position`` counts the tips of this kind on the page."""
    return f'aria-describedby="{_name(kind, position)}"'


def closing(kind: str, position: int, text: str) -> str:
    """After the link: the tip, which says ``text``."""
    return f'<span class="tip" role="tooltip" id="{_name(kind, position)}">{escape(text)}</span></span>'


def _name(kind: str, position: int) -> str:
    return f"{kind}-tip-{position}"
