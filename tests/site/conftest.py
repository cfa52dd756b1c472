"""One local server and one browser for this folder; a fresh browser context for each page that a test opens.

The fixtures end with this folder: Playwright keeps an event loop running, which tests elsewhere must not meet.
"""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, Route, sync_playwright

from tests.browser import ARGUMENTS, require_browser

ROOT = Path(__file__).parents[2]
NAMED_SITE = "CARBITE_SITE"
# Nothing here waits for another machine: what has not happened by then will not happen.
PATIENCE_MS = 15_000

# What moves is put where it ends. Waiting for that can last for ever: what is not drawn does not move on.
END_ANIMATIONS = """() => {
  for (const animation of document.getAnimations()) {
    if (animation.effect.getComputedTiming().endTime === Infinity) animation.cancel();
    else animation.finish();
  }
}"""

OpenPage = Callable[..., Page]


def visit(page: Page, start: str, name: str) -> None:
    """Open a page of the site and wait until all of it is there; the first one leads on to the book."""
    page.goto(start + name)
    if name == "index.html":
        page.wait_for_url(f"{start}book/index.html")


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Requests are watched in the browser."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A test that closes its page breaks off what still loads."""


@pytest.fixture(scope="package")
def site() -> Path:
    """The folder of the built site."""
    folder = Path(os.environ.get(NAMED_SITE) or ROOT / "_build" / "html").resolve()
    if not (folder / "index.html").is_file():
        pytest.fail(f"There is no built site in {folder}. Run `make book`, or name one in {NAMED_SITE}.")
    return folder


@pytest.fixture(scope="package")
def page_names(site: Path) -> list[str]:
    """Every page of the site, as a path below it."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


@pytest.fixture(scope="package")
def address(site: Path) -> Iterator[str]:
    """Where the site is served, with a slash at the end."""
    handler = functools.partial(_QuietHandler, directory=str(site))
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="package")
def chapter(address: str) -> str:
    """The chapter that has the explorer."""
    return f"{address}book/efficacy.html"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=require_browser(), args=list(ARGUMENTS))
        yield launched
        launched.close()


class Watch:
    """What went wrong on the pages of one context, and which other hosts they asked: every one is refused."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.foreign: list[str] = []
        self.problems: list[str] = []
        own = "|".join(re.escape(start) for start in (address, "file:", "data:", "blob:", "about:"))
        context.route(re.compile(f"^(?!{own})"), self._refuse)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"page error: {error.error}"))
        context.on("page", lambda page: page.on("websocket", lambda socket: self.foreign.append(socket.url)))

    def _refuse(self, route: Route) -> None:
        self.foreign.append(route.request.url)
        route.abort()

    def _failed(self, request: Request) -> None:
        # A page that leads on to another one, or a download, ends its own request; that is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"not loaded: {request.url} ({request.failure})")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status} {response.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text}")


@pytest.fixture
def watched(browser: Browser, address: str) -> Iterator[Callable[..., tuple[Page, Watch]]]:
    """Opens an empty page in a context of its own, with what Playwright calls context options, and its watch."""
    contexts: list[BrowserContext] = []

    def open_page(**options: Any) -> tuple[Page, Watch]:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        watch = Watch(context, address)
        return context.new_page(), watch

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def open_page(watched: Callable[..., tuple[Page, Watch]]) -> Iterator[OpenPage]:
    """Opens an address once its scripts have run. Whatever a test does there, nothing may fail or leave the host."""
    watches: list[Watch] = []

    def opened(url: str, **options: Any) -> Page:
        page, watch = watched(**options)
        watches.append(watch)
        page.goto(url, wait_until="domcontentloaded")
        return page

    yield opened
    assert [problem for watch in watches for problem in (*watch.problems, *watch.foreign)] == []
