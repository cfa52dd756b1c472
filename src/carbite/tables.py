"""Tables of the chapters: claims with their verdicts, and the discrepancies that touch a chapter."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from carbite.catalogue import field, meanings
from carbite.comparison import PRINTED, comparison, rule
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


def appraisals() -> Table:
    """Risk of bias by our judgement: for each question, how many trials leave it unclear, and which say yes or no."""
    judged, names = records("appraisals"), _trial_names()
    rows = []
    for item, question in meanings(field("appraisals", "item"))[1].items():
        answers = {each["trial_id"]: each["judgement"] for each in judged if each["item"] == item}
        rows.append(
            {
                "Question": question.rstrip("."),
                "Unclear": f"{sum(answer == 'unclear' for answer in answers.values())} of {len(answers)}",
                "Yes": ", ".join(names[trial] for trial, answer in answers.items() if answer == "yes"),
                "No": ", ".join(names[trial] for trial, answer in answers.items() if answer == "no"),
            }
        )
    unclear = sum(each["judgement"] == "unclear" for each in judged)
    return Table(
        f"Risk of bias by our judgement, as far as the articles show it: {unclear} of {len(judged)} answers unclear",
        pd.DataFrame(rows),
    )


def _trial_names() -> dict[str, str]:
    return {each["trial_id"]: each["name"] for each in records("trials")}


def reasons() -> Table:
    """Why each question on a trial was judged as it was, and where that was read."""
    trials = _trial_names()
    names = {each["source_id"]: " ".join(cited(each)) for each in records("sources")}
    questions = meanings(field("appraisals", "item"))[1]
    rows = [
        {
            "Trial": trials[each["trial_id"]],
            "Question": questions[each["item"]].rstrip("."),
            "Judged": each["judgement"],
            "Reason": each["reason"],
            "Where": f"{names[each['source_id']]}, {each['locator']}",
        }
        for each in records("appraisals")
    ]
    return Table(f"The reason for every answer ({len(rows)})", pd.DataFrame(rows), folded=True)


def certainty(comparison_id: str, folded: bool = False) -> Table:
    """Our reading of the certainty of one pooled difference by the domains of GRADE, with reasons."""
    domains = meanings(field("certainty", "domain"))[1]
    judgements = {each: each.replace("-", " ") for each in field("certainty", "judgement")["constraints"]["enum"]}
    asked = comparison(comparison_id)
    rows = [
        {
            "Domain": domains[each["domain"]].partition(":")[0].rstrip("."),
            "Judged": judgements[each["judgement"]],
            "Reason": each["reason"],
        }
        for each in records("certainty")
        if each["comparison_id"] == comparison_id
    ]
    if not rows:
        raise ValueError(f"certainty.csv has no row of {comparison_id!r}")
    return Table(f"{asked.label}: how certain, by our reading", pd.DataFrame(rows), folded)


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
