"""The panel on every subset of the trials, and predictions: in a real browser, against Python."""

from __future__ import annotations

import csv
import re
from typing import Any

import pytest
from benchmarks.responsiveness import many_trials
from playwright.sync_api import Locator, Page, ViewportSize, expect

from carbite.comparison import ARMS, comparison_ids, rule
from carbite.subsets import all_subsets, fewest_removed, pairs
from carbite.verdict import percent, round_half_up, wording
from tests.site.conftest import OpenPage
from tests.site.reader import Reader

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
# Other tasks of the page that get their turn while it counts: one at a pause between two slices.
FEWEST_TURNS = 4
SETTLING_MS = 60_000

SHARES = ("car_t", "undecided", "bispecific")


@pytest.fixture
def page(open_page: OpenPage, chapter: str) -> Page:
    return open_page(chapter)


@pytest.fixture
def reader(page: Page) -> Reader:
    return Reader(page)


def panel(page: Page) -> Locator:
    return page.locator(".cx-subsets")


def said(page: Page) -> str:
    """The words of the panel, once it has followed the verdict."""
    expect(panel(page)).to_have_attribute("aria-busy", "false", timeout=SETTLING_MS)
    return re.sub(r"\s+", " ", panel(page).inner_text())


def expected(reader: Reader) -> dict[str, Any]:
    """The panel on a state with the published counts, from `carbite.subsets`."""
    method = {"tau2": reader.options["tau2"], "interval": reader.options["interval"]}
    fits, present, names = {}, {}, {}
    for arm in ARMS:
        trials = [trial for trial in reader.asked.trials if trial.arm == arm and trial.counts]
        counts = [trial.counts["printed"] for trial in trials]
        fits[arm] = all_subsets([count.events for count in counts], [count.n for count in counts], **method)
        present[arm] = sum(1 << i for i, trial in enumerate(trials) if trial.trial_id in reader.trials)
        names[arm] = [trial.name for trial in trials]
    counted = pairs(fits["car_t"], fits["bispecific"], fewest=rule()["minimum_trials_per_arm"])
    higher = {"car_t": counted.a_higher, "bispecific": counted.b_higher, "undecided": counted.undecided}
    lower = {**higher, "car_t": counted.b_higher, "bispecific": counted.a_higher}
    removal = fewest_removed(fits["car_t"], fits["bispecific"], start=(present["car_t"], present["bispecific"]))
    return {
        "testable": counted.testable,
        "verdicts": higher if reader.asked.better == "higher" else lower,
        "fewest": removal.trials if removal else None,
        "removed": [
            {names[arm][i] for arm, off in zip(ARMS, choice, strict=True) for i in off}
            for choice in (removal.choices if removal else ())
        ],
    }


def assert_says(reader: Reader) -> None:
    """The sentence, the legend, the bar, the marks and the choices."""
    wanted, result = expected(reader), reader.result()
    text = said(reader.page)
    verdict, bispecific = result["verdict"], reader.asked.bispecific_name
    count = wanted["verdicts"][verdict]
    assert f"{count:,} of {wanted['testable']:,} pairs of subsets, one from each arm, give the verdict" in text
    for name in SHARES:
        share = wanted["verdicts"][name] / wanted["testable"]
        label = wording()["short"][name].format(bi=bispecific)
        row = panel(reader.page).locator(f"li.cx-share-{name}").inner_text().replace("\u00a0", " ")
        assert row.startswith(f"{label}: {wanted['verdicts'][name]:,} ("), row
        drawn = panel(reader.page).locator(f".cx-shares rect.cx-share-{name}").get_attribute("width")
        assert drawn is not None
        assert float(drawn.removesuffix("%")) == pytest.approx(100 * share, abs=0.01)
    assert "is not a probability" in text
    for arm in ARMS:
        pooled, figure = result["arms"][arm], panel(reader.page).locator(f".cx-cloud.cx-{arm}")
        mark = figure.locator(".cx-present")
        assert f"Ticked now: {percent(pooled['estimate'])} %, I² {round_half_up(pooled['i2'], 0)} %." in (
            figure.locator("figcaption").inner_text().replace("\u00a0", " ")
        )
        place = [mark.get_attribute(name) or "" for name in ("x", "y")]
        shown = [float(each.removesuffix("%")) for each in place]
        assert shown == pytest.approx([100 * pooled["estimate"], 100 - pooled["i2"]], abs=0.01)
    named = (
        panel(reader.page)
        .locator("[data-leave]")
        .evaluate_all(
            "(all) => all.map((button) => button.getAttribute('aria-label').replace('Leave out ', '').split(', '))"
        )
    )
    if wanted["fewest"] is None:
        assert named == []
        return
    assert all(set(each) in wanted["removed"] for each in named)
    assert len(named) == min(3, len(wanted["removed"]))
    assert (f"Leaving out {wanted['fewest']} ticked trials" if wanted["fewest"] > 1 else "Leaving out one") in text


def test_the_panel_follows_the_choices(reader: Reader) -> None:
    assert_says(reader)
    before = said(reader.page)
    reader.toggle("TOWER")
    assert_says(reader)
    assert said(reader.page) != before
    for label, value in (("Model", "DL"), ("Interval", "hartung-knapp"), ("Endpoint", "relapse_among_cr")):
        reader.choose(label, value)
        assert_says(reader)
    reader.choose("Interval", "z")
    assert "The z interval exists for single trials too; with them, of 7,905 pairs:" in said(reader.page)


def test_ticking_moves_the_mark_and_nothing_else(reader: Reader) -> None:
    clouds = panel(reader.page).locator(".cx-cloud path")
    paths = "(all) => all.map((path) => path.getAttribute('d'))"
    said(reader.page)
    before = clouds.evaluate_all(paths)
    place = panel(reader.page).locator(".cx-bispecific .cx-present").get_attribute("x")
    reader.toggle("TOWER")
    said(reader.page)
    assert clouds.evaluate_all(paths) == before
    assert panel(reader.page).locator(".cx-bispecific .cx-present").get_attribute("x") != place


def test_leaving_out_what_changes_the_verdict_changes_it(reader: Reader) -> None:
    reader.choose("Endpoint", "mrd_among_cr")
    said(reader.page)
    verdict = reader.page.locator(".cx-verdict strong").inner_text()
    button = panel(reader.page).locator("[data-leave]").first
    names = (button.get_attribute("aria-label") or "").removeprefix("Leave out ").split(", ")
    button.focus()
    reader.page.keyboard.press("Enter")
    for name in names:
        reader.note_toggle(name)
    assert reader.shown() == reader.expected()
    assert reader.page.locator(".cx-verdict strong").inner_text() != verdict
    expect(reader.page.locator(".cx-verdict")).to_be_focused()
    reader.reset()
    assert reader.shown() == reader.expected()


def test_an_arm_without_ticked_trials_has_no_mark_and_nothing_to_change(reader: Reader) -> None:
    for trial in reader.asked.trials:
        if trial.arm == "bispecific":
            reader.toggle(trial.name)
    text = said(reader.page)
    assert "28,614 pairs of subsets, one from each arm, can be tested." in text
    assert "No trial is ticked." in text
    assert "give no verdict that leaving some out could change" in text
    expect(panel(reader.page).locator(".cx-bispecific .cx-present")).to_have_count(0)


def test_too_many_trials_are_said(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter + many_trials(8))
    expect(panel(page)).to_contain_text("more trials than this page can take every subset of")


def test_without_scripts_and_in_print_the_published_panel_stands_there(open_page: OpenPage, chapter: str) -> None:
    live = open_page(chapter)
    text = said(live)
    still = open_page(chapter, java_script_enabled=False)
    panel_there = still.locator(".cx-subsets")
    without_buttons = re.sub(r"\s+", " ", panel_there.inner_text())
    assert without_buttons == text.replace(" Leave out", "")
    expect(still.locator(".cx-cloud svg path").first).to_be_visible()
    live.emulate_media(media="print")
    expect(panel(live)).to_be_visible()
    expect(panel(live).locator("[data-leave]").first).to_be_hidden()


def test_nothing_moves_when_the_script_takes_over(open_page: OpenPage, chapter: str) -> None:
    heights = []
    for scripts in (False, True):
        page = open_page(chapter, java_script_enabled=scripts, viewport=DESKTOP)
        if scripts:
            said(page)
            shift = page.evaluate(
                """() => new Promise((done) => {
                  let total = 0;
                  new PerformanceObserver((list) => {
                    for (const entry of list.getEntries()) total += entry.value;
                  }).observe({ type: "layout-shift", buffered: true });
                  setTimeout(() => done(total), 300);
                })"""
            )
            assert shift < 0.01
        box = page.locator(".cx-cloud").first.bounding_box()
        assert box
        heights.append(box["height"])
    assert heights[0] == pytest.approx(heights[1], abs=1)


def test_counting_gives_way_to_what_a_reader_does(open_page: OpenPage, chapter: str) -> None:
    """4,185,601 pairs are counted in slices. How long each is, is measured by `benchmarks.responsiveness`."""
    page = open_page(chapter + many_trials(7), viewport=DESKTOP)
    page.set_default_timeout(SETTLING_MS)
    said(page)
    assert page.evaluate(TURNS_WHILE_COUNTING) >= FEWEST_TURNS


TURNS_WHILE_COUNTING = """async () => {
  document.querySelector("[data-trial=tower]").click();
  let turns = 0;
  while (!document.querySelector('.cx-subsets[aria-busy="false"]')) {
    await new Promise((done) => setTimeout(done));
    turns += 1;
  }
  return turns;
}"""


def test_what_a_change_made_old_is_abandoned(open_page: OpenPage, chapter: str) -> None:
    """Ten changes at once: the panel is that of the last."""
    page = open_page(chapter)
    reader = Reader(page)
    said(page)
    page.evaluate("() => { for (let i = 0; i < 11; i += 1) document.querySelector('[data-trial=tower]').click(); }")
    reader.note_toggle("TOWER")
    assert_says(reader)


# --- Predict, then see ------------------------------------------------------------------------------------------


def switch(reader: Reader) -> Locator:
    return reader.page.get_by_role("checkbox", name="Predict, then see")


def asked(reader: Reader) -> Locator:
    """The explorer's question; the text has questions of its own."""
    return reader.page.get_by_role("form", name="What do you expect?")


def answer(reader: Reader, verdict: str) -> None:
    asked(reader).get_by_role("radio", name=verdict, exact=True).check()
    reader.button("Show the verdict").click()


def numbers_in_sight(reader: Reader) -> list[str]:
    """What of the verdict can be seen, among everything that must not be."""
    result = reader.result()
    names = [f"{arm}.{name}" for arm in ARMS for name in ("percent", "low", "high")]
    secret = {result["text"][name] for name in (*names, "ratio")} | {result["text"]["verdict"]}
    visible = reader.page.locator(".carbite-explorer").inner_text() + " ".join(
        reader.page.locator("[data-live]").all_inner_texts()
    )
    # The choices name every verdict.
    visible = re.sub(r"Your prediction.*?Show the verdict", "", visible, flags=re.DOTALL)
    return [each for each in secret if re.search(rf"(?<![\d.]){re.escape(each)}(?![\d.]*\d)", visible)]


def test_nothing_is_hidden_until_it_is_asked_for(reader: Reader) -> None:
    expect(switch(reader)).not_to_be_checked()
    assert reader.shown() == reader.expected()
    assert len(numbers_in_sight(reader)) > 5


def test_a_prediction_comes_before_the_verdict(reader: Reader) -> None:
    verdict = reader.page.locator(".cx-verdict")
    switch(reader).check()
    expect(verdict).to_contain_text("What do you expect?")
    expect(panel(reader.page)).to_have_text("Hidden until you have said what you expect.")
    assert numbers_in_sight(reader) == []
    for name in ("Keep this scenario", "Download as CSV"):
        expect(reader.button(name)).to_be_disabled()

    answer(reader, "Undecided")
    expect(verdict).to_contain_text("You expected: undecided.")
    expect(verdict).to_contain_text(reader.result()["sentence"])
    expect(verdict).to_be_focused()
    assert_says(reader)

    # The next change asks again, with nothing chosen yet.
    reader.toggle("TOWER")
    expect(verdict).to_contain_text("What do you expect?")
    expect(asked(reader).get_by_role("radio", checked=True)).to_have_count(0)
    assert numbers_in_sight(reader) == []
    answer(reader, "Favours CAR T")
    expect(verdict).to_contain_text("As you expected.")

    switch(reader).uncheck()
    assert reader.shown() == reader.expected()


def test_an_answer_is_asked_for_before_anything_is_shown(reader: Reader) -> None:
    switch(reader).check()
    reader.button("Show the verdict").click()
    expect(reader.page.locator(".cx-verdict")).to_contain_text("What do you expect?")
    assert numbers_in_sight(reader) == []


def test_predictions_by_keyboard(reader: Reader) -> None:
    switch(reader).focus()
    reader.page.keyboard.press("Space")
    asked(reader).get_by_role("radio").first.focus()
    for _ in range(2):
        reader.page.keyboard.press("ArrowDown")
    assert numbers_in_sight(reader) == []
    reader.page.keyboard.press("Enter")
    expect(reader.page.locator(".cx-verdict")).to_contain_text("You expected: undecided.")


def test_predictions_are_listed_and_can_be_taken_along(reader: Reader) -> None:
    switch(reader).check()
    expect(reader.page.locator(".cx-predictions")).to_be_hidden()
    answer(reader, "Favours CAR T")
    reader.choose("Endpoint", "relapse_among_cr")
    answer(reader, "Favours blinatumomab")
    shown = reader.page.locator(".cx-predictions")
    expect(shown.locator("caption")).to_contain_text("1 of 2 came true")
    expect(shown.locator("tbody tr")).to_have_count(2)
    with reader.page.expect_download() as download:
        shown.get_by_role("button", name="Download predictions as CSV").click()
    table = list(csv.DictReader(download.value.path().read_text("utf-8-sig").splitlines()))
    assert [(row["expected"], row["answer"], row["came_true"]) for row in table] == [
        ("Favours CAR T", "Favours CAR T", "yes"),
        ("Favours blinatumomab", "Undecided", "no"),
    ]
    assert float(table[1]["odds_ratio"]) == pytest.approx(reader.result()["ratio"]["odds_ratio"])
    again = reader.page.context.new_page()
    again.goto(table[1]["link"])
    expect(again.locator(".cx-verdict")).to_contain_text(reader.result()["sentence"])


def test_a_page_that_is_opened_anew_hides_nothing(reader: Reader) -> None:
    """Predictions are kept (test_predictions.py); whether a reader wants to be asked is not, and no link says it."""
    switch(reader).check()
    answer(reader, "Undecided")
    reader.page.reload()
    expect(switch(reader)).not_to_be_checked()
    expect(reader.page.locator(".cx-predictions caption")).to_contain_text("0 of 1 came true")
    assert reader.shown() == reader.expected()


def test_every_endpoint_can_be_predicted(reader: Reader) -> None:
    switch(reader).check()
    for comparison_id in comparison_ids()[1:]:
        reader.choose("Endpoint", comparison_id)
        labels = reader.page.locator(".cx-expect fieldset label").all_inner_texts()
        bispecific = reader.asked.bispecific_name
        assert labels == [
            each.format(bi=bispecific).replace("CAR T", "CAR\u00a0T") for each in wording()["short"].values()
        ]
        answer(reader, "Not testable")
        expect(reader.page.locator(".cx-verdict")).to_contain_text(reader.result()["sentence"].split(".")[0][:20])
