"""Runs of chats and responses: a question, a strategy, thoughts and answers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from mull import api
from mull.audit import Policy
from mull.engine.sampling import mix
from mull.serve.ask import Ask
from mull.serve.control import Action, Control
from mull.serve.course import Course
from mull.serve.run import House, Run
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
        return self.voice.said("answer")

    @property
    def thoughts(self) -> str:
        return self.answer.thoughts if self.answer else self.voice.said("thought")

    def notes(self, kind: str) -> list[Record]:
        return [record for record in self.records if record.get("kind") == kind]


@dataclass(frozen=True, slots=True)
class Item:
    """What has just happened to one choice: something said, taken back or recorded, or its end."""

    choice: Choice
    what: Said | Unsaid | Record | None


class Answering(Run[Item]):
    """Answers a question, once for each choice."""

    def __init__(
        self, ask: Ask, house: House, policy: Policy | None = None, *, prefix: str = "chatcmpl-"
    ) -> None:
        self.ask = ask
        self.control = Control()
        self._policy = policy
        self._engine = house.engine
        self.choices = [self._choice(index, house.salt) for index in range(ask.n)]
        super().__init__(house, prefix)

    def wish(self, action: Action, text: str = "") -> None:
        if action == "stop":
            super().wish(action)
        else:
            self.control.wish(action, text)

    def hurry(self) -> None:
        self.control.wish("answer_now")

    @property
    def tokens(self) -> tuple[int, int, int, int]:
        prompt = cached = generated = thoughts = 0
        for choice in self.choices:
            spend = choice.course.ledger.tokens
            prompt = max(prompt, choice.course.prompt_tokens)
            cached = max(cached, min(spend.cached, choice.course.prompt_tokens))
            generated += spend.generated
            thoughts += max(0, spend.generated - len(self._engine.tokenizer.encode(choice.text)))
        return prompt, cached, generated, thoughts

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            for choice in self.choices:
                group.create_task(self._answer(choice))

    def _choice(self, index: int, salt: bytes) -> Choice:
        """Nothing is computed yet; but all that will be goes through it."""
        ask = self.ask
        voice = Voice(
            self._engine.format, lambda said: self._say(choice, said), lambda: self._fresh.set(), ask.stops
        )
        course = Course(
            self._engine,
            self.control,
            trace=Trace(listen=lambda record: self._hear(choice, record), keep=False),
            whole=ask.trace,
            begun=ask.begun,
            salt=salt,
            top=ask.logprobs or 0,
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
            trace=Trace(listen=frame, keep=False),
            watch=ask.watches(),
            policy=self._policy,
            **ask.options,
        )
        choice.voice.end(answer.thoughts, answer.text)
        choice.answer = answer
        self._tell(Item(choice, None))

    def _hear(self, choice: Choice, record: Record) -> None:
        if record["op"] == "note":
            choice.records.append(record)
        if self.ask.trace:
            choice.voice.more()  # what was said before it
            self._tell(Item(choice, record))

    def _gather(self) -> None:
        for choice in self.choices:
            choice.voice.more()

    def _say(self, choice: Choice, what: Said | Unsaid) -> None:
        if isinstance(what, Said):
            now = time.monotonic()
            self.times.first = self.times.first or now
            if what.kind == "answer":
                self.times.answering = self.times.answering or now
        self._tell(Item(choice, what))
