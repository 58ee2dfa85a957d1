"""Replay: does this engine draw the tokens again that a trace says were drawn?

What happened to each chain is done to a new one: opened, forked, put words in, rewound, sampled as it was;
and each token that it draws is compared. Random numbers are counter-based, so on the same model all of them
are equal, whatever the strategy was and whatever thinks at the same time: chains go side by side here, too.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from mull.engine.chain import Chain, Engine
from mull.engine.sampling import Sampling
from mull.errors import MullError
from mull.guard.tables import spelled_out
from mull.think.trace import Record, Trace

Progress = Callable[[int, int], None]  # tokens drawn again, of so many
_DONE_TO_CHAINS = ("say", "rewind", "think", "tokens")


@dataclass(frozen=True, slots=True)
class Difference:
    """The first token that is another one: of which chain, where in it, what the trace has, what was drawn.

    `found` is None where the chain ended before.
    """

    chain: int
    position: int
    expected: int
    found: int | None


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it.

    tokens      in the trace that were drawn
    equal       of those, drawn again
    difference  the first one in the order of the trace, None if all are equal
    models      where the engine's model is another than the trace's: what of it, as (traced, here)
    """

    tokens: int
    equal: int
    difference: Difference | None
    models: dict[str, tuple[str, str]]


async def replay(trace: Trace, engine: Engine, *, progress: Progress | None = None) -> Replay:
    """Do again on `engine` what the trace says. Raises MullError for what cannot be done there."""
    run = _Run(trace, engine, progress)
    try:
        await run.whole()
    finally:
        await run.leave()
    return Replay(run.tokens, run.equal, run.first[1] if run.first else None, _models(trace, engine))


def _models(trace: Trace, engine: Engine) -> dict[str, tuple[str, str]]:
    traced, here = trace.records[0].get("model", {}), engine.model
    both = {name: (str(traced.get(name, "")), here.get(name, "")) for name in (*traced, *here)}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


class _Run:
    def __init__(self, trace: Trace, engine: Engine, progress: Progress | None) -> None:
        self.engine, self.progress = engine, progress
        self.lives: dict[int, list[tuple[int, Record]]] = defaultdict(list)  # what was done to each chain
        self.opens: list[tuple[int, Record]] = []
        for number, record in enumerate(trace, 1):
            if record["op"] == "open":
                self.opens.append((number, record))
            elif record["op"] == "fork":
                self.lives[record["parent"]].append((number, record))
            elif record["op"] in _DONE_TO_CHAINS:
                self.lives[record["chain"]].append((number, record))
        self.tokens = sum(len(record["ids"]) for record in trace if record["op"] == "tokens")
        self.equal = 0
        self.first: tuple[int, Difference] | None = None  # and the number of its record
        self.roots: list[Chain] = []
        self.tasks: set[asyncio.Task[None]] = set()

    async def whole(self) -> None:
        for number, record in self.opens:
            if self._over(number):
                break
            chain = self.engine.open(
                record["prompt"],
                seed=record["seed"],
                sampling=self._sampling(record),
                counted=record["counted"],
            )
            self.roots.append(chain)
            self._begin(record["chain"], chain)
        while self.tasks:
            done, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
            self.tasks -= done  # and those that were begun meanwhile stay
            for task in done:
                task.result()

    async def leave(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for chain in self.roots:
            chain.stop("replayed")

    def _sampling(self, record: Record) -> Sampling:
        return Sampling.of_json(spelled_out(record["sampling"], self.engine.tokenizer))

    def _begin(self, number: int, chain: Chain) -> None:
        self.tasks.add(asyncio.create_task(self._live(number, chain)))

    def _over(self, number: int) -> bool:
        """Whether a record comes behind the first difference."""
        return self.first is not None and number > self.first[0]

    async def _live(self, which: int, chain: Chain) -> None:
        """Do to a chain what was done to it; its forks live beside it."""
        life = self.lives[which]
        for number, record in life:
            if self._over(number):
                return
            match record["op"]:
                case "think" if "sampling" in record:
                    chain.sampling = self._sampling(record)
                case "tokens":
                    found = await self._draw(number, chain, record)
                    if found is not None:
                        self.first = (number, found)
                        return
                case "say":
                    chain.say(record["ids"])
                case "rewind":
                    chain.rewind(record["to"])
                    chain.stream = record["stream"]
                case "fork":
                    if len(chain) != record["at"]:
                        lengths = f"at {record['at']} tokens, where it has {len(chain)}"
                        raise MullError(f"record {number} of the trace forks chain {which} {lengths}.")
                    (child,) = chain.fork(counted=record["counted"])
                    child.stream = record["stream"]
                    self._begin(record["chain"], child)
        if not any(record["op"] == "fork" for _, record in life):  # else its forks would be stopped with it
            chain.stop("replayed")

    async def _draw(self, number: int, chain: Chain, record: Record) -> Difference | None:
        expected: list[int] = record["ids"]
        start = len(chain)
        await chain.think(len(expected))
        if self._over(number):
            return None
        found = chain.ids[start:]
        if found == expected:
            self.equal += len(expected)
            if self.progress is not None:
                self.progress(self.equal, self.tokens)
            return None
        at = next((i for i, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b), len(found))
        return Difference(record["chain"], start + at, expected[at], found[at] if at < len(found) else None)
