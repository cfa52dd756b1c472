"""A reader at the explorer: each choice is made in the page and noted in Python, and both are compared.

``Reader.shown`` is what stands on the page, ``Reader.expected`` what Python computes for the noted choices.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from playwright.sync_api import Locator, Page, expect
from scipy.stats import binomtest

from carbite.comparison import ARMS, Comparison, Options, Selection, added_trial, comparison, rule
from carbite.verdict import evaluate, odds, round_half_up, wording

# The place of a mark is printed with two decimals of a per cent; a half may be rounded either way.
LARGEST_MISPLACEMENT = 0.0051
NO_BREAK = "\u00a0"
# The options as the page names them, with what Python calls them.
CHOICES = {
    "Endpoint": "comparison",
    "Count patients": "reading",
    "Trials of": "population",
    "Model": "tau2",
    "Interval": "interval",
    "Shared patients": "overlap",
}
BIAS = "Assumed bias for CAR T (odds ratio)"
ATTRITION = "Assumed never infused, % of CAR T enrolled"

READ = """() => {
  const el = document.querySelector(".carbite-explorer");
  const plain = (node) => node.textContent.replace(/\\s+/g, " ").trim();
  const all = (selector, from = el) => [...from.querySelectorAll(selector)];
  const name = (row) => plain(row.querySelector("th"));
  const cells = (row) => [...row.querySelectorAll("td")].slice(0, 2).map(plain);
  const place = (row) => row.querySelector(".cx-bar > svg")?.getAttribute("x") ?? null;
  return {
    verdict: plain(el.querySelector(".cx-verdict strong")),
    sentence: plain(el.querySelector(".cx-verdict")),
    claim: plain(el.querySelector(".cx-claim")),
    rows: all("tr[data-row]").map((row) => ({
      name: plain(row.querySelector("label, .cx-name span")),
      ticked: row.querySelector("input")?.checked ?? true,
      possible: !(row.querySelector("input")?.disabled ?? false),
      reading: row.querySelector("select")?.value ?? null,
      counted: !row.classList.contains("cx-off"),
      why: plain(row.querySelector(".cx-why")),
      cells: cells(row),
      place: place(row),
    })),
    pooled: all(".cx-pooled").map((row) => ({ name: name(row), cells: cells(row), place: place(row) })),
    difference: { name: name(el.querySelector(".cx-difference")), ratio: cells(el.querySelector(".cx-difference"))[1] },
    beside: all(".cx-beside dd").map(plain),
    caveats: all(".cx-caveats li").map(plain),
    choices: Object.fromEntries(
      all(".cx-options :is(select, input)").map((field) => [field.dataset.choice, field.value])),
    live: Object.fromEntries(
      all("[data-live]", document).map((number) => [number.dataset.live, number.textContent])),
    changed: all("[data-live].live-changed", document).map((number) => number.dataset.live),
  };
}"""


class Reader:
    """``page`` shows a chapter with an explorer in its default state."""

    def __init__(self, page: Page, comparison_id: str = "cr") -> None:
        self.page = page
        self.initial = comparison_id
        self._open(comparison_id)
        self.options: dict[str, Any] = dict(Options().__dict__)

    def _open(self, comparison_id: str) -> None:
        self.comparison_id = comparison_id
        self.trials = list(self.asked.default_selection().trials)
        self.readings: dict[str, str] = {}
        self.added: list[dict[str, Any]] = []

    @property
    def asked(self) -> Comparison:
        return comparison(self.comparison_id)

    # --- What a reader does ---------------------------------------------------------------------------------

    def checkbox(self, trial: str) -> Locator:
        return self.page.get_by_role("checkbox", name=trial, exact=True)

    def select(self, label: str) -> Locator:
        return self.page.get_by_role("combobox", name=label, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    @property
    def notice(self) -> Locator:
        return self.page.locator(".cx-notice")

    def toggle(self, trial: str) -> None:
        """Tick or untick a trial. Ticking one unticks those that share patients with it, unless they may be shared."""
        self.checkbox(trial).click()
        self.note_toggle(trial)

    def note_toggle(self, trial: str) -> None:
        chosen = next(each for each in self.asked.trials if each.name == trial)
        if chosen.trial_id in self.trials:
            self.trials.remove(chosen.trial_id)
            return
        if self.options["overlap"] == "exclusive":
            shared = {each.trial_id for each in self.asked.trials if each.cohorts & chosen.cohorts}
            self.trials = [trial_id for trial_id in self.trials if trial_id not in shared]
        self.trials.append(chosen.trial_id)

    def count(self, trial: str, reading: str) -> None:
        """Count one trial in a way of its own."""
        self.select(f"Count {trial} by").select_option(reading)
        self.readings[next(each.trial_id for each in self.asked.trials if each.name == trial)] = reading

    def choose(self, label: str, value: str) -> None:
        """One of the lists above the table."""
        self.select(label).select_option(value)
        self.note_choice(label, value)

    def note_choice(self, label: str, value: str) -> None:
        name = CHOICES[label]
        if name == "comparison":
            self._open(value)
            if self.options["reading"] not in self.asked.readings:
                self.options["reading"] = "printed"
            return
        self.options[name] = value
        if name == "reading":
            self.readings = {}

    def assume_bias(self, odds_ratio: float) -> None:
        self.type(BIAS, f"{odds_ratio:g}")
        self.options["bias"] = odds_ratio

    def assume_attrition(self, percentage: int) -> None:
        self.type(ATTRITION, str(percentage))
        self.options["attrition"] = percentage / 100

    def type(self, label: str, text: str) -> None:
        """Into a number field, as far as Enter; nothing is noted."""
        self.field(label).fill(text)
        self.field(label).press("Enter")

    def add(self, name: str, arm: str, events: str, n: str) -> None:
        """Type a trial in and send it."""
        self.fill_trial(name, arm, events, n)
        self.button("Add").click()
        self.added.append({"name": name.strip(), "arm": arm, "events": int(events), "n": int(n)})

    def fill_trial(self, name: str, arm: str, events: str, n: str) -> None:
        """Type a trial in without sending it."""
        self.page.locator(".cx-add").evaluate("(details) => { details.open = true; }")
        self.field("Name").fill(name)
        self.select("Arm").select_option(arm)
        self.field("Patients with the event").fill(events)
        self.field("Patients in all").fill(n)

    def remove(self, name: str) -> None:
        self.button(f"Remove {name}").click()
        self.added = [trial for trial in self.added if trial["name"] != name]

    def reset(self) -> None:
        self.button("Reset to the published comparison").click()
        self._open(self.initial)
        self.options = dict(Options().__dict__)

    # --- What is on the page, and what should be -------------------------------------------------------------

    def shown(self) -> dict[str, Any]:
        """Everything that the page says about the present state, once it has followed the verdict."""
        self.settle()
        return dict(self.page.evaluate(READ))

    def settle(self) -> None:
        """What stands beside the verdict, and the panel on every subset, follow it in slices."""
        expect(self.page.locator(".cx-subsets").first).to_have_attribute("aria-busy", "false")

    def result(self) -> dict[str, Any]:
        """The verdict on the noted choices, computed in Python."""
        return _evaluated(json.dumps([self.comparison_id, self.trials, self.readings, self.added, self.options]))

    def expected(self) -> dict[str, Any]:
        """The same as ``shown``, from Python."""
        result = self.result()
        text = result["text"]
        published = _published(self.initial)["text"]
        live = {name: _with_unit(name, text[name]) for name in LIVE}
        return {
            "verdict": f"{text['verdict']}.",
            "sentence": f"{text['verdict']}. {result['sentence']}",
            "claim": self.asked.statement,
            "rows": [self._row(row) for row in result["rows"]],
            "pooled": [_pooled(result, arm) for arm in ARMS],
            "difference": _difference(result, self.asked.bispecific_name),
            "beside": _beside(result),
            "caveats": list(result["caveats"].values()),
            "choices": {
                "comparison": self.comparison_id,
                **{name: self.options[name] for name in CHOICES.values() if name != "comparison"},
                "bias": f"{self.options['bias']:g}",
                "attrition": f"{100 * self.options['attrition']:g}",
            },
            "live": live,
            "changed": [name for name in LIVE if live[name] != _with_unit(name, published[name])],
        }

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        trial = next((each for each in self.asked.trials if each.trial_id == row["trial"]), None)
        name = trial.name if trial else row["trial"].removeprefix("added-")
        no_count = row["events"] is None
        if no_count:
            why = wording()["left_out"]["no-count"]
        elif row["left_out"] in ("", "unticked"):
            why = "printed denominator kept" if row["fallback"] and not row["left_out"] else ""
        else:
            why = wording()["left_out"][row["left_out"]]
        return {
            "name": name,
            "ticked": trial is None or row["trial"] in self.trials,
            "possible": not no_count,
            "reading": row["reading"] if trial and len(trial.counts) > 1 else None,
            "counted": not row["left_out"],
            "why": why,
            "cells": [trial.printed or "no count", "–"] if trial and no_count else _count(row["events"], row["n"]),
            "place": None if no_count else Place(row["events"] / row["n"]),
        }


@cache
def _evaluated(state: str) -> dict[str, Any]:
    comparison_id, trials, readings, added, options = json.loads(state)
    typed_in = tuple(added_trial(**trial) for trial in added)
    return evaluate(Selection(comparison_id, tuple(trials), readings, typed_in), Options(**options)).as_dict()


@cache
def _published(comparison_id: str) -> dict[str, Any]:
    return evaluate(comparison(comparison_id).default_selection()).as_dict()


# The numbers in the chapter that follow the explorer, in their order.
LIVE = (
    "label",
    *(f"{arm}.{name}" for arm in ARMS for name in ("percent", "trials", "low", "high")),
    "ratio",
    "ratio_low",
    "ratio_high",
    "verdict",
)


class Place:
    """A place on the axis from 0 to 100 %, equal to the text that puts a mark there."""

    def __init__(self, share: float) -> None:
        self.at = 100 * share

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and abs(float(other.removesuffix("%")) - self.at) < LARGEST_MISPLACEMENT

    def __repr__(self) -> str:
        return f"{self.at:.2f}%"


def _with_unit(name: str, value: str) -> str:
    is_percent = name.partition(".")[2] in ("percent", "low", "high")
    return f"{value}{NO_BREAK}%" if is_percent and value != "–" else value


@cache
def _count(events: int, n: int) -> list[str]:
    """Patients, and their share with its exact interval, which scipy computes."""
    limits = binomtest(events, n).proportion_ci(0.95, "exact")
    share, low, high = (round_half_up(100 * value, 0) for value in (events / n, limits.low, limits.high))
    return [f"{events} of {n}", f"{share} ({low}–{high})"]


def _pooled(result: dict[str, Any], arm: str) -> dict[str, Any]:
    text, pooled = result["text"], result["arms"][arm]
    if pooled is None:
        return {"name": "Pooled", "cells": ["0 trials", "–"], "place": None}
    interval = "no interval" if pooled["ci_low"] is None else f"{text[f'{arm}.low']}–{text[f'{arm}.high']}"
    return {
        "name": f"Pooled, {text[f'{arm}.trials']}tau² {text[f'{arm}.tau2']}, I² {text[f'{arm}.i2']} %",
        "cells": [f"{text[f'{arm}.events']} of {text[f'{arm}.n']}", f"{text[f'{arm}.percent']} ({interval})"],
        "place": Place(pooled["estimate"]),
    }


def _difference(result: dict[str, Any], bispecific: str) -> dict[str, str]:
    if result["ratio"] is None:
        return {"name": "Odds ratio", "ratio": "–"}
    text = result["text"]
    no_limits = result["ratio"]["ci_low"] is None
    interval = "no interval" if no_limits else f"{text['ratio_low']}–{text['ratio_high']}"
    return {"name": f"Odds ratio, CAR T v {bispecific}", "ratio": f"{text['ratio']} ({interval})"}


def _beside(result: dict[str, Any]) -> list[str]:
    def said(ratio: dict[str, float | None] | None) -> str:
        if ratio is None or ratio["odds_ratio"] is None:
            return "odds ratio cannot be fitted"
        if ratio["ci_low"] is None or ratio["ci_high"] is None:
            return f"odds ratio {odds(ratio['odds_ratio'])}"
        return f"odds ratio {odds(ratio['odds_ratio'])} ({odds(ratio['ci_low'])}–{odds(ratio['ci_high'])})"

    text = result["text"]
    car_t, other = (f"{text[f'{arm}.pi_low']}–{text[f'{arm}.pi_high']} %" for arm in ARMS)
    return [
        text["method"],
        said(result["ratio_z"]),
        said(result["ratio_glmm"]),
        f"CAR T {car_t}, other arm {other}",
    ]


def choices_of(label: str, asked: Comparison) -> list[str]:
    """What one of the lists offers for a comparison."""
    name = CHOICES[label]
    return list(asked.readings) if name == "reading" else list(rule()[f"{name}_choices"])
