"""The figures of the chapter on method."""

from __future__ import annotations

from dataclasses import replace

import altair as alt
import pandas as pd

from carbite.charts import ARMS, Figure, show, with_text
from carbite.comparison import Options, Row, comparison, counts, rows, rule
from carbite.evidence import consistent_events, records, row
from carbite.figures.marks import NEUTRAL, PERCENT_SCALE, by_arm, dumbbell
from carbite.figures.rows import in_words, share
from carbite.figures.scenarios import scenarios
from carbite.pooling import Proportion, glmm, pool
from carbite.pooling.intervals import exact_limits
from carbite.prose import number
from carbite.verdict import evaluate

BIAS_SHOWN_TO = 15.0
# What a percentage may be a share of.
SHARES = ("remissions", "patients")
AVERAGE, NEW_TRIAL = "average, confidence interval", "new trial, prediction interval"


def rates() -> Figure:
    """Remission in each trial with its exact interval; for each arm the pooled rate and both of its intervals."""
    verdict = evaluate(comparison("cr").default_selection())
    found = []
    for arm, name in (("car_t", "CAR T cells"), ("bispecific", "Blinatumomab")):
        found += [_of_trial(each) for each in verdict.rows if each.trial.arm == arm and not each.left_out]
        pooled = verdict.arms[arm]
        assert pooled is not None, "the published comparison has trials in both arms"
        rate = pooled.proportion
        assert rate is not None, "a comparison pools proportions"
        found.append(_rate(f"{name}: {AVERAGE}", arm, rate.estimate, rate.ci_low, rate.ci_high))
        found.append(_rate(f"{name}: {NEW_TRIAL}", arm, rate.estimate, rate.pi_low, rate.pi_high))
    table = pd.DataFrame(found)
    base = alt.Chart(table).encode(y=alt.Y("Row:N", sort=table["Row"].tolist(), axis=None), color=by_arm())
    names = base.mark_text(align="left", x=0, dy=-8).encode(text="Row:N", color=alt.value("currentColor"))
    lines = base.mark_rule(strokeWidth=2, yOffset=6).encode(
        x=alt.X("Low:Q", scale=PERCENT_SCALE, title="Complete remission, %"), x2="High:Q"
    )
    shapes = alt.Scale(domain=["car_t", "bispecific"], range=[ARMS["car_t"].shape, ARMS["bispecific"].shape])
    points = base.mark_point(size=60, filled=True, yOffset=6).encode(
        x="Percent:Q", shape=alt.Shape("arm:N", scale=shapes, legend=None)
    )
    car_t, other = (table[table["arm"] == arm].iloc[:-2]["Percent"] for arm in ("car_t", "bispecific"))
    return show(
        (names + lines + points).properties(height=30 * len(table)),
        title=(
            f"Remission runs from {other.min():.0f} % to {other.max():.0f} % among trials of the same drug, "
            f"and from {car_t.min():.0f} % to {car_t.max():.0f} % among trials of CAR T cells"
        ),
        alt="Complete remission with 95 % interval, per cent. "
        + "; ".join(f"{r['Row']}: {r['Percent']:g} ({r['Low']:g} to {r['High']:g})" for r in found)
        + ".",
        csv=table.drop(columns="arm"),
        caption="Trials with exact intervals; the last rows of each arm are pooled by the stated rule.",
    )


def _of_trial(counted: Row) -> dict[str, str | float]:
    events, n = counts([counted])
    return _rate(counted.trial.name, counted.trial.arm, events[0] / n[0], *exact_limits(events[0], n[0]))


def _rate(label: str, arm: str, estimate: float, low: float, high: float) -> dict[str, str | float]:
    return {
        "Row": label,
        "arm": arm,
        "Percent": round(100 * estimate, 1),
        "Low": round(100 * low, 1),
        "High": round(100 * high, 1),
    }


def ages() -> Figure:
    """Remission by the median age of the patients of each trial (claim EF12)."""
    found = []
    for each in rows(comparison("cr").default_selection(), Options()):
        events, n = counts([each])
        age = row("trials", each.trial.trial_id)["age_median_years"]
        found.append(
            {
                "Trial": each.trial.name,
                "arm": each.trial.arm,
                "Median age, years": age,
                "Patients": n[0],
                "Remission, %": round(100 * events[0] / n[0], 1),
            }
        )
    table = pd.DataFrame(found).sort_values("Median age, years")
    x = alt.X("Median age, years:Q", scale=alt.Scale(domain=[0, 70]), axis=alt.Axis(tickMinStep=10))
    y = alt.Y("Remission, %:Q", scale=alt.Scale(domain=[20, 105]), axis=alt.Axis(values=[20, 40, 60, 80, 100]))
    shapes = alt.Scale(domain=["car_t", "bispecific"], range=[ARMS["car_t"].shape, ARMS["bispecific"].shape])
    base = alt.Chart(table).encode(x=x, y=y)
    points = base.mark_point(filled=True, opacity=0.75).encode(
        color=by_arm(),
        shape=alt.Shape("arm:N", scale=shapes, legend=None),
        size=alt.Size("Patients:Q", legend=None, scale=alt.Scale(range=[40, 600])),
    )
    named = table[table["Trial"].isin(["ELIANA", "TOWER", "ALCANTARA", "MSKCC", "Paediatric trial (MT103-205)"])]
    names = alt.Chart(named).encode(x=x, y=y, text="Trial:N").mark_text(align="left", dx=4, dy=20)
    median = {arm: table.loc[table["arm"] == arm, "Median age, years"].median() for arm in ("car_t", "bispecific")}
    return show(
        (points + names).properties(width=400, height=280),
        title=(
            f"The typical CAR T trial treated patients with a median age of {median['car_t']:.0f} years, "
            f"the typical blinatumomab trial of {median['bispecific']:.0f}"
        ),
        alt=in_words(table, "Trial", "Median age, years", "Remission, %", "Complete remission by median age in years."),
        csv=table.drop(columns="arm"),
        caption="Round marks: CAR T cells. Angular marks: blinatumomab. Larger marks: more patients. A trial with a "
        "low median can have treated older adults too, so overlap of medians is not overlap of patients.",
    )


def definitions() -> Figure:
    """Remission with blinatumomab in the same patients, by how much recovery of the blood counts it asks for."""
    asked = {"any or incomplete recovery": "{}-cr", "full recovery": "stein-2019-{}-cr-full"}
    found = []
    for trial in ("mt103-206", "mt103-211", "alcantara", "mt103-205"):
        for definition, outcome_id in asked.items():
            outcome = row("outcomes", outcome_id.format(trial))
            found.append(
                {
                    "Trial": row("trials", trial)["name"],
                    "Remission asks for": definition,
                    "Remissions": outcome["events"],
                    "Patients": outcome["n"],
                    "Percent": share(outcome),
                }
            )
    table = pd.DataFrame(found)
    colour = ARMS["bispecific"].colour
    marks = {"any or incomplete recovery": ("circle", colour), "full recovery": ("diamond", colour)}
    children = table[table["Trial"] == row("trials", "mt103-205")["name"]].set_index("Remission asks for")["Percent"]
    return show(
        dumbbell(table, "Trial", "Percent", "Remission asks for", marks),
        title=(
            f"In the same children, remission with blinatumomab is {children['any or incomplete recovery']:g} % or "
            f"{children['full recovery']:g} %, depending on what it asks of the blood counts"
        ),
        alt=in_words(table, "Trial", "Remission asks for", "Percent", "Complete remission by definition, per cent."),
        csv=table,
        caption="Complete remission in trials of blinatumomab. The wider definition is that of Molina & Shah; the "
        "stricter rates were read in a review.",
    )


def mrd_column() -> Figure:
    """Which printed shares with MRD negativity can be of the remissions, and which of all patients (claim EF4)."""
    found = []
    for mrd in records("outcomes"):
        if mrd["comparison_id"] != "mrd_among_cr" or mrd["reading"] != "printed":
            continue
        remission = row("outcomes", f"{mrd['trial_id']}-cr")
        for of, n in zip(SHARES, (remission["events"], remission["n"]), strict=True):
            fits = consistent_events(n, mrd["percent_printed"])
            found.append(
                {
                    "Trial": f"{row('trials', mrd['trial_id'])['name']}, {mrd['percent_printed']} %",
                    "Share": of,
                    "Patients": n,
                    "Counts that fit": _range(fits),
                    "Fits": "fits" if fits else "no count",
                    "Text": f"{_range(fits) or 'none'} of {n}",
                }
            )
    table = pd.DataFrame(found)
    base = alt.Chart(table).encode(y=alt.Y("Trial:N", sort=None, axis=None))
    names = base.transform_filter(f"datum.Share == '{SHARES[0]}'").mark_text(align="left", x=0, dy=-9)
    marks = alt.Scale(domain=["fits", "no count"], range=["circle", "cross"])
    columns = []
    for place, of in zip((6, with_text(178)), SHARES, strict=True):
        column = base.transform_filter(f"datum.Share == '{of}'")
        columns.append(
            column.mark_point(size=70, filled=True, color=NEUTRAL, yOffset=9).encode(
                x=alt.value(place), shape=alt.Shape("Fits:N", scale=marks, legend=None)
            )
        )
        columns.append(
            column.transform_calculate(said=f"datum.Text + ' {of}'")
            .mark_text(align="left", dx=12, dy=9)
            .encode(x=alt.value(place), text="said:N")
        )
    of_remissions = table[table["Share"] == SHARES[0]]
    return show(
        alt.layer(names.encode(text="Trial:N"), *columns).properties(
            width=with_text(330), height=42 * len(of_remissions)
        ),
        title=(
            f"{(of_remissions['Fits'] == 'no count').sum()} of {len(of_remissions)} printed shares of remissions "
            "fit no count of remissions"
        ),
        alt="Counts of patients that print as the share in the column MRD-CR. "
        + "; ".join(f"{r['Trial']}: {r['Text']} {r['Share']}" for r in table.to_dict("records"))
        + ".",
        csv=table.drop(columns="Text"),
        caption="Round marks: a whole number of patients gives the printed percentage. Crosses: none does. "
        "Fitting does not prove which share was meant.",
    )


def _range(fits: range) -> str:
    return "" if not fits else str(fits[0]) if len(fits) == 1 else f"{fits[0]}–{fits[-1]}"


def mrd_scenarios() -> Figure:
    """What single choices do to MRD negativity among responders, by both readings of the printed column."""
    read = Options(reading="all-patients")
    return scenarios(
        "mrd_among_cr",
        {
            "First reading, stated rule": (None, Options()),
            "First reading, z interval": (None, Options(interval="z")),
            "First reading, equal effects": (None, Options(tau2="EE")),
            "First reading, adults only": (None, Options(population="adults")),
            "Second reading, stated rule": (None, read),
            "Second reading, z interval": (None, replace(read, interval="z")),
            "Second reading, Sidik-Jonkman": (None, replace(read, tau2="SJ")),
            "Second reading, adults only": (None, replace(read, population="adults")),
            "Second reading, no patients treated for MRD alone": (None, replace(read, population="no-mrd-only")),
            "Second reading, bias doubles the odds with CAR T": (None, replace(read, bias=2.0)),
        },
    )


def tau2_estimators() -> Figure:
    """The variance between the same trials of blinatumomab by each estimator, and what it does to the intervals."""
    counted = [each for each in rows(comparison("cr").default_selection(), Options()) if each.trial.arm == "bispecific"]
    events, n = counts(counted)
    found = []
    for method, name in rule()["tau2_choices"].items():
        fitted = pool(events, n, tau2=method)
        assert fitted.proportion is not None, "counts give a proportion"
        found.append(_estimator(name.removeprefix("Random effects, "), fitted.tau2, fitted.proportion))
    exact = glmm(events, n)
    found.append(_estimator("Binomial-normal model (GLMM)", exact.tau2, exact.proportion))
    table = pd.DataFrame(found).sort_values("tau²", kind="stable")
    table["Label"] = [f"{r['Estimator']}: tau² {r['tau²']:.3f}" for r in table.to_dict("records")]
    order = alt.Y("Label:N", sort=table["Label"].tolist(), axis=None)
    base = alt.Chart(table).encode(y=order)
    names = base.mark_text(align="left", x=0, dy=-10).encode(text="Label:N")
    x = alt.X("Predicted low:Q", scale=alt.Scale(domain=[0, 100]), title="Complete remission with blinatumomab, %")
    colour = alt.value(ARMS["bispecific"].colour)
    predicted = base.mark_rule(strokeWidth=1.5, strokeDash=[3, 3], yOffset=6).encode(
        x=x, x2="Predicted high:Q", color=colour
    )
    confidence = base.mark_rule(strokeWidth=4, yOffset=6).encode(x=alt.X("Low:Q"), x2="High:Q", color=colour)
    points = base.mark_point(size=60, filled=True, shape="diamond", yOffset=6).encode(
        x="Percent:Q", color=alt.value("currentColor")
    )
    low, high = table["tau²"].min(), table["tau²"].max()
    return show(
        (names + predicted.transform_filter("isValid(datum['Predicted low'])") + confidence + points).properties(
            height=36 * len(table)
        ),
        title=f"On the same {len(events)} trials of blinatumomab, tau² is anything from {low:g} to {high:.3f}",
        alt=in_words(table, "Estimator", "Percent", "tau²", "Estimator, pooled per cent and variance between trials."),
        csv=table.drop(columns="Label"),
        caption="Thick: confidence interval. Dashed: prediction interval, which the equal-effects model does not have. "
        "All intervals are modified Hartung-Knapp, but the GLMM's, which are normal.",
    )


def _estimator(name: str, tau2: float, rate: Proportion) -> dict[str, str | float]:
    """A row of the table; percentages to a decimal. NaN where there is no prediction interval."""
    return {
        "Estimator": name[0].upper() + name[1:],
        "tau²": round(tau2, 3),
        "Percent": round(100 * rate.estimate, 1),
        "Low": round(100 * rate.ci_low, 1),
        "High": round(100 * rate.ci_high, 1),
        "Predicted low": round(100 * rate.pi_low, 1),
        "Predicted high": round(100 * rate.pi_high, 1),
    }


def bias() -> Figure:
    """The odds ratio for remission under an assumed bias towards CAR T cells, up to what would reverse it."""
    published = comparison("cr").default_selection()
    steps = [1.0, 1.5, *(1.0 * step for step in range(2, int(BIAS_SHOWN_TO) + 1))]
    found = []
    for step in steps:
        ratio = evaluate(published, Options(bias=step)).ratio
        assert ratio is not None, "both arms have trials"
        found.append({"Assumed bias": step, "Odds ratio": ratio.odds_ratio, "Low": ratio.ci_low, "High": ratio.ci_high})
    table = pd.DataFrame(found).round(3)
    x = alt.X(
        "Assumed bias:Q",
        scale=alt.Scale(type="log", domain=[1, BIAS_SHOWN_TO]),
        axis=alt.Axis(values=[1, 2, 3, 5, 7, 10, 15]),
        title="Odds ratio that bias alone is assumed to make, log scale",
    )
    scale = alt.Scale(type="log", domain=[0.2, 15], nice=False)
    base = alt.Chart(table).encode(x=x)
    band = base.mark_area(opacity=0.25, color=ARMS["car_t"].colour).encode(
        y=alt.Y("Low:Q", scale=scale, axis=alt.Axis(values=[0.2, 0.5, 1, 2, 5, 10]), title="Odds ratio that is left"),
        y2="High:Q",
    )
    line = base.mark_line(color=ARMS["car_t"].colour).encode(y="Odds ratio:Q")
    none = alt.Chart(pd.DataFrame({"at": [1]})).mark_rule(strokeDash=[4, 3], color="currentColor").encode(y="at:Q")
    low, ratio_shown, high = (number(f"v:cr:{name}").text for name in ("ratio_low", "ratio", "ratio_high"))
    return show(
        (band + line + none).properties(width=400, height=260),
        title=(
            f"A bias of {low} would leave remission undecided, one of {ratio_shown} would explain it away, "
            f"and one above {high} would reverse it"
        ),
        alt=in_words(table, "Assumed bias", "Odds ratio", "Low", "Assumed bias, odds ratio left, lower limit."),
        csv=table,
        caption="The line is the estimate, the band its 95 % interval, the dashed line no difference.",
    )
