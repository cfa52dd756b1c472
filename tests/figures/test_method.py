"""The findings in the titles of the chapter on method."""

from __future__ import annotations

import pytest
from scipy import stats

from carbite.evidence import consistent_events
from carbite.figures import method as figures
from carbite.figures import subsets
from tests.figures import frame

SHOWN = 0.051
"""Figures show one decimal."""


def test_rates_stand_in_the_title_and_their_intervals_are_exact() -> None:
    figure = figures.rates()
    table = frame(figure).set_index("Row")
    # Clopper and Pearson's interval is made of quantiles of the beta distribution.
    eliana = [100 * stats.beta.ppf(0.025, 61, 15), 100 * stats.beta.ppf(0.975, 62, 14)]
    assert table.loc["ELIANA", ["Low", "High"]].tolist() == pytest.approx(eliana, abs=SHOWN)
    trials = table[~table.index.str.contains(":")]["Percent"]
    assert f"{trials.min():.0f} %" in figure.title
    assert f"{trials.max():.0f} %" in figure.title


def test_a_prediction_interval_holds_the_confidence_interval() -> None:
    table = frame(figures.rates()).set_index("Row")
    for arm in ("CAR T cells", "Blinatumomab"):
        average, new = table.loc[f"{arm}: {figures.AVERAGE}"], table.loc[f"{arm}: {figures.NEW_TRIAL}"]
        assert new["Low"] < average["Low"] < average["High"] < new["High"]


def test_typical_ages_are_medians_of_the_trials_shown() -> None:
    figure = figures.ages()
    table = frame(figure)
    assert len(table) == 15
    for arm in (table["Trial"] == "ELIANA", table["Trial"] == "TOWER"):
        assert arm.sum() == 1
    assert "13 years" in figure.title
    assert figure.title.endswith("of 36")


def test_a_stricter_definition_never_has_more_remissions() -> None:
    figure = figures.definitions()
    table = frame(figure).pivot(index="Trial", columns="Remission asks for", values="Remissions")
    assert (table["any or incomplete recovery"] > table["full recovery"]).all()
    assert "39 % or 17 %" in figure.title


def test_the_reading_moves_mrd_more_than_the_method() -> None:
    table = frame(figures.mrd_scenarios())
    first, second = table.iloc[0]["Verdict"], table.iloc[4]["Verdict"]
    assert (first, second) == ("Undecided", "Favours CAR T")
    assert len(set(table["Choice"])) == len(table)


def test_impossible_shares_are_counted_by_trying_every_whole_number() -> None:
    figure = figures.mrd_column()
    table = frame(figure)
    remissions = table[table["Share"] == figures.SHARES[0]]
    none = 0
    for _, each in remissions.iterrows():
        percent = each["Trial"].rpartition(", ")[2].removesuffix(" %")
        n = int(each["Patients"])
        # Half up in whole numbers: floor(100 k / n + 1/2).
        fits = [k for k in range(n + 1) if (200 * k + n) // (2 * n) == int(percent)]
        assert fits == list(consistent_events(n, percent))
        assert (each["Fits"] == "fits") == bool(fits)
        none += not fits
    assert figure.title.startswith(f"{none} of {len(remissions)} ")
    assert (none, len(remissions)) == (9, 15)


def test_tau2_of_the_estimators_is_that_of_metafor() -> None:
    """metafor 3.8 on the same six trials: DL 0.059, REML 0.072, PM 0.147, SJ 0.170, HE 0.195; the GLMM 0."""
    figure = figures.tau2_estimators()
    tau2 = frame(figure).set_index("Estimator")["tau²"]
    known = {
        "Equal effects (no heterogeneity)": 0,
        "DerSimonian-Laird": 0.059,
        "REML": 0.072,
        "Paule-Mandel": 0.147,
        "Sidik-Jonkman": 0.170,
        "Hedges": 0.195,
        "Binomial-normal model (GLMM)": 0,
    }
    for estimator, value in known.items():
        assert tau2[estimator] == pytest.approx(value, abs=0.00051)
    assert figure.title.endswith(f"from 0 to {tau2.max():.3f}")


def test_bias_is_divided_out() -> None:
    table = frame(figures.bias())
    assert (table["Odds ratio"] * table["Assumed bias"]).to_numpy() == pytest.approx(table["Odds ratio"][0], rel=0.005)
    first = table.iloc[0]
    assert first["Assumed bias"] == 1
    # Undecided from the lower limit on, reversed from the upper limit on.
    assert (table["Low"] <= 1).tolist() == (table["Assumed bias"] >= first["Low"]).tolist()
    assert (table["High"] < 1).tolist() == (table["Assumed bias"] > first["High"]).tolist()


def test_the_pilot_makes_the_heterogeneity() -> None:
    figure = subsets.gosh()
    table = frame(figure)
    assert len(table) == 2**6 - 1
    with_pilot = table["Trials"].str.contains("Phase 2 pilot")
    assert with_pilot.sum() == 2**5
    assert table.loc[with_pilot, "tau²"].max() > 5 * table.loc[~with_pilot, "tau²"].max()
    assert f"{table.loc[with_pilot, 'tau²'].max():.2f}" in figure.title


@pytest.mark.parametrize(
    ("question", "interval", "favours", "of"),
    # Counted with metafor::rma over all pairs (z), and with Welch's degrees of freedom (Hartung-Knapp).
    [
        ("cr", "z", 31_432, 32_193),
        ("cr", "hartung-knapp", 23_995, 28_614),
        ("mrd_among_cr", "z", 4_066, 32_193),
        ("mrd_among_cr", "hartung-knapp", 741, 28_614),
        ("mrd_among_cr?reading=all-patients", "z", 16_598, 32_193),
        ("relapse_among_cr", "z", 1_267, 7_905),
        ("relapse_among_cr", "hartung-knapp", 382, 6_422),
    ],
)
def test_pairs_are_counted_as_with_metafor(question: str, interval: str, favours: int, of: int) -> None:
    counted = subsets.count_pairs(question, interval)
    for_car_t = counted.b_higher if question.startswith("relapse") else counted.a_higher
    assert (for_car_t, counted.testable) == (favours, of)


def test_pair_shares_add_up_and_stand_in_the_title() -> None:
    figure = subsets.pair_shares()
    table = frame(figure)
    assert (table.groupby("Question")["Pairs"].sum() == table.groupby("Question")["Testable pairs"].first()).all()
    share = table[table["Pairs say"] == "CAR T"].set_index("Question")["Percent"]
    assert f"{share['Remission, z']:g} %" in figure.title
    assert f"{share['Remission, stated rule']:g} %" in figure.title
    assert share["MRD, second reading, stated rule"] > 5 * share["MRD, first reading, stated rule"]


def test_each_trial_is_left_out_once() -> None:
    table = frame(subsets.leave_one_out())
    assert len(table) == 1 + 15
    assert (table["CAR T trials"] + table["Other trials"]).tolist() == [15] + [14] * 15
    # The page says that no single trial carries the verdict.
    assert set(table["Verdict"]) == {"Favours CAR T"}


def test_the_fewest_patients_are_those_of_a_search_without_a_formula() -> None:
    """Every way to move patients, for the smaller trials; and none where the test finds nothing to begin with."""

    def differs(x: int, n: int, y: int, m: int) -> bool:
        p, q = x / n, y / m
        variance = p * (1 - p) / n + q * (1 - q) / m
        return abs(p - q) > 1.959963984540054 * variance**0.5

    for x, n, y, m in ((13, 13, 16, 45), (12, 14, 27, 70), (14, 21, 16, 45), (42, 45, 25, 36)):
        fewest = min(abs(a - x) + abs(b - y) for a in range(n + 1) for b in range(m + 1) if not differs(a, n, b, m))
        assert subsets.fewest_of_two(x, n, y, m) == fewest
    assert subsets.fewest_of_two(14, 21, 25, 36) == 0


def test_what_the_p_value_tells_is_near_what_is_found() -> None:
    figure = subsets.fewest_patients()
    table = frame(figure)
    apart = (table["Found"] - table["Told"]).abs()
    assert (table["P value"] < 0.05).all()
    assert figure.title.startswith(f"In {len(table)} pairs of trials")
    assert f"within {int(-(-apart.max() // 1))} of" in figure.title
    assert table["Found"].corr(table["Told"]) > 0.98
