"""One running request: what it was asked, what has come of it so far, and how it ends.

Whatever the API, a run is the one source of what is said: pieces of thoughts and answers, what is taken
back of them, and, where it is wanted, every record of the trace. Its task is cancelled when the client goes;
leaving it frees every chain.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from mull.engine import Engine
from mull.serve.control import Action
from mull.serve.errors import ApiError
from mull.serve.limits import Places

SILENCE = 15.0
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class House:
    """Where runs take place.

    caller  whose they are
    salt    prefixes of prompts are found again only with the same
    over    called with each run when it has ended, however
    """

    engine: Engine
    places: Places
    caller: str
    salt: bytes
    over: Callable[[Run[Any]], None]


@dataclass(slots=True)
class Times:
    """Moments of a run, by the monotonic clock."""

    asked: float = field(default_factory=time.monotonic)
    begun: float | None = None
    first: float | None = None  # text of any kind
    answering: float | None = None
    done: float | None = None


class Run(ABC, Generic[Item]):
    """Begins at once. `items` gives what happens, `wait` the end."""

    def __init__(self, house: House, prefix: str) -> None:
        self.id = prefix + secrets.token_hex(12)
        self.caller, self.created = house.caller, int(time.time())
        self.times = Times()
        self.stopped = False
        self._house = house
        self._items: list[Item] = []
        self._fresh = asyncio.Event()
        self.task = asyncio.create_task(self._in_place())
        self.task.add_done_callback(self._end)

    def wish(self, action: Action, text: str = "") -> None:
        """Do what was said to it while it runs. Raises ApiError for what it does not do."""
        if action != "stop":
            raise ApiError(
                400, f"this request cannot be told to {action}.", code="invalid_value", param="action"
            )
        self.stopped = True
        self.task.cancel()

    def hurry(self) -> None:
        """The server is about to end: come to the answer now. Not every run has something to hurry."""
        return

    @property
    @abstractmethod
    def tokens(self) -> tuple[int, int, int, int]:
        """So far: of the prompt, of it found in memory, generated, and of these thoughts."""

    async def wait(self) -> None:
        """Until it is over. Raises what it failed with; one that was told to stop has not failed."""
        try:
            await asyncio.shield(self.task)
        except asyncio.CancelledError:
            if not self.stopped or not self.task.done():
                self.task.cancel()
                raise

    async def items(self) -> AsyncIterator[list[Item]]:
        """All that has happened since the last time, again and again to the end; then as `wait`.

        Nothing, where nothing has happened for `SILENCE` seconds.
        """
        over = False
        while not over:
            silent = not self._fresh.is_set() and not await self._stirred()
            self._fresh.clear()
            self._gather()
            items, self._items = self._items, []
            over = self.task.done()
            if items or silent:
                yield items
        await self.wait()

    async def _stirred(self) -> bool:
        """Whether something happens before it has been silent for too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENCE):
                return await self._fresh.wait()
        return False

    def _gather(self) -> None:
        """Tell what has come since, where it waits to be asked for."""
        return

    @abstractmethod
    async def _work(self) -> None:
        """What is done in its place."""

    async def _in_place(self) -> None:
        async with self._house.places.place(self.caller):
            self.times.begun = time.monotonic()
            await self._work()

    def _tell(self, item: Item) -> None:
        self._items.append(item)
        self._fresh.set()

    def _end(self, task: asyncio.Task[None]) -> None:
        self.times.done = time.monotonic()
        self._fresh.set()
        if not task.cancelled():
            task.exception()  # seen: whoever waits raises it
        self._house.over(self)
