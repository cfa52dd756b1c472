"""A link holds the whole state: it opens the same page elsewhere, and a damaged one says so."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.site.conftest import OpenPage
from tests.site.reader import ATTRITION, Reader

CLIPBOARD = ["clipboard-read", "clipboard-write"]
WITHOUT_CLIPBOARD = "Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined });"
REFUSING_CLIPBOARD = "navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));"
UNREADABLE = re.compile(r"^This link could not be read: .+\. You see the published comparison\.$")

# Every tick there is, so that a link differs from a good one in one thing only.
ON = "on=upenn-chop,mskcc,eliana,tower,alcantara"
# What is wrong with it, and the link.
DAMAGED = {
    "other version": f"#s=2;c=cr;{ON}",
    "no version": f"#s=;c=cr;{ON}",
    "version alone": "#s=1",
    "version that only begins so": f"#s=1x;c=cr;{ON}",
    "unknown comparison": f"#s=1;c=cure;{ON}",
    "no comparison": f"#s=1;{ON}",
    "comparison of an object's own": f"#s=1;c=__proto__;{ON}",
    "no ticks": "#s=1;c=cr",
    "unknown trial": "#s=1;c=cr;on=tower,nobody",
    "trial of another comparison": "#s=1;c=cr;on=tower,kantarjian-2016",
    "trial of an object's own": "#s=1;c=cr;on=constructor",
    "trial ticked twice": "#s=1;c=cr;on=tower,tower",
    "key twice": f"#s=1;c=cr;{ON};i=z;i=z",
    "unknown key": f"#s=1;c=cr;{ON};q=1",
    "key of an object's own": f"#s=1;c=cr;{ON};__proto__=1",
    "reading of an object's own": f"#s=1;c=cr;{ON};r=constructor",
    "interval of an object's own": f"#s=1;c=cr;{ON};i=toString",
    "model of an object's own": f"#s=1;c=cr;{ON};t=__proto__",
    "unknown population": f"#s=1;c=cr;{ON};p=martians",
    "empty option": f"#s=1;c=cr;{ON};o=",
    "bias that is no number": f"#s=1;c=cr;{ON};b=NaN",
    "bias out of range": f"#s=1;c=cr;{ON};b=1e9",
    "bias without end": f"#s=1;c=cr;{ON};b=Infinity",
    "empty bias": f"#s=1;c=cr;{ON};b=",
    "attrition below zero": f"#s=1;c=cr;{ON};a=-0.1",
    "attrition of everybody": f"#s=1;c=cr;{ON};a=1",
    "reading of an unknown trial": f"#s=1;c=cr;{ON};rt=nobody.enrolled",
    "reading of one trial unknown": f"#s=1;c=cr;{ON};rt=eliana.constructor",
    "reading of one trial missing": f"#s=1;c=cr;{ON};rt=eliana",
    "reading of one trial twice": f"#s=1;c=cr;{ON};rt=eliana.enrolled,eliana.printed",
    "cut short": f"#s=1;c=cr;{ON};x=Mine~car_t~1",
    "cut in the middle of a sign": f"#s=1;c=cr;{ON};x=Mine%E2%82~car_t~1~2",
    "per cent garbage": "#s=1;c=%%%;on=%GG",
    "added trial with too many events": f"#s=1;c=cr;{ON};x=Mine~car_t~3~2",
    "added trial with half a patient": f"#s=1;c=cr;{ON};x=Mine~car_t~0.5~2",
    "added trial in no arm": f"#s=1;c=cr;{ON};x=Mine~toString~1~2",
    "added trial of the same name": f"#s=1;c=cr;{ON};x=TOWER~car_t~1~2",
    "script": "#s=1;c=<script>window.hacked=1</script>;on=",
    "image": f"#s=1;c=cr;{ON};i=<img src=x onerror=window.hacked=1>",
    "very long": f"#s=1;c=cr;on={','.join(['tower'] * 20_000)}",
    "nothing but signs": "#s=1;;;;===;~~~",
}


def make_a_state_of_everything(reader: Reader) -> None:
    """Differs from the published comparison in every part that a link has."""
    reader.toggle("TOWER")
    reader.toggle("CARPALL")
    reader.count("Seattle Children's", "enrolled")
    reader.count("ELIANA", "enrolled")
    reader.choose("Model", "PM")
    reader.choose("Interval", "z")
    reader.choose("Trials of", "no-mrd-only")
    reader.choose("Shared patients", "printed")
    reader.assume_bias(1.5)
    reader.assume_attrition(12)
    reader.add("Ours; a~b, 100 % = <i>ü</i> & \U0001f9ec", "bispecific", "3", "30")
    reader.add("+1", "car_t", "0", "5")


def address_of(page: Page) -> str:
    """The address once it is written, which is after the page was drawn."""
    return str(page.evaluate("() => new Promise((done) => setTimeout(() => done(location.href)))"))


@pytest.fixture
def page(open_page: OpenPage, chapter: str) -> Page:
    return open_page(chapter, permissions=CLIPBOARD)


def copied_link(page: Page) -> str:
    page.get_by_role("button", name="Copy link to this state").click()
    notice = page.locator(".cx-notice")
    expect(notice).to_have_text("Link copied. It opens this page in exactly this state.")
    expect(notice).to_be_in_viewport()
    return str(page.evaluate("() => navigator.clipboard.readText()"))


@pytest.mark.parametrize("endpoint", ["cr", "davis_cr"])
def test_copied_link_opens_the_same_state_elsewhere(open_page: OpenPage, page: Page, endpoint: str) -> None:
    reader = Reader(page)
    if endpoint == "cr":
        make_a_state_of_everything(reader)
    else:
        reader.choose("Endpoint", endpoint)
        reader.toggle("MSKCC, first 16")
    link = copied_link(page)
    assert link == address_of(page)

    elsewhere = open_page(link)
    reader.page = elsewhere
    assert reader.shown() == reader.expected()
    assert address_of(elsewhere) == link
    expect(elsewhere.locator(".cx-notice")).to_be_empty()


@pytest.mark.parametrize("browser_lacks_it", [WITHOUT_CLIPBOARD, REFUSING_CLIPBOARD], ids=["missing", "refusing"])
def test_link_can_be_taken_where_the_clipboard_cannot_be_written(
    open_page: OpenPage, chapter: str, browser_lacks_it: str
) -> None:
    page = open_page("about:blank")
    page.add_init_script(browser_lacks_it)
    page.goto(chapter)
    reader = Reader(page)
    reader.toggle("TOWER")
    reader.button("Copy link to this state").click()
    field = page.get_by_label("Link to this state")
    expect(field).to_have_value(address_of(page))
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()
    assert page.evaluate("() => getSelection().toString()") == address_of(page)


def test_untouched_page_keeps_its_plain_address_and_finds_back_to_it(page: Page, chapter: str) -> None:
    reader = Reader(page)
    assert address_of(page) == chapter
    reader.toggle("TOWER")
    assert address_of(page).startswith(f"{chapter}#s=1;")
    reader.toggle("TOWER")
    assert address_of(page) == chapter
    make_a_state_of_everything(reader)
    reader.reset()
    assert address_of(page) == chapter
    assert reader.shown() == reader.expected()


def test_link_to_a_state_leads_to_its_component(open_page: OpenPage, chapter: str) -> None:
    """Also to the published comparison; a section anchor and the plain address lead where they always did."""
    stated = "#s=1;c=davis_cr;on=upenn-chop"
    opened = open_page(chapter + stated)
    expect(opened.locator(".carbite-explorer").first).to_be_in_viewport()
    assert open_page(chapter).evaluate("() => scrollY") == 0


def test_link_to_the_published_comparison_names_its_trials(open_page: OpenPage, page: Page) -> None:
    """It still opens them after others were added to the book."""
    link = copied_link(page)
    assert "tower" in link
    reader = Reader(open_page(link))
    assert reader.shown() == reader.expected()


def test_kept_scenarios_can_be_opened_again(page: Page) -> None:
    reader = Reader(page)
    keep = reader.button("Keep this scenario")
    keep.click()
    published = reader.expected()
    make_a_state_of_everything(reader)
    keep.click()
    everything = reader.expected()
    reader.toggle("MSKCC")
    for name, expected in (("Scenario 1", published), ("Scenario 2", everything), ("Scenario 1", published)):
        page.get_by_role("link", name=name, exact=True).click()
        assert reader.shown() == expected
        # What was kept is still there: the link opens the state, not the page anew.
        expect(page.get_by_role("link", name="Scenario 2", exact=True)).to_be_visible()


def test_back_leads_to_the_state_before_a_link(page: Page) -> None:
    reader = Reader(page)
    published = reader.shown()
    page.evaluate("() => { location.hash = '#s=1;c=cr;on=tower,alcantara,eliana,nci'; }")
    expect(reader.checkbox("CARPALL")).not_to_be_checked()
    page.go_back()
    expect(reader.checkbox("CARPALL")).to_be_checked()
    assert reader.shown() == published


def test_section_anchor_stays_one_until_the_state_changes(open_page: OpenPage, chapter: str) -> None:
    page = open_page(f"{chapter}#recompute-it")
    expect(page.get_by_role("heading", name="Recompute it")).to_be_in_viewport()
    reader = Reader(page)
    assert reader.shown() == reader.expected()
    expect(reader.notice).to_be_empty()
    assert address_of(page) == f"{chapter}#recompute-it"

    reader.toggle("TOWER")
    assert address_of(page).startswith(f"{chapter}#s=1;")

    # Following an anchor moves the page and leaves the state alone.
    page.get_by_role("link", name="What moves the conclusion").first.click()
    assert address_of(page) == f"{chapter}#what-moves-the-conclusion"
    expect(page.get_by_role("heading", name="What moves the conclusion")).to_be_in_viewport()
    assert reader.shown() == reader.expected()


def test_state_link_that_replaces_another_updates_the_page(page: Page) -> None:
    reader = Reader(page)
    page.evaluate("() => { location.hash = '#s=1;c=cr;on=eliana,nci,tower,alcantara;r=enrolled;a=0.25'; }")
    expect(reader.field(ATTRITION)).to_have_value("25")
    reader.trials = ["eliana", "nci", "tower", "alcantara"]
    reader.options |= {"reading": "enrolled", "attrition": 0.25}
    assert reader.shown() == reader.expected()


@pytest.mark.parametrize(
    "fault", ["other version", "unknown trial", "per cent garbage", "script", "very long", "key of an object's own"]
)
def test_page_opened_by_a_damaged_link_shows_the_published_comparison(
    open_page: OpenPage, chapter: str, fault: str
) -> None:
    page = open_page(chapter + DAMAGED[fault])
    expect(page.get_by_role("alert").filter(has_text=UNREADABLE)).to_be_visible()
    reader = Reader(page)
    assert reader.shown() == reader.expected()
    assert page.evaluate("() => window.hacked") is None
    # What a reader does next works, takes the notice away and mends the address.
    reader.toggle("TOWER")
    assert reader.shown() == reader.expected()
    expect(reader.notice).to_be_empty()
    assert address_of(page).startswith(f"{chapter}#s=1;c=cr;on=upenn-chop,")


FOLLOW = """async (link) => {
  document.querySelector("[data-trial=tower]").click();
  const changed = document.querySelector(".cx-verdict").textContent;
  await new Promise((done) => setTimeout(done)); // the address of this state is written
  const arrived = new Promise((done) => addEventListener("hashchange", () => setTimeout(done), { once: true }));
  location.hash = link;
  await arrived;
  return {
    changed,
    notice: document.querySelector(".cx-notice[role=alert]").textContent,
    verdict: document.querySelector(".cx-verdict").textContent,
    ticked: document.querySelectorAll(".cx-row input:checked").length,
    hacked: Boolean(window.hacked),
  };
}"""


def test_every_damaged_link_falls_back_and_says_so(page: Page) -> None:
    published = page.locator(".cx-verdict").text_content()
    for fault, link in DAMAGED.items():
        found = page.evaluate(FOLLOW, link)
        assert found["changed"] != published, fault
        assert UNREADABLE.match(found["notice"]), fault
        assert (found["verdict"], found["ticked"], found["hacked"]) == (published, 15, False), fault
    reader = Reader(page)
    assert reader.shown() == reader.expected()


def test_damaged_link_on_an_open_page_is_said_and_forgotten_with_the_next_good_one(page: Page) -> None:
    reader = Reader(page)
    reader.toggle("TOWER")
    page.evaluate("() => { location.hash = '#s=1;c=cr;on=nobody'; }")
    expect(reader.notice).to_have_text(UNREADABLE)
    reader.note_toggle("TOWER")
    assert reader.shown() == reader.expected()

    page.evaluate("() => { location.hash = '#s=1;c=cr;on=eliana,nci,tower,alcantara'; }")
    expect(reader.notice).to_be_empty()
    reader.trials = ["eliana", "nci", "tower", "alcantara"]
    assert reader.shown() == reader.expected()
