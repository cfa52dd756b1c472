"""What keeps a reader's next key or click waiting after a change in the explorer, with the processor slowed six times.

    python -m benchmarks.responsiveness [toggles]

The explorer of the efficacy chapter, the published comparison (7,905 pairs of subsets) and one with seven more trials
typed in (4,185,601 pairs). A trial is ticked and unticked. The browser's own trace gives the processor time of each
task on the page's thread: on a quiet machine that is how long the task keeps input waiting, and on a busy one it leaves
out the other programs. Tasks are sorted by what they hold: the click itself (new verdict, numbers, address), counting
subsets in slices, and what the browser does of itself (layout and painting).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from bisect import bisect
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright
from tests.browser import ARGUMENTS, require_browser

from carbite.comparison import comparison

ROOT = Path(__file__).parents[1]
# https://w3c.github.io/longtasks: what takes longer keeps input waiting.
LONG_TASK_MS = 50
SLOWED = 6
TOGGLES = 16
# The first toggles compile the script.
WARM_UP = 3
PATIENCE_MS = 120_000
KINDS = ("click", "counting", "the browser's own")
MARKED = "toggle"

TOGGLE_AND_WAIT = """async (toggles) => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const box = document.querySelector("[data-trial=tower]");
  for (let toggle = 0; toggle < toggles; toggle += 1) {
    performance.mark("toggle");
    await pause(50);
    setTimeout(() => box.click());
    await pause(50);
    while (!document.querySelector('.cx-subsets[aria-busy="false"]')) await pause(50);
    await pause(150);
  }
}"""


def many_trials(added: int) -> str:
    """A link to the published comparison with so many trials typed in."""
    ticked = ",".join(comparison("cr").default_selection().trials)
    return f"#s=1;c=cr;on={ticked};" + ";".join(f"x=Mine%20{i}~bispecific~{3 + i}~30" for i in range(added))


def longest_tasks(page: Page, session: CDPSession, toggles: int) -> dict[str, list[float]]:
    """Milliseconds of processor time of the longest task of each kind after each toggle."""
    events: list[dict[str, Any]] = []
    ended: list[Any] = []
    session.on("Tracing.dataCollected", lambda part: events.extend(part["value"]))
    session.on("Tracing.tracingComplete", lambda end: ended.append(end))
    categories = {"includedCategories": ["toplevel", "devtools.timeline", "blink.user_timing"]}
    session.send("Tracing.start", {"traceConfig": categories, "transferMode": "ReportEvents"})
    page.evaluate(TOGGLE_AND_WAIT, toggles)
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(50)
    marks = [event for event in events if event["name"] == MARKED and event["cat"] == "blink.user_timing"]
    threads = {(event["pid"], event["tid"]) for event in marks}
    own = [event for event in events if (event["pid"], event["tid"]) in threads]
    begun = sorted(event["ts"] for event in marks)
    inner = {name: sorted(e["ts"] for e in own if e["name"] == name) for name in ("EventDispatch", "TimerFire")}
    longest = {kind: [0.0] * len(begun) for kind in KINDS}
    for task in own:
        toggle = bisect(begun, task["ts"]) - 1
        if task["name"] != "ThreadControllerImpl::RunTask" or toggle < 0:
            continue
        holds = {
            name: bisect(at, task["ts"] + task.get("dur", 0)) > bisect(at, task["ts"]) for name, at in inner.items()
        }
        kind = KINDS[0] if holds["EventDispatch"] else KINDS[1] if holds["TimerFire"] else KINDS[2]
        longest[kind][toggle] = max(longest[kind][toggle], task.get("tdur", 0) / 1000)
    return {kind: times[WARM_UP:] for kind, times in longest.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the longest tasks after a change, processor slowed.")
    parser.add_argument("toggles", nargs="?", type=int, default=TOGGLES, help=f"how many, default {TOGGLES}")
    toggles = parser.parse_args().toggles
    site = Path(os.environ.get("CARBITE_SITE") or ROOT / "_build" / "html").resolve()
    chapter = site / "book" / "efficacy.html"
    if not chapter.is_file():
        sys.exit(f"There is no built site in {site}. Run `make book`, or name one in CARBITE_SITE.")
    print(f"Processor slowed {SLOWED} times; longest task after each of {toggles} toggles, ms; {LONG_TASK_MS} is long")
    print(f"{'':<42}{'median':>8}{'longest':>9}{'long tasks':>12}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_browser(), args=list(ARGUMENTS))
        for name, link in (("published comparison", ""), ("with seven trials added", many_trials(7))):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(PATIENCE_MS)
            page.goto(chapter.as_uri() + link)
            page.locator('.cx-subsets[aria-busy="false"]').first.wait_for()
            page.locator("[data-trial=tower]").first.scroll_into_view_if_needed()
            session = page.context.new_cdp_session(page)
            session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
            for kind, times in longest_tasks(page, session, toggles + WARM_UP).items():
                long = sum(time > LONG_TASK_MS for time in times)
                print(f"{name + ', ' + kind:<42}{statistics.median(times):>8.0f}{max(times):>9.0f}{long:>12}")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
