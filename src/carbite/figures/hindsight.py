"""The figures of the chapter on what came after the debate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from carbite.charts import ARMS, Figure
from carbite.drawings import Panel, drawing, heading, path, pointer, together, word
from carbite.evidence import records
from carbite.references import cited

WIDTH, TOP, YEAR, LINE = 350, 34, 58, 18
"""In CSS pixels: a panel, the room of its heading, a year, and the least distance of two names."""
AXIS, MARK, NAME = 40, 62, 74
MONTHS = 12

# Each as a path from the middle of the mark.
MARKS = {
    "approval": "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
    "trial": "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
    "safety": "m0 -6l6 11h-12Z",
    "debate": "m-7 -2h14v4h-14Z",
}

Row = Mapping[str, Any]


def years(date: str) -> float:
    """A date as years: the middle of what it names, a year, a month or a day."""
    year, *rest = map(int, date.split("-"))
    if not rest:
        return year + 0.5
    month = rest[0] - 1 + (rest[1] / 31 if len(rest) > 1 else 0.5)
    return year + month / MONTHS


def timeline() -> Figure:
    """Approvals, trials and acts of regulators by date, one panel an arm."""
    rows = sorted(records("milestones"), key=lambda row: years(row["date"]))
    last = max(row["date"][:4] for row in rows if row["kind"] == "debate")
    trials = [row for row in rows if row["kind"] == "trial" and row["date"][:4] > last]
    settings = {
        arm: {row["setting"] for row in trials if row["arm"] == arm and row["setting"] != "lymphoma"}
        for arm in ("bispecific", "car_t")
    }
    assert settings == {"bispecific": {"earlier leukaemia"}, "car_t": {"relapsed leukaemia"}}, "the title says so"
    sources = {row["source_id"]: " ".join(cited(row)) for row in records("sources")}
    table = pd.DataFrame(
        {
            "Event": row["event"],
            "Date": row["date"],
            "Arm": "both" if row["arm"] == "both" else ARMS[row["arm"]].label,
            "Kind": row["kind"],
            "Setting": row["setting"] or "",
            "Source": f"{sources[row['source_id']]}, {row['locator']}",
            "Status": row["status"],
        }
        for row in rows
    )
    said = [f"{row['date']}, {row['event']}" for row in rows]
    return drawing(
        title=(
            f"After {last}, the leukaemia trials of blinatumomab listed here treated earlier disease, and that of "
            "CAR T cells relapse"
        ),
        alt="A line of time for each arm, from the top down. " + "; ".join(said) + ".",
        panels=[_panel(rows, arm) for arm in ("car_t", "bispecific")],
        parts=table,
        caption="Filled circles are approvals, open ones reports of trials, triangles acts of a regulator on safety, "
        "bars the articles of the debate; the line from each leads to its date. Only what "
        "this book names and whose date can be cited is listed: a missing "
        "approval was not looked up, rather than not given. An event known by its year stands in the middle of it.",
    )


def _panel(rows: Sequence[Row], arm: str) -> Panel:
    """The events of one arm under each other, as far apart as their dates, or as their names need."""
    first = int(min(years(row["date"]) for row in rows))
    end = int(max(years(row["date"]) for row in rows)) + 1
    shapes = [heading(ARMS[arm].label, WIDTH), path(f"M{AXIS} {_y(first, first):g}V{_y(end, first):g}", 1)]
    for year in range(first, end + 1):
        y = _y(year, first)
        shapes += [path(f"M{AXIS - 4} {y:g}h4", 1), word(str(year), AXIS - 8, y + 4, "end")]
    below = 0.0
    for row in rows:
        if row["arm"] not in (arm, "both"):
            continue
        at = _y(years(row["date"]), first)
        below = max(at, below + LINE)
        colour = "currentColor" if row["kind"] == "debate" else ARMS[arm].colour
        fill = "none" if row["kind"] == "trial" else colour
        shapes += [
            pointer(f"M{AXIS} {at:g}L{MARK - 7} {below:g}"),
            f'<path d="M{MARK} {below:g}{MARKS[row["kind"]]}" fill="{fill}" stroke="{colour}" stroke-width="2"/>',
            word(row["event"], NAME, below + 4, "start"),
        ]
    return Panel(WIDTH, int(max(_y(end, first), below)) + LINE, together(shapes))


def _y(year: float, first: int) -> float:
    return TOP + (year - first) * YEAR
