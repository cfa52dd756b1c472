"""The page's verdicts are Python's: thousands of random states, evaluated in both languages."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from carbite.comparison import Options, Selection, added_trial, comparison, comparison_ids, rule
from carbite.explorer.bundle import model_files, modules, page_script, simulation_module, source, widget_module
from carbite.explorer.payload import payload
from carbite.models import model_names
from carbite.verdict import evaluate
from tests.compare import differences
from tests.node import run_node
from tests.thoroughness import cases

STATES = cases(2_000)


def random_state(draw: random.Random) -> dict[str, Any]:
    asked = comparison(draw.choice(comparison_ids()))
    countable = [trial for trial in asked.trials if trial.counts]
    ticked = [trial.trial_id for trial in countable if draw.random() < 0.7]
    readings = {trial.trial_id: draw.choice(sorted(trial.counts)) for trial in countable if draw.random() < 0.15}
    added = []
    if draw.random() < 0.3:
        n = draw.randint(1, 300)
        added.append(
            {"name": f"Mine ~ {draw.randint(1, 9)};ü", "arm": draw.choice(["car_t", "bispecific"]), "n": n}
            | {"events": draw.choice([0, n, draw.randint(0, n)])}
        )
    options = {
        "reading": draw.choice(list(asked.readings)),
        "tau2": draw.choice(list(rule()["tau2_choices"])),
        "interval": draw.choice(list(rule()["interval_choices"])),
        "population": draw.choice(list(rule()["population_choices"])),
        "overlap": draw.choice(list(rule()["overlap_choices"])),
        "bias": draw.choice([1.0, 1.0, round(draw.uniform(1, 20), 1)]),
        "attrition": draw.choice([0.0, 0.0, round(draw.uniform(0, 0.6), 2)]),
    }
    return {
        "comparison": asked.comparison_id,
        "trials": ticked,
        "readings": readings,
        "added": added,
        "options": options,
    }


def in_python(state: dict[str, Any]) -> dict[str, Any]:
    selection = Selection(
        state["comparison"],
        tuple(state["trials"]),
        state["readings"],
        tuple(added_trial(**trial) for trial in state["added"]),
    )
    return evaluate(selection, Options(**state["options"])).as_dict()


def test_page_and_python_agree_on_random_states(tmp_path: Path) -> None:
    draw = random.Random(20261121)
    states = [random_state(draw) for _ in range(STATES)]
    answers = run_node("verdicts.mjs", {"data": payload(), "states": states}, tmp_path)
    seen = set()
    for state, answer in zip(states, answers, strict=True):
        ours = in_python(state)
        assert differences(ours, answer["result"]) == [], state
        assert answer["link_keeps_state"], state
        seen.add((ours["verdict"], state["comparison"]))
    assert {verdict for verdict, _ in seen} == {"car_t", "bispecific", "undecided", "not-testable"}
    assert {asked for _, asked in seen} == set(comparison_ids())


@pytest.mark.parametrize("entry", ["widget.js", "page.js", "simulation_widget.js"])
def test_modules_share_no_name(entry: str) -> None:
    """They are put behind one another in one scope."""
    together = modules(*model_files(*model_names()), f"explorer/{entry}")
    names = [
        line.replace("export ", "").replace("async ", "").split()[1].split("(")[0]
        for name in together
        for line in source(name).splitlines()
        if line.replace("export ", "").startswith(("function ", "async function ", "const ", "let ", "class "))
    ]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})


def test_bundles_hold_no_import_and_the_widget_one_export() -> None:
    widgets = [widget_module(), *map(simulation_module, model_names())]
    for script in (page_script(), *widgets):
        assert "import {" not in script
    for script in widgets:
        assert [line for line in script.splitlines() if line.startswith("export ")] == ["export default {"]
    assert "\nexport " not in page_script()
