"""E-values against the paper that introduced them, and against what they are defined to do."""

from __future__ import annotations

import math

import pytest

from carbite.bias import CONVERSIONS, e_value, e_values, risk_ratio
from carbite.comparison import Options, comparison
from carbite.prose import UnknownNumberError, number
from carbite.verdict import evaluate

PRINTED = 0.005
"""VanderWeele & Ding 2017 print two decimals."""
ROUNDING = 1e-12
"""Closed forms in doubles."""


@pytest.mark.parametrize(
    ("ratio", "printed"),
    # The two examples of VanderWeele & Ding 2017, estimate and limit; the package EValue of R repeats them.
    [(10.73, 20.95), (8.02, 15.52), (0.80, 1.81), (0.91, 1.43)],
)
def test_published_e_values(ratio: float, printed: float) -> None:
    assert e_value(ratio) == pytest.approx(printed, abs=PRINTED)


@pytest.mark.parametrize("ratio", [1.0, 1.2, 1.86, 5.0, 40.0])
def test_a_confounder_of_that_strength_makes_exactly_this_risk_ratio(ratio: float) -> None:
    """The bounding factor of Ding & VanderWeele, E E / (E + E - 1), undoes the risk ratio."""
    strength = e_value(ratio)
    assert strength * strength / (2 * strength - 1) == pytest.approx(ratio, abs=ROUNDING)
    assert e_value(1 / ratio) == pytest.approx(strength, abs=1e-9)


@pytest.mark.parametrize(("events", "n", "other_events", "other_n"), [(61, 75, 27, 70), (12, 14, 33, 65)])
def test_an_odds_ratio_at_its_own_rate_gives_the_ratio_of_the_rates(
    events: int, n: int, other_events: int, other_n: int
) -> None:
    odds = events / (n - events) / (other_events / (other_n - other_events))
    assert risk_ratio(odds, other_events / other_n) == pytest.approx(
        events / n / (other_events / other_n), abs=ROUNDING
    )


def test_the_square_root_is_the_approximation_of_the_paper() -> None:
    verdict = evaluate(comparison("cr").default_selection())
    assert verdict.ratio is not None
    assert verdict.ratio.ci_low is not None
    found = e_values(verdict)
    assert found.risk_ratio == pytest.approx(math.sqrt(verdict.ratio.odds_ratio), abs=ROUNDING)
    assert found.limit == pytest.approx(e_value(math.sqrt(verdict.ratio.ci_low)), abs=ROUNDING)


def test_the_pooled_rate_gives_the_ratio_of_the_pooled_rates() -> None:
    """0.848 over 0.455, whose E-value is 3.13; with a remission this common the square root overstates it."""
    verdict = evaluate(comparison("cr").default_selection())
    shares = [pooled.proportion for pooled in verdict.arms.values() if pooled is not None]
    assert shares[0] is not None
    assert shares[1] is not None
    found = e_values(verdict, "pooled-rate")
    assert found.risk_ratio == pytest.approx(shares[0].estimate / shares[1].estimate, abs=1e-9)
    assert found.estimate == pytest.approx(3.13, abs=PRINTED)
    assert found.estimate < e_values(verdict).estimate


@pytest.mark.parametrize("conversion", CONVERSIONS)
def test_an_interval_with_no_difference_needs_no_confounder(conversion: str) -> None:
    assert e_values(evaluate(comparison("relapse_among_cr").default_selection()), conversion).limit == 1.0


@pytest.mark.parametrize("conversion", CONVERSIONS)
def test_the_limit_nearer_to_one_is_taken_on_either_side(conversion: str) -> None:
    """Assumed bias can turn the difference round: the E-value then belongs to the upper limit."""
    verdict = evaluate(comparison("cr").default_selection(), Options(bias=20.0))
    assert verdict.ratio is not None
    assert verdict.ratio.ci_high is not None
    assert verdict.ratio.ci_high < 1
    found = e_values(verdict, conversion)
    assert 1 < found.limit < found.estimate


@pytest.mark.parametrize("ratio", [0.0, -1.0, math.nan, math.inf])
def test_a_risk_ratio_is_positive(ratio: float) -> None:
    with pytest.raises(ValueError, match="expected a positive number"):
        e_value(ratio)


def test_what_cannot_be_converted_is_named() -> None:
    verdict = evaluate(comparison("cr").default_selection())
    with pytest.raises(ValueError, match="conversion = 'log'; expected one of 'square-root', 'pooled-rate'"):
        e_values(verdict, "log")
    with pytest.raises(ValueError, match="rate = 1; expected a share between 0 and 1"):
        risk_ratio(2.0, 1)
    children = evaluate(comparison("davis_cr").default_selection(), Options(population="children"))
    with pytest.raises(ValueError, match="davis_cr has no interval"):
        e_values(children)


def test_an_e_value_in_prose_says_how_it_was_converted() -> None:
    found = number("e:cr:pooled-rate.estimate")
    assert found.text == "3.13"
    assert "pooled rate with blinatumomab" in found.source
    assert "square root" in number("e:cr:limit").source
    for name, expected in (
        ("e:cr:nothing", "no E-value 'nothing'; it has risk_ratio, estimate, limit"),
        ("e:cr:log.limit", "conversion = 'log'"),
        ("e:nothing:limit", "no comparison 'nothing'"),
    ):
        with pytest.raises(UnknownNumberError, match=expected):
            number(name)
