"""A link written in Python is the one that the page writes, for random states with everything a state can hold."""

from __future__ import annotations

import random
from pathlib import Path

from carbite.comparison import Options, Selection, added_trial, parse_question
from carbite.explorer.payload import payload
from carbite.link import format_hash
from tests.node import run_node
from tests.test_verdict_js import random_state

STATES = 500


def test_links_are_those_of_the_page(tmp_path: Path) -> None:
    draw = random.Random(7)
    states = [random_state(draw) for _ in range(STATES)]
    theirs = run_node("hashes.mjs", {"data": payload(), "states": states}, tmp_path)
    ours = [
        format_hash(
            Selection(
                state["comparison"],
                tuple(state["trials"]),
                state["readings"],
                tuple(added_trial(**trial) for trial in state["added"]),
            ),
            Options(**state["options"]),
        )
        for state in states
    ]
    assert ours == theirs
    assert all(any(f";{key}=" in link for link in ours) for key in ("rt", "r", "t", "i", "p", "o", "b", "a", "x"))


def test_the_published_comparison_names_its_trials_alone() -> None:
    selection, options = parse_question("davis_cr")
    assert format_hash(selection, options) == f"#s=1;c=davis_cr;on={','.join(selection.trials)}"
