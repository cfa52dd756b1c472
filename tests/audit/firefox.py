"""A smoke test in Debian's Firefox ESR, which is driven by WebDriver BiDi: no other driver is needed.

Each page is opened from disk; in an explorer a trial is unticked and the verdict must change.
https://w3c.github.io/webdriver-bidi/
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import websocket

STARTING_S = 60
PATIENCE_S = 180
SMOKE = """async () => {
  const until = async (holds) => {
    for (let tenths = 0; tenths < 300 && !holds(); tenths += 1) await new Promise((done) => setTimeout(done, 100));
  };
  const verdict = () => document.querySelector(".cx-verdict")?.textContent ?? null;
  const count = (selector) => document.querySelectorAll(selector).length;
  await until(() => document.documentElement.dataset.scripts === "run" && count(".carbite-explorer") === count(".cx-live"));
  const before = verdict();
  const box = document.querySelector(".cx-live input[data-trial]:checked");
  const changed = () => before !== verdict() && location.hash.startsWith("#s=1;");
  box?.click();
  if (box) await until(changed);
  await document.fonts.ready; // fonts that are still loading when the next page opens are reported as failed
  return JSON.stringify({ scripts: document.documentElement.dataset.scripts ?? null, explorers: count(".carbite-explorer"),
    live: count(".cx-live"), changed: changed() });
}"""


class Firefox:
    """One session. Events are noted in ``errors`` while it is spoken to."""

    def __init__(self, executable: str, profile: Path) -> None:
        said = profile / "said.txt"
        command = [executable, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        with said.open("w") as file:
            self._process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        self.errors: list[str] = []
        self._number = 0
        deadline = time.monotonic() + STARTING_S
        while "WebDriver BiDi listening on " not in said.read_text("utf-8"):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"Firefox did not start: {said.read_text('utf-8')[-500:]}")
            time.sleep(0.2)
        address = said.read_text("utf-8").partition("WebDriver BiDi listening on ")[2].split()[0]
        self._socket = websocket.create_connection(f"{address}/session", timeout=PATIENCE_S, suppress_origin=True)
        about = self.command("session.new", {"capabilities": {}})
        self.version = about["capabilities"]["browserVersion"]
        self.command("session.subscribe", {"events": ["log.entryAdded", "network.beforeRequestSent"]})
        self.context = self.command("browsingContext.getTree", {})["contexts"][0]["context"]

    def command(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            try:
                message = json.loads(self._socket.recv())
            except websocket.WebSocketException as error:
                raise RuntimeError(f"{method}: no answer from Firefox ({error})") from error
            if message.get("id") == self._number:
                if message["type"] == "error":
                    raise RuntimeError(f"{method}: {message['message']}")
                return dict(message["result"])
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        about = message.get("params", {})
        if message.get("method") == "log.entryAdded" and about["level"] == "error":
            self.errors.append(str(about["text"]))
        if message.get("method") == "network.beforeRequestSent":
            address = about["request"]["url"]
            if not address.startswith(("file:", "data:", "blob:", "about:", "resource:", "chrome:", "moz-extension:")):
                self.errors.append(f"asked {address}")

    def go(self, address: str) -> None:
        """Open a page and wait until all of it is there."""
        parameters = {"context": self.context, "url": address, "wait": "complete"}
        self.command("browsingContext.navigate", parameters)

    def address(self) -> str:
        """Of the page that is open."""
        return str(self.command("browsingContext.getTree", {})["contexts"][0]["url"])

    def close(self) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(STARTING_S)


def smoke(site: Path) -> tuple[str, dict[str, list[str]]]:
    """The version of Firefox, and for each page what was wrong with it.

    Raises RuntimeError where there is no Firefox that starts.
    """
    executable = shutil.which("firefox-esr") or shutil.which("firefox")
    if executable is None:
        raise RuntimeError("there is no firefox-esr on this machine; on Debian: apt-get install firefox-esr")
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as profile:
        firefox = Firefox(executable, Path(profile))
        try:
            for path in pages(site):
                firefox.errors.clear()
                firefox.go(path.as_uri())
                answer = firefox.command(
                    "script.callFunction",
                    {
                        "functionDeclaration": SMOKE,
                        "awaitPromise": True,
                        "target": {"context": firefox.context},
                    },
                )
                problems = list(firefox.errors)
                if answer["type"] != "success":
                    problems.append(str(answer["exceptionDetails"]["text"]))
                else:
                    problems += problems_of(json.loads(answer["result"]["value"]))
                found[path.relative_to(site).as_posix()] = problems
            found["index.html"] = leads_on((site / "index.html").as_uri(), firefox.go, firefox.address)
        finally:
            firefox.close()
        return firefox.version, found


def pages(site: Path) -> list[Path]:
    """Every page but the first, which leads on at once and would take a test with it."""
    return [path for path in sorted(site.rglob("*.html")) if path != site / "index.html"]


def leads_on(address: str, go: Callable[[str], object], present: Callable[[], str]) -> list[str]:
    """Open the first page of the site: another one must follow by itself."""
    go(address)
    deadline = time.monotonic() + STARTING_S
    while present() == address:
        if time.monotonic() > deadline:
            return ["no other page followed by itself"]
        time.sleep(0.2)
    return []


def problems_of(state: dict[str, Any]) -> list[str]:
    """What a page should have done and did not."""
    problems = []
    if state["scripts"] != "run":
        problems.append("not every script ran")
    if state["explorers"] != state["live"]:
        problems.append(f"{state['live']} of {state['explorers']} explorers live")
    if state["live"] and not state["changed"]:
        problems.append("unticking a trial changed neither verdict nor address")
    return problems
