"""A real JupyterLab on this machine that serves the book's notebooks, and a browser that has run a chapter in it.

The fixtures end with this folder: Playwright keeps an event loop running, which tests elsewhere must not meet.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from carbite.notebooks import write
from tests.browser import ARGUMENTS, require_browser

BOOK = Path(__file__).parents[2] / "book"
HOST = "127.0.0.1"
MISSING = "JupyterLab is missing; install it with: python -m pip install 'jupyterlab>=4.4,<5'"
# A cold start of server, page or kernel on a slow machine; what has not happened by then will not happen.
PATIENCE_S = 60
# JupyterLab itself may look for news, updates and extensions; without them every foreign request is the notebook's.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "extensionmanager-extension/plugin": {"enabled": False},
}
COMMAND = (
    "--no-browser",
    "--allow-root",
    f"--ServerApp.ip={HOST}",
    "--ServerApp.port=0",
    "--IdentityProvider.token=",
    "--ServerApp.password=",
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)
FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
}


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that knows nothing but its own temporary folders."""
    if find_spec("jupyterlab") is None:
        pytest.fail(MISSING)
    home = tmp_path_factory.mktemp("lab")
    write(BOOK, home / "notebooks")
    for plugin, settings in SETTINGS.items():
        file = home / FOLDERS["JUPYTERLAB_SETTINGS_DIR"] / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), "utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "CARBITE_BUILD"}
    environment |= {variable: str(home / folder) for variable, folder in FOLDERS.items()}
    log = home / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *COMMAND, f"--ServerApp.root_dir={home / 'notebooks'}"],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield _address(server, home / FOLDERS["JUPYTER_RUNTIME_DIR"], log)
        finally:
            server.terminate()
            try:
                server.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                server.kill()


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Where the server listens: it chooses a free port, and says which in a file of its own."""
    about = runtime / f"jpserver-{server.pid}.json"
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        if about.is_file() and (said := about.read_text("utf-8")).endswith("}"):
            return str(json.loads(said)["url"])
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text('utf-8')[-4000:]}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # No name but the server's address can be looked up: other hosts are out of reach, and asking for one is noted.
    alone = f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}"
    expect.set_options(timeout=PATIENCE_S * 1000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=require_browser(), args=[*ARGUMENTS, alone])
        yield launched
        launched.close()


@dataclass
class Watch:
    """Which other hosts the pages of a context asked for, and which scripts failed."""

    foreign: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def begin(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._note(request.url))
        context.on("page", lambda page: page.on("websocket", lambda socket: self._note(socket.url)))
        context.on("weberror", lambda error: self.failures.append(str(error.error)))

    def _note(self, url: str) -> None:
        asked = urlsplit(url)
        if asked.scheme not in ("data", "blob") and asked.hostname != HOST:
            self.foreign.append(url)


class Notebook:
    """An open notebook with a running kernel."""

    def __init__(self, page: Page, watch: Watch) -> None:
        self.page = page
        self.watch = watch

    @property
    def panel(self) -> Locator:
        """The notebook in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    @property
    def explorer(self) -> Locator:
        return self.panel.locator(".carbite-explorer")

    @property
    def prose(self) -> Locator:
        return self.panel.locator(".jp-MarkdownCell .jp-RenderedMarkdown")

    @property
    def errors(self) -> Locator:
        """Tracebacks and warnings below cells."""
        return self.panel.locator('.jp-OutputArea-output:is([data-mime-type$=".error"], [data-mime-type$=".stderr"])')

    def choose(self, menu: str, *items: str) -> None:
        """An item of the menu bar, through its submenus."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        *above, wanted = (self.page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True) for item in items)
        for item in above:
            item.hover()
        wanted.click()

    def run_all(self) -> None:
        """Run All Cells; returns when every code cell in front has its result, or one has failed."""
        self.choose("Run", "Run All Cells")
        self.page.wait_for_function(
            """() => {
              const panel = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden)");
              return panel.querySelector('.jp-OutputArea-output[data-mime-type$=".error"]') !== null
                || [...panel.querySelectorAll(".jp-CodeCell")].every(
                  (cell) => /^\\[\\d+\\]:$/.test(cell.querySelector(".jp-OutputPrompt")?.textContent ?? ""));
            }""",
            polling=200,
        )

    def python(self, code: str) -> Locator:
        """Run code in a new cell at the end of the notebook; returns what stands below it."""
        cells = self.panel.locator(".jp-CodeCell")
        before = cells.count()
        self.panel.locator(".jp-Notebook-footer").click()
        expect(cells).to_have_count(before + 1)
        editor = cells.last.get_by_role("textbox")
        editor.fill(code)
        editor.press("Control+Enter")
        expect(cells.last.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
        return cells.last.locator(".jp-OutputArea-output")


@pytest.fixture(scope="package")
def chapter(lab: str, browser: Browser) -> Iterator[Notebook]:
    """The efficacy chapter, opened in JupyterLab, every cell run."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(PATIENCE_S * 1000)
    watch = Watch()
    watch.begin(context)
    opened = Notebook(context.new_page(), watch)
    opened.page.goto(f"{lab}lab/tree/efficacy.ipynb")
    expect(opened.page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    opened.run_all()
    if failed := opened.errors.all_inner_texts():
        pytest.fail("A cell failed in JupyterLab:\n" + "\n".join(failed))
    yield opened
    context.close()
