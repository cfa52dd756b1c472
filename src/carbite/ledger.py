"""The ledger: every claim of the debate, what the rule says of it, and how fragile that is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from typing import Any
from urllib.parse import quote

import pandas as pd

from carbite.comparison import Selection, parse_question
from carbite.evidence import records
from carbite.evidence import row as row_of
from carbite.link import format_hash
from carbite.listing import Choice, in_words, listing
from carbite.markup import EXPLORER_PAGE, Link, Markup, page, written
from carbite.references import cited
from carbite.robustness import Fragility, Reclassified, count, fragility, patients_phrase
from carbite.tables import SIDES, TESTABILITY, Table
from carbite.tables import question as question_in_words
from carbite.verdict import Ratio, Verdict, evaluate, odds, trials_phrase, wording

Row = Mapping[str, Any]

# Chapters of claims that are treated on the page of another one.
PAGES = {"feasibility": "cost", "sequencing": "resistance"}
NONE = "none"
ORDERS = {
    "share": "fewest agreeing pairs first",
    "trials": "fewest trials first",
    "patients": "fewest patients first",
    "bias": "smallest bias first",
}
_MISSING = "–"
_SHOWN_WAYS = 3


def anchor(claim_id: str) -> str:
    """The id of a claim on the page."""
    return f"claim-{claim_id}"


@cache
def _fragility(question: str, fewest: int | None = None) -> Fragility:
    return fragility(*parse_question(question), fewest=fewest, progress=None)


def ledger() -> Markup:
    """Every claim with its verdicts and their fragility, with a form to filter and sort them, and a file of all."""
    rows = records("claims")
    entries = "".join(_entry(row) for row in rows)
    data = f"data:text/csv;charset=utf-8,{quote(frame().to_csv(index=False))}"
    body = (
        f'<ul class="carbite-entries">{entries}</ul>'
        f'<p><a href="{data}" download="ledger-of-claims.csv">Download the ledger as CSV</a></p>'
    )
    sides = {name: label for name, label in SIDES.items() if name in {row["side"] for row in rows}}
    verdicts = {name: said.format(bi="bispecifics") for name, said in wording()["short"].items()}
    choices = [
        Choice("chapter", "Chapter", {name: in_words(name) for name in dict.fromkeys(row["chapter"] for row in rows)}),
        Choice("side", "Helps", sides),
        Choice("test", "Test", TESTABILITY),
        Choice("verdict", "Verdict", {**verdicts, NONE: "No comparison"}),
    ]
    return listing(body, noun="claims", count=len(rows), choices=choices, orders=ORDERS)


def _questions(row: Row) -> list[str]:
    return (row["tests"] or "").split()


def _entry(row: Row) -> str:
    questions = _questions(row)
    verdicts = sorted({_fragility(question).verdict.verdict for question in questions}) or [NONE]
    values = {"chapter": row["chapter"], "side": row["side"], "test": row["testability"], "verdict": " ".join(verdicts)}
    values |= {f"by-{name}": value for name, value in _ranks(questions).items()}
    data = "".join(f' data-{name}="{escape(value)}"' for name, value in values.items())
    name = anchor(row["claim_id"])
    facts = {
        "Held by": escape(row["holders"]),
        "Helps": escape(SIDES[row["side"]]),
        "Test": escape(TESTABILITY[row["testability"]]),
        "Chapter": _chapter(row),
    }
    said = "".join(map(_answer, questions)) or f"<p>No comparison tests it. {escape(why_untested(row))}</p>"
    return (
        f'<li class="carbite-entry" id="{name}"{data}><h3>{escape(row["claim_id"])}: {escape(row["proposition"])}'
        f'<a class="headerlink" href="#{name}" title="Link to this claim">#</a></h3>{said}{_facts(facts)}</li>'
    )


def _facts(facts: Mapping[str, str]) -> str:
    """Terms and what is said of them, which is HTML."""
    items = "".join(f"<div><dt>{term}</dt><dd>{said}</dd></div>" for term, said in facts.items())
    return f'<dl class="carbite-facts">{items}</dl>'


def _chapter(row: Row) -> str:
    chapter = str(row["chapter"])
    name, said = PAGES.get(chapter, chapter), in_words(chapter)
    return Link(said, page(name, anchor(row["claim_id"]))).html() if written(name) else escape(said)


def _ranks(questions: list[str]) -> dict[str, str]:
    """What the list is sorted by: the numbers of the first question, empty where there is none."""
    if not questions:
        return dict.fromkeys(ORDERS, "")
    found = _fragility(questions[0])
    same, testable = _same(found), found.pairs.testable
    ranks = {
        "share": same / testable if testable else None,
        "trials": found.removal.trials if found.removal else None,
        "patients": found.patients.patients if found.patients else None,
        "bias": found.bias_undecided,
    }
    return {name: "" if value is None else f"{value:.6g}" for name, value in ranks.items()}


def _same(found: Fragility) -> int:
    """Pairs that say what the verdict itself says; 0 where there is none."""
    return int(getattr(found.pairs, found.verdict.verdict, 0))


def _answer(question: str) -> str:
    """One question with its verdict and fragility; it leads to the explorer in that state."""
    found = _fragility(question)
    verdict, text = found.verdict, found.verdict.text
    selection, options = parse_question(question)
    link = Link(question_in_words(found.verdict), page(EXPLORER_PAGE, format_hash(selection, options)[1:])).html()
    ratio = f"odds ratio {text['ratio']} ({text['ratio_low']} to {text['ratio_high']})"
    said = f"{link}: <strong>{escape(text['verdict'])}</strong>"
    if verdict.verdict == "not-testable":
        return f"<p>{said}. {escape(verdict.sentence)}</p>"
    return f"<p>{said}, {escape(ratio)}.</p>{_facts({t: escape(words) for t, words in how_fragile(found).items()})}"


def how_fragile(found: Fragility) -> dict[str, str]:
    """The fragility of a verdict in words, by name."""
    text, name = found.text, found.verdict.comparison.bispecific_name
    said = {
        "Pairs of subsets that say the same": f"{count(_same(found))} of {text['testable_pairs']}",
        "All pairs": f"{text['car_t_pairs']} favour CAR T, {text['bispecific_pairs']} {name}, "
        f"{text['undecided_pairs']} undecided, {text['not_testable_pairs']} not testable",
        "Fewest trials to remove": _removal(found),
        "Fewest patients to reclassify": _patients(found.patients),
    }
    if found.bias_undecided:
        said["Bias that leaves it undecided"] = f"odds ratio {odds(found.bias_undecided)}"
    if found.bias_null:
        said["Bias that brings it to 1"] = f"odds ratio {odds(found.bias_null)}"
    return said


def _removal(found: Fragility) -> str:
    if found.removal is None:
        return "none changes it"
    names = {row.trial.trial_id: row.trial.name for row in found.verdict.rows}
    ways = [_listed([names[trial] for trial in choice]) for choice in found.removal.choices]
    more = f"; and {len(ways) - _SHOWN_WAYS} more ways" if len(ways) > _SHOWN_WAYS else ""
    return f"{trials_phrase(found.removal.trials)}: {'; or '.join(ways[:_SHOWN_WAYS])}{more}"


def _listed(names: list[str]) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _patients(found: Reclassified | None) -> str:
    if found is None:
        return "none change it"
    return patients_phrase(found) + ("" if found.exact else f", at least {found.at_least}")


def why_untested(row: Row) -> str:
    """Why no comparison tests a claim, from the rows on which it rests."""
    if row["testability"] == "no":
        return "The articles print no numbers that could."
    arms = {each["trial_id"]: each["arm"] for each in records("trials")}
    counted = {each["outcome_id"]: arms[each["trial_id"]] for each in records("outcomes") if each["events"] is not None}
    held = {counted[each] for each in (row["rests_on"] or "").split() if each in counted}
    if {"car_t", "bispecific"} <= held:
        return (
            "Counts of both treatments bear on it, but not as one event, counted alike in trials of both, "
            "of which the rule could ask which has more. The chapter weighs them."
        )
    if held:
        return (
            "The counts that bear on it belong to one side of the comparison, "
            "so the rule has nothing to set them against. The chapter weighs them."
        )
    return (
        "The numbers that bear on it are not counts of patients with an event, but percentages without their "
        "patients, medians, prices, times or descriptions, which the rule cannot pool. The chapter weighs them."
    )


def frame() -> pd.DataFrame:
    """The ledger as a table of plain values: one row for each claim and question that tests it."""
    rows: list[dict[str, Any]] = []
    for row in records("claims"):
        about = {name: row[name] for name in ("claim_id", "chapter", "side", "proposition", "holders", "testability")}
        rows += [{**about, **_numbers(question)} for question in _questions(row)]
        if not _questions(row):
            rows.append({**about, "why_untested": why_untested(row)})
    return pd.DataFrame(rows)


def _numbers(question: str) -> dict[str, Any]:
    found = _fragility(question)
    ratio = found.verdict.ratio
    return {
        "question": question,
        "verdict": found.verdict.verdict,
        "odds_ratio": ratio.odds_ratio if ratio else None,
        "ci_low": ratio.ci_low if ratio else None,
        "ci_high": ratio.ci_high if ratio else None,
        "pairs_car_t": found.pairs.car_t,
        "pairs_bispecific": found.pairs.bispecific,
        "pairs_undecided": found.pairs.undecided,
        "pairs_not_testable": found.pairs.not_testable,
        "fewest_trials": found.removal.trials if found.removal else None,
        "fewest_patients": found.patients.patients if found.patients else None,
        "fewest_patients_at_least": found.patients.at_least if found.patients else None,
        "bias_undecided": found.bias_undecided,
        "bias_null": found.bias_null,
    }


def questions() -> Table:
    """Each question that tests a claim, once: its verdict and how fragile that is."""
    asked: dict[str, list[str]] = {}
    for row in records("claims"):
        for question in _questions(row):
            asked.setdefault(question, []).append(row["claim_id"])
    rows = []
    for question, claims in asked.items():
        found = _fragility(question)
        text = found.text
        tested = found.verdict.verdict != "not-testable"
        rows.append(
            {
                "Question": question_in_words(found.verdict),
                "Verdict": found.verdict.text["verdict"],
                "Pairs that say the same": f"{count(_same(found))} of {text['testable_pairs']}" if tested else _MISSING,
                "Fewest trials": text["fewest_trials"],
                "Fewest patients": text["fewest_patients"],
                "Bias to undecided": text["bias_undecided"],
                "Claims": ", ".join(claims),
            }
        )
    return Table(f"Every question that tests a claim ({len(rows)})", pd.DataFrame(rows))


# The conclusions that the method is known by, each under three intervals; the two readings of MRD stand together.
_KNOWN = ("cr", "mrd_among_cr", "mrd_among_cr?reading=all-patients", "relapse_among_cr")
_INTERVALS = {
    "z, also arms of one trial": ("z", 1),
    "z, three trials an arm or more": ("z", 3),
    "Hartung-Knapp": ("hartung-knapp", None),
    "Hartung-Knapp, modified (the rule)": ("modified-hartung-knapp", None),
}


def intervals() -> Table:
    """In how many pairs CAR T is favoured, by interval, for the questions on remission, its depth and relapse."""
    rows = []
    for question in _KNOWN:
        row = {}
        for name, (interval, fewest) in _INTERVALS.items():
            joined = f"{question}{'&' if '?' in question else '?'}interval={interval}"
            found = _fragility(joined, fewest)
            row["Question"] = question_in_words(found.verdict)
            row[name] = f"{count(found.pairs.car_t)} of {count(found.pairs.testable)}"
        rows.append(row)
    return Table("Pairs of subsets that favour CAR T, by interval", pd.DataFrame(rows))


def others() -> Table:
    """What others reported on the same questions, with ours beside it."""
    remission, depth = evaluate(*parse_question("cr")), evaluate(*parse_question("mrd_all"))
    pair = evaluate(Selection("cr", ("eliana", "mt103-205")))
    every = "all trials here, by the rule"
    rows = [
        _other(("zhai-2024-cr-car-t", "zhai-2024-cr-blinatumomab"), _rates(remission), every),
        _other(("zhai-2024-mrd-car-t", "zhai-2024-mrd-blinatumomab"), _rates(depth), every),
        _other(("verneris-2021-cr",), _odds(pair.ratio_z), "the same two trials, not adjusted, z interval"),
        _other(("cao-2022-cr",), _odds(remission.ratio), every),
    ]
    return Table("Reports of others on the same questions, and ours", pd.DataFrame(rows))


def _other(ids: tuple[str, ...], ours: str, how: str) -> dict[str, Any]:
    found = [row_of("follow_up", each) for each in ids]
    source = row_of("sources", found[0]["source_id"])
    name = " ".join(cited(source))
    return {
        "Report": Link(name, f"https://doi.org/{source['doi']}") if source["doi"] else name,
        "What": found[0]["measure"],
        "Theirs": "; ".join(map(_reported, found)),
        "Ours": ours,
        "From": how,
    }


def _reported(row: Row) -> str:
    limits = f" ({row['ci_low']} to {row['ci_high']})" if row["ci_low"] else ""
    if row["unit"] != "percent":
        return f"{row['value']}{limits}"
    arm = "CAR T" if row["arm"] == "car_t" else "blinatumomab"
    return f"{arm} {row['value']} %{limits}"


def _rates(verdict: Verdict) -> str:
    text, name = verdict.text, verdict.comparison.bispecific_name
    return f"CAR T {text['car_t.percent']} %; {name} {text['bispecific.percent']} %"


def _odds(ratio: Ratio | None) -> str:
    assert ratio, "both arms have trials"
    assert ratio.ci_low
    assert ratio.ci_high
    return f"{odds(ratio.odds_ratio)} ({odds(ratio.ci_low)} to {odds(ratio.ci_high)})"
