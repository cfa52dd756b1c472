"""The published folder behind a real nginx with deploy/nginx.conf: ``make test-publish``.

nginx gets a port on loopback and a folder of its own; nothing else of the configuration is changed.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, expect

from carbite.publish.site import NOT_FOUND, policies
from tests.site.conftest import PATIENCE_MS, ROOT, Watch, visit
from tests.site.reader import Reader

pytestmark = pytest.mark.publish

MISSING = "nginx is missing, behind which the folder is tried. On Debian and Ubuntu: apt-get install nginx-light"
CONFIGURATION = ROOT / "deploy" / "nginx.conf"
TYPES = Path("/etc/nginx/mime.types")
POLICIES = "car-or-bite.policies"
# What a reader or a program asks for that is not there: beside a page, below folders, a folder without a page.
WRONG = ("nothing", "book/nothing.html", "book/deeper/still/nothing.html", "_static/", "404.html")
YEAR = "public, max-age=31536000, immutable"
DAY = "public, max-age=86400"
MAIN = """
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
    include {types};
    default_type application/octet-stream;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def replaced(text: str, old: str, new: str) -> str:
    """Raises AssertionError where the text does not have what is to be replaced exactly once."""
    assert text.count(old) == 1, f"{CONFIGURATION}: expected {old!r} once"
    return text.replace(old, new)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def nginx(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the published folder behind nginx."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.fail(MISSING)
    if not (site / NOT_FOUND).is_file():
        pytest.fail(f"{site} is no published folder; run: make test-publish")
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    text = CONFIGURATION.read_text("utf-8")
    text = replaced(text, "    listen 80;\n    listen [::]:80;\n", f"    listen 127.0.0.1:{port};\n")
    text = replaced(text, "root /var/www/car-or-bite;", f"root {site};")
    (folder / "site.conf").write_text(text, "utf-8")
    (folder / POLICIES).write_text(policies(site), "utf-8")
    main = folder / "nginx.conf"
    # Root's workers become another user, who may not enter a temporary folder.
    main.write_text(MAIN.format(user="user root;" if os.geteuid() == 0 else "", folder=folder, types=TYPES), "utf-8")
    command = [program, "-c", str(main), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
    with subprocess.Popen(command) as server:
        try:
            wait_for(port, server)
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("nginx did not answer")


def got(address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what nginx answers, as it sends them."""
    try:
        with urlopen(Request(address, headers=headers)) as response:
            return response.status, {key.lower(): value for key, value in response.headers.items()}, response.read()
    except HTTPError as error:
        return error.code, {key.lower(): value for key, value in error.headers.items()}, error.read()


def stated_policy(html: str) -> str:
    """The policy in the page itself."""
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    return policy


def test_every_page_comes_with_the_policy_that_it_states(nginx: str, page_names: list[str]) -> None:
    for name in page_names:
        status, headers, body = got(nginx + name)
        assert status == (404 if name == NOT_FOUND else 200), name
        assert headers["content-security-policy"] == stated_policy(body.decode()), name
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert headers.get("cache-control") == (None if name == NOT_FOUND else "no-cache"), name


def test_every_answer_says_how_it_may_be_used(nginx: str, site: Path) -> None:
    """Each kind of file, found, unchanged and missing."""
    kinds = {path.suffix: path.relative_to(site).as_posix() for path in sorted(site.rglob("*.*")) if path.is_file()}
    assert {".html", ".css", ".js", ".csv", ".json", ".svg", ".woff2"} <= set(kinds)
    for name in (*kinds.values(), "nothing.js"):
        _, headers, _ = got(nginx + name)
        assert headers["x-content-type-options"] == "nosniff", name
        assert headers["referrer-policy"] == "no-referrer", name
        assert "default-src 'none'" in headers["content-security-policy"], name
        # The server tells its name, and not what is known to be wrong with its version.
        assert headers["server"] == "nginx"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("_static/carbite/site.css", "text/css; charset=utf-8"),
        ("_static/carbite/book.js", "application/javascript; charset=utf-8"),
        ("_static/data/trials.csv", "text/csv; charset=utf-8"),
        ("_static/data/datapackage.json", "application/json; charset=utf-8"),
        ("_static/carbite/favicon.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_texts_come_with_their_type_and_compressed(nginx: str, site: Path, name: str, kind: str) -> None:
    status, headers, body = got(nginx + name, **{"Accept-Encoding": "gzip"})
    assert (status, headers["content-type"]) == (200, kind)
    if (site / name).stat().st_size > 1024:
        assert headers["content-encoding"] == "gzip"
        assert headers["vary"] == "Accept-Encoding"
        body = gzip.decompress(body)
    assert body == (site / name).read_bytes()


def test_a_font_comes_as_one_and_is_kept_for_a_day(nginx: str, site: Path) -> None:
    font = next(path for path in sorted(site.rglob("*.woff2")))
    _, headers, _ = got(nginx + font.relative_to(site).as_posix(), **{"Accept-Encoding": "gzip"})
    assert headers["content-type"] == "font/woff2"
    assert "content-encoding" not in headers
    assert headers["cache-control"] == DAY


def test_only_what_has_its_checksum_in_its_address_is_kept_for_ever(nginx: str, site: Path) -> None:
    html = (site / "book" / "efficacy.html").read_text("utf-8")
    versioned = re.findall(r'(?:src|href)="\.\./(_static/[^"]+\?v=[0-9a-f]+)"', html)
    assert len(versioned) > 3
    for name in versioned:
        assert got(nginx + name)[1]["cache-control"] == YEAR, name
        assert got(nginx + name.partition("?")[0])[1]["cache-control"] == "no-cache", name
    for name in ("_static/data/trials.csv", "_static/carbite/passages.js", "book/efficacy.html?v=efficacy"):
        assert got(nginx + name)[1]["cache-control"] == "no-cache", name
    # What is missing now may be there tomorrow.
    assert "cache-control" not in got(f"{nginx}_static/nothing.js?v=0123abcd")[1]


def test_a_page_that_is_the_same_is_not_sent_again(nginx: str) -> None:
    _, headers, _ = got(f"{nginx}book/efficacy.html")
    status, again, body = got(f"{nginx}book/efficacy.html", **{"If-None-Match": headers["etag"]})
    assert (status, body) == (304, b"")
    assert again["content-security-policy"] == headers["content-security-policy"]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_address_leads_to_the_book_from_any_depth(nginx: str, browser: Browser, site: Path, name: str) -> None:
    status, _, body = got(nginx + name)
    assert (status, body) == (404, (site / NOT_FOUND).read_bytes())
    context = browser.new_context(viewport={"width": 390, "height": 700})
    watch = Watch(context, nginx)
    page = context.new_page()
    page.goto(nginx + name)
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no page at this address")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    # The address itself is missing, which the browser reports; nothing else went wrong.
    assert {problem for problem in watch.problems if name not in problem} <= {
        "console: Failed to load resource: the server responded with a status of 404 (Not Found)"
    }
    page.get_by_role("link", name="Open the book").click()
    page.wait_for_url(f"{nginx}book/index.html")
    assert watch.foreign == []
    context.close()


def test_every_page_opens_without_an_error(nginx: str, browser: Browser, page_names: list[str]) -> None:
    """Under the policy of the header too, which the browser holds beside that of the page."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(context, nginx)
    page = context.new_page()
    for name in page_names:
        if name != NOT_FOUND:
            visit(page, nginx, name)
            page.wait_for_load_state("networkidle")
    assert (watch.problems, watch.foreign) == ([], [])
    context.close()


def test_explorer_and_search_work(nginx: str, browser: Browser) -> None:
    context = browser.new_context()
    watch = Watch(context, nginx)
    page = context.new_page()
    page.goto(f"{nginx}book/efficacy.html")
    reader = Reader(page)
    reader.toggle("TOWER")
    assert reader.shown() == reader.expected()
    page.goto(f"{nginx}search.html?q=blinatumomab")
    page.locator("#search-results a[href*='efficacy.html']").first.wait_for()
    assert (watch.problems, watch.foreign) == ([], [])
    context.close()
