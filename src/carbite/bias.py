"""How much confounding would explain a difference away: E-values.

An E-value is the least risk ratio that an unmeasured confounder would need with the treatment, and also with the
event, to bring an observed risk ratio to 1. It is a transformation of the risk ratio and holds nothing else.

Source: VanderWeele & Ding 2017, Ann Intern Med 167:268; for its limits Ioannidis et al 2019, Ann Intern Med 170:108.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from carbite.pooling.checks import check_choice
from carbite.verdict import Verdict

__all__ = ["CONVERSIONS", "EValues", "e_value", "e_values", "risk_ratio"]

CONVERSIONS = ("square-root", "pooled-rate")
"""Ways from an odds ratio to a risk ratio, see :func:`e_values`."""


@dataclass(frozen=True, slots=True)
class EValues:
    """E-values of one difference.

    Attributes:
        risk_ratio: the risk ratio from which they were computed.
        estimate: of the point estimate, 1 or more.
        limit: of the limit of the 95 % interval that is nearer to 1; 1 where the interval includes no difference.
    """

    risk_ratio: float
    estimate: float
    limit: float


def e_value(risk_ratio: float) -> float:
    """RR + sqrt(RR (RR - 1)), with 1 / RR in place of a risk ratio below 1.

    Args:
        risk_ratio: RR, above 0.

    Returns:
        The E-value, 1 or more.

    Raises:
        ValueError: where the risk ratio is not a positive number.

    >>> round(e_value(3.9), 2)
    7.26
    """
    if not (math.isfinite(risk_ratio) and risk_ratio > 0):
        raise ValueError(f"risk_ratio = {risk_ratio!r}; expected a positive number")
    away = max(risk_ratio, 1 / risk_ratio)
    return away + math.sqrt(away * (away - 1))


def risk_ratio(odds_ratio: float, rate: float) -> float:
    """The risk ratio of this odds ratio where the other arm has this rate: OR / (1 - rate + rate OR), exactly.

    Args:
        odds_ratio: OR.
        rate: the share with the event in the other arm, between 0 and 1.

    Returns:
        The risk ratio.

    Raises:
        ValueError: where the rate is not between 0 and 1.

    >>> risk_ratio(4.0, 0.5)
    1.6
    """
    if not 0 < rate < 1:
        raise ValueError(f"rate = {rate!r}; expected a share between 0 and 1")
    return odds_ratio / (1 - rate + rate * odds_ratio)


def e_values(verdict: Verdict, conversion: str = "square-root") -> EValues:
    """E-values of the difference that a verdict reads.

    Args:
        verdict: as :func:`carbite.evaluate` gives it.
        conversion: ``square-root`` takes the square root of the odds ratio for the risk ratio, the usual approximation
            for an event that is not rare; ``pooled-rate`` converts exactly, with the pooled rate of the bispecific arm
            held where it is, also for the limit.

    Returns:
        The E-values of the estimate and of the nearer limit.

    Raises:
        ValueError: where the verdict has no difference with an interval, or for an unknown conversion.
    """
    check_choice("conversion", conversion, CONVERSIONS)
    ratio, other = verdict.ratio, verdict.arms["bispecific"]
    if ratio is None or ratio.ci_low is None or ratio.ci_high is None or other is None or other.proportion is None:
        raise ValueError(f"{verdict.comparison.comparison_id} has no interval; expected two arms that can be compared")
    rate = other.proportion.estimate

    def converted(odds_ratio: float) -> float:
        return math.sqrt(odds_ratio) if conversion == "square-root" else risk_ratio(odds_ratio, rate)

    if ratio.ci_low <= 1 <= ratio.ci_high:
        limit = 1.0
    else:
        limit = e_value(converted(ratio.ci_low if ratio.ci_low > 1 else ratio.ci_high))
    estimate = converted(ratio.odds_ratio)
    return EValues(estimate, e_value(estimate), limit)
