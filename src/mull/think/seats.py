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
    raised where its result was awaited. With `in_order` results come by their number, so that what is made
    of them does not depend on which was done first.
    """

    def __init__(
        self, work: Callable[[int], Awaitable[T]], *, total: int, seats: int, in_order: bool = False
    ) -> None:
        self.total = total
        self.seats = seats
        self.in_order = in_order
        self.started = 0
        self.given = 0
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
        await asyncio.gather(*self._tasks, *self._done, return_exceptions=True)  # errors of others, too
        self._tasks.clear()

    @property
    def alive(self) -> int:
        """Work that has not given its result yet, started or not."""
        return len(self._tasks) + len(self._done) + self.total - self.started

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._ready:
            while self.started < self.total and len(self._tasks) < self.seats:
                self._tasks.add(asyncio.create_task(self._run(self.started), name=str(self.started)))
                self.started += 1
            if not self._tasks:
                raise StopAsyncIteration
            done, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            self._done = sorted([*self._done, *done], key=_number)
        self.given += 1
        return self._done.pop(0).result()

    @property
    def _ready(self) -> bool:
        return bool(self._done) and (not self.in_order or _number(self._done[0]) == self.given)

    async def _run(self, number: int) -> T:
        return await self._work(number)


def _number(task: asyncio.Task[T]) -> int:
    return int(task.get_name())
