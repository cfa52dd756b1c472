"""Response against toxicity of the newer bispecific antibodies, a point for each row of a table of early trials.

Nothing is simulated. Responses are counted by lymphoma and by dose, toxicity in all patients of a trial; the model
shows which patients stand behind each number. The interval of a response is exact (Clopper & Pearson 1934).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import Any

from carbite.evidence import consistent_events, row
from carbite.pooling.intervals import exact_limits

from .formats import fill, rounded
from .model import Model, wording
from .parameters import Choice, Toggle, Values, assumed

RESPONSES = ("cr", "response")
TOXICITIES = ("severe_crs", "severe_neurotoxicity", "crs", "neurotoxicity")
# Doses whose highest is at least so many times the lowest mix patients of many dose levels.
WIDE = 4.0


@dataclass(frozen=True)
class _Row:
    """A row of the table: its trial, the lymphoma counted for response, how the outcomes' names begin, its doses.

    together: the other outcomes of the trial whose patients the printed percentages seem to include.
    """

    trial_id: str
    name: str
    lymphoma: str
    outcomes: str
    dose_id: str = ""
    partner: bool = False
    unsplit: bool = False
    together: str = ""


_AGGRESSIVE = (
    _Row("mosunetuzumab", "Mosunetuzumab", "aggressive", "{}-aggressive", "lussana-mosunetuzumab-dose-aggressive"),
    _Row("glofitamab", "Glofitamab", "aggressive", "{}-aggressive", "lussana-glofitamab-dose"),
    _Row("odronextamab", "Odronextamab", "aggressive", "{}-dlbcl", "lussana-odronextamab-dose-dlbcl"),
    _Row("plamotamab", "Plamotamab", "aggressive", "{}-dlbcl", "lussana-plamotamab-dose"),
)
_INDOLENT = (
    _Row("mosunetuzumab", "Mosunetuzumab", "indolent", "{}-indolent", "lussana-mosunetuzumab-dose-indolent"),
    _Row("glofitamab", "Glofitamab", "indolent", "{}-follicular", "lussana-glofitamab-dose"),
    _Row("odronextamab", "Odronextamab", "indolent", "{}-follicular", "lussana-odronextamab-dose-follicular"),
)
_AFTER = (
    _Row("mosunetuzumab", "Mosunetuzumab", "after", "{}-post-car"),
    _Row("odronextamab", "Odronextamab", "after", "{}-post-car"),
)
_WITH_OBINUTUZUMAB = ("glofitamab-obinutuzumab", "Glofitamab + obinutuzumab")
_WITH_ATEZOLIZUMAB = ("glofitamab-atezolizumab", "Glofitamab + atezolizumab")
_PARTNERS = (
    _Row(*_WITH_OBINUTUZUMAB, "aggressive", "{}-aggressive", "lussana-glofitamab-obinutuzumab-dose", partner=True),
    _Row(*_WITH_OBINUTUZUMAB, "indolent", "{}-follicular", "lussana-glofitamab-obinutuzumab-dose", partner=True),
    _Row(
        *_WITH_ATEZOLIZUMAB,
        "aggressive",
        "{}-aggressive",
        "lussana-glofitamab-atezolizumab-dose",
        partner=True,
        together="{}-indolent",
    ),
    _Row(*_WITH_ATEZOLIZUMAB, "indolent", "{}-indolent", "lussana-glofitamab-atezolizumab-dose", partner=True),
)
# Its report does not part the lymphomas, so it can be added to either.
_UNSPLIT = tuple(
    _Row("epcoritamab", "Epcoritamab", lymphoma, "{}", unsplit=True) for lymphoma in ("aggressive", "indolent")
)
# Their table says of neurotoxicity: not reported, mild.
_NOT_REPORTED = ("odronextamab", "plamotamab")
# CAR T trials of aggressive lymphoma: their outcomes of response and of toxicity.
_CAR_T = {
    "zuma-1": ("zuma-1-{}", "zuma-1-{}-secondary"),
    "juliet": ("schuster-2019-{}", "juliet-{}-secondary"),
    "transcend": ("abramson-2020-{}", "abramson-2020-{}"),
}


@cache
def data() -> dict[str, Any]:
    """Every row with its responses, their exact intervals, and the toxicities of its trial, in per cent."""
    rows = [_antibody(each) for each in (*_AGGRESSIVE, *_INDOLENT, *_AFTER, *_PARTNERS, *_UNSPLIT)]
    return {"rows": rows + [_car_t(trial_id, *templates) for trial_id, templates in _CAR_T.items()]}


def _antibody(about: _Row) -> dict[str, Any]:
    first = about.outcomes.format(about.trial_id)
    printed = {name: _counted(f"{first}-{name}") for name in RESPONSES}
    dose = row("kinetics", about.dose_id) if about.dose_id else None
    return {
        "name": about.name,
        "arm": "bispecific",
        "lymphoma": about.lymphoma,
        "dose": _dose_class(dose),
        "doses": f"{dose['value']} {dose['unit']}" if dose else wording("antibodies")["no_dose"],
        "partner": about.partner,
        "unsplit": about.unsplit,
        "responses": printed,
        "repaired": _repaired(about) if about.together else printed,
        "toxicities": {
            name: None
            if about.trial_id in _NOT_REPORTED and name.endswith("neurotoxicity")
            else _toxicity(f"{about.trial_id}-{name.replace('_', '-')}")
            for name in TOXICITIES
        },
    }


def _car_t(trial_id: str, response: str, toxicity: str) -> dict[str, Any]:
    printed = {name: _counted(response.format(name)) for name in RESPONSES}
    return {
        "name": row("trials", trial_id)["name"].removesuffix(" NHL 001"),
        "arm": "car_t",
        "lymphoma": "aggressive",
        "dose": "",
        "doses": "",
        "partner": False,
        "unsplit": False,
        "responses": printed,
        "repaired": printed,
        "toxicities": {name: _toxicity(toxicity.format(name.replace("_", "-"))) for name in TOXICITIES},
    }


def _dose_class(dose: Mapping[str, Any] | None) -> str:
    """``wide``: from low doses upwards; ``chosen``: from a dose on, or close together; empty: not printed."""
    if dose is None:
        return ""
    is_wide = dose["high"] is not None and dose["high"] >= WIDE * dose["low"]
    return "wide" if is_wide else "chosen"


def _counted(outcome_id: str) -> dict[str, float]:
    outcome = row("outcomes", outcome_id)
    impossible = "impossible-percent" in (outcome["flag"] or "").split()
    return _interval(outcome["events"], outcome["n"], float(outcome["percent_printed"]) if impossible else None)


def _interval(events: int, n: int, printed: float | None = None) -> dict[str, float]:
    """A share in per cent, the printed one where no count gives it, with the exact 95 % interval of the count."""
    low, high = exact_limits(events, n)
    share = 100.0 * events / n if printed is None else printed
    return {"events": events, "n": n, "share": share, "low": 100.0 * low, "high": 100.0 * high}


def _repaired(about: _Row) -> dict[str, dict[str, float]]:
    """Percentages that no count of their patients gives, read as of these and of the other outcomes' patients.

    events = the count of (n + n') that prints as the percentage, less the events of the other n' patients.
    """
    found = {}
    for name in RESPONSES:
        printed, other = (
            row("outcomes", f"{template.format(about.trial_id)}-{name}")
            for template in (about.outcomes, about.together)
        )
        (both,) = consistent_events(printed["n"] + other["n"], printed["percent_printed"])
        found[name] = _interval(both - other["events"], printed["n"])
    return found


def _toxicity(outcome_id: str) -> dict[str, float]:
    outcome = row("outcomes", outcome_id)
    return {"share": 100.0 * outcome["events"] / outcome["n"], "n": outcome["n"]}


def compute(values: Values) -> dict[str, Any]:
    """The rows under these choices, how far they spread, and how many patients stand behind each axis."""
    words = wording("antibodies")
    lymphoma, toxicity = values["lymphoma"], values["toxicity"]
    kept = [each for each in data()["rows"] if _is_kept(each, values)]
    rows = [
        {
            **{name: each[name] for name in ("name", "arm", "doses")},
            **each["repaired" if values["repaired"] else "responses"][values["response"]],
            "toxicity": each["toxicities"][toxicity] and each["toxicities"][toxicity]["share"],
            "treated": each["toxicities"][toxicity] and each["toxicities"][toxicity]["n"],
        }
        for each in kept
    ]
    told = [each for each in rows if each["toxicity"] is not None]
    antibodies = [each for each in rows if each["arm"] == "bispecific"]
    drawn = [each for each in told if each["arm"] == "bispecific"]
    text = {
        "lymphoma": words["lymphomas"][lymphoma],
        "response": words["responses"][values["response"]],
        "toxicity": words["toxicities"][toxicity],
        "k": str(len(antibodies)),
        "response_range": _span([each["share"] for each in antibodies]),
        "toxicity_range": _span([each["toxicity"] for each in drawn]),
        "counted": rounded(sum(each["n"] for each in antibodies)),
        "treated": rounded(sum(each["treated"] for each in drawn)),
        "untold": ", ".join(each["name"] for each in antibodies if each["toxicity"] is None) or words["none"],
        **_farthest(antibodies),
    }
    text["Response"] = text["response"][0].upper() + text["response"][1:]
    return {
        "rows": rows,
        "points": told,
        "finding": _finding(told),
        "intervals": _intervals(antibodies),
        "unused": _unused(values),
        "text": text,
        "sentence": fill(words["sentence"], text),
    }


def _is_kept(each: Mapping[str, Any], values: Values) -> bool:
    if each["arm"] == "car_t":
        return bool(values["car_t"]) and values["lymphoma"] == "aggressive"
    return (
        each["lymphoma"] == values["lymphoma"]
        and (values["lymphoma"] == "after" or values["dose"] in ("all", each["dose"]))
        and (values["partners"] or not each["partner"])
        and (values["unsplit"] or not each["unsplit"])
    )


def _unused(values: Values) -> list[str]:
    """Parameters that change nothing under these values."""
    after, aggressive = values["lymphoma"] == "after", values["lymphoma"] == "aggressive"
    repairs = aggressive and values["partners"] and values["dose"] != "wide"
    without_effect = {
        "dose": after,
        "partners": after or values["dose"] == "wide",
        "unsplit": after or values["dose"] != "all",
        "car_t": not aggressive,
        "repaired": not repairs,
    }
    return [name for name, idle in without_effect.items() if idle]


def _span(shares: Sequence[float]) -> str:
    words = wording("antibodies")
    if not shares:
        return str(words["none"])
    low, high = (f"{rounded(end)} %" for end in (min(shares), max(shares)))
    return low if low == high else fill(words["range"], {"low": low, "high": high})


def _farthest(antibodies: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The row whose interval ends lowest and the one whose interval begins highest."""
    if not antibodies:
        return {name: str(wording("antibodies")["none"]) for name in ("lowest", "highest")}
    return {
        "lowest": min(antibodies, key=lambda each: each["high"])["name"],
        "highest": max(antibodies, key=lambda each: each["low"])["name"],
    }


def _intervals(antibodies: Sequence[Mapping[str, Any]]) -> str:
    if len(antibodies) < 2:
        return "alone"
    apart = max(each["low"] for each in antibodies) > min(each["high"] for each in antibodies)
    return "apart" if apart else "overlap"


def _finding(points: Sequence[Mapping[str, Any]]) -> str:
    arms = {arm: [each for each in points if each["arm"] == arm] for arm in ("car_t", "bispecific")}
    if arms["car_t"] and arms["bispecific"]:
        more = {
            axis: median(each[axis] for each in arms["car_t"]) > median(each[axis] for each in arms["bispecific"])
            for axis in ("share", "toxicity")
        }
        return "car_neither" if not more["share"] else "car_both" if more["toxicity"] else "car_response"
    if len(arms["bispecific"]) < 2:
        return "few"
    spread = {
        axis: max(each[axis] for each in arms["bispecific"]) - min(each[axis] for each in arms["bispecific"])
        for axis in ("share", "toxicity")
    }
    return "response" if spread["share"] > spread["toxicity"] else "toxicity"


MODEL = Model(
    name="antibodies",
    title="Response against toxicity: the newer antibodies",
    about=(
        "No simulation: each point is a row of Table 3 of Lussana et al, or a CAR T trial. Responses are counted by "
        "lymphoma and dose, toxicity over the whole trial, so the axes count different patients."
    ),
    parameters=(
        Choice(
            name="lymphoma",
            label="Lymphoma",
            default="aggressive",
            options={"aggressive": "Aggressive", "indolent": "Indolent", "after": "After CAR T cells"},
            origin=assumed("The one in which CAR T cells and bispecifics compete."),
            look="radio",
        ),
        Choice(
            name="response",
            label="Response",
            default="cr",
            options={"cr": "Complete", "response": "Complete or partial"},
            origin=assumed("Complete responses are the ones that tend to last."),
            look="radio",
        ),
        Choice(
            name="toxicity",
            label="Toxicity",
            default="severe_crs",
            options={
                "severe_crs": "Severe cytokine release syndrome",
                "severe_neurotoxicity": "Severe neurotoxicity",
                "crs": "Cytokine release syndrome, any grade",
                "neurotoxicity": "Neurotoxicity, any grade",
            },
            origin=assumed("The one that all antibodies of the table report."),
        ),
        Choice(
            name="dose",
            label="Doses counted for response",
            default="all",
            options={
                "all": "All rows",
                "wide": "Wide ranges, low doses in them",
                "chosen": "Higher or chosen doses",
            },
            origin=assumed(
                f"All rows. We call a range wide when its highest dose is at least {WIDE:g} times its lowest; a row "
                "counted from a dose upwards, or at doses closer together, is one of chosen doses."
            ),
        ),
        Toggle(
            name="partners",
            label="Add glofitamab with a partner",
            default=False,
            origin=assumed("Off: the combinations are a question of their own."),
        ),
        Toggle(
            name="unsplit",
            label="Add epcoritamab",
            default=False,
            origin=assumed("Off: its row does not part aggressive from indolent lymphoma."),
            note="Its lymphomas are not told apart",
        ),
        Toggle(
            name="car_t",
            label="Add CAR T trials of aggressive lymphoma",
            default=False,
            origin=assumed("Off: they are trials for approval, the antibodies' are early ones."),
        ),
        Toggle(
            name="repaired",
            label="Read the atezolizumab row as of all its patients",
            default=False,
            origin=assumed(
                "Off: as printed. No count of its patients with aggressive lymphoma prints so; counts of all do, and "
                "those with indolent lymphoma are then taken off."
            ),
        ),
    ),
    compute=compute,
    data=data,
)
