"""Runs of completions: prompts that the model goes on from, each on a chain of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from mull.engine import Chain, Ended, Engine, Event, Sampling
from mull.engine.sampling import mix
from mull.engine.watch import Look
from mull.serve.run import House, Run

CERTAIN = 1e9  # a bias that nothing outweighs


@dataclass(frozen=True, slots=True)
class Complete:
    """Prompts as ids, and how each is gone on from. `logprobs` None: none are wanted."""

    prompts: Sequence[list[int]]
    n: int
    tokens: int
    seed: int
    sampling: Sampling
    echo: bool
    logprobs: int | None


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a completion, or of a prompt that is given back."""

    id: int
    text: str
    logprob: float | None
    likeliest: Sequence[tuple[int, float]] = ()


@dataclass(slots=True)
class Completion:
    """One completion in the making; `reason` and `stop` say how it ended."""

    index: int
    prompt: list[int]
    seed: int
    tokens: list[Token] = field(default_factory=list)
    text: str = ""
    cached: int = 0
    drawn: int = 0
    reason: str | None = None
    stop: str | int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """More of a completion: text that is certain now, and the tokens since."""

    completion: Completion
    text: str
    tokens: Sequence[Token]


class Completing(Run[Piece]):
    """Goes on from prompts."""

    def __init__(self, asked: Complete, house: House) -> None:
        self.asked = asked
        places = [(prompt, sample) for prompt in range(len(asked.prompts)) for sample in range(asked.n)]
        self.completions = [
            Completion(index, asked.prompts[prompt], mix(asked.seed, sample) if sample else asked.seed)
            for index, (prompt, sample) in enumerate(places)
        ]
        super().__init__(house, "cmpl-")

    @property
    def tokens(self) -> tuple[int, int, int, int]:
        prompt = sum(map(len, self.asked.prompts))
        cached = sum(each.cached for each in self.completions[:: self.asked.n])
        return prompt, cached, sum(each.drawn for each in self.completions), 0

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            for completion in self.completions:
                group.create_task(self._complete(completion))

    async def _complete(self, one: Completion) -> None:
        asked, engine = self.asked, self._house.engine
        top = asked.logprobs or 0
        if asked.echo:
            scored = asked.logprobs is not None
            tokens = await self._score(one, top) if scored else _plain(one.prompt, engine)
            self._more(one, "".join(token.text for token in tokens), tokens)
        async with engine.open(one.prompt, seed=one.seed, sampling=asked.sampling) as chain:
            chain.salt, chain.top = self._house.salt, top
            writing = _Writing(self, one)
            event = await chain.think(asked.tokens, (writing,))
            one.cached = min(chain.spend.cached, len(one.prompt))
            writing.end(chain, event)

    async def _score(self, one: Completion, top: int) -> list[Token]:
        """The prompt's tokens with the chances they had: drawn one by one, each the only one that can be."""
        engine, prompt = self._house.engine, one.prompt
        decoder = engine.tokenizer.decoder()
        tokens = [Token(prompt[0], decoder.push(prompt[0]), None)]
        sampling = Sampling(temperature=0, stop_ids=frozenset())
        async with engine.open(prompt[:1], sampling=sampling) as chain:
            chain.salt, chain.top = self._house.salt, top
            for id in prompt[1:]:
                with chain.steer(bias={id: CERTAIN}):
                    await chain.think(1)
                found = chain.likeliest.get(len(chain) - 1, ())
                tokens.append(Token(id, decoder.push(id), chain.logprobs[-1], found))
        return tokens

    def _more(self, one: Completion, text: str, tokens: Sequence[Token]) -> None:
        now = time.monotonic()
        self.times.first = self.times.first or now
        self.times.answering = self.times.answering or now
        one.text += text
        one.tokens += tokens
        self._tell(Piece(one, text, tokens))


class _Writing:
    """Hears each token of one completion; text that may become a stop string waits."""

    every = 1

    def __init__(self, run: Completing, one: Completion) -> None:
        self._run, self._one = run, one
        self._stops = run.asked.sampling.stop
        self._held = max(map(len, self._stops), default=1) - 1
        self._seen = self._given = 0  # tokens, characters
        self._text = ""

    def start(self, chain: Chain) -> Look:
        def look() -> Event | None:
            self._text += "".join(chain.pieces[self._seen :])
            tail = max(0, self._given - self._held)
            stopped = any(self._text.find(stop, tail) >= 0 for stop in self._stops)
            until = self._given if stopped else max(self._given, len(self._text) - self._held)
            self._give(chain, self._text[self._given : until])
            return None

        return look

    def end(self, chain: Chain, event: Event) -> None:
        """What was held back, up to where a stop string begins; and why it is over."""
        one = self._one
        one.reason = "length"
        until = len(self._text)
        if isinstance(event, Ended) and event.reason != "context":
            one.reason = "stop"
            if event.offset is not None:
                one.stop, until = event.string, event.offset
            elif event.token in (self._run.asked.sampling.stop_ids or ()):
                one.stop = event.token
        self._give(chain, self._text[self._given : until])

    def _give(self, chain: Chain, text: str) -> None:
        first, self._seen = self._seen, len(chain.pieces)
        tokens = [
            Token(
                chain.ids[chain.prompt_length + at],
                chain.pieces[at],
                chain.logprobs[at],
                chain.likeliest.get(chain.prompt_length + at, ()),
            )
            for at in range(first, self._seen)
        ]
        self._given += len(text)
        self._one.drawn += len(tokens)
        self._run._more(self._one, text, tokens)


def _plain(prompt: Sequence[int], engine: Engine) -> list[Token]:
    decoder = engine.tokenizer.decoder()
    return [Token(id, decoder.push(id), None) for id in prompt]
