"""The questions before the answers: each chapter has one, before its verdict, and the data give the answer."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import yaml

from carbite.comparison import comparison_ids, parse_question
from carbite.evidence import row
from carbite.models import model
from carbite.notebooks import notebook
from carbite.prompts import STATED, UnknownPromptError, prompt
from carbite.verdict import evaluate, wording

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
DEBATE = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"][0]
CHAPTERS = [ROOT / f"{each['file']}.md" for each in DEBATE["chapters"]]
PREDICT = re.compile(r"^```\{predict\} (\S+)$", re.MULTILINE)
# What gives a verdict away; how many trials there are does not.
TELLING = r"(?:verdict|ratio|ratio_low|car_t\.percent|bispecific\.percent)"


def prompts_of(chapter: Path) -> list[str]:
    return PREDICT.findall(chapter.read_text("utf-8"))


ASKED = sorted({name for chapter in CHAPTERS for name in prompts_of(chapter)})


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_each_chapter_asks_before_its_verdict(chapter: Path) -> None:
    text = chapter.read_text("utf-8")
    found = list(PREDICT.finditer(text))
    assert found
    for each in found:
        asked = prompt(each[1])
        if "Explorer(" in text:
            assert any(prompt(name).component == "carbite-explorer" for name in prompts_of(chapter))
        told = re.search(rf"\{{number\}}`v:{re.escape(each[1])}:{TELLING}`", text)
        if asked.component == "carbite-explorer" and told:
            assert told.start() > each.start(), each[1]
        opened = f'Simulation("{asked.model}")' if asked.model else "Explorer("
        assert opened in text, "the link leads to a part of the same page"


@pytest.mark.parametrize("name", sorted({*ASKED, *STATED, *comparison_ids()}))
def test_a_prompt_is_whole(name: str) -> None:
    asked = prompt(name)
    assert asked.right in asked.choices
    assert len(set(asked.choices)) == len(asked.choices) >= 2
    assert asked.question.endswith("?")
    assert asked.answer
    assert asked.limits
    assert asked.hash.startswith("#s=1;")
    assert re.fullmatch("[!-~]+", asked.hash)
    for text in (asked.label, asked.basis, asked.question, asked.answer, *asked.choices, *asked.limits):
        assert "None" not in text
        assert "{" not in text


@pytest.mark.parametrize("name", ["cr", "cr?reading=enrolled", "relapse_among_cr", "severe_crs", "lymphoma_cr"])
def test_the_answer_on_a_comparison_is_the_verdict_of_the_rule(name: str) -> None:
    asked, verdict = prompt(name), evaluate(*parse_question(name))
    assert asked.right == verdict.text["verdict"]
    assert asked.choices == tuple(
        said.format(bi=verdict.comparison.bispecific_name) for said in wording()["short"].values()
    )
    assert (asked.answer, asked.limits) == (verdict.sentence, tuple(verdict.caveats.values()))
    assert verdict.ratio
    assert asked.odds_ratio == verdict.ratio.odds_ratio


def test_the_drug_is_gone_when_its_half_life_says() -> None:
    half_life = row("kinetics", "subklewe-half-life-text")["high"]
    hours = half_life * math.log2(100)
    assert 24 < hours <= 72
    assert prompt("infusion-stopped").right == "In one to three days"


def test_case_mix_falls_short_with_the_contrast_of_mskcc() -> None:
    high, low = (float(row("outcomes", f"mskcc-cr-{burden}-burden")["percent_printed"]) for burden in ("high", "low"))
    pooled = evaluate(*parse_question("cr")).text
    assert low - high < float(pooled["car_t.percent"]) - float(pooled["bispecific.percent"])
    assert prompt("case-mix").right == "No, a part at most"


def test_after_a_wait_with_faster_disease_cells_are_still_ahead() -> None:
    start = model("waiting").defaults
    numbers = {name: float(value) for name, value in start.items()}
    infused = (1 - 0.25) ** (numbers["wait"] / 30) * (1 - numbers["failure"] / 100)
    cells, drug = infused * numbers["response"], numbers["started"] * numbers["other_response"] / 100
    assert cells > drug + 1
    assert prompt("faster-disease").right == "CAR T cells"


def test_the_share_of_all_treated_falls_with_the_remissions() -> None:
    pooled = evaluate(*parse_question("cr")).text
    lost = float(row("follow_up", "locatelli-2023-loss-all-car-t")["value"])
    fewer = lost * float(pooled["bispecific.percent"]) / float(pooled["car_t.percent"])
    assert fewer < lost - 1
    assert prompt("rarer-loss").right == "It is smaller"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nobody", "no comparison 'nobody'; there are"),
        ("cr?reading=guessed", "option reading is 'guessed'"),
        ("cr?colour=red", "'colour=red' is not an option"),
    ],
)
def test_an_unknown_prompt_says_what_was_expected(name: str, said: str) -> None:
    with pytest.raises(UnknownPromptError, match=re.escape(said)):
        prompt(name)


def test_in_jupyterlab_a_prompt_is_a_question_and_a_folded_answer() -> None:
    asked = prompt("cr")
    cells = [cell["source"] for cell in notebook(BOOK / "efficacy.md")["cells"] if cell["cell_type"] == "markdown"]
    (shown,) = [cell for cell in cells if f"{asked.label} (as printed)" in cell and "read on" in cell]
    question, answer = shown.split("<summary>The answer</summary>")
    assert all(choice in question for choice in asked.choices)
    assert f"**{asked.right}.**" in answer
    assert asked.limits[0].split(".")[0] in answer
