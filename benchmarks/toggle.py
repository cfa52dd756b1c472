"""How long a toggle takes in the static page, and how long the same toggle takes through a kernel.

    python -m benchmarks.toggle [toggles]

Both are measured in one run, in the same browser, with the same clock: from the click on TOWER's checkbox until
the sentence of the new verdict stands in the document. In the static page that sentence is the explorer's own,
computed by its script. In JupyterLab it is the sentence of ``explorer.result``, which Python computes: the click
goes to the kernel as a new ``selection``, an observer there writes the sentence into a label, and the label comes
back. That is what a page without our script would cost its reader, with the server on the same machine.
(The explorer's own drawing, which also runs in JupyterLab, is part of both times.)
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Page, sync_playwright
from tests.browser import ARGUMENTS, require_browser

ROOT = Path(__file__).parents[1]
TOGGLES = 40
# The first toggles compile the script and warm the kernel.
WARM_UP = 5
# Between two toggles everything that the last one set off comes to rest.
PAUSE_MS = 150
STARTING_S = 60

COMMAND = (
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
    "--IdentityProvider.token=",
    "--ServerApp.password=",
)
# Folders of its own, so that no setting of this machine's user changes what is measured.
FOLDERS = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
)

CELL = """\
from IPython.display import display
from ipywidgets import Label

from carbite.explorer import Explorer

explorer = Explorer("cr")
answer = Label(explorer.result["sentence"])
answer.add_class("answer")
explorer.observe(lambda change: setattr(answer, "value", change["new"]["sentence"]), names="result")
display(explorer, answer)
"""

# Click, and note when the text has changed; a MutationObserver runs as soon as the script that changed it is done.
MEASURE = """async ([box, answer, toggles, pause]) => {
  const text = () => document.querySelector(answer).textContent;
  const times = [];
  for (let toggle = 0; toggle < toggles; toggle += 1) {
    const before = text();
    const answered = new Promise((done) => {
      const watch = new MutationObserver(() => {
        if (text() === before) return;
        watch.disconnect();
        done(performance.now());
      });
      watch.observe(document.querySelector(answer), { childList: true, characterData: true, subtree: true });
    });
    const clicked = performance.now();
    document.querySelector(box).click();
    times.push((await answered) - clicked);
    await new Promise((done) => setTimeout(done, pause));
  }
  return times;
}"""


def measure(page: Page, answer: str, toggles: int) -> list[float]:
    """Milliseconds of each toggle of TOWER, without those that warm up."""
    page.locator("[data-trial=tower]").wait_for()
    page.locator(answer).wait_for()
    times: list[float] = page.evaluate(MEASURE, ["[data-trial=tower]", answer, toggles + WARM_UP, PAUSE_MS])
    return times[WARM_UP:]


def in_the_static_page(browser: Browser, toggles: int) -> list[float]:
    site = Path(os.environ.get("CARBITE_SITE") or ROOT / "_build" / "html").resolve()
    chapter = site / "book" / "efficacy.html"
    if not chapter.is_file():
        sys.exit(f"There is no built site in {site}. Run `make book`, or name one in CARBITE_SITE.")
    page = browser.new_page()
    page.goto(chapter.as_uri())
    times = measure(page, ".cx-verdict", toggles)
    page.close()
    return times


def through_a_kernel(browser: Browser, toggles: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as address:
        page = browser.new_page()
        page.set_default_timeout(1000 * STARTING_S)
        page.goto(f"{address}lab/tree/toggle.ipynb")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator(".lm-Menu-itemLabel").get_by_text("Run All Cells", exact=True).click()
        times = measure(page, ".answer", toggles)
        page.close()
    return times


@contextmanager
def jupyterlab(home: Path) -> Iterator[str]:
    """The address of a JupyterLab on this machine, without a password and with settings of its own."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    (home / "toggle.ipynb").write_text(nbformat.writes(notebook), "utf-8")
    settings = home / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet), "utf-8")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *COMMAND, f"--ServerApp.root_dir={home}"],
        env={**os.environ, **{name: str(home / name) for name in FOLDERS}},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _address(server, home / "JUPYTER_RUNTIME_DIR" / f"jpserver-{server.pid}.json")
    finally:
        server.terminate()  # it ends its kernels first
        try:
            server.wait(STARTING_S)
        except subprocess.TimeoutExpired:
            server.kill()


def _address(server: subprocess.Popen[bytes], about: Path) -> str:
    """Where the server listens: it takes a free port and says which in a file."""
    deadline = time.monotonic() + STARTING_S
    while time.monotonic() < deadline and server.poll() is None:
        if about.is_file() and (said := about.read_text("utf-8")).rstrip().endswith("}"):
            return str(json.loads(said)["url"])
        time.sleep(0.1)
    sys.exit("JupyterLab did not start. Try it: python -m jupyterlab --no-browser")


def processor() -> str:
    """What the machine calls its processor."""
    about = Path("/proc/cpuinfo")
    if about.is_file():
        for line in about.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def report(name: str, times: list[float]) -> float:
    """Print one line; returns the median."""
    low, *_, high = statistics.quantiles(times, n=10)
    median = statistics.median(times)
    print(f"{name:<22} {median:8.1f} ms   (80 % of them {low:.1f} to {high:.1f} ms)")
    return median


def main() -> None:
    parser = argparse.ArgumentParser(description="Time a toggle in the static page and through a kernel.")
    parser.add_argument("toggles", nargs="?", type=int, default=TOGGLES, help=f"how many of each, default {TOGGLES}")
    toggles = parser.parse_args().toggles
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_browser(), args=list(ARGUMENTS))
        print(f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}")
        print(f"Python {platform.python_version()}, JupyterLab {version('jupyterlab')}, Chromium {browser.version}")
        print(f"Medians of {toggles} toggles of TOWER, from the click to the new verdict in the document:")
        page = report("static page", in_the_static_page(browser, toggles))
        kernel = report("through a kernel", through_a_kernel(browser, toggles))
        browser.close()
    print(f"The static page answers {kernel / page:.1f} times as fast.")


if __name__ == "__main__":
    main()
