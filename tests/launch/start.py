"""What a notebook costs before its first result: seconds of CPU, and which modules its first cell imports."""

from __future__ import annotations

import ast
import json
import math
import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carbite.launch import ASSIGNMENTS, CHAPTERS, FOLDER
from tests.launch.environment import Place

# On a shared machine a learner waits for at least this before a chapter can show anything.
START_CPU_S = 2.0


@dataclass(frozen=True)
class Start:
    """CPU seconds of a new Python: what a notebook's first cell imports, and the whole of that cell."""

    imports_s: float
    cell_s: float


def start_up(place: Place) -> dict[str, Start]:
    """The start of the package itself and of every notebook with code.

    The imports are what stands before the first result, and have to stay under the limit. The rest of the cell is
    that result: the first chart, or on the page of the ledger the pooling of every claim.
    """
    alone = _imports_s(place, "import carbite")
    spent = {"import carbite": Start(alone, alone)}
    for kind in (CHAPTERS, ASSIGNMENTS):
        for file in sorted((place.home / FOLDER / kind).glob("*.ipynb")):
            if cells := code_cells(file):
                code = plain("".join(cells[0]["source"]))
                spent[f"{kind}/{file.name}"] = Start(_imports_s(place, imports(code)), _cpu(place, code))
    return spent


def plain(cell: str) -> str:
    """A cell as plain Python: loading an extension is importing it."""
    return re.sub(r"^%load_ext (\S+)$", r"import \1", cell, flags=re.MULTILINE)


def imports(code: str) -> str:
    """The import statements of a cell."""
    kept = (each for each in ast.parse(code).body if isinstance(each, ast.Import | ast.ImportFrom))
    return "\n".join(map(ast.unparse, kept))


def _imports_s(place: Place, code: str) -> float:
    """The least of up to three runs: what else the machine does makes a run longer and never shorter."""
    least = math.inf
    for _ in range(3):
        least = min(least, _cpu(place, code))
        if least < START_CPU_S:
            break
    return least


def _cpu(place: Place, code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [str(place.python), "-c", code], env=place.variables(), cwd=place.home, check=True, stdout=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def code_cells(file: Path) -> list[dict[str, Any]]:
    """The code cells of a notebook as it is saved."""
    return [cell for cell in json.loads(file.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
