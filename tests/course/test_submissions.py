"""Submissions as platforms hand them out: whose is what, and paths that want to go elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from carbite_course.assignment import Assignment
from carbite_course.submissions import MOST_FILES, Submission, Submissions, SubmissionsError
from tests.course import files

QUESTIONS = ("q1", "q2", "q3")


def found(place: Path) -> dict[str, Submission]:
    submissions = Submissions(place, "toy", QUESTIONS)
    by_name = {each.name: each for each in submissions}
    assert len(by_name) == len(submissions)
    return by_name


def archive(folder: Path, members: dict[str, bytes]) -> Path:
    file = folder / "submissions.zip"
    file.write_bytes(files.zipped(members))
    return file


@pytest.fixture
def good(toy: Assignment) -> bytes:
    return files.as_bytes(files.filled(toy))


def test_canvas(good: bytes, tmp_path: Path) -> None:
    place = archive(tmp_path, {"curiemarie_1234_998_toy.ipynb": good, "meitnerlise_LATE_77_999_toy-1.ipynb": good})
    by_name = found(place)
    assert {name: each.platform_id for name, each in by_name.items()} == {
        "curiemarie-1234": "1234",
        "meitnerlise-77": "77",
    }
    assert all(not each.problem for each in by_name.values())


@pytest.mark.parametrize("between", ["_assignsubmission_file_/", "_assignsubmission_file/", "_assignsubmission_file_"])
def test_moodle(between: str, good: bytes, tmp_path: Path) -> None:
    place = archive(
        tmp_path,
        {
            f"Marie Curie_1234{between}toy.ipynb": good,
            "Marie Curie_1234_assignsubmission_onlinetext_/onlinetext.html": b"<p>hello</p>",
        },
    )
    (only,) = found(place).values()
    assert (only.learner, only.platform_id, only.problem) == ("Marie Curie", "1234", "")
    assert set(only.answers) == set(QUESTIONS)


def test_a_file_cannot_be_named_as_another_learners(good: bytes, tmp_path: Path) -> None:
    """What follows the platform's prefix, or lies in a learner's folder, was named by the learner."""
    canvas = archive(tmp_path, {"evaeve_55_999_Marie Curie_1234_assignsubmission_file_toy.ipynb": good})
    assert [(each.learner, each.platform_id) for each in found(canvas).values()] == [("evaeve", "55")]
    moodle = archive(
        tmp_path,
        {
            "Eve_55_assignsubmission_file_Marie Curie_1234_assignsubmission_file_toy.ipynb": good,
            "Ida_56_assignsubmission_file_/Marie Curie_1234_999_toy.ipynb": good,
        },
    )
    assert [(each.learner, each.platform_id) for each in found(moodle).values()] == [("Eve", "55"), ("Ida", "56")]
    (tmp_path / "mail" / "Eve").mkdir(parents=True)
    (tmp_path / "mail" / "Eve" / "Marie Curie_1234_999_toy.ipynb").write_bytes(good)
    assert [each.learner for each in found(tmp_path / "mail").values()] == ["Eve"]


def test_a_zipped_folder_of_files(good: bytes, tmp_path: Path) -> None:
    place = archive(tmp_path, {"class/ada.ipynb": good, "class/ben.ipynb": good, "class/.DS_Store": b"x"})
    assert sorted(found(place)) == ["ada", "ben"]


@pytest.mark.parametrize(
    "path", ["../../evil.ipynb", "/etc/evil.ipynb", "a/../../evil.ipynb", "C:\\evil.ipynb", "..\\..\\evil.ipynb"]
)
def test_a_path_is_a_name_and_nothing_else(path: str, good: bytes, tmp_path: Path) -> None:
    place = archive(tmp_path, {path: good, "ada.ipynb": good})
    names = set(found(place))
    assert "ada" in names
    assert all("/" not in name and "\\" not in name and ".." not in name for name in names)


def test_names_that_differ_by_case_or_by_signs_stay_apart(good: bytes, tmp_path: Path) -> None:
    names = ["ada", "ADA", "ad\u00e4", "=cmd()", "new\nline", "", ".", "x" * 200, "x" * 199, "\U0001f600", "CON"]
    place = archive(tmp_path, {f"{name}/toy.ipynb": good for name in names if name not in ("", ".")})
    by_name = found(place)
    assert len({name.casefold() for name in by_name}) == 9
    assert all(name.isascii() and len(name) < 120 and name.isprintable() for name in by_name)
    assert "\n" not in "".join(each.learner for each in by_name.values())


def test_a_name_with_accents_can_still_be_read(good: bytes, tmp_path: Path) -> None:
    (name,) = found(archive(tmp_path, {"Zo\u00eb M\u00fcller/toy.ipynb": good}))
    assert name.startswith("Zoe-Muller-")


def test_a_place_without_submissions_is_named(tmp_path: Path) -> None:
    with pytest.raises(SubmissionsError, match="there is no submission in it"):
        Submissions(tmp_path, "toy", QUESTIONS)
    (tmp_path / "notes.txt").write_text("not an archive")
    with pytest.raises(SubmissionsError, match=r"notes\.txt: expected a folder of submissions, or the zip file"):
        Submissions(tmp_path / "notes.txt", "toy", QUESTIONS)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    place = archive(tmp_path, {f"{number}.ipynb": b"" for number in range(MOST_FILES + 1)})
    with pytest.raises(SubmissionsError, match=f"expected at most {MOST_FILES}"):
        Submissions(place, "toy", QUESTIONS)
