"""The explorer of the static page: whatever a reader chooses, the page says what Python computes."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from carbite.comparison import comparison, comparison_ids
from tests.site.conftest import OpenPage
from tests.site.reader import ATTRITION, BIAS, CHOICES, Reader, choices_of

WALK_STEPS = 40
WALK_SEED = 20261121


@pytest.fixture
def page(open_page: OpenPage, chapter: str) -> Page:
    opened = open_page()
    opened.goto(chapter)
    return opened


@pytest.fixture
def reader(page: Page) -> Reader:
    return Reader(page)


def test_opens_on_the_published_comparison(reader: Reader) -> None:
    assert reader.shown() == reader.expected()
    assert reader.shown()["changed"] == []


def untick_tower(reader: Reader) -> None:
    reader.toggle("TOWER")


def tick_tower_again(reader: Reader) -> None:
    untick_tower(reader)
    reader.toggle("TOWER")
    reader.toggle("CARPALL")


def count_eliana_by_enrolment(reader: Reader) -> None:
    reader.count("ELIANA", "enrolled")


def count_all_by_enrolment(reader: Reader) -> None:
    reader.choose("Count patients", "enrolled")


def assume_bias(reader: Reader) -> None:
    reader.assume_bias(7.5)


def assume_attrition(reader: Reader) -> None:
    reader.assume_attrition(25)


def add_a_trial(reader: Reader) -> None:
    reader.add("Mine, <b>2027</b> & 3", "bispecific", "30", "30")


def one_arm_without_trials(reader: Reader) -> None:
    for trial in reader.asked.trials:
        if trial.arm == "bispecific":
            reader.toggle(trial.name)


def the_example_of_the_chapter(reader: Reader) -> None:
    untick_tower(reader)
    count_eliana_by_enrolment(reader)
    reader.choose("Interval", "z")


@pytest.mark.parametrize(
    "act",
    [
        untick_tower,
        tick_tower_again,
        count_eliana_by_enrolment,
        count_all_by_enrolment,
        assume_bias,
        assume_attrition,
        add_a_trial,
        one_arm_without_trials,
        the_example_of_the_chapter,
    ],
)
def test_a_choice_changes_the_numbers_to_those_of_python(reader: Reader, act: Callable[[Reader], None]) -> None:
    before = reader.shown()
    act(reader)
    after = reader.shown()
    assert after == reader.expected()
    assert after["sentence"] != before["sentence"]
    assert after["changed"] != []


@pytest.mark.parametrize("label", ["Model", "Interval", "Trials of", "Count patients"])
def test_every_entry_of_a_list_gives_the_numbers_of_python(reader: Reader, label: str) -> None:
    seen = set()
    for value in choices_of(label, reader.asked):
        reader.choose(label, value)
        shown = reader.shown()
        assert shown == reader.expected(), value
        seen.add((shown["beside"][0], shown["sentence"]))
    assert len(seen) == len(choices_of(label, reader.asked))


def test_every_endpoint_opens_with_its_own_trials(reader: Reader) -> None:
    for comparison_id in comparison_ids():
        reader.choose("Endpoint", comparison_id)
        assert reader.shown() == reader.expected(), comparison_id


def test_patients_are_counted_once_unless_asked(reader: Reader) -> None:
    reader.choose("Endpoint", "davis_cr")
    reader.toggle("MSKCC, first 16")
    assert reader.shown() == reader.expected()
    assert not reader.checkbox("MSKCC, first 32").is_checked()
    expect(reader.notice).to_have_text("MSKCC, first 32 shares patients with MSKCC, first 16 and was unticked.")

    reader.choose("Shared patients", "printed")
    reader.toggle("MSKCC, first 32")
    shown = reader.shown()
    assert shown == reader.expected()
    assert any("share patients" in caveat for caveat in shown["caveats"])

    # The other way round: the rows stay ticked, the later one is left out and says why.
    reader.choose("Shared patients", "exclusive")
    assert reader.shown() == reader.expected()


def test_trial_without_a_count_cannot_be_ticked_and_says_why(reader: Reader) -> None:
    reader.choose("Endpoint", "relapse_among_cr")
    expect(reader.checkbox("TOWER")).to_be_disabled()
    expect(reader.checkbox("TOWER")).not_to_be_checked()
    assert reader.shown() == reader.expected()


def test_attrition_is_out_of_reach_where_it_means_nothing(reader: Reader) -> None:
    reader.assume_attrition(25)
    reader.choose("Endpoint", "relapse_among_cr")
    expect(reader.field(ATTRITION)).to_be_disabled()
    assert reader.shown() == reader.expected()


def test_added_trial_can_be_removed_and_everything_reset(reader: Reader) -> None:
    published = reader.shown()
    reader.add("Mine", "car_t", "1", "40")
    reader.add("Yours", "car_t", "0", "25")
    assert reader.shown() == reader.expected()
    reader.remove("Mine")
    assert reader.shown() == reader.expected()
    expect(reader.page.get_by_text("Add a trial", exact=True)).to_be_focused()
    the_example_of_the_chapter(reader)
    assume_bias(reader)
    reader.reset()
    assert reader.shown() == reader.expected() == published


@pytest.mark.parametrize(
    ("name", "events", "n", "expected"),
    [
        ("TOWER", "1", "2", "There is already a trial called TOWER."),
        ("   ", "1", "2", "Give the trial a name of 1 to 60 letters."),
        ("Mine", "3", "2", "Patients with the event must be a whole number from 0 to 2."),
        ("Mine", "-1", "2", "Patients with the event must be a whole number from 0 to 2."),
        ("Mine", "1.5", "2", "Patients with the event must be a whole number from 0 to 2."),
        ("Mine", "0", "0", "Patients must be a whole number from 1 to 100000."),
        ("Mine", "1", "100001", "Patients must be a whole number from 1 to 100000."),
        ("Mine", "1", "ten", "Patients must be a whole number from 1 to 100000."),
    ],
)
def test_impossible_trial_is_refused_in_words(reader: Reader, name: str, events: str, n: str, expected: str) -> None:
    reader.fill_trial(name, "car_t", events, n)
    reader.button("Add").click()
    expect(reader.page.locator(".cx-add [role=alert]")).to_have_text(expected)
    assert reader.shown() == reader.expected()
    assert reader.field("Patients in all").input_value() == n


@pytest.mark.parametrize(
    ("label", "typed", "limits"),
    [
        (BIAS, "0", "Assumed bias must be an odds ratio from 1 to 20."),
        (BIAS, "99", "Assumed bias must be an odds ratio from 1 to 20."),
        (BIAS, "", "Assumed bias must be an odds ratio from 1 to 20."),
        (BIAS, "abc", "Assumed bias must be an odds ratio from 1 to 20."),
        (ATTRITION, "90", "The share never infused must be a whole number from 0 to 60 %."),
        (ATTRITION, "-1", "The share never infused must be a whole number from 0 to 60 %."),
        (ATTRITION, "12.5", "The share never infused must be a whole number from 0 to 60 %."),
    ],
)
def test_impossible_assumption_is_refused_and_leaves_no_trace(
    reader: Reader, label: str, typed: str, limits: str
) -> None:
    reader.assume_bias(2)
    reader.assume_attrition(10)
    before = reader.shown()
    field = reader.field(label)
    field.click()
    reader.page.keyboard.press("Control+A")
    reader.page.keyboard.press("Delete")
    reader.page.keyboard.type(typed)
    reader.page.keyboard.press("Tab")
    expect(reader.notice).to_have_text(limits)
    expect(field).to_have_attribute("aria-invalid", "true")
    assert {**reader.shown(), "choices": None} == {**before, "choices": None}

    # The next choice is drawn with what the state holds: the field does not keep what was refused.
    reader.toggle("TOWER")
    assert reader.shown() == reader.expected()
    expect(reader.notice).to_be_empty()
    assert field.get_attribute("aria-invalid") is None


def test_click_that_leaves_a_number_field_is_not_lost(reader: Reader) -> None:
    """The number is taken over when the field is left, which is while the mouse button is down on the trial."""
    field = reader.field(BIAS)
    field.click()
    field.press("Control+A")
    reader.page.keyboard.type("2")
    reader.toggle("UPenn/CHOP")
    reader.options["bias"] = 2.0
    assert reader.shown() == reader.expected()


def test_verdict_is_read_out_only_when_it_changes(reader: Reader) -> None:
    verdict = reader.page.locator(".cx-verdict")
    expect(verdict).to_have_attribute("aria-live", "polite")
    verdict.evaluate(
        """(verdict) => {
          window.writings = 0;
          new MutationObserver(() => { window.writings += 1; })
            .observe(verdict, { childList: true, characterData: true, subtree: true });
        }"""
    )

    def writings() -> int:
        return int(reader.page.evaluate("() => new Promise((done) => setTimeout(() => done(window.writings)))"))

    # A trial without its own enrolment count, counted as printed: nothing that is said changes.
    reader.choose("Endpoint", "cr")
    reader.choose("Shared patients", "printed")
    reader.count("ELIANA", "printed")
    assert writings() == 0
    reader.toggle("TOWER")
    assert writings() == 1
    reader.toggle("TOWER")
    assert writings() == 2


def test_random_clicks_agree_with_python_at_every_step(reader: Reader) -> None:
    draw = random.Random(WALK_SEED)
    verdicts = set()
    for step in range(WALK_STEPS):
        said = _random_click(reader, draw)
        shown = reader.shown()
        assert shown == reader.expected(), f"step {step}: {said}"
        verdicts.add(shown["verdict"])
    assert len(verdicts) > 1


def _random_click(reader: Reader, draw: random.Random) -> str:
    countable = [trial for trial in reader.asked.trials if trial.counts]
    kind = draw.choice(["trial"] * 5 + ["reading"] * 2 + ["list"] * 4 + ["bias", "attrition", "add", "remove"])
    if kind == "reading":
        several = [trial for trial in countable if len(trial.counts) > 1]
        if several:
            trial = draw.choice(several)
            reading = draw.choice(sorted(trial.counts))
            reader.count(trial.name, reading)
            return f"{trial.name} counted {reading}"
    if kind == "list":
        label = draw.choice(list(CHOICES))
        options = list(comparison_ids()) if label == "Endpoint" else choices_of(label, reader.asked)
        value = draw.choice(options)
        reader.choose(label, value)
        return f"{label}: {value}"
    if kind == "bias":
        reader.assume_bias(round(draw.uniform(1, 20), 1))
        return f"bias {reader.options['bias']}"
    if kind == "attrition" and comparison(reader.comparison_id).allows_attrition:
        reader.assume_attrition(draw.randint(0, 60))
        return f"attrition {reader.options['attrition']}"
    if kind == "add" and len(reader.added) < 3:
        n = draw.randint(1, 200)
        name = f"Trial {draw.randint(0, 10**6)} ~;,é"
        reader.add(name, draw.choice(["car_t", "bispecific"]), str(draw.randint(0, n)), str(n))
        return f"added {reader.added[-1]}"
    if kind == "remove" and reader.added:
        name = draw.choice(reader.added)["name"]
        reader.remove(name)
        return f"removed {name}"
    trial = draw.choice(countable)
    reader.toggle(trial.name)
    return f"{trial.name} toggled"
