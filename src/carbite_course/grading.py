"""One submission: its answers in a sandbox, the checks on what they left, points from the comparison outside."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from carbite_course.assignment import Assignment, Check, Question
from carbite_course.comparison import same
from carbite_course.kernel import DIED, ERROR, FLOODED, HUNG, MEMORY, TIMEOUT, Kernel, Reply
from carbite_course.sandbox import Limits
from carbite_course.submissions import legible

# Of what a learner predicted, in letters: a verdict, a number, a short list.
LONGEST_SHOWN = 80
Start = Callable[[float], Kernel]
"""Starts a kernel that lives until a deadline (seconds of the monotonic clock)."""

REASONS = {
    TIMEOUT: "took too long and was stopped",
    HUNG: "took too long and could not be interrupted, so its kernel was ended",
    DIED: "ended the kernel",
    MEMORY: "used more memory than allowed, so its kernel was ended",
    FLOODED: "returned more than a check can take",
}
# The name of an error may be shown to a learner after the checks were; a name of the learner's own may not.
KNOWN_ERRORS = {name for name, each in vars(builtins).items() if isinstance(each, type) and issubclass(each, Exception)}


class GradingError(RuntimeError):
    """The assignment itself cannot be graded here; the message says what failed."""


@dataclass
class Observed:
    """What running a set of answers showed.

    ``errors`` says by question how its cell failed, ``values`` holds a reply for each expression,
    ``failures`` the words for how a kernel ended.
    """

    errors: dict[str, str] = field(default_factory=dict)
    values: dict[tuple[str, str], Reply] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def starter(command: list[str], limits: Limits) -> Start:
    """How kernels are started."""
    return lambda deadline: Kernel(command, limits, deadline)


def observe(
    assignment: Assignment,
    answers: Mapping[str, str],
    expressions: Mapping[str, tuple[str, ...]],
    start: Start,
    limits: Limits,
) -> Observed:
    """Run the given cells with these answers, then evaluate expressions, by question.

    An answer that ends the kernel is left out and the rest is run again in a new one, so that it costs its own
    question alone; so does an expression that ends it.

    Raises GradingError when cells of the assignment end the kernel before any answer has run.
    """
    seen = Observed()
    left_out: set[str] = set()
    deadline = time.monotonic() + limits.seconds
    while True:
        with start(deadline) as kernel:
            if not kernel.start():
                raise GradingError("the sandbox did not start; try again with fewer --kernels")
            culprit = _run_cells(assignment, answers, left_out, kernel, seen) or _evaluate(expressions, kernel, seen)
        if culprit and time.monotonic() > deadline:
            seen.failures.append(HUNG)
            culprit = None
        if not culprit:
            for name, wanted in expressions.items():
                for expression in wanted:
                    seen.values.setdefault((name, expression), Reply(failure=HUNG))
            return seen
        name, reply = culprit
        left_out.add(name)
        seen.failures.append(reply.failure)
        for expression in expressions.get(name, ()):
            seen.values.setdefault((name, expression), Reply(failure=reply.failure))


def _run_cells(
    assignment: Assignment, answers: Mapping[str, str], left_out: set[str], kernel: Kernel, seen: Observed
) -> tuple[str, Reply] | None:
    """Run the cells; the question whose answer ended the kernel, if one did."""
    last = ""
    for cell in assignment.cells:
        if not cell.runs or cell.question in left_out:
            continue
        if cell.question and cell.question not in answers:
            continue
        reply = kernel.run(answers[cell.question] if cell.question else cell.source)
        last = cell.question or last
        if reply.ended:
            if not last and not left_out:
                raise GradingError(f"the first cells of {assignment.name} {REASONS[reply.failure]}")
            # Without an answer before it, only the time of the whole submission can be over.
            if last:
                seen.errors[last] = f"This answer {REASONS[reply.failure]}."
            return last, reply
        if reply.failure and cell.question:
            seen.errors[cell.question] = _said(reply)
            if reply.failure == TIMEOUT:
                seen.failures.append(TIMEOUT)
    return None


def _said(reply: Reply) -> str:
    """How a cell failed. Cells run before any check, so what they say cannot hold one."""
    if reply.failure == TIMEOUT:
        return f"This answer {REASONS[TIMEOUT]}."
    return f"{reply.error}: {reply.message}" if reply.message else reply.error


def _evaluate(expressions: Mapping[str, tuple[str, ...]], kernel: Kernel, seen: Observed) -> tuple[str, Reply] | None:
    """Evaluate what has no reply yet; the question whose expression ended the kernel, if one did."""
    for name, wanted in expressions.items():
        for expression in wanted:
            if (name, expression) in seen.values:
                continue
            reply = seen.values[name, expression] = kernel.value(expression)
            if reply.ended:
                return name, reply
    return None


def expressions_of(assignment: Assignment, *, solution: bool = False) -> dict[str, tuple[str, ...]]:
    """What is evaluated, by question; for the solution also what known mistakes lead to, and what was predicted.

    Predictions come first: what they hold is shown to the learner, so it must not have seen a check.
    """
    found = {}
    for name, question in sorted(assignment.questions.items(), key=lambda item: item[1].prediction is None):
        wanted = [check.expression for check in (*question.checks, question.prediction) if check]
        if solution:
            wanted += [mistake.expression for check in question.checks for mistake in check.mistakes]
            wanted += [question.result] if question.result else []
        found[name] = tuple(dict.fromkeys(wanted))
    return found


@dataclass(frozen=True)
class Key:
    """The values that the solution gives, by question and expression."""

    values: Mapping[tuple[str, str], Any]


def solve(assignment: Assignment, start: Start, limits: Limits) -> Key:
    """Run the solution.

    Raises GradingError when the solution fails, or a known mistake gives the right value.
    """
    seen = observe(assignment, assignment.solution, expressions_of(assignment, solution=True), start, limits)
    failed = [f"{name}: {said}" for name, said in seen.errors.items()]
    failed += [f"{name}: {text} ({r.error or r.failure})" for (name, text), r in seen.values.items() if r.failure]
    if failed:
        raise GradingError(f"the solution of {assignment.name} fails here: {'; '.join(failed)}")
    key = Key({place: reply.value for place, reply in seen.values.items()})
    for name, question in assignment.questions.items():
        for check in question.checks:
            right = check.judged(key.values[name, check.expression])
            for mistake in check.mistakes:
                if same(key.values[name, mistake.expression], right, check):
                    raise GradingError(f"{name} of {assignment.name}: the mistake {mistake.expression} is no mistake")
    return key


def marked(question: Question, key: Key, seen: Observed) -> list[dict[str, Any]]:
    """The checks of a question with their points: plain values, ready to be written."""
    return [_marked(question.name, check, key, seen) for check in question.checks]


def predicted(question: Question, key: Key, seen: Observed) -> dict[str, Any] | None:
    """What a learner predicted (empty: nothing that could be evaluated) beside the result; None for other questions."""
    if question.prediction is None:
        return None
    result = key.values[question.name, question.result]
    reply = seen.values.get((question.name, question.prediction.expression), Reply(failure=ERROR))
    return {
        "expected": "" if reply.failure else shown(reply.value),
        "result": shown(result),
        "came_true": not reply.failure and same(reply.value, result, question.prediction),
    }


def shown(value: Any) -> str:
    """A plain value as a short text."""
    return legible(f"{value:.3g}" if isinstance(value, float) else str(value), LONGEST_SHOWN)


def _marked(name: str, check: Check, key: Key, seen: Observed) -> dict[str, Any]:
    reply = seen.values.get((name, check.expression), Reply(failure=ERROR))
    value = None if reply.failure else check.judged(reply.value)
    points, said = 0.0, check.message
    if reply.failure:
        error = f" ({reply.error})" if reply.error in KNOWN_ERRORS else ""
        said = (
            f"{check.message} There was no value to compare: the check {REASONS.get(reply.failure, f'failed{error}')}."
        )
    elif same(value, check.judged(key.values[name, check.expression]), check):
        points, said = check.points, ""
    else:
        for mistake in check.mistakes:
            if same(value, key.values[name, mistake.expression], check):
                points, said = mistake.points, mistake.message
                break
    return {"points": points, "out_of": check.points, "said": said}
