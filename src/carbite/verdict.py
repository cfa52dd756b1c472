"""From a comparison to a verdict, by the rule declared in ``rule.json``; and the debate's claims.

The browser has the same steps in ``explorer/verdict.js``. Both read ``rule.json`` and ``wording.json``,
and a test holds them to each other on thousands of random states.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from carbite.comparison import (
    ARMS,
    ENROLLED,
    Comparison,
    Options,
    Row,
    Selection,
    check,
    comparison,
    counts,
    independent_groups,
    parse_question,
    rows,
    rule,
)
from carbite.evidence import records
from carbite.pooling import Contrast, Glmm, Pooled, contrast, glmm, pool

if TYPE_CHECKING:
    from carbite.robustness import Fragility

__all__ = ["Claim", "Ratio", "Verdict", "claim", "evaluate"]

NORMAL_975 = 1.959963984540054
"""The 97.5 % point of the standard normal distribution: glmm contrasts are large-sample (Wald) intervals."""


@cache
def wording() -> Mapping[str, Any]:
    """The sentences of verdict and caveats, with places for the numbers."""
    loaded: Mapping[str, Any] = json.loads(files("carbite").joinpath("wording.json").read_text("utf-8"))
    return loaded


@dataclass(frozen=True)
class Ratio:
    """An odds ratio, CAR T over bispecific.

    Attributes:
        odds_ratio: the estimate.
        ci_low, ci_high: limits of its 95 % interval; None where none can be given.
    """

    odds_ratio: float
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class Verdict:
    """What one selection says under one set of options.

    Attributes:
        comparison, options: what was asked.
        rows: every trial as it was counted.
        arms: the pooled estimate of each arm; None for an empty one.
        difference: CAR T minus bispecific, on the logit scale; None without both arms.
        ratio: the odds ratio that the verdict reads, after dividing out an assumed bias; None without both arms.
        ratio_z, ratio_glmm: the same with z intervals, and from a binomial-normal model of each arm.
        verdict: ``car_t``, ``bispecific``, ``undecided`` or ``not-testable``.
        sentence: all of it in words.
        assumptions: what was assumed beyond the counts, in words.
        caveats: what limits it, by name.
        text: every number as it is printed in a sentence.
    """

    comparison: Comparison
    options: Options
    rows: tuple[Row, ...]
    arms: Mapping[str, Pooled | None]
    difference: Contrast | None
    ratio: Ratio | None
    ratio_z: Ratio | None
    ratio_glmm: Ratio | None
    verdict: str
    sentence: str
    assumptions: str
    caveats: Mapping[str, str]
    text: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """The verdict as plain JSON values: what the explorer's ``result`` holds in the page and in Python."""
        return {
            "comparison": self.comparison.comparison_id,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "arms": {arm: _pooled_as_dict(pooled) for arm, pooled in self.arms.items()},
            "ratio": _ratio_as_dict(self.ratio),
            "ratio_z": _ratio_as_dict(self.ratio_z),
            "ratio_glmm": _ratio_as_dict(self.ratio_glmm),
            "rows": [
                {
                    "trial": row.trial.trial_id,
                    "events": row.events,
                    "n": row.n,
                    "reading": row.reading,
                    "fallback": row.fallback,
                    "left_out": row.left_out,
                }
                for row in self.rows
            ],
            "caveats": dict(self.caveats),
            "text": dict(self.text),
        }


def evaluate(selection: Selection, options: Options | None = None) -> Verdict:
    """Pool each arm, take the difference, and apply the stated rule.

    The difference is the log odds ratio, CAR T minus bispecific, of two separately pooled arms. Where its 95 %
    interval excludes 0 the verdict favours one side; which side depends on whether more events are better.
    Fewer than two trials in an arm, or only trials that share patients, are not testable.

    Args:
        selection: which trials, see :class:`carbite.Selection`.
        options: the choices for all of them; None for the stated rule on the published counts.

    Returns:
        The verdict, with everything that led to it.

    Raises:
        ValueError: for a trial or an option that does not exist.
        KeyError: for an unknown comparison.

    >>> from carbite.comparison import parse_question
    >>> evaluate(*parse_question("cr")).verdict
    'car_t'
    """
    options = options or Options()
    check(selection, options)
    asked = comparison(selection.comparison_id)
    all_rows = rows(selection, options)
    counted = {arm: [row for row in all_rows if row.trial.arm == arm and not row.left_out] for arm in ARMS}
    arms = {arm: _pool(counted[arm], options.tau2, options.interval) for arm in ARMS}
    difference = _difference(arms)
    ratio = _ratio(difference, options.bias)
    plain = {arm: _pool(counted[arm], options.tau2, "z") for arm in ARMS}
    reason = _not_testable(asked, counted)
    verdict = "not-testable" if reason else side(ratio, asked.better)
    text = _text(asked, options, counted, arms, ratio, verdict)
    return Verdict(
        comparison=asked,
        options=options,
        rows=all_rows,
        arms=arms,
        difference=difference,
        ratio=ratio,
        ratio_z=_ratio(_difference(plain), options.bias),
        ratio_glmm=_glmm_ratio(counted, options.bias),
        verdict=verdict,
        sentence=_sentence(asked, options, counted, ratio, verdict, reason, text),
        assumptions=" ".join(_assumptions(asked, options, counted)),
        caveats=_caveats(asked, options, counted),
        text=text,
    )


def _pool(counted: Sequence[Row], tau2: str, interval: str) -> Pooled | None:
    if not counted:
        return None
    return pool(
        *counts(counted),
        measure=rule()["measure"],
        tau2=tau2,
        interval=interval,
        level=rule()["level"],
    )


def _difference(arms: Mapping[str, Pooled | None]) -> Contrast | None:
    car_t, bispecific = arms["car_t"], arms["bispecific"]
    if car_t is None or bispecific is None:
        return None
    return contrast(car_t, bispecific, tau2=rule()["contrast"])


def _ratio(difference: Contrast | None, bias: float) -> Ratio | None:
    """The odds ratio after dividing out the bias that the reader assumes."""
    if difference is None:
        return None
    shift = math.log(bias)
    return ratio_of(difference.estimate - shift, difference.ci_low - shift, difference.ci_high - shift)


def _glmm_ratio(counted: Mapping[str, Sequence[Row]], bias: float) -> Ratio | None:
    """The same difference from a binomial-normal model of each arm; None where that model has no maximum."""
    fits: dict[str, Glmm] = {}
    for arm, arm_rows in counted.items():
        events, n = counts(arm_rows)
        if not any(0 < x < total for x, total in zip(events, n, strict=True)):
            return None
        fits[arm] = glmm(events, n)
    estimate = fits["car_t"].estimate - fits["bispecific"].estimate - math.log(bias)
    half = NORMAL_975 * math.hypot(fits["car_t"].se, fits["bispecific"].se)
    return ratio_of(estimate, estimate - half, estimate + half)


def ratio_of(log_ratio: float, low: float, high: float) -> Ratio:
    """An odds ratio from its logarithm and limits; NaN limits are None."""
    limits = (None, None) if math.isnan(low) or math.isnan(high) else (math.exp(low), math.exp(high))
    return Ratio(math.exp(log_ratio), *limits)


def side(ratio: Ratio | None, better: str) -> str:
    """Which side an odds ratio favours, or ``undecided``; ``better`` says whether more events are better."""
    if ratio is None or ratio.ci_low is None or ratio.ci_high is None or ratio.ci_low <= 1.0 <= ratio.ci_high:
        return "undecided"
    more_with_car_t = ratio.ci_low > 1.0
    return "car_t" if more_with_car_t == (better == "higher") else "bispecific"


def _not_testable(asked: Comparison, counted: Mapping[str, Sequence[Row]]) -> str:
    reasons = wording()["reasons"]
    for arm in ARMS:
        name = _arm_name(asked, arm)
        if not counted[arm]:
            return str(reasons["none"]).format(arm=name)
        if len(counted[arm]) < rule()["minimum_trials_per_arm"]:
            return str(reasons["few"]).format(arm=name)
        if independent_groups(row.trial for row in counted[arm]) < rule()["minimum_trials_per_arm"]:
            return str(reasons["overlap"]).format(arm=name)
    return ""


def _arm_name(asked: Comparison, arm: str) -> str:
    return "CAR T" if arm == "car_t" else asked.bispecific_name


def round_half_up(value: float, decimals: int) -> str:
    """``value`` with so many decimals; a half rounds up, as in the tables and in the browser."""
    scale = 10.0**decimals
    return f"{math.floor(value * scale + 0.5) / scale:.{decimals}f}"


def percent(share: float) -> str:
    """A share as a percentage with one decimal, without the sign."""
    return round_half_up(100.0 * share, 1)


def odds(ratio: float) -> str:
    """An odds ratio: two decimals below 10, one below 100, none below 1000; beyond that only that it is."""
    if ratio < 0.01 or ratio > 1000.0:
        return "under 0.01" if ratio < 0.01 else "over 1000"
    return round_half_up(ratio, 2 if ratio < 10 else 1 if ratio < 100 else 0)


def trials_phrase(k: int) -> str:
    """``1 trial``, ``9 trials``."""
    phrases = wording()["trials"]
    return str(phrases["one"] if k == 1 else phrases["many"]).format(k=k)


def _text(
    asked: Comparison,
    options: Options,
    counted: Mapping[str, Sequence[Row]],
    arms: Mapping[str, Pooled | None],
    ratio: Ratio | None,
    verdict: str,
) -> dict[str, str]:
    missing = "–"
    text = {"label": asked.label, "verdict": wording()["short"][verdict].format(bi=asked.bispecific_name)}
    for arm in ARMS:
        pooled, arm_rows = arms[arm], counted[arm]
        share = pooled.proportion if pooled else None
        text[f"{arm}.k"] = str(len(arm_rows))
        text[f"{arm}.trials"] = trials_phrase(len(arm_rows))
        text[f"{arm}.events"], text[f"{arm}.n"] = (str(sum(column)) for column in counts(arm_rows))
        for name, value in (
            ("percent", share.estimate if share else math.nan),
            ("low", share.ci_low if share else math.nan),
            ("high", share.ci_high if share else math.nan),
            ("pi_low", share.pi_low if share else math.nan),
            ("pi_high", share.pi_high if share else math.nan),
        ):
            text[f"{arm}.{name}"] = missing if math.isnan(value) else percent(value)
        text[f"{arm}.tau2"] = round_half_up(pooled.tau2, 3) if pooled else missing
        text[f"{arm}.i2"] = round_half_up(pooled.i2, 0) if pooled and not math.isnan(pooled.i2) else missing
    text["ratio"] = odds(ratio.odds_ratio) if ratio else missing
    text["ratio_low"] = odds(ratio.ci_low) if ratio and ratio.ci_low is not None else missing
    text["ratio_high"] = odds(ratio.ci_high) if ratio and ratio.ci_high is not None else missing
    text["method"] = f"{rule()['tau2_choices'][options.tau2]}; {rule()['interval_choices'][options.interval]}"
    text["reading"] = asked.readings[options.reading]
    return text


def _sentence(
    asked: Comparison,
    options: Options,
    counted: Mapping[str, Sequence[Row]],
    ratio: Ratio | None,
    verdict: str,
    reason: str,
    text: Mapping[str, str],
) -> str:
    words = wording()
    parts: list[str] = []
    if ratio is not None:
        parts.append(
            words["rates"].format(
                lead=words["lead"]["responders" if asked.conditional else "all"],
                event=asked.event,
                car_percent=text["car_t.percent"],
                car_trials=text["car_t.trials"],
                bi_percent=text["bispecific.percent"],
                bi_trials=text["bispecific.trials"],
                bi=asked.bispecific_name,
            )
        )
        template = words["ratio"] if ratio.ci_low is not None else words["ratio_alone"]
        parts.append(template.format(ratio=text["ratio"], low=text["ratio_low"], high=text["ratio_high"]))
    named_rule = words["rule"]["stated" if options.follows_rule else "chosen"]
    parts.append(words["verdicts"][verdict].format(rule=named_rule, bi=asked.bispecific_name, reason=reason))
    parts += _assumptions(asked, options, counted)
    return " ".join(parts)


def _assumptions(asked: Comparison, options: Options, counted: Mapping[str, Sequence[Row]]) -> list[str]:
    words = wording()
    every = [row for arm in ARMS for row in counted[arm]]
    said: list[str] = []
    if options.reading in (ENROLLED, "infused"):
        m = sum(row.denominator == options.reading for row in every)
        said.append(words["counted" if options.reading == ENROLLED else "counted_infused"].format(m=m, k=len(every)))
    if options.bias > 1.0:
        said.append(words["assumed_bias"].format(bias=odds(options.bias)))
    if options.attrition > 0.0 and asked.allows_attrition:
        said.append(words["assumed_attrition"].format(attrition=round_half_up(100.0 * options.attrition, 0)))
    return said


def _caveats(asked: Comparison, options: Options, counted: Mapping[str, Sequence[Row]]) -> dict[str, str]:
    """The caveats that apply to what is counted now, by name, in the order in which they are shown."""
    words = wording()["caveats"]
    every = [row for arm in ARMS for row in counted[arm]]

    def names(chosen: Sequence[Row]) -> str:
        return ", ".join(row.trial.name for row in chosen)

    def count_of(row: Row) -> Any:
        return row.trial.counts[row.reading]

    caveats = {"unanchored": words["unanchored"]}
    if asked.conditional:
        caveats["responders"] = words["responders"]
    children = {arm: sum(row.trial.age_group == "paediatric" for row in counted[arm]) for arm in ARMS}
    k = {arm: len(counted[arm]) for arm in ARMS}
    if all(k.values()) and children["car_t"] * k["bispecific"] != children["bispecific"] * k["car_t"]:
        caveats["age"] = words["age"].format(
            car_children=children["car_t"],
            car_k=k["car_t"],
            bi_children=children["bispecific"],
            bi_k=k["bispecific"],
            bi=asked.bispecific_name,
        )
    with_mrd = [row for row in every if row.trial.setting != "rr"]
    if with_mrd:
        caveats["mrd"] = words["mrd"].format(names=names(with_mrd))
    impossible = [row for row in every if count_of(row).impossible]
    if impossible:
        caveats["impossible"] = words["impossible"].format(names=names(impossible))
    if any(count_of(row).derived for row in every):
        caveats["derived"] = words["derived"]
    if options.overlap == "printed":
        shared = [a for a in every if any(a is not b and a.trial.cohorts & b.trial.cohorts for b in every)]
        if shared:
            caveats["overlap"] = words["overlap"].format(names=names(shared))
    if asked.grading:
        caveats["grading"] = words["grading"]
    if asked.follow_up:
        caveats["follow_up"] = words["follow_up"]
    typed = [row for row in every if row.trial.added]
    if typed:
        caveats["added"] = words["added"].format(names=names(typed))
    return caveats


def _pooled_as_dict(pooled: Pooled | None) -> dict[str, float | int | None] | None:
    if pooled is None:
        return None
    share = pooled.proportion
    if share is None:
        raise ValueError("a comparison pools proportions")
    numbers = {
        "k": pooled.k,
        "estimate": share.estimate,
        "ci_low": share.ci_low,
        "ci_high": share.ci_high,
        "pi_low": share.pi_low,
        "pi_high": share.pi_high,
        "tau2": pooled.tau2,
        "i2": pooled.i2,
        "q": pooled.q,
        "q_p": pooled.q_p,
    }
    return {name: None if math.isnan(value) else value for name, value in numbers.items()}


def _ratio_as_dict(ratio: Ratio | None) -> dict[str, float | None] | None:
    if ratio is None:
        return None
    return {"odds_ratio": ratio.odds_ratio, "ci_low": ratio.ci_low, "ci_high": ratio.ci_high}


@dataclass(frozen=True)
class Claim:
    """A proposition of the debate.

    Attributes:
        claim_id, side, proposition, holders, testability: as in ``claims.csv``.
        tests: the questions that test it, such as ``cr?reading=enrolled``.
    """

    claim_id: str
    side: str
    proposition: str
    holders: str
    testability: str
    tests: tuple[str, ...]

    def evaluate(self, selection: Selection | None = None, options: Options | None = None) -> Verdict:
        """The verdict on this claim: by its first question, unless a selection or options say otherwise.

        Raises ValueError when no question tests the claim.
        """
        return evaluate(*self._asked(selection, options))

    def fragility(self, selection: Selection | None = None, options: Options | None = None) -> Fragility:
        """How fragile that verdict is, see :func:`carbite.fragility`. Raises as :meth:`evaluate` does."""
        # Fragility stands above the verdict: it is loaded when it is asked for.
        from carbite.robustness import fragility

        return fragility(*self._asked(selection, options))

    def _asked(self, selection: Selection | None, options: Options | None) -> tuple[Selection, Options]:
        if not self.tests:
            raise ValueError(f"{self.claim_id} rests on no comparison that can be pooled: {self.proposition}")
        published, asked = parse_question(self.tests[0])
        return selection or published, options or asked

    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict of each question that tests the claim."""
        return tuple(evaluate(*parse_question(question)) for question in self.tests)


def claim(claim_id: str) -> Claim:
    """One claim from ``claims.csv``.

    Args:
        claim_id: such as ``EF1``.

    Returns:
        The claim, with the questions that test it.

    Raises:
        KeyError: for an unknown id, naming those that exist.

    >>> claim("EF1").tests
    ('cr', 'davis_cr')
    """
    found = {row["claim_id"]: row for row in records("claims")}
    if claim_id not in found:
        raise KeyError(f"no claim {claim_id!r}; there are {', '.join(found)}")
    row = found[claim_id]
    return Claim(
        claim_id=claim_id,
        side=row["side"],
        proposition=row["proposition"],
        holders=row["holders"],
        testability=row["testability"],
        tests=tuple((row["tests"] or "").split()),
    )
