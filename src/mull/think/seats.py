"""Seats: so many chains think at once, the next sits down when one is done, and leaving frees everything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Seats(Generic[T]):
    """Runs `work(0)` to `work(total - 1)`, at most `seats` at a time; gives results as they are done.

        async with Seats(work, total=32, seats=8) as run:
            async for result in run:
                if enough(result):
                    break

    Leaving the block cancels what is still running and waits until it is gone. An error in a work item is
    raised where its result was awaited.
    """

    def __init__(self, work: Callable[[int], Awaitable[T]], *, total: int, seats: int) -> None:
        self.total = total
        self.seats = seats
        self.started = 0
        self._work = work
        self._tasks: set[asyncio.Task[T]] = set()
        self._done: list[asyncio.Task[T]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    @property
    def alive(self) -> int:
        """Work that has not given its result yet, started or not."""
        return len(self._tasks) + len(self._done) + self.total - self.started

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._done:
            while self.started < self.total and len(self._tasks) < self.seats:
                self._tasks.add(asyncio.create_task(self._run(self.started), name=str(self.started)))
                self.started += 1
            if not self._tasks:
                raise StopAsyncIteration
            done, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            self._done = sorted(done, key=lambda task: int(task.get_name()))
        return self._done.pop(0).result()

    async def _run(self, number: int) -> T:
        return await self._work(number)
