"""The site: what its parts do, and a small book built with them and the project's own settings."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import altair
import pandas as pd
import pytest
import vl_convert
from fontTools.ttLib import TTFont

from carbite import charts
from carbite.site import assets, audit, csp, execution, icons, maths, pages, repository, stylesheet

ROOT = Path(__file__).parents[1]
PAGE = '<html><head>\n<meta charset="utf-8" />\n{head}</head><body>{body}</body></html>'


# --- The policy of a page -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "published"),
    [
        # The example of the specification: https://www.w3.org/TR/CSP3/#external-hash
        ("alert('Hello, world.');", "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"),
        # https://content-security-policy.com/hash/
        ("doSomething();", "'sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc='"),
    ],
)
def test_hashes_are_those_that_browsers_compute(script: str, published: str) -> None:
    assert csp.source_hash(script) == published


def test_inline_scripts_are_taken_as_they_stand() -> None:
    html = PAGE.format(
        head='<script src="a.js"></script>\n<script>\n if (1 < 2 && "&amp;") { x = "<b>"; }\n</script>',
        body='<script type="application/json">{"a": 1}</script><script type="module">import "x";</script>'
        "<p>not a script</p><script type>last</script>",
    )
    assert csp.inline_scripts(html) == ['\n if (1 < 2 && "&amp;") { x = "<b>"; }\n', 'import "x";', "last"]


def test_policy_admits_own_files_and_hashed_scripts_only() -> None:
    html = csp.with_policy(PAGE.format(head="<script>one()</script><script>one()</script>", body=""))
    content = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert content is not None
    directives = dict(part.split(" ", 1) for part in content[1].split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == f"'self' {csp.source_hash('one()')}"
    assert directives["style-src"] == "'self'"
    assert "unsafe-eval" not in content[1]
    assert [name for name, value in directives.items() if "unsafe-inline" in value] == ["style-src-attr"]
    assert html.index("Content-Security-Policy") < html.index("<script>")


def test_page_without_a_character_set_gets_no_policy_silently() -> None:
    with pytest.raises(ValueError, match="exactly once"):
        csp.with_policy("<html><head></head><body></body></html>")


# --- What must not be on a page -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "finding"),
    [
        ('<script src="https://cdn.example/x.js"></script>', "loads from another host"),
        ('<script src="//cdn.example/x.js"></script>', "loads from another host"),
        ('<link rel="stylesheet" href="https://cdn.example/x.css">', "loads from another host"),
        ('<link rel="preconnect" href="https://cdn.example">', "loads from another host"),
        ('<img src="a.png" srcset="a.png 1x, https://cdn.example/a.png 2x">', "loads from another host"),
        ('<svg><image xlink:href="http://cdn.example/a.png"/></svg>', "loads from another host"),
        ("<p style=\"background: url('https://cdn.example/a.png')\">", "loads from another host"),
        ('<iframe src="https://video.example/"></iframe>', "loads from another host"),
        ('<button onclick="print()">', "blocked by the page's policy"),
        ('<a href="javascript:print()">', "blocked by the page's policy"),
        ("<style>p {color: red}</style>", "blocked by the page's policy"),
    ],
)
def test_audit_finds(html: str, finding: str) -> None:
    (problem,) = audit.problems(PAGE.format(head="", body=html))
    assert finding in problem


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://doi.org/10.1000/1">a link waits for its reader</a>',
        '<link rel="canonical" href="https://book.example/">',
        '<img src="../_images/a.png"><script src="_static/a.js?v=1"></script>',
        '<img src="data:image/svg+xml;utf8,<svg xmlns=%22http://www.w3.org/2000/svg%22/>">',
        '<p data-on="x" style="width: 1em">onclick="x" <code>https://a.example</code></p>',
        '<script type="application/json">{"src": "https://a.example/x.js"}</script>',
    ],
)
def test_audit_passes(html: str) -> None:
    assert audit.problems(PAGE.format(head="", body=html)) == []


# --- Mark-up ------------------------------------------------------------------------------------------------


def test_tables_of_pandas_lose_their_style_and_keep_their_cells() -> None:
    table = pd.DataFrame({"n": [75]}, index=["ELIANA"])._repr_html_()
    assert "<style" in table
    cleaned = pages.with_plain_data_frames(f"<p>before</p>{table}<p>after</p>")
    assert "<style" not in cleaned
    assert "dataframe tbody" not in cleaned
    assert "<th></th>" not in cleaned
    assert re.findall(r"<t[hd]>([^<]*)</t[hd]>", cleaned) == ["", "n", "ELIANA", "75"]
    assert cleaned.startswith("<p>before</p><div>")
    assert cleaned.endswith("<p>after</p>")


def test_references_are_items_of_their_list() -> None:
    html = '<div role="list" class="citation-list">\n<div class="citation" id="a" role="doc-biblioentry">'
    assert pages.with_bibliography_items(html).count('role="listitem"') == 1
    assert "doc-biblioentry" not in pages.with_bibliography_items(html)


def test_redirect_works_without_following_it() -> None:
    html = pages.redirect("A & B", "en", "book/index.html")
    assert "<title>A &amp; B</title>" in html
    assert '<html lang="en">' in html
    assert '<a href="book/index.html">' in html
    assert f'content="{csp.policy(html)}"' in html
    assert audit.problems(html) == []


@pytest.mark.parametrize("url", ["", "https://git.example/book"])
def test_buttons_follow_the_repository(url: str) -> None:
    options = {"repository_url": url, "launch_buttons": {"binderhub_url": "https://mybinder.org"}}
    repository.show_buttons(None, {"html_theme_options": options})  # type: ignore[arg-type]
    assert options["use_repository_button"] is options["use_issues_button"] is bool(url)
    assert bool(options["launch_buttons"]) is bool(url)


# --- Icons --------------------------------------------------------------------------------------------------


def test_stylesheet_keeps_the_rules_of_used_icons_and_all_others() -> None:
    css = (
        'p{color:red}.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}.fa-spin{animation:x}'
        '.fa-house:before{content:"\\f015"}a:before{content:"\\f35d"}'
    )
    kept = icons.without_unused_rules(css, {"fa-navicon"})
    assert "f0c9" in kept
    assert "f015" not in kept
    assert all(rule in kept for rule in ("p{color:red}", ".fa-spin{animation:x}", "a:before{"))


THEME_RULES = """@charset "UTF-8"; /* a comment */
.used, .unused > p { color: red } .unused { color: blue } p, .a.unused:hover { margin: 0 }
.used:not(.unused) { top: 0 } .w-1\\/2 { width: 50% } @font-face { font-family: F; src: url(f.woff2) }
@media print { .unused { color: red } .used { content: "a,b{}" } } @media screen { .unused { color: red } }
"""


def test_rules_that_no_page_can_use_are_left_out() -> None:
    kept = stylesheet.without_unused_rules(THEME_RULES, {"used", "a"})
    assert kept.splitlines() == [
        ".used{color: red}",
        "p{margin: 0}",
        ".used:not(.unused){top: 0}",
        ".w-1\\/2{width: 50%}",
        "@font-face { font-family: F; src: url(f.woff2) }",
        '@media print {.used{content: "a,b{}"}}',
    ]


def test_addresses_follow_a_stylesheet_that_is_moved() -> None:
    css = "a{b:url(../fonts/x.woff2?v=1)} c{d:url('y.svg')} e{f:url(data:image/svg+xml;base64,AA==)} g{h:url(#i)}"
    assert stylesheet.moved(css, "styles/theme.css", "carbite/site.css") == (
        "a{b:url(../fonts/x.woff2?v=1)} c{d:url(../styles/y.svg)} e{f:url(data:image/svg+xml;base64,AA==)} g{h:url(#i)}"
    )


def test_stylesheet_that_imports_another_is_refused(tmp_path: Path) -> None:
    static = tmp_path / "_static"
    static.mkdir()
    (static / "a.css").write_text('@import "b.css";', "utf-8")
    with pytest.raises(ValueError, match="imports another stylesheet"):
        stylesheet.bind(tmp_path, ["a.css"])


def test_characters_are_found_as_escapes_and_as_themselves() -> None:
    assert icons.characters_in('{content:"\\f0c9"} {--icon:"\uf058"} {content:"\\2014"} é') == {
        0xF0C9,
        0xF058,
    }


def test_font_is_cut_to_the_characters_and_to_the_same_bytes(tmp_path: Path) -> None:
    source = icons.THEME / icons.FONTS / "fa-solid-900.woff2"
    for name in ("a.woff2", "b.woff2"):
        icons.cut_font(source, tmp_path / name, {0xF0C9, 0xF058})
    assert set(TTFont(tmp_path / "a.woff2").getBestCmap()) == {0xF0C9, 0xF058}
    assert (tmp_path / "a.woff2").read_bytes() == (tmp_path / "b.woff2").read_bytes()


# --- Vendored files -----------------------------------------------------------------------------------------

MANIFEST = json.loads((assets.VENDOR / "manifest.json").read_text("utf-8"))


def test_manifest_lists_every_vendored_file() -> None:
    listed = {file["path"] for package in MANIFEST["packages"] for file in package["files"]}
    found = {path.relative_to(assets.VENDOR).as_posix() for path in assets.VENDOR.rglob("*") if path.is_file()}
    assert listed == found - {"manifest.json"}


# Words by which each licence is known: its text need not name it.
LICENCE_WORDS = {
    "MIT": "Permission is hereby granted, free of charge",
    "BSD-3-Clause": "Redistribution and use in source",
}


def test_manifest_says_of_each_package_where_it_is_from_and_on_what_terms() -> None:
    for package in MANIFEST["packages"]:
        name = package["name"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"]), name
        assert re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR) [A-Za-z0-9.+-]+)*", package["licence"]), name
        assert package["source"].startswith("https://"), name
        assert package["version"] in package["source"], name
        paths = [file["path"] for file in package["files"]]
        assert all(path.startswith(f"{package['folder']}/") for path in paths), name
        (text,) = (path for path in paths if Path(path).stem in ("LICENSE", "LICENCE", "COPYING"))
        assert LICENCE_WORDS[package["licence"]] in (assets.VENDOR / text).read_text("utf-8"), name


@pytest.mark.parametrize(
    ("path", "expected"),
    [(file["path"], file["sha256"]) for package in MANIFEST["packages"] for file in package["files"]],
)
def test_vendored_file_is_the_published_one(path: str, expected: str) -> None:
    assert hashlib.sha256((assets.VENDOR / path).read_bytes()).hexdigest() == expected


def test_katex_script_and_stylesheet_are_of_one_version() -> None:
    (version,) = (package["version"] for package in MANIFEST["packages"] if package["name"] == "katex")
    css = (maths.KATEX / "katex.min.css").read_text("utf-8")
    assert f'content:"{version}"' in css
    assert f'version:"{version}"' in (maths.KATEX / "katex.min.js").read_text("utf-8")
    fonts = set(re.findall(r"url\((fonts/[^)]+\.woff2)\)", css))
    assert fonts == {f"fonts/{path.name}" for path in (maths.KATEX / "fonts").iterdir()}


# --- Formulas -----------------------------------------------------------------------------------------------


def test_formula_has_mathml_for_screen_readers() -> None:
    katex = maths.Katex()
    try:
        html = katex.html(r"\hat\tau^2 \le 1", True)
    finally:
        katex.close()
    mathml = re.search(r"<math.*</math>", html, re.DOTALL)
    assert mathml is not None
    assert "τ" in "".join(ElementTree.fromstring(mathml[0]).itertext())
    assert 'class="katex-display"' in html


def test_formula_that_cannot_be_read_is_an_error_and_the_next_one_is_drawn() -> None:
    katex = maths.Katex()
    try:
        with pytest.raises(maths.FormulaError, match="Undefined control sequence"):
            katex.html(r"\frak{x} \nonsense", False)
        assert "katex-mathml" in katex.html("x", False)
    finally:
        katex.close()


# --- What executed chapters depend on -----------------------------------------------------------------------


def test_fingerprint_sees_names_and_contents_but_no_order(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    first = execution.fingerprint([("a", tmp_path / "a"), ("b", tmp_path / "b")])
    assert first == execution.fingerprint([("b", tmp_path / "b"), ("a", tmp_path / "a")])
    assert first != execution.fingerprint([("a", tmp_path / "b"), ("b", tmp_path / "a")])
    assert first != execution.fingerprint([("a", tmp_path / "a")])


@pytest.mark.parametrize("name", ["data/trials.csv", "data/datapackage.json", "requirements.lock", "_toc.yml"])
def test_chapters_run_again_when_data_chapters_or_lock_change(name: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    before = execution.execution_key(tmp_path)
    (tmp_path / name).write_text("changed")
    assert execution.execution_key(tmp_path) != before


@pytest.mark.parametrize(
    ("name", "again"), [("pooling/tau2.py", True), ("explorer/view.js", True), ("site/static/book.css", False)]
)
def test_chapters_run_again_when_the_package_changes(
    name: str, again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "carbite"
    shutil.copytree(execution.PACKAGE, package, ignore=shutil.ignore_patterns("vendor", "__pycache__"))
    monkeypatch.setattr(execution, "PACKAGE", package)
    monkeypatch.setattr(execution, "SITE", package / "site")
    before = execution.execution_key(tmp_path)
    (package / name).write_text("changed")
    assert (execution.execution_key(tmp_path) != before) is again


def test_caches_of_older_states_are_removed(tmp_path: Path) -> None:
    for age, name in enumerate("abcde"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    execution.remove_old_caches(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "c"}


# --- Charts -------------------------------------------------------------------------------------------------

DATA = pd.DataFrame(
    {
        "trial": ["A <b>&</b>", "=SUM(A1)", "+1", "-1", "@x", 'plain, with "quotes"'],
        "arm": ["car_t", "bispecific"] * 3,
        "percent": [81.0, -0.5, 0.1 + 0.2, None, 40, 5],
        "printed": ["81", "NR", "-5", "", "<5", "NA"],
    }
)
SVG = f"{{{charts.SVG}}}"


def chart(data: pd.DataFrame = DATA, **properties: int) -> altair.Chart:
    points = altair.Chart(data).mark_point(clip=True)
    return points.encode(x="percent", y="trial", color=charts.arm_colour(), shape=charts.arm_shape()).properties(
        **properties
    )


def figure(title: str = "A <finding> & more", alt: str = "Six points.") -> charts.Figure:
    return charts.show(chart(), title=title, alt=alt, csv=DATA, caption="Of <patients>.")


@pytest.fixture
def on_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts are drawn for the site, not for a notebook."""
    monkeypatch.setenv("CARBITE_BUILD", "1")


def test_marks_know_the_row_they_draw_and_only_on_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"Trial": ["A", "B", "C"], "Percent": [1.0, None, 3.0], "n": [10, 20, 30]})
    chart = altair.Chart(table.iloc[::-1]).mark_bar().encode(x="Percent:Q", y="Trial:N")
    assert "carbite-spec" not in charts.show(chart, title="T", alt="A", csv=table)._repr_html_()
    monkeypatch.setenv("CARBITE_BUILD", "1")
    html = charts.show(chart, title="T", alt="A", csv=table)._repr_html_()
    data = json.loads(html.partition('class="carbite-spec">')[2].partition("</script>")[0])
    assert data["rows"] == [["a", "A. Percent: 1. n: 10."], ["b", "B. n: 20."], ["c", "C. Percent: 3. n: 30."]]
    (values,) = (source["values"] for source in data["wide"]["data"] if "values" in source)
    assert [(value["Trial"], value["carbite_row"]) for value in values] == [("C", 2), ("B", 1), ("A", 0)]


def test_svg_is_an_image_with_a_name_and_a_description() -> None:
    svg = ElementTree.fromstring(figure().wide)
    assert svg.get("role") == "img"
    by_id = {element.get("id"): element for element in svg.iter() if element.get("id")}
    assert by_id[svg.get("aria-labelledby")].text == "A <finding> & more"
    assert by_id[svg.get("aria-describedby")].text == "Six points."
    inner = [name for element in list(svg.iter())[1:] for name in element.attrib]
    assert not [name for name in inner if name == "role" or name.startswith("aria-")]


@pytest.mark.usefixtures("on_site")
def test_ids_resolve_and_differ_between_figures() -> None:
    drawings = [figure().wide, figure().narrow, figure(title="Another").wide]
    ids = []
    for drawing in drawings:
        assert drawing is not None
        own = re.findall(r' id="([^"]+)"', drawing)
        assert set(re.findall(r"url\(#([^)]+)\)", drawing)) <= set(own)
        assert "url(#" in drawing
        ids += own
    assert len(ids) == len(set(ids))


def test_drawing_does_not_depend_on_what_was_drawn_before() -> None:
    first = figure()
    charts.show(chart(width=200), title="Between", alt="Two.", csv=DATA)
    assert figure() == first


def test_colours_follow_the_page() -> None:
    drawing = figure().wide
    for arm in charts.DEBATE:
        points = DATA.loc[DATA["arm"] == arm, "percent"].count()
        assert drawing.count(f'fill="{charts.ARMS[arm].colour}"') == points + 1  # one in the legend
    paints = set(re.findall(r' (?:fill|stroke)="([^"]+)"', drawing))
    assert paints <= {
        "none",
        "currentColor",
        charts.GRID,
        *(charts.ARMS[arm].colour for arm in charts.DEBATE),
    }


def test_arms_differ_by_shape() -> None:
    assert len({arm.shape for arm in charts.ARMS.values()}) == len(charts.ARMS)


def test_what_authors_and_data_say_is_escaped() -> None:
    html = figure()._repr_html_()
    assert "A &lt;finding&gt; &amp; more" in html
    assert "Of &lt;patients&gt;." in html
    assert "A &lt;b&gt;&amp;&lt;/b&gt;" in html
    assert "<finding>" not in html
    assert "<b>" not in html
    assert audit.problems(html) == []


def test_csv_runs_nothing_and_gives_the_numbers_back() -> None:
    link = re.search(
        r'href="data:text/csv;charset=utf-8,([^"]*)" download="a-finding-more.csv"', figure()._repr_html_()
    )
    assert link is not None
    read = pd.read_csv(io.StringIO(unquote(link[1])), keep_default_na=False, dtype=str)
    assert list(read["trial"]) == ["A <b>&</b>", "'=SUM(A1)", "'+1", "'-1", "'@x", 'plain, with "quotes"']
    assert list(read["printed"]) == ["81", "NR", "'-5", "", "<5", "NA"]
    assert list(read["percent"]) == ["81", "-0.5", "0.3", "", "40", "5"]  # a number below 0 is no formula


def test_table_says_what_the_csv_says() -> None:
    table = ElementTree.fromstring(figure().table)
    rows = [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]
    plain = [line.removeprefix("'") for line in pd.read_csv(io.StringIO(figure().csv), dtype=str)["trial"]]
    assert [row[0] for row in rows] == ["trial", *plain]
    assert rows[1][2] == "81"


@pytest.mark.usefixtures("on_site")
def test_phones_get_a_drawing_that_fits() -> None:
    drawn = figure()
    assert drawn.narrow is not None
    width, narrow = (float(ElementTree.fromstring(svg).attrib["width"]) for svg in (drawn.wide, drawn.narrow))
    assert width > charts.PHONE_WIDTH
    assert narrow == pytest.approx(charts.PHONE_WIDTH, abs=1)  # Vega rounds to whole pixels


def test_a_notebook_gets_one_drawing_of_a_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has room for the wide one, and drawing takes seconds of a learner's first minute."""
    asked = []
    draw = vl_convert.vegalite_to_svg
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda *args, **rest: asked.append(args) or draw(*args, **rest))
    assert figure().narrow is None
    assert len(asked) == 1


@pytest.mark.usefixtures("on_site")
def test_a_legend_that_is_too_wide_for_a_phone_is_stacked() -> None:
    drawn = charts.show(chart(width=150), title="t", alt="a", csv=DATA)
    assert drawn.narrow is not None
    assert float(ElementTree.fromstring(drawn.narrow).attrib["width"]) <= charts.PHONE_WIDTH


@pytest.mark.usefixtures("on_site")
@pytest.mark.parametrize(
    "other", [chart(width=100).encode(color=altair.Undefined, shape=altair.Undefined), chart() | chart()]
)
def test_no_drawing_for_phones_where_none_is_needed_or_possible(other: altair.TopLevelMixin) -> None:
    assert charts.show(other, title="t", alt="a", csv=DATA).narrow is None


@pytest.mark.parametrize("missing", ["title", "alt", "csv"])
def test_figure_without_words_or_data_is_refused(missing: str) -> None:
    given = {"title": "t", "alt": "a", "csv": DATA, missing: DATA.iloc[:0] if missing == "csv" else " "}
    with pytest.raises(ValueError, match=f"a figure needs {missing}"):
        charts.show(chart(), **given)


def test_chart_may_not_load_data_from_another_host() -> None:
    remote = altair.Chart("https://data.example/x.csv").mark_point().encode(x="a:Q")
    with pytest.raises(ValueError, match=r"data\.example"):
        charts.show(remote, title="t", alt="a", csv=DATA)


# --- Colours against the theme's pages ----------------------------------------------------------------------

# WCAG 2.2, success criterion 1.4.11: what is needed to read a graphic.
CONTRAST = 3.0


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it, from `#rrggbb`."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def variables(theme: str) -> dict[str, str]:
    css = (assets.STATIC / "book.css").read_text("utf-8")
    selector = {"light": "html {", "dark": 'html[data-theme="dark"] {'}[theme]
    block = css[css.index(selector) :]
    return dict(re.findall(r"(--carbite-[a-z]+): (#[0-9a-f]{6});", block[: block.index("}")]))


def page_colours(theme: str) -> set[str]:
    """The grounds that the two themes, of which one builds on the other, give a page."""
    book = files("sphinx_book_theme") / "theme/sphinx_book_theme/static/styles/sphinx-book-theme.css"
    css = (icons.THEME / icons.STYLESHEET).read_text("utf-8") + book.read_text("utf-8")
    blocks = re.findall(rf"html\[data-theme={theme}\]\{{([^}}]*)\}}", css)
    found = {colour for block in blocks for colour in re.findall(r"--pst-color-background:(#[0-9a-f]+)", block)}
    return {f"#{colour[1] * 2}{colour[2] * 2}{colour[3] * 2}" if len(colour) == 4 else colour for colour in found}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("arm", ["car", "bispecific", "chemotherapy"])
def test_arms_can_be_seen_on_the_page(arm: str, theme: str) -> None:
    grounds = page_colours(theme)
    assert grounds
    for ground in grounds:
        dark, light = sorted([luminance(variables(theme)[f"--carbite-{arm}"]), luminance(ground)])
        assert (light + 0.05) / (dark + 0.05) >= CONTRAST


def test_contrast_is_that_of_wcag() -> None:
    assert (luminance("#ffffff") + 0.05) / (luminance("#000000") + 0.05) == pytest.approx(21)


def test_notebooks_show_the_light_colours() -> None:
    light = variables("light")
    for value in (*(arm.colour for arm in charts.ARMS.values()), charts.GRID):
        found = re.fullmatch(r"var\((--carbite-[a-z]+), (?:var\(--jp-[\w-]+, )?(#[0-9a-f]{6})\)+", value)
        assert found
        assert light[found[1]] == found[2]


# --- A small book -------------------------------------------------------------------------------------------

NOTEBOOK = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
# Outputs

```{code-cell} python
import os
import anywidget, traitlets

class Widget(anywidget.AnyWidget):
    _esm = "export default {render({el}) {el.textContent = 'live'}}"
    value = traitlets.Int(1).tag(sync=True)

    def _repr_mimebundle_(self, **options):
        data, metadata = super()._repr_mimebundle_(**options)
        return {**data, "text/html": f"<p>shown without a kernel {os.environ['CARBITE_BUILD']}</p>"}, metadata

Widget()
```

```{code-cell} python
import pandas as pd
pd.DataFrame({"n": [75]})
```
"""

START = """---
description: Words & "more".
---
# Start

See {cite:p}`a2021`.

```{bibliography}
```
"""

MATHS = r"""# Maths

Inline $x^2$.

$$ \tau^2 = 0 $$ (eq)

See {eq}`eq`.
"""

BOOK = {
    "_toc.yml": "format: jb-book\nroot: book/start\nchapters:\n- file: book/maths\n- file: book/outputs\n",
    "book/references.bib": "@misc{a2021, title={T}, author={Molina, J. and Shah, N.}, year={2021}}\n",
    "book/start.md": START,
    "book/maths.md": MATHS,
    "book/outputs.md": NOTEBOOK,
}

BROKEN = r"""# Start

$\nonsense$

<img src="https://cdn.example/a.png" alt="">
<style>p {}</style>

```{self-check} start
```
"""


def build(folder: Path, book: dict[str, str]) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "_config.yml", folder)
    for name, text in book.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    return subprocess.run(
        [*command, "build", str(folder), "-W", "-n", "--keep-going"],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    built = build(folder, BOOK)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "_build" / "html"


def pages_of(site: Path) -> list[Path]:
    found = sorted(site.rglob("*.html"))
    assert len(found) == 5, "three chapters, the search, and the redirect from index.html"
    return found


def test_every_page_has_its_policy_and_nothing_against_it(site: Path) -> None:
    for page in pages_of(site):
        html = page.read_text("utf-8")
        assert f'content="{csp.policy(html)}"' in html, page
        assert audit.problems(html) == [], page


def test_nothing_names_the_hosts_of_the_default_theme(site: Path) -> None:
    named = re.compile(rb"unpkg\.com|jsdelivr|cdnjs|googleapis|gstatic", re.IGNORECASE)
    for path in (path for path in site.rglob("*") if path.suffix in {".html", ".js", ".css"}):
        assert not named.search(path.read_bytes()), path


def test_nothing_is_left_of_thebe(site: Path) -> None:
    assert not [path for path in site.rglob("*") if "thebe" in path.name]
    assert not [page for page in pages_of(site) if "thebe" in page.read_text("utf-8")]


def test_every_page_links_one_stylesheet_of_this_version(site: Path) -> None:
    css = (site / "_static" / stylesheet.BOUND).read_bytes()
    version = hashlib.sha256(css).hexdigest()[:8]
    for page in pages_of(site):
        if page == site / "index.html":
            continue  # it leads on at once
        linked = re.findall(r'<link rel="stylesheet" href="([^"]*)"', page.read_text("utf-8"))
        assert [link.removeprefix("../") for link in linked] == [f"_static/{stylesheet.BOUND}?v={version}"], page


def test_files_that_the_stylesheet_names_are_there(site: Path) -> None:
    css = site / "_static" / stylesheet.BOUND
    named = [address for _, address in stylesheet._URL.findall(css.read_text("utf-8"))]
    fonts = [address for address in named if address.endswith(".woff2")]
    assert {Path(address).name.partition("_")[0].partition("-")[0] for address in fonts} >= {"KaTeX", "fa"}
    for address in fonts:
        assert (css.parent / address).is_file(), address


def test_formulas_are_drawn_and_numbered(site: Path) -> None:
    html = (site / "book/maths.html").read_text("utf-8")
    assert html.count('class="katex"') == 2
    assert 'href="#equation-eq">(1)</a>' in html


def test_widgets_show_their_html_and_leave_nothing_else(site: Path) -> None:
    html = (site / "book/outputs.html").read_text("utf-8")
    assert "<p>shown without a kernel 1</p>" in html
    assert "application/vnd.jupyter" not in html
    assert "require" not in html
    assert "<style" not in html


def test_each_script_is_linked_once(site: Path) -> None:
    for page in pages_of(site):
        scripts = re.findall(r"<script[^>]*>.*?</script>", page.read_text("utf-8"), re.DOTALL)
        assert len(scripts) == len(set(scripts)), page


def test_icons_are_there_and_small(site: Path) -> None:
    used = icons.classes_in((site / "book/start.html").read_text("utf-8"))
    css = (site / "_static" / icons.STYLESHEET).read_text("utf-8")
    assert "fa-magnifying-glass" in used
    (code,) = re.findall(r'\.fa-magnifying-glass:before[^{]*\{content:"\\([0-9a-f]+)"', css)
    font = site / "_static" / icons.FONTS / "fa-solid-900.woff2"
    assert int(code, 16) in TTFont(font).getBestCmap()
    assert font.stat().st_size < 10_000  # of 150 kB; some twenty icons
    assert not (site / "_static/scripts/fontawesome.js").exists()


def test_description_comes_from_the_front_matter(site: Path) -> None:
    described = '<meta name="description" content="Words &amp; &quot;more&quot;." />'
    assert [page.stem for page in pages_of(site) if described in page.read_text("utf-8")] == ["start"]


def test_references_are_cited_by_author_and_year(site: Path) -> None:
    html = (site / "book/start.html").read_text("utf-8")
    assert re.search(r"Molina and Shah, <a[^>]*>2021</a>|>Molina and Shah, 2021<", html)
    assert 'role="listitem"' in html


def test_a_page_that_breaks_the_rules_stops_the_build(tmp_path: Path) -> None:
    built = build(
        tmp_path,
        {
            "_toc.yml": "format: jb-book\nroot: book/start\n",
            "book/references.bib": "",
            "book/start.md": BROKEN,
            "book/self-checks/start.yml": "- id: start-one\n  type: none\n",
        },
    )
    assert built.returncode != 0
    report = built.stdout + built.stderr
    assert "Undefined control sequence: \\nonsense" in report
    assert '<img src="https://cdn.example/a.png"> loads from another host' in report
    assert "an inline <style> is blocked" in report
    assert "start.yml: start-one: type: found 'none'; expected one, many or number" in report
