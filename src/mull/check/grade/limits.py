"""The time one comparison may take. It is looked at inside every loop that a text can make long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic


class OutOfTime(Exception):
    """The comparison took longer than it may."""


_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Within, `check` raises OutOfTime after that many seconds. Works in any thread."""
    token = _deadline.set(monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def check() -> None:
    deadline = _deadline.get()
    if deadline is not None and monotonic() > deadline:
        raise OutOfTime


def left() -> float:
    """Seconds that are left; none is set outside `limit`, where there are 0."""
    deadline = _deadline.get()
    return 0.0 if deadline is None else deadline - monotonic()
