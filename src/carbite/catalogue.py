"""The tables of ``data/`` as a page, from ``datapackage.json``: what each holds, its columns, its file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

import carbite
from carbite.evidence import PACKAGE, package, records
from carbite.markup import Link, Markup, building

# Where the site has the files, seen from a page of the book.
PUBLISHED = "../_static/data/"

Schema = Mapping[str, Any]


def field(table: str, column: str) -> Schema:
    """What the schema says of one column. Raises StopIteration where there is none."""
    return next(each for each in _resource(table)["schema"]["fields"] if each["name"] == column)


def _resource(table: str) -> Schema:
    return next(each for each in package()["resources"] if each["name"] == table)


def overview() -> Markup:
    """What the package is, its licence and its version, and a list of its tables with their files."""
    described = package()
    licence = described["licenses"][0]
    rows = "".join(
        f'<tr><th scope="row"><a href="#{anchor(table["name"])}">{escape(table["title"])}</a></th>'
        f'<td class="carbite-numeric">{len(records(table["name"]))}</td><td>{_file(table["path"])}</td></tr>'
        for table in described["resources"]
    )
    facts = {
        "Version": escape(described["version"]),
        "Licence": Link(licence["title"], licence["path"]).html(),
        "By": escape(", ".join(each["title"] for each in described["contributors"])),
        "Description of all tables": _file(PACKAGE),
    }
    return Markup(
        f"<p>{escape(described['description'])}</p>"
        f'<dl class="carbite-facts">{"".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>" for k, v in facts.items())}</dl>'
        '<div class="carbite-scroll" role="group" aria-label="Tables"><table class="carbite-table">'
        '<thead><tr><th scope="col">Table</th><th scope="col">Rows</th><th scope="col">File</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def anchor(table: str) -> str:
    """The id of a table on the page."""
    return f"table-{table}"


def _file(name: str) -> str:
    """A file by its name; on the site it can be downloaded."""
    return Link(name, PUBLISHED + name, download=True).html() if building() else f"<code>{escape(name)}</code>"


def every_table() -> Markup:
    """Each table with its description, rows, keys and columns."""
    return Markup("".join(map(_table, package()["resources"])))


def _table(table: Schema) -> str:
    name, schema = table["name"], table["schema"]
    call = f"carbite.{name}()" if name in carbite.__all__ else f'carbite.records("{name}")'
    columns = "".join(map(_column, schema["fields"]))
    return (
        f'<section class="carbite-schema"><h3 id="{anchor(name)}">{escape(table["title"])}</h3>'
        f"<p>{escape(table['description'])}</p>"
        '<dl class="carbite-facts">'
        f"<div><dt>Rows</dt><dd>{len(records(name))}</dd></div><div><dt>File</dt><dd>{_file(table['path'])}</dd></div>"
        f"<div><dt>In Python</dt><dd><code>{escape(call)}</code></dd></div>{_keys(name, schema)}</dl>"
        f'<dl class="carbite-columns">{columns}</dl></section>'
    )


def _keys(name: str, schema: Schema) -> str:
    """What identifies a row, and which columns name a row of another table."""
    keys = [("Key", _names(schema["primaryKey"]))]
    keys += [("Unique where given", _names(each)) for each in schema.get("uniqueKeys", ())]
    for each in schema.get("foreignKeys", ()):
        other = each["reference"]["resource"] or name  # the standard writes a table's reference to itself so
        keys.append((f"Row of {Link(other, f'#{anchor(other)}').html()}", _names(each["fields"])))
    return "".join(f"<div><dt>{term}</dt><dd>{columns}</dd></div>" for term, columns in keys)


def _names(columns: list[str]) -> str:
    return ", ".join(f"<code>{escape(column)}</code>" for column in columns)


def _column(column: Schema) -> str:
    limits = column.get("constraints", {})
    lead, meaning = meanings(column)
    values = "".join(
        f"<li><code>{escape(value)}</code>{': ' + escape(meaning[value]) if value in meaning else ''}</li>"
        for value in limits.get("enum", ())
    )
    pattern = f"<p>Pattern: <code>{escape(limits['pattern'])}</code></p>" if "pattern" in limits else ""
    said = f"<p>{escape(lead)}</p>" if lead else ""
    return (
        f"<div><dt><code>{escape(column['name'])}</code> <span>{escape(', '.join(_type(column)))}</span></dt>"
        f"<dd>{said}{f'<ul>{values}</ul>' if values else ''}{pattern}</dd></div>"
    )


def _type(column: Schema) -> list[str]:
    """Type, unit and limits; what is not required may be empty."""
    limits = column.get("constraints", {})
    said = [column["type"]]
    if "unit" in column:
        said.append(column["unit"])
    if "minimum" in limits and "maximum" in limits:
        said.append(f"{limits['minimum']} to {limits['maximum']}")
    elif "minimum" in limits:
        said.append(f"at least {limits['minimum']}")
    if limits.get("unique"):
        said.append("unique")
    if limits.get("required"):
        said.append("required")
    return said


def meanings(column: Schema) -> tuple[str, dict[str, str]]:
    """A column's description, and apart from it what it says of each allowed value (``value: meaning.``)."""
    values = column.get("constraints", {}).get("enum", ())
    alternatives = "|".join(map(re.escape, sorted(values, key=len, reverse=True)))
    parts = re.split(rf"(?:^|(?<=\. ))({alternatives}): ", column["description"]) if values else [column["description"]]
    return parts[0].strip(), dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True))


def words(table: str, column: str) -> Markup:
    """The allowed words of a column, and what each means."""
    _, meaning = meanings(field(table, column))
    rows = "".join(
        f"<div><dt>{escape(word)}</dt><dd>{escape(said[0].upper() + said[1:])}</dd></div>"
        for word, said in meaning.items()
    )
    return Markup(f'<dl class="carbite-words">{rows}</dl>')
