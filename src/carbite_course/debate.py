"""The debate of the capstone: who argues for which side, and whether a link is the evidence that it is said to be.

Learners use ``side_of`` and ``verdict_of`` in their notebooks. The grader looks at what they hand in with the
functions of ``JUDGES``, outside the sandbox: a link is text, its state is parsed and evaluated, nothing of it is run.
So there are as many right answers as there are states, and none of them can be forged.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from carbite.comparison import Options, Selection
from carbite.evidence import records
from carbite.link import parse_hash

SIDES = ("car_t", "bispecific")
RIGHT, UNREADABLE = "right", "unreadable"
# What a judge may find wrong: the words that the mistakes of an assignment name.
ANOTHER_SIDE = "another side"
ANOTHER_ENDPOINT = "another endpoint"
ANOTHER_VERDICT = "another verdict"
ASSUMPTION = "assumption"
DOES_NOT_CARRY = "does not carry"
MISNAMED = "misnamed"
CASE, REBUTTAL = "case", "rebuttal"
# Claims that name no lead of their side: an undecided verdict bears them out.
WITHOUT_LEAD = frozenset({"DU14", "NG9", "SA6"})
# Claims that grant the other side its lead: no verdict speaks against them, and one for their own side is not what
# they say.
GRANTING = frozenset({"EF3"})
LONGEST_LINK = 10_000


def side_of(name: str) -> str:
    """The side that a name is given: ``car_t`` where the numbers of its letters add up to an even sum.

    The number of a letter is its place in Unicode, small and without accents; whether the sum is even is the same as
    with the places in the alphabet, a = 1 to z = 26. Order, spaces and hyphens do not matter, so that a list of a
    class, which has the family name first, gives the same side.

    Raises ValueError for a text without a letter.
    """
    letters = [sign for sign in unicodedata.normalize("NFKD", name.casefold()) if sign.isalpha()]
    if not letters:
        raise ValueError(f"{name!r} has no letter; expected your name")
    return SIDES[sum(map(ord, letters)) % 2]


def verdict_of(link: str) -> str:
    """The verdict of the stated rule in the state that a link opens.

    Raises ValueError for a link that opens none, saying what is wrong with it.
    """
    return _verdict(parse_hash(link))


def _verdict(state: tuple[Selection, Options]) -> str:
    # What pools takes long to load, and few commands need it.
    from carbite.verdict import evaluate

    return evaluate(*state).verdict


def _side(value: Any) -> str:
    """``[name, side]``: whether the side is that of the name."""
    name, side = _texts(value, 2)
    return RIGHT if side == side_of(name) else ANOTHER_SIDE


def _argument(value: Any) -> str:
    """``[[side, role], [claim, link, verdict]]``: whether that link serves that side as it is said to.

    A ``case`` is a state in which the rule favours the side, for a claim of the side's own. A ``rebuttal`` is one in
    which a claim of the other side is tested, and the rule says another thing than the claim does.
    """
    side_and_role, argument = _parts(value, 2)
    side, role = _texts(side_and_role, 2)
    claim, link, said = _texts(argument, 3)
    found = [row for row in records("claims") if row["claim_id"] == claim.strip().upper()]
    if not found or side not in SIDES:
        return UNREADABLE
    selection, options = _state(link)
    other = SIDES[1 - SIDES.index(side)]
    if found[0]["side"] != (side if role == CASE else other):
        return ANOTHER_SIDE
    if selection.comparison_id not in _endpoints(found[0]["tests"] or ""):
        return ANOTHER_ENDPOINT
    if _assumes(selection, options):
        return ASSUMPTION
    verdict = _verdict((selection, options))
    if verdict != said.strip().casefold():
        return ANOTHER_VERDICT
    return RIGHT if verdict in _carrying(found[0]["claim_id"], side, role) else DOES_NOT_CARRY


def _carrying(claim: str, side: str, role: str) -> set[str]:
    """The verdicts with which a side can make its case from a claim, or answer one of the other side."""
    if claim in GRANTING:
        return set()
    return {side} if role == CASE or claim in WITHOUT_LEAD else {side, "undecided"}


def _reply(value: Any) -> str:
    """``[link, [link, verdict], [choice, ...]]``: whether the second state answers the first by these choices.

    It answers when it asks about the same endpoint and the rule says something else of it. The choices are ``trials``
    (which are ticked), ``readings`` (of single trials), and the names of the options.
    """
    answered, answer, named = _parts(value, 3)
    link, said = _texts(answer, 2)
    first, second = _state(*_texts([answered], 1)), _state(link)
    if first[0].comparison_id != second[0].comparison_id:
        return ANOTHER_ENDPOINT
    if _assumes(*first) or _assumes(*second):
        return ASSUMPTION
    before, after = _verdict(first), _verdict(second)
    if after != said.strip().casefold():
        return ANOTHER_VERDICT
    if after in (before, "not-testable"):
        return DOES_NOT_CARRY
    return RIGHT if {each.strip().casefold() for each in _texts(named)} == _changes(first, second) else MISNAMED


def _state(link: str) -> tuple[Selection, Options]:
    if len(link) > LONGEST_LINK:
        raise ValueError(f"a link of {len(link)} signs; expected at most {LONGEST_LINK}")
    return parse_hash(link)


def _endpoints(tests: str) -> set[str]:
    """The endpoints of the questions that test a claim."""
    return {question.partition("?")[0] for question in tests.split()}


def _assumes(selection: Selection, options: Options) -> bool:
    """Whether a state rests on what no trial reported, or on another method than that of the rule."""
    return bool(selection.added) or options.bias != 1.0 or options.attrition != 0.0 or not options.follows_rule


def _changes(first: tuple[Selection, Options], second: tuple[Selection, Options]) -> set[str]:
    """The choices in which two states of an endpoint differ."""
    (before, old), (after, new) = first, second
    changed = {each.name for each in fields(Options) if getattr(old, each.name) != getattr(new, each.name)}
    changed |= {"trials"} if set(before.trials) != set(after.trials) else set()
    return changed | ({"readings"} if before.readings != after.readings else set())


def _parts(value: Any, count: int | None = None) -> list[Any]:
    """The parts of a list of so many; None: of any number."""
    if not isinstance(value, list) or count not in (None, len(value)):
        raise ValueError(f"expected a list of {count or 'any number of'} parts")
    return value


def _texts(value: Any, count: int | None = None) -> list[str]:
    """The same of a list that holds texts alone."""
    if not all(isinstance(each, str) for each in _parts(value, count)):
        raise ValueError("expected texts")
    return list(value)


def _safely(judge: Callable[[Any], str]) -> Callable[[Any], str]:
    def judged(value: Any) -> str:
        try:
            return judge(value)
        except ValueError:
            return UNREADABLE

    return judged


JUDGES: Mapping[str, Callable[[Any], str]] = {
    "side": _safely(_side),
    "argument": _safely(_argument),
    "reply": _safely(_reply),
}
"""By the name that a check of an assignment gives: what a plain value that left the sandbox amounts to, in a word."""
