"""What is published and released: folder, policies, archives, versions, workflows. Fast; `make test-publish` and
`make release-check` try them for real."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from carbite import __version__
from carbite.archives import files_below
from carbite.publish import datapackage, release, site
from carbite.site import csp
from tests import links

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
NGINX = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
DAY = date(2026, 11, 21)
PAGE = """<html><head>
<meta charset="utf-8" />
<link rel="stylesheet" href="{up}_static/site.css?v=1" />{script}</head></html>"""


# --- The folder ---------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A book of one chapter that was built, with what a build leaves beside it."""
    (tmp_path / "_config.yml").write_text("title: A & B\nsphinx: {config: {language: en}}\n")
    (tmp_path / "_toc.yml").write_text(
        "root: book/index\nparts: [{caption: P, chapters: [{file: book/one}]}]\n", encoding="utf-8"
    )
    built = tmp_path / "built"
    for name in ("index.html", "search.html", "book/index.html", "book/one.html"):
        path = built / name
        path.parent.mkdir(parents=True, exist_ok=True)
        script = f"<script>here = '{name}'</script>"
        path.write_text(csp.with_policy(PAGE.format(up="../" * name.count("/"), script=script)), "utf-8")
    for name in (
        *("_static/site.css", "_static/only-in-site.css", "_static/font.woff2", "_static/data/trials.csv"),
        *(".buildinfo", "searchindex.js", "objects.inv", "_static/locales/fr/LC_MESSAGES/theme.mo"),
    ):
        path = built / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def published(project: Path, base: str = "/") -> Path:
    folder = project / "site"
    site.publish(project / "built", folder, project, base)
    return folder


def test_folder_holds_what_pages_ask_for_and_nothing_else(project: Path) -> None:
    assert set(files_below(published(project))) == {
        *("index.html", "search.html", "book/index.html", "book/one.html", "404.html", ".nojekyll", "objects.inv"),
        *("_static/site.css", "_static/font.woff2", "_static/data/trials.csv"),
    }


def test_folder_is_written_anew(project: Path) -> None:
    (published(project) / "old.html").touch()
    assert "old.html" not in files_below(published(project))


@pytest.mark.parametrize(("name", "said"), [("book/old.html", "book/old.html"), (None, "book/one.html")])
def test_pages_that_are_not_those_of_the_book_are_named(project: Path, name: str | None, said: str) -> None:
    """A page of an earlier build, and one that is missing."""
    if name:
        (project / "built" / name).write_text("<html></html>")
    else:
        (project / "built" / "book" / "one.html").unlink()
    with pytest.raises(ValueError, match=re.escape(said)):
        published(project)
    assert not (project / "site").exists()


def test_nothing_built_is_said(tmp_path: Path, project: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make book"):
        site.publish(tmp_path / "nowhere", tmp_path / "site", project)


@pytest.mark.parametrize(
    ("base", "link"), [("/", "/book/index.html"), ("", "/book/index.html"), ("/repo", "/repo/book/index.html")]
)
def test_page_for_wrong_addresses_works_at_any_depth(project: Path, base: str, link: str) -> None:
    """It loads nothing, and its links begin at the host's root."""
    html = (published(project, base) / "404.html").read_text("utf-8")
    assert f'<a href="{link}">' in html
    assert "A &amp; B" in html
    assert set(re.findall(r'(?:href|src)="([^"]+)"', html)) == {"data:,", link, link.replace("book/index", "search")}
    assert csp.policy(html) in html


def test_policies_are_those_of_the_pages(project: Path) -> None:
    folder = published(project)
    lines = dict(re.findall(r'^"?(\S+?)"? "([^"]*)";$', site.policies(folder), re.MULTILINE))
    pages = [path for path in files_below(folder) if path.endswith(".html")]
    assert set(lines) == {"default", *(f"/{page}" for page in pages)}
    for page in pages:
        assert f'content="{lines[f"/{page}"]}"' in (folder / page).read_text("utf-8")
    assert lines["/book/one.html"] != lines["/book/index.html"]
    assert "sha256" not in lines["default"]


def test_nginx_takes_the_policies_and_the_page_for_wrong_addresses() -> None:
    """No policy is typed there, and what it names is what `make site` writes."""
    (written,) = re.findall(r"--policies dist/(\S+)", (ROOT / "Makefile").read_text("utf-8"))
    assert f"include {written};" in NGINX
    assert f"error_page 403 404 =404 /{site.NOT_FOUND};" in NGINX
    assert not any(directive.split()[0] in NGINX for directive in csp.DIRECTIVES)


# --- The files of a release ---------------------------------------------------------------------------------


def test_archives_are_the_same_bytes_on_any_day() -> None:
    one = release.in_one_folder("book", {"b/c.txt": b"c", "a.txt": b"a"}, DAY)
    assert one == release.in_one_folder("book", {"a.txt": b"a", "b/c.txt": b"c"}, DAY)
    with zipfile.ZipFile(io.BytesIO(one)) as opened:
        assert opened.testzip() is None
        assert [(each.filename, each.date_time[:3]) for each in opened.infolist()] == [
            ("book/a.txt", (2026, 11, 21)),
            ("book/b/c.txt", (2026, 11, 21)),
        ]


def test_data_package_holds_every_table_and_says_how_to_read_it() -> None:
    files = datapackage.files(ROOT)
    tables = json.loads(files["datapackage.json"])["resources"]
    assert set(files) == {"datapackage.json", "LICENSE-content", "README.md", *(table["path"] for table in tables)}
    text = files["README.md"].decode()
    for table in tables:
        assert f"`{table['path']}`" in text
        assert next(csv.reader(io.StringIO(files[table["path"]].decode()))) == [
            field["name"] for field in table["schema"]["fields"]
        ]


def test_a_table_that_was_changed_and_not_sealed_is_not_released(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    described = {"resources": [{"path": "trials.csv", "hash": "sha256:0"}]}
    (tmp_path / "data" / "datapackage.json").write_text(json.dumps(described))
    (tmp_path / "data" / "trials.csv").write_text("trial_id\n")
    (tmp_path / "LICENSE-content").touch()
    with pytest.raises(ValueError, match=r"data/trials\.csv .* make seal"):
        datapackage.files(tmp_path)


def test_version_and_date_are_in_step() -> None:
    """CITATION.cff, the changelog, the data package and, once it is dated, what `make released` kept."""
    assert release.disagreements(ROOT) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("CITATION.cff", f"version: {__version__}", "version: 9.9.9", "CITATION.cff is at version 9.9.9"),
        ("CHANGELOG.md", f"## {__version__} (", "## 9.9.9 (", "CHANGELOG.md is at version 9.9.9"),
        ("data/datapackage.json", f'"{__version__}"', '"9.9.9"', "data/datapackage.json is at version 9.9.9"),
        ("src/carbite/released.json", f'"{__version__}"', '""', "released.json (make released) is at version none"),
        ("CITATION.cff", "date-released: 2026", "date-released: 2025", "CITATION.cff has date-released 2025"),
    ],
)
def test_what_is_out_of_step_is_named(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    """Of a tree that is in step and dated, one thing is changed."""
    day = release.cited(ROOT)["date-released"]
    kept = {"version": __version__, "rows": {}}
    changelog = re.sub(
        r"^## (\S+) \([^)]+\)", rf"## \1 ({day})", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.M
    )
    texts = {
        "CITATION.cff": (ROOT / "CITATION.cff").read_text("utf-8"),
        "CHANGELOG.md": changelog,
        "data/datapackage.json": json.dumps({"version": __version__}),
        "src/carbite/released.json": json.dumps(kept),
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    assert release.disagreements(tmp_path) == []
    assert old in texts[file]
    (tmp_path / file).write_text(texts[file].replace(old, new, 1), "utf-8")
    (found,) = release.disagreements(tmp_path)
    assert said in found


def test_a_changelog_without_a_version_is_said(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n")
    with pytest.raises(ValueError, match="expected a heading such as"):
        release.newest(tmp_path)


def test_checksums_are_those_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("one")
    (tmp_path / release.SUMS).write_text(release.sums(tmp_path), "utf-8")
    checked = ["sha256sum", "--check", "--strict", release.SUMS]
    assert subprocess.run(checked, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "one.txt").write_text("two")
    assert subprocess.run(checked, cwd=tmp_path, capture_output=True, check=False).returncode == 1


# --- The workflows ------------------------------------------------------------------------------------------


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_may_read_alone_and_its_actions_are_pinned(workflow: Path) -> None:
    about = yaml.safe_load(workflow.read_text("utf-8"))
    assert about["permissions"] == {"contents": "read"}
    for job in about["jobs"].values():
        assert job["timeout-minutes"] <= 120
        # Deploying to Pages needs these two and nothing else.
        writes = {name for name, level in job.get("permissions", {}).items() if level == "write"}
        assert writes in (set(), {"pages", "id-token"})
    for line in re.findall(r"uses: (.+)", workflow.read_text("utf-8")):
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_runs_nothing_but_targets_of_the_makefile(workflow: Path) -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    commands = [step["run"] for step in steps(workflow) if "run" in step]
    for command in commands:
        words = command.removeprefix("sudo ").split()
        assert words[0] == "make", command
        assert set(words[1:]) <= set(targets), command
    assert bool(commands)


def test_workflows_agree_on_the_version_of_each_action() -> None:
    used = {line for path in WORKFLOWS for line in re.findall(r"uses: (.+)", path.read_text("utf-8"))}
    assert len({line.partition("@")[0] for line in used}) == len(used) >= 6


def test_tests_run_on_each_python_of_the_package() -> None:
    about = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8"))
    classifiers = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text("utf-8"))
    assert about["jobs"]["test"]["strategy"]["matrix"]["python"] == classifiers


# --- Links to other hosts -----------------------------------------------------------------------------------


class _Host(BaseHTTPRequestHandler):
    """Another host: what it says is in the address; `busy` says 503 once and then that it is there."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        said = self.path.strip("/").split("/")[0]
        if said == "moved":
            self.send_response(302)
            self.send_header("Location", "/200")
        elif said == "busy":
            self.send_response(503 if self.asked.count(self.path) == 1 else 200)
        else:
            self.send_response(int(said))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept in `asked`."""


@pytest.fixture
def host() -> Iterator[str]:
    handler = type("Host", (_Host,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("200", links.THERE),
        ("moved", links.THERE),
        ("busy", links.THERE),
        ("404", links.MISSING),
        ("410", links.MISSING),
        ("403", links.UNTOLD),
        ("500", links.UNTOLD),
    ],
)
def test_a_link_is_there_gone_or_not_told(host: str, path: str, state: str) -> None:
    assert links.answer(f"{host}/{path}", pause_s=0)[0] == state


def test_a_host_that_cannot_be_reached_tells_nothing() -> None:
    assert links.answer("http://127.0.0.1:9/", pause_s=0)[0] == links.UNTOLD


def test_dois_are_asked_for_in_their_register() -> None:
    address = "https://doi.org/10.1002/(SICI)1097-0258%3C1097::AID-SIM%3E3.0.CO;2-0"
    assert links.asked(address) == address.replace(links.RESOLVER, links.REGISTER)
    assert links.in_address("10.1002/(SICI)1097-0258<1097::AID-SIM>3.0.CO;2-0") == address.removeprefix(links.RESOLVER)
    assert links.asked("https://mybinder.org") == "https://mybinder.org"


def test_links_of_pages_documents_and_data_are_found(tmp_path: Path) -> None:
    page = '<a href="https://one.example/a#b">1</a><a href="two.html">2</a><a href="mailto:a@b.example">3</a>'
    (tmp_path / "page.html").write_text(page)
    assert links.of_pages(tmp_path) == {"https://one.example/a"}
    assert "https://mybinder.org" in links.of_documents()
    assert len(links.of_data()) > 20
