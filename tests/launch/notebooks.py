"""Build what Binder builds and open every chapter and assignment there, in a browser, as a learner does.

python -m tests.launch.notebooks [--keep] [--only TEXT]

Each notebook is opened at the address of its launch button; all cells are run, the notebook is saved, and what was
saved must hold no error. Explorers are clicked, and Python must agree; simulations are moved. The report is
_build/launch/report.md; any failure ends with status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from carbite.launch import ASSIGNMENTS, CHAPTERS, CONTENTS, FOLDER, lab
from tests.browser import ARGUMENTS, require_browser
from tests.lab.conftest import HOST, Notebook, Watch
from tests.launch import environment, report
from tests.launch.environment import ROOT, Place
from tests.launch.start import START_CPU_S, Start, code_cells, start_up

FOLDER_OF_REPORT = ROOT / "_build" / "launch"
COMMAND = "make test-launch"
# What has not happened by then on a loaded machine will not happen.
PATIENCE_S = 180
RAW = re.compile(r":::|\{[\w:.+-]+\}`")


@dataclass
class Seen:
    """What was seen of one notebook."""

    name: str
    open_s: float = 0.0
    run_s: float = 0.0
    cells: int = 0
    used: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@contextmanager
def jupyterlab(place: Place, log: Path) -> Iterator[str]:
    """The address of a JupyterLab that was started as Binder starts it, in the learner's home."""
    command = [str(place.python), "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.ip={HOST}"]
    command += ["--ServerApp.port=0", "--IdentityProvider.token=", "--ServerApp.password="]
    # A learner closes what they do not need; here nobody does.
    command += ["--MappingKernelManager.cull_idle_timeout=30", "--MappingKernelManager.cull_interval=10"]
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=place.home, env=place.variables(), stdout=out, stderr=subprocess.STDOUT)
    about = place.home / ".local" / "share" / "jupyter" / "runtime" / f"jpserver-{server.pid}.json"
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not (about.is_file() and (said := about.read_text("utf-8")).rstrip().endswith("}")):
            if time.monotonic() > deadline or server.poll() is not None:
                sys.exit(f"JupyterLab did not start:\n{log.read_text('utf-8')[-3000:]}")
            time.sleep(0.1)
        yield str(json.loads(said)["url"])
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def notebook(browser: Browser, address: str, path: str) -> Iterator[tuple[Notebook, float]]:
    """A notebook, opened at the address of its launch button in a browser that knows nothing; and the seconds."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(PATIENCE_S * 1000)
    watch = Watch()
    watch.begin(context)
    opened = Notebook(context.new_page(), watch)
    began = time.monotonic()
    opened.page.goto(f"{address}{lab(path)}?reset")
    expect(opened.panel.locator(".jp-Cell").first).to_be_attached()
    try:
        yield opened, time.monotonic() - began
    finally:
        context.close()


def look(browser: Browser, address: str, place: Place, path: str) -> Seen:
    """Open, run, save and use one notebook."""
    seen = Seen(path)
    try:
        with notebook(browser, address, path) as (opened, seen.open_s):
            _run(opened, place.home / FOLDER / path, seen)
            _use(opened, seen)
            if said := RAW.findall("\n".join(opened.prose.all_text_contents())):
                seen.problems.append(f"left raw: {sorted(set(said))}")
            if opened.watch.foreign:
                seen.problems.append(f"asked other hosts: {sorted(set(opened.watch.foreign))[:3]}")
            if opened.watch.failures:
                seen.problems.append(f"scripts failed: {opened.watch.failures[:3]}")
    except (Error, AssertionError) as error:
        seen.problems.append(str(error).strip().replace("\n", " ")[:500])
    return seen


def _run(opened: Notebook, file: Path, seen: Seen) -> None:
    """Run all cells and save; what was saved must have run, without an error or a warning."""
    cells = code_cells(file)
    seen.cells = len(cells)
    if not cells:
        return
    idle = opened.page.get_by_text("Python 3 (ipykernel) | Idle")
    expect(idle).to_be_visible()
    began = time.monotonic()
    opened.choose("Run", "Run All Cells")
    # What a cell shows does not say whether it ran: its code may be folded, and an answer need not show anything.
    while True:
        expect(idle).to_be_visible()
        opened.choose("File", "Save Notebook")
        saved = code_cells(file)
        failed = any(output["output_type"] == "error" for cell in saved for output in cell["outputs"])
        seen.run_s = time.monotonic() - began
        if failed or all(cell["execution_count"] for cell in saved) or seen.run_s > PATIENCE_S:
            break
        time.sleep(0.5)
    for position, cell in enumerate(saved, start=1):
        if not cell["execution_count"]:
            seen.problems.append(f"code cell {position} did not run")
        for output in cell["outputs"]:
            if output["output_type"] == "error" or output.get("name") == "stderr":
                seen.problems.append(f"code cell {position}: {output.get('evalue') or output.get('text')}"[:300])


def _use(opened: Notebook, seen: Seen) -> None:
    """Untick a trial in the explorer, move a slider of a simulation: the page changes, and Python says the same."""
    if opened.explorer.count():
        before = _explorer(opened)
        opened.explorer.locator('tr[data-row] input[type="checkbox"]:checked').first.click()
        after = _explorer(opened)
        expect(opened.explorer.locator(".cx-verdict").first).to_contain_text(after["sentence"])
        if len(after["trials"]) >= len(before["trials"]):
            seen.problems.append(f"a trial was unticked, and Python still has {after['trials']}")
        seen.used.append("explorer")
    place = opened.panel.locator(".carbite-simulation").first
    slider = place.locator('[type="range"][data-parameter]')
    if slider.count():
        text = place.text_content()
        slider.first.focus()
        opened.page.keyboard.press("ArrowRight")
        expect(place).not_to_have_text(str(text))
        seen.used.append("simulation")


def _explorer(opened: Notebook) -> dict[str, Any]:
    """The explorer as Python sees it."""
    asked = "import json\nprint(json.dumps({'trials': explorer.selection['trials'], **explorer.result}))"
    return dict(json.loads(opened.python(asked).inner_text()))


def find_the_way(browser: Browser, address: str) -> list[str]:
    """From the list of contents by its link, and from the file browser by double clicks; what went wrong."""
    problems = []
    ways: tuple[tuple[str, Callable[[Page], None]], ...] = (
        (f"{address}{lab(CONTENTS)}?reset", _by_link),
        (f"{address}lab?reset", _by_file_browser),
    )
    for url, way in ways:
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        context.set_default_timeout(PATIENCE_S * 1000)
        try:
            page = context.new_page()
            page.goto(url)
            way(page)
            expect(page.locator(".lm-TabBar-tab.lm-mod-current", has_text="efficacy.ipynb").first).to_be_visible()
        except (Error, AssertionError) as error:
            problems.append(f"{way.__name__}: {str(error).strip()[:300]}")
        finally:
            context.close()
    return problems


def _by_link(page: Page) -> None:
    page.locator(f'.jp-RenderedMarkdown a[href*="{CHAPTERS}/efficacy.ipynb"]').first.click()


def _by_file_browser(page: Page) -> None:
    for name in (FOLDER, CHAPTERS, "efficacy.ipynb"):
        page.locator(".jp-DirListing-item").filter(has=page.get_by_text(name, exact=True)).first.dblclick()


def main() -> None:
    """Build, look, report; status 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="use an earlier environment of the same files")
    parser.add_argument("--only", default="", metavar="TEXT", help="those notebooks whose path has this in it")
    chosen = parser.parse_args()
    folder, seconds = FOLDER_OF_REPORT / "place", dict[str, float]()
    if chosen.keep:
        place = environment.built(folder)
    else:
        place, seconds = environment.build(folder)
    began = start_up(place)
    paths = [f"{CHAPTERS}/{file.name}" for file in sorted((place.home / FOLDER / CHAPTERS).glob("*.ipynb"))]
    paths += [f"{ASSIGNMENTS}/{file.name}" for file in sorted((place.home / FOLDER / ASSIGNMENTS).glob("*.ipynb"))]
    paths = [path for path in paths if chosen.only in path]
    expect.set_options(timeout=PATIENCE_S * 1000)
    alone = f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}"
    seen = []
    with jupyterlab(place, FOLDER_OF_REPORT / "server.log") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_browser(), args=[*ARGUMENTS, alone])
        lost = find_the_way(browser, address)
        for path in paths:
            seen.append(look(browser, address, place, path))
            print(f"{path}: {'; '.join(seen[-1].problems) or 'fine'}", flush=True)
        browser.close()
    slow = {name: start.imports_s for name, start in began.items() if start.imports_s >= START_CPU_S}
    problems = [f"{each.name}: {said}" for each in seen for said in each.problems] + lost
    problems += [f"{name} imports for {cpu:.1f} s of CPU, expected under {START_CPU_S:g}" for name, cpu in slow.items()]
    print(f"report: {_report(place, seconds, began, seen, problems)}")
    print("\n".join(problems) or f"{len(seen)} notebooks, no error")
    sys.exit(1 if problems else 0)


def _report(
    place: Place, seconds: dict[str, float], began: dict[str, Start], seen: list[Seen], problems: list[str]
) -> Path:
    ran = [each for each in seen if each.cells]
    rows = [
        (each.name, f"{each.open_s:.1f}", f"{each.run_s:.1f}", each.cells, ", ".join(each.used), len(each.problems))
        for each in seen
    ]
    slowest = max(began, key=lambda name: began[name].imports_s)
    starts = [(name, f"{start.imports_s:.2f}", f"{start.cell_s:.2f}") for name, start in began.items()]
    parts = [
        f"{len(seen)} notebooks, {len(ran)} with code, {sum(each.cells for each in seen)} code cells run; "
        f"{sum('explorer' in each.used for each in seen)} explorers and "
        f"{sum('simulation' in each.used for each in seen)} simulations used; failures: {len(problems) or 'none'}.",
        "Built in " + ", ".join(f"{step} {took:.0f} s" for step, took in seconds.items())
        if seconds
        else "The environment was built by an earlier run.",
        f"The environment takes {environment.size(place.folder / 'environment') / 1e6:.0f} MB.",
        f"CPU before the first result, that is to import: carbite alone {began['import carbite'].imports_s:.2f} s, at "
        f"most {began[slowest].imports_s:.2f} s ({slowest}), expected under {START_CPU_S:g} s.",
        report.table(("notebook", "opened, s", "run, s", "code cells", "used", "problems"), rows),
        report.table(("start of", "imports, s of CPU", "whole first cell, s of CPU"), starts),
        "\n".join(f"- {said}" for said in problems),
    ]
    figures = {
        **report.about(COMMAND),
        "notebooks": len(seen),
        "cells": sum(each.cells for each in seen),
        "run_s_median": statistics.median(each.run_s for each in ran),
        "run_s_slowest": max(each.run_s for each in ran),
        "start_cpu_s": {name: asdict(start) for name, start in began.items()},
        "build_s": seconds,
        "problems": problems,
    }
    return report.write(FOLDER_OF_REPORT, "Binder's environment, used by a learner", parts, figures)


if __name__ == "__main__":
    os.environ.pop("CARBITE_BUILD", None)
    main()
