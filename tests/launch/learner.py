"""A simulated learner on a hub: logs in, opens a chapter, runs its cells, uses the explorer, saves.

One kind speaks to the server and the kernel as JupyterLab does (HTTP, and the kernel's messages in a WebSocket); the
other is a browser with JupyterLab itself.
"""

from __future__ import annotations

import json
import struct
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests
import websocket
from playwright.sync_api import expect, sync_playwright

from carbite.comparison import Options, Selection
from carbite.launch import CHAPTERS, FOLDER, on_hub
from carbite.verdict import evaluate
from tests.browser import ARGUMENTS, require_browser
from tests.lab.conftest import Notebook, Watch

PATIENCE_S = 600
POLL_S = 0.5


class LearnerError(AssertionError):
    """Something did not happen as it should for this learner."""


@dataclass
class Hub:
    """Where the hub is, and how to ask it: as the service ``observer`` of the test's configuration."""

    address: str
    password: str
    token: str

    def api(self, method: str, path: str, **sent: Any) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"}
        return requests.request(method, f"{self.address}/hub/api/{path}", headers=headers, timeout=PATIENCE_S, **sent)

    def ready(self, name: str) -> bool:
        """Whether the learner's server is up."""
        answer = self.api("GET", f"users/{name}")
        return answer.ok and bool(answer.json()["servers"].get("", {}).get("ready"))

    def wait(self, name: str, ready: bool = True) -> None:
        """Wait until the learner's server is up, or gone."""
        deadline = time.monotonic() + PATIENCE_S
        while self.ready(name) is not ready:
            if time.monotonic() > deadline:
                raise LearnerError(f"{name}: the server was not {'up' if ready else 'gone'} after {PATIENCE_S} s")
            time.sleep(POLL_S)

    def token_of(self, name: str) -> str:
        """A token of the learner's own."""
        return str(self.api("POST", f"users/{name}/tokens", json={"note": "test"}).json()["token"])


@dataclass
class Course:
    """What one learner did, in seconds and cells."""

    name: str
    chapter: str
    start_s: float = 0.0
    run_s: float = 0.0
    cells: int = 0


class Server:
    """A learner's own server, spoken to with the learner's token."""

    def __init__(self, hub: Hub, name: str) -> None:
        self.hub, self.name = hub, name
        self.token = hub.token_of(name)
        self.address = f"{hub.address}/user/{quote(name)}"

    def ask(self, method: str, path: str, **sent: Any) -> Any:
        headers = {"Authorization": f"token {self.token}"}
        url = f"{self.address}/api/{path}"
        answer = requests.request(method, url, headers=headers, timeout=PATIENCE_S, **sent)
        if not answer.ok:
            raise LearnerError(f"{self.name}: {method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def open(self, path: str) -> dict[str, Any]:
        """A notebook, as it is saved."""
        return dict(self.ask("GET", f"contents/{path}")["content"])

    def save(self, path: str, page: dict[str, Any]) -> None:
        self.ask("PUT", f"contents/{path}", json={"type": "notebook", "format": "json", "content": page})

    def kernel(self, path: str) -> Kernel:
        """A new kernel for a notebook."""
        asked = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        made = self.ask("POST", "sessions", json=asked)
        address = self.address.replace("http", "ws", 1)
        return Kernel(f"{address}/api/kernels/{made['kernel']['id']}/channels", self.token)


class Kernel:
    """A running kernel, spoken to by Jupyter's messages in JSON."""

    def __init__(self, address: str, token: str) -> None:
        header = [f"Authorization: token {token}"]
        self._socket = websocket.create_connection(address, timeout=PATIENCE_S, header=header)
        self._session = uuid.uuid4().hex
        self.widgets: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        self._socket.close()

    def run(self, code: str) -> tuple[list[dict[str, Any]], int]:
        """Run a cell; its outputs as nbformat has them, and its number. Raises LearnerError for an error."""
        asked = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        outputs: list[dict[str, Any]] = []
        count = 0
        for kind, content in self._answers("execute_request", {**asked, "user_expressions": {}}):
            if kind == "execute_reply":
                count = content.get("execution_count", 0)
            elif kind in ("stream", "display_data", "execute_result", "error"):
                content.pop("transient", None)
                outputs.append({"output_type": kind, **content})
            elif kind == "comm_open":
                self.widgets[content["comm_id"]] = content["data"].get("state", {})
        for output in outputs:
            if output["output_type"] == "error" or output.get("name") == "stderr":
                raise LearnerError(f"{output.get('evalue') or output.get('text')}: in {code[:100]!r}")
        return outputs, count

    def printed(self, expression: str) -> Any:
        """The value of an expression in the kernel, through JSON."""
        outputs, _ = self.run(f"import json\nprint(json.dumps({expression}))")
        return json.loads("".join(output["text"] for output in outputs))

    def change(self, comm_id: str, state: dict[str, Any]) -> None:
        """What a widget's page sends when a learner changes it."""
        self._send("comm_msg", {"comm_id": comm_id, "data": {"method": "update", "state": state, "buffer_paths": []}})

    def _send(self, kind: str, content: dict[str, Any]) -> str:
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self._session,
            "username": "",
            "version": "5.3",
        }
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self._socket.send(json.dumps(message))
        return header["msg_id"]

    def _answers(self, kind: str, content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every answer to a message, until it was answered and the kernel is idle again."""
        asked = self._send(kind, content)
        replied = idle = False
        while not (replied and idle):
            message = _decoded(self._socket.recv())
            if message["parent_header"].get("msg_id") != asked:
                continue
            said = message["header"]["msg_type"]
            replied = replied or said == "execute_reply"
            idle = idle or (said == "status" and message["content"]["execution_state"] == "idle")
            yield said, message["content"]


def _decoded(frame: str | bytes) -> dict[str, Any]:
    """A message; one that carries binary buffers comes as bytes, in which the JSON stands first."""
    if isinstance(frame, bytes):
        (count,) = struct.unpack("!I", frame[:4])
        offsets = [*struct.unpack(f"!{count}I", frame[4 : 4 * (count + 1)]), len(frame)]
        frame = frame[offsets[0] : offsets[1]].decode()
    return dict(json.loads(frame))


def path_of(chapter: str) -> str:
    return f"{FOLDER}/{CHAPTERS}/{chapter}.ipynb"


def log_in(hub: Hub, name: str, chapter: str) -> float:
    """Log in by the form at the link to a chapter, and wait for it to open; the seconds that it took."""
    began = time.monotonic()
    session = requests.Session()
    link = on_hub(hub.address, f"{CHAPTERS}/{chapter}.ipynb")
    form = session.get(link, timeout=PATIENCE_S)
    sent = {"username": name, "password": hub.password, "_xsrf": session.cookies.get("_xsrf", path="/hub/")}
    answer = session.post(form.url, data=sent, timeout=PATIENCE_S)
    # 424 is the hub's own answer for a server that is not running yet.
    if not answer.ok and answer.status_code != 424:
        raise LearnerError(f"{name}: log-in: {answer.status_code} {answer.url}")
    if not hub.ready(name):
        session.get(f"{hub.address}/hub/spawn", timeout=PATIENCE_S)
    hub.wait(name)
    opened = session.get(link, timeout=PATIENCE_S)
    if not opened.ok or f"/user/{name}/lab" not in opened.url:
        raise LearnerError(f"{name}: the link to {chapter} led to {opened.status_code} {opened.url}")
    return time.monotonic() - began


def study(hub: Hub, name: str, chapter: str) -> Course:
    """What a learner does whose JupyterLab is played by this program. Raises LearnerError."""
    course = Course(name, chapter, start_s=log_in(hub, name, chapter))
    server = Server(hub, name)
    path = path_of(chapter)
    page = server.open(path)
    began = time.monotonic()
    kernel = server.kernel(path)
    for cell in page["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = kernel.run("".join(cell["source"]))
            course.cells += 1
    course.run_s = time.monotonic() - began
    _untick(kernel, course)
    server.save(path, page)
    kernel.close()
    return course


def _untick(kernel: Kernel, course: Course) -> None:
    """Untick the first trial through the widget's messages; Python must say what this program computes itself."""
    explorer, state = next(
        (at, state) for at, state in kernel.widgets.items() if "trials" in state.get("selection", {})
    )
    chosen = state["selection"]
    fewer = {**chosen, "trials": chosen["trials"][1:]}
    kernel.change(explorer, {"selection": fewer})
    trials, sentence = kernel.printed("[explorer.selection['trials'], explorer.result['sentence']]")
    expected = evaluate(Selection(chosen["comparison"], tuple(fewer["trials"])), Options()).sentence
    if (trials, sentence) != (fewer["trials"], expected):
        raise LearnerError(f"{course.name}: unticked {chosen['trials'][0]}; Python says {sentence!r}, not {expected!r}")


@contextmanager
def signed_in(hub: Hub, name: str, link: str) -> Iterator[Notebook]:
    """A browser that follows a link, signs in by the form and waits for the server. Raises Playwright's Error."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_browser(), args=list(ARGUMENTS))
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        context.set_default_timeout(PATIENCE_S * 1000)
        expect.set_options(timeout=PATIENCE_S * 1000)
        opened = Notebook(context.new_page(), Watch())
        opened.page.goto(link)
        opened.page.get_by_label("Username").fill(name)
        opened.page.get_by_label("Password").fill(hub.password)
        opened.page.get_by_role("button", name="Sign in").click()
        yield opened
        browser.close()


def follow(hub: Hub, name: str, link: str, heading: str) -> None:
    """Follow a link in a browser to a notebook with this heading."""
    with signed_in(hub, name, link) as opened:
        expect(opened.prose.get_by_role("heading", name=heading)).to_be_visible()


def study_in_browser(hub: Hub, name: str, chapter: str) -> Course:
    """The same in a browser: the form, the waiting page, JupyterLab. Raises LearnerError or Playwright's Error."""
    course = Course(name, chapter)
    began = time.monotonic()
    with signed_in(hub, name, on_hub(hub.address, f"{CHAPTERS}/{chapter}.ipynb")) as opened:
        expect(opened.page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
        course.start_s = time.monotonic() - began
        began = time.monotonic()
        opened.run_all()
        course.run_s = time.monotonic() - began
        if said := opened.errors.all_inner_texts():
            raise LearnerError(f"{name}: {said}")
        course.cells = opened.panel.locator(".jp-CodeCell").count()
        opened.explorer.locator('tr[data-row] input[type="checkbox"]:checked').first.click()
        sentence = opened.python("print(explorer.result['sentence'])").inner_text().strip()
        expect(opened.explorer.locator(".cx-verdict").first).to_contain_text(sentence)
        opened.choose("File", "Save Notebook")
    return course
