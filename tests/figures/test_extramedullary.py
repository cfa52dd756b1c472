"""The findings in the titles of the chapter on extramedullary disease and burden."""

from __future__ import annotations

import re

import pytest
from scipy.stats import beta

from carbite.evidence import row
from carbite.figures import extramedullary as figures
from carbite.prose import number
from tests.figures import frame

# Shares in the tables have one decimal.
SHOWN = 0.05


def test_the_titles_blasts_are_high_in_one_arm_and_not_in_the_other() -> None:
    figure = figures.cut_offs()
    low, high = map(int, re.findall(r"\d+", figure.title))
    strata = frame(figure)
    highs = strata[strata["Blasts to"] == 100]
    car_t = highs[highs["Stratum"].str.contains("CAR T")]["Blasts from"]
    blinatumomab = highs[highs["Stratum"].str.contains("Blinatumomab")]["Blasts from"]
    assert car_t.min() == low
    assert set(blinatumomab) == {high}
    assert low < high
    assert not set(car_t) & set(blinatumomab)


@pytest.mark.parametrize(
    ("population", "found"),
    [
        ("adults with more than 50 % marrow blasts", (50, 100)),
        ("adults with 5 % marrow blasts or more", (5, 100)),
        ("adults with less than 5 % marrow blasts", (0, 5)),
    ],
)
def test_blasts_are_read_from_the_words_of_the_data(population: str, found: tuple[int, int]) -> None:
    assert figures.blast_range(population) == found


def test_a_stratum_without_blasts_is_refused() -> None:
    with pytest.raises(ValueError, match="no share of marrow blasts in 'adults'"):
        figures.blast_range("adults")


def test_from_the_number_in_the_title_on_no_split_is_as_low_as_blinatumomab() -> None:
    """Every way to draw so many patients from those at high burden, not the formula that the figure uses."""
    figure = figures.common_cut_off()
    first, n, rate = map(int, re.findall(r"(\d+) or more.*?(\d+) patients.*?(\d+) %$", figure.title)[0])
    outcome = row("outcomes", figures.CAR_T_HIGH)
    assert (n, rate) == (outcome["n"], int(row("outcomes", figures.BISPECIFIC_HIGH)["percent_printed"]))

    def lowest(part: int) -> float:
        return min(
            100.0 * hit / part
            for hit in range(part + 1)
            if hit <= outcome["events"] and part - hit <= n - outcome["events"]
        )

    assert lowest(first) > rate
    assert lowest(first - 1) <= rate
    for line in frame(figure).to_dict("records"):
        assert line["Lowest"] == pytest.approx(lowest(line["Patients above 50 %"]), abs=SHOWN)


def test_each_implied_rate_gives_back_what_was_printed() -> None:
    figure = figures.implied()
    lines = frame(figure)
    assert set(lines["Series"]) == {name for name, _, _ in figures.WHOLES}
    for name, high_id, all_id in figures.WHOLES:
        whole, high = row("outcomes", all_id), float(row("outcomes", high_id)["percent_printed"])
        of_series = lines[lines["Series"] == name]
        share = of_series["Share above 50 % blasts"] / 100.0
        again = share * high + (1.0 - share) * of_series["Implied remission"]
        assert again.to_numpy() == pytest.approx(100.0 * whole["events"] / whole["n"], abs=2 * SHOWN)
        assert of_series["Implied remission"].iloc[-1] == pytest.approx(100.0, abs=SHOWN)
        # Lower burden is never worse: burden lowers remission on every line.
        assert (of_series["Implied remission"] > high).all()
    assert f"from {lines['Implied remission'].min():.0f} %" in figure.title


def test_the_difference_in_the_title_is_the_least_one() -> None:
    figure = figures.needed()
    lines = frame(figure)
    gap, least = map(float, re.findall(r"[\d.]+", figure.title))
    printed = [float(number(f"v:cr:{arm}.percent").text.split("\u00a0")[0]) for arm in ("car_t", "bispecific")]
    assert gap == pytest.approx(printed[0] - printed[1], abs=0.15)
    assert lines["Difference needed"].min() == pytest.approx(least, abs=0.5)
    high = float(row("outcomes", figures.BISPECIFIC_HIGH)["percent_printed"])
    made = lines["Difference needed"] / 100.0 * (lines["Remission at low burden"] - high)
    assert made.to_numpy() == pytest.approx(gap, abs=SHOWN)
    # The caption calls it the lowest rate that was printed at high burden.
    rates = [row("outcomes", outcome_id)["percent_printed"] for _, outcome_id in figures.STRATA[:-1]]
    assert high == min(float(rate) for rate in rates if rate)


def test_remission_by_site_is_as_reported_with_exact_intervals() -> None:
    figure = figures.sites()
    shown = frame(figure).set_index("Site")
    low, high, other = map(int, re.findall(r"\d+", figure.title))
    nervous = shown[shown.index.str.startswith("Nervous")]["Percent"]
    assert (nervous.min(), nervous.max()) == pytest.approx((low, high), abs=0.5)
    assert other < low
    for site, events, n in (("Nervous system, Fabrizio et al", 35, 40), ("Other sites, Fabrizio et al", 10, 15)):
        line = shown.loc[site]
        # Clopper and Pearson by the quantiles of the beta distribution.
        expected = (beta.ppf(0.025, events, n - events + 1), beta.ppf(0.975, events + 1, n - events))
        assert (line["Low"], line["High"]) == pytest.approx(tuple(100.0 * limit for limit in expected), abs=SHOWN)
        assert line["Patients"] == n


def test_the_shares_at_mskcc_fit_one_split_only() -> None:
    """What the data note says, and the starting share of the model rests on."""
    groups = ("mskcc-{}-low-burden", "mskcc-{}-high-burden")
    endpoints = ("cr", "severe-crs", "severe-neurotoxicity")
    printed = [[int(row("outcomes", group.format(each))["percent_printed"]) for each in endpoints] for group in groups]
    whole = row("outcomes", "mskcc-cr")["n"]

    def prints(percent: int, n: int) -> bool:
        return any(int(100 * events / n + 0.5) == percent for events in range(n + 1))

    fits = [
        low
        for low in range(1, whole)
        if all(prints(p, low) for p in printed[0]) and all(prints(p, whole - low) for p in printed[1])
    ]
    assert fits == [row("outcomes", figures.CAR_T_LOW)["n"]]
    assert whole - fits[0] == row("outcomes", figures.CAR_T_HIGH)["n"]
