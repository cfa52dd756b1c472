"""Nothing on a page runs, is stored or is sent that the book did not put there."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

from playwright.sync_api import Browser

from tests.site.conftest import OpenPage, visit

# The only things that a page may keep on a reader's machine: light or dark, and how far the contents are scrolled.
KEPT = {"mode", "theme", "sidebar-scroll-top"}
# What counts visitors or learns about them.
TRACKERS = re.compile(
    r"google-?analytics|googletagmanager|gtag\(|plausible\.io|matomo|piwik|hotjar|segment\.com|mixpanel|clarity\.ms|sendBeacon|document\.cookie\s*=[^=]",
    re.IGNORECASE,
)


class _Page(HTMLParser):
    """The inline scripts, the event handlers and the policy of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self.policy = ""
        self._inside = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.handlers += [f"{name}={value}" for name, value in attributes.items() if name.startswith("on")]
        self.handlers += [value for value in attributes.values() if re.match(r"\s*javascript:", value, re.IGNORECASE)]
        if attributes.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = attributes["content"]
        is_data = attributes.get("type", "") in ("application/json", "application/ld+json", "text/plain")
        if tag == "script" and "src" not in attributes and not is_data:
            self._inside = True
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"


def test_every_inline_script_is_hashed_and_no_element_carries_code(site: Path, page_names: list[str]) -> None:
    for name in page_names:
        page = _Page((site / name).read_text("utf-8"))
        assert page.handlers == [], name
        hashes = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in page.scripts}
        assert set(re.findall(r"'sha256-([^']+)'", page.policy)) == hashes, name
        scripts = next(part for part in page.policy.split("; ") if part.startswith("script-src ")).split()[1:]
        assert {source for source in scripts if not source.startswith("'sha256-")} == {"'self'"}, name
        assert "unsafe-eval" not in page.policy, name


def test_no_file_of_the_site_counts_visitors(site: Path) -> None:
    found = [
        (path.relative_to(site).as_posix(), match[0])
        for path in site.rglob("*")
        if path.suffix in {".html", ".js"}
        if (match := TRACKERS.search(path.read_text("utf-8")))
    ]
    assert found == []


LEFT_BEHIND = """async () => ({
  cookie: document.cookie,
  kept: [...Object.keys(localStorage), ...Object.keys(sessionStorage)],
  databases: (await indexedDB.databases()).map((database) => database.name),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  caches: await caches.keys(),
})"""


def test_pages_leave_nothing_behind_but_how_they_look(open_page: OpenPage, address: str, page_names: list[str]) -> None:
    page = open_page("about:blank")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method != "GET" else None)
    for name in page_names:
        visit(page, address, name)
        left = page.evaluate(LEFT_BEHIND)
        assert set(left.pop("kept")) <= KEPT, name
        assert not any(left.values()), (name, left)
    assert page.context.cookies() == []
    assert sent == []


# Each tries to run a text. Later, because what a debugger runs at once is exempt from the policy.
ATTEMPTS = """() => new Promise((done) => setTimeout(() => {
  const tried = (attempt) => { try { attempt(); } catch (error) { return error.constructor.name; } return window.ran; };
  const put = (html) => { document.body.insertAdjacentHTML("beforeend", html); return document.body.lastElementChild; };
  done([
    tried(() => { window.ran = "own code"; }),
    tried(() => { window.ran = "nothing"; eval("window.ran = 'eval'"); }),
    tried(() => { window.ran = "nothing"; new Function("window.ran = 'Function'")(); }),
    tried(() => { window.ran = "nothing"; document.body.append(Object.assign(document.createElement("script"), { textContent: "window.ran = 'script'" })); }),
    tried(() => { window.ran = "nothing"; put(`<i onclick="window.ran = 'handler'"></i>`).click(); }),
    tried(() => { window.ran = "nothing"; put(`<a href="javascript:window.ran = 'address'"></a>`).click(); }),
  ]);
}))"""


def test_policy_stops_code_made_of_text(browser: Browser, address: str) -> None:
    """What the policy says, a browser does."""
    page = browser.new_page()
    page.goto(f"{address}book/efficacy.html")
    assert page.evaluate(ATTEMPTS) == ["own code", "EvalError", "EvalError", "nothing", "nothing", "nothing"]
    page.context.close()
