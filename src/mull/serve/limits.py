"""Places: so many requests are answered at once, others wait, and nobody's crowd keeps another one out.

Waiting requests are let in by turns: one of each key that waits, then the next of each.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from mull.serve.errors import ApiError


class Places:
    """
    running     places, of which one caller may take `per_caller`
    waiting     requests that may wait for one
    per_minute  requests that a caller may make in a minute; None is no bound
    """

    def __init__(
        self,
        running: int,
        waiting: int,
        *,
        per_caller: int | None = None,
        per_minute: int | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.places, self.most_waiting = running, waiting
        self.per_caller = min(per_caller or running, running)
        self.per_minute = per_minute
        self.running: Counter[str] = Counter()
        self.closed = False
        self._clock = clock
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._made: dict[str, deque[float]] = {}

    @property
    def waiting(self) -> int:
        return sum(map(len, self._queues.values()))

    def admit(self, caller: str) -> None:
        """Note one more request. Raises ApiError (429, or 503 on the way out) where it may not even wait."""
        if self.closed:
            raise ApiError(503, "the server is shutting down.", code="shutting_down", retry=10)
        if self.waiting >= self.most_waiting:
            raise ApiError(429, f"{self.waiting} requests wait already.", code="queue_full", retry=5)
        if self.per_minute is None:
            return
        now, made = self._clock(), self._made.setdefault(caller, deque())
        while made and made[0] <= now - 60:
            made.popleft()
        if len(made) >= self.per_minute:
            retry = int(made[0] + 60 - now) + 1
            told = f"{self.per_minute} requests a minute are the limit of this key."
            raise ApiError(429, told, code="rate_limit_exceeded", retry=retry)
        made.append(now)

    @asynccontextmanager
    async def place(self, caller: str) -> AsyncIterator[None]:
        """Waits for a place, and holds it."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(caller, deque()).append(turn)
        self._call()
        try:
            await turn
        except BaseException:
            if turn.cancelled() or not turn.done():
                self._forget(caller, turn)
            else:  # called in the moment in which it was given up
                self._leave(caller)
            raise
        try:
            yield
        finally:
            self._leave(caller)

    def _call(self) -> None:
        """Let in whoever there is a place for, by turns."""
        for caller in list(self._queues):
            if self.running.total() >= self.places:
                return
            if self.running[caller] >= self.per_caller:
                continue
            queue = self._queues[caller]
            while queue and (turn := queue.popleft()).done():  # it was given up just now
                pass
            self._queues.move_to_end(caller)
            if not queue:
                del self._queues[caller]
            if not turn.done():
                self.running[caller] += 1
                turn.set_result(None)

    def _forget(self, caller: str, turn: asyncio.Future[None]) -> None:
        queue = self._queues.get(caller)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._queues[caller]

    def _leave(self, caller: str) -> None:
        self.running[caller] -= 1
        if not self.running[caller]:
            del self.running[caller]
        self._call()
