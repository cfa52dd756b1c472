"""What every model is held to: the page computes what Python computes, and can draw all of it."""

from __future__ import annotations

import json
import math
import random
import re
from pathlib import Path
from typing import Any

from carbite.models import Model, model
from carbite.models.parameters import Choice, Parameter, Slider
from tests.compare import LARGEST_DIFFERENCE, differences
from tests.node import run_node

CASES = 500
# Figures are drawn for the first of them; drawing takes longer than computing.
DRAWN = 200
# What stands in a drawing or a sentence when a number was missing or infinite.
NOT_A_NUMBER = re.compile(r"\b(NaN|Infinity|undefined|null|nan|inf)\b")


def is_text(text: str) -> bool:
    """Whether something stands there, with a number in every place for one."""
    return bool(text) and not NOT_A_NUMBER.search(text)


def random_value(parameter: Parameter, draw: random.Random) -> Any:
    """A value that the parameter accepts; now and then its start or an end of its range."""
    if draw.random() < 0.2:
        return parameter.check(parameter.default)
    if isinstance(parameter, Choice):
        return draw.choice(list(parameter.options))
    if not isinstance(parameter, Slider):
        return draw.random() < 0.5
    if draw.random() < 0.1:
        return parameter.check(draw.choice([parameter.low, parameter.high]))
    if parameter.log:
        value = math.exp(draw.uniform(math.log(parameter.low), math.log(parameter.high)))
        value = min(max(value, parameter.low), parameter.high)
    else:
        value = draw.uniform(parameter.low, parameter.high)
    return parameter.check(float(round(value)) if parameter.whole else value)


def random_values(of: Model, draw: random.Random) -> dict[str, Any]:
    """A value for each parameter."""
    return {parameter.name: random_value(parameter, draw) for parameter in of.parameters}


def check_model(name: str, folder: Path, *, cases: int = CASES, tolerance: float = LARGEST_DIFFERENCE) -> None:
    """Both languages give the same for the start and for random values; the page draws them and links keep them.

    Values that do not go together must be refused by both. ``folder`` is a temporary one.
    """
    tested = model(name)
    draw = random.Random(f"{name} 2026")
    values = [tested.defaults, *(random_values(tested, draw) for _ in range(cases))]
    about = json.loads(json.dumps(tested.description(), allow_nan=False))
    answers = run_node("models.mjs", {"about": about, "values": values, "drawn": DRAWN}, folder)
    refused = 0
    for case, answer in zip(values, answers, strict=True):
        try:
            ours = json.loads(json.dumps(tested.result(case), allow_nan=False))
        except ValueError:
            assert "error" in answer, f"Python refuses {case}, the page does not"
            refused += 1
            continue
        assert "error" not in answer, f"the page refuses {case}: {answer.get('error')}"
        assert differences(ours, answer["result"], tolerance=tolerance) == [], case
        assert answer["link_keeps_values"], case
        assert answer["charts"], case
        assert answer["tables"], case
        for text in (ours["sentence"], *ours["text"].values()):
            assert is_text(text), (case, text)
        for chart in answer["charts"]:
            for text in (chart["title"], chart["description"], *chart["drawings"]):
                assert is_text(text), (case, chart["id"], text)
        for table in answer["tables"]:
            assert table["rows"], (case, table["caption"])
            assert {len(row) for row in table["rows"]} == {len(table["head"])}, (case, table["caption"])
    assert refused < cases / 2, f"{refused} of {cases} random values were refused: narrow the parameters"
