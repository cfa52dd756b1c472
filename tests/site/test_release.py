"""The files of a release, each in an empty place: ``make release-check``.

Wheel and source archive are also tried by tests/test_packaging.py, PDF and EPUB by test_editions.py, which look at
the named release.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import frictionless
import pytest
import yaml
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from carbite import __version__
from carbite.archives import files_below
from carbite.publish import release
from carbite.site.editions.articles import contents
from tests.released_files import NAMED_RELEASE, released_file
from tests.same_build import ENVIRONMENTS, difference
from tests.site.conftest import PATIENCE_MS, ROOT, Watch, visit
from tests.site.reader import Reader
from tests.test_packaging import use_in_empty_environment

pytestmark = pytest.mark.release

CITATION_CHECK = "cffconvert@2.0.0"
# What two releases of one tree may differ in, and why.
EXPLAINED: dict[str, str] = {}
POOLED = """
import carbite
from carbite.comparison import Options, comparison
result = carbite.evaluate(comparison("cr").default_selection(), Options())
print(carbite.__version__, carbite.pool([61, 44, 45], [75, 53, 53]).proportion.estimate, result.sentence, sep="|")
"""
# Plain pandas, as the archive's own README says.
READ = """
import json, sys, pandas as pd
tables = {}
for table in json.load(open("datapackage.json", encoding="utf-8"))["resources"]:
    frame = pd.read_csv(table["path"], keep_default_na=False, na_values=[""])
    tables[table["name"]] = [list(frame.columns), len(frame)]
assert not any(name.startswith("carbite") for name in sys.modules)
print(json.dumps(tables))
"""


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder of the release."""
    sums = released_file(release.SUMS)
    if sums is None:
        pytest.fail(f"{NAMED_RELEASE} names no release; run: make release release-check")
    return sums.parent


def unpacked(pattern: str, target: Path) -> Path:
    """The one folder that a zip or a source archive of the release holds."""
    packed = released_file(pattern)
    assert packed is not None
    if packed.suffix == ".zip":
        with zipfile.ZipFile(packed) as archive:
            assert archive.testzip() is None
            archive.extractall(target)
    else:
        with tarfile.open(packed) as archive:
            archive.extractall(target, filter="data")
    (found,) = target.iterdir()
    return found


def test_release_has_every_file_of_this_version(folder: Path) -> None:
    name = f"carbite-{__version__}"
    assert set(files_below(folder)) == {
        *(f"{name}-py3-none-any.whl", f"{name}.tar.gz", f"{name}-site.zip", f"{name}-data.zip"),
        *(f"{name}.pdf", f"{name}.epub", release.CITATION, release.SUMS),
    }


def test_checksums_match(folder: Path) -> None:
    check = ["sha256sum", "--check", "--strict", release.SUMS]
    checked = subprocess.run(check, cwd=folder, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count(": OK") == len(list(folder.iterdir())) - 1


def test_wheel_pools_in_a_new_environment_with_its_dependencies_alone(folder: Path, tmp_path: Path) -> None:
    """The same result as here, where everything else is installed too."""
    wheel = str(next(folder.glob("*.whl")))
    here = subprocess.run([sys.executable, "-c", POOLED], capture_output=True, text=True, check=True).stdout.strip()
    assert use_in_empty_environment([wheel], tmp_path, POOLED) == here
    assert here.startswith(f"{__version__}|")


def test_site_works_from_a_disk(browser: Browser, tmp_path: Path) -> None:
    """Unpacked in a folder with a name that has to be escaped: no request leaves the disk, and the explorer works."""
    site = unpacked("*-site.zip", tmp_path / "Bücher & more, 100 %")
    start = f"{site.as_uri()}/"
    pages = {f"{page}.html" for _, page in contents(ROOT)}
    assert pages <= set(files_below(site))
    context = browser.new_context(offline=True)
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(context, start)
    page = context.new_page()
    for name in sorted({*pages, "index.html", "search.html", "404.html"}):
        visit(page, start, name)
    page.goto(f"{start}book/efficacy.html")
    reader = Reader(page)
    assert reader.shown() == reader.expected()
    reader.toggle("TOWER")
    assert reader.shown() == reader.expected()
    page.goto(f"{start}search.html?q=blinatumomab")
    expect(page.locator("#search-results a[href*='efficacy.html']").first).to_be_visible()
    assert (watch.problems, watch.foreign) == ([], [])
    context.close()


def test_site_is_the_published_folder(site: Path, tmp_path: Path) -> None:
    assert files_below(unpacked("*-site.zip", tmp_path)) == files_below(site)


def test_pdf_and_epub_name_this_version(folder: Path) -> None:
    """That they hold every chapter is seen by test_editions.py."""
    assert f"Version {__version__}" in PdfReader(next(folder.glob("*.pdf"))).pages[0].extract_text()
    with zipfile.ZipFile(next(folder.glob("*.epub"))) as archive:
        assert archive.testzip() is None
        day = str(release.cited(ROOT)["date-released"])
        assert f'"dcterms:modified">{day}T00:00:00Z<' in archive.read("book/package.opf").decode()


def test_data_package_is_valid_and_read_by_pandas_alone(tmp_path: Path) -> None:
    data = unpacked("*-data.zip", tmp_path)
    report = frictionless.Package(str(data / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "message"])
    run = subprocess.run([sys.executable, "-I", "-c", READ], cwd=data, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    tables = yaml.safe_load(run.stdout)
    described = {table.name: table for table in frictionless.Package(str(data / "datapackage.json")).resources}
    assert set(tables) == set(described)
    for name, (columns, rows) in tables.items():
        assert columns == described[name].schema.field_names
        assert rows == len(described[name].read_rows()) > 0
    assert {"README.md", "LICENSE-content"} <= set(files_below(data))


def test_citation_is_valid_by_its_schema(folder: Path) -> None:
    uvx = str(Path(sys.executable).with_name("uvx"))
    command = [uvx, "--quiet", CITATION_CHECK, "--validate", "--infile", str(folder / release.CITATION)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "valid according to schema version" in run.stdout


def test_source_archive_makes_the_same_release_again(folder: Path, tmp_path: Path) -> None:
    """From nothing but the source archive, in another folder, time zone and hash seed, every notebook run anew."""
    sources = unpacked("*.tar.gz", tmp_path / "elsewhere")
    environment = {**os.environ, "PYTHONPATH": str(sources / "src"), "NO_COLOR": "1", **ENVIRONMENTS[1]}
    for name in (NAMED_RELEASE, "SOURCE_DATE_EPOCH"):
        environment.pop(name, None)
    for arguments in (
        ["-c", "from jupyter_book.cli.main import main; main()", "build", ".", "-W", "-n", "--keep-going"],
        ["-m", "carbite.publish.site", "_build/html", "dist/site"],
        ["-m", "carbite.publish.release", "dist/site", "dist/release"],
    ):
        run = subprocess.run(
            [sys.executable, *arguments], cwd=sources, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    first, second = files_below(folder), files_below(sources / "dist" / "release")
    assert first.keys() == second.keys()
    differing = [name for name in first if first[name] != second[name] and name not in EXPLAINED]
    assert [difference(name, first[name], second[name]) for name in differing] == []
