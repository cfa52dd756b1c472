"""One sandboxed Python as seen from outside: cells and expressions go in, replies of bounded size come out.

Whatever the process says is data of unknown origin. Each wait ends: with a reply, with the end of the process, when
its time is over, or when it holds too much memory.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil

from carbite_course.sandbox import Limits

LONGEST_REPLY = 256 * 1024
# The driver stops a step itself; beyond this it is stopped from outside.
GRACE_S = 2.0
# A cold start on a loaded machine.
START_S = 60.0
WATCH_S = 0.2
CHUNK = 65536
# The driver gives up at less: what is deeper did not come from it.
DEEPEST = 32

# How a step ended without a value. The first two leave a kernel that can go on.
ERROR, TIMEOUT, HUNG, DIED, MEMORY, FLOODED = "error", "timeout", "hung", "died", "memory", "flooded"
ENDED = (HUNG, DIED, MEMORY, FLOODED)


@dataclass(frozen=True)
class Reply:
    """What a step gave: a plain value, or how it failed (one of the words above; empty: it did not)."""

    value: Any = None
    failure: str = ""
    error: str = ""
    message: str = ""

    @property
    def ended(self) -> bool:
        """Whether the kernel is gone."""
        return self.failure in ENDED


class Kernel:
    """A running sandbox. Use it in a ``with`` block: it is killed at the end, with everything in it."""

    def __init__(self, command: Sequence[str], limits: Limits, deadline: float) -> None:
        self._limits, self._deadline = limits, deadline
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        assert self._process.stdin
        assert self._process.stdout
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        for stream in (self._in, self._out):
            os.set_blocking(stream, False)
        self._unread = bytearray()
        self._watched = time.monotonic()

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> bool:
        """Wait until the driver answers; False when it cannot be started."""
        return not self._reply(time.monotonic() + START_S).ended

    def run(self, code: str) -> Reply:
        """Execute a cell."""
        return self._ask({"code": code})

    def value(self, expression: str) -> Reply:
        """Evaluate an expression in the names that the cells left."""
        return self._ask({"expression": expression})

    def stop(self) -> None:
        """End the sandbox and all its processes."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream
            with suppress(OSError):
                stream.close()

    def _ask(self, request: dict[str, Any]) -> Reply:
        left = self._deadline - time.monotonic()
        if left <= 0:
            return Reply(failure=HUNG)
        seconds = min(self._limits.seconds_per_step, left)
        until = time.monotonic() + seconds + GRACE_S
        self._unread.clear()  # said without having been asked
        failure = self._send(json.dumps({**request, "seconds": seconds}).encode() + b"\n", until)
        reply = Reply(failure=failure) if failure else self._reply(until)
        if reply.ended:
            self.stop()
        return reply

    def _send(self, line: bytes, until: float) -> str:
        """Write a request; empty, or why it could not be written."""
        while line:
            if failure := self._wait(self._in, selectors.EVENT_WRITE, until):
                return failure
            try:
                line = line[os.write(self._in, line[:CHUNK]) :]
            except BlockingIOError:
                continue
            except OSError:
                return DIED
        return ""

    def _reply(self, until: float) -> Reply:
        while True:
            end = self._unread.find(b"\n")
            if end >= 0:
                line = bytes(self._unread[:end])
                del self._unread[: end + 1]
                return _read(line)
            if len(self._unread) > LONGEST_REPLY:
                return Reply(failure=FLOODED)
            # A line that never ends, a sign at a time, would keep the pipe ready for hours.
            if failure := self._overrun(until) if self._unread else "":
                return Reply(failure=failure)
            if failure := self._wait(self._out, selectors.EVENT_READ, until):
                return Reply(failure=failure)
            try:
                chunk = os.read(self._out, CHUNK)
            except BlockingIOError:
                continue
            if not chunk:
                return Reply(failure=DIED)
            self._unread += chunk

    def _wait(self, stream: int, event: int, until: float) -> str:
        """Wait until the pipe can be used; otherwise why it cannot."""
        with selectors.DefaultSelector() as selector:
            selector.register(stream, event)
            while not selector.select(WATCH_S):
                if failure := self._overrun(until):
                    return failure
        return ""

    def _overrun(self, until: float) -> str:
        """Why a step has to end now; empty while it may go on. Memory is looked at every ``WATCH_S``."""
        now = time.monotonic()
        if now > until:
            return HUNG
        if now - self._watched >= WATCH_S:
            self._watched = now
            if self._memory() > self._limits.memory:
                return MEMORY
        return ""

    def _memory(self) -> int:
        """Bytes that the processes of the sandbox hold."""
        held = 0
        with suppress(psutil.Error):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    held += process.memory_info().rss
        return held


def _read(line: bytes) -> Reply:
    """A line of the driver as a reply; whatever it holds, only plain values come out."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return Reply(failure=ERROR, error="unreadable")
    if not isinstance(said, dict) or _too_deep(said):
        return Reply(failure=ERROR, error="unreadable")
    if said.get("timeout"):
        return Reply(failure=TIMEOUT)
    if "error" in said:
        return Reply(failure=ERROR, error=str(said["error"])[:80], message=str(said.get("message", ""))[:300])
    return Reply(value=said.get("value"))


def _too_deep(value: Any, depth: int = 0) -> bool:
    """Whether lists and dictionaries are nested so deeply that looking at them could fail."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth > DEEPEST or any(_too_deep(each, depth + 1) for each in parts)
