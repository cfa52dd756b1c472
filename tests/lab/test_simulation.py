"""The simulations of the chapter on mechanism in a real JupyterLab: values and results are shared with Python."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from carbite.models import model
from tests.lab.conftest import PATIENCE_S, Notebook, Watch


@pytest.fixture(scope="module")
def mechanism(lab: str, browser: Browser) -> Iterator[Notebook]:
    """The chapter on mechanism, opened in JupyterLab, every cell run."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(PATIENCE_S * 1000)
    watch = Watch()
    watch.begin(context)
    opened = Notebook(context.new_page(), watch)
    # In a workspace of its own: the other one would open the notebooks again that earlier tests left open.
    opened.page.goto(f"{lab}lab/workspaces/mechanism/tree/mechanism.ipynb")
    expect(opened.page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    opened.run_all()
    assert opened.errors.all_inner_texts() == []
    yield opened
    context.close()


def place(mechanism: Notebook) -> Locator:
    """The simulation of the infusion."""
    return mechanism.panel.locator('.carbite-simulation[aria-label^="An infusion"]')


def test_every_simulation_is_drawn(mechanism: Notebook) -> None:
    said = mechanism.panel.locator(".carbite-simulation .sm-sentence").all_text_contents()
    assert said == [model(name).result()["sentence"] for name in ("infusion", "kinetics", "ratio")]
    assert mechanism.panel.locator('.carbite-simulation [data-tool="link"]').count() == 0


def test_a_setting_reaches_python_and_back(mechanism: Notebook) -> None:
    slider = place(mechanism).locator('[type="range"][data-parameter="stop_day"]')
    slider.fill("10")
    asked = "import json\nprint(json.dumps([infusion.values, infusion.result['sentence']]))"
    values, sentence = json.loads(mechanism.python(asked).inner_text())
    assert values == model("infusion").check({"stop_day": 10})
    assert sentence == model("infusion").result({"stop_day": 10})["sentence"]
    expect(place(mechanism).locator(".sm-sentence")).to_have_text(sentence)
    mechanism.python('infusion.values = {"stop_day": 5}')
    expect(place(mechanism).locator(".sm-sentence")).to_have_text(model("infusion").result({"stop_day": 5})["sentence"])
    expect(slider).to_have_value("5")


def test_a_bad_value_is_refused(mechanism: Notebook) -> None:
    said = mechanism.python('try:\n    infusion.values = {"dose": -1}\nexcept Exception as error:\n    print(error)')
    expect(said).to_contain_text("dose = -1; expected a number from 1 to 112")


def test_arrow_keys_stay_in_the_simulation(mechanism: Notebook) -> None:
    cells = mechanism.panel.locator(".jp-Cell").count()
    slider = place(mechanism).locator('[type="range"][data-parameter="dose"]')
    slider.focus()
    for key in ("ArrowRight", "b", "d", "d"):
        mechanism.page.keyboard.press(key)
    expect(slider).to_be_focused()
    expect(slider).to_have_value("29")
    assert mechanism.panel.locator(".jp-Cell").count() == cells


def test_nothing_is_asked_of_another_host(mechanism: Notebook) -> None:
    assert (mechanism.watch.foreign, mechanism.watch.failures) == ([], [])
