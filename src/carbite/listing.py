"""A list of entries that a reader filters and sorts: complete as HTML, with a form before it.

The form is hidden until ``site/listing.js`` filters with it. Entries are elements of the class ``carbite-entry``. What
is filtered by stands in their attribute ``data-NAME`` (several values with spaces between them), what is sorted by, a
number, in ``data-by-ORDER``; where it is empty the entry comes last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from carbite.markup import Markup


@dataclass(frozen=True)
class Choice:
    """A list of the form: the name of the attribute, its label, and each value with its words."""

    name: str
    label: str
    values: Mapping[str, str]


def listing(
    body: str,
    *,
    noun: str,
    count: int,
    choices: Sequence[Choice],
    orders: Mapping[str, str] | None = None,
    folded: str | None = None,
) -> Markup:
    """The form, a line that says how many entries are shown, and ``body``, the HTML with the entries.

    noun: what entries are called. orders: by name, what the list can be sorted by, in words; the entries are then
    those of one parent. folded: what to call the list while it is folded away, as a long one in a chapter is.
    """
    lists = [_select(choice, "any") for choice in choices]
    if orders:
        lists.append(_select(Choice("order", "Order", orders), "of the book"))
    form = (
        f'<form class="carbite-filter" role="search" aria-label="Filter the {noun}" autocomplete="off" hidden>'
        '<p><label for="filter-text">Words</label><input id="filter-text" type="search" name="text"></p>'
        f'{"".join(lists)}<button type="button">Show all {noun}</button></form>'
    )
    shown = f'<p class="carbite-shown" role="status">{count} {noun}</p>'
    listed = f'<div class="carbite-listing" data-noun="{noun}">{form}{shown}{body}</div>'
    return Markup(f"<details><summary>{escape(folded)}</summary>{listed}</details>" if folded else listed)


def _select(choice: Choice, nothing: str) -> str:
    values = {"": nothing, **choice.values}
    options = "".join(f'<option value="{escape(value)}">{escape(said)}</option>' for value, said in values.items())
    return (
        f'<p><label for="filter-{choice.name}">{escape(choice.label)}</label>'
        f'<select id="filter-{choice.name}" name="{choice.name}">{options}</select></p>'
    )


def in_words(value: str) -> str:
    """An identifier as words: ``lost-cell`` to ``lost cell``."""
    return value.replace("-", " ")
