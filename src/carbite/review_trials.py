"""The trials of Tables 2 and 3 of Lussana et al as a list to filter: those with results, and those without.

The list is complete as it stands, see ``carbite.listing``.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from carbite.evidence import records
from carbite.listing import Choice, listing
from carbite.markup import Markup
from carbite.prose import NO_BREAK

SOURCE = "lussana-2021"
TABLES = {"Table 2": "Leukaemia, first treatment", "Table 3": "Lymphoma"}
# Words in the name of what is given: the antibody redirects T cells, the partner is of one of the article's classes.
ANTIBODIES = ("blinatumomab", "mosunetuzumab", "glofitamab", "odronextamab", "epcoritamab", "plamotamab", "RO7227166")
PARTNERS = {
    "alone": ("No partner", ()),
    "checkpoint": ("Checkpoint inhibitor", ("pembrolizumab", "atezolizumab", "cemiplimab")),
    "kinase": ("Tyrosine kinase inhibitor", ("dasatinib", "ponatinib")),
    "immunomodulatory": ("Immunomodulatory drug", ("lenalidomide",)),
    "chemotherapy": ("Chemotherapy", ("chemotherapy", "CVAD", "CHOP", "gemcitabine", "bendamustine")),
    "conjugate": ("Antibody-drug conjugate", ("polatuzumab",)),
    "costimulation": ("Costimulatory bispecific", ("RO7227166",)),
    "antibody": ("Antibody against CD20", ("obinutuzumab",)),
}
RESULTS = {"yes": "Results in the article", "no": "Not reported"}

Row = Mapping[str, Any]


def review_trials() -> Markup:
    """Every trial of both tables, those with results first, with a form to filter them."""
    entries = [*map(_with_results, _reported()), *map(_without_results, _ongoing())]
    choices = [
        Choice("table", "Disease", {name[-1]: said for name, said in TABLES.items()}),
        Choice("antibody", "Bispecific", {name.lower(): name for name in ANTIBODIES}),
        Choice("partner", "Partner", {name: said for name, (said, _) in PARTNERS.items()}),
        Choice("results", "Results", RESULTS),
    ]
    body = f'<ul class="carbite-entries">{"".join(entries)}</ul>'
    folded = f"The {len(entries)} rows of Tables 2 and 3, to filter"
    return listing(body, noun="trials", count=len(entries), choices=choices, folded=folded)


def partners(agents: str) -> list[str]:
    """The classes of partner that a trial's agents name; ``alone`` where there is none."""
    found = [name for name, (_, words) in PARTNERS.items() if any(word in agents for word in words)]
    return found or ["alone"]


def _table(row: Row) -> str:
    """The number of the table that lists a row; empty where none does."""
    return next((name[-1] for name in TABLES if name in row["locator"]), "")


def _reported() -> list[tuple[Row, list[Row]]]:
    """Trials with results in the tables, each with these outcomes in their order."""
    outcomes: dict[str, list[Row]] = {}
    for each in records("outcomes"):
        if each["source_id"] == SOURCE and each["locator"].startswith("Table 3"):
            outcomes.setdefault(each["trial_id"], []).append(each)
    return [(trial, outcomes[trial["trial_id"]]) for trial in records("trials") if trial["trial_id"] in outcomes]


def _ongoing() -> list[Row]:
    return [each for each in records("ongoing_trials") if _table(each)]


def _with_results(found: tuple[Row, list[Row]]) -> str:
    trial, outcomes = found
    lines = "".join(f"<li>{escape(_result(each))}</li>" for each in outcomes)
    facts = {"Design": trial["design"], "Disease": trial["disease"], "Registration": trial["registration"]}
    return _entry(
        f"results-{trial['trial_id']}", trial["agent"], _table(outcomes[0]), "yes", f"<ul>{lines}</ul>", facts
    )


def _result(outcome: Row) -> str:
    percent = outcome["percent_printed"]
    share = f"{percent}{NO_BREAK}%" if percent and percent[0].isdigit() else "not reported"
    of = f" of {outcome['n']}" if outcome["n"] else ""
    doubt = " (no count gives it)" if "impossible-percent" in (outcome["flag"] or "") else ""
    return f"{outcome['definition']}, {outcome['population']}: {share}{of}{doubt}"


def _without_results(row: Row) -> str:
    facts = {
        "Phase": row["phase"],
        "Setting": row["setting"],
        "Primary end point": row["primary_endpoint"],
        "Sponsor": row["sponsor"],
        "Registration": row["registration"],
        "Remark": row["note"],
    }
    return _entry(f"listed-{row['ongoing_id']}", row["agents"], _table(row), "no", "", facts)


def _entry(name: str, agents: str, table: str, results: str, lines: str, facts: Mapping[str, str | None]) -> str:
    antibodies = " ".join(each.lower() for each in ANTIBODIES if each in agents)
    values = {"table": table, "antibody": antibodies, "partner": " ".join(partners(agents)), "results": results}
    data = "".join(f' data-{key}="{escape(value)}"' for key, value in values.items())
    items = "".join(
        f"<div><dt>{term}</dt><dd>{escape(said)}</dd></div>" for term, said in facts.items() if said is not None
    )
    title = agents[0].upper() + agents[1:]
    return (
        f'<li class="carbite-entry" id="{escape(name)}"{data}><h4>{escape(title)}</h4>{lines}'
        f'<dl class="carbite-facts">{items}</dl></li>'
    )
