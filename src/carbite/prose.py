"""One number in a sentence, with its source.

A chapter never types a figure. It names one, and the same function gives the text, the source and the link to
the static page (as a role) and to JupyterLab (as a link). A number is named by where it stands:

``o:ROW``                 an outcome: its percentage; ``o:ROW:count`` gives "61 of 75", also ``n``, ``events`` and
                          ``timepoint``
``s:ROW``                 a survival median or landmark with its unit; ``s:ROW:months`` says when the landmark is
``f:ROW``                 what was reported after 2021, with its unit; also ``timepoint`` and ``n``
``t:TRIAL:enrolled``      a characteristic of a trial, also ``infused``, ``evaluable``, ``age_median_years``
``k:ROW`` ``c:ROW``       a figure of kinetics, a cost or a price with its unit
``d:ROW`` ``n:ROW``       a figure on delivery, one noted in ``statements.csv``; ``n:ROW:n`` gives its patients;
                          ``k:ROW:times`` says how many times its lowest the highest value is, also c: d: n:
``v:COMPARISON:NAME``     a computed result under the stated rule, such as ``v:cr:ratio`` or
                          ``v:cr?reading=enrolled:car_t.percent``; the names are those of ``Verdict.text``
``g:COMPARISON:NAME``     how fragile that result is, such as ``g:cr:car_t_pairs``; names of ``Fragility.text``;
                          ``g:cr?interval=z@1:car_t_pairs`` also tests arms of a single trial (the rule: two)
``e:COMPARISON:NAME``     an E-value of the same difference: ``estimate``, ``limit`` or the ``risk_ratio`` behind them;
                          ``e:cr:pooled-rate.limit`` converts by the pooled rate and not by the square root
``live:NAME``             the same for the state that the page's explorer shows now; where it opens with another
                          comparison than remission, ``live:COMPARISON:NAME``
``p:NAME``                how many predictions of the articles: ``p:count``, ``p:held``, ``p:lussana-2021.open``
``m:MODEL:NAME``          what a model gives from its starting values, or from others (``m:MODEL?a=1&b=2:NAME``)
``mlive:MODEL:NAME``      the same for the values that the page's simulation shows now
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from carbite.bias import CONVERSIONS, e_values
from carbite.comparison import parse_question, rule
from carbite.evidence import row as row_of
from carbite.released import mark
from carbite.robustness import Fragility, fragility
from carbite.verdict import Verdict, evaluate, odds, trials_phrase

NO_BREAK = "\u00a0"
_SIGNS = re.compile(r"""[\\`*_\[\]<>&|$~"]""")
# From here on the thousands are set apart; a year is shorter.
_LONG_NUMBER = re.compile(r"\b\d{5,}\b")
PERCENTAGES = ("percent", "low", "high", "pi_low", "pi_high", "i2")
STATUS = {
    "printed": "as printed",
    "derived": "worked out from what is printed",
    "primary": "from the study's own report",
    "secondary": "read in a secondary source",
}
# Tables of single figures, by the letter that names their rows.
QUANTITIES = {"k": "kinetics", "c": "costs", "d": "delivery", "n": "statements"}
# Tables whose rows are named by a letter: a row that is new since the last release is marked in its source.
ROWS = {"o": "outcomes", "s": "survival", "f": "follow_up", "t": "trials", **QUANTITIES}
# What is written behind a figure; any other unit stands there as it is named in the table.
UNITS = {
    "percent": "%",
    "USD": "US dollars",
    "EUR": "euros",
    "EUR per QALY": "euros per QALY",
    "USD per QALY": "US dollars per QALY",
    "10^6 cells per kg": "million cells per kg",
    "10^8 cells": "hundred million cells",
    "category": "",
    "hazard ratio": "",
    "odds ratio": "",
    "P value": "",
}
E_VALUES = {
    "risk_ratio": "risk ratio",
    "estimate": "E-value of the estimate",
    "limit": "E-value of the limit that is nearer to no difference",
}
DENOMINATORS = {
    "enrolled": "patients enrolled",
    "infused": "patients infused or treated",
    "evaluable": "evaluable patients",
    "responders": "responders",
    "unstated": "patients; the source does not say which",
}


@dataclass(frozen=True)
class Number:
    """``text`` as it stands in the sentence; ``source`` says what it is and where it stands; ``href`` links there.

    ``live`` names what the explorer writes in its place, and ``unit`` what stays behind it; ``simulated`` names what
    a simulation writes there.
    """

    name: str
    text: str
    source: str
    href: str
    live: str = ""
    unit: str = ""
    simulated: str = ""


class UnknownNumberError(KeyError):
    """A chapter names a number that is not in ``data/``."""

    def __str__(self) -> str:
        return str(self.args[0])


def number(name: str) -> Number:
    """The number of this name. Raises UnknownNumberError that says what was expected."""
    kind, _, rest = name.partition(":")
    makers = {"o": _outcome, "s": _survival, "f": _follow_up, "t": _trial, "v": _computed, "e": _e_value}
    makers |= {"g": _fragile, "m": _modelled, "mlive": _modelled_live, "p": _predicted}
    makers |= {kind: partial(_quantity, table) for kind, table in QUANTITIES.items()}
    if kind == "live":
        opened, _, wanted = rest.rpartition(":")
        shown = _computed(f"{opened or 'cr'}:{wanted}")
        source = _sentence(f"Follows the explorer; the published comparison gives {shown.text}", shown.source)
        return replace(shown, name=name, live=wanted, source=source)
    if kind not in makers or not rest:
        raise UnknownNumberError(
            f"{name!r} is not a number: it should begin with {', '.join(f'{k}:' for k in makers)} or live:"
        )
    made = makers[kind](rest)
    new = mark(ROWS[kind], rest.partition(":")[0]) if kind in ROWS else ""
    return replace(made, name=name, source=_sentence(made.source, new.capitalize()))


def _row(table: str, row_id: str) -> Mapping[str, Any]:
    try:
        return row_of(table, row_id)
    except KeyError as error:
        raise UnknownNumberError(error.args[0]) from error


def _cited(source_id: str, locator: str, status: str) -> tuple[str, str]:
    """How a source is named beside a number, and its link."""
    source = _row("sources", source_id)
    said = f"{source['citation']}, {locator}" + (f" ({STATUS[status]})" if status else "")
    return said, f"https://doi.org/{source['doi']}" if source["doi"] else ""


def _sentence(*parts: str | None) -> str:
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _outcome(rest: str) -> Number:
    outcome_id, _, wanted = rest.partition(":")
    row = _row("outcomes", outcome_id)
    trial = _row("trials", row["trial_id"])
    texts = {
        "": f"{row['percent_printed']}{NO_BREAK}%" if row["percent_printed"] else None,
        "count": None if row["events"] is None else f"{row['events']} of {row['n']}",
        "events": None if row["events"] is None else str(row["events"]),
        "n": None if row["n"] is None else str(row["n"]),
        "timepoint": row["timepoint"],
    }
    if texts.get(wanted) is None:
        raise UnknownNumberError(f"outcome {outcome_id!r} has no {wanted or 'percentage'}; it has {_present(texts)}")
    said, href = _cited(row["source_id"], row["locator"], row["status"])
    counted = None if row["events"] is None else f"{row['events']} of {row['n']} {DENOMINATORS[row['denominator']]}"
    source = _sentence(
        f"{trial['name']}: {row['definition']}",
        counted,
        row["population"],
        row["timepoint"],
        said,
        row["note"],
    )
    return Number("", texts[wanted] or "", source, href)


def _survival(rest: str) -> Number:
    survival_id, _, wanted = rest.partition(":")
    row = _row("survival", survival_id)
    trial = _row("trials", row["trial_id"])
    unit = "%" if row["unit"] == "percent" else "months"
    texts = {
        "": f"{row['value']}{NO_BREAK}{unit}",
        "months": None if row["landmark_months"] is None else f"{row['landmark_months']:g}{NO_BREAK}months",
    }
    if texts.get(wanted) is None:
        raise UnknownNumberError(f"survival {survival_id!r} has no {wanted!r}; it has {_present(texts)}")
    what = (
        f"median {row['endpoint'].upper()}"
        if row["kind"] == "median"
        else f"{row['endpoint'].upper()} at {row['landmark_months']} months"
    )
    said, href = _cited(row["source_id"], row["locator"], row["status"])
    source = _sentence(f"{trial['name']}: {what}", row["population"], said, row["note"])
    return Number("", texts[wanted] or "", source, href)


def _follow_up(rest: str) -> Number:
    follow_up_id, _, wanted = rest.partition(":")
    row = _row("follow_up", follow_up_id)
    value = _LONG_NUMBER.sub(lambda digits: f"{int(digits[0]):,}", row["value"])
    unit = UNITS.get(row["unit"], row["unit"])
    texts = {
        "": f"{value}{NO_BREAK}{unit}" if unit else value,
        "timepoint": row["timepoint"],
        "n": None if row["n"] is None else str(row["n"]),
    }
    if texts.get(wanted) is None:
        raise UnknownNumberError(f"follow_up {follow_up_id!r} has no {wanted!r}; it has {_present(texts)}")
    limits = f"95 % interval {row['ci_low']} to {row['ci_high']}" if row["ci_low"] else None
    patients = f"{row['n']} patients" if row["n"] else None
    said, href = _cited(row["source_id"], row["locator"], row["status"])
    source = _sentence(f"{row['subject']}: {row['measure']}", limits, patients, row["population"], said, row["note"])
    return Number("", texts[wanted] or "", source, href)


def _quantity(table: str, rest: str) -> Number:
    row_id, _, wanted = rest.partition(":")
    row = _row(table, row_id)
    unit = UNITS.get(row["unit"] or "", row["unit"] or "")
    patients = row.get("n")
    value = _LONG_NUMBER.sub(lambda digits: f"{int(digits[0]):,}", row["value"])
    texts = {
        "": f"{value}{NO_BREAK}{unit}" if unit else value,
        "value": value,
        "n": None if patients is None else str(patients),
        "times": f"{row['high'] / row['low']:.3g}" if row["low"] and row["high"] else None,
    }
    if texts.get(wanted) is None:
        raise UnknownNumberError(f"{table} {row_id!r} has no {wanted or 'value'}; it has {_present(texts)}")
    money = ", ".join(filter(None, (row.get("currency"), row.get("price_year"), row.get("perspective"))))
    of = f"{patients} patients" if patients is not None else None
    said, href = _cited(row["source_id"], row["locator"], row["status"])
    source = _sentence(f"{row['subject']}: {row['measure']}", money, of, row["population"], said, row["note"])
    return Number("", texts[wanted] or "", source, href)


def _trial(rest: str) -> Number:
    trial_id, _, wanted = rest.partition(":")
    row = _row("trials", trial_id)
    texts = {name: None if row[name] is None else f"{row[name]:g}" for name in ("enrolled", "infused", "evaluable")}
    texts["age_median_years"] = (
        None if row["age_median_years"] is None else f"{row['age_median_years']:g}{NO_BREAK}years"
    )
    if texts.get(wanted) is None:
        raise UnknownNumberError(f"trial {trial_id!r} has no {wanted!r}; it has {_present(texts)}")
    of_enrolment = wanted in ("enrolled", "infused", "evaluable") and row["enrolled_source_id"]
    prefix = "enrolled_" if of_enrolment else ""
    said, href = _cited(row[f"{prefix}source_id"], row[f"{prefix}locator"], "")
    what = "median age" if wanted == "age_median_years" else f"patients {wanted}"
    return Number("", texts[wanted] or "", _sentence(f"{row['name']}: {what}", said, row["note"]), href)


def _computed(rest: str) -> Number:
    asked, _, wanted = rest.partition(":")
    verdict = _verdict(asked)
    if wanted not in verdict.text:
        raise UnknownNumberError(f"{asked!r} has no {wanted!r}; it has {', '.join(verdict.text)}")
    is_percent = wanted.partition(".")[2] in PERCENTAGES
    source = _sentence(
        f"Computed from data/: {verdict.comparison.label}",
        f"{verdict.text['car_t.trials']} of CAR T",
        f"{verdict.text['bispecific.trials']} of {verdict.comparison.bispecific_name}",
        *_assumed(verdict),
    )
    unit = f"{NO_BREAK}%" if is_percent else ""
    return Number("", f"{verdict.text[wanted]}{unit}", source, "", unit=unit)


def _assumed(verdict: Verdict) -> tuple[str, ...]:
    """The population, method, reading and assumptions of a computed number, for its source."""
    method = f"{verdict.text['method']}; {verdict.text['reading']}"
    return rule()["population_choices"][verdict.options.population], method, verdict.assumptions


# How a number of ``g:`` was computed, by the first of these that its name contains.
_WAYS = {
    "trials": "Of every removal of trials that are counted: the fewest after which the rule says something else",
    "patients": "The sum over all trials of the patients moved from event to no event or back; where fewer are not "
    "excluded, it says at most",
    "bias": "The odds ratio of a bias that, divided out of the result, would do it",
    "influential": "The trial without which the log odds ratio moves most, and the odds ratio without it",
    "": "Each pair of a subset of the trials of CAR T and one of the trials of {bi}, without shared patients, judged "
    "by the same rule; {pairs} pairs, of which {testable} have {least} or more in each arm. A share of pairs is not a "
    "probability",
}


def _fragile(rest: str) -> Number:
    asked, _, wanted = rest.partition(":")
    found = _fragility(asked)
    text = found.text
    if wanted not in text:
        raise UnknownNumberError(f"{asked!r} has no {wanted!r}; it has {', '.join(text)}")
    verdict = found.verdict
    way = next(said for name, said in _WAYS.items() if name in wanted).format(
        bi=verdict.comparison.bispecific_name,
        pairs=text["pairs"],
        testable=text["testable_pairs"],
        least=trials_phrase(found.fewest),
    )
    source = _sentence(f"Computed from data/: {verdict.comparison.label}", way, *_assumed(verdict))
    unit = f"{NO_BREAK}%" if wanted.startswith("share_") else ""
    return Number("", f"{text[wanted]}{unit}", source, "", unit=unit)


@cache
def _fragility(asked: str) -> Fragility:
    question, _, fewest = asked.partition("@")
    try:
        return fragility(*parse_question(question), fewest=int(fewest) if fewest else None, progress=None)
    except (KeyError, ValueError) as error:
        raise UnknownNumberError(str(error.args[0])) from error


def _e_value(rest: str) -> Number:
    asked, _, wanted = rest.partition(":")
    conversion, _, name = wanted.rpartition(".")
    verdict = _verdict(asked)
    try:
        found = e_values(verdict, conversion or CONVERSIONS[0])
    except ValueError as error:
        raise UnknownNumberError(str(error)) from error
    if name not in E_VALUES:
        raise UnknownNumberError(f"{asked!r} has no E-value {name!r}; it has {', '.join(E_VALUES)}")
    how = {
        "square-root": "risk ratio taken as the square root of the odds ratio",
        "pooled-rate": f"risk ratio from the odds ratio at the pooled rate with {verdict.comparison.bispecific_name}",
    }[conversion or CONVERSIONS[0]]
    source = _sentence(
        f"Computed from data/: {E_VALUES[name]}, {verdict.comparison.label}",
        f"odds ratio {verdict.text['ratio']} ({verdict.text['ratio_low']} to {verdict.text['ratio_high']})",
        how,
        verdict.assumptions,
    )
    return Number("", odds(getattr(found, name)), source, "")


@cache
def _verdict(question: str) -> Verdict:
    try:
        return evaluate(*parse_question(question))
    except (KeyError, ValueError) as error:
        raise UnknownNumberError(str(error.args[0])) from error


def _predicted(rest: str) -> Number:
    # The page on predictions names its numbers by this module.
    from carbite.hindsight import count

    try:
        found = count(rest)
    except KeyError as error:
        raise UnknownNumberError(error.args[0]) from error
    return Number("", str(found), "Counted in data/: what the four articles predict, and what was reported since.", "")


def _modelled(rest: str) -> Number:
    # The models take their starting values from data/ by this module.
    from carbite.models import model

    asked, _, wanted = rest.partition(":")
    name, _, question = asked.partition("?")
    try:
        known = model(name)
        values = known.read(question)
        text = known.result(values)["text"]
    except ValueError as error:
        raise UnknownNumberError(str(error)) from error
    if wanted not in text:
        raise UnknownNumberError(f"model {name} has no {wanted!r}; it has {', '.join(text)}")
    given = [each for each in known.parameters if values[each.name] != each.check(each.default)]
    chosen = ", ".join(f"{each.label.lower()} {each.shown(values[each.name])}" for each in given)
    return Number(
        "",
        text[wanted],
        _sentence(f"Computed by a model: {known.title}", f"With {chosen}" if chosen else None, known.about),
        "",
    )


def _modelled_live(rest: str) -> Number:
    if "?" in rest:
        raise UnknownNumberError(f"'mlive:{rest}' follows the page's simulation, so it takes no values of its own")
    shown = _modelled(rest)
    source = _sentence(f"Follows the simulation on this page; its starting values give {shown.text}", shown.source)
    return replace(shown, simulated=rest, source=source)


def _present(texts: Mapping[str, str | None]) -> str:
    return ", ".join(name or "a value" for name, text in texts.items() if text is not None) or "nothing"


def markdown(found: Number) -> str:
    """The number as Markdown for JupyterLab: a link whose title, shown on hover, is the source."""
    return markdown_link(found.text, found.href or "#", found.source)


def markdown_link(text: str, href: str, title: str) -> str:
    """A link with a title, in Markdown that also holds in a cell of a table."""
    return f'[{plain_text(text)}]({href} "{literal(title)}")'


def plain_text(text: str) -> str:
    """Markdown that shows ``text`` as it stands, in JupyterLab too, where MathJax reads what Markdown leaves."""
    return literal(text).replace("\\$", "\\\\$")


def literal(text: str) -> str:
    """Markdown that shows ``text`` as it stands."""
    return _SIGNS.sub(r"\\\g<0>", text)


def rule_in_words() -> str:
    """The verdict rule in one sentence, for pages that state it."""
    stated = rule()
    return (
        f"{stated['tau2_choices'][stated['tau2']]}, {stated['interval_choices'][stated['interval']]} interval, "
        f"{100 * stated['level']:g} %, at least {stated['minimum_trials_per_arm']} trials an arm"
    )
