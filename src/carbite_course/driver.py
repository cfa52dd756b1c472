"""Runs inside the sandbox: executes cells, and evaluates expressions when it is asked to.

One line of JSON in, one line of JSON out, through the pipes that were standard input and output; what the cells
print goes nowhere. Nothing said here is trusted outside: the cells can change every object of this process.
"""

from __future__ import annotations

import json
import numbers
import os
import signal
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

# Code that catches everything in a loop is told again, this often.
AGAIN_S = 0.5
DEEPEST = 20


class OutOfTimeError(BaseException):
    """The time of a cell or an expression is over; not an Exception, so that few things catch it."""


def main() -> None:
    """Answer requests until there are no more: ``{"code", "seconds"}`` or ``{"expression", "seconds"}``."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    signal.signal(signal.SIGALRM, _out_of_time)
    shell: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    # Nobody reads it, and it takes time.
    shell.showtraceback = lambda *arguments, **options: None
    # Self-checks are the learner's, and so is what comes with them: here an error stays an error.
    shell.extension_manager.loaded.add("carbite_course.selfcheck")
    replies.write(b'{"ready": true}\n')
    for line in requests:
        request = json.loads(line)
        try:
            with _limited(request["seconds"]):
                reply = _executed(shell, request["code"]) if "code" in request else _evaluated(shell, request)
            text = json.dumps(reply)
        except OutOfTimeError:
            text = '{"timeout": true}'
        except Exception as error:
            text = json.dumps({"error": type(error).__name__})
        replies.write(text.encode() + b"\n")


def _out_of_time(*_: object) -> None:
    raise OutOfTimeError


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _executed(shell: Any, code: str) -> dict[str, Any]:
    result = shell.run_cell(code, store_history=False)
    error = result.error_before_exec or result.error_in_exec
    if isinstance(error, OutOfTimeError):
        raise error
    return {} if error is None else {"error": type(error).__name__, "message": str(error)[:300]}


def _evaluated(shell: Any, request: Mapping[str, str]) -> dict[str, Any]:
    return {"value": plain(eval(compile(request["expression"], "<check>", "eval"), shell.user_ns))}


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON has them: NumPy and pandas become numbers and lists, sets are sorted.

    Raises TypeError for what is none of these, or nested deeper than ``DEEPEST``.
    """
    if depth > DEEPEST:
        raise TypeError(f"nested deeper than {DEEPEST}")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, Set):
        return sorted((plain(each, depth + 1) for each in value), key=repr)
    if isinstance(value, list | tuple):
        return [plain(each, depth + 1) for each in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist(), depth + 1)
    raise TypeError(f"{type(value).__name__} is not a number, a text, or a list of them")


if __name__ == "__main__":
    main()
