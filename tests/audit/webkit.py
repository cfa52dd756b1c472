"""The same smoke test in WebKitGTK, the engine of Safari on Linux: ``WebKitWebDriver``, MiniBrowser, a virtual display.

On Debian: apt-get install webkit2gtk-driver xvfb. https://www.w3.org/TR/webdriver2/
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.audit.firefox import SMOKE, leads_on, pages, problems_of

BROWSERS = "/usr/lib/*/webkit2gtk-*/MiniBrowser"
PORT, DISPLAY = 9517, ":97"
STARTING_S = 30
SCRIPT = f"const done = arguments[arguments.length - 1]; ({SMOKE})().then(done, (error) => done(JSON.stringify(String(error))))"


@contextmanager
def running(*command: str, **variables: str) -> Iterator[None]:
    """A program that ends with the block."""
    process = subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(STARTING_S)


def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One command of WebDriver. Raises OSError where the driver does not answer or refuses."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}{path}", data, {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["value"]


def session(browser: str) -> dict[str, Any]:
    """A new session, as soon as display and driver are there."""
    options = {"webkitgtk:browserOptions": {"binary": browser, "args": ["--automation"]}}
    deadline = time.monotonic() + STARTING_S
    while True:
        try:
            return dict(call("POST", "/session", {"capabilities": {"alwaysMatch": options}}))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def smoke(site: Path) -> tuple[str, dict[str, list[str]]]:
    """The version of WebKitGTK, and for each page what was wrong with it.

    Raises RuntimeError where one of its programs is missing, OSError where the driver does not answer.
    """
    browser = next((str(path) for path in sorted(Path("/").glob(BROWSERS.lstrip("/")))), None)
    if browser is None or not shutil.which("WebKitWebDriver") or not shutil.which("Xvfb"):
        raise RuntimeError("WebKitGTK is not on this machine; on Debian: apt-get install webkit2gtk-driver xvfb")
    found: dict[str, list[str]] = {}
    with (
        running("Xvfb", DISPLAY, "-screen", "0", "1280x900x24"),
        running("WebKitWebDriver", f"--port={PORT}", DISPLAY=DISPLAY, LIBGL_ALWAYS_SOFTWARE="1"),
    ):
        about = session(browser)
        start = f"/session/{about['sessionId']}"

        def go(address: str) -> None:
            call("POST", f"{start}/url", {"url": address})

        for path in pages(site):
            go(path.as_uri())
            state = json.loads(call("POST", f"{start}/execute/async", {"script": SCRIPT, "args": []}))
            found[path.relative_to(site).as_posix()] = [state] if isinstance(state, str) else problems_of(state)
        found["index.html"] = leads_on((site / "index.html").as_uri(), go, lambda: str(call("GET", f"{start}/url")))
        call("DELETE", start)
    return str(about["capabilities"]["browserVersion"]), found
