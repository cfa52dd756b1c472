"""Tables of the chapters: claims with their verdicts, and the discrepancies that touch a chapter."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from carbite.comparison import PRINTED, rule
from carbite.evidence import records
from carbite.markup import Link, Target, page
from carbite.references import cited
from carbite.register import anchor
from carbite.verdict import Verdict, claim

SIDES = {"car_t": "CAR T", "bispecific": "bispecifics", "neutral": "neither side"}
TESTABILITY = {
    "yes": "numbers can test it",
    "partly": "numbers test a part",
    "no": "no numbers in the articles",
}


@dataclass(frozen=True)
class Table:
    """A frame that shows itself as an accessible HTML table with a caption; a long one is folded."""

    caption: str
    frame: pd.DataFrame
    folded: bool = False

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(str(column))}</th>' for column in self.frame.columns)
        body = "".join(
            "<tr>" + "".join(_cell(position, value) for position, value in enumerate(row)) + "</tr>"
            for row in self.frame.itertuples(index=False, name=None)
        )
        label = escape(self.caption)
        table = (
            f'<div class="carbite-scroll" role="group" aria-label="{label}"><table class="carbite-table">'
            f"<caption>{label}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )
        return f"<details><summary>{label}</summary>{table}</details>" if self.folded else table


def _cell(position: int, value: object) -> str:
    empty = value is None or value is pd.NA
    text = value.html() if isinstance(value, Link | Target) else "" if empty else escape(str(value))
    # JupyterLab sets the cells of tables to the right, which is for numbers.
    left = 'style="text-align: left"'
    return f'<th scope="row" {left}>{text}</th>' if position == 0 else f"<td {left}>{text}</td>"


def claims(chapter: str) -> Table:
    """Every claim of a chapter: who holds it, whether numbers can test it, and the verdict of the rule."""
    rows = []
    for row in records("claims"):
        if row["chapter"] != chapter:
            continue
        said = "; ".join(_answer(verdict) for verdict in claim(row["claim_id"]).verdicts())
        rows.append(
            {
                "Claim": Target(row["claim_id"], f"claim-{row['claim_id']}"),
                "Proposition": row["proposition"],
                "Helps": SIDES[row["side"]],
                "Held by": row["holders"],
                "Test": TESTABILITY[row["testability"]],
                "Verdict by the rule": said or "no comparison to pool; see the text",
            }
        )
    return Table(f"Claims of this chapter and what the rule says of them ({len(rows)})", pd.DataFrame(rows))


def _answer(verdict: Verdict) -> str:
    return f"{question(verdict)}: {verdict.text['verdict']}"


def question(verdict: Verdict) -> str:
    """What a verdict answers, in words: the endpoint, and the options that differ from the published ones."""
    options = verdict.options
    asked = [verdict.comparison.label]
    if options.population != "all":
        asked.append(rule()["population_choices"][options.population].lower())
    if options.reading != PRINTED:
        asked.append(verdict.text["reading"])
    return ", ".join(asked)


def discrepancies(chapter: str) -> Table:
    """Where sources disagree about numbers of a chapter: both values, how it is resolved, and the register's entry."""
    names = {row["source_id"]: " ".join(cited(row)) for row in records("sources")}
    rows = [
        {
            "Entry": Link(row["discrepancy_id"], page("discrepancies", anchor(row["discrepancy_id"]))),
            "What": row["subject"],
            "One value": f"{row['value_a']} ({names[row['source_a']]}, {row['locator_a']})",
            "The other": f"{row['value_b']} ({names[row['source_b']]}, {row['locator_b']})"
            if row["source_b"]
            else row["value_b"],
            "Resolution": row["resolution"],
            "Confidence": row["confidence"],
        }
        for row in records("discrepancies")
        if chapter in (row["chapters"] or "").split()
    ]
    return Table(f"Where the sources disagree about these numbers ({len(rows)})", pd.DataFrame(rows), folded=True)
