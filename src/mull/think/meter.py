"""The meter: an engine around an engine. What goes through it is counted, bounded and recorded.

A strategy opens its chains on a meter and thinks of nothing else: all chains forked from them, probes and
checks included, share its budget, stand in its ledger and write into its trace. Meters nest: a part of a
strategy gets a meter of its own, with less to spend.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary

from mull.engine.chain import Chain, Counted, Engine
from mull.engine.events import Event, Exhausted, Stopped
from mull.engine.sampling import Sampling
from mull.engine.spend import Spend
from mull.engine.watch import Look, Watch
from mull.errors import MullError
from mull.guard.tables import shortened
from mull.think.budget import Budget, Ledger
from mull.think.trace import Trace

CHUNK = 16  # tokens between two records of a stretch of thinking
ON_TIME = 0.9  # share of the seconds after which thinking ends, so that the answer is there in time


class Meter:
    """An engine for one strategy, or for one part of it."""

    def __init__(self, engine: Engine, budget: Budget | None = None, *, trace: Trace | None = None) -> None:
        """`trace` belongs to the outermost meter; inner ones write into it through her."""
        self.tokenizer = engine.tokenizer
        self.format = engine.format
        self.model = engine.model
        self.context = engine.context
        self.closing = engine.tokenizer.scaffold(engine.format.closing)  # what ends the thoughts
        self.budget = budget or Budget()
        self._engine = engine
        self._outer = engine if isinstance(engine, Meter) else None
        self._trace = trace
        self._numbers = WeakKeyDictionary[Chain, int]()  # probes come and go
        self._made = 0
        self._spends: list[Spend] = []
        self._grants: dict[int, Grant] = {}  # by the identity of the spend that they pay for
        self._settings = WeakKeyDictionary[Chain, Sampling]()  # as last recorded
        self._thinking: set[Chain] = set()
        self._used = 0
        self._reserved = 0
        self._chains = 0
        self._started = perf_counter()

    @property
    def seconds(self) -> float:
        """Since the meter was made."""
        return perf_counter() - self._started

    @property
    def ledger(self) -> Ledger:
        total = Spend()
        for spend in self._spends:
            total += spend
        return Ledger(total, self._chains, self.seconds)

    @property
    def left(self) -> int:
        """Tokens that may still be spent, without those set aside; many where nothing bounds them."""
        mine = 1 << 40
        if self.budget.tokens is not None:
            mine = self.budget.tokens - self._used - self._reserved
        return max(0, min(mine, self._outer.left) if self._outer else mine)

    @property
    def chains_left(self) -> int:
        """Chains that may still be made; many where nothing bounds them."""
        mine = 1 << 20 if self.budget.chains is None else self.budget.chains - self._chains
        return min(mine, self._outer.chains_left) if self._outer else mine

    @property
    def late(self) -> bool:
        """Whether it is time to answer."""
        if self.budget.seconds is not None and self.seconds > ON_TIME * self.budget.seconds:
            return True
        return self._outer is not None and self._outer.late

    @property
    def spent(self) -> bool:
        """Whether nothing more can be thought."""
        return self.left < 2 * len(self._thinking) + 1 or self.late

    @property
    def room(self) -> int:
        """Tokens that can be put in or set aside now, whatever those that think draw before they stop."""
        mine = max(0, self.left - 2 * len(self._thinking))
        return min(mine, self._outer.room) if self._outer else mine

    def affords(self, tokens: int) -> bool:
        return tokens <= self.room

    def reserve(self, tokens: int) -> Grant:
        """Set tokens aside for an answer: thinking stops before it touches them.

        Raises MullError where fewer are left.
        """
        if not self.affords(tokens):
            raise MullError(f"{tokens} tokens are needed for an answer, and {self.room} are left.")
        outer = self._outer.reserve(tokens) if self._outer else None
        self._reserved += tokens
        return Grant(self, tokens, outer)

    def note(self, kind: str, chain: Chain | None = None, **facts: Any) -> None:
        """Write what a strategy or a guard has to say into the trace."""
        if self._outer:
            self._outer.note(kind, chain, **facts)
        elif chain is None:
            self._record("note", kind=kind, **facts)
        else:
            self._record("note", kind=kind, chain=self._numbers[chain], **facts)

    def number(self, chain: Chain) -> int:
        """Of a chain, in the trace."""
        return self._outer.number(chain) if self._outer else self._numbers[chain]

    # What chains ask of their engine

    def open(
        self,
        prompt: Sequence[int],
        *,
        seed: int = 0,
        sampling: Sampling | None = None,
        track_confidence: bool = False,
        counted: Counted = "sampled",
    ) -> Chain:
        """A new chain. With `counted="check"` what it says is a check of another one."""
        if self.chains_left < 1:
            raise MullError(f"the budget of {self.budget.chains} chains is used up.")
        chain = self._engine.open(
            prompt, seed=seed, sampling=sampling, track_confidence=track_confidence, counted=counted
        )
        chain.engine = self
        self._enter(chain)
        self._record("open", chain=self._numbers[chain], prompt=list(prompt), seed=seed,
                     sampling=self._plain(chain.sampling), counted=counted)  # fmt: skip
        return chain

    async def think(self, chain: Chain, max_tokens: int | None, watch: Sequence[Watch]) -> Event:
        grant = self._grants.get(id(chain.spend))
        if grant is None:
            if self.left < 2 * len(self._thinking) + 1:
                return Exhausted(len(chain.ids), "tokens")
            if self.late:
                return Exhausted(len(chain.ids), "seconds")
        else:
            max_tokens = grant.left if max_tokens is None else min(max_tokens, grant.left)
        number = self._numbers[chain]
        changed = self._settings[chain] != chain.sampling
        self._settings[chain] = chain.sampling
        self._record("think", chain=number, **({"sampling": self._plain(chain.sampling)} if changed else {}))
        limit = _Limit(self, chain, grant)
        if grant is None:
            self._thinking.add(chain)
        event: Event | None = None
        try:
            event = await self._engine.think(chain, max_tokens, (*watch, limit))
        finally:
            self._thinking.discard(chain)
            limit.flush()
            told = {"type": "Cancelled"} if event is None else {"type": type(event).__name__, **asdict(event)}
            self._record("event", chain=number, event=told)
        return event

    def forked(self, chain: Chain, child: Chain) -> None:
        if child.counted != "probe" and self.chains_left < 1:
            raise MullError(f"the budget of {self.budget.chains} chains is used up.")
        self._engine.forked(chain, child)
        self._enter(child)
        self._settings[child] = self._settings[chain]
        self._record("fork", chain=self._numbers[child], parent=self._numbers[chain], at=len(child.ids),
                     stream=child.stream, counted=child.counted)  # fmt: skip

    def shortened(self, chain: Chain) -> None:
        self._engine.shortened(chain)
        self._record("rewind", chain=self._numbers[chain], to=len(chain.ids), stream=chain.stream)

    def said(self, chain: Chain, ids: Sequence[int]) -> None:
        self._engine.said(chain, ids)
        self._pay(chain, len(ids))
        pieces = chain.pieces[len(chain.pieces) - len(ids) :]
        self._record("say", chain=self._numbers[chain], ids=list(ids), pieces=pieces)

    def stopped(self, chain: Chain, event: Stopped) -> None:
        self._engine.stopped(chain, event)
        self._record("stop", chain=self._numbers[chain], why=event.why)

    def count(self, spend: Spend, kind: str, tokens: int) -> None:
        self._engine.count(spend, kind, tokens)

    # Inside

    def _enter(self, chain: Chain) -> None:
        self._numbers[chain] = self._made
        self._made += 1
        self._settings[chain] = chain.sampling
        if chain.counted != "probe":  # a probe's spend is the chain's
            self._spends.append(chain.spend)
            self._chains += 1

    def _pay(self, chain: Chain, tokens: int) -> None:
        self._used += tokens
        grant = self._grants.get(id(chain.spend))
        if grant is not None:
            covered = min(tokens, grant.left)
            grant.left -= covered
            self._reserved -= covered

    def _plain(self, sampling: Sampling) -> dict[str, Any]:
        return shortened(sampling.json(), self.tokenizer) if self._trace is not None else {}

    def _record(self, op: str, **facts: Any) -> None:
        if self._trace is not None:
            self._trace.add(op, **facts)


@dataclass(slots=True, eq=False)
class Grant:
    """Tokens set aside. `pay(chain)` lets one chain use them; what is not used goes back with `close`."""

    _meter: Meter
    left: int
    _outer: Grant | None = None

    @contextmanager
    def pay(self, chain: Chain) -> Iterator[None]:
        """Inside, the chain's tokens come out of this grant, and it may go on when all others must stop."""
        grants = self._meter._grants
        grants[id(chain.spend)] = self
        try:
            if self._outer is None:
                yield
            else:
                with self._outer.pay(chain):
                    yield
        finally:
            del grants[id(chain.spend)]

    def close(self) -> None:
        """Give back what is left."""
        self._meter._reserved -= self.left
        self.left = 0
        if self._outer is not None:
            self._outer.close()


@dataclass(slots=True, eq=False)
class _Limit:
    """The meter's own watch: counts each token, records them in chunks, and ends what no budget covers."""

    meter: Meter
    chain: Chain
    grant: Grant | None
    every: int = 1
    seen: int = field(init=False)
    told: int = field(init=False)

    def __post_init__(self) -> None:
        self.seen = self.told = len(self.chain.ids)

    def start(self, chain: Chain) -> Look:
        meter, ids = self.meter, chain.ids
        seconds = meter.budget.seconds

        def look() -> Event | None:
            length = len(ids)
            meter._pay(chain, length - self.seen)
            self.seen = length
            if length - self.told >= CHUNK:
                self.flush()
            if self.grant is None:
                budget = meter.budget.tokens
                # The others may draw once more in this step, and all once more in the next.
                if budget is not None and (
                    budget - meter._used - meter._reserved < 2 * len(meter._thinking) - 1
                ):
                    return Exhausted(length, "tokens")
                if seconds is not None and meter.late:
                    return Exhausted(length, "seconds")
            return None

        return look

    def flush(self) -> None:
        """Record what has not been recorded yet."""
        chain, told = self.chain, self.told
        self.told = len(chain.ids)
        if self.told > told:
            self.meter._record("tokens", chain=self.meter._numbers[chain], ids=chain.ids[told:],
                               pieces=chain.pieces[told - chain.prompt_length :])  # fmt: skip
