"""What the four articles expected, what was reported since, and what a reader of 2021 could know.

The verdict on a prediction follows from the reports on either side of it; ``evidence`` refuses a row that says
otherwise. What a reader could know is the verdict of the rule and how fragile it is, computed as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from carbite.catalogue import field
from carbite.comparison import comparison, parse_question
from carbite.evidence import records
from carbite.evidence import row as row_of
from carbite.listing import Choice, listing
from carbite.markup import Link, Markup, Target
from carbite.prose import STATUS, number
from carbite.references import cited
from carbite.released import mark
from carbite.robustness import fragility
from carbite.tables import SIDES, Table
from carbite.verdict import evaluate

Row = Mapping[str, Any]
# The published comparisons of leukaemia that later trials join.
QUESTIONS = ("cr", "severe_crs", "severe_neurotoxicity")


def verdicts() -> list[str]:
    """The words of the rule on predictions, in the order of the schema."""
    words: list[str] = field("predictions", "verdict")["constraints"]["enum"]
    return words


def articles() -> list[str]:
    """The articles that predict something, as the table has them."""
    return list(dict.fromkeys(row["source_id"] for row in records("predictions")))


def _name(source_id: str) -> str:
    """Names and year; a citation without names has its year already."""
    names, year = cited(row_of("sources", source_id))
    return names if year in names else f"{names} {year}"


def tally() -> Table:
    """How many predictions each article makes, and how many would help each camp, with what became of them."""
    every = records("predictions")
    groups = {_name(each): [row for row in every if row["source_id"] == each] for each in articles()}
    groups |= {f"Would help {said}": [row for row in every if row["side"] == side] for side, said in SIDES.items()}
    rows = [
        {
            "From": name,
            "Predictions": len(found),
            **{word.capitalize(): sum(row["verdict"] == word for row in found) for word in verdicts()},
        }
        for name, found in {**groups, "All": list(every)}.items()
    ]
    return Table("Predictions by article and by the camp that they would help", pd.DataFrame(rows))


def predictions() -> Markup:
    """Every prediction with the reports for and against it, the verdict and its reason; a list that can be filtered."""
    rows = records("predictions")
    choices = [
        Choice("article", "Article", {each: _name(each) for each in articles()}),
        Choice("verdict", "Verdict", {word: word for word in verdicts()}),
        Choice("side", "Would help", SIDES),
    ]
    groups = "".join(
        f'<div class="carbite-entry-group"><h3 id="predictions-{escape(each)}">{escape(_name(each))}</h3>'
        f'<ul class="carbite-entries">{"".join(_entry(row) for row in rows if row["source_id"] == each)}</ul></div>'
        for each in articles()
    )
    folded = f"The {len(rows)} predictions, to filter"
    return listing(groups, noun="predictions", count=len(rows), choices=choices, folded=folded)


def anchor(prediction_id: str) -> str:
    """The id of a prediction on the page."""
    return f"prediction-{prediction_id}"


def _entry(row: Row) -> str:
    name = escape(anchor(row["prediction_id"]))
    data = f'data-article="{row["source_id"]}" data-verdict="{row["verdict"]}" data-side="{row["side"]}"'
    facts = {"Verdict": row["verdict"], "Would help": SIDES[row["side"]], "Place": row["locator"]}
    reports = "".join(
        f"<dt>{term}</dt><dd><ul>{''.join(f'<li>{_report(each)}</li>' for each in row[side].split())}</ul></dd>"
        for term, side in (("For", "supports"), ("Against", "opposes"))
        if row[side]
    )
    return (
        f'<li class="carbite-entry" id="{name}" {data}><h4>{escape(row["prediction"])}'
        f'<a class="headerlink" href="#{name}" title="Link to this entry">#</a></h4>'
        '<dl class="carbite-facts">'
        + "".join(f"<div><dt>{term}</dt><dd>{escape(said)}</dd></div>" for term, said in facts.items())
        + f"</dl><dl>{reports}<dt>Reason</dt><dd>{escape(row['reason'])}</dd></dl></li>"
    )


def _report(row_id: str) -> str:
    """A report in a line: what, its number, and the source with its place and status."""
    known = {row["milestone_id"]: row for row in records("milestones")}
    table = "milestones" if row_id in known else "follow_up"
    row = row_of(table, row_id)
    if table == "milestones":
        said = f"{row['event']}, {row['date']}"
    else:
        when = f" at {row['timepoint']}" if row["timepoint"] else ""
        patients = f", {row['n']} patients" if row["n"] else ""
        limits = f" ({row['ci_low']} to {row['ci_high']})" if row["ci_low"] else ""
        value = number(f"f:{row_id}").text
        said = f"{row['subject']}: {row['measure']}{when}: {value}{limits}{patients}"
    source = row_of("sources", row["source_id"])
    name = _name(row["source_id"])
    shown = Link(name, f"https://doi.org/{source['doi']}").html() if source["doi"] else escape(name)
    status = ", ".join(filter(None, (row["locator"], STATUS[row["status"]], mark(table, row_id))))
    return f'{escape(said)} <span class="carbite-place">{shown}; {escape(status)}</span>'


def later_trials() -> Table:
    """The trials that joined a comparison after the debate, with each count that they bring."""
    published = {each["comparison_id"]: each["extends"] for each in records("comparisons") if each["extends"]}
    rows = []
    for outcome in records("outcomes"):
        if outcome["comparison_id"] not in published:
            continue
        trial = row_of("trials", outcome["trial_id"])
        asked = comparison(outcome["comparison_id"])
        status = ", ".join(filter(None, (STATUS[outcome["status"]], mark("outcomes", outcome["outcome_id"]))))
        source = f"{_name(outcome['source_id'])}, {outcome['locator']} ({status})"
        rows.append(
            {
                "Trial": Target(trial["name"], f"outcome-{outcome['outcome_id']}"),
                "Endpoint": row_of("comparisons", published[outcome["comparison_id"]])["label"],
                "Counted": asked.readings[outcome["reading"]],
                "Patients": f"{outcome['events']} of {outcome['n']}",
                "Ticked": outcome["default"] if outcome["reading"] == "printed" else "",
                "Source and status": source,
            }
        )
    return Table(f"Counts of trials reported after the debate ({len(rows)})", pd.DataFrame(rows))


def conclusions() -> Table:
    """What the rule said with the trials of the debate, how fragile that is, and what it says with later ones."""
    rows = []
    for published in QUESTIONS:
        asked = comparison(published)
        later = next(each["comparison_id"] for each in records("comparisons") if each["extends"] == published)
        text = fragility(*parse_question(published), progress=None).text
        rows.append(
            {
                "Question": asked.label,
                "Trials of the debate": _result(published),
                "Pairs of subsets that say the same": f"{text['same_pairs']} of {text['testable_pairs']}",
                "Fewest trials whose removal changes it": text["fewest_trials"],
                "Bias, as an odds ratio, that leaves it undecided": text["bias_undecided"],
                "With later trials": _result(later),
            }
        )
    return Table("What the trials of the debate said, how firmly, and what later trials changed", pd.DataFrame(rows))


def _result(question: str) -> str:
    text: Mapping[str, str] = evaluate(*parse_question(question)).text
    limits = f"{text['ratio_low']} to {text['ratio_high']}"
    return f"{text['verdict']}; odds ratio {text['ratio']} ({limits})"


def count(name: str) -> int:
    """How many predictions: ``count``, ``held``, ``molina-shah-2021`` or ``molina-shah-2021.held``.

    Raises KeyError that says what there is.
    """
    article, _, word = name.rpartition(".")
    if word in articles():
        article, word = word, "count"
    known: Sequence[str] = ("count", *verdicts())
    if word not in known or article not in ("", *articles()):
        raise KeyError(f"no predictions {name!r}; expected {', '.join(known)}, alone or after {', '.join(articles())}.")
    return sum(
        (not article or row["source_id"] == article) and word in ("count", row["verdict"])
        for row in records("predictions")
    )
