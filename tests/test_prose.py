"""Numbers in prose: named, never typed; and each with the text, source and link of its row."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from carbite.evidence import records
from carbite.prose import UnknownNumberError, markdown, number
from carbite.verdict import evaluate
from tests.typed_figures import figures

BOOK = Path(__file__).parents[1] / "book"
CHAPTERS = sorted(BOOK.glob("*.md"))
SELF_CHECKS = sorted(BOOK.glob("self-checks/*.yml"))


@pytest.mark.parametrize("chapter", [*CHAPTERS, *SELF_CHECKS], ids=lambda path: path.name)
def test_no_figure_is_typed(chapter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(chapter)
    exempt = Counter(figure.exempt for figure in found if figure.exempt)
    with capsys.disabled():
        print(f"\n{chapter.name}: exempt {dict(exempt)}")
    assert [(figure.line, figure.token) for figure in found if not figure.exempt] == []


@pytest.mark.parametrize(
    "text",
    [
        "About 81 % responded.",
        "Twelve patients relapsed.",
        "The rate was 3.5-fold higher.",
        "Median 7.7 months.",
        "Nearly half of them.",
        "In 75/92 patients.",
        "n=30 were treated.",
    ],
)
def test_a_typed_figure_is_found(text: str, tmp_path: Path) -> None:
    chapter = tmp_path / "chapter.md"
    chapter.write_text(f"# A chapter\n\n{text}\n", "utf-8")
    assert [figure.line for figure in figures(chapter) if not figure.exempt] == [3]


def test_what_is_exempt_is_named(tmp_path: Path) -> None:
    chapter = tmp_path / "chapter.md"
    chapter.write_text(
        "---\nminutes: 30\n---\n# EF1 in 2021\n\n1. {number}`o:eliana-cr`, MT103-206, $x_1 = 2$, `pool(3)`\n\n"
        "```{code-cell} ipython3\nx = 4\n```\n\n[a link](page-5.html)\n",
        "utf-8",
    )
    found = figures(chapter)
    assert {figure.exempt for figure in found} >= {
        "front matter",
        "year",
        "name in data/",
        "mathematics",
        "code",
    }
    assert "" not in {figure.exempt for figure in found}


def test_an_outcome_shows_its_row() -> None:
    row = next(row for row in records("outcomes") if row["outcome_id"] == "eliana-cr-enrolled")
    source = next(each for each in records("sources") if each["source_id"] == row["source_id"])
    found = number("o:eliana-cr-enrolled:count")
    assert found.text == f"{row['events']} of {row['n']}"
    assert source["citation"] in found.source
    assert row["locator"] in found.source
    assert "patients enrolled" in found.source
    assert found.href == f"https://doi.org/{source['doi']}"


def test_an_outcome_or_a_landmark_says_its_time_with_its_own_source() -> None:
    for row in records("survival"):
        if row["landmark_months"]:
            found = number(f"s:{row['survival_id']}:months")
            assert found.text == f"{row['landmark_months']:g}\u00a0months"
            assert row["locator"] in found.source
    assert number("o:hebei-relapse-after-transplantation:timepoint").text == "6 months"


def test_a_computed_number_is_the_verdicts() -> None:
    from carbite.comparison import Options, comparison

    verdict = evaluate(comparison("cr").default_selection(), Options(reading="enrolled", bias=2.0))
    assert number("v:cr?reading=enrolled&bias=2:ratio").text == verdict.text["ratio"]
    assert number("v:cr:car_t.percent").text.endswith("\u00a0%")


def test_a_live_number_names_what_the_page_writes() -> None:
    found = number("live:car_t.percent")
    assert (found.live, found.unit) == ("car_t.percent", "\u00a0%")
    assert found.text == number("v:cr:car_t.percent").text


@pytest.mark.parametrize("table", ["kinetics", "costs", "delivery", "statements"])
def test_a_single_figure_shows_value_unit_and_source(table: str) -> None:
    letter = {"kinetics": "k", "costs": "c", "delivery": "d", "statements": "n"}[table]
    key = next(iter(records(table)[0]))
    for row in records(table):
        found = number(f"{letter}:{row[key]}")
        assert found.text.replace(",", "").startswith(row["value"].replace(",", ""))
        assert ("\u00a0%" in found.text) == (row["unit"] == "percent")
        assert row["locator"] in found.source
        assert row["measure"] in found.source


def test_money_names_its_currency_and_year() -> None:
    found = number("c:thielen-2020-price-tisagenlecleucel")
    row = next(each for each in records("costs") if each["cost_id"] == "thielen-2020-price-tisagenlecleucel")
    assert found.text == f"{int(row['value']):,}\u00a0euros"
    assert row["currency"] in found.source


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eliana", "should begin with o:"),
        ("o:nobody-cr", "outcomes.csv has no row 'nobody-cr'"),
        ("o:tower-relapse-among-cr:count", "has no count"),
        ("s:nobody", "survival.csv has no row"),
        ("s:tower-os:months", "survival 'tower-os' has no 'months'; it has a value"),
        ("o:tower-cr:timepoint", "has no timepoint"),
        ("t:tower:height", "has no 'height'; it has enrolled"),
        ("v:nothing:ratio", "no comparison 'nothing'"),
        ("v:cr:nothing", "has no 'nothing'; it has label"),
        ("v:cr?colour=red:ratio", "'colour=red' is not an option"),
        ("v:cr?tau2=XX:ratio", "option tau2 is 'XX'"),
        ("k:nobody", "kinetics.csv has no row 'nobody'"),
        ("c:thielen-2020-icer:n", "costs 'thielen-2020-icer' has no n"),
        ("live:nothing", "has no 'nothing'"),
    ],
)
def test_an_unknown_number_says_what_was_expected(name: str, expected: str) -> None:
    with pytest.raises(UnknownNumberError, match=expected.replace("?", r"\?").replace("(", r"\(")):
        number(name)


def test_markdown_for_jupyterlab_carries_text_source_and_link() -> None:
    found = number("o:eliana-cr")
    assert markdown(found) == f'[{found.text}]({found.href} "{found.source}")'


def test_a_number_of_fragility_says_how_it_was_counted() -> None:
    found = number("g:cr?interval=hartung-knapp:car_t_pairs")
    assert found.text == "23,995"
    for said in ("32,193 pairs, of which 28,614", "2 trials or more in each arm", "not a probability", "Hartung-Knapp"):
        assert said in found.source
    assert number("g:cr?interval=z@1:car_t_pairs").text == "31,432"
    assert "1 trial or more" in number("g:cr?interval=z@1:car_t_pairs").source
    assert number("g:cr?interval=hartung-knapp:share_car_t").text == "83.9\u00a0%"
    assert "removal of trials" in number("g:relapse_among_cr:fewest_trials").source
    assert "moved from event" in number("g:relapse_among_cr:fewest_patients").source
    assert "bias" in number("g:cr:bias_undecided").source


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("g:cr:shares", "'cr' has no 'shares'; it has pairs, testable_pairs, car_t_pairs"),
        ("g:cr@0:pairs", "fewest = 0; expected at least 1 trial an arm"),
        ("g:nothing:pairs", "no comparison 'nothing'"),
    ],
)
def test_an_unknown_number_of_fragility_is_refused(name: str, message: str) -> None:
    with pytest.raises(UnknownNumberError, match=message):
        number(name)


def test_a_live_number_can_follow_an_explorer_of_another_comparison() -> None:
    found = number("live:severe_crs:car_t.percent")
    assert (found.live, found.text) == ("car_t.percent", number("v:severe_crs:car_t.percent").text)
    assert number("live:car_t.percent").text == number("v:cr:car_t.percent").text


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_live_numbers_start_from_the_comparison_with_which_the_explorer_opens(chapter: Path) -> None:
    """Before a script runs, and in JupyterLab, they are all that a reader sees beside that explorer."""
    text = chapter.read_text(encoding="utf-8")
    opened = set(re.findall(r'Explorer\("(\w+)"', text))
    shown = {name.rpartition(":")[0] or "cr" for name in re.findall(r"\{number\}`live:([^`]+)`", text)}
    assert shown <= opened
