"""A smoke test in Debian's Firefox ESR, which is driven by WebDriver BiDi: no other driver is needed.

Each page is opened from disk; on the chapter a trial is unticked and the verdict must change.
https://w3c.github.io/webdriver-bidi/
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import websocket

STARTING_S = 60
PATIENCE_S = 180
SMOKE = """async () => {
  await new Promise((done) => setTimeout(done, 500));
  const verdict = () => document.querySelector(".cx-verdict")?.textContent ?? null;
  const box = document.querySelector(".cx-live input[data-trial=tower]");
  const before = verdict();
  box?.click();
  await new Promise((done) => setTimeout(done, 300));
  const state = { explorers: document.querySelectorAll(".carbite-explorer").length, live: document.querySelectorAll(".cx-live").length,
    changed: before !== null && before !== verdict(), hash: location.hash, scripts: document.documentElement.dataset.scripts ?? null,
    charts: document.querySelectorAll("figure.carbite-figure svg").length, title: document.title };
  box?.click();
  return JSON.stringify(state);
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
            for path in sorted(site.rglob("*.html")):
                firefox.errors.clear()
                parameters = {"context": firefox.context, "url": path.as_uri(), "wait": "complete"}
                firefox.command("browsingContext.navigate", parameters)
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
                    problems += problems_of(json.loads(answer["result"]["value"]), path == site / "index.html")
                found[path.relative_to(site).as_posix()] = problems
        finally:
            firefox.close()
        return firefox.version, found


def problems_of(state: dict[str, Any], is_first: bool) -> list[str]:
    """What a page should have done and did not; the first page leads on at once."""
    problems = []
    if not is_first and state["scripts"] != "run":
        problems.append("not every script ran")
    if state["explorers"] != state["live"]:
        problems.append(f"{state['live']} of {state['explorers']} explorers live")
    if state["live"] and not (state["changed"] and state["hash"].startswith("#s=1;")):
        problems.append("unticking a trial changed neither verdict nor address")
    return problems
