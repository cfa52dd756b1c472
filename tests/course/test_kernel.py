"""What a kernel says, read outside."""

from __future__ import annotations

import pytest

from carbite_course.kernel import DEEPEST, ERROR, _read

DEEP = b'{"value": %s%s}'


@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"x":', b"}")])
def test_a_value_that_is_too_deep_to_be_looked_at_is_none(opened: bytes, closed: bytes) -> None:
    inner = b"1" if opened != b"[" else b""
    allowed = DEEPEST - 1
    assert not _read(DEEP % (opened * allowed + inner, closed * allowed)).failure
    for depth in (DEEPEST + 1, 900):
        reply = _read(DEEP % (opened * depth + inner, closed * depth))
        assert (reply.failure, reply.error, reply.value) == (ERROR, "unreadable", None)
