"""Toxicity against response, a point a trial: is a severe reaction a marker of response?

Nothing is simulated. The rank correlation of Spearman is that of the trials shown,

    rho = cor(ranks of response, ranks of toxicity),

with the mean rank for ties; it is given from ``MINIMUM_TRIALS`` trials on. A correlation among trials says nothing
about the patients within a trial.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from statistics import median
from typing import Any

import scipy

from carbite.evidence import row

from .formats import fill, rounded
from .model import Model, wording
from .parameters import Choice, Toggle, Values, assumed

# With fewer, a rank correlation is hardly more than the order of the trials.
MINIMUM_TRIALS = 4
# From here on the page says that toxicity rises with response.
NOTABLE = 0.3
ENDPOINTS = ("crs", "neurotoxicity")
SCALES = {"Penn": "penn", "Lee": "lee", "MSKCC": "mskcc", "CTCAE": "ctcae"}
UNSTATED = "unstated"

# A trial, the outcomes whose sum is its complete responses, and its severe toxicities; None where no figure is had.
_LEUKAEMIA = {
    "mskcc": (["mskcc-cr"], "park-2018-severe-crs", "mskcc-severe-neurotoxicity-secondary"),
    "eliana": (["eliana-cr"], "eliana-severe-crs-secondary", "eliana-severe-neurotoxicity-secondary"),
    "nci-2016": (["nci-2016-cr"], "nci-2016-severe-crs", "nci-2016-severe-neurotoxicity"),
    "seattle": (["seattle-cr-infused"], "seattle-severe-crs-secondary", "seattle-severe-neurotoxicity-secondary"),
    "fhcrc": (["fhcrc-cr"], "fhcrc-severe-crs-secondary", "fhcrc-severe-neurotoxicity-secondary"),
    "upenn-chop": (["upenn-chop-cr"], "upenn-chop-severe-crs-secondary", None),
    "upenn-adults": (["upenn-adults-cr"], "upenn-adults-severe-crs", "upenn-adults-severe-neurotoxicity"),
    "tower": (["tower-cr-infused"], "tower-severe-crs-primary", "tower-severe-neurotoxicity-primary"),
    "mt103-211": (["mt103-211-cr"], "mt103-211-davis-severe-crs", "mt103-211-davis-severe-neurotoxicity"),
    "mt103-206": (["mt103-206-cr"], "mt103-206-davis-severe-crs", "mt103-206-davis-severe-neurotoxicity"),
    "mt103-205": (["mt103-205-cr"], "von-stackelberg-2016-severe-crs", None),
    "schlegel-2014": (["schlegel-2014-cr-primary"], "schlegel-2014-davis-severe-crs", None),
}
_LYMPHOMA = {
    "juliet": (["schuster-2019-cr"], "juliet-severe-crs-secondary", "juliet-severe-neurotoxicity-secondary"),
    "zuma-1": (["zuma-1-cr"], "zuma-1-severe-crs-secondary", "zuma-1-severe-neurotoxicity-secondary"),
    "transcend": (["abramson-2020-cr"], "abramson-2020-severe-crs", "abramson-2020-severe-neurotoxicity"),
    "mosunetuzumab": (
        ["mosunetuzumab-aggressive-cr", "mosunetuzumab-indolent-cr"],
        "mosunetuzumab-severe-crs",
        "mosunetuzumab-severe-neurotoxicity",
    ),
    "glofitamab": (
        ["glofitamab-aggressive-cr", "glofitamab-follicular-cr"],
        "glofitamab-severe-crs",
        "glofitamab-severe-neurotoxicity",
    ),
    "odronextamab": (["odronextamab-dlbcl-cr", "odronextamab-follicular-cr"], "odronextamab-severe-crs", None),
    "epcoritamab": (["epcoritamab-cr"], "epcoritamab-severe-crs", "epcoritamab-severe-neurotoxicity"),
    "plamotamab": (["plamotamab-dlbcl-cr"], "plamotamab-severe-crs", None),
}
_BURDEN = {
    "low burden": ("mskcc-cr-low-burden", "mskcc-severe-{}-low-burden"),
    "high burden": ("mskcc-cr-high-burden", "mskcc-severe-{}-high-burden"),
}
# On a chart a trial's name is short.
_SHORT = {
    "seattle": "Seattle",
    "transcend": "TRANSCEND",
    "schlegel-2014": "Schlegel",
    "mt103-211": "MT103-211",
    "mt103-206": "MT103-206",
    "mt103-205": "MT103-205",
    "nci-2016": "NCI",
    "mosunetuzumab": "Mosunetuzumab",
    "glofitamab": "Glofitamab",
    "odronextamab": "Odronextamab",
    "epcoritamab": "Epcoritamab",
    "plamotamab": "Plamotamab",
}


@cache
def data() -> dict[str, Any]:
    """Every trial with its response and its severe toxicities in per cent, and MSKCC by burden."""
    trials = [
        _trial(trial_id, disease, *outcomes)
        for disease, known in (("leukaemia", _LEUKAEMIA), ("lymphoma", _LYMPHOMA))
        for trial_id, outcomes in known.items()
    ]
    burden = [
        {
            "name": name,
            "response": _share([cr]),
            **{endpoint: _share([toxicity.format(endpoint)]) for endpoint in ENDPOINTS},
        }
        for name, (cr, toxicity) in _BURDEN.items()
    ]
    return {"trials": trials, "burden": burden, "minimum_trials": MINIMUM_TRIALS, "notable": NOTABLE}


def _trial(trial_id: str, disease: str, responses: list[str], crs: str, neurotoxicity: str | None) -> dict[str, Any]:
    about = row("trials", trial_id)
    toxicities = dict(zip(ENDPOINTS, (crs, neurotoxicity), strict=True))
    return {
        "name": _SHORT.get(trial_id, about["name"]),
        "arm": about["arm"],
        "disease": disease,
        "response": _share(responses),
        **{endpoint: None if known is None else _share([known]) for endpoint, known in toxicities.items()},
        **{f"{endpoint}_scale": _scale(known) for endpoint, known in toxicities.items()},
    }


def _share(outcome_ids: Sequence[str]) -> float:
    """The events of these outcomes together, in per cent; a single one without a count has its printed share."""
    outcomes = [row("outcomes", outcome_id) for outcome_id in outcome_ids]
    if outcomes[0]["events"] is None:
        return float(outcomes[0]["percent_printed"])
    return 100.0 * sum(each["events"] for each in outcomes) / sum(each["n"] for each in outcomes)


def _scale(outcome_id: str | None) -> str:
    printed = row("outcomes", outcome_id)["grading_scale"] if outcome_id else None
    return SCALES.get(printed or "", UNSTATED)


def rank_correlation(points: Sequence[Mapping[str, Any]]) -> float | None:
    """Spearman's rho of ``response`` and ``toxicity``; None with fewer than ``MINIMUM_TRIALS`` or without variation."""
    columns = [[point[name] for point in points] for name in ("response", "toxicity")]
    if len(points) < MINIMUM_TRIALS or any(len(set(column)) == 1 for column in columns):
        return None
    return float(scipy.stats.spearmanr(*columns).statistic)


def compute(values: Values) -> dict[str, Any]:
    """The trials that are shown, with the rank correlation of each arm and of both together."""
    words = wording("toxicity")
    endpoint = values["endpoint"]
    shown = [
        {**trial, "toxicity": trial[endpoint], "scale": trial[f"{endpoint}_scale"]}
        for trial in data()["trials"]
        if trial[endpoint] is not None
        and values["disease"] in ("both", trial["disease"])
        and values["scale"] in ("all", trial[f"{endpoint}_scale"])
    ]
    arms = {arm: [point for point in shown if point["arm"] == arm] for arm in ("car_t", "bispecific")}
    rho = {"all": rank_correlation(shown), **{arm: rank_correlation(points) for arm, points in arms.items()}}
    per_response = {
        arm: median(100.0 * point["toxicity"] / point["response"] for point in points) if points else None
        for arm, points in arms.items()
    }
    text = {
        "endpoint": words["endpoints"][endpoint],
        "all_k": str(len(shown)),
        "all_rho": _rho_text(rho["all"]),
    }
    for name, arm in (("car", "car_t"), ("bi", "bispecific")):
        per = per_response[arm]
        text |= {
            f"{name}_k": str(len(arms[arm])),
            f"{name}_rho": _rho_text(rho[arm]),
            f"{name}_per": words["no_trial"] if per is None else f"{rounded(per)} %",
        }
    splits = values["disease"] != "lymphoma"
    return {
        "points": [
            {name: point[name] for name in ("name", "arm", "disease", "response", "toxicity", "scale")}
            for point in shown
        ],
        "burden": [
            {"name": each["name"], "response": each["response"], "toxicity": each[endpoint]}
            for each in data()["burden"]
            if splits and values["split"]
        ],
        "rho": rho,
        "per_response": per_response,
        "finding": _finding(rho),
        "unused": [] if splits else ["split"],
        "text": text,
        "sentence": fill(words["sentence"], text),
    }


def _finding(rho: Mapping[str, float | None]) -> str:
    across, car_t = rho["all"], rho["car_t"]
    if across is None:
        return "few"
    if across < NOTABLE:
        return "flat"
    if car_t is None:
        return "alone"
    return "across" if car_t < NOTABLE else "both"


def _rho_text(rho: float | None) -> str:
    return wording("toxicity")["none"] if rho is None else rounded(rho, 2).replace("-", "\u2212")


MODEL = Model(
    name="toxicity",
    title="Toxicity against response, a point a trial",
    about=(
        "No simulation: each point is a trial of data/, with the response and the severe toxicity that were reported. "
        "Trials differ in patients, scale and years, and a pattern among trials need not hold among patients."
    ),
    parameters=(
        Choice(
            name="endpoint",
            label="Toxicity",
            default="crs",
            options={"crs": "Severe cytokine release syndrome", "neurotoxicity": "Severe neurotoxicity"},
            origin=assumed("The one that the articles say most of; choose the other to compare."),
            look="radio",
        ),
        Choice(
            name="disease",
            label="Disease",
            default="leukaemia",
            options={"leukaemia": "Leukaemia", "lymphoma": "Lymphoma", "both": "Both"},
            origin=assumed("The disease that the articles debate first."),
            look="radio",
        ),
        Choice(
            name="scale",
            label="Grading scale",
            default="all",
            options={
                "all": "All scales",
                **{known: name for name, known in SCALES.items()},
                UNSTATED: "Not stated in what was read",
            },
            origin=assumed("All trials; a single scale leaves out most of them."),
        ),
        Toggle(
            name="split",
            label="Add MSKCC by burden",
            default=False,
            origin=assumed("Off: the groups are parts of a trial that is shown already. They enter no correlation."),
            note="Two points of the same trial: under the cut-off of marrow blasts, and from it on",
        ),
    ),
    compute=compute,
    data=data,
)
