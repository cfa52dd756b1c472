"""Questions for oneself in a real browser: answered by keyboard, kept, forgotten, printed, and readable without scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from carbite.prose import number
from carbite.self_checks import Question, letter
from carbite.site.editions.articles import article
from carbite_course.quizzes import figure
from tests.site.conftest import OpenPage, Watch
from tests.site.test_accessibility import DESKTOP, PHONE, findings
from tests.site.test_faults import BLOCKED
from tests.site.test_numbers import OUTSIDE
from tests.site.test_print_and_navigation import prepare_for_print
from tests.written import BOOK, DIRECTIVE, plain, questions, straight

# A page with every type of question, and thousands in a figure.
CHAPTER = "fragility"
ASKED = questions(BOOK / f"{CHAPTER}.md")
ONE, MANY, NUMBER = (next(each for each in ASKED if each.type == kind) for kind in ("one", "many", "number"))
# https://www.w3.org/TR/WCAG22/#target-size-enhanced
TARGET_PX = 44
# From a question's first control to its button; each number and term in between is a stop of its own.
MOST_STOPS = 30

TARGETS = """() => [...document.querySelectorAll(".carbite-self-check :is(input, button, summary)")].map((el) => {
  const target = el.closest("label") ?? el;
  const { width, height } = target.getBoundingClientRect();
  return { what: el.outerHTML.slice(0, 100), size: Math.min(width, height) };
})"""
STORED = "() => JSON.parse(localStorage.getItem('carbite-self-checks-1') ?? '{}')"


@pytest.fixture
def url(address: str) -> str:
    return f"{address}book/{CHAPTER}.html"


def box(page: Page, question: Question) -> Locator:
    return page.locator(".carbite-question").filter(has=page.locator(f"#{question.id}"))


def said(page: Page, question: Question) -> str:
    """The answer to an answer, without the tips of its numbers."""
    status = box(page, question).get_by_role("status")
    return straight(str(status.evaluate("(el) => el.innerText")))


def choose(page: Page, question: Question, *positions: int) -> str:
    """Tick just these options, check, and read what is said."""
    inputs = box(page, question).locator("input")
    for position in range(len(question.options)):
        if question.type == "many" or position in positions:
            inputs.nth(position).set_checked(position in positions)
    return check(page, question)


def type_in(page: Page, question: Question, text: str) -> str:
    box(page, question).get_by_role("textbox").fill(text)
    return check(page, question)


def check(page: Page, question: Question) -> str:
    box(page, question).get_by_role("button", name="Check").click()
    return said(page, question)


def answer_everything(page: Page) -> None:
    """Each question rightly, and each answer unfolded."""
    for question in ASKED:
        if question.answer:
            type_in(page, question, figure(question.answer.value))
        else:
            choose(page, question, *(at for at, option in enumerate(question.options) if option.right))
        box(page, question).locator("summary").click()


def test_each_option_gets_its_own_answer(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    for question in (each for each in ASKED if each.type == "one"):
        for position, option in enumerate(question.options):
            heard = choose(page, question, position)
            assert heard.startswith(f"{'Right' if option.right else 'Not right'}. {plain(option.feedback)}"), heard
            assert heard.endswith(plain(question.explanation)) == option.right
            others = [plain(each.feedback) for each in question.options if each is not option]
            assert not [other for other in others if other in heard]


def test_of_several_right_options_all_are_wanted(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    right = [at for at, option in enumerate(MANY.options) if option.right]
    wrong = next(at for at, option in enumerate(MANY.options) if not option.right)
    assert choose(page, MANY, *right).startswith("Right. ")
    heard = choose(page, MANY, right[0])
    assert heard == f"Right so far, but not all. {letter(right[0])}: right. {plain(MANY.options[right[0]].feedback)}"
    heard = choose(page, MANY, *right, wrong)
    assert heard.startswith("Not right yet. ")
    assert f"{letter(wrong)}: not right. {plain(MANY.options[wrong].feedback)}" in heard
    assert choose(page, MANY) == "Tick at least one answer first."


def test_a_figure_is_taken_however_it_is_written(open_page: OpenPage, url: str) -> None:
    assert NUMBER.answer
    assert NUMBER.answer.value > 1000
    page = open_page(url)
    whole = f"{NUMBER.answer.value:.0f}"
    apart = f"{NUMBER.answer.value:,.0f}"
    for text in (
        whole,
        apart,
        apart.replace(",", " "),
        apart.replace(",", "."),
        f" {whole} {NUMBER.unit}",
        f"{whole},0",
    ):
        assert type_in(page, NUMBER, text).startswith("Right. "), text
    for mistake in NUMBER.mistakes:
        assert type_in(page, NUMBER, figure(mistake.value)) == f"Not right. {plain(mistake.feedback)}"
    for text in (f"-{whole}", f"{whole}0", "0", f"{whole[0]}.{whole[1:]}5"):
        assert type_in(page, NUMBER, text).startswith("Not right. Try again"), text
    for text in ("x", "12 or 13", "1e3", "NaN", "Infinity", "<b>5</b>", "--1", "1.2.3,4"):
        assert type_in(page, NUMBER, text) == "Type one number, in digits, such as 12.5 or 12,5.", text
    assert type_in(page, NUMBER, " ") == "Type a number first."


READINGS = """([text, unit, wanted, within]) => {
  const form = document.querySelector(".carbite-question form:has([type=text])");
  const field = form.querySelector("input");
  Object.assign(field.dataset, { answer: wanted, within, unit });
  field.value = text;
  form.requestSubmit();
  return form.querySelector("[role=status]").textContent.startsWith("Right.");
}"""


@pytest.mark.parametrize(
    ("text", "unit", "wanted", "within", "right"),
    [
        ("81,5", "%", 81.3, 0.5, True),  # a decimal comma
        ("81.8", "%", 81.3, 0.5, True),  # just within
        ("81.81", "%", 81.3, 0.5, False),
        ("81,5 %", "%", 81.3, 0.5, True),
        ("81.5 months", "%", 81.3, 0.5, False),
        ("−2,5", "", -2.5, 0, True),  # a sign of minus and no hyphen
        (".5", "", 0.5, 0, True),
        ("0,125", "", 0.125, 0, True),
        ("0.125", "", 125, 0, False),  # a leading zero is no thousand
        ("1,234", "", 1234, 0, True),
        ("1,234", "", 1.234, 0, True),
        ("1.234,5", "euros", 1234.5, 0, True),
        ("1,234.5 Euros", "euros", 1234.5, 0, True),
        ("1 234 567", "", 1234567, 0, True),
        ("0.3", "", 0.1 + 0.2, 0, True),
    ],
)
def test_decimal_signs_thousands_and_tolerance(
    text: str, unit: str, wanted: float, within: float, right: bool, page_of_figures: Page
) -> None:
    assert page_of_figures.evaluate(READINGS, [text, unit, wanted, within]) == right


@pytest.fixture(scope="module")
def page_of_figures(browser: Browser, address: str) -> Iterator[Page]:
    """One page for many tests that change nothing but its questions; ``source`` is what was loaded."""
    page = browser.new_page()
    response = page.goto(f"{address}book/{CHAPTER}.html")
    assert response
    page.evaluate("(source) => { window.source = source; }", response.text())
    yield page
    page.close()


def test_by_keyboard_alone(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    right = [option.right for option in ONE.options].index(True)
    box(page, ONE).get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    for _ in range(right):
        page.keyboard.press("ArrowDown")
    expect(box(page, ONE).get_by_role("radio").nth(right)).to_be_checked()
    assert said(page, ONE) == "", "nothing is said before the button"
    to_the_button(page, ONE)
    page.keyboard.press("Enter")
    assert said(page, ONE).startswith("Right. ")
    page.keyboard.press("Tab")
    for _ in range(MOST_STOPS):
        if page.evaluate("() => document.activeElement.localName") == "summary":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(box(page, ONE).locator("details")).to_have_attribute("open", "")

    box(page, MANY).get_by_role("checkbox").first.focus()
    page.keyboard.press("Space")
    to_the_button(page, MANY)
    page.keyboard.press("Space")
    assert f"{letter(0)}: " in said(page, MANY)

    assert NUMBER.answer
    box(page, NUMBER).get_by_role("textbox").focus()
    page.keyboard.type(figure(NUMBER.answer.value))
    page.keyboard.press("Enter")
    assert said(page, NUMBER).startswith("Right. ")


def to_the_button(page: Page, question: Question) -> None:
    button = box(page, question).get_by_role("button", name="Check")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if button.evaluate("(el) => el === document.activeElement"):
            break
    expect(button).to_be_focused()
    assert button.evaluate("(el) => getComputedStyle(el).outlineStyle") != "none"


def test_names_and_groups_are_there_for_a_screen_reader(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    for position, question in enumerate(ASKED, start=1):
        group = box(page, question).get_by_role("group", name=re.compile(rf"^Question {position}\."))
        expect(group).to_have_count(1)
        for at, option in enumerate(question.options):
            role = "radio" if question.type == "one" else "checkbox"
            control = group.get_by_role(role, name=re.compile(rf"^{letter(at)} "))
            expect(control).to_have_count(1)
            assert (
                straight(control.evaluate("(el) => el.closest('label').innerText"))
                == f"{letter(at)} {plain(option.text)}"
            )
    expect(box(page, NUMBER).get_by_role("textbox", name=f"Your answer, in {NUMBER.unit}")).to_have_count(1)


def test_answers_survive_a_reload_and_can_be_deleted(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    answer_everything(page)
    heard = [said(page, question) for question in ASKED]
    page.evaluate("() => localStorage.setItem('mode', 'dark')")
    page.reload()
    assert [said(page, question) for question in ASKED] == heard
    assert set(page.evaluate(STORED)) == {question.id for question in ASKED}
    # An answer that was changed and not checked comes back without a verdict.
    box(page, ONE).get_by_role("radio").last.check()
    page.reload()
    expect(box(page, ONE).get_by_role("radio").last).to_be_checked()
    assert said(page, ONE) == ""
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_text("All answers on this page are deleted.")).to_be_visible()
    for _ in range(2):
        assert page.evaluate(STORED) == {}
        assert page.locator(".carbite-self-check input:checked").count() == 0
        expect(box(page, NUMBER).get_by_role("textbox")).to_have_value("")
        assert [said(page, question) for question in ASKED] == [""] * len(ASKED)
        expect(page.locator(".carbite-answer:visible")).to_have_count(0)
        page.reload()
    assert page.evaluate("() => localStorage.getItem('mode')") == "dark"


def test_an_answer_on_another_page_is_kept(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    page.evaluate(
        """() => localStorage.setItem("carbite-self-checks-1", '{"other-one": {"values": ["x"], "checked": true}}')"""
    )
    choose(page, ONE, 0)
    page.get_by_role("button", name="Start over").click()
    assert page.evaluate(STORED) == {"other-one": {"values": ["x"], "checked": True}}


NO_ANSWER = [
    5,
    None,
    {"values": 3},
    {"values": [7, {}], "checked": True},
    {"values": [], "checked": True},
    {"values": ["<img src=x onerror=alert(1)>"], "checked": True},
]


@pytest.mark.parametrize(
    "stored",
    ["{", "null", "[]", *(json.dumps(dict.fromkeys((each.id for each in ASKED), value)) for value in NO_ANSWER)],
)
def test_whatever_is_stored_breaks_nothing(stored: str, page_of_figures: Page) -> None:
    """One page, in which the script starts again."""
    page = page_of_figures
    page.evaluate("(stored) => localStorage.setItem('carbite-self-checks-1', stored)", stored)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.evaluate(START_AGAIN)
    page.wait_for_function("() => document.querySelector('.carbite-self-check').dataset.ready === ''")
    assert choose(page, ONE, [option.right for option in ONE.options].index(True)).startswith("Right. ")
    assert NUMBER.answer
    assert type_in(page, NUMBER, figure(NUMBER.answer.value)).startswith("Right. ")
    assert problems == []


# The script once more, over the mark-up as it was before it ran.
START_AGAIN = """() => {
  const checks = document.querySelector(".carbite-self-check");
  window.untouched ??= new DOMParser().parseFromString(window.source, "text/html").querySelector(".carbite-self-check");
  checks.replaceWith(window.untouched.cloneNode(true));
  const script = document.createElement("script");
  script.src = document.querySelector("script[src*='carbite/self_checks.js']").src;
  document.head.append(script);
}"""


def test_blocked_storage_breaks_nothing(watched: Callable[..., tuple[Page, Watch]], url: str) -> None:
    page, watch = watched()
    page.add_init_script(BLOCKED)
    page.goto(url)
    answer_everything(page)
    page.get_by_role("button", name="Start over").click()
    assert [said(page, question) for question in ASKED] == [""] * len(ASKED)
    assert watch.problems == []


def test_a_full_storage_breaks_nothing(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    answer_everything(page)


def test_nothing_is_sent(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer_everything(page)
    page.get_by_role("button", name="Start over").click()
    assert asked == []
    assert page.url == url


def test_from_a_disk(open_page: OpenPage, site: Path) -> None:
    page = open_page((site / "book" / f"{CHAPTER}.html").as_uri())
    answer_everything(page)


def test_without_scripts_there_is_the_answer_and_no_control(open_page: OpenPage, url: str) -> None:
    page = open_page(url, java_script_enabled=False)
    checks = page.locator(".carbite-self-check")
    assert [each for each in checks.locator("input, button").all() if each.is_visible()] == []
    expect(checks).to_contain_text("nothing is marked")
    expect(checks.get_by_text("leaves this browser")).to_be_hidden()
    readable(checks)


def readable(checks: Locator) -> None:
    """Each question, its options, and when it is unfolded the answer with every reason."""
    for position, question in enumerate(ASKED, start=1):
        one = checks.locator(".carbite-question").nth(position - 1)
        expect(one.locator("legend")).to_be_visible()
        assert one.locator("label:visible").count() == len(question.options)
        explanation = one.locator(".carbite-explanation")
        expect(explanation).to_be_hidden()
        one.get_by_text(f"Answer to question {position}", exact=True).click()
        expect(explanation).to_be_visible()
        answer = straight(str(one.locator("details").evaluate("(el) => el.innerText")))
        for text in (question.solution, question.explanation, *(feedback for _, feedback in question.reasons)):
            assert plain(text) in answer


def test_with_its_script_missing_there_is_the_answer_and_no_control(
    watched: Callable[..., tuple[Page, Watch]], url: str
) -> None:
    page, _ = watched()
    page.route(re.compile("self_checks.js"), lambda route: route.abort())
    page.goto(url)
    expect(page.locator(".carbite-scripts")).to_be_visible()
    checks = page.locator(".carbite-self-check")
    assert [each for each in checks.locator("input, button").all() if each.is_visible()] == []
    readable(checks)


def test_accessible_in_every_colour_and_width(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        assert findings(page, ".carbite-self-check") == [], size
    answer_everything(page)
    type_in(page, NUMBER, "x")
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        assert findings(page, ".carbite-self-check") == [], size
        targets = page.evaluate(TARGETS)
        assert len(targets) > len(ASKED) * 3
        assert [target for target in targets if target["size"] < TARGET_PX] == [], size
    page.set_viewport_size({"width": 320, "height": 256})  # 1280 by 1024 at 400 %
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320


def test_forced_colours_keep_controls_and_focus(open_page: OpenPage, url: str) -> None:
    page = open_page(url, forced_colors="active")
    control = box(page, ONE).get_by_role("radio").first
    control.focus()
    page.keyboard.press("Space")
    outline = control.evaluate("(el) => [getComputedStyle(el).outlineStyle, getComputedStyle(el).appearance]")
    assert outline == ["solid", "auto"]
    button = box(page, ONE).get_by_role("button", name="Check")
    border = button.evaluate("(el) => [getComputedStyle(el).borderTopStyle, getComputedStyle(el).borderTopColor]")
    assert border[0] == "solid"
    assert border[1] != button.evaluate("(el) => getComputedStyle(el).backgroundColor")


def test_on_paper_the_answers_come_after_the_questions(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    choose(page, ONE, 0)
    prepare_for_print(page)
    checks = page.locator(".carbite-self-check")
    assert [each for each in checks.locator("input, button, [role=status]").all() if each.is_visible()] == []
    bottoms = [each["y"] + each["height"] for each in map(Locator.bounding_box, checks.locator("form").all()) if each]
    tops = [each["y"] for each in map(Locator.bounding_box, checks.locator("details").all()) if each]
    assert len(bottoms) == len(tops) == len(ASKED)
    assert max(bottoms) <= min(tops)
    assert bottoms == sorted(bottoms)
    assert tops == sorted(tops)
    for explanation in checks.locator(".carbite-explanation").all():
        assert explanation.is_visible()


def test_a_bound_edition_has_the_answers_behind_the_questions_and_no_control(site: Path) -> None:
    bound = article(site, f"book/{CHAPTER}").body.select_one(".carbite-self-check")
    assert bound
    assert bound.select("form, fieldset, legend, label, input, button, details, summary, [hidden]") == []
    text = straight(bound.get_text(" "))
    places = [text.index(f"Question {position}.") for position in range(1, len(ASKED) + 1)]
    answers = [text.index(f"Answer to question {position}") for position in range(1, len(ASKED) + 1)]
    assert [*places, *answers] == sorted([*places, *answers])
    for question in ASKED:
        assert len(re.findall(r"Check|Start over", text)) == 0
        start = plain(question.explanation).split("%")[0][:30]
        assert start in text


def test_every_number_of_a_question_has_its_source(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}book/method.html")
    named = [
        name
        for each in questions(BOOK / "method.md")
        for text in each.texts
        for name in re.findall(r"\{number\}`([^`]+)`", text)
    ]
    links = page.locator(".carbite-self-check .number > a")
    shown = links.evaluate_all(
        "(links) => links.map((link) => [link.textContent, document.getElementById(link.getAttribute('aria-describedby')).textContent])"
    )
    assert [tuple(each) for each in shown] == [(number(name).text, number(name).source) for name in named]
    assert len(named) > 10


@pytest.mark.parametrize("width", [390, 1280])
def test_no_source_of_a_question_leaves_the_page(width: int, open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}book/method.html", viewport={"width": width, "height": 800})
    assert page.evaluate(OUTSIDE) == []


def test_tips_in_an_answer_are_its_own(open_page: OpenPage, url: str) -> None:
    """What is said repeats words of the page with their numbers: no id is there twice, and each tip is found."""
    page = open_page(url)
    answer_everything(page)
    assert (
        page.evaluate(
            "() => [...document.querySelectorAll('[id]')].map((el) => el.id).filter((id, at, all) => all.indexOf(id) !== at)"
        )
        == []
    )
    described = page.locator(".carbite-self-check [role=status] [aria-describedby]")
    assert described.count() > 0
    for link in described.all():
        assert link.evaluate(
            "(el) => document.getElementById(el.getAttribute('aria-describedby')).closest('[role=status]') !== null"
        )


def test_the_script_is_on_pages_with_questions_alone(site: Path) -> None:
    with_questions = {page.stem for page in BOOK.glob("*.md") if DIRECTIVE.search(page.read_text("utf-8"))}
    linked = {page.stem for page in site.rglob("*.html") if "carbite/self_checks.js" in page.read_text("utf-8")}
    assert linked == with_questions
