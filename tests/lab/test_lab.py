"""The efficacy chapter in a real JupyterLab: its prose, its charts, and an explorer that shares state with Python."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from carbite.comparison import ARMS, comparison
from carbite.prose import markdown_link, number
from carbite.subsets import PairCounts, all_subsets, pairs
from tests.lab import conftest
from tests.lab.conftest import BOOK, Notebook, Watch
from tests.site.reader import Reader
from tests.written import questions, written

CHAPTER = (BOOK / "efficacy.md").read_text("utf-8")
FIGURES = re.findall(r"^figures\.\w+\(", CHAPTER, re.MULTILINE)
NUMBERS = re.findall(r"\{number\}`([^`]+)`", written(BOOK / "efficacy.md"))
# Boxes that fold, the answers of prompts, and those of the self-check.
FOLDED = [
    *re.findall(r"^:class: dropdown$|^```\{predict\}", CHAPTER, re.MULTILINE),
    *questions(BOOK / "efficacy.md"),
]
# Signs that mean something in Markdown, in a table or to MathJax.
SIGNS = r"""a|b "c" $d$ `e` *f* __g__ [h] <i> & ~~j~~ \k"""


@pytest.fixture
def reader(chapter: Notebook) -> Reader:
    """A reader at the explorer in its default state."""
    at_explorer = Reader(chapter.page)
    at_explorer.reset()
    return at_explorer


def in_explorer(everything: dict[str, Any]) -> dict[str, Any]:
    """What stands in the explorer itself: in JupyterLab the prose around it does not follow."""
    return {name: said for name, said in everything.items() if name not in ("live", "changed")}


def test_every_cell_runs(chapter: Notebook) -> None:
    assert chapter.errors.all_inner_texts() == []
    assert chapter.panel.locator(".jp-CodeCell .jp-OutputArea-output").count() == CHAPTER.count("{code-cell}")


def test_every_chart_is_drawn(chapter: Notebook) -> None:
    charts = chapter.panel.locator(".jp-OutputArea-output figure.carbite-figure svg:visible")
    assert FIGURES
    assert charts.count() == len(FIGURES)
    for chart in charts.all():
        chart.scroll_into_view_if_needed()
        size = chart.bounding_box()
        assert size
        assert min(size["width"], size["height"]) > 100, chart.text_content()


def test_each_number_is_a_link_with_its_source(chapter: Notebook) -> None:
    links = chapter.prose.locator("a[title]").evaluate_all(
        "(links) => links.map((link) => [link.textContent, link.title, link.getAttribute('href')])"
    )
    shown = {(text, title, href) for text, title, href in links}
    for name in NUMBERS:
        found = number(name)
        assert (found.text, found.source) in {(text, title) for text, title, _ in shown}, name
        if found.href:
            assert (found.text, found.source, found.href) in shown, name


def test_nothing_is_left_raw(chapter: Notebook) -> None:
    said = "\n".join(chapter.prose.all_text_contents())
    assert re.findall(r":::|\{[\w:]+\}`|`|\*\*|\]\(|^\s*[|#]|kernelspec|\$", said, re.MULTILINE) == []


def test_the_table_keeps_its_columns(chapter: Notebook) -> None:
    cells = (
        chapter.prose.locator("table").first.locator("tr").evaluate_all("(rows) => rows.map((row) => row.cells.length)")
    )
    assert cells == [2] * len(cells)
    assert len(cells) > 2


def test_boxes_fold_and_hold_mathematics(chapter: Notebook) -> None:
    boxes = chapter.prose.locator("details")
    assert boxes.count() == len(FOLDED)
    box = boxes.filter(has_text="How the verdict is reached")
    expect(box.locator("mjx-container").first).not_to_be_visible()
    box.locator("summary").click()
    expect(box.locator("mjx-container").first).to_be_visible()


def test_a_title_in_a_table_may_hold_any_sign(chapter: Notebook) -> None:
    table = f"| one | two |\n|---|---|\n| {markdown_link(SIGNS, 'https://doi.org/10.1000/1', SIGNS)} | two |"
    shown = chapter.python(f"from IPython.display import Markdown\nMarkdown({table!r})")
    expect(shown.locator("td")).to_have_count(2)
    expect(shown.get_by_role("link")).to_have_text(SIGNS)
    expect(shown.get_by_role("link")).to_have_attribute("title", SIGNS)


def test_links_lead_to_the_sources_and_the_glossary(chapter: Notebook) -> None:
    chapter.prose.get_by_role("link", name=number("v:cr:car_t.trials").text, exact=True).first.click()
    expect(chapter.page.get_by_role("heading", name="Where the numbers on this page come from")).to_be_in_viewport()
    chapter.prose.get_by_role("link", name="denominator", exact=True).click()
    tab = chapter.page.locator(".lm-TabBar-tab", has_text="glossary.ipynb")
    expect(tab).to_have_class(re.compile("lm-mod-current"))
    chapter.page.locator(".lm-TabBar-tab", has_text="efficacy.ipynb").click()
    expect(chapter.explorer).to_be_attached()


def test_code_is_folded(chapter: Notebook) -> None:
    assert chapter.panel.locator(".jp-CodeCell .cm-editor:visible").count() < CHAPTER.count("{code-cell}")


def test_the_explorer_opens_with_the_published_comparison(reader: Reader) -> None:
    assert in_explorer(reader.shown()) == in_explorer(reader.expected())


def in_python(chapter: Notebook) -> dict[str, Any]:
    """What a cell of the notebook reads as the explorer's result."""
    result: dict[str, Any] = json.loads(chapter.python("import json\nprint(json.dumps(explorer.result))").inner_text())
    return result


def test_a_toggle_reaches_python(chapter: Notebook, reader: Reader) -> None:
    published = reader.result()
    reader.toggle("TOWER")
    result = in_python(chapter)
    assert result == reader.result()
    assert result["sentence"] != published["sentence"]
    expect(chapter.explorer.locator(".cx-verdict")).to_contain_text(result["sentence"])
    assert in_explorer(reader.shown()) == in_explorer(reader.expected())


def test_every_subset_is_counted_and_a_prediction_can_come_first(chapter: Notebook, reader: Reader) -> None:
    panel = chapter.explorer.locator(".cx-subsets")
    counted = fragility_of_the_published_comparison()
    expect(panel).to_contain_text(f"{counted.a_higher:,} of {counted.testable:,} pairs of subsets")
    expect(panel.locator(".cx-cloud svg path").first).to_be_visible()
    predict = chapter.page.get_by_role("checkbox", name="Predict, then see")
    predict.check()
    reader.toggle("TOWER")
    expect(chapter.explorer.locator(".cx-verdict")).to_contain_text("What do you expect?")
    expect(panel).to_have_text("Hidden until you have said what you expect.")
    chapter.page.get_by_role("radio", name="Undecided", exact=True).check()
    reader.button("Show the verdict").click()
    expect(chapter.explorer.locator(".cx-verdict")).to_contain_text(reader.result()["sentence"])
    predict.uncheck()


def fragility_of_the_published_comparison() -> PairCounts:
    fits = {}
    for arm in ARMS:
        counts = [trial.counts["printed"] for trial in comparison("cr").trials if trial.arm == arm]
        fits[arm] = all_subsets([count.events for count in counts], [count.n for count in counts])
    return pairs(fits["car_t"], fits["bispecific"], fewest=2)


def test_choices_that_hang_together_reach_python_together(chapter: Notebook, reader: Reader) -> None:
    """Nobody counts enrolled patients for the depth of remission: the new endpoint takes that choice back."""
    reader.choose("Count patients", "enrolled")
    reader.choose("Endpoint", "mrd_among_cr")
    reader.add("Mine", "bispecific", "10", "20")
    assert in_python(chapter) == reader.result()
    assert in_explorer(reader.shown()) == in_explorer(reader.expected())


def test_python_reaches_the_page(chapter: Notebook, reader: Reader) -> None:
    verdict = chapter.explorer.locator(".cx-verdict")
    before = verdict.inner_text()
    chapter.python('explorer.options = {**explorer.options, "interval": "z"}')
    reader.note_choice("Interval", "z")
    expect(verdict).to_contain_text(reader.result()["sentence"])
    assert verdict.inner_text() != before
    assert in_explorer(reader.shown()) == in_explorer(reader.expected())


def test_a_choice_that_does_not_exist_is_refused(chapter: Notebook, reader: Reader) -> None:
    said = chapter.python(
        'try:\n    explorer.options = {"interval": "q"}\nexcept Exception as error:\n    print(error)'
    )
    expect(said).to_contain_text("option interval is 'q'; expected one of")
    assert in_explorer(reader.shown()) == in_explorer(reader.expected())


def test_keys_pressed_in_the_explorer_stay_there(chapter: Notebook, reader: Reader) -> None:
    """In a notebook single letters are commands: ``b`` adds a cell, ``d d`` deletes one."""
    cells = chapter.panel.locator(".jp-Cell").count()
    reader.checkbox("TOWER").focus()
    chapter.page.keyboard.press("Space")
    reader.note_toggle("TOWER")
    for key in ("b", "d", "d"):
        chapter.page.keyboard.press(key)
    reader.select("Shared patients").focus()
    chapter.page.keyboard.press("ArrowDown")
    reader.note_choice("Shared patients", "printed")
    expect(reader.select("Shared patients")).to_have_value("printed")
    assert in_explorer(reader.shown()) == in_explorer(reader.expected())
    reader.button("Reset to the published comparison").focus()
    chapter.page.keyboard.press("Enter")
    expect(reader.checkbox("TOWER")).to_be_checked()
    assert chapter.panel.locator(".jp-Cell").count() == cells


def test_the_explorer_keeps_its_layout(chapter: Notebook) -> None:
    """JupyterLab has styles of its own for lists of definitions: each name of ours stands on one line."""
    lines = chapter.explorer.locator(".cx-beside dt").evaluate_all(
        "(names) => names.map((name) => name.offsetHeight / parseFloat(getComputedStyle(name).lineHeight))"
    )
    assert [round(each) for each in lines] == [1] * len(lines)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_both_themes_can_be_read(chapter: Notebook, theme: str, tmp_path: Path) -> None:
    chapter.choose("Settings", "Theme", theme)
    expect(chapter.page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
    chapter.explorer.scroll_into_view_if_needed()
    for part in (".carbite-explorer", "figure.carbite-figure", ".jp-MarkdownCell table"):
        found = Axe().run(chapter.page, context=part, options={"runOnly": ["color-contrast"]})
        assert found.response["violations"] == [], part


def test_no_request_leaves_the_machine(chapter: Notebook) -> None:
    assert chapter.watch.foreign == []
    assert chapter.watch.failures == []


def test_a_request_to_another_host_would_be_seen(browser: Browser) -> None:
    context = browser.new_context()
    watch = Watch()
    watch.begin(context)
    context.new_page().evaluate("fetch('https://example.org/news').catch(() => 'refused')")
    assert watch.foreign == ["https://example.org/news"]
    context.close()


def test_a_missing_jupyterlab_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(conftest, "find_spec", lambda name: None if name == "jupyterlab" else find_spec(name))
    with pytest.raises(pytest.fail.Exception, match="install it with"):
        next(conftest.lab.__wrapped__(tmp_path_factory))
