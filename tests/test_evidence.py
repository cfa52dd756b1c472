"""The data package, its checks on load, and what the tables must keep true of the printed articles."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from pathlib import Path

import frictionless
import pandas as pd
import pytest

import carbite
from carbite import evidence
from carbite.closest import closest

DATA = Path(__file__).parent.parent / "data"
REFERENCE = Path(__file__).parent / "reference"
PACKAGE = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
TABLES = [resource["name"] for resource in PACKAGE["resources"]]

# Molina & Shah 2021, Tables 1 and 2: n, CR %, MRD-CR %, relapse %. None: NR or NA in the article.
MOLINA = {
    "mrd-pilot": (20, None, 80, 50),
    "blast": (116, None, 78, 43),
    "mt103-206": (36, 69, 88, 40),
    "mt103-211": (189, 43, 82, 46),
    "alcantara": (45, 36, 88, 50),
    "tower": (271, 44, 76, None),
    "mt103-205": (70, 39, 52, 56),
    "coh-blinatumomab": (65, 51, 63, 61),
    "upenn-chop": (30, 90, 88, 26),
    "mskcc": (53, 83, 67, 57),
    "eliana": (75, 81, 81, 36),
    "nci": (21, 67, 86, 14),
    "seattle": (45, 93, 100, 45),
    "fhcrc": (53, 85, 85, 49),
    "hebei": (51, 90, 88, 24),
    "coh-car": (13, 100, 91, None),
    "carpall": (14, 86, 86, 50),
}
MRD_ONLY = ("mrd-pilot", "blast")
# Davis & Mackall 2016, Table 1, in its order: n, CR %, sCRS %, sCNS %. None: the cell is empty or lost.
DAVIS = {
    "mt103-211": (189, "43", "2", "13"),
    "kantarjian-2016": (261, "47", None, "41"),
    "gore-2014": (31, "31", None, None),
    "schlegel-2014": (None, "44", "22", "33"),
    "mt103-206": (36, "69", "<1", "17"),
    "upenn-chop": (30, "90", "27", "43"),
    "nci": (20, "70", "29", "<1"),
    "mskcc-2014": (16, "88", "44", "31"),
    "fhcrc-2016": (29, "93", "23", "50"),
    "mskcc-2015": (32, "91", "22", None),
    "turtle-2015": (37, "91", None, None),
    "maude-2015": (None, "50", None, None),
}


# The propositions of the debate by topic: mechanism, efficacy, safety, extramedullary disease, durability, cost,
# resistance, next generation, sequencing, feasibility.
CLAIMS = {"ME": 12, "EF": 23, "SA": 21, "EM": 6, "DU": 14, "CO": 6, "RE": 12, "NG": 12, "SE": 9, "FE": 10}
CHAPTERS = {
    *("mechanism", "efficacy", "safety", "extramedullary", "durability"),
    *("cost", "feasibility", "resistance", "sequencing", "next-generation"),
}


def half_up(n: int, percent: float) -> int:
    """The count that the published analyses derive from a percentage."""
    return int(n * percent / 100 + 0.5)


def printed(comparison: str) -> pd.DataFrame:
    """The rows of a comparison as its article counts them, by trial."""
    frame = carbite.outcomes(comparison)
    return frame[frame["reading"] == "printed"].set_index("trial_id")


# ---- the package


def test_frictionless_finds_no_error() -> None:
    report = frictionless.Package(str(DATA / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "message"])


def test_every_column_of_every_frame_is_documented() -> None:
    frames = {name: getattr(evidence, name)() for name in TABLES}
    for resource in PACKAGE["resources"]:
        fields = resource["schema"]["fields"]
        assert list(frames[resource["name"]].columns) == [field["name"] for field in fields]
        assert resource["description"]
        for field in fields:
            assert field["description"].endswith("."), (resource["name"], field["name"])
            if field["type"] != "string":
                assert field["unit"], (resource["name"], field["name"])


def test_numbers_have_nullable_types() -> None:
    frame = carbite.outcomes()
    assert str(frame["events"].dtype) == "Int64"
    assert str(frame["note"].dtype) == "string"
    assert str(carbite.trials()["age_median_years"].dtype) == "Float64"
    assert frame["events"].isna().any()


def test_frames_and_records_are_fresh_copies() -> None:
    frame = carbite.trials()
    frame["name"] = "changed"
    carbite.records("trials")[0]["name"] = "changed"
    assert "changed" not in set(carbite.trials()["name"])
    assert carbite.records("trials")[0]["name"] != "changed"


def test_outcomes_by_comparison_and_source() -> None:
    frame = carbite.outcomes("davis_cr", as_reported_by="davis-mackall-2016")
    assert list(frame["trial_id"]) == list(DAVIS)
    assert carbite.outcomes("cr", as_reported_by="davis-mackall-2016").empty
    with pytest.raises(ValueError, match=r"no comparison_id 'survival'; expected one of cr, mrd_among_cr"):
        carbite.outcomes("survival")
    with pytest.raises(ValueError, match=r"no source_id 'smith-1999'; expected one of molina-shah-2021"):
        carbite.outcomes(as_reported_by="smith-1999")
    with pytest.raises(ValueError, match=r"no table 'prices'; expected one of sources, trials"):
        carbite.records("prices")


def best(trial: str, endpoint: str) -> dict[str, tuple[int, int, str]]:
    """The best rows with a count: events, n and status by outcome_id."""
    frame = carbite.outcomes(best=True).dropna(subset=["events"])
    rows = frame[(frame["trial_id"] == trial) & (frame["endpoint"] == endpoint)]
    return {row.outcome_id: (row.events, row.n, row.status) for row in rows.itertuples()}


def test_the_best_rows_keep_what_differs_by_denominator_or_population() -> None:
    assert best("seattle", "cr") == {
        "seattle-cr": (42, 45, "derived"),
        "seattle-cr-infused": (40, 43, "secondary"),
        "seattle-cr-enrolled": (40, 45, "derived"),
    }
    assert best("hebei", "cr") == {"hebei-cr": (46, 51, "derived"), "pan-2017-cr-rr": (36, 40, "primary")}
    # The row of all ages and those of the two age groups are three questions.
    assert best("kantarjian-2016", "cr") == {
        "kantarjian-2016-davis-cr": (123, 261, "derived"),
        "kantarjian-2016-cr-older": (20, 36, "primary"),
        "kantarjian-2016-cr-younger": (104, 225, "primary"),
    }


def test_the_best_row_is_the_one_closest_to_the_trial() -> None:
    # The trial's own report before the article, a possible percentage before an impossible one.
    assert best("fhcrc", "mrd") == {
        "hay-2019-mrd-all": (45, 53, "primary"),
        "fhcrc-mrd-among-cr-all-patients": (45, 45, "derived"),
    }
    assert "hebei-mrd-among-cr" not in best("hebei", "mrd")
    assert best("hebei", "mrd")["hebei-mrd-among-cr-all-patients"] == (45, 46, "derived")
    # A count that the trial's abstract gives before the cell that was lost.
    assert best("kantarjian-2016", "severe_crs") == {"kantarjian-2016-severe-crs-primary": (5, 261, "derived")}
    # The article before a review, whose denominator is only stated more fully; not so another time point.
    assert "upenn-chop-mrd-all-secondary" not in best("upenn-chop", "mrd")
    assert set(best("tower", "severe_crs")) == {
        "tower-severe-crs-primary",
        "stein-2019-tower-first-cycle-severe-crs",
    }


def test_the_best_rows_of_a_comparison_replace_those_that_give_way() -> None:
    own, chosen = (set(carbite.outcomes("davis_cr", best=b)["outcome_id"]) for b in (False, True))
    assert own - chosen == {
        *("schlegel-2014-davis-cr", "mskcc-2014-davis-cr", "fhcrc-2016-davis-cr"),
        *("upenn-chop-davis-cr", "mt103-206-davis-cr", "mt103-211-davis-cr"),
    }
    assert chosen - own == {
        *("schlegel-2014-cr-primary", "davila-2014-cr", "turtle-2016-cr"),
        *("upenn-chop-cr", "mt103-206-cr", "mt103-211-cr"),
    }
    with pytest.raises(ValueError, match=r"best=True chooses between sources, as_reported_by keeps one"):
        carbite.outcomes(as_reported_by="molina-shah-2021", best=True)


def test_the_best_rows_do_not_depend_on_the_order_of_other_trials() -> None:
    rows = carbite.records("outcomes")
    kinds = {row["source_id"]: row["kind"] for row in carbite.records("sources")}
    stays = closest(rows, kinds)
    assert set(stays) == {row["outcome_id"] for row in rows}
    by_trial = sorted(rows, key=lambda row: row["trial_id"], reverse=True)
    assert closest(by_trial, kinds) == stays
    # Choosing once more among the rows that stay changes nothing.
    kept = [row for row in rows if row["outcome_id"] in set(stays.values())]
    assert all(outcome == own for own, outcome in closest(kept, kinds).items())
    assert all(stays[outcome] == outcome for outcome in stays.values())


def test_nr_na_and_empty_stay_different() -> None:
    shown = {row["outcome_id"]: row["percent_printed"] for row in carbite.records("outcomes")}
    assert shown["tower-relapse-among-cr"] == "NR"
    assert shown["blast-cr"] == "NA"
    assert shown["turtle-2015-davis-severe-crs"] is None
    assert carbite.outcomes().set_index("outcome_id").loc["blast-cr", "percent_printed"] == "NA"


def test_importing_carbite_loads_neither_pandas_nor_scipy() -> None:
    code = (
        "import sys, carbite; carbite.records('trials'); carbite.__version__;"
        "print(sorted({'pandas', 'scipy', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_exported_name_can_be_had_and_no_other() -> None:
    for name in carbite.__all__:
        assert getattr(carbite, name) is not None
    assert set(carbite.__all__) <= set(dir(carbite))
    # A submodule of the same name would hide the function once it is imported.
    package = Path(carbite.__file__).parent
    assert not {path.stem for path in package.glob("[a-z]*")} & (set(carbite.__all__) - {"__version__"})
    with pytest.raises(AttributeError, match=r"module 'carbite' has no attribute 'prices'"):
        _ = carbite.prices


def test_data_of_an_installed_wheel_come_before_those_of_the_source_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "carbite"
    (package / "data").mkdir(parents=True)
    monkeypatch.setattr(evidence, "__file__", str(package / "evidence.py"))
    assert evidence.data_directory() == package / "data"
    (package / "data").rmdir()
    assert evidence.data_directory() == tmp_path / "data"


# ---- the numbers of the articles


# The sets of metafor's reference results that hold the counts of a comparison, in the order of its table.
# Those of severe neurotoxicity are not among them.
REFERENCE_SETS = {
    ("cr", "bispecific"): "molina_blina_CR",
    ("cr", "car_t"): "molina_car_CR",
    ("mrd_among_cr", "bispecific"): "molina_blina_MRD_among_CR",
    ("mrd_among_cr", "car_t"): "molina_car_MRD_among_CR",
    ("relapse_among_cr", "bispecific"): "molina_blina_relapse_among_CR",
    ("relapse_among_cr", "car_t"): "molina_car_relapse_among_CR",
    ("davis_cr", "bispecific"): "davis_blina_CR",
    ("davis_cr", "car_t"): "davis_car_CR",
    ("davis_severe_crs", "bispecific"): "davis_blina_sCRS",
    ("davis_severe_crs", "car_t"): "davis_car_sCRS",
}


@pytest.mark.parametrize(("comparison", "arm"), REFERENCE_SETS)
def test_counts_are_those_of_the_reference_sets(comparison: str, arm: str) -> None:
    reference = json.loads((REFERENCE / "metafor_reference.json").read_text(encoding="utf-8"))["sets"]
    arm_of = carbite.trials().set_index("trial_id")["arm"]
    rows = printed(comparison).dropna(subset=["events"])
    of_arm = rows[[arm_of[trial] == arm for trial in rows.index]]
    counts = reference[REFERENCE_SETS[comparison, arm]]
    assert (list(of_arm["events"]), list(of_arm["n"])) == (counts["xi"], counts["ni"])


@pytest.mark.parametrize("trial", [trial for trial in MOLINA if trial not in MRD_ONLY])
def test_molina_rows_are_derived_from_the_printed_table(trial: str) -> None:
    n, cr, mrd, relapse = MOLINA[trial]
    remissions = half_up(n, cr)
    row = printed("cr").loc[trial]
    assert (row["percent_printed"], row["events"], row["n"]) == (str(cr), remissions, n)
    row = printed("mrd_among_cr").loc[trial]
    assert (row["percent_printed"], row["events"], row["n"]) == (
        str(mrd),
        half_up(remissions, mrd),
        remissions,
    )
    row = printed("relapse_among_cr").loc[trial]
    if relapse is None:
        assert (row["percent_printed"], row["events"], row["default"]) == ("NR", pd.NA, "no")
        assert trial not in printed("remission_kept").index
    else:
        relapses = half_up(remissions, relapse)
        assert (row["percent_printed"], row["events"], row["n"]) == (str(relapse), relapses, remissions)
        kept = printed("remission_kept").loc[trial]
        assert (kept["events"], kept["n"], kept["status"]) == (remissions - relapses, n, "derived")


@pytest.mark.parametrize("trial", MRD_ONLY)
def test_mrd_only_cohorts_stand_outside_every_comparison_of_response(trial: str) -> None:
    n, _, mrd, relapse = MOLINA[trial]
    rows = {row["outcome_id"]: row for row in carbite.records("outcomes") if row["trial_id"] == trial}
    compared = {row["endpoint"] for row in rows.values() if row["comparison_id"]}
    assert compared <= {"severe_crs", "severe_neurotoxicity"}
    assert (rows[f"{trial}-cr"]["percent_printed"], rows[f"{trial}-cr"]["events"]) == ("NA", None)
    assert (rows[f"{trial}-mrd"]["events"], rows[f"{trial}-mrd"]["n"]) == (half_up(n, mrd), n)
    assert (rows[f"{trial}-relapse"]["events"], rows[f"{trial}-relapse"]["n"]) == (half_up(n, relapse), n)


@pytest.mark.parametrize("trial", DAVIS)
def test_davis_rows_are_derived_from_the_printed_table(trial: str) -> None:
    n, *percents = DAVIS[trial]
    for comparison, percent in zip(
        ("davis_cr", "davis_severe_crs", "davis_severe_neurotoxicity"), percents, strict=True
    ):
        row = printed(comparison).loc[trial]
        lost = trial == "kantarjian-2016" and comparison == "davis_severe_neurotoxicity"
        if percent is None:
            assert pd.isna(row["percent_printed"])
            assert pd.isna(row["events"])
        elif n is None or lost:
            assert row["percent_printed"] == percent
            assert pd.isna(row["events"])
            assert "lost-cell" in row["flag"]
        else:
            events = 0 if percent == "<1" else half_up(n, float(percent))
            assert (row["percent_printed"], row["events"], row["n"]) == (percent, events, n)


def test_four_percentages_of_the_mrd_column_can_only_be_of_all_patients() -> None:
    only_of_all = {}
    for trial, (n, cr, mrd, _) in MOLINA.items():
        if cr is None:
            continue
        remissions = half_up(n, cr)
        # MRD-negative remissions cannot outnumber remissions.
        of_all = [k for k in evidence.consistent_events(n, str(mrd)) if k <= remissions]
        if not evidence.consistent_events(remissions, str(mrd)) and of_all:
            only_of_all[trial] = (of_all, remissions)
    assert only_of_all == {
        "eliana": ([61], 61),
        "fhcrc": ([45], 45),
        "hebei": ([45], 46),
        "carpall": ([12], 12),
    }
    frame = carbite.outcomes("mrd_among_cr")
    rows = frame[frame["reading"] == "all-patients"]
    assert {r.trial_id: ([r.events], r.n) for r in rows.itertuples()} == only_of_all
    among_all = printed("mrd_all")
    assert {trial: [among_all.loc[trial, "events"]] for trial in only_of_all} == {
        trial: counts for trial, (counts, _) in only_of_all.items()
    }


# The percentages of the four articles that no count of their number of patients gives, by article.
IMPOSSIBLE = {
    "molina-shah-2021": {
        *(("mt103-211", "82"), ("coh-blinatumomab", "63"), ("upenn-chop", "88"), ("mskcc", "67"), ("eliana", "81")),
        *(("fhcrc", "85"), ("hebei", "88"), ("coh-car", "91"), ("carpall", "86")),
    },
    "davis-mackall-2016": {
        *(("gore-2014", "31"), ("nci", "29"), ("fhcrc-2016", "23"), ("fhcrc-2016", "50"), ("turtle-2015", "91")),
    },
    "subklewe-2021": {("eliana", "46")},
    "lussana-2021": {
        *(("mrd-pilot", "80"), ("mt103-211", "82"), ("nhl-phase-2", "36"), ("nhl-phase-2", "16")),
        *(("dlbcl-consolidation", "15"), ("odronextamab", "96")),
        *(("glofitamab-atezolizumab", "60"), ("glofitamab-atezolizumab", "36")),
    },
}


@pytest.mark.parametrize("source", IMPOSSIBLE)
def test_impossible_percentages_are_flagged_with_the_numbers_that_would_fit(source: str) -> None:
    frame = carbite.outcomes(as_reported_by=source)
    flagged = frame[frame["flag"].str.contains("impossible-percent", na=False)].dropna(subset=["percent_printed", "n"])
    assert {(row.trial_id, row.percent_printed) for row in flagged.itertuples()} == IMPOSSIBLE[source]
    for row in flagged.itertuples():
        assert not evidence.consistent_events(row.n, row.percent_printed)
        named = {int(number) for number in re.findall(r"\d+", row.note)} - {row.n, int(row.percent_printed)}
        assert any(evidence.consistent_events(n, row.percent_printed) for n in named if n > 9), row.outcome_id


def test_mrd_among_all_treated_has_every_trial_over_all_its_patients() -> None:
    among_all, remissions = printed("mrd_all"), printed("cr")
    assert list(among_all.index) == list(remissions.index)
    assert list(among_all["n"]) == list(remissions["n"])
    assert (among_all["events"] <= remissions["events"]).all()
    children = among_all.loc["mt103-205"]
    assert (children["events"], children["n"], children["percent_printed"]) == (14, 70, "20")


def test_burden_strata_of_mskcc_are_the_only_ones_possible() -> None:
    shares = {"cr": ("95", "75"), "severe-crs": ("5", "41"), "severe-neurotoxicity": ("14", "59")}
    splits = []
    for low in range(1, 53):
        counts = {
            key: [evidence.consistent_events(m, percent) for m, percent in zip((low, 53 - low), pair, strict=True)]
            for key, pair in shares.items()
        }
        if all(len(found) for pair in counts.values() for found in pair):
            splits.append(
                {
                    key: [(list(k), m) for k, m in zip(pair, (low, 53 - low), strict=True)]
                    for key, pair in counts.items()
                }
            )
    rows = carbite.outcomes().set_index("outcome_id")
    assert splits == [
        {
            key: [
                (
                    [rows.loc[f"mskcc-{key}-{stratum}-burden", "events"]],
                    rows.loc[f"mskcc-{key}-{stratum}-burden", "n"],
                )
                for stratum in ("low", "high")
            ]
            for key in shares
        }
    ]
    assert rows.loc[["mskcc-cr-low-burden", "mskcc-cr-high-burden"], "events"].sum() == rows.loc["mskcc-cr", "events"]


def test_enrolment_counts_have_their_sources() -> None:
    trials = carbite.trials().set_index("trial_id")
    for trial, enrolled, infused, source in (
        ("eliana", 92, 75, "subklewe-2021"),
        ("juliet", 165, 111, "subklewe-2021"),
        ("zuma-1", 111, 101, "subklewe-2021"),
        ("tower", 271, 267, "subklewe-2021"),
        ("tower-chemotherapy", 134, 109, "kantarjian-2017"),
        ("seattle", 45, 43, "jcm-2023"),
    ):
        row = trials.loc[trial]
        assert (row["enrolled"], row["infused"], row["enrolled_source_id"]) == (enrolled, infused, source)
        assert row["enrolled_locator"]
        received = carbite.outcomes().set_index("outcome_id").loc[f"{trial}-received"]
        assert (received["events"], received["n"]) == (infused, enrolled)


def test_remissions_counted_by_infusion_and_by_enrolment() -> None:
    frame = carbite.outcomes("cr")
    other = frame[frame["reading"] != "printed"]
    assert {(r.trial_id, r.reading): (r.events, r.n) for r in other.itertuples()} == {
        ("tower", "infused"): (119, 267),
        ("eliana", "enrolled"): (61, 92),
        ("seattle", "infused"): (40, 43),
        ("seattle", "enrolled"): (40, 45),
    }
    trials = carbite.trials().set_index("trial_id")
    assert all(r.n == trials.loc[r.trial_id, r.reading] for r in other.itertuples())


@pytest.mark.parametrize(
    ("comparison", "zuma_1", "juliet", "transcend"), [("lymphoma_cr", 55, 45, 136), ("lymphoma_response", 83, 61, 187)]
)
def test_responses_of_lymphoma_counted_by_infusion_and_by_enrolment(
    comparison: str, zuma_1: int, juliet: int, transcend: int
) -> None:
    """Patients who never got cells, or could not be evaluated, are failures: the events stay, n grows."""
    frame = carbite.outcomes(comparison)
    other = frame[frame["reading"] != "printed"]
    assert {(r.trial_id, r.reading): (r.events, r.n) for r in other.itertuples()} == {
        ("zuma-1", "enrolled"): (zuma_1, 111),
        ("juliet", "infused"): (juliet, 115),
        ("juliet", "enrolled"): (juliet, 167),
        ("transcend", "infused"): (transcend, 269),
        ("transcend", "enrolled"): (transcend, 344),
    }


def test_no_patient_is_counted_twice_by_default() -> None:
    cohorts = {row["trial_id"]: set(row["cohort_ids"].split()) for row in carbite.records("trials")}
    overlaps = []
    for comparison in carbite.records("comparisons"):
        rows = [
            row
            for row in carbite.records("outcomes")
            if row["comparison_id"] in evidence.comparison_parts(comparison["comparison_id"])
            and row["reading"] == "printed"
            and row["n"]
        ]
        for a, b in combinations(rows, 2):
            if cohorts[a["trial_id"]] & cohorts[b["trial_id"]]:
                overlaps.append((a["trial_id"], b["trial_id"]))
                assert "no" in (a["default"], b["default"]), overlaps[-1]
                assert "overlap" in a["flag"].split(), a["outcome_id"]
                assert "overlap" in b["flag"].split(), b["outcome_id"]
    assert ("mskcc-2014", "mskcc-2015") in overlaps


def test_every_comparison_opens_with_its_printed_reading_and_two_arms() -> None:
    arm_of = carbite.trials().set_index("trial_id")["arm"]
    for comparison in carbite.records("comparisons"):
        own = [r for r in carbite.records("readings") if r["comparison_id"] == comparison["comparison_id"]]
        assert own[0]["reading"] == "printed"
        frame = carbite.outcomes(comparison["comparison_id"])
        assert set(frame["endpoint"]) == {comparison["endpoint"]}
        ticked = frame[frame["default"] == "yes"]
        assert set(ticked["reading"]) == {"printed"}
        assert {arm_of[trial] for trial in ticked["trial_id"]} == {"bispecific", "car_t"}
        if comparison["conditional_on"] == "responders":
            assert comparison["companion_id"]


def test_a_comparison_that_extends_another_has_its_rows_and_leaves_it_alone() -> None:
    """The trials of the debate's own comparison are those of its table, whatever was reported later."""
    published, later = carbite.outcomes("cr"), carbite.outcomes("cr_later")
    own = [row["outcome_id"] for row in carbite.records("outcomes") if row["comparison_id"] == "cr_later"]
    assert list(later["outcome_id"]) == [*published["outcome_id"], *own]
    assert own
    assert set(published["trial_id"]) == {trial for trial in MOLINA if trial not in MRD_ONLY}
    assert "zuma-3" not in set(published["trial_id"])
    # Others may join.
    assert set(later["trial_id"]) - set(published["trial_id"]) >= {
        *("zuma-3-phase-1", "zuma-3", "felix", "german-registry", "cibmtr-2025")
    }
    assert set(carbite.outcomes("cr_later", best=True)["trial_id"]) == set(later["trial_id"])


def test_later_counts_print_as_their_sources_have_them() -> None:
    """Counts that the abstracts print beside their percentages."""
    rows = carbite.outcomes().set_index("outcome_id")
    for outcome, events, n, percent in (
        ("zuma-3-cr", 39, 55, "70.9"),
        ("zuma-3-cr-enrolled", 39, 71, None),
        ("german-registry-cr", 71, 81, "87.7"),
    ):
        row = rows.loc[outcome]
        assert (row["events"], row["n"]) == (events, n)
        assert pd.isna(row["percent_printed"]) if percent is None else row["percent_printed"] == percent
    trials = carbite.trials().set_index("trial_id")
    for trial in ("zuma-3", "felix"):
        for name in ("enrolled", "infused"):
            assert trials.loc[trial, name] == int(evidence.row("follow_up", f"{trial}-{name}")["value"])


def test_survival_keeps_the_endpoint_that_the_footnotes_give() -> None:
    rows = carbite.survival().set_index("survival_id")
    assert (rows.loc["tower-efs-6", "endpoint"], rows.loc["tower-efs-6", "value"]) == ("efs", "31")
    assert (rows.loc["nci-lfs-5", "endpoint"], rows.loc["nci-lfs-5", "landmark_months"]) == ("lfs", 5)
    assert (rows.loc["tower-chemotherapy-os", "value"], rows.loc["tower-chemotherapy-os-text", "value"]) == (
        "4.0",
        "4.4",
    )
    assert rows.loc["fhcrc-os-responders", "n"] == 45
    assert rows.loc["coh-car-os", "value"] == "NR"


def test_the_claims_are_complete_each_in_one_chapter() -> None:
    claims = carbite.records("claims")
    assert len(claims) == 125
    numbered = {
        prefix: [int(c["claim_id"][2:]) for c in claims if c["claim_id"].startswith(prefix)] for prefix in CLAIMS
    }
    assert numbered == {prefix: list(range(1, count + 1)) for prefix, count in CLAIMS.items()}
    assert {row["chapter"] for row in claims} == CHAPTERS
    # A proposition is one plain sentence.
    assert max(len(row["proposition"].split()) for row in claims) <= 33
    assert all(row["proposition"].endswith(".") for row in claims)


def test_what_numbers_test_of_a_claim_is_named() -> None:
    for row in carbite.records("claims"):
        if row["testability"] in ("yes", "partly"):
            assert row["tests"] or row["rests_on"], row["claim_id"]


def test_each_known_contradiction_has_its_row() -> None:
    """A to E: within and between the articles; F: against the trials' own reports."""
    known = {
        f"{letter}{i}"
        for letter, count in zip("ABCDEF", (20, 17, 30, 14, 18, 31), strict=True)
        for i in range(1, count + 1)
    }
    # F25 rests on a review that cannot be cited: it is listed in left_out.csv.
    assert {code for row in carbite.records("discrepancies") for code in row["codes"].split()} == known - {"F25"}


def test_a_value_that_gives_way_is_explained() -> None:
    """Rows that are doubtful say why in their note."""
    for row in carbite.records("outcomes"):
        doubtful = row["flag"] or row["status"] in ("derived", "secondary") or row["default"] == "no"
        if doubtful and row["comparison_id"]:
            assert row["note"], row["outcome_id"]


# ---- which counts print as a percentage


def test_consistent_events_is_rounding_half_up() -> None:
    for n in range(1, 61):
        shares = {k: Decimal(100 * k) / n for k in range(n + 1)}
        for places in ("1", "0.1"):
            prints_as: dict[str, list[int]] = {}
            for k, share in shares.items():
                prints_as.setdefault(str(share.quantize(Decimal(places), ROUND_HALF_UP)), []).append(k)
            for percent, counts in prints_as.items():
                assert list(evidence.consistent_events(n, percent)) == counts, (n, percent)
            gaps = {str(p) for p in range(101)} - set(prints_as) if places == "1" else set()
            assert not any(evidence.consistent_events(n, percent) for percent in gaps), n


@pytest.mark.parametrize(("n", "counts"), [(36, [0]), (100, [0]), (101, [0, 1]), (250, [0, 1, 2])])
def test_below_one_percent(n: int, counts: list[int]) -> None:
    assert list(evidence.consistent_events(n, "<1")) == counts


@pytest.mark.parametrize(("n", "percent"), [(0, "50"), (-3, "50"), (10, "NR"), (10, "50 %"), (10, "-5"), (10, "")])
def test_consistent_events_refuses_what_is_no_percentage(n: int, percent: str) -> None:
    with pytest.raises(ValueError, match=rf"{re.escape(repr(percent))} percent of {n}; expected such as '93'"):
        evidence.consistent_events(n, percent)


# ---- bad data: one error that names file, line, field, value and what is expected


def line_of(path: Path, row_id: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, start=1) if line.startswith(f"{row_id},"))


def set_cell(table: str, row_id: str, column: str, value: str) -> Callable[[Path], int]:
    """A mutation that changes one cell and returns its line. No cell before it may hold a comma."""

    def mutate(data: Path) -> int:
        path = data / f"{table}.csv"
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        frame.loc[frame.iloc[:, 0] == row_id, column] = value
        frame.to_csv(path, index=False, lineterminator="\n")
        return line_of(path, row_id)

    return mutate


def edit_text(table: str, line: int, change: Callable[[str], str]) -> Callable[[Path], int]:
    def mutate(data: Path) -> int:
        path = data / f"{table}.csv"
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8", newline="")
        return line

    return mutate


def duplicate_first_row(data: Path) -> int:
    path = data / "trials.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]), encoding="utf-8", newline="")
    return len(lines) + 1


def duplicate_count(data: Path) -> int:
    """A second row of the same comparison, trial and reading under a new id."""
    path = data / "outcomes.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    row = next(line for line in lines if line.startswith("eliana-cr,"))
    path.write_text("".join([*lines, row.replace("eliana-cr,", "eliana-cr-again,")]), encoding="utf-8", newline="")
    return len(lines) + 1


def encode_as_latin_1(data: Path) -> int:
    path = data / "sources.csv"
    line = line_of(path, "topp-2014")
    path.write_bytes(path.read_text(encoding="utf-8").replace("–", "-").encode("latin-1"))
    # The first cell with an umlaut is an author of an earlier row.
    return next(i for i, text in enumerate(path.read_bytes().split(b"\n"), start=1) if b"\xf6" in text and i <= line)


def cut_off(data: Path) -> int:
    path = data / "survival.csv"
    path.write_bytes(path.read_bytes()[:-30])
    return path.read_bytes().count(b"\n") + 1


def cut_row(data: Path) -> int:
    """The last row loses its last cells but keeps its line end."""
    path = data / "survival.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:-1], ",".join(lines[-1].split(",")[:3])]) + "\n", encoding="utf-8", newline="")
    return len(lines)


def open_quote(data: Path) -> int:
    path = data / "readings.csv"
    path.write_text(path.read_text(encoding="utf-8") + 'cr,"other,label,note\n', encoding="utf-8", newline="")
    return path.read_text(encoding="utf-8").count("\n")


BAD = {
    "unknown trial": (
        set_cell("outcomes", "eliana-cr", "trial_id", "elyana"),
        ("outcomes.csv", "trial_id", "elyana", "a trial_id of trials.csv"),
    ),
    "events above n": (
        set_cell("outcomes", "eliana-cr", "events", "76"),
        ("outcomes.csv", "events", "76", "at most n, which is 75"),
    ),
    "events without n": (
        set_cell("outcomes", "eliana-received", "n", ""),
        ("outcomes.csv", "n", "", "events and n both given, or both empty"),
    ),
    "events that do not print as the percentage": (
        set_cell("outcomes", "eliana-cr", "events", "60"),
        ("outcomes.csv", "events", "60", "61 to 61, which print as 81 % of 75"),
    ),
    "impossible percentage without its flag": (
        set_cell("outcomes", "gore-2014-davis-cr", "flag", ""),
        ("outcomes.csv", "percent_printed", "31", "a share that a count of 31 gives, or the flag"),
    ),
    "flag of an impossible percentage that is possible": (
        set_cell("outcomes", "eliana-cr", "flag", "impossible-percent"),
        ("outcomes.csv", "flag", "impossible-percent", "only where no count prints as the percentage"),
    ),
    "flag of an impossible percentage without a count": (
        set_cell("outcomes", "blast-cr", "flag", "impossible-percent"),
        ("outcomes.csv", "flag", "impossible-percent", "only where no count prints as the percentage"),
    ),
    "wrong range of integers": (
        set_cell("outcomes", "tower-cr", "events_high", "119"),
        ("outcomes.csv", "events_high", "119", "120, from 44 % of 271"),
    ),
    "ticked row without a count": (
        set_cell("outcomes", "tower-relapse-among-cr", "default", "yes"),
        ("outcomes.csv", "default", "yes", "no: the row has no count or no comparison"),
    ),
    "verdict that the reports do not give": (
        set_cell("predictions", "m-lower-cost", "verdict", "held"),
        ("predictions.csv", "verdict", "held", "failed, from supports and opposes"),
    ),
    "report that is not there": (
        set_cell("predictions", "m-lower-cost", "opposes", "obe-cel-prize"),
        ("predictions.csv", "opposes", "obe-cel-prize", "ids of follow_up.follow_up_id or milestones.milestone_id"),
    ),
    "comparison that extends another question": (
        set_cell("comparisons", "cr_later", "extends", "severe_crs"),
        ("comparisons.csv", "extends", "severe_crs", "a comparison with the same endpoint"),
    ),
    "comparison that extends itself": (
        set_cell("comparisons", "cr_later", "extends", "cr_later"),
        ("comparisons.csv", "extends", "cr_later", "that extends none itself"),
    ),
    "later row of a trial that the comparison has already": (
        set_cell("outcomes", "zuma-3-cr", "trial_id", "eliana"),
        ("outcomes.csv", "trial_id", "eliana", "a trial without a row in cr"),
    ),
    "endpoint of another comparison": (
        set_cell("outcomes", "eliana-cr", "endpoint", "mrd"),
        ("outcomes.csv", "endpoint", "mrd", "cr, as in cr"),
    ),
    "percentage above all": (
        set_cell("outcomes", "juliet-cr", "percent_printed", "140"),
        ("outcomes.csv", "percent_printed", "140", "at most 100 percent"),
    ),
    "comparison without a reading": (
        set_cell("outcomes", "eliana-cr", "reading", ""),
        ("outcomes.csv", "reading", "", "comparison_id and reading both given"),
    ),
    "reading that the comparison does not have": (
        set_cell("outcomes", "eliana-cr", "reading", "all-patients"),
        ("outcomes.csv", "reading", "all-patients", "a comparison_id + reading of readings.csv"),
    ),
    "duplicate key": (
        duplicate_first_row,
        ("trials.csv", "trial_id", "mrd-pilot", "trial_id once: line 2 has mrd-pilot too"),
    ),
    "duplicate count": (
        duplicate_count,
        ("outcomes.csv", "reading", "printed", "comparison_id + trial_id + reading once"),
    ),
    "missing source": (
        set_cell("outcomes", "eliana-cr", "source_id", "smith-1999"),
        ("outcomes.csv", "source_id", "smith-1999", "a source_id of sources.csv, not smith-1999"),
    ),
    "no source": (
        set_cell("outcomes", "eliana-cr", "source_id", ""),
        ("outcomes.csv", "source_id", "", "a value: the field is required"),
    ),
    "enrolment without a source": (
        set_cell("trials", "eliana", "enrolled_source_id", ""),
        ("trials.csv", "enrolled_source_id", "", "a source exactly where"),
    ),
    "more infused than enrolled": (
        set_cell("trials", "eliana", "infused", "93"),
        ("trials.csv", "infused", "93", "at most the 92 enrolled"),
    ),
    "median age outside the range": (
        set_cell("trials", "eliana", "age_median_years", "24"),
        ("trials.csv", "age_median_years", "24.0", "the youngest to that of the oldest"),
    ),
    "word for a number": (
        set_cell("trials", "eliana", "enrolled", "ninety-two"),
        ("trials.csv", "enrolled", "ninety-two", "a value of type integer"),
    ),
    "fraction of a patient": (
        set_cell("trials", "eliana", "enrolled", "92.5"),
        ("trials.csv", "enrolled", "92.5", "a value of type integer"),
    ),
    "NR in a numeric column": (
        set_cell("trials", "eliana", "age_median_years", "NR"),
        ("trials.csv", "age_median_years", "NR", "a value of type number"),
    ),
    "number below its minimum": (
        set_cell("outcomes", "eliana-received", "events", "-1"),
        ("outcomes.csv", "events", "-1", "at least 0"),
    ),
    "number above its maximum": (
        set_cell("trials", "eliana", "age_max_years", "230"),
        ("trials.csv", "age_max_years", "230", "at most 120"),
    ),
    "value outside its list": (
        set_cell("trials", "eliana", "arm", "CAR T"),
        ("trials.csv", "arm", "CAR T", "one of car_t, bispecific, chemotherapy"),
    ),
    "percentage with its sign": (
        set_cell("outcomes", "eliana-cr", "percent_printed", "81%"),
        ("outcomes.csv", "percent_printed", "81%", "the pattern"),
    ),
    "space at the end of a cell": (
        set_cell("trials", "eliana", "name", "ELIANA "),
        ("trials.csv", "name", "ELIANA ", "no space at either end"),
    ),
    "sign that turns the text around it": (
        set_cell("trials", "eliana", "name", "ELI\u202eANA"),
        ("trials.csv", "name", "ELI\u202eANA", "only signs that can be seen"),
    ),
    "control sign": (
        set_cell("trials", "eliana", "name", "ELI\x00ANA"),
        ("trials.csv", "name", "ELI\x00ANA", "only signs that can be seen"),
    ),
    "text that a spreadsheet would run": (
        set_cell("trials", "eliana", "name", "=1+1"),
        ("trials.csv", "name", "=1+1", "no sign at its start that makes a spreadsheet run it"),
    ),
    "claim that rests on nothing known": (
        set_cell("claims", "EF3", "rests_on", "eliana-cr eliana-os"),
        (
            "claims.csv",
            "rests_on",
            "eliana-cr eliana-os",
            "ids of outcomes.outcome_id or survival.survival_id",
        ),
    ),
    "landmark without a time": (
        set_cell("survival", "eliana-efs-12", "landmark_months", ""),
        ("survival.csv", "landmark_months", "", "a time exactly where kind is landmark"),
    ),
    "median in percent": (
        set_cell("survival", "mskcc-efs", "unit", "percent"),
        ("survival.csv", "unit", "percent", "months for a median"),
    ),
    "survival outside its interval": (
        set_cell("survival", "mskcc-efs-primary", "ci_low", "7"),
        ("survival.csv", "value", "6.1", "a value from ci_low to ci_high"),
    ),
    "survival above all": (
        set_cell("survival", "eliana-efs-12", "value", "500"),
        ("survival.csv", "value", "500", "at most 100 percent"),
    ),
    "quantity in free words": (
        set_cell("kinetics", "davis-half-life", "value", "around two"),
        ("kinetics.csv", "value", "around two", "a number, two joined by to, several joined by then"),
    ),
    "number that the value does not name": (
        set_cell("kinetics", "davis-half-life", "low", "3"),
        ("kinetics.csv", "low", "3.0", "2.11, from 2.11"),
    ),
    "limit on the open side of a value": (
        set_cell("costs", "subklewe-price-car-t", "high", "400000"),
        ("costs.csv", "high", "400000.0", "an empty cell, from above 350000"),
    ),
    "category with a number": (
        set_cell("statements", "davis-inotuzumab", "low", "1"),
        ("statements.csv", "low", "1.0", "an empty cell, from impressive"),
    ),
    "higher number first": (
        lambda data: [
            set_cell("delivery", "subklewe-presentation-to-transfusion", column, value)(data)
            for column, value in (("value", "54 to 17"), ("low", "54"), ("high", "17"))
        ][-1],
        ("delivery.csv", "value", "54 to 17", "the lower number first"),
    ),
    "fact without its row": (
        set_cell("coverage", "L265", "row_id", "ro7227165"),
        ("coverage.csv", "row_id", "ro7227165", "a row of constructs"),
    ),
    "stray column": (
        edit_text("readings", 1, lambda text: text.replace("label,note\n", "label,note,colour\n", 1)),
        (
            "readings.csv",
            "colour",
            "a stray column",
            "the columns comparison_id, reading, label, note, in this order",
        ),
    ),
    "missing column": (
        edit_text("readings", 1, lambda text: text.replace("reading,label,note\n", "reading,note\n", 1)),
        (
            "readings.csv",
            "label",
            "no such column",
            "the columns comparison_id, reading, label, note, in this order",
        ),
    ),
    "columns in another order": (
        edit_text("readings", 1, lambda text: text.replace("label,note\n", "note,label\n", 1)),
        ("readings.csv", "label", "comparison_id,reading,note,label", "label, note, in this order"),
    ),
    "repeated column": (
        edit_text("readings", 1, lambda text: text.replace("label,note\n", "label,note,note\n", 1)),
        ("readings.csv", "note", "comparison_id,reading,label,note,note", "label, note, in this order"),
    ),
    "byte order mark": (
        edit_text("trials", 1, lambda text: "\ufeff" + text),
        ("trials.csv", "trial_id", "\ufeff", "UTF-8 without a byte order mark"),
    ),
    "latin-1": (encode_as_latin_1, ("sources.csv", "authors", "Kantarjian H; Stein A; Gö", "text in UTF-8")),
    "file cut off": (cut_off, ("survival.csv", None, "primary,A", "a line end: the file is cut off")),
    "row cut off": (cut_row, ("survival.csv", "kind", "os", "15 cells in the line, not 3")),
    "open quote": (open_quote, ("readings.csv", None, "unexpected end of data", "quotes as in RFC 4180")),
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return shutil.copytree(DATA, tmp_path / "data")


def test_the_copy_is_good_before_it_is_spoilt(data: Path) -> None:
    assert list(evidence.load(data)) == TABLES


@pytest.mark.parametrize("name", BAD)
def test_bad_data_are_refused_with_one_clear_message(name: str, data: Path) -> None:
    mutate, (file, field, value, expected) = BAD[name]
    line = mutate(data)
    with pytest.raises(evidence.DataError) as caught:
        evidence.load(data)
    error = caught.value
    assert (error.file, error.line, error.field) == (file, line, field)
    assert value in error.value
    assert expected in error.expected
    place = f"{file}, line {line}" + (f", field {field}" if field else "")
    assert str(error) == f"{place}: {error.value!r}; expected {error.expected}"


@pytest.mark.parametrize("name", ["outcomes.csv", "datapackage.json"])
def test_missing_file(name: str, data: Path) -> None:
    (data / name).unlink()
    with pytest.raises(evidence.DataError, match=rf"^{re.escape(name)}: 'no such file'; expected it in "):
        evidence.load(data)


def test_broken_package_description(data: Path) -> None:
    path = data / "datapackage.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"name": "car-or-bite",', '"name" "car-or-bite",'))
    with pytest.raises(evidence.DataError, match=r"^datapackage.json, line 2: '\"car-or-bite\",.*expected JSON"):
        evidence.load(data)


def test_nothing_is_loaded_half(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in one table keeps back all of them, and the repaired files load without a restart."""
    good = (data / "claims.csv").read_bytes()
    set_cell("claims", "EF1", "tests", "cr survival")(data)
    monkeypatch.setattr(evidence, "data_directory", lambda: data)
    evidence._tables.cache_clear()
    try:
        for _ in range(2):
            with pytest.raises(evidence.DataError, match=r"claims.csv, line 2, field tests"):
                carbite.records("sources")
        (data / "claims.csv").write_bytes(good)
        assert carbite.records("sources")
    finally:
        evidence._tables.cache_clear()


def test_one_row_is_found_by_its_id() -> None:
    assert evidence.row("trials", "eliana") == next(r for r in evidence.records("trials") if r["trial_id"] == "eliana")
    with pytest.raises(KeyError, match=r"trials\.csv has no row 'nobody'"):
        evidence.row("trials", "nobody")
    with pytest.raises(ValueError, match="named by comparison_id and reading"):
        evidence.row("readings", "cr")
