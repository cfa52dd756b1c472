"""What an analyst could have chosen: every combination of the listed choices for a claim, its effect and its verdict.

data -> evidence -> pooling -> verdict -> multiverse. A *universe* is one choice in each of the dimensions below:

==========  ======================================================================================================
endpoint    each comparison that tests the claim
reading     whom each trial counts, as the comparison's readings say
population  all trials, adults, children and young adults, nobody treated for MRD alone
overlap     the published rows, each patient once; or every row of the article's table, shared patients twice
measure     logit, Freeman-Tukey double arcsine, raw proportion
tau2        seven estimators of the variance between trials
interval    z, Hartung-Knapp, modified Hartung-Knapp
==========  ======================================================================================================

Choices that lead to exactly the same patients, counted and pooled in the same way, are one universe and not several:
a population that leaves nobody out, a reading that no trial has, an overlap where there is none. Otherwise a share of
universes would say how often a choice has no effect. Choices that merely happen to agree, such as two estimators that
both find no variance, stay apart: that they agree is the finding. A share of universes is no probability either way.

All measures are set on one axis: the difference of the pooled percentages, each transformed back, in percentage points
and with the sign that makes a positive number better for CAR T.

Source: Steegen et al. 2016, Perspect Psychol Sci 11:702 (multiverse); Simonsohn et al. 2020, Nat Hum Behav 4:1208
(specification curve).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from carbite.comparison import (
    ARMS,
    Comparison,
    Options,
    Selection,
    comparison,
    independent_groups,
    parse_question,
    rows,
    rule,
)
from carbite.link import format_hash
from carbite.pooling import MEASURES, Pooled, contrast, pool
from carbite.verdict import Claim, Ratio, claim, odds, ratio_of, side, wording

DIMENSIONS = {
    "endpoint": "Endpoint",
    "reading": "Count patients",
    "population": "Trials of",
    "overlap": "Shared patients",
    "measure": "Scale of pooling",
    "tau2": "Model",
    "interval": "Interval",
}
MEASURE_WORDS = {"logit": "Logit", "freeman-tukey": "Freeman-Tukey", "raw": "Raw proportions"}
OVERLAP_WORDS = {
    "exclusive": "Published rows, each patient once",
    "printed": "Every row as printed, some patients twice",
}


class Data(NamedTuple):
    """The choices of whom to count: those of the first four dimensions."""

    endpoint: str
    reading: str
    population: str
    overlap: str


@dataclass(frozen=True)
class Universe:
    """One analysis.

    Attributes:
        data: every choice of whom to count that leads to it; the first is that nearest to the published one.
        measure, tau2, interval: how it is pooled.
        trials: how many are counted, of CAR T and of the other arm.
        effect: pooled percentage with CAR T minus that of the other arm, in percentage points; with the opposite sign
            where fewer events are better, so that a positive number is better for CAR T.
        ratio: the odds ratio with its interval, on the logit scale; None on others.
        verdict: as ``evaluate`` says it, by the interval of the difference on the universe's own scale.
        published: whether it is the published comparison under the stated rule.
    """

    data: tuple[Data, ...]
    measure: str
    tau2: str
    interval: str
    trials: tuple[int, int]
    effect: float
    ratio: Ratio | None
    verdict: str
    published: bool


@dataclass(frozen=True)
class Multiverse:
    """Every universe of a claim, by effect, the lowest first; ``dimensions`` has the choices and their words."""

    claim: Claim
    bispecific_name: str
    dimensions: Mapping[str, Mapping[str, str]]
    universes: tuple[Universe, ...]

    def counts(self) -> Counter[str]:
        """How many universes have which verdict."""
        return Counter(each.verdict for each in self.universes)

    def payload(self) -> dict[str, Any]:
        """Plain JSON values, for the page: choices by their position among those of their dimension."""
        place = {name: list(values) for name, values in self.dimensions.items()}

        def at(name: str, value: str) -> int:
            return place[name].index(value)

        return {
            "claim": self.claim.claim_id,
            "proposition": self.claim.proposition,
            "verdicts": {name: said.format(bi=self.bispecific_name) for name, said in wording()["short"].items()},
            "bispecific": self.bispecific_name,
            "usual": {"tau2": rule()["tau2"], "interval": rule()["interval"]},
            "dimensions": [
                {
                    "name": name,
                    "label": DIMENSIONS[name],
                    "values": [{"id": i, "label": said} for i, said in values.items()],
                }
                for name, values in self.dimensions.items()
            ],
            "universes": [
                {
                    "data": [[at(name, value) for name, value in data._asdict().items()] for data in each.data],
                    "method": [at(name, getattr(each, name)) for name in ("measure", "tau2", "interval")],
                    "trials": each.trials,
                    "effect": round(each.effect, 4),
                    **_odds(each.ratio),
                    "verdict": each.verdict,
                    "published": each.published,
                }
                for each in self.universes
            ],
            # The explorer's state for whom to count; the page adds model and interval.
            "links": {
                "-".join(str(at(name, value)) for name, value in data._asdict().items()): format_hash(*_asked(data))
                for data in dict.fromkeys(each.data[0] for each in self.universes if each.measure == "logit")
            },
        }


def _odds(ratio: Ratio | None) -> dict[str, Any]:
    """An odds ratio for a file and for a sentence; nothing on other scales."""
    if ratio is None:
        return {"ratio": None, "odds": ""}
    numbers = [None if value is None else float(f"{value:.6g}") for value in astuple(ratio)]
    said = f"odds ratio {odds(ratio.odds_ratio)}"
    if ratio.ci_low is not None and ratio.ci_high is not None:
        said += f" ({odds(ratio.ci_low)} to {odds(ratio.ci_high)})"
    return {"ratio": numbers, "odds": said}


@cache
def multiverse(claim_id: str) -> Multiverse:
    """Every universe of a claim. Universes with an empty arm have no effect and are left out.

    Raises KeyError for an unknown claim, ValueError for one that no comparison tests.
    """
    found = claim(claim_id)
    if not found.tests:
        raise ValueError(f"{claim_id} rests on no comparison that can be pooled: {found.proposition}")
    published, options = parse_question(found.tests[0])
    endpoints = list(dict.fromkeys(parse_question(test)[0].comparison_id for test in found.tests))
    first = Data(published.comparison_id, options.reading, options.population, options.overlap)
    # Whom to count, and every choice that leads there.
    counted: dict[Any, list[Data]] = {}
    for data in sorted(_data(endpoints), key=lambda each: each != first):
        if arms := _arms(data):
            counted.setdefault((data.endpoint, arms), []).append(data)
    universes = [
        _universe(comparison(endpoint), arms, tuple(data), *method, first)
        for (endpoint, arms), data in counted.items()
        for method in product(MEASURES, rule()["tau2_choices"], rule()["interval_choices"])
    ]
    readings = {name: said for each in endpoints for name, said in comparison(each).readings.items()}
    return Multiverse(
        claim=found,
        bispecific_name=comparison(endpoints[0]).bispecific_name,
        dimensions={
            "endpoint": {each: comparison(each).label for each in endpoints},
            "reading": readings,
            "population": dict(rule()["population_choices"]),
            "overlap": OVERLAP_WORDS,
            "measure": MEASURE_WORDS,
            "tau2": dict(rule()["tau2_choices"]),
            "interval": dict(rule()["interval_choices"]),
        },
        universes=tuple(sorted(universes, key=lambda each: each.effect)),
    )


def _data(endpoints: list[str]) -> Iterator[Data]:
    for endpoint in endpoints:
        yield from (
            Data(endpoint, *chosen)
            for chosen in product(comparison(endpoint).readings, rule()["population_choices"], OVERLAP_WORDS)
        )


def _asked(data: Data) -> tuple[Selection, Options]:
    """The published rows; or, with shared patients twice, every row of the table that has a count."""
    published = comparison(data.endpoint).default_selection()
    every = tuple(trial.trial_id for trial in comparison(data.endpoint).trials if trial.counts)
    selection = replace(published, trials=every) if data.overlap == "printed" else published
    return selection, Options(reading=data.reading, population=data.population, overlap=data.overlap)


class _Key(NamedTuple):
    """Trials with their counts, by which two choices are the same."""

    car_t: tuple[tuple[str, int, int], ...]
    bispecific: tuple[tuple[str, int, int], ...]
    groups: int


def _arms(data: Data) -> _Key | None:
    """Both arms as they are counted; None where one is empty."""
    counted = [row for row in rows(*_asked(data)) if not row.left_out]
    arms = [[row for row in counted if row.trial.arm == arm] for arm in ARMS]
    if not all(arms):
        return None
    groups = min(independent_groups(row.trial for row in arm) for arm in arms)
    car_t, bispecific = (tuple((row.trial.trial_id, row.events or 0, row.n or 0) for row in arm) for arm in arms)
    return _Key(car_t, bispecific, groups)


def _universe(
    asked: Comparison, arms: _Key, data: tuple[Data, ...], measure: str, tau2: str, interval: str, first: Data
) -> Universe:
    car_t, bispecific = (_pooled(arm, measure, tau2, interval) for arm in (arms.car_t, arms.bispecific))
    difference = contrast(car_t, bispecific, tau2=rule()["contrast"])
    # Of a difference: the side depends on its sign alone, whatever its scale.
    as_ratio = ratio_of(difference.estimate, difference.ci_low, difference.ci_high)
    assert car_t.proportion
    assert bispecific.proportion
    points = 100 * (car_t.proportion.estimate - bispecific.proportion.estimate)
    return Universe(
        data=data,
        measure=measure,
        tau2=tau2,
        interval=interval,
        trials=(car_t.k, bispecific.k),
        effect=points if asked.better == "higher" else -points,
        ratio=as_ratio if measure == "logit" else None,
        verdict="not-testable" if arms.groups < rule()["minimum_trials_per_arm"] else side(as_ratio, asked.better),
        published=first in data
        and (measure, tau2, interval) == (rule()["measure"], rule()["tau2"], rule()["interval"]),
    )


@cache
def _pooled(arm: tuple[tuple[str, int, int], ...], measure: str, tau2: str, interval: str) -> Pooled:
    events, n = [events for _, events, _ in arm], [n for _, _, n in arm]
    return pool(events, n, measure=measure, tau2=tau2, interval=interval, level=rule()["level"])
