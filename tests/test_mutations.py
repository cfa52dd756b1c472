"""Spoilt data files: each is rejected with a clear message, or says exactly what the good one says.

Thousands of seeded mutants of the real files. The rules must find each fault that has a place, and name its line
and field. What no rule can see (a row that nothing names is gone, a value became another possible one) the seals
must find, so that of the tables only identical bytes are accepted.
"""

import csv
import io
import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carbite import evidence, seal
from tests.thoroughness import cases

DATA = evidence.data_directory()
FILES = {path.name: path.read_bytes() for path in sorted(DATA.iterdir())}
PACKAGE = json.loads(FILES[evidence.PACKAGE])
RESOURCES = {resource["name"]: resource for resource in PACKAGE["resources"]}
GOOD = evidence.load(DATA)
TABLE_MUTANTS = cases(10_000)
PACKAGE_MUTANTS = 1_000
LOADED_FROM_DISK = 60
SEED = 20210301
SAME = "same bytes"

Cells = list[list[str]]
CELLS: dict[str, Cells] = {
    name: list(csv.reader(io.StringIO(FILES[resource["path"]].decode("utf-8"), newline="")))
    for name, resource in RESOURCES.items()
}


def written(cells: Cells) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue().encode("utf-8")


# ---- mutations of the cells of a table; each returns the field that it spoils, or None for all or any of them


def a_row(cells: Cells, rng: random.Random) -> list[str]:
    return cells[rng.randrange(1, len(cells))]


def columns_with(name: str, wanted: Callable[[dict[str, Any]], Any]) -> list[int]:
    return [i for i, field in enumerate(RESOURCES[name]["schema"]["fields"]) if wanted(field)]


def drop_row(name: str, cells: Cells, rng: random.Random) -> None:
    del cells[rng.randrange(1, len(cells))]


def duplicate_row(name: str, cells: Cells, rng: random.Random) -> None:
    cells.insert(rng.randrange(1, len(cells) + 1), list(a_row(cells, rng)))


def shuffle_rows(name: str, cells: Cells, rng: random.Random) -> None:
    body = cells[1:]
    rng.shuffle(body)
    cells[1:] = body


def swap_in_row(name: str, cells: Cells, rng: random.Random) -> None:
    row = a_row(cells, rng)
    i, j = rng.sample(range(len(row)), 2)
    row[i], row[j] = row[j], row[i]


def swap_in_column(name: str, cells: Cells, rng: random.Random) -> None:
    i = rng.randrange(len(cells[0]))
    first, second = rng.sample(cells[1:], 2)
    first[i], second[i] = second[i], first[i]


def shuffle_columns(name: str, cells: Cells, rng: random.Random) -> None:
    order = list(range(len(cells[0])))
    while order == sorted(order):
        rng.shuffle(order)
    cells[:] = [[row[i] for i in order] for row in cells]


def rename_column(name: str, cells: Cells, rng: random.Random) -> None:
    i = rng.randrange(len(cells[0]))
    cells[0][i] = rng.choice([cells[0][i].upper(), cells[0][i] + "s", "", " " + cells[0][i]])


def drop_column(name: str, cells: Cells, rng: random.Random) -> None:
    i = rng.randrange(len(cells[0]))
    for row in cells:
        del row[i]


def stray_cell(name: str, cells: Cells, rng: random.Random) -> None:
    row = a_row(cells, rng)
    row.insert(rng.randrange(len(row) + 1), rng.choice(["", "7", "stray"]))


def missing_cell(name: str, cells: Cells, rng: random.Random) -> None:
    row = a_row(cells, rng)
    del row[rng.randrange(len(row))]


def blank_required(name: str, cells: Cells, rng: random.Random) -> str:
    i = rng.choice(columns_with(name, lambda field: field.get("constraints", {}).get("required")))
    a_row(cells, rng)[i] = ""
    return cells[0][i]


def change_enum(name: str, cells: Cells, rng: random.Random) -> str | None:
    """To a text outside the list; a table may have no such column."""
    listed = columns_with(name, lambda field: "enum" in field.get("constraints", {}))
    if not listed:
        return None
    i = rng.choice(listed)
    row = a_row(cells, rng)
    row[i] = rng.choice(["unheard-of", row[i].upper() + "-", row[i] + " ", "0"])
    return cells[0][i]


def change_choice(name: str, cells: Cells, rng: random.Random) -> None:
    """To another text of the list."""
    listed = columns_with(name, lambda field: "enum" in field.get("constraints", {}))
    if listed:
        i = rng.choice(listed)
        a_row(cells, rng)[i] = rng.choice(RESOURCES[name]["schema"]["fields"][i]["constraints"]["enum"])


def break_foreign_key(name: str, cells: Cells, rng: random.Random) -> str | None:
    keys = RESOURCES[name]["schema"].get("foreignKeys", [])
    if not keys:
        return None
    field = rng.choice(rng.choice(keys)["fields"])
    a_row(cells, rng)[cells[0].index(field)] = rng.choice(["nobody-1999", "nobody_at_all"])
    return str(field)


def retype_number(name: str, cells: Cells, rng: random.Random) -> str | None:
    """A number as a word, with a unit, a comma or an exponent, or as an integer with decimals."""
    numeric = columns_with(name, lambda field: field["type"] != "string")
    if not numeric:
        return None
    i = rng.choice(numeric)
    row = a_row(cells, rng)
    row[i] = rng.choice([row[i] + " %", "twelve", row[i] + ",5", "1e2", "NaN", "inf", "NR", "0x1F", "٣", "1_000", "+4"])
    return cells[0][i]


def retype_and_back(name: str, cells: Cells, rng: random.Random) -> None:
    """Through a float and back to text, as spreadsheets do: 42 may come back as 42.0."""
    numbers = [(row, i) for row in cells[1:] for i, text in enumerate(row) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)]
    if numbers:
        row, i = rng.choice(numbers)
        row[i] = rng.choice([str(float(row[i])), f"0{row[i]}", f"{float(row[i]):g}", str(int(float(row[i])))])


def change_number(name: str, cells: Cells, rng: random.Random) -> None:
    """Counts, percentages and any other number: a little more, a little less, far off, negative."""
    numbers = [(row, i) for row in cells[1:] for i, text in enumerate(row) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)]
    if numbers:
        row, i = rng.choice(numbers)
        number = float(row[i])
        row[i] = f"{rng.choice([number + 1, number - 1, number * 10, -number - 1, number + 0.5]):g}"


def change_text(name: str, cells: Cells, rng: random.Random) -> None:
    row = a_row(cells, rng)
    i = rng.randrange(len(row))
    row[i] = rng.choice([row[i] + "x", row[i][1:], " " + row[i], row[i] + "\n", row[i] + "\x00", "", row[i][::-1]])


# ---- mutations of the bytes of a file


def truncate(raw: bytes, rng: random.Random) -> bytes:
    return raw[: rng.randrange(len(raw))]


def truncate_at_line_end(raw: bytes, rng: random.Random) -> bytes:
    lines = raw.splitlines(keepends=True)
    return b"".join(lines[: rng.randrange(len(lines))])


def re_encode(raw: bytes, rng: random.Random) -> bytes:
    encoding = rng.choice(["latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp1252", "utf-7"])
    return raw.decode("utf-8").encode(encoding, errors="replace")


def change_line_ends(raw: bytes, rng: random.Random) -> bytes:
    return raw.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n"]))


def change_byte(raw: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([rng.randrange(256)]) * rng.randrange(3) + raw[at + 1 :]


CELL_MUTATIONS: tuple[Callable[[str, Cells, random.Random], str | None], ...] = (
    *(drop_row, duplicate_row, shuffle_rows, swap_in_row, swap_in_column),
    *(shuffle_columns, rename_column, drop_column, stray_cell, missing_cell, blank_required),
    *(change_enum, change_choice, break_foreign_key, retype_number, retype_and_back, change_number, change_text),
)
BYTE_MUTATIONS = (truncate, truncate_at_line_end, re_encode, change_line_ends, change_byte)
# The rules themselves find these faults, and name the line and the field.
PLACED = {
    *("duplicate_row", "shuffle_columns", "rename_column", "drop_column", "stray_cell", "missing_cell"),
    *("blank_required", "change_enum", "break_foreign_key", "retype_number"),
}
# For these, that is the field that was spoilt. (A broken key of two fields is told under the last of them.)
NAMED = {"blank_required", "change_enum", "retype_number"}


def touched_by(name: str) -> list[str]:
    """The tables whose rules read the table: itself and those that refer to it."""

    def refers(other: str) -> bool:
        schema = RESOURCES[other]["schema"]
        keys = {key["reference"]["resource"] for key in schema.get("foreignKeys", ())}
        lists = {place.split(".")[0] for field in schema["fields"] for place in field.get("listOf", ())}
        return name in keys | lists

    return [name, *(other for other in RESOURCES if other != name and refers(other))]


TOUCHED = {name: touched_by(name) for name in RESOURCES}
HOLDS_FACTS = {"coverage", *(row["table"] for row in GOOD["coverage"].rows)}


def check_rules(name: str, raw: bytes) -> None:
    """What `evidence.load` does before the seals, without the tables that the change cannot concern."""
    tables = {**GOOD, name: evidence._read(RESOURCES[name]["path"], raw, RESOURCES[name]["schema"])}
    for other in TOUCHED[name]:
        evidence._check_table(other, tables)
    evidence._check_endpoints(tables)
    if name in HOLDS_FACTS:
        evidence._check_coverage(tables)


def mutant(rng: random.Random) -> tuple[str, str, str | None, bytes]:
    """A table, the mutation, the field that it spoils, and the bytes of the spoilt file."""
    name = rng.choice(list(RESOURCES))
    mutate = rng.choice([*CELL_MUTATIONS, *BYTE_MUTATIONS])
    if mutate in BYTE_MUTATIONS:
        return name, mutate.__name__, None, mutate(FILES[RESOURCES[name]["path"]], rng)  # type: ignore[arg-type,call-arg]
    cells = [list(row) for row in CELLS[name]]
    field = mutate(name, cells, rng)  # type: ignore[arg-type,call-arg]
    return name, mutate.__name__, field, written(cells)


def refusal(check: Callable[..., object], *values: object) -> evidence.DataError | None:
    """The error with which a check refuses. An error of any other kind is not caught and fails the test."""
    try:
        check(*values)
    except evidence.DataError as error:
        return error
    return None


def assert_clear(error: evidence.DataError) -> None:
    """The message names a file of the package, the place as far as there is one, the value and the expectation."""
    assert error.file in FILES
    assert error.expected
    assert str(error).startswith(error.file)
    assert str(error).endswith(f"{error.value!r}; expected {error.expected}")
    if error.file != evidence.PACKAGE and error.field is not None:
        assert error.line is not None
        # A stray column stands in the header, which is line 1.
        assert error.line == 1 or error.field in CELLS[Path(error.file).stem][0]


def test_cells_are_written_as_they_stand() -> None:
    """So that what differs in a mutant is the mutation alone."""
    for name, resource in RESOURCES.items():
        assert written(CELLS[name]) == FILES[resource["path"]], name


def test_no_spoilt_table_is_accepted() -> None:
    rng = random.Random(SEED)
    found_by: Counter[tuple[str, str]] = Counter()
    while sum(count for (_, finder), count in found_by.items() if finder != SAME) < TABLE_MUTANTS:
        name, mutation, field, raw = mutant(rng)
        resource = RESOURCES[name]
        if raw == FILES[resource["path"]]:
            # Harmless beyond doubt, and not counted: the swapped cells were equal, say.
            found_by[mutation, SAME] += 1
            assert mutation not in PLACED or field is None, mutation
            continue
        error = refusal(check_rules, name, raw)
        if error is not None:
            assert_clear(error)
            found_by[mutation, "rules"] += 1
            if mutation in PLACED:
                assert error.field is not None, (mutation, str(error))
            if mutation in NAMED and field is not None:
                assert (error.file, error.field) == (resource["path"], field), (mutation, str(error))
            continue
        assert mutation not in PLACED, (mutation, name)
        error = refusal(evidence._check_seal, resource, raw)
        assert error is not None, (mutation, name)
        assert_clear(error)
        found_by[mutation, "seal"] += 1
    by: Counter[str] = Counter()
    for (_, finder), count in found_by.items():
        by[finder] += count
    assert by["rules"] + by["seal"] == TABLE_MUTANTS
    # The rules, which name the place, find most; the seal is for what they cannot see.
    assert by["rules"] > 0.75 * TABLE_MUTANTS
    assert {mutation for mutation, _ in found_by} == {mutate.__name__ for mutate in (*CELL_MUTATIONS, *BYTE_MUTATIONS)}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return shutil.copytree(DATA, tmp_path / "data")


def test_loading_a_spoilt_file_from_disk_fails_as_a_whole(data: Path) -> None:
    """The same mutants through the door that users take, and the good file again afterwards."""
    rng = random.Random(SEED)
    for _ in range(LOADED_FROM_DISK):
        name, _, _, raw = mutant(rng)
        path = data / RESOURCES[name]["path"]
        path.write_bytes(raw)
        if raw == FILES[path.name]:
            assert evidence.load(data) == GOOD
        else:
            with pytest.raises(evidence.DataError) as caught:
                evidence.load(data)
            assert_clear(caught.value)
        path.write_bytes(FILES[path.name])
    assert evidence.load(data) == GOOD


# ---- the description


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each place of a JSON value that can be changed: its container and its key there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in [(value, key), *places(value[key])]]


def remove_resource(raw: bytes, rng: random.Random) -> bytes:
    package = json.loads(raw)
    del package["resources"][rng.randrange(len(package["resources"]))]
    return json.dumps(package).encode()


def change_description(raw: bytes, rng: random.Random) -> bytes:
    """Removes, replaces or renames what stands at one place."""
    package = json.loads(raw)
    container, key = rng.choice(places(package))
    value = container.pop(key)
    if rng.random() < 0.7:
        changed = rng.choice([None, True, [], {}, "changed", 0, [value], str(value)])
        if isinstance(container, dict):
            container[rng.choice([key, f"{key}s"])] = changed
        else:
            container.insert(key, changed)
    return json.dumps(package).encode()


def lay_out_anew(raw: bytes, rng: random.Random) -> bytes:
    return json.dumps(json.loads(raw), indent=rng.choice([None, 1, 4]), sort_keys=rng.random() < 0.5).encode() + b"\n"


def not_a_package(raw: bytes, rng: random.Random) -> bytes:
    return rng.choice(
        [b"", b"\n", b"[]\n", b"{}\n", b"null\n", b'{"resources": 3}\n', b'{"resources": [3]}\n', b"NaN\n"]
    )


PACKAGE_MUTATIONS = (
    *(remove_resource, change_description, lay_out_anew, not_a_package),
    *(truncate, re_encode, change_line_ends, change_byte),
)


def test_no_spoilt_description_is_accepted() -> None:
    rng = random.Random(SEED)
    accepted: Counter[str] = Counter()
    for _ in range(PACKAGE_MUTANTS):
        mutate = rng.choice(PACKAGE_MUTATIONS)
        raw = mutate(FILES[evidence.PACKAGE], rng)
        if mutate in (remove_resource, change_description):
            raw += b"\n"
        error = refusal(evidence._package, raw)
        if error is None:
            # Harmless: spaces, line ends or the order of the keys. All that it says is the same.
            assert evidence._package(raw) == PACKAGE, mutate.__name__
            accepted[mutate.__name__] += 1
        else:
            assert_clear(error)
            assert error.file == evidence.PACKAGE
            assert mutate is not lay_out_anew
    assert set(accepted) <= {"lay_out_anew", "change_byte", "change_line_ends", "re_encode", "change_description"}
    assert accepted["lay_out_anew"]


@pytest.mark.parametrize("name", RESOURCES)
def test_a_table_that_is_not_described_is_missed(name: str) -> None:
    package = {**PACKAGE, "resources": [r for r in PACKAGE["resources"] if r["name"] != name]}
    with pytest.raises(evidence.DataError) as caught:
        evidence._package(json.dumps(package).encode() + b"\n")
    assert (caught.value.file, caught.value.field) == (evidence.PACKAGE, "resources")
    assert f" {name}" in caught.value.expected


# ---- the seals


def test_a_lost_row_that_nothing_names_is_told_by_the_seal(data: Path) -> None:
    path = data / "left_out.csv"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(
        evidence.DataError, match=r"^left_out.csv: 'sha256:[0-9a-f]{64}'; expected sha256:.*carbite.seal"
    ):
        evidence.load(data)


def test_a_wanted_change_is_sealed_and_a_bad_one_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = data / "left_out.csv"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    seal.seal(data)
    assert len(evidence.load(data)["left_out"].rows) == len(GOOD["left_out"].rows) - 1
    path.write_bytes(FILES["left_out.csv"])
    seal.seal(data)
    assert {file.name: file.read_bytes() for file in data.iterdir()} == FILES
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1]]))
    told = r"^left_out.csv, line [0-9]+, field left_out_id: .* once: line"
    with pytest.raises(evidence.DataError, match=told):
        seal.seal(data)
    monkeypatch.setattr(seal, "data_directory", lambda: data)
    with pytest.raises(SystemExit, match=told):
        seal.main()
