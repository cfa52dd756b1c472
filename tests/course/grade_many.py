"""Grade the submissions to several assignments in one process, as an ordinary user.

    python -m tests.course.grade_many SUBMISSIONS GRADED ASSIGNMENT ...

Both folders have one of the assignment's name. As ``carbite-course grade`` does it, for all at once: programs that
start, and cores that wait for the last kernel of each assignment, cost more than the grading.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from carbite_course import sandbox
from carbite_course.assignment import read
from carbite_course.classwork import NOT_GRADED, Class
from carbite_course.grading import solve, starter
from carbite_course.sandbox import Limits
from carbite_course.submissions import Submissions


def main(submissions: Path, graded: Path, sources: list[Path]) -> None:
    """Grade; ends with a message when a submission could not be."""
    sandbox.require(trusted=False, as_root=False)
    limits = Limits()
    start = starter(sandbox.command(limits), limits)

    def grade(source: Path) -> list[str]:
        assignment = read(source)
        together = Class(assignment, graded / assignment.name, solve(assignment, start, limits), start, limits)
        handed_in = Submissions(submissions / assignment.name, assignment.name, tuple(assignment.questions))
        return [f"{source.name}, {each.name}: {said}" for each, said in together.grade(handed_in, 1)]

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        said = [line for lines in pool.map(grade, sources) for line in lines]
    if failed := [line for line in said if NOT_GRADED in line]:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(each) for each in sys.argv[3:]])
