"""A whole class: every submission once, several side by side, each result on disk before the next begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path

from carbite_course import feedback, results
from carbite_course.assignment import Assignment
from carbite_course.grading import Key, Observed, Start, expressions_of, observe
from carbite_course.sandbox import Limits
from carbite_course.submissions import Submission

KEPT, NOT_GRADED = "kept", "not graded"


class Class:
    """What the submissions of one assignment have in common."""

    def __init__(self, assignment: Assignment, folder: Path, key: Key, start: Start, limits: Limits) -> None:
        self._assignment, self._folder, self._key = assignment, folder, key
        self._start, self._limits = start, limits
        self._expressions = expressions_of(assignment)

    def grade(self, handed_in: Iterable[Submission], kernels: int) -> Iterator[tuple[Submission, str]]:
        """Grade submissions, so many at a time; yields each with its status, ``KEPT``, or why it could not be graded.

        A submission whose result is there and was made from the same files and limits is kept.
        """
        with ThreadPoolExecutor(kernels) as pool:
            waiting: dict[Future[str], Submission] = {}
            queue = iter(handed_in)
            while True:
                # No more are read than are being graded: memory does not grow with the class.
                for each in islice(queue, kernels - len(waiting)):
                    waiting[pool.submit(self._grade, each)] = each
                if not waiting:
                    return
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()

    def _grade(self, submission: Submission) -> str:
        try:
            return self._graded(submission)
        except Exception as error:  # of this submission; the others go on, and it can be tried again
            return f"{NOT_GRADED}: {type(error).__name__}: {error}"

    def _graded(self, submission: Submission) -> str:
        kept = results.read(self._folder, submission.name)
        if kept and kept["fingerprint"] == results.fingerprint(self._assignment, submission, self._limits):
            return KEPT
        seen = Observed()
        if submission.answers:
            seen = observe(self._assignment, submission.answers, self._expressions, self._start, self._limits)
        found = results.result(self._assignment, submission, self._key, seen, self._limits)
        results.write(self._folder, found)
        feedback.write(self._folder, self._assignment, found)
        return str(found["status"])
