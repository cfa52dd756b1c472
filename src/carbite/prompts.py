"""Questions put to a reader before the book answers them: what is asked, the choices, the answer and its limits.

A prompt is named like a question of the rule (``cr``, ``cr?reading=enrolled``): its choices are the verdicts. Where a
chapter has no comparison it is one of ``STATED``, asked of one of the chapter's simulations in a state that a link
opens. Every number and every answer is computed from ``data/``. The page keeps what a reader says
(``explorer/kept_predictions.js``); nothing of it comes back here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from carbite.comparison import parse_question
from carbite.evidence import row
from carbite.link import SCHEMA, format_hash
from carbite.models import model
from carbite.models.formats import fill
from carbite.prose import number
from carbite.verdict import evaluate, wording

HOURS_PER_DAY = 24.0
# Two shares within this many percentage points of each other are called about the same.
ABOUT = 1.0


class UnknownPromptError(KeyError):
    """A page names a prompt that there is not."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Prompt:
    """One question with its answer.

    ``label`` and ``basis`` name it in a list of predictions as the explorer names its own: the endpoint, and what is
    counted how. ``choices`` are texts, ``right`` is one of them. ``answer`` says more about it, ``limits`` what it
    cannot say. ``hash`` opens the state in ``component``, the class of a part of the page, and ``model`` says which
    simulation that is. The odds ratio is None where there is none.
    """

    label: str
    basis: str
    question: str
    choices: tuple[str, ...]
    right: str
    answer: str
    limits: tuple[str, ...]
    hash: str
    component: str
    model: str = ""
    odds_ratio: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The prompt as plain JSON values, for the page."""
        return asdict(self)


@cache
def prompt(name: str) -> Prompt:
    """The prompt of this name. Raises UnknownPromptError that says what was expected."""
    if name in STATED:
        return STATED[name]()
    try:
        return _on_verdict(name)
    except (KeyError, ValueError) as error:
        raise UnknownPromptError(
            f"there is no prompt {name!r}: {error.args[0]}; expected a question such as cr?reading=enrolled, "
            f"or one of {', '.join(STATED)}"
        ) from error


def _on_verdict(question: str) -> Prompt:
    """What the rule says of a comparison."""
    selection, options = parse_question(question)
    verdict = evaluate(selection, options)
    text, bispecific = verdict.text, verdict.comparison.bispecific_name
    choices = {each: fill(said, {"bi": bispecific}) for each, said in wording()["short"].items()}
    ratio = verdict.ratio
    partly = ", where that is reported" if options.reading == "enrolled" else ""
    return Prompt(
        label=text["label"],
        basis=f"{text['car_t.k']} v {text['bispecific.k']} trials; {text['method']}; {text['reading']}",
        question=f"{text['label']} ({text['reading']}{partly}): {text['car_t.trials']} of CAR T cells are set against "
        f"{text['bispecific.trials']} of {bispecific}. What will the rule of this book say?",
        choices=tuple(choices.values()),
        right=choices[verdict.verdict],
        answer=verdict.sentence,
        limits=tuple(verdict.caveats.values()),
        hash=format_hash(selection, options),
        component="carbite-explorer",
        odds_ratio=ratio.odds_ratio if ratio else None,
        ci_low=ratio.ci_low if ratio else None,
        ci_high=ratio.ci_high if ratio else None,
    )


def _on_model(
    name: str, values: str, *, label: str, question: str, choices: Mapping[str, str], right: str, answer: str
) -> Prompt:
    """What a simulation gives in one state; ``values`` is that state as in ``m:NAME?values:``."""
    known = model(name)
    state = ",".join(pair.replace("=", ":") for pair in values.split("&"))
    return Prompt(
        label=label,
        basis=f"simulation: {known.title}",
        question=question,
        choices=tuple(choices.values()),
        right=choices[right],
        answer=answer,
        limits=(known.about,),
        hash=f"#s={SCHEMA};m.{name}={state}",
        component="carbite-simulation",
        model=name,
    )


def _infusion_stopped() -> Prompt:
    values = f"half_life={row('kinetics', 'subklewe-half-life-text')['high']:g}"
    hours = model("infusion").result(model("infusion").read(values))["falls_hours"]["hundredth"]
    within = {6.0: "Within 6 hours", HOURS_PER_DAY: "Between 6 and 24 hours", 3 * HOURS_PER_DAY: "In one to three days"}
    choices = {f"{limit:g}": said for limit, said in within.items()} | {"later": "Later than that"}
    right = next((f"{limit:g}" for limit in within if hours <= limit), "later")
    return _on_model(
        "infusion",
        values,
        label="Blinatumomab gone after a stop",
        question="The infusion of blinatumomab is stopped, and its half-life is the longest that the articles print, "
        f"the upper end of {number('k:subklewe-half-life-text').text}. When is all but a hundredth of it gone?",
        choices=choices,
        right=right,
        answer=f"A tenth is left after {number(f'm:infusion?{values}:tenth').text}, a hundredth after "
        f"{number(f'm:infusion?{values}:hundredth').text}.",
    )


def _case_mix() -> Prompt:
    values = "rates=car"
    found = model("burden").result(model("burden").read(values))
    choices = {"yes": "Yes, all of the gap", "no": "No, a part at most"}
    seen, most = (number(f"m:burden?{values}:{name}").text for name in ("seen", "most"))
    return _on_model(
        "burden",
        values,
        label="Case mix and the gap in remission",
        question=f"The pooled gap in remission is {seen}. Suppose that burden lowered remission with either treatment "
        "as little as it did with CAR T cells at MSKCC. Could a difference in burden between the patients have made "
        "the whole gap?",
        choices=choices,
        right="no" if found["needed"] is None else "yes",
        answer=f"With those rates case mix alone could make {most} at most, of {seen}. With other rates it is another "
        "matter; the simulation has both.",
    )


def _faster_disease() -> Prompt:
    values = "lost=25"
    found = model("waiting").result(model("waiting").read(values))
    apart = 100.0 * (found["responding"] - found["other"])
    choices = {"cells": "CAR T cells", "drug": "The drug that needs no wait", "same": "About the same"}
    lost, responding, other = (number(f"m:waiting?{values}:{name}").text for name in ("lost", "responding", "other"))
    return _on_model(
        "waiting",
        values,
        label="Remission of all enrolled, with a wait",
        question=f"Suppose that {lost} % of patients were lost in each month of waiting for CAR T cells, more than the "
        f"{number('m:waiting:lost').text} % that fit ELIANA. After ELIANA's wait, which treatment brings more of all "
        "enrolled into remission: the cells, or blinatumomab as in its paediatric trial, which needs no wait?",
        choices=choices,
        right="same" if abs(apart) < ABOUT else "cells" if apart > 0 else "drug",
        answer=f"{responding} % of all enrolled with CAR T cells, {other} % with the drug that needs no wait.",
    )


def _rarer_loss() -> Prompt:
    remission = number("v:cr:bispecific.percent").text.split("\u00a0")[0]
    values = f"response={remission}"
    found, usual = (model("escape").result(model("escape").read(each)) for each in (values, ""))
    apart = 100.0 * (found["lost"] - usual["lost"])
    choices = {"higher": "It is larger", "same": "It is about the same", "lower": "It is smaller"}
    said = {state: number(f"m:escape{state}:lost").text for state in ("", f"?{values}")}
    return _on_model(
        "escape",
        values,
        label="Relapse without CD19, of all treated",
        question="In a model, leukaemia escapes from CD19 in the same share of remissions with either treatment. "
        f"Remission is reached by {number('m:escape:response').text} of patients with the one and by "
        f"{number(f'm:escape?{values}:response').text} with the other. Of all treated with the other, is the share who "
        "relapse without CD19 larger, smaller or about the same as with the one?",
        choices=choices,
        right="same" if abs(apart) < ABOUT else "higher" if apart > 0 else "lower",
        answer=f"{said[f'?{values}']} of all treated, instead of {said['']}, although escape is as likely: leukaemia "
        "that never went away cannot come back without CD19.",
    )


STATED: Mapping[str, Callable[[], Prompt]] = {
    "infusion-stopped": _infusion_stopped,
    "case-mix": _case_mix,
    "faster-disease": _faster_disease,
    "rarer-loss": _rarer_loss,
}
"""Prompts of chapters without a comparison, by name."""
