"""A link written in Python is the one that the page writes, and is read as the page reads it.

For random states with everything a state can hold, and for links that were damaged on the way.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from carbite.comparison import Options, Selection, added_trial, parse_question
from carbite.explorer.payload import payload
from carbite.link import format_hash, parse_hash
from tests.node import run_node
from tests.test_verdict_js import random_state

STATES = 500
DAMAGED = 2_000
# What ends up in a link by mistake, and what the parts of one are made of.
SIGNS = "abcrtnx012579.,;:=~%#-_ü"


def test_links_are_those_of_the_page(tmp_path: Path) -> None:
    draw = random.Random(7)
    states = [random_state(draw) for _ in range(STATES)]
    theirs = run_node("hashes.mjs", {"data": payload(), "states": states}, tmp_path)
    ours = [format_hash(*state_of(state)) for state in states]
    assert ours == theirs
    assert all(any(f";{key}=" in link for link in ours) for key in ("rt", "r", "t", "i", "p", "o", "b", "a", "x"))


def test_the_published_comparison_names_its_trials_alone() -> None:
    selection, options = parse_question("davis_cr")
    assert format_hash(selection, options) == f"#s=1;c=davis_cr;on={','.join(selection.trials)}"


def state_of(state: dict[str, Any]) -> tuple[Selection, Options]:
    """What the page holds, as Python does."""
    added = tuple(added_trial(**trial) for trial in state["added"])
    return Selection(state["comparison"], tuple(state["trials"]), state["readings"], added), Options(**state["options"])


def test_what_was_written_is_read() -> None:
    draw = random.Random(8)
    for _ in range(STATES):
        state = state_of(random_state(draw))
        assert parse_hash(format_hash(*state)) == state
        assert parse_hash(f" https://example.org/book/efficacy.html{format_hash(*state)};m.infusion=stop:12\n") == state


def test_a_damaged_link_is_read_or_refused_as_the_page_does(tmp_path: Path) -> None:
    draw = random.Random(9)
    links = [damaged(format_hash(*state_of(random_state(draw))), draw) for _ in range(DAMAGED)]
    theirs = run_node("opened_links.mjs", {"data": payload(), "links": links}, tmp_path)
    ours = [read_again(link) for link in links]
    differing = [each for each in zip(links, ours, theirs, strict=True) if each[1] != each[2]]
    assert differing == []
    assert min(ours.count(None), sum(each is not None for each in ours)) > DAMAGED / 10


def damaged(link: str, draw: random.Random) -> str:
    """A link with a sign lost, changed or put in, a part doubled or lost."""
    place = draw.randrange(1, len(link))
    parts = link.split(";")
    chosen = draw.randrange(len(parts))
    return draw.choice(
        [
            link[:place] + link[place + 1 :],
            link[:place] + draw.choice(SIGNS) + link[place + 1 :],
            link[:place] + draw.choice(SIGNS) + link[place:],
            link[:place],
            ";".join([*parts, parts[chosen]]),
            ";".join(parts[:chosen] + parts[chosen + 1 :]),
        ]
    )


def read_again(link: str) -> str | None:
    """The link of the state that was read; None where it was refused."""
    try:
        return format_hash(*parse_hash(link))
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("", "expected a link to a state of the explorer"),
        ("book/efficacy.html#results", "expected a link to a state of the explorer"),
        ("#s=1;on=tower", "does not say 'c'"),
        ("#s=1;c=cr", "does not say 'on'"),
        ("#s=1;c=nothing;on=tower", "no comparison 'nothing'; there are cr, "),
        ("#s=1;c=cr;on=nothing", "cr has no trial 'nothing'; it has "),
        ("#s=1;c=cr;on=tower;on=eliana", "'on' stands in the link twice"),
        ("#s=1;c=cr;on=tower,tower", "a trial is ticked twice"),
        ("#s=1;c=cr;on=tower;rt=tower", "'tower' does not say how one trial is counted"),
        ("#s=1;c=cr;on=tower;b=much", "option bias is 'much'; expected a number"),
        ("#s=1;c=cr;on=tower;b=99", "option bias is 99.0; expected an odds ratio from 1"),
        ("#s=1;c=cr;on=tower;r=nothing", "option reading is 'nothing'; expected one of "),
        ("#s=1;c=cr;on=tower;x=Mine~car_t~1", "an added trial cannot be read"),
        ("#s=1;c=cr;on=tower;x=Mine~car_t~1~two", "'Mine' has '1' of 'two' patients; expected whole numbers"),
        ("#s=1;c=cr;on=tower;x=TOWER~car_t~1~2", "an added trial is called 'TOWER'"),
    ],
)
def test_a_link_that_opens_nothing_says_why(link: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_hash(link)
