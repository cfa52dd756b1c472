"""``carbite-course``: build the learners' notebooks, grade what comes back, put marks given by hand into the grades,
write answer keys for instructors, and write the self-checks as quizzes.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from carbite.self_checks import SelfCheckError, named
from carbite_course import classwork, feedback, gradebook, key, results, sandbox
from carbite_course.assignment import Assignment, AssignmentError, read
from carbite_course.building import build
from carbite_course.grading import REASONS, GradingError, solve, starter
from carbite_course.quizzes import QuizError, quiz
from carbite_course.roster import Roster, roster
from carbite_course.sandbox import MEGABYTE, Limits, SandboxError
from carbite_course.submissions import Submissions, SubmissionsError
from carbite_course.tables import TableError

LOUD = "!" * 100
RISKS = {
    "trusted": "--trust-submissions: submissions run WITHOUT A SANDBOX, with all your rights, on your files.",
    "as_root": "--as-root: submissions run as root; the limit on processes does not hold.",
}
# What a director reads of a submission that did not run to its end.
HAPPENED = {"error": "an answer ended with an error, which its page of feedback shows"} | {
    status: f"an answer {reason}" for status, reason in REASONS.items()
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exits with a message where something is not as it must be."""
    chosen = parser().parse_args(arguments)
    try:
        sys.exit(chosen.action(chosen))
    except (
        AssignmentError,
        TableError,
        GradingError,
        SandboxError,
        SubmissionsError,
        SelfCheckError,
        QuizError,
    ) as error:
        sys.exit(f"carbite-course: {error}")


def parser() -> argparse.ArgumentParser:
    """What ``carbite-course`` understands."""
    every = argparse.ArgumentParser(prog="carbite-course", description=__doc__)
    commands = every.add_subparsers(required=True, metavar="build | grade | merge | key | quiz")
    of_build = commands.add_parser("build", help="write the learners' version of assignments")
    of_build.add_argument("assignments", type=Path, nargs="+", help="folders or files with the sources")
    of_build.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the zip files go")
    of_build.set_defaults(action=_build)

    of_grade = commands.add_parser("grade", help="grade submissions in a sandbox")
    of_grade.add_argument("assignment", type=Path, help="folder or file with the source")
    of_grade.add_argument("submissions", type=Path, help="folder of submissions, or the platform's zip file")
    of_grade.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where results and grades go")
    _add_roster(of_grade)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    of_grade.add_argument("--kernels", type=_positive, default=cores, help="how many run at a time (%(default)s)")
    defaults = Limits()
    of_grade.add_argument(
        "--seconds-per-step",
        type=float,
        default=defaults.seconds_per_step,
        help="for one cell or check (%(default)g)",
    )
    of_grade.add_argument(
        "--seconds", type=float, default=defaults.seconds, help="for one submission in all (%(default)g)"
    )
    of_grade.add_argument(
        "--memory-mb",
        type=_positive,
        default=defaults.memory // MEGABYTE,
        help="for all processes of a submission (%(default)s)",
    )
    of_grade.add_argument("--trust-submissions", action="store_true", help="NO SANDBOX: only for your own files")
    of_grade.add_argument("--as-root", action="store_true", help="allow root: only on a machine to throw away")
    of_grade.set_defaults(action=_grade)

    of_merge = commands.add_parser("merge", help="put the points of manual.csv into the grades")
    of_merge.add_argument("assignment", type=Path, help="folder or file with the source")
    of_merge.add_argument("folder", type=Path, help="the folder that 'grade' wrote")
    _add_roster(of_merge)
    of_merge.set_defaults(action=_merge)

    of_key = commands.add_parser("key", help="write answer keys, for instructors alone")
    of_key.add_argument("assignments", type=Path, nargs="+", help="folders or files with the sources, which are run")
    of_key.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the keys go, and nothing else")
    of_key.set_defaults(action=_key)

    of_quiz = commands.add_parser("quiz", help="write self-checks of chapters as quizzes for Canvas and Moodle")
    of_quiz.add_argument("chapters", nargs="*", metavar="CHAPTER", help="such as durability; all that have some")
    of_quiz.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the quizzes go")
    of_quiz.add_argument("--book", type=Path, default=Path("book"), help="folder with the chapters (%(default)s)")
    of_quiz.set_defaults(action=_quiz)
    return every


def _add_roster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--roster",
        type=Path,
        metavar="CSV",
        help="Canvas's gradebook export, Moodle's grading worksheet, or a table with a column 'name'",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected at least 1")
    return number


def _build(chosen: argparse.Namespace) -> int:
    _refuse_beside(chosen.to, key.PAGE.format(name="*"), "answer keys")
    for path in chosen.assignments:
        assignment = read(path)
        print(f"wrote {build(assignment, chosen.to)} ({assignment.points:g} points, {assignment.about['minutes']} min)")
    return 0


def _key(chosen: argparse.Namespace) -> int:
    """Solutions are the author's own: they run as they are, on a machine without a sandbox too."""
    _refuse_beside(chosen.to, "*.zip", "files for learners")
    for folder in (chosen.to.resolve(), *chosen.to.resolve().parents):
        _refuse_beside(folder, "searchindex.js", "a site")
    limits = Limits()
    start = starter(sandbox.command(limits, trusted=True), limits)
    for path in chosen.assignments:
        assignment = read(path)
        for written in key.write(chosen.to, assignment, solve(assignment, start, limits)):
            print(f"wrote {written}, for instructors alone")
    return 0


def _refuse_beside(folder: Path, pattern: str, what: str) -> None:
    """Keys never lie where learners fetch their files."""
    if found := next(folder.glob(pattern), None):
        raise AssignmentError(f"{folder}: holds {what} ({found.name}); answer keys need a folder of their own")


def _grade(chosen: argparse.Namespace) -> int:
    sandbox.require(trusted=chosen.trust_submissions, as_root=chosen.as_root)
    if chosen.trust_submissions:
        _warn(RISKS["trusted"])
    elif chosen.as_root and os.geteuid() == 0:
        _warn(RISKS["as_root"])
    assignment = read(chosen.assignment)
    listed = roster(chosen.roster) if chosen.roster else None
    limits = Limits(
        seconds_per_step=chosen.seconds_per_step, seconds=chosen.seconds, memory=chosen.memory_mb * MEGABYTE
    )
    start = starter(sandbox.command(limits, trusted=chosen.trust_submissions), limits)
    handed_in = Submissions(chosen.submissions, assignment.name, tuple(assignment.questions))
    _refuse_another(chosen.to, assignment)
    key = solve(assignment, start, limits)
    together = classwork.Class(assignment, chosen.to, key, start, limits)
    failed = 0
    names: set[str] = set()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"Grading {assignment.name}", total=len(handed_in))
        for submission, said in together.grade(handed_in, chosen.kernels):
            progress.advance(task)
            names.add(submission.name)
            if said not in (results.OK, classwork.KEPT):
                console.print(
                    f"{submission.name}: {submission.problem or HAPPENED.get(said, said)}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
            failed += said.startswith(classwork.NOT_GRADED)
    _finish(chosen.to, assignment, listed)
    for earlier in [each["name"] for each in results.read_all(chosen.to) if each["name"] not in names]:
        file = chosen.to / results.FOLDER / f"{earlier}.json"
        print(f"Kept from an earlier run, and not in {chosen.submissions}: {earlier}. To drop it, delete {file}")
    if failed:
        _warn(f"{failed} could not be graded and are not in the grades; run the same command again.")
    return 1 if failed else 0


def _merge(chosen: argparse.Namespace) -> int:
    assignment = read(chosen.assignment)
    _refuse_another(chosen.folder, assignment)
    if not (chosen.folder / gradebook.MANUAL).is_file():
        raise TableError(f"{chosen.folder}: there is no {gradebook.MANUAL}; 'carbite-course grade' writes it")
    _finish(chosen.folder, assignment, roster(chosen.roster) if chosen.roster else None)
    return 0


def _quiz(chosen: argparse.Namespace) -> int:
    # No other command needs text2qti.
    from carbite_course import canvas, moodle

    chapters = chosen.chapters or named(chosen.book)
    if not chapters:
        raise QuizError(f"{chosen.book}: there is no chapter with self-checks; name the book's folder with --book")
    made = [quiz(chosen.book, chapter) for chapter in chapters]
    chosen.to.mkdir(parents=True, exist_ok=True)
    for each in made:
        files = {f"{each.chapter}-canvas.zip": canvas.package(each), f"{each.chapter}-moodle.xml": moodle.xml(each)}
        for name, content in files.items():
            (chosen.to / name).write_bytes(content)
        print(f"wrote {' and '.join(str(chosen.to / name) for name in files)} ({len(each.questions)} questions)")
    return 0


def _refuse_another(folder: Path, assignment: Assignment) -> None:
    others = {each["assignment"] for each in results.read_all(folder)} - {assignment.name}
    if others:
        raise TableError(f"{folder}: holds results of {', '.join(sorted(others))}; expected a folder of its own")


def _finish(folder: Path, assignment: Assignment, listed: Roster | None) -> None:
    """Put marks given by hand into the results, write tables and feedback, and say what a director has to know."""
    every = results.read_all(folder)
    found = [each for each in every if each["source"] == assignment.fingerprint]
    if len(found) < len(every):
        print(
            f"{len(every) - len(found)} results are of another version of {assignment.name} and left out: grade those "
            "submissions again"
        )
    for said in gradebook.merge(folder, found):
        print(said)
    gradebook.write_all(folder, assignment, found, listed)
    for each in found:
        feedback.write(folder, assignment, each)
    waiting = sum(results.total(each) is None for each in found)
    print(f"{len(found)} submissions in {folder / gradebook.GRADES}; feedback in {folder / feedback.FOLDER}")
    if waiting:
        print(
            f"{waiting} have answers in words: fill in 'points' (and 'comment') in {folder / gradebook.MANUAL}, then "
            "run 'carbite-course merge'"
        )
    if listed:
        absent, unknown, several = listed.check(found)
        print(f"Roster ({listed.platform}): {len(listed.rows)} learners")
        for who in absent:
            print(f"  handed nothing in: {who}")
        for name in unknown:
            print(f"  not on the roster: {name}")
        for who in several:
            print(f"  more than one submission, so no points filled in: {who}")


def _warn(text: str) -> None:
    print(f"{LOUD}\n{text}\n{LOUD}", file=sys.stderr)
