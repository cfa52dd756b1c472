"""The notebooks for JupyterLab hold what the pages hold, in Markdown and code alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from nbclient import NotebookClient

from carbite.comparison import comparison
from carbite.notebooks import SOURCES_HEADING, ChapterError, main, notebook, write
from carbite.prose import markdown_link, number
from carbite.verdict import evaluate
from carbite_course.teaching.pages import part
from tests.written import written

BOOK = Path(__file__).parents[1] / "book"
PAGES = sorted(BOOK.glob("*.md"))
WITH_CODE = [page for page in PAGES if "{code-cell}" in page.read_text("utf-8")]
WIDGET = "application/vnd.jupyter.widget-view+json"
CHAPTERS = [page for page in WITH_CODE if "Explorer(" in page.read_text("utf-8")]
GLOSSARY = (
    ":::{glossary}\nOdds ratio\n: The odds of one,\n  divided by those of the other.\nMRD\n: What is left.\n:::\n"
)

MakePage = Callable[[str], Path]


@pytest.fixture
def page(tmp_path: Path) -> MakePage:
    """Writes one page into a book of its own that has a glossary."""
    (tmp_path / "glossary.md").write_text(f"# Glossary\n\n{GLOSSARY}", "utf-8")

    def written(text: str) -> Path:
        made = tmp_path / "page.md"
        made.write_text(text, "utf-8")
        return made

    return written


def prose(chapter: Path) -> list[str]:
    """The Markdown cells."""
    return [cell["source"] for cell in notebook(chapter)["cells"] if cell["cell_type"] == "markdown"]


def said(chapter: Path) -> str:
    return "\n\n".join(prose(chapter))


def tokens(markdown: str) -> list[Token]:
    """Every token of the Markdown that JupyterLab reads: CommonMark with tables."""
    parsed = MarkdownIt("commonmark").enable("table").parse(markdown)
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


def links(markdown: str) -> list[tuple[str, str, str]]:
    """Text, title and target of every link."""
    found = []
    every = tokens(markdown)
    for position, token in enumerate(every):
        if token.type == "link_open":
            end = next(at for at in range(position, len(every)) if every[at].type == "link_close")
            text = "".join(inner.content for inner in every[position:end])
            found.append((text, str(token.attrs.get("title", "")), str(token.attrs["href"])))
    return found


# --- The book ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", PAGES, ids=lambda path: path.stem)
def test_the_page_is_a_valid_notebook(chapter: Path) -> None:
    made = nbformat.from_dict(notebook(chapter))
    nbformat.validate(made)
    assert len({cell.id for cell in made.cells}) == len(made.cells)


@pytest.mark.parametrize("chapter", PAGES, ids=lambda path: path.stem)
def test_nothing_of_myst_is_left(chapter: Path) -> None:
    raw = re.compile(
        r"\{[^}\s]+\}`"  # a role
        r"|^\s*:{3,}|^\s*[`~]{3,}\s*\{"  # a directive
        r"|^\([^)\n]+\)=\s*$"  # a label
        r"|^\+\+\+|^%|\{\{|\[\^"  # a break, a comment, a substitution, a footnote
        r"|^: |^:[\w-]+:|^(jupytext|kernelspec|myst):",  # a definition, an option, the front matter
        re.MULTILINE,
    )
    assert [found[0] for found in raw.finditer(said(chapter))] == []


@pytest.mark.parametrize("chapter", PAGES, ids=lambda path: path.stem)
def test_every_row_of_a_table_keeps_its_columns(chapter: Path) -> None:
    def bars(text: str) -> list[int]:
        rows = re.findall(r"^\|.*$", text, re.MULTILINE)
        return [len(re.findall(r"(?<!\\)\|", row)) for row in rows]

    # What instructors read is written as tables by a directive.
    written = re.sub(
        r"^```\{teaching\} (.+)\n```$", lambda found: part(BOOK, found[1]), chapter.read_text("utf-8"), flags=re.M
    )
    assert bars(said(chapter)) == bars(written)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_each_number_has_the_text_the_source_and_the_link_of_the_book(chapter: Path) -> None:
    names = re.findall(r"\{number\}`([^`]+)`", written(chapter))
    every = links(said(chapter))
    to_the_list = f"#{SOURCES_HEADING.replace(' ', '-')}"
    assert names
    for name in names:
        found = number(name)
        assert (found.text, found.source, found.href or to_the_list) in every, name


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_each_number_is_listed_once_with_its_source(chapter: Path) -> None:
    names = dict.fromkeys(re.findall(r"\{number\}`([^`]+)`", written(chapter)))
    last = prose(chapter)[-1]
    items = [token.content for token in tokens(last) if token.type == "inline"]
    assert last.startswith(f"## {SOURCES_HEADING}\n")
    assert len(items) == 1 + len(names)
    text = re.sub(r"\\(.)", r"\1", last)
    for name in names:
        assert f"**{number(name).text}** {number(name).source}" in text, name


@pytest.mark.parametrize("chapter", WITH_CODE, ids=lambda path: path.stem)
def test_code_is_kept_and_folded_as_on_the_site(chapter: Path) -> None:
    code = re.findall(
        r"^```\{code-cell\} ipython3\n(:tags: \[hide-input\]\n)?(.*?)\n```$",
        chapter.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    cells = [cell for cell in notebook(chapter)["cells"] if cell["cell_type"] == "code"]
    assert [cell["source"] for cell in cells] == [source for _, source in code]
    folded = [cell["metadata"].get("jupyter", {}).get("source_hidden", False) for cell in cells]
    assert folded == [bool(tags) for tags, _ in code]


def test_links_between_pages_lead_to_notebooks() -> None:
    stems = {page.stem for page in PAGES}
    for chapter in PAGES:
        for text, _, href in links(said(chapter)):
            assert re.match(r"https://doi\.org/10\.|#|[\w-]+\.ipynb(#|$)", href), (chapter.name, text, href)
            target = href.partition("#")[0].removesuffix(".ipynb")
            assert href.startswith(("https:", "#")) or target in stems, (chapter.name, text, href)


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    """Another process, in which Python orders sets and hashes in another way, writes the same files."""
    ours = write(BOOK, tmp_path / "ours")
    run = subprocess.run(
        [sys.executable, "-m", "carbite.notebooks", str(BOOK), str(tmp_path / "theirs")],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert [file.stem for file in ours] == [page.stem for page in PAGES]
    for file in ours:
        assert file.read_bytes() == (tmp_path / "theirs" / file.name).read_bytes()


@pytest.mark.parametrize("chapter", WITH_CODE, ids=lambda path: path.stem)
def test_the_notebook_runs_without_a_browser(chapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in JupyterLab: not in the book's build, and with this Python as the kernel."""
    monkeypatch.delenv("CARBITE_BUILD", raising=False)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    made: Any = nbformat.from_dict(notebook(chapter))
    explored = re.search(r'^explorer = Explorer\("(\w+)"\)$', chapter.read_text("utf-8"), re.MULTILINE)
    assert bool(explored) == (chapter in CHAPTERS)
    if explored:
        made.cells.append(nbformat.v4.new_code_cell("import json; print(json.dumps(explorer.result))"))
    NotebookClient(made, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    cells = [cell for cell in made.cells if cell.cell_type == "code"]
    asked = cells.pop() if explored else None
    kinds = [output.output_type for cell in cells for output in cell.outputs]
    assert kinds == ["execute_result"] * len(cells)
    assert all(WIDGET in cell.outputs[0].data or cell.outputs[0].data.get("text/html") for cell in cells)
    simulated = [cell for cell in cells if cell.source.split("\n")[-1].startswith("Simulation(")]
    assert all(WIDGET in cell.outputs[0].data for cell in simulated)
    if explored is None or asked is None:
        return
    drawn = [cell.outputs[0].data for cell in cells if cell.source.split("\n")[-1].startswith("figures.")]
    assert any("<svg" in data["text/html"] for data in drawn)
    assert all("<svg" in data["text/html"] or "<table" in data["text/html"] for data in drawn)
    shown = [cell.outputs[0].data for cell in cells if cell.source.endswith("\nexplorer")]
    assert [WIDGET in data for data in shown] == [True]
    assert json.loads(asked.outputs[0].text) == evaluate(comparison(explored[1]).default_selection()).as_dict()


# --- One thing at a time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("---\nmyst:\n  html_meta: {}\n---\n\n(here)=\n# One\n\n% aside\nText.", "# One\n\nText."),
        (":::{note}\nRead $x^2$.\n:::", "> **Note**\n>\n> Read $x^2$."),
        (":::{warning} Take care\nOne.\n\nTwo.\n:::", "> **Take care**\n>\n> One.\n>\n> Two."),
        (
            ":::{admonition} Is *a* < b?\n:class: dropdown\n\n$$a = b$$\n:::",
            "<details><summary>Is <em>a</em> &lt; b?</summary>\n\n$$a = b$$\n\n</details>",
        ),
        ("```{tip}\nBy backticks.\n```", "> **Tip**\n>\n> By backticks."),
        (
            "::::{note}\nOuter.\n:::{dropdown} In\nInner.\n:::\n::::",
            "> **Note**\n>\n> Outer.\n> <details><summary>In</summary>\n>\n> Inner.\n>\n> </details>",
        ),
        ("```python\n# {number}`x` stays\n```", "```python\n# {number}`x` stays\n```"),
        ("{doc}`glossary`, {doc}`terms <glossary>`", "[Glossary](glossary.ipynb), [terms](glossary.ipynb)"),
        (
            "{term}`mrd`, {term}`odds <Odds ratio>`",
            '[mrd](glossary.ipynb#MRD "What is left."), '
            '[odds](glossary.ipynb#Odds-ratio "The odds of one, divided by those of the other.")',
        ),
        (
            "{cite:t}`molina-shah-2021`",
            '[Molina and Shah (2021)](https://doi.org/10.1182/bloodadvances.2020003554 "Blood Adv 2021;5(2):602-606")',
        ),
        (
            "{cite:p}`davis-mackall-2016, lee-2016`",
            "([Davis and Mackall 2016](references.ipynb "
            '"Blood Adv 2016;1(3):265, a commentary on anti-CD19 immunotherapies of B-ALL"); '
            '[Lee et al. 2016](references.ipynb "Blood 2016;128(22). Abstract 218"))',
        ),
        ("from \\$5 to \\$6", "from \\\\$5 to \\\\$6"),
    ],
)
def test_myst_becomes_markdown(page: MakePage, myst: str, markdown: str) -> None:
    assert said(page(myst)) == markdown


def test_a_cell_for_each_heading(page: MakePage) -> None:
    made = prose(page("# One\n\nText.\n\n```sh\n# not a heading\n```\n\n## Two\n### Three\nText."))
    assert made == ["# One\n\nText.\n\n```sh\n# not a heading\n```", "## Two", "### Three\nText."]


def test_a_number_in_the_heading_of_a_fold_is_a_link(page: MakePage) -> None:
    found = number("o:eliana-cr")
    shown = prose(page(":::{dropdown} Why {number}`o:eliana-cr`?\nBecause.\n:::"))[0]
    assert f'<summary>Why <a href="{found.href}" title="' in shown
    assert f">{found.text}</a>?</summary>" in shown


@pytest.mark.parametrize("signs", ["a|b", 'say "this"', "$x$ and $y$", "`c` *d* _e_ ~~f~~", "<g> &amp; \\h", "[i]"])
def test_a_link_holds_any_sign_in_a_table(signs: str) -> None:
    table = f"| a | b |\n|---|---|\n| {markdown_link('x', 'https://doi.org/10.1000/1', signs)} | c |"
    assert links(table) == [("x", signs, "https://doi.org/10.1000/1")]
    assert [token.type for token in tokens(table)].count("td_open") == 2


@pytest.mark.parametrize(
    ("myst", "message"),
    [
        (":::{figure} a.svg\n:::", r"directive \{figure\} cannot be shown in JupyterLab; known are admonition, "),
        (":::{note}\nNo end.", r"':::\{note\}' is never closed by ':::'"),
        ("See {ref}`here`.", r"role \{ref\} cannot be shown in JupyterLab; known are number, "),
        ("{number}`o:nobody-cr`", "outcomes.csv has no row 'nobody-cr'"),
        ("{cite:t}`nobody-1999`", "sources.csv has no source_id 'nobody-1999'"),
        ("{term}`Nonsense`", "glossary.md has no term 'Nonsense'; it has Odds ratio, MRD"),
        ("{doc}`nowhere`", r"\{doc\} names 'nowhere', and there is no page "),
        ("- one\n\n  :::{note}\n  :::", "raw: it is an indented directive"),
        ("{.wide}\nText.", r"would show '\{.wide\}' raw: it is an attribute"),
        ("Text {{ x }}.", "raw: it is a substitution"),
        ("Text.[^1]", "raw: it is a footnote"),
        ("$$x$$ (eq-x)", "raw: it is a labelled equation"),
        ("[Terms](glossary.md)", r"raw: it is a link to a source file, where \{doc\} is meant"),
    ],
)
def test_what_cannot_be_shown_is_named_with_its_file(page: MakePage, myst: str, message: str) -> None:
    chapter = page(myst)
    with pytest.raises(ChapterError, match=message) as raised:
        notebook(chapter)
    assert str(raised.value).startswith(f"{chapter}: ")


def test_nothing_is_written_when_one_page_fails(page: MakePage, tmp_path: Path) -> None:
    page("{ref}`here`")
    with pytest.raises(ChapterError):
        write(tmp_path, tmp_path / "made")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(("folder", "message"), [(".", r"role \{ref\}"), ("nowhere", "there is no such folder")])
def test_the_command_ends_with_the_message(
    page: MakePage, folder: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(page("{ref}`here`").parent)
    monkeypatch.setattr(sys, "argv", ["carbite.notebooks", folder, "made"])
    with pytest.raises(SystemExit, match=message):
        main()


def test_a_notebook_that_was_edited_is_kept(tmp_path: Path) -> None:
    first = write(BOOK, tmp_path)
    assert all(first.values())
    efficacy = tmp_path / "efficacy.ipynb"
    page = nbformat.read(efficacy, as_version=4)
    page.cells[0].outputs = []
    nbformat.write(page, efficacy)
    assert write(BOOK, tmp_path)[efficacy], "running or saving is not editing"
    page = nbformat.read(efficacy, as_version=4)
    page.cells[0].source += "\n\nMy note."
    nbformat.write(page, efficacy)
    assert not write(BOOK, tmp_path)[efficacy]
    assert "My note." in efficacy.read_text("utf-8")
    (tmp_path / "index.ipynb").write_text("not a notebook", "utf-8")
    assert not write(BOOK, tmp_path)[tmp_path / "index.ipynb"]
