"""The findings in the titles of the chapter on resistance and sequencing."""

from __future__ import annotations

import re

import pytest
from scipy.stats import beta

from carbite.evidence import row
from carbite.figures import resistance as figures
from carbite.prose import number
from tests.figures import frame

# Shares in the tables have one decimal.
SHOWN = 0.05


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", text.replace("CD19", "").replace("CD20", ""))]


def test_one_range_lies_inside_the_other_as_the_title_says() -> None:
    figure = figures.loss_ranges()
    inner_low, inner_high, outer_low, outer_high = numbers(figure.title)
    assert outer_low < inner_low < inner_high < outer_high
    shown = frame(figure).set_index("Statement")
    leukaemia = shown[shown.index.str.contains("text: leukaemia")]
    assert sorted(leukaemia["Lowest"]) == [outer_low, inner_low]
    assert sorted(leukaemia["Highest"]) == [inner_high, outer_high]
    # The report that the table cites lies in the table's range and below that of the text.
    cited = shown[shown.index.str.contains("Jabbour")]["Highest"].item()
    assert row("statements", "subklewe-cd19-loss-table-bispecific")["low"] < cited < inner_low


def test_the_ratio_shrinks_with_the_denominator() -> None:
    figure = figures.denominators()
    treated, relapses = numbers(figure.title)
    shown = frame(figure).pivot_table(index="Share", columns="Arm", values="Percent")
    ratio = shown["CAR T cells"] / shown["blinatumomab"]
    assert ratio["of all treated"] == pytest.approx(treated, abs=SHOWN)
    assert ratio["of all relapses"] == pytest.approx(relapses, abs=SHOWN)
    assert ratio["of responders*"] == pytest.approx(1.0, abs=0.15)
    assert 1.0 < relapses < treated
    for arm, reported in (("car-t", "CAR T cells"), ("blinatumomab", "blinatumomab")):
        of_all = float(row("follow_up", f"locatelli-2023-loss-all-{arm}")["value"])
        assert shown.loc["of all treated", reported] == of_all
        assert shown.loc["of all relapses", reported] == pytest.approx(
            float(row("follow_up", f"locatelli-2023-loss-relapses-{arm}")["value"]), abs=SHOWN
        )
    response = float(number("v:cr:car_t.percent").text.split("\u00a0")[0])
    assert shown.loc["of responders*", "CAR T cells"] * response / 100 == pytest.approx(
        shown.loc["of all treated", "CAR T cells"], abs=SHOWN
    )


def test_relapses_without_cd19_are_as_counted() -> None:
    figure = figures.relapses()
    low, high, failures = numbers(figure.title)
    shown = frame(figure).set_index("Series")
    counted = {
        "Failures of blinatumomab": (5, 61),
        "CD19 CAR T, one institution": (39, 67),
        "CD19 CAR T, several centres": (68, 166),
        "CD19 and CD22 CAR T together": (17, 43),
    }
    for series, (events, n) in counted.items():
        line = shown.loc[series]
        assert (line["Events"], line["Patients"]) == (events, n)
        # Clopper and Pearson by the quantiles of the beta distribution.
        limits = (beta.ppf(0.025, events, n - events + 1), beta.ppf(0.975, events + 1, n - events))
        assert (line["Low"], line["High"]) == pytest.approx(tuple(100 * limit for limit in limits), abs=SHOWN)
    car_t = shown[shown.index.str.contains("CAR T")]["Percent"]
    assert (car_t.min(), car_t.max()) == (low, high)
    assert failures == pytest.approx(100 * 5 / 61, abs=SHOWN)
    # Each report is counted in the words of its note as well.
    assert row("follow_up", "relapse-2023-cd19-negative")["note"].startswith("68 of 166")
    assert row("follow_up", "wang-2023-cd19-lost")["note"].startswith("17 of 43")


def test_remission_after_the_other_treatment_is_as_counted() -> None:
    figure = figures.after_the_other()
    after_blinatumomab, low, high = numbers(figure.title)
    shown = frame(figure).set_index("Treatment")
    car_t = shown[shown.index.str.startswith("CAR T")]
    assert (car_t["Events"].item(), car_t["Patients"].item()) == (20, 31)
    assert after_blinatumomab == pytest.approx(100 * 20 / 31, abs=SHOWN)
    others = shown.drop(index=car_t.index)
    adults = others[others.index.str.contains("inotuzumab")]
    antibodies = others.drop(index=adults.index)
    assert (antibodies["Percent"].min(), antibodies["Percent"].max()) == (low, high)
    assert (adults["Events"].item(), adults["Patients"].item()) == (7, 12)
    pooled = others[others.index.str.contains("pooled")]
    assert (pooled["Low"].item(), pooled["High"].item()) == (25, 35)


def test_simulation_and_formula_differ_by_what_the_title_says() -> None:
    figure = figures.simulated()
    patients, apart = numbers(figure.title.replace(",", ""))[:2]
    shown = frame(figure)
    assert patients == figures.SIMULATED_PATIENTS
    assert (shown["Formula"] - shown["Simulated"]).abs().max() == pytest.approx(apart, abs=SHOWN)
    # Four standard errors of a share of so many patients.
    assert apart < 100 * 4 * 0.5 / patients**0.5
    assert shown["Simulated"].is_monotonic_increasing
