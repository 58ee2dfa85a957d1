"""One running request: what it was asked, what has come of it so far, and how it ends.

Whatever the API, a run is the one source of what is said: pieces of thoughts and answers, what is taken
back of them, and, where it is wanted, every record of the trace. Its task is cancelled when the client goes;
leaving it frees every chain.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from mull import api
from mull.audit import Policy
from mull.engine import Engine
from mull.engine.sampling import mix
from mull.serve.ask import Ask
from mull.serve.control import Action, Control
from mull.serve.course import Course
from mull.serve.limits import Places
from mull.serve.voice import Said, Unsaid, Voice
from mull.think.answer import Answer
from mull.think.trace import Record, Trace

FRAMING = ("trace", "note", "answer")  # records that are made outside of the course


@dataclass(slots=True)
class Choice:
    """One of the answers that a request wants.

    course   its engine
    voice    what it has said so far
    records  notes of strategies and guards
    answer   None until it is there
    """

    index: int
    seed: int
    course: Course
    voice: Voice
    records: list[Record] = field(default_factory=list)
    answer: Answer | None = None

    @property
    def text(self) -> str:
        """The answer so far, up to where a stop string begins."""
        return self.voice.said["answer"]

    @property
    def thoughts(self) -> str:
        return self.answer.thoughts if self.answer else self.voice.said["thought"]

    def notes(self, kind: str) -> list[Record]:
        return [record for record in self.records if record.get("kind") == kind]


@dataclass(frozen=True, slots=True)
class Item:
    """What has just happened to one choice: something said, taken back or recorded, or its end."""

    choice: Choice
    what: Said | Unsaid | Record | None


@dataclass(slots=True)
class Times:
    """Moments of a run, by the monotonic clock."""

    asked: float = field(default_factory=time.monotonic)
    begun: float | None = None
    first: float | None = None  # text of any kind
    answering: float | None = None
    done: float | None = None


class Run:
    """Begins at once. `items` gives what happens, `wait` the end."""

    def __init__(
        self,
        ask: Ask,
        engine: Engine,
        places: Places,
        *,
        caller: str,
        salt: bytes = b"",
        prefix: str = "chatcmpl-",
        policy: Policy | None = None,
        over: Callable[[Run], None] | None = None,
    ) -> None:
        """`over` is called when it has ended, however."""
        self.id = prefix + secrets.token_hex(12)
        self.ask, self.caller, self.created = ask, caller, int(time.time())
        self.control, self.times = Control(), Times()
        self.stopped = False
        self._engine, self._places, self._policy = engine, places, policy
        self.choices = [self._choice(index, salt) for index in range(ask.n)]
        self._items: list[Item] = []
        self._fresh = asyncio.Event()
        self.task = asyncio.create_task(self._work())
        self.task.add_done_callback(lambda _: self._end(over))

    def wish(self, action: Action, text: str = "") -> None:
        """Fulfil what was said to it while it runs."""
        if action == "stop":
            self.stopped = True
            self.task.cancel()
        else:
            self.control.wish(action, text)

    async def wait(self) -> None:
        """Until it is over. Raises what it failed with; one that was told to stop has not failed."""
        try:
            await asyncio.shield(self.task)
        except asyncio.CancelledError:
            if not self.stopped or not self.task.done():
                self.task.cancel()
                raise

    async def items(self) -> AsyncIterator[list[Item]]:
        """All that has happened since the last time, again and again to the end; then as `wait`."""
        while True:
            await self._fresh.wait()
            self._fresh.clear()
            items, self._items = self._items, []
            over = self.task.done()
            if items:
                yield items
            if over:
                break
        await self.wait()

    async def _work(self) -> None:
        async with self._places.place(self.caller), asyncio.TaskGroup() as group:
            self.times.begun = time.monotonic()
            for choice in self.choices:
                group.create_task(self._answer(choice))

    def _choice(self, index: int, salt: bytes) -> Choice:
        """Nothing is computed yet; but all that will be goes through it."""
        ask = self.ask
        voice = Voice(self._engine.format, lambda said: self._tell(choice, said), ask.stops)
        course = Course(
            self._engine,
            self.control,
            trace=Trace(listen=lambda record: self._hear(choice, record)),
            begun=ask.begun,
            salt=salt,
            voice=voice if ask.live else None,
        )
        choice = Choice(index, mix(ask.seed, index) if index else ask.seed, course, voice)
        return choice

    async def _answer(self, choice: Choice) -> None:
        def frame(record: Record) -> None:
            if record["op"] in FRAMING:
                self._hear(choice, record)

        ask = self.ask
        answer = await api.answer(
            ask.question,
            engine=choice.course,
            strategy=ask.strategy,
            effort=ask.effort,
            budget=ask.budget(self._engine),
            line=ask.line(self._engine, self.control),
            seed=choice.seed,
            trace=Trace(listen=frame),
            watch=ask.watches(),
            policy=self._policy,
            **ask.options,
        )
        choice.voice.end(answer.thoughts, answer.text)
        choice.answer = answer
        self._tell(choice, None)

    def _hear(self, choice: Choice, record: Record) -> None:
        if record["op"] == "note":
            choice.records.append(record)
        if self.ask.trace:
            self._tell(choice, record)

    def _tell(self, choice: Choice, what: Said | Unsaid | Record | None) -> None:
        if isinstance(what, Said):
            now = time.monotonic()
            self.times.first = self.times.first or now
            if what.kind == "answer":
                self.times.answering = self.times.answering or now
        self._items.append(Item(choice, what))
        self._fresh.set()

    def _end(self, over: Callable[[Run], None] | None) -> None:
        self.times.done = time.monotonic()
        self._fresh.set()
        if over is not None:
            over(self)
