"""Find figures that were typed into a chapter or its self-checks instead of being named by the role ``number``.

Exempt are code, mathematics, links, roles, years, numbers of lists and headings, names of trials, agents,
claims and sources as they stand in ``data/``, names of licences as they stand in ``pyproject.toml``, and the fields
of a self-check that no reader reads as a sentence.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from carbite.evidence import records

# Each pattern with the reason for which what it matches is not a figure of the prose. Order matters.
SKIPPED = {
    "front matter": re.compile(r"\A---\n.*?\n---\n", re.DOTALL),
    "code": re.compile(r"^ *(`{3,}).*?^ *\1`*$|`[^`\n]+`", re.MULTILINE | re.DOTALL),
    "mathematics": re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL),
    "role": re.compile(r"\{[a-z:]+\}`[^`]+`"),
    "link": re.compile(r"\]\([^)]*\)|https?://\S+"),
    "directive option": re.compile(r"^:[\w-]+:.*$", re.MULTILINE),
    "list number": re.compile(r"^\s*\d+[.)]\s", re.MULTILINE),
}
# In a file of self-checks.
FIELD = {"field": re.compile(r"^[ -]*(?:id|type|claims|answer|within|unit):.*$", re.MULTILINE)}
TOKEN = re.compile(r"[\w²]+(?:[-–/.:]\w+)*")
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
YEAR = re.compile(r"(?:19|20)\d\d")
WORDS = re.compile(
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|millions?|dozens?|half|halves|twice"
    r"|twofold|tenfold|thirds?|quarters?)",
    re.IGNORECASE,
)
NAMES = {
    "trials": ("name", "agent", "costimulatory_domain", "registration"),
    "claims": ("claim_id",),
    "constructs": ("name", "targets", "costimulatory_domain"),
    "comparisons": ("label",),
    "sources": ("title",),
    "follow_up": ("subject",),
}


class Figure(NamedTuple):
    """A token that looks like a figure: the line it stands on, and why it is exempt (empty: it is not)."""

    line: int
    token: str
    exempt: str


def entity_names() -> set[str]:
    """Every word with a digit in it that names something in ``data/``."""
    cells = (str(row[column] or "") for table, columns in NAMES.items() for row in records(table) for column in columns)
    licences = re.search(r'^license = "(.*)"$', PYPROJECT.read_text("utf-8"), re.MULTILINE)
    assert licences, "pyproject.toml names no licence"
    named = {
        token for cell in cells for token in TOKEN.findall(cell) if re.search(r"\d", token) and not token.isdigit()
    }
    return named | set(re.findall(r"\d[\w.-]*", licences[1]))


def figures(chapter: Path) -> list[Figure]:
    """Every figure of a chapter, in digits or in words, with the reason if it is exempt."""
    text = chapter.read_text("utf-8")
    found: list[Figure] = []

    def blank(match: re.Match[str], reason: str) -> str:
        line = text.count("\n", 0, match.start()) + 1
        found.extend(Figure(line, token, reason) for token in TOKEN.findall(match[0]) if re.search(r"\d", token))
        return re.sub(r"[^\n]", " ", match[0])

    for reason, pattern in (SKIPPED | FIELD if chapter.suffix == ".yml" else SKIPPED).items():
        text = pattern.sub(lambda match, reason=reason: blank(match, reason), text)  # type: ignore[misc]
    names = entity_names()
    for match in TOKEN.finditer(text):
        token, line = match[0], text.count("\n", 0, match.start()) + 1
        if WORDS.fullmatch(token):
            found.append(Figure(line, token, ""))
        elif re.search(r"\d", token):
            reason = "year" if YEAR.fullmatch(token) else "name in data/" if token in names else ""
            found.append(Figure(line, token, reason))
    return found
