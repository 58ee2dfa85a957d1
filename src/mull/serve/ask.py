"""A request, whatever its API, as what the engine is asked: a question, a strategy, a line, a budget."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mull.engine import Ended, Engine, Event, Sampling, Watch
from mull.engine.chain import Chain
from mull.engine.watch import Look
from mull.guard.choose import Level, guards
from mull.guard.policy import Guard
from mull.model.tokenizer import LONG
from mull.serve.errors import ApiError, wrong
from mull.think.budget import Budget
from mull.think.line import Line, answer_reserve
from mull.think.question import Question

LEAST = 16  # tokens of an answer
ONE_CHAIN = "think"  # the strategy whose thoughts are shown while they come


@dataclass(frozen=True, slots=True)
class Ask:
    """
    n          answers wanted, each with a seed of its own
    thinking   tokens of thought at most; 0 answers at once, None is no bound
    answer     tokens kept for the answer; None takes the line's own share
    tokens     thoughts and answers together, all chains
    options    of the strategy
    guards     levels of loops, language, claims
    begun      thoughts that thinking starts behind
    logprobs   how many of the likeliest tokens are told with each of the answer; None: nothing is
    trace      whether the caller wants to hear all that happens
    warnings   what the caller should know about the request
    ignored    fields that nothing was done about
    """

    question: Question
    seed: int
    n: int = 1
    strategy: str = ONE_CHAIN
    effort: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    sampling: Mapping[str, Any] = field(default_factory=dict)
    stops: tuple[str, ...] = ()
    thinking: int | None = None
    answer: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    chains: int | None = None
    guards: Mapping[str, str] = field(default_factory=dict)
    begun: str = ""
    logprobs: int | None = None
    trace: bool = False
    warnings: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        """Whether its thoughts can be shown while they come."""
        return self.strategy == ONE_CHAIN

    def prompt(self, engine: Engine) -> list[int]:
        """The ids that the question's chains begin with."""
        none = self.thinking == 0 or (self.thinking is None and self.effort == "none")
        return self.question.prompt(engine, think=not none)

    def watches(self) -> tuple[Watch, ...]:
        return (Stops(self.stops),) if self.stops else ()

    def line(self, engine: Engine, wishes: Guard) -> Line:
        """How each chain is run. A few tokens are too few for thoughts: then all of them are the answer."""
        own = getattr(engine, "sampling", Sampling())
        chosen = guards(self.question.text, **self._levels())
        line = Line(
            sampling=replace(own, **self.sampling) if self.sampling else None,
            thinking=self.thinking,
            answer=self.answer,
            guards=(wishes, *chosen),
        )
        if self._short(engine):
            return replace(line, thinking=0, answer=max(1, (self.tokens or 1) - self._closing(engine)))
        return line

    def budget(self, engine: Engine) -> Budget:
        """For all of it. Closing the thoughts is paid for even where nothing was left for it."""
        tokens = self.tokens
        if tokens is not None and self._short(engine):
            tokens = max(tokens, self._closing(engine) + 1)
        return Budget(tokens=tokens, seconds=self.seconds, chains=self.chains)

    def _short(self, engine: Engine) -> bool:
        return self.tokens is not None and self.tokens < self._closing(engine) + (
            self.answer or answer_reserve(self.tokens)
        )

    def _closing(self, engine: Engine) -> int:
        return len(engine.tokenizer.scaffold(engine.format.closing))

    def _levels(self) -> dict[str, Any]:
        levels: dict[str, Level | str] = {"loops": "rescue", "language": "auto", "claims": "observe"}
        return {**levels, **self.guards}


@dataclass(frozen=True, slots=True)
class Stops:
    """Ends the answer where one of these strings stands in it. Thoughts may say them."""

    strings: tuple[str, ...]
    every: int = 1

    def start(self, chain: Chain) -> Look:
        reader = chain.engine.format.reader()
        longest = max(map(len, self.strings))
        seen, tail = 0, ""

        def look() -> Event | None:
            nonlocal seen, tail
            fresh = "".join(chain.pieces[seen:])
            seen = len(chain.pieces)
            tail = (tail + "".join(text for kind, text in reader.feed(fresh) if kind == "answer"))[
                -2 * longest - len(fresh) :
            ]
            for string in self.strings:
                if string in tail:
                    return Ended(len(chain.ids), "string", string=string)
            return None

        return look


async def check(ask: Ask, engine: Engine) -> None:
    """Raises ApiError for what the engine could not do, while it can still be said with a status.

    A long text is tokenised in a thread, so that no stream waits for it; the tokenizer keeps the ids.
    """
    size = sum(len(message.content) for message in ask.question.messages)
    prompt = await asyncio.to_thread(ask.prompt, engine) if size > LONG else ask.prompt(engine)
    begun = len(engine.tokenizer.encode(ask.begun)) if ask.begun else 0
    least = len(engine.tokenizer.scaffold(engine.format.closing)) + LEAST
    if len(prompt) + begun + least > engine.context:
        raise ApiError(
            400,
            f"the messages have {len(prompt) + begun} tokens; with room for an answer, "
            f"{engine.context - least} is the most that this model can take.",
            code="context_length_exceeded",
            param="messages",
        )
    check_bias(ask.sampling.get("bias", {}), engine)
    guards(ask.question.text, **ask._levels())


def check_bias(bias: Mapping[int, float], engine: Engine) -> None:
    """Raises ApiError for ids that are no tokens."""
    most = engine.tokenizer.vocab_size
    if not all(0 <= token < most for token in bias):
        raise wrong("logit_bias", f"token ids go from 0 to {most - 1}.")
