"""What a reader predicts, beside the text and in the explorer: kept by the browser, over pages, and sent nowhere."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from carbite.models import model
from carbite.prompts import Prompt, prompt
from tests.site.conftest import OpenPage, Watch
from tests.site.reader import Reader
from tests.site.test_accessibility import DESKTOP, PHONE, findings
from tests.site.test_faults import BLOCKED
from tests.site.test_without_scripts import usable
from tests.test_prompts import CHAPTERS, prompts_of

KEY = "carbite.predictions.1"
NOT_KEPT = "This browser keeps no data of this site"
UNREADABLE = "could not be read and was left out"
NO_BREAK = "\u00a0"


def boxes(page: Page) -> Locator:
    return page.locator(".carbite-predict")


def plain(text: str) -> str:
    """A text without what a page does to its spaces and apostrophes."""
    return " ".join(text.replace(NO_BREAK, " ").replace("’", "'").split())


def predict(box: Locator, choice: str, sure: str = "not said") -> None:
    box.get_by_role("radio", name=choice, exact=True).check()
    box.get_by_label("How sure are you?").select_option(label=sure)
    box.get_by_role("button", name="Show the answer").click()


def kept(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(page.evaluate("(key) => localStorage.getItem(key)", KEY) or "[]")
    return found


def expect_answer(box: Locator, asked: Prompt, choice: str) -> None:
    said = plain(box.locator(".cp-answer").inner_text())
    assert said.startswith("As you expected." if choice == asked.right else f"You expected: {choice}."), said
    assert plain(f"{asked.right}. {asked.answer}") in said
    for limit in asked.limits:
        assert plain(limit) in said
    expect(box.locator("form")).to_be_hidden()


@pytest.mark.parametrize("stem", [path.stem for path in CHAPTERS])
def test_each_chapter_asks_answers_and_opens_the_state(open_page: OpenPage, address: str, stem: str) -> None:
    """The first choice and the last are both tried over the book; the link shows what the answer says."""
    page = open_page(f"{address}book/{stem}.html")
    names = prompts_of(next(path for path in CHAPTERS if path.stem == stem))
    expect(boxes(page)).to_have_count(len(names))
    for position, name in enumerate(names):
        asked, box = prompt(name), boxes(page).nth(position)
        assert plain(asked.question) in plain(box.inner_text())
        expect(box.locator(".cp-answer")).to_be_empty()
        choice = asked.choices[-position % len(asked.choices)]
        predict(box, choice)
        expect(box.locator(".cp-answer")).to_be_focused()
        expect_answer(box, asked, choice)
        box.get_by_role("link", name="Open this state").click()
        if asked.model:
            values = dict(pair.split(":") for pair in asked.hash.partition("m.")[2].partition("=")[2].split(","))
            question = "&".join(f"{each}={value}" for each, value in values.items())
            place = page.locator(f'.carbite-simulation[data-model="{asked.model}"]')
            result = model(asked.model).result(model(asked.model).read(question))
            expect(place.locator(".sm-sentence")).to_have_text(result["sentence"])
            expect(place.locator(".sm-sentence")).to_be_in_viewport()
        else:
            expect(page.locator(".cx-verdict").first).to_contain_text(asked.right)
            assert plain(page.locator(".cx-verdict").first.inner_text()) == plain(f"{asked.right}. {asked.answer}")
            expect(page.locator(".cx-verdict").first).to_be_in_viewport()
            expect(page.locator(".cx-notice").first).to_be_empty()
    assert [entry["asked_in"] for entry in kept(page)] == ["text"] * len(names)


def test_nothing_is_hidden_and_nothing_waits(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    asked = prompt("cr")
    expect(page.locator('[data-live="verdict"]').first).to_have_text(asked.right)
    assert plain(page.locator(".cx-verdict").inner_text()).startswith(f"{asked.right}.")
    boxes(page).first.get_by_role("button", name="Show the answer").click()
    expect(boxes(page).first.locator(".cp-answer")).to_be_empty()
    assert kept(page) == []


def test_by_keyboard_alone(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    box = boxes(page).first
    box.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(box.get_by_role("button", name="Show the answer")).to_be_focused()
    page.keyboard.press("Enter")
    expect_answer(box, prompt("cr"), "Undecided")
    page.keyboard.press("Tab")
    expect(box.get_by_role("link", name="Open this state in the explorer")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".cx-verdict")).to_be_focused()
    page.goto(page.url.replace("efficacy.html", "predictions.html").partition("#")[0])
    (entry,) = kept(page)
    assert (entry["expected"], entry["sure"]) == ("Undecided", "guess")
    page.get_by_role("button", name="Delete all").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Delete all")).to_be_focused()
    assert len(kept(page)) == 1
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".kp-said")).to_be_focused()
    expect(page.locator(".kp-said")).to_contain_text("All predictions were deleted")
    assert kept(page) == []


def predict_over_chapters(page: Page, address: str) -> None:
    """In the text of one chapter and in the explorer of another."""
    page.goto(f"{address}book/efficacy.html")
    predict(boxes(page).first, "Favours CAR T", "very sure")
    page.goto(f"{address}book/durability.html")
    predict(boxes(page).first, "Not testable", "very sure")
    page.goto(f"{address}book/method.html")
    page.get_by_role("checkbox", name="Predict, then see").check()
    page.get_by_role("radio", name="Favours CAR T", exact=True).last.check()
    page.locator(".cx-sure select").select_option(label="a guess")
    page.get_by_role("button", name="Show the verdict").click()


def test_predictions_are_listed_over_chapters_and_taken_along(open_page: OpenPage, address: str) -> None:
    page = open_page("about:blank")
    predict_over_chapters(page, address)
    page.reload()
    page.get_by_role("link", name="All your predictions").click()
    page.wait_for_url("**/book/predictions.html")
    expect(page.locator(".kp-said")).to_contain_text("1 of 3 came true.")
    rows = [plain(row) for row in page.locator(".kp-table tbody tr").all_inner_texts()]
    assert len(rows) == 3
    for row, told in zip(
        rows,
        [
            ("MRD negativity among responders", "a guess", "Undecided no"),
            ("Remission kept", "Not testable very sure", "Favours CAR T no"),
            ("Complete remission", "Favours CAR T very sure", "Favours CAR T yes"),
        ],
        strict=True,
    ):
        for text in told:
            assert text in row, row
    calibration = page.get_by_role("table", name="How sure you were, and what came true")
    assert [plain(row) for row in calibration.locator("tbody tr").all_inner_texts()] == [
        "a guess 0 of 1",
        "very sure 1 of 2",
    ]

    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    table = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig")), strict=True))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as JSON").click()
    written = json.loads(download.value.path().read_text("utf-8"))
    assert [row["asked_in"] for row in table] == ["text", "text", "explorer"]
    assert [row["came_true"] for row in table] == ["yes", "no", "no"]
    # One format for both: what the text asks has the fields of what the explorer asks.
    assert {frozenset(row) for row in written["predictions"]} == {frozenset(table[0])}
    asked = prompt("cr")
    assert written["predictions"][0]["odds_ratio"] == pytest.approx(asked.odds_ratio)
    assert written["predictions"][0]["basis"] == asked.basis
    for row in table:
        page.goto(row["link"])
        expect(page.locator(".cx-verdict").first).to_contain_text(f"{row['answer']}.")
        expect(page.locator(".cx-notice").first).to_be_empty()


def test_the_same_question_is_named_alike_beside_the_text_and_in_the_explorer(
    open_page: OpenPage, chapter: str
) -> None:
    page = open_page(chapter)
    predict(boxes(page).first, "Undecided")
    page.get_by_role("checkbox", name="Predict, then see").check()
    page.locator(".cx-expect").get_by_role("radio", name="Undecided", exact=True).check()
    page.get_by_role("button", name="Show the verdict").click()
    in_text, in_explorer = kept(page)
    same = ("chapter", "question", "basis", "expected", "answer")
    assert {name: in_text[name] for name in same} == {name: in_explorer[name] for name in same}
    for name in ("odds_ratio", "ci_low", "ci_high"):
        assert in_text[name] == pytest.approx(in_explorer[name], rel=1e-9)


def test_nothing_leaves_the_browser(open_page: OpenPage, address: str) -> None:
    """Whatever is predicted, listed, saved and deleted: no request but for the pages themselves."""
    page = open_page(f"{address}book/efficacy.html")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith("blob:"):
            asked.append(f"{request.method} {request.url} {request.post_data or ''}")

    page.context.on("request", note)
    predict(boxes(page).first, "Undecided", "a guess")
    page.get_by_role("checkbox", name="Predict, then see").check()
    page.locator(".cx-expect").get_by_role("radio", name="Undecided", exact=True).check()
    page.get_by_role("button", name="Show the verdict").click()
    page.get_by_role("checkbox", name="Predict, then see").uncheck()
    assert asked == []
    page.goto(f"{address}book/predictions.html")
    page.wait_for_load_state("networkidle")
    assert all(re.fullmatch(rf"GET {re.escape(address)}[\w./?=-]+ ", each) for each in asked), asked
    asked.clear()
    for name in ("Download as CSV", "Download as JSON"):
        with page.expect_download():
            page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Delete all").click()
    page.get_by_role("button", name="Yes, delete").click()
    assert asked == []
    assert page.context.cookies() == []


def test_an_answered_question_stays_answered(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    predict(boxes(page).first, "Undecided")
    page.reload()
    expect_answer(boxes(page).first, prompt("cr"), "Undecided")
    expect(boxes(page).nth(1).locator("form")).to_be_visible()
    assert len(kept(page)) == 1


def test_tabs_see_one_another(open_page: OpenPage, chapter: str) -> None:
    page = open_page(chapter)
    listed = page.context.new_page()
    listed.goto(chapter.replace("efficacy", "predictions"))
    expect(listed.locator(".kp-said")).to_contain_text("no prediction in this browser yet")
    other = page.context.new_page()
    other.goto(chapter)
    predict(boxes(page).first, "Undecided")
    predict(boxes(other).nth(1), "Favours CAR T")
    expect(listed.locator(".kp-table tbody tr")).to_have_count(2)
    expect_answer(boxes(other).first, prompt("cr"), "Undecided")
    listed.get_by_role("button", name="Delete all").click()
    listed.get_by_role("button", name="Yes, delete").click()
    for tab in (page, other):
        expect(boxes(tab).first.locator("form")).to_be_visible()
        expect(boxes(tab).first.locator(".cp-answer")).to_be_empty()


@pytest.mark.parametrize("text", ["{", "5", '[null, {"link": "javascript:alert(1)"}]', '{"__proto__": []}'])
def test_a_damaged_storage_breaks_nothing_and_is_said_once(open_page: OpenPage, chapter: str, text: str) -> None:
    page = open_page(chapter)
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, text])
    page.reload()
    reader = Reader(page)
    reader.toggle("TOWER")
    assert reader.shown() == reader.expected()
    predict(boxes(page).first, "Undecided")
    expect(boxes(page).first.locator(".cp-answer")).to_contain_text(UNREADABLE)
    predict(boxes(page).nth(1), "Undecided")
    expect(boxes(page).nth(1).locator(".cp-answer")).not_to_contain_text(UNREADABLE)
    page.goto(chapter.replace("efficacy", "predictions"))
    expect(page.locator(".kp-said")).to_have_text(re.compile(r"^\d of 2 came true\.$"))


def test_a_blocked_storage_breaks_nothing_and_is_said_once(
    watched: Callable[..., tuple[Page, Watch]], chapter: str
) -> None:
    page, watch = watched()
    page.add_init_script(BLOCKED)
    page.goto(chapter)
    first, second = (boxes(page).nth(position) for position in (0, 1))
    predict(first, "Undecided")
    expect(first.locator(".cp-answer")).to_contain_text(NOT_KEPT)
    predict(second, "Undecided")
    expect(second.locator(".cp-answer")).to_contain_text("You expected")
    expect(second.locator(".cp-answer")).not_to_contain_text(NOT_KEPT)
    page.get_by_role("checkbox", name="Predict, then see").check()
    page.locator(".cx-expect").get_by_role("radio", name="Undecided", exact=True).check()
    page.get_by_role("button", name="Show the verdict").click()
    expect(page.locator(".cx-predictions caption")).to_contain_text("until this page is closed")
    page.goto(chapter.replace("efficacy", "predictions"))
    expect(page.locator(".kp-said")).to_contain_text(NOT_KEPT)
    assert watch.problems == []


def test_from_a_disk(watched: Callable[..., tuple[Page, Watch]], site: Path) -> None:
    """Whatever this browser makes of storage there, the page works, and what it kept it shows."""
    page, watch = watched()
    page.goto((site / "book" / "efficacy.html").as_uri())
    predict(boxes(page).first, "Undecided")
    expect_answer(boxes(page).first, prompt("cr"), "Undecided")
    page.goto((site / "book" / "predictions.html").as_uri())
    expect(page.locator(".kp-table tbody tr")).to_have_count(len(kept(page)))
    assert watch.problems == []


def test_without_scripts_and_in_print_it_is_a_question(open_page: OpenPage, chapter: str) -> None:
    asked = prompt("cr")
    for how in ("without scripts", "print"):
        page = open_page(chapter, java_script_enabled=how == "print")
        if how == "print":
            page.emulate_media(media="print")
        box = boxes(page).first
        expect(box).to_be_visible()
        assert plain(box.inner_text()) == plain(
            f"Before you read on. {asked.question} One of these: {'; '.join(asked.choices)}."
        ), how
        assert usable(box.locator("input, select, button, a")) == []
    page = open_page(chapter.replace("efficacy", "predictions"), java_script_enabled=False)
    expect(page.locator(".carbite-predictions")).to_contain_text("has to run scripts")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_questions_answers_and_the_list_are_accessible(open_page: OpenPage, address: str, size: Any) -> None:
    page = open_page("about:blank", viewport=size)
    predict_over_chapters(page, address)
    assert findings(page, ".cx-predictions") == []
    page.goto(f"{address}book/efficacy.html")
    assert findings(page, ".carbite-predict") == []
    page.goto(f"{address}book/predictions.html")
    page.get_by_role("button", name="Delete all").click()
    assert findings(page, ".carbite-predictions") == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]
    small = page.locator(".carbite-predictions button, .carbite-predict :is(label, button, select)").evaluate_all(
        "(all) => all.map((el) => el.getBoundingClientRect()).filter(({ width, height }) => Math.min(width, height) < 24).length"
    )
    assert small == 0
