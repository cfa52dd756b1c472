"""The trials of one comparison, and the count that each brings under a reader's choices.

A *comparison* is one question asked of two arms, such as complete remission with CAR T or with blinatumomab.
A *reading* is one way to count a trial: as printed, by the patients infused, by the patients enrolled.
A *selection* says which trials are ticked and how single trials are read; *options* apply to all of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import Any

from carbite.evidence import comparison_parts, records
from carbite.foreign_text import INVISIBLE

__all__ = [
    "ARMS",
    "Comparison",
    "Count",
    "Options",
    "Row",
    "Selection",
    "Trial",
    "added_trial",
    "comparison",
    "comparison_ids",
    "parse_question",
    "rows",
    "rule",
]

ARMS = ("car_t", "bispecific")
"""The arms of every comparison, CAR T cells first."""
PRINTED = "printed"
ENROLLED = "enrolled"
# Toxicities that trials graded on scales of their own.
GRADED = ("severe_crs", "severe_neurotoxicity")
MAX_BIAS = 20.0
MAX_ATTRITION = 0.6
MAX_ADDED_N = 100_000
# A link can hold thousands; a page that pools them all would stand still.
MAX_ADDED_TRIALS = 50


@cache
def rule() -> Mapping[str, Any]:
    """The verdict rule and the choices a reader has, as ``rule.json`` states them, the same for every claim."""
    loaded: Mapping[str, Any] = json.loads(files("carbite").joinpath("rule.json").read_text("utf-8"))
    return loaded


@dataclass(frozen=True)
class Count:
    """Patients with the event under one reading.

    Attributes:
        events: patients with the event.
        n: patients counted.
        denominator: who they are: enrolled, infused, evaluable, responders or unstated.
        outcome_id: the row of ``outcomes.csv``; empty for a trial that was typed in.
        impossible: whether no whole number of patients gives the printed percentage.
        derived: whether events were worked out from a percentage.
    """

    events: int
    n: int
    denominator: str
    outcome_id: str
    impossible: bool = False
    derived: bool = False


@dataclass(frozen=True)
class Trial:
    """One row of a comparison: a trial with its counts.

    Attributes:
        trial_id, name: as in ``trials.csv``.
        arm: ``car_t`` or ``bispecific``.
        counts: by reading.
        cohorts: of its patients; trials that share one share patients.
        age_group: ``adult``, ``paediatric``, ``mixed`` or empty.
        setting: ``rr`` for relapsed or refractory disease, ``mrd`` for MRD alone, ``rr+mrd`` or ``first-line``.
        default: whether it is ticked when the comparison is opened.
        printed: the percentage as printed, without its sign.
        added: whether a reader typed it in.
    """

    trial_id: str
    name: str
    arm: str
    counts: Mapping[str, Count]
    cohorts: frozenset[str] = frozenset()
    age_group: str = ""
    setting: str = "rr"
    default: bool = True
    printed: str = ""
    added: bool = False


@dataclass(frozen=True)
class Comparison:
    """One question asked of two arms.

    Attributes:
        comparison_id, label, statement: as in ``comparisons.csv``; the statement is the claim under test.
        event: what is counted, as it stands in a sentence.
        conditional: whether it counts among responders only.
        better: ``higher`` where more events are better, else ``lower``.
        grading: whether trials graded the event on scales of their own.
        follow_up: whether the event depends on how long patients were followed.
        companion_id: the same question of all who were treated; empty where there is none.
        readings: the ways to count patients, with their words; ``printed`` comes first.
        bispecific_name: what the other arm got, ``bispecifics`` where its trials differ.
        trials: every trial that has a row for it, CAR T first.
    """

    comparison_id: str
    label: str
    statement: str
    event: str
    conditional: bool
    better: str
    grading: bool
    follow_up: bool
    companion_id: str
    readings: Mapping[str, str]
    bispecific_name: str
    trials: tuple[Trial, ...]

    @property
    def allows_attrition(self) -> bool:
        """Patients who were enrolled and never infused count as failures only where success is counted of all."""
        return not self.conditional and self.better == "higher"

    def default_selection(self) -> Selection:
        """The published comparison: every row that is ticked when the comparison is opened."""
        return Selection(self.comparison_id, tuple(t.trial_id for t in self.trials if t.default))


@dataclass(frozen=True)
class Selection:
    """Which trials are counted.

    Attributes:
        comparison_id: the question.
        trials: ids of those that are ticked.
        readings: a reading of its own for single trials, by id.
        added: trials that the reader typed in, see :func:`added_trial`.
    """

    comparison_id: str
    trials: tuple[str, ...]
    readings: Mapping[str, str] = field(default_factory=dict)
    added: tuple[Trial, ...] = ()


@dataclass(frozen=True)
class Options:
    """Choices that apply to all trials. The defaults are the stated rule on the published counts.

    Attributes:
        reading: how patients are counted, one of the comparison's readings; a trial without it keeps ``printed``.
        tau2, interval: how an arm is pooled, see :func:`carbite.pool`.
        population: ``all``, ``adults``, ``children`` or ``no-mrd-only``.
        overlap: ``exclusive`` counts each patient once, ``printed`` all rows.
        bias: the odds ratio by which bias is assumed to favour CAR T, 1 to 20; it is divided out.
        attrition: share of the enrolled who are assumed never to have been infused, 0 to 0.6, wherever a CAR T trial
            reports no enrolment; they count as failures.
    """

    reading: str = PRINTED
    tau2: str = "REML"
    interval: str = "modified-hartung-knapp"
    population: str = "all"
    overlap: str = "exclusive"
    bias: float = 1.0
    attrition: float = 0.0

    @property
    def follows_rule(self) -> bool:
        """Whether the method is the one the rule declares."""
        return self.tau2 == rule()["tau2"] and self.interval == rule()["interval"]


@dataclass(frozen=True)
class Row:
    """A trial as it is counted now.

    Attributes:
        trial: the trial.
        reading: under which it is counted.
        fallback: whether it keeps its printed denominator although another was asked for.
        events, n: the count; None where it has none.
        denominator: who is counted.
        left_out: why it is not counted; empty when it is.
    """

    trial: Trial
    reading: str
    fallback: bool
    events: int | None
    n: int | None
    denominator: str
    left_out: str


@cache
def comparison_ids() -> tuple[str, ...]:
    """Every comparison, in the order of ``comparisons.csv``."""
    return tuple(row["comparison_id"] for row in records("comparisons"))


@cache
def comparison(comparison_id: str) -> Comparison:
    """One comparison with its trials, read from ``data/``.

    Args:
        comparison_id: one of :func:`comparison_ids`.

    Returns:
        The comparison; ``default_selection()`` of it is the published one.

    Raises:
        KeyError: for an unknown id, naming those that exist.

    >>> comparison("cr").label
    'Complete remission'
    """
    found = [row for row in records("comparisons") if row["comparison_id"] == comparison_id]
    if not found:
        raise KeyError(f"no comparison {comparison_id!r}; there are {', '.join(comparison_ids())}")
    row = found[0]
    trials = tuple(sorted(_trials(comparison_id), key=lambda t: ARMS.index(t.arm)))
    agents = {
        r["agent"] for r in records("trials") for t in trials if r["trial_id"] == t.trial_id and t.arm == "bispecific"
    }
    return Comparison(
        comparison_id=comparison_id,
        label=row["label"],
        statement=row["statement"],
        event=row["event_phrase"],
        conditional=row["conditional_on"] == "responders",
        better=row["better"],
        grading=row["endpoint"] in GRADED,
        follow_up=row["endpoint"] in ("relapse", "remission_kept"),
        companion_id=row["companion_id"] or "",
        readings={r["reading"]: r["label"] for r in records("readings") if r["comparison_id"] == comparison_id},
        bispecific_name=agents.pop() if len(agents) == 1 else "bispecifics",
        trials=trials,
    )


def _trials(comparison_id: str) -> Iterable[Trial]:
    about = {row["trial_id"]: row for row in records("trials")}
    counts: dict[str, dict[str, Count]] = {}
    default: dict[str, bool] = {}
    parts = comparison_parts(comparison_id)
    printed: dict[str, str] = {}
    for row in records("outcomes"):
        if row["comparison_id"] not in parts:
            continue
        by_reading = counts.setdefault(row["trial_id"], {})
        if row["reading"] == PRINTED:
            default[row["trial_id"]] = row["default"] == "yes"
            printed[row["trial_id"]] = row["percent_printed"] or ""
        if row["events"] is not None and row["n"] is not None:
            by_reading[row["reading"]] = Count(
                events=row["events"],
                n=row["n"],
                denominator=row["denominator"],
                outcome_id=row["outcome_id"],
                impossible="impossible-percent" in (row["flag"] or "").split(),
                derived=row["status"] == "derived",
            )
    for trial_id, by_reading in counts.items():
        trial = about[trial_id]
        yield Trial(
            trial_id=trial_id,
            name=trial["name"],
            arm=trial["arm"],
            counts=by_reading,
            cohorts=frozenset((trial["cohort_ids"] or "").split()),
            age_group=trial["age_group"] or "",
            setting=trial["setting"] or "",
            default=default.get(trial_id, False),
            printed=printed.get(trial_id, ""),
        )


def added_trial(name: str, arm: str, events: int, n: int) -> Trial:
    """A trial that a reader typed in.

    Args:
        name: of the trial.
        arm: ``car_t`` or ``bispecific``.
        events: patients with the event.
        n: patients in all.

    Returns:
        The trial, for ``Selection.added``.

    Raises:
        ValueError: when the name is empty or holds a sign that cannot be seen, the arm is unknown, or events of n is
            not a count of patients.

    >>> added_trial("Mine", "car_t", 20, 25).counts["printed"].n
    25
    """
    if not name.strip():
        raise ValueError("an added trial needs a name")
    if INVISIBLE.search(name):
        raise ValueError(f"the name {name!r} holds a sign that cannot be seen; expected letters, digits and signs")
    if arm not in ARMS:
        raise ValueError(f"arm of {name!r} is {arm!r}; expected one of {', '.join(ARMS)}")
    if not (0 < n <= MAX_ADDED_N and 0 <= events <= n):
        raise ValueError(f"{name!r} has {events} of {n} patients; expected 0 to n of n, n from 1 to {MAX_ADDED_N}")
    count = Count(events, n, "unstated", "")
    return Trial(trial_id=f"added-{name.strip()}", name=name.strip(), arm=arm, counts={PRINTED: count}, added=True)


def check(selection: Selection, options: Options) -> None:
    """Refuse a selection or an option that does not exist: ValueError that names it and what was expected."""
    asked = comparison(selection.comparison_id)
    known = [t.trial_id for t in asked.trials]
    for trial_id in (*selection.trials, *selection.readings):
        if trial_id not in known:
            raise ValueError(f"{selection.comparison_id} has no trial {trial_id!r}; it has {', '.join(known)}")
    for trial_id, reading in selection.readings.items():
        if reading not in asked.readings:
            raise ValueError(f"reading of {trial_id} is {reading!r}; expected one of {', '.join(asked.readings)}")
    for name, allowed in (
        ("reading", asked.readings),
        ("tau2", rule()["tau2_choices"]),
        ("interval", rule()["interval_choices"]),
        ("population", rule()["population_choices"]),
        ("overlap", rule()["overlap_choices"]),
    ):
        if getattr(options, name) not in allowed:
            raise ValueError(f"option {name} is {getattr(options, name)!r}; expected one of {', '.join(allowed)}")
    if len(selection.added) > MAX_ADDED_TRIALS:
        raise ValueError(f"{len(selection.added)} trials were added; expected at most {MAX_ADDED_TRIALS}")
    if not 1.0 <= options.bias <= MAX_BIAS:
        raise ValueError(f"option bias is {options.bias}; expected an odds ratio from 1 to {MAX_BIAS}")
    if not 0.0 <= options.attrition <= MAX_ATTRITION:
        raise ValueError(f"option attrition is {options.attrition}; expected a share from 0 to {MAX_ATTRITION}")


def rows(selection: Selection, options: Options) -> tuple[Row, ...]:
    """Every trial of a comparison as it is counted.

    Args:
        selection: which trials.
        options: the choices for all of them.

    Returns:
        A row a trial, CAR T first; those left out with the reason.

    Raises:
        KeyError: for an unknown comparison.

    >>> [row.trial.name for row in rows(comparison("cr").default_selection(), Options()) if row.left_out]
    []
    """
    asked = comparison(selection.comparison_id)
    counted: list[Row] = []
    for trial in sorted((*asked.trials, *selection.added), key=lambda t: ARMS.index(t.arm)):
        wanted = selection.readings.get(trial.trial_id, options.reading)
        reading = wanted if wanted in trial.counts else PRINTED
        count = trial.counts.get(reading)
        counted.append(
            Row(
                trial=trial,
                reading=reading,
                fallback=reading != wanted and (count is None or count.denominator != wanted),
                events=count.events if count else None,
                n=_with_attrition(asked, trial, count, options) if count else None,
                denominator=count.denominator if count else "",
                left_out=_left_out(trial, count, selection, options, counted),
            )
        )
    return tuple(counted)


def counts(counted: Iterable[Row]) -> tuple[list[int], list[int]]:
    """Events and n of rows that have both, in their order."""
    pairs = [(row.events, row.n) for row in counted if row.events is not None and row.n is not None]
    return [events for events, _ in pairs], [n for _, n in pairs]


def _with_attrition(asked: Comparison, trial: Trial, count: Count, options: Options) -> int:
    """Patients of this row had the assumed share of enrolled patients never been infused (half rounds up)."""
    if trial.arm != "car_t" or not asked.allows_attrition or count.denominator == ENROLLED:
        return count.n
    return math.floor(count.n / (1.0 - options.attrition) + 0.5)


def _left_out(trial: Trial, count: Count | None, selection: Selection, options: Options, earlier: list[Row]) -> str:
    if not trial.added and trial.trial_id not in selection.trials:
        return "unticked"
    if count is None:
        return "no-count"
    if not trial.added and not _in_population(trial, options.population):
        return "population"
    if options.overlap == "exclusive" and any(row.trial.cohorts & trial.cohorts for row in earlier if not row.left_out):
        return "overlap"
    return ""


def _in_population(trial: Trial, population: str) -> bool:
    if population == "adults":
        return trial.age_group == "adult"
    if population == "children":
        return trial.age_group == "paediatric"
    if population == "no-mrd-only":
        return trial.setting == "rr"
    return True


def independent_groups(trials: Iterable[Trial]) -> int:
    """How many groups of trials share no patient with another group."""
    groups: list[set[str]] = []
    for position, trial in enumerate(trials):
        cohorts = set(trial.cohorts) or {f"trial {position}"}
        touching = [group for group in groups if group & cohorts]
        groups = [group for group in groups if not group & cohorts]
        groups.append(cohorts.union(*touching))
    return len(groups)


def parse_question(text: str) -> tuple[Selection, Options]:
    """A question as a text: the published selection of a comparison, and its options.

    Args:
        text: such as ``cr?reading=enrolled&population=adults``; what is not named is the stated rule.

    Returns:
        The selection and the options, as :func:`carbite.evaluate` takes them.

    Raises:
        ValueError: for an option that does not exist or has no such value.
        KeyError: for an unknown comparison.

    >>> selection, options = parse_question("cr?reading=enrolled")
    >>> selection.comparison_id, options.reading
    ('cr', 'enrolled')
    """
    comparison_id, _, query = text.partition("?")
    kinds: dict[str, type] = {field.name: type(getattr(Options(), field.name)) for field in fields(Options)}
    changed: dict[str, Any] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if name not in kinds:
            raise ValueError(f"{pair!r} is not an option; there are {', '.join(kinds)}")
        changed[name] = kinds[name](value)
    selection, options = comparison(comparison_id).default_selection(), Options(**changed)
    check(selection, options)
    return selection, options
