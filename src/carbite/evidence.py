"""The tables of ``data/``: read once, checked against ``datapackage.json``, handed out as pandas frames.

A broken table raises one `DataError`, and nothing is loaded half. First come the rules, which name row and
field; then the seals, checksums that catch what no rule can see, such as a lost row. Empty cells
are ``None`` in `records` and ``<NA>`` in frames; ``NR`` (not reported) and ``NA`` (not available) are texts of
the source and stay as they are.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .closest import closest
from .foreign_text import FORMULA_SIGNS, INVISIBLE

if TYPE_CHECKING:
    import pandas as pd

PACKAGE = "datapackage.json"
TABLES = (
    *("sources", "trials", "comparisons", "readings", "outcomes", "survival", "follow_up", "milestones", "predictions"),
    *("claims", "discrepancies"),
    *("constructs", "kinetics", "costs", "delivery", "ongoing_trials", "statements"),
    *("appraisals", "certainty", "left_out", "coverage"),
)
UNSEALED = "after a wanted change run python -m carbite.seal"
FRAME_TYPES = {"string": "string", "integer": "Int64", "number": "Float64"}
NUMERALS = {"integer": re.compile(r"-?[0-9]+"), "number": re.compile(r"-?[0-9]+(\.[0-9]+)?")}
PERCENT = re.compile(r"(?P<below><?)(?P<whole>[0-9]+)(\.(?P<decimals>[0-9]+))?")
NUMBER = r"[0-9]+(?:\.[0-9]+)?"
# How a value in words and digits is written, and which of its numbers are its lowest and its highest.
QUANTITIES = (
    (re.compile(rf"(?:about )?({NUMBER})"), 1, 1),
    (re.compile(rf"(?:below|at most) ({NUMBER})"), None, 1),
    (re.compile(rf"(?:above|at least) ({NUMBER})"), 1, None),
    (re.compile(rf"({NUMBER}) to ({NUMBER})"), 1, 2),
    (re.compile(rf"({NUMBER}) to above ({NUMBER})"), 1, None),
    (re.compile(rf"({NUMBER})(?: then {NUMBER})* then ({NUMBER})"), 1, 2),
)
QUANTITY_WORDING = "a number, two joined by to, several joined by then, or one after about, below, above, at least"

Cell = str | int | float | None
# The type of a cell depends on its column, which the schema knows and the type checker does not.
Row = dict[str, Any]


class DataError(ValueError):
    """A data file is not as ``datapackage.json`` and the rules of the tables say.

    Attributes:
        file: its name.
        line: number of the row's first line; None for a whole file.
        field: name of the column; None for a whole file or line.
        value: what was found.
        expected: what should stand there.
    """

    def __init__(self, file: str, line: int | None, field: str | None, value: str, expected: str) -> None:
        self.file, self.line, self.field, self.value, self.expected = file, line, field, value, expected
        place = file + (f", line {line}" if line else "") + (f", field {field}" if field else "")
        super().__init__(f"{place}: {value!r}; expected {expected}")


class Fault(NamedTuple):
    """What is wrong in one row: the field, and what was expected there."""

    field: str
    expected: str


class RefusedError(ValueError):
    """A cell that its column does not accept."""

    def __init__(self, field: str, value: str, expected: str) -> None:
        self.field, self.value, self.expected = field, value, expected
        super().__init__(expected)


class Column(dict[str, Cell]):
    """What one field of a schema makes of a text: ``column["81"]``. Each text is checked once and then kept.

    Raises RefusedError when the text does not meet the type and the constraints of the field.
    """

    def __init__(self, field: Mapping[str, Any]) -> None:
        limits = field.get("constraints", {})
        self.name: str = field["name"]
        self.kind: str = field["type"]
        self.required: bool = limits.get("required", False)
        self.allowed: Sequence[str] = limits.get("enum", ())
        self.pattern = re.compile(limits["pattern"]) if "pattern" in limits else None
        self.minimum: float = limits.get("minimum", -inf)
        self.maximum: float = limits.get("maximum", inf)

    def __missing__(self, text: str) -> Cell:
        cell, expected = self._typed(text)
        if expected:
            raise RefusedError(self.name, text, expected)
        self[text] = cell
        return cell

    def _typed(self, text: str) -> tuple[Cell, str]:
        """The cell, and what was expected instead (empty: nothing)."""
        if text == "":
            return None, "a value: the field is required" if self.required else ""
        if text != text.strip():
            return None, "no space at either end"
        if INVISIBLE.search(text):
            return None, "only signs that can be seen"
        if self.kind == "string" and text.startswith(FORMULA_SIGNS):
            return None, "no sign at its start that makes a spreadsheet run it"
        if self.allowed and text not in self.allowed:
            return None, f"one of {', '.join(self.allowed)}"
        if self.pattern is not None and not self.pattern.search(text):
            return None, f"the pattern {self.pattern.pattern}"
        if self.kind == "string":
            return text, ""
        if not NUMERALS[self.kind].fullmatch(text):
            return None, f"a value of type {self.kind}"
        number: int | float = int(text) if self.kind == "integer" else float(text)
        if number < self.minimum:
            return None, f"at least {self.minimum}"
        return number, f"at most {self.maximum}" if number > self.maximum else ""


class Table(NamedTuple):
    """One table: its schema, its rows, and the line of the file on which each row begins."""

    file: str
    schema: Mapping[str, Any]
    rows: tuple[Row, ...]
    lines: tuple[int, ...]

    def error(self, index: int, fault: Fault) -> DataError:
        value = self.rows[index][fault.field]
        text = "" if value is None else str(value)
        return DataError(self.file, self.lines[index], fault.field, text, fault.expected)


def trials() -> pd.DataFrame:
    """Trials and cohorts, one row each: ages in years, patients enrolled, infused and evaluable."""
    return _frame(_table("trials"))


def outcomes(comparison: str | None = None, as_reported_by: str | None = None, *, best: bool = False) -> pd.DataFrame:
    """Counts of patients with an event: of one comparison, from one source, or all of them.

    A comparison that extends another has that one's rows first, then its own.
    With ``best``, one row for each question, the one that stands closest to the trial itself; the others, which it
    supersedes, are left out.

    Two rows ask the same question when they have the same trial, endpoint and population, and

    - the same definition, or the row that gives way comes from a table that does not define it;
    - the same time point, or the row that gives way names none;
    - the same denominator, or one of them does not state it and their n are equal or not both known;
    - the same grading scale, or one of them names none.

    Of these rows the first in this order stays:

    1. rows with a count before rows without one;
    2. status primary; then derived from a report of the trial itself; then printed or derived in an article of
       the debate; then secondary, or derived from a secondary source;
    3. percentages that a count gives before impossible ones;
    4. printed before derived, and then the row that comes first in the table.

    With ``comparison`` and ``best``: the rows of that comparison, each superseded one replaced by the row that
    supersedes it, which may belong to no comparison. What differs by denominator or definition stays side by
    side, so choose by these columns before you add up counts.

    Args:
        comparison: a comparison_id, such as ``cr``; None for all rows.
        as_reported_by: a source_id, for what that source prints alone; None for all.
        best: whether to keep one row for each question.

    Returns:
        A frame with the columns of ``outcomes.csv``; events and n are whole numbers or missing.

    Raises:
        ValueError: when ``comparison`` is no comparison_id, when ``as_reported_by`` is no source_id, and when
            ``best`` is asked of a single source.

    >>> rows = outcomes(comparison="cr")
    >>> rows.set_index("outcome_id").loc["eliana-cr", ["events", "n"]].tolist()
    [61, 75]
    """
    if best and as_reported_by is not None:
        raise ValueError("best=True chooses between sources, as_reported_by keeps one; expected one of the two")
    table = _table("outcomes")
    for column, known_in, wanted in (
        ("comparison_id", "comparisons", comparison),
        ("source_id", "sources", as_reported_by),
    ):
        known = [row[column] for row in _table(known_in).rows]
        if wanted is not None and wanted not in known:
            raise ValueError(f"no {column} {wanted!r}; expected one of {', '.join(known)}")
    rows: Sequence[Row] = table.rows
    parts = None if comparison is None else comparison_parts(comparison)
    if best:
        stays = closest(rows, {row["source_id"]: row["kind"] for row in _table("sources").rows})
        wanted_ids = {stays[row["outcome_id"]] for row in rows if parts is None or row["comparison_id"] in parts}
        rows = [row for row in rows if row["outcome_id"] in wanted_ids]
    else:
        rows = [
            row
            for row in rows
            if (parts is None or row["comparison_id"] in parts) and as_reported_by in (None, row["source_id"])
        ]
    return _frame(table._replace(rows=tuple(rows)))


def comparison_parts(comparison_id: str) -> tuple[str, ...]:
    """The comparisons whose rows one comparison counts: the one that it extends, if any, and itself.

    Raises KeyError when there is no such comparison.
    """
    extended = row("comparisons", comparison_id)["extends"]
    return (extended, comparison_id) if extended else (comparison_id,)


def sources() -> pd.DataFrame:
    """Every article, abstract or review from which a value was read."""
    return _frame(_table("sources"))


def survival() -> pd.DataFrame:
    """Medians in months and landmark rates in percent. ``value`` and its limits are text: they may be NR."""
    return _frame(_table("survival"))


def claims() -> pd.DataFrame:
    """Propositions of the debate, the comparisons that test them and the rows on which they rest."""
    return _frame(_table("claims"))


def comparisons() -> pd.DataFrame:
    """The questions that the explorer can open."""
    return _frame(_table("comparisons"))


def readings() -> pd.DataFrame:
    """The ways to count the patients of each comparison; ``printed`` comes first."""
    return _frame(_table("readings"))


def constructs() -> pd.DataFrame:
    """Bispecific antibodies, engineered cells and related agents, with their format and targets."""
    return _frame(_table("constructs"))


def kinetics() -> pd.DataFrame:
    """Half-lives, doses, schedules and persistence. ``value`` is text; ``low`` and ``high`` are its numbers."""
    return _frame(_table("kinetics"))


def costs() -> pd.DataFrame:
    """Prices, days in hospital and quality-adjusted life-years, each with its unit and currency."""
    return _frame(_table("costs"))


def delivery() -> pd.DataFrame:
    """Waiting times and manufacturing. Counts of patients who got the treatment are rows of ``outcomes``."""
    return _frame(_table("delivery"))


def ongoing_trials() -> pd.DataFrame:
    """Trials that the articles list as under way, without results."""
    return _frame(_table("ongoing_trials"))


def statements() -> pd.DataFrame:
    """Single figures and categories of the articles that fit no other table."""
    return _frame(_table("statements"))


def coverage() -> pd.DataFrame:
    """For each fact that the four articles state: the row that holds it, or why none does."""
    return _frame(_table("coverage"))


def appraisals() -> pd.DataFrame:
    """What the four articles let a reader judge of each trial's risk of bias: our judgement, ten questions a trial."""
    return _frame(_table("appraisals"))


def certainty() -> pd.DataFrame:
    """How certain the main pooled differences are, by the domains of GRADE: our reading, not a panel's."""
    return _frame(_table("certainty"))


def left_out() -> pd.DataFrame:
    """Figures of public pages that enter no table, because no source of theirs can be cited."""
    return _frame(_table("left_out"))


def discrepancies() -> pd.DataFrame:
    """Where an article disagrees with itself, with another one or with a trial's own report."""
    return _frame(_table("discrepancies"))


def follow_up() -> pd.DataFrame:
    """What was reported after the articles of the debate. It enters no comparison of theirs."""
    return _frame(_table("follow_up"))


def milestones() -> pd.DataFrame:
    """Approvals, reports of trials and acts of regulators with their dates."""
    return _frame(_table("milestones"))


def predictions() -> pd.DataFrame:
    """What the four articles said a later time would bring, and the reports for and against it since."""
    return _frame(_table("predictions"))


def records(table: str) -> tuple[Row, ...]:
    """The rows of a table as fresh dictionaries of str, int, float or None, without pandas.

    Args:
        table: its name, such as ``trials``.

    Returns:
        A dictionary a row, by column.

    Raises:
        ValueError: when there is no such table.

    >>> [row["trial_id"] for row in records("trials") if row["name"] == "TOWER"]
    ['tower']
    """
    return tuple(dict(row) for row in _table(table).rows)


def row(table: str, row_id: str) -> Row:
    """One row of a table, by its id, as a fresh dictionary like those of :func:`records`.

    Raises ValueError when there is no such table, or its rows have no single id; KeyError when it has no such row.
    """
    found = _by_id(table).get(row_id)
    if found is None:
        raise KeyError(f"{table}.csv has no row {row_id!r}")
    return dict(found)


@cache
def _by_id(table: str) -> Mapping[str, Row]:
    key: list[str] = _table(table).schema["primaryKey"]
    if len(key) != 1:
        raise ValueError(f"a row of {table}.csv is named by {' and '.join(key)}, not by one id")
    return {row[key[0]]: row for row in _table(table).rows}


@cache
def package() -> Mapping[str, Any]:
    """The descriptor of the data: title, licence, and for each table its description and its columns."""
    return _package(_bytes(data_directory() / PACKAGE))


def consistent_events(n: int, percent: str) -> range:
    """The integers k whose share of n prints as ``percent``, rounded half up to as many decimals.

    Formula, with P the printed number without its point and d its decimals: floor(100 k 10^d / n + 1/2) = P,
    in exact integer arithmetic. ``"<1"`` stands for every k with 100 k / n < 1. An empty range means that the
    percentage cannot be of n patients; this is known as the GRIM test.

    Args:
        n: patients in all, at least 1.
        percent: as it is printed, without its sign: ``"93"``, ``"11.9"``, ``"<1"``.

    Returns:
        The numbers of patients with the event, in order.

    Raises:
        ValueError: when n is below 1 or ``percent`` is not a printed percentage.

    >>> list(consistent_events(75, "81"))
    [61]
    >>> list(consistent_events(10, "81"))
    []
    """
    found = PERCENT.fullmatch(percent)
    if n < 1 or found is None:
        raise ValueError(f"{percent!r} percent of {n}; expected such as '93', '11.9' or '<1' of at least 1")
    decimals = found["decimals"] or ""
    printed, scale = int(found["whole"] + decimals), 100 * 10 ** len(decimals)
    if found["below"]:
        low, high = 0, _ceil(printed * n, scale)
    else:
        low, high = _ceil((2 * printed - 1) * n, 2 * scale), _ceil((2 * printed + 1) * n, 2 * scale)
    return range(max(low, 0), min(high, n + 1))


def _ceil(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def data_directory() -> Path:
    """``carbite/data`` of an installed wheel, or ``data/`` of the source tree of an editable install."""
    module = Path(__file__).resolve().parent
    installed = module / "data"
    return installed if installed.is_dir() else module.parents[1] / "data"


@cache
def _tables() -> Mapping[str, Table]:
    return load(data_directory())


def _table(name: str) -> Table:
    if name not in _tables():
        raise ValueError(f"no table {name!r}; expected one of {', '.join(_tables())}")
    return _tables()[name]


def _frame(table: Table) -> pd.DataFrame:
    import pandas as pd

    types = {field["name"]: FRAME_TYPES[field["type"]] for field in table.schema["fields"]}
    return pd.DataFrame(list(table.rows), columns=list(types)).astype(types)


def load(directory: Path) -> Mapping[str, Table]:
    """Every table of the data package in `directory`, read and checked. Raises DataError: all or nothing."""
    package = _package(_bytes(directory / PACKAGE))
    files = {resource["path"]: _bytes(directory / resource["path"]) for resource in package["resources"]}
    tables = {
        resource["name"]: _read(resource["path"], files[resource["path"]], resource["schema"])
        for resource in package["resources"]
    }
    for name in tables:
        _check_table(name, tables)
    _check_endpoints(tables)
    _check_extensions(tables)
    _check_coverage(tables)
    for resource in package["resources"]:
        _check_seal(resource, files[resource["path"]])
    return tables


def checksum(raw: bytes) -> str:
    """The checksum of a file as Frictionless writes it."""
    return f"sha256:{sha256(raw).hexdigest()}"


def package_seal(package: Mapping[str, Any]) -> str:
    """The checksum of all that ``datapackage.json`` says but for this checksum itself, however it is laid out."""
    said = {name: value for name, value in package.items() if name != "seal"}
    return checksum(json.dumps(said, sort_keys=True, separators=(",", ":")).encode())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(path.name, None, None, "no such file", f"it in {path.parent}") from None


def _package(raw: bytes) -> Mapping[str, Any]:
    """The description of the tables. Its seal is checked first: nothing in it can then be amiss unseen."""
    try:
        package = json.loads(_text(PACKAGE, raw, ()))
    except json.JSONDecodeError as error:
        found = error.doc[error.pos : error.pos + 20]
        raise DataError(PACKAGE, error.lineno, None, found, f"JSON: {error.msg}") from error
    resources = package.get("resources") if isinstance(package, dict) else None
    found_tables = [r.get("name") for r in resources if isinstance(r, dict)] if isinstance(resources, list) else []
    if tuple(found_tables) != TABLES:
        raise DataError(
            PACKAGE, None, "resources", ", ".join(map(str, found_tables)), f"the tables {', '.join(TABLES)}"
        )
    seal = package_seal(package)
    if package.get("seal") != seal:
        raise DataError(PACKAGE, None, "seal", str(package.get("seal")), f"{seal}: {UNSEALED}")
    return package


def _check_table(name: str, tables: Mapping[str, Table]) -> None:
    """The rules of one table, and what it names in others."""
    _check_keys(tables[name])
    _check_foreign_keys(name, tables)
    _check_listed_ids(name, tables)
    _check_rows(name, tables[name])


def _check_seal(resource: Mapping[str, Any], raw: bytes) -> None:
    found = checksum(raw)
    if resource["hash"] != found:
        raise DataError(resource["path"], None, None, found, f"{resource['hash']} as {PACKAGE} says: {UNSEALED}")


def _text(file: str, raw: bytes, columns: Sequence[str]) -> str:
    """The text of a file. `columns` let an error of encoding name its field."""
    if raw.startswith(b"\xef\xbb\xbf"):
        first = columns[0] if columns else None
        raise DataError(file, 1, first, "\ufeff", "UTF-8 without a byte order mark")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # The cell in which decoding stopped is the last one of the line up to there.
        line = raw.count(b"\n", 0, error.start) + 1
        start = raw.rfind(b"\n", 0, error.start) + 1
        cells = next(csv.reader([raw[start : error.end].decode("latin-1").replace("\r", " ")]))
        field = columns[len(cells) - 1] if len(cells) <= len(columns) else None
        raise DataError(file, line, field, cells[-1], "text in UTF-8") from error
    if not text.endswith("\n"):
        line = text.count("\n") + 1
        raise DataError(file, line, None, text[-20:], "a line end: the file is cut off")
    return text


def _read(file: str, raw: bytes, schema: Mapping[str, Any]) -> Table:
    """The rows of one file, each cell of the type that the schema gives and within its constraints."""
    columns = [Column(field) for field in schema["fields"]]
    names = [column.name for column in columns]
    lines_of_cells = _cells(file, raw, names)
    _check_header(file, next(lines_of_cells, (1, []))[1], names)
    lines: list[int] = []
    records_of_text: list[list[str]] = []
    for line, cells in lines_of_cells:
        if len(cells) != len(names):
            field = names[min(len(cells), len(names) - 1)]
            expected = f"{len(names)} cells in the line, not {len(cells)}"
            raise DataError(file, line, field, ",".join(cells[-1:]), expected)
        lines.append(line)
        records_of_text.append(cells)
    typed: list[list[Cell]] = []
    # Column by column, which is twice as fast as row by row.
    for column, texts in zip(columns, zip(*records_of_text, strict=True), strict=False):
        try:
            typed.append([column[text] for text in texts])
        except RefusedError as error:
            line = lines[texts.index(error.value)]
            raise DataError(file, line, error.field, error.value, error.expected) from None
    rows = tuple(dict(zip(names, cells, strict=True)) for cells in zip(*typed, strict=True))
    return Table(file, schema, rows, tuple(lines))


def _cells(file: str, raw: bytes, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV file, the header included, each with the number of its first line."""
    reader = csv.reader(io.StringIO(_text(file, raw, columns), newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(file, line, None, str(error), "quotes as in RFC 4180") from error


def _check_header(file: str, header: Sequence[str], columns: Sequence[str]) -> None:
    expected = f"the columns {', '.join(columns)}, in this order"
    stray = [name for name in header if name not in columns]
    missing = [name for name in columns if name not in header]
    moved = [found for found, name in zip(header, columns, strict=False) if found != name]
    if stray:
        raise DataError(file, 1, stray[0], "a stray column", expected)
    if missing:
        raise DataError(file, 1, missing[0], "no such column", expected)
    if moved or len(header) > len(columns):
        raise DataError(file, 1, (moved or header)[-1], ",".join(header), expected)


def _check_keys(table: Table) -> None:
    """Primary keys, unique keys and unique fields occur once. A key with an empty cell is not compared."""
    keys = [table.schema["primaryKey"], *table.schema.get("uniqueKeys", ())]
    keys += [[f["name"]] for f in table.schema["fields"] if f.get("constraints", {}).get("unique")]
    # A primary key of one field is unique as a field too: once is enough.
    for key in dict.fromkeys(tuple(key) for key in keys):
        line_of: dict[tuple[Cell, ...], int] = {}
        for index, row in enumerate(table.rows):
            found = tuple([row[name] for name in key])
            if None in found:
                continue
            if found in line_of:
                expected = f"{' + '.join(key)} once: line {line_of[found]} has {' + '.join(map(str, found))} too"
                raise table.error(index, Fault(key[-1], expected))
            line_of[found] = table.lines[index]


def _check_foreign_keys(name: str, tables: Mapping[str, Table]) -> None:
    """A key of another table exists there. A key with an empty cell refers to nothing."""
    table = tables[name]
    for key in table.schema.get("foreignKeys", ()):
        # By the standard, an empty name stands for the table itself.
        target, columns = tables[key["reference"]["resource"] or name], key["reference"]["fields"]
        known = {tuple([row[column] for column in columns]) for row in target.rows}
        for index, row in enumerate(table.rows):
            found = tuple([row[field] for field in key["fields"]])
            if None not in found and found not in known:
                expected = f"a {' + '.join(columns)} of {target.file}, not {' + '.join(found)}"
                raise table.error(index, Fault(key["fields"][-1], expected))


def _check_listed_ids(name: str, tables: Mapping[str, Table]) -> None:
    """Ids that stand in one cell, separated by spaces, exist in the columns that the field names."""
    table = tables[name]
    for field in table.schema["fields"]:
        if "listOf" not in field:
            continue
        places = [place.split(".") for place in field["listOf"]]
        known = {row[column] for other, column in places for row in tables[other].rows}
        for index, row in enumerate(table.rows):
            for found in (row[field["name"]] or "").split():
                if found.partition("?")[0] not in known:  # options of a comparison follow a question mark
                    expected = f"ids of {' or '.join(field['listOf'])}, not {found}"
                    raise table.error(index, Fault(field["name"], expected))


def _check_rows(name: str, table: Table) -> None:
    rule = ROW_RULES.get(name)
    if rule is None:
        return
    for index, row in enumerate(table.rows):
        fault = rule(row)
        if fault is not None:
            raise table.error(index, fault)


def _check_endpoints(tables: Mapping[str, Table]) -> None:
    """The rows of a comparison are of its endpoint."""
    endpoints = {row["comparison_id"]: row["endpoint"] for row in tables["comparisons"].rows}
    for index, row in enumerate(tables["outcomes"].rows):
        expected = endpoints.get(row["comparison_id"], row["endpoint"])
        if row["endpoint"] != expected:
            raise tables["outcomes"].error(index, Fault("endpoint", f"{expected}, as in {row['comparison_id']}"))


def _check_extensions(tables: Mapping[str, Table]) -> None:
    """A comparison extends one that asks the same and extends none, and brings no trial that is there already."""
    comparisons = tables["comparisons"]
    asked = {row["comparison_id"]: row for row in comparisons.rows}
    for index, row in enumerate(comparisons.rows):
        extended = asked.get(row["extends"])
        if extended is None:
            continue
        same = ("endpoint", "conditional_on", "better", "event_phrase")
        if extended["extends"] or any(row[name] != extended[name] for name in same):
            expected = f"a comparison with the same {', '.join(same)} that extends none itself"
            raise comparisons.error(index, Fault("extends", expected))
    trials_of: dict[str, set[str]] = {}
    for row in tables["outcomes"].rows:
        trials_of.setdefault(row["comparison_id"], set()).add(row["trial_id"])
    for index, row in enumerate(tables["outcomes"].rows):
        extended_id = asked[row["comparison_id"]]["extends"] if row["comparison_id"] else None
        if extended_id and row["trial_id"] in trials_of.get(extended_id, ()):
            raise tables["outcomes"].error(index, Fault("trial_id", f"a trial without a row in {extended_id}"))


def _check_coverage(tables: Mapping[str, Table]) -> None:
    """Each fact is left out, or stands in a cell that exists, with its numbers."""
    rows_of = {name: {row[table.schema["primaryKey"][0]]: row for row in table.rows} for name, table in tables.items()}
    for index, fact in enumerate(tables["coverage"].rows):
        fault = _coverage_fault(fact, rows_of)
        if fault is not None:
            raise tables["coverage"].error(index, fault)


def _coverage_fault(fact: Row, rows_of: Mapping[str, Mapping[str, Row]]) -> Fault | None:
    place = [fact[name] for name in ("table", "row_id", "field")]
    if fact["left_out"]:
        return Fault("left_out", "an empty cell: a row holds the fact") if any([*place, fact["value"]]) else None
    if not all(place):
        return Fault("table", "table, row_id and field, or the reason why the fact is left out")
    row = rows_of[fact["table"]].get(fact["row_id"])
    if row is None:
        return Fault("row_id", f"a row of {fact['table']}")
    cell = row.get(fact["field"])
    if cell is None:
        return Fault("field", f"a column in which {fact['row_id']} has a value")
    value = fact["value"]
    if value in ("NR", "NA"):
        return None if cell == value else Fault("value", f"{cell}, which stands in {fact['row_id']}")
    if value is not None and [*map(float, value.split())] != [*map(float, re.findall(NUMBER, str(cell)))]:
        return Fault("value", f"the numbers of {cell}, which stands in {fact['row_id']}")
    return None


def _trial_fault(row: Row) -> Fault | None:
    ages = [row[f"age_{name}_years"] for name in ("min", "median", "max")]
    known_ages = [age for age in ages if age is not None]
    if known_ages != sorted(known_ages):
        return Fault("age_median_years", "an age from that of the youngest to that of the oldest patient")
    if None not in (row["enrolled"], row["infused"]) and row["infused"] > row["enrolled"]:
        return Fault("infused", f"at most the {row['enrolled']} enrolled")
    counted = any(row[name] is not None for name in ("enrolled", "infused", "evaluable"))
    if counted != (row["enrolled_source_id"] is not None):
        return Fault("enrolled_source_id", "a source exactly where enrolled, infused or evaluable is given")
    return None


def _outcome_fault(row: Row) -> Fault | None:
    events, n = row["events"], row["n"]
    if (events is None) != (n is None):
        return Fault("n" if n is None else "events", "events and n both given, or both empty")
    if events is not None and events > n:
        return Fault("events", f"at most n, which is {n}")
    if (row["comparison_id"] is None) != (row["reading"] is None):
        return Fault("reading", "comparison_id and reading both given, or both empty")
    if row["default"] == "yes" and (events is None or row["comparison_id"] is None):
        return Fault("default", "no: the row has no count or no comparison")
    return _percent_fault(row)


def _percent_fault(row: Row) -> Fault | None:
    """Whether the printed percentage, the integers that give it, the count and the flag disagree."""
    percent, n = row["percent_printed"], row["n"]
    flagged = "impossible-percent" in (row["flag"] or "").split()
    stated = percent not in (None, "NR", "NA")
    if stated and float(percent.lstrip("<")) > 100:
        return Fault("percent_printed", "at most 100 percent")
    tested = n is not None and stated
    fits = consistent_events(n, percent) if tested else range(0)
    for name, bound in (("events_low", min(fits, default=None)), ("events_high", max(fits, default=None))):
        if row[name] != bound:
            expected = "an empty cell" if bound is None else str(bound)
            return Fault(name, f"{expected}, from {percent} % of {n}")
    if fits and row["events"] not in fits:
        return Fault("events", f"{fits[0]} to {fits[-1]}, which print as {percent} % of {n}")
    if tested and not fits and not flagged:
        return Fault("percent_printed", f"a share that a count of {n} gives, or the flag impossible-percent")
    # Without a percentage of its own, a count can still be derived from an impossible one.
    if flagged and (fits or (not tested and (n is None or row["status"] != "derived"))):
        return Fault("flag", "impossible-percent only where no count prints as the percentage")
    return None


def _survival_fault(row: Row) -> Fault | None:
    unit = "months" if row["kind"] == "median" else "percent"
    if (row["kind"] == "landmark") != (row["landmark_months"] is not None):
        return Fault("landmark_months", "a time exactly where kind is landmark")
    if row["unit"] != unit:
        return Fault("unit", f"{unit} for a {row['kind']}")
    values = [float(row[name]) for name in ("ci_low", "value", "ci_high") if row[name] not in (None, "NR")]
    if values != sorted(values):
        return Fault("value", "a value from ci_low to ci_high")
    if unit == "percent" and values and values[-1] > 100:
        return Fault("value", "at most 100 percent")
    return None


def _quantity_fault(row: Row) -> Fault | None:
    """Whether low and high are the numbers that the value names, and a category has none."""
    value = row["value"]
    limits: tuple[float | None, float | None] = (None, None)
    if row["unit"] != "category" and value != "NR":
        found = next(((m, a, b) for form, a, b in QUANTITIES if (m := form.fullmatch(value))), None)
        if found is None:
            return Fault("value", QUANTITY_WORDING)
        match, first, last = found
        limits = (float(match[first]) if first else None, float(match[last]) if last else None)
    for name, limit in zip(("low", "high"), limits, strict=True):
        if row[name] != limit:
            return Fault(name, f"{'an empty cell' if limit is None else f'{limit:g}'}, from {value}")
    if None not in limits and row["low"] > row["high"]:
        return Fault("value", "the lower number first")
    return None


def _prediction_fault(row: Row) -> Fault | None:
    """The verdict follows from which reports speak for the prediction and which against it."""
    verdict = {
        (True, False): "held",
        (True, True): "partly",
        (False, True): "failed",
        (False, False): "open",
    }[row["supports"] is not None, row["opposes"] is not None]
    return None if row["verdict"] == verdict else Fault("verdict", f"{verdict}, from supports and opposes")


ROW_RULES: Mapping[str, Callable[[Row], Fault | None]] = {
    "trials": _trial_fault,
    "outcomes": _outcome_fault,
    "survival": _survival_fault,
    "predictions": _prediction_fault,
    **dict.fromkeys(("kinetics", "costs", "delivery", "statements"), _quantity_fault),
}
