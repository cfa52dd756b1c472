"""``make audit``: measures the built site, and writes one report with the thresholds and what was found.

python -m tests.audit [--quick] [--skip NAME ...]

--quick runs Lighthouse once instead of five times. --skip leaves out a part: tests, lighthouse, browsers, builds.
It exits with 1 where a threshold is missed. The thresholds are in thresholds.json and never shrink.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import rebuild
from playwright.sync_api import Browser, sync_playwright

from tests import same_build, thoroughness
from tests.audit import firefox, lighthouse, measures, webkit
from tests.audit.server import served
from tests.browser import ARGUMENTS, require_browser
from tests.site.conftest import NAMED_SITE, ROOT

THRESHOLDS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "thresholds.json").read_text("utf-8"))
FOLDER = ROOT / "_build" / "audit"
# A chapter with charts and an explorer.
CHAPTER = "book/efficacy.html"
LIGHTHOUSE_RUNS = 5
NOT_TESTED = (
    "A screen reader used by a person.",
    "Safari itself; WebKitGTK shares its engine.",
    "Chrome and Firefox on a phone; phones are windows of their size in Chromium.",
    "Edge, Opera and other browsers.",
)


class Report:
    """Rows of measure, threshold, value and verdict, with how each was measured."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str, str]] = []
        self.details: list[str] = []
        self.missed: list[str] = []

    def add(self, name: str, value: float, how: str, details: list[str] | None = None) -> None:
        """One measured number against its threshold."""
        limit = THRESHOLDS[name]
        wanted = f"at most {limit['at_most']}" if "at_most" in limit else f"at least {limit['at_least']}"
        met = value <= limit["at_most"] if "at_most" in limit else value >= limit["at_least"]
        below_aim = met and "aim" in limit and value < limit["aim"]
        verdict = "MISSED" if not met else f"met; the aim is {limit['aim']}" if below_aim else "met"
        number = f"{value:.3f}" if 0 < value < 1 else f"{value:g}" if value == int(value) else f"{value:.1f}"
        row = (name, f"{wanted} {limit['unit']}".strip(), number, verdict, how)
        print(" | ".join(row[:4]), flush=True)
        self.rows.append(row)
        if not met:
            self.missed.append(name)
        if details:
            self.details += [f"### {name}", "", *(f"- {line[:300]}" for line in details[:60]), ""]

    def unmeasured(self, name: str, why: str) -> None:
        """A number that could not be had: said, and never taken as met."""
        print(f"{name} | not measured: {why}", flush=True)
        self.rows.append((name, "", "", "NOT MEASURED", why))
        self.missed.append(name)

    def markdown(self, about: list[str]) -> str:
        head = [
            "# Audit of the site",
            "",
            *about,
            "",
            "| measure | threshold | found | | how |",
            "|---|---|---|---|---|",
        ]
        rows = ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in self.rows]
        untested = ["", "## Not tested", "", *(f"- {line}" for line in NOT_TESTED), "", "## Details", ""]
        return "\n".join([*head, *rows, *untested, *self.details]) + "\n"


def in_chromium(report: Report, browser: Browser, site: Path, names: list[str], address: str) -> None:
    """Everything that is counted with Playwright."""
    pages = [name for name in names if name != "index.html"]  # it leads on at once
    how = f"{len(names)} pages in Chromium, unfolded and scrolled, other hosts refused"
    for scheme, start in (("http", address), ("file", site.as_uri() + "/")):
        found = measures.foreign_requests(browser, start, names)
        report.add(f"foreign requests, {scheme}", found.value, how, found.details)
    drawn = measures.drawings(browser, site.as_uri() + "/", pages)
    report.add(
        "charts not drawn, other hosts refused",
        drawn["charts"].value,
        f"{drawn['charts'].details[0]} seen from file://",
    )
    report.add(
        "equations not drawn, other hosts refused",
        drawn["equations"].value,
        f"{drawn['equations'].details[0]} seen from file://",
    )
    described = drawn["descriptions"]
    report.add(
        "charts without a text description of their own",
        described.value,
        f"{described.details[0]}: at least 8 words, no two alike; that they follow the choices is in the tests",
        described.details[1:],
    )
    first, scrolled, scripts = measures.transferred(browser, address + CHAPTER)
    how = f"{CHAPTER}, gzip server, 390 x 844, bytes on the wire by the browser's own count"
    report.add("bytes transferred, load and 5 s", first, how)
    report.add("bytes transferred, after scrolling", scrolled, how)
    report.add("FontAwesome scripts", scripts, how)
    shift = measures.layout_shift(browser, address, pages)
    report.add(
        "layout shift",
        shift.value,
        f"largest of {len(pages)} pages at 1280 and 390 px, loaded and scrolled",
        shift.details,
    )
    found = measures.axe(browser, address, pages)
    report.add(
        "axe-core findings, all impacts",
        found.value,
        f"{len(pages)} pages, light and dark, 1280 and 390 px, all unfolded; {', '.join(measures.RULES)}",
        found.details,
    )
    found = measures.unreached_controls(browser, address, pages)
    report.add(
        "selections that the Tab key does not reach",
        found.value,
        f"{found.details[0]} of explorers, filters and charts; that they work is in the tests",
        found.details[1:],
    )


def tests_of_the_site(report: Report) -> None:
    """The tests of tests/site, also what `make test` leaves out for its length."""
    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder) / "tests.xml"
        command = [sys.executable, "-m", "pytest", "tests/site", "-q", "-m", "not editions", f"--junitxml={xml}"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, thoroughness.NAMED: "1"}, capture_output=True)
        cases = list(ElementTree.parse(xml).getroot().iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    groups: dict[str, list[int]] = {}
    for case in cases:
        counts = groups.setdefault(case.get("classname", "").rpartition("test_")[2], [0, 0])
        counts[0] += 1
        counts[1] += case in failed
    report.add(
        "tests of the site that fail",
        len(failed),
        "tests/site: keyboard, links, no scripts and print, faults, hostile text, policy, charts, downloads",
        [
            *(f"{name}: {total} tests, {bad} failed" for name, (total, bad) in groups.items()),
            *(f"FAILED {case.get('name')}" for case in failed),
        ],
    )


def with_lighthouse(report: Report, site: Path, names: list[str], address: str, runs: int) -> None:
    """Scores of the chapter and of the heaviest page; the lower of both counts."""
    wanted = (
        "Lighthouse performance, mobile",
        "Lighthouse performance, desktop",
        "Lighthouse accessibility",
        "Lighthouse best practices",
        "Lighthouse SEO",
    )
    try:
        script = lighthouse.install(FOLDER)
        pages = sorted({CHAPTER, measures.heaviest(site, names)})
        found = {
            (page, desktop): lighthouse.medians(script, address + page, desktop, runs)
            for page in pages
            for desktop in (False, True)
        }
    except RuntimeError as error:
        for name in wanted:
            report.unmeasured(name, str(error))
        return
    version = next(iter(found.values()))["version"]
    how = f"Lighthouse {version}, median of {runs}, {' and '.join(pages)}, the lower one; gzip server"
    lines = [f"{page}, {'desktop' if desktop else 'mobile'}: {scores}" for (page, desktop), scores in found.items()]
    for desktop, kind in ((False, "mobile"), (True, "desktop")):
        value = min(scores["performance"] for (_, is_desktop), scores in found.items() if is_desktop is desktop)
        report.add(f"Lighthouse performance, {kind}", value, how, lines if not desktop else None)
    for name, category in zip(wanted[2:], lighthouse.CATEGORIES[1:], strict=True):
        report.add(name, min(scores[category] for scores in found.values()), how)


def in_other_browsers(report: Report, site: Path) -> None:
    """Firefox and WebKitGTK open every page."""
    for name, engine in (("Firefox ESR", firefox), ("WebKitGTK", webkit)):
        measure = f"{name}: pages with an error"
        try:
            version, pages = engine.smoke(site)
        except (RuntimeError, OSError) as error:
            report.unmeasured(measure, str(error))
            continue
        details = [f"{page}: {problem}" for page, problems in pages.items() for problem in problems]
        how = f"{name} {version}, {len(pages)} pages from file://: every script ran, explorer live, verdict and link change"
        report.add(measure, sum(bool(problems) for problems in pages.values()), how, details)


def builds(report: Report) -> None:
    """Seven builds: two to compare, five to time."""
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory(prefix="elsewhere-") as there:
        sites = [
            same_build.build(Path(folder), environment)
            for folder, environment in zip((here, there), same_build.ENVIRONMENTS, strict=True)
        ]
        found = same_build.differences(*sites)
    unexplained = [line for line in found if not line.startswith(tuple(same_build.EXPLAINED))]
    explained = [f"{name} may differ: {why}" for name, why in same_build.EXPLAINED.items()]
    report.add(
        "files that differ between two builds",
        len(unexplained),
        "other folder, time zone, language and hash seed; every byte",
        [*explained, *unexplained],
    )
    with tempfile.TemporaryDirectory() as folder:
        timed = rebuild.measure(Path(folder))
    cold = timed["nothing built before"].seconds
    lines = [f"{name}: {done.seconds:.1f} s, {len(done.executed)} chapters executed" for name, done in timed.items()]
    share = timed["prose of one chapter"].seconds / cold
    report.add(
        "warm rebuild after an edit, share of a cold build",
        share,
        "one sentence added to one chapter, same run, same machine",
        [*lines, *rebuild.faults(timed)],
    )


def machine() -> Iterator[str]:
    """On what it was measured. Times depend on it, and on what else it did."""
    yield f"Measured {datetime.now(UTC):%d %B %Y, %H:%M} UTC on {platform.system()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start."
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    if commit.returncode == 0:
        yield f"Commit {commit.stdout.strip()}."


def main() -> int:
    parser = argparse.ArgumentParser(description="Audit the built site.")
    parser.add_argument("--quick", action="store_true", help="Lighthouse once instead of five times")
    parser.add_argument("--skip", nargs="*", default=[], choices=["tests", "lighthouse", "browsers", "builds"])
    chosen = parser.parse_args()
    site = Path(os.environ.get(NAMED_SITE) or ROOT / "_build" / "html").resolve()
    if not (site / "index.html").is_file():
        sys.exit(f"There is no built site in {site}. Run `make book`, or name one in {NAMED_SITE}.")
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    report, about = Report(), list(machine())
    with served(site) as address:
        if "lighthouse" not in chosen.skip:
            with_lighthouse(report, site, names, address, 1 if chosen.quick else LIGHTHOUSE_RUNS)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=require_browser(), args=list(ARGUMENTS))
            about.append(f"Chromium {browser.version}.")
            in_chromium(report, browser, site, names, address)
            browser.close()
    if "browsers" not in chosen.skip:
        in_other_browsers(report, site)
    if "tests" not in chosen.skip:
        tests_of_the_site(report)
    if "builds" not in chosen.skip:
        builds(report)
    about += [f"Left out: {', '.join(chosen.skip)}."] if chosen.skip else []
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "report.md").write_text(report.markdown(about), "utf-8")
    print(
        f"{len(report.missed)} thresholds missed: {', '.join(report.missed) or 'none'}. Report: {FOLDER / 'report.md'}"
    )
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
