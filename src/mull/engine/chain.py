"""A chain: one line of thought, and everything a strategy may do to it.

Chains are handles. The program that steers them is ordinary Python in the parent's coroutine; the
engine batches whatever is thinking. All operations but `stop` need the chain to be at rest, that is,
not inside `await chain.think(...)`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, Self

from mull.engine.events import Event, Stopped
from mull.engine.sampling import Sampling, mix
from mull.engine.spend import Spend
from mull.engine.watch import Watch
from mull.errors import MullError

if TYPE_CHECKING:
    from mull.model.formats import Format
    from mull.model.tokenizer import Tokenizer

Counted = Literal["sampled", "probe", "check"]


class Engine(Protocol):
    """What holds chains and makes them think: the local engine, the scripted one, a remote one.

    `model` says, for the record, what computes here: name, fingerprint, runner, dtype, as far as known.
    """

    model: Mapping[str, str]
    tokenizer: Tokenizer
    format: Format
    context: int

    def open(
        self,
        prompt: Sequence[int],
        *,
        seed: int = 0,
        sampling: Sampling | None = None,
        track_confidence: bool = False,
        counted: Counted = "sampled",
    ) -> Chain: ...

    async def think(self, chain: Chain, max_tokens: int | None, watch: Sequence[Watch]) -> Event: ...

    def forked(self, chain: Chain, child: Chain) -> None:
        """`child` has just been made; give it a share in what `chain` holds."""
        ...

    def shortened(self, chain: Chain) -> None:
        """`chain.ids` has lost its tail; free what belonged to it."""
        ...

    def affords(self, tokens: int) -> bool:
        """Whether so many tokens may be put in now."""
        ...

    def said(self, chain: Chain, ids: Sequence[int]) -> None:
        """`ids` have just been forced onto `chain`: count them."""
        ...

    def stopped(self, chain: Chain, event: Stopped) -> None:
        """Leave the batch before the next step, and free everything."""
        ...

    def count(self, spend: Spend, kind: str, tokens: int) -> None:
        """Add to a chain's spend and to the engine's own counters."""
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a chain to rewind to."""

    length: int
    forks: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What a chain would say after a lead, found out in a fork that is gone."""

    text: str
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    event: Event


class Chain:
    """Prompt plus what was generated and forced since. Made by `engine.open` and `chain.fork`.

    ids          every token, prompt included
    pieces       text of each new token ("" inside a character of several tokens)
    logprobs     natural log of the model's probability of each new token; nan where forced
    confidences  DeepConf token confidences, if the chain was opened with `track_confidence`
    likeliest    by place in `ids`, the `top` likeliest tokens where one was drawn, with their logprobs
    drawn        1 for each new token that was sampled, 0 where forced
    salt         prefixes are found in memory only by chains with the same one
    counted      the kind of spend that drawn tokens are: sampled, or in a fork with a purpose of its own,
                 probe or check, which its forced tokens are then too
    """

    def __init__(
        self,
        engine: Engine,
        prompt: Sequence[int],
        stream: int,
        sampling: Sampling,
        root: int = 0,
        track_confidence: bool = False,
        counted: Counted = "sampled",
    ) -> None:
        self.engine = engine
        self.ids = list(prompt)
        self.prompt_length = len(self.ids)
        self.stream = stream
        self.sampling = sampling
        self.track_confidence = track_confidence
        self.root = root
        self.path: tuple[int, ...] = ()  # (length, ordinal) of each fork on the way here
        self.spend = Spend()
        self.pieces: list[str] = []
        self.logprobs: list[float] = []
        self.confidences: list[float] = []
        self.drawn = bytearray()
        self.counted = counted
        self.salt = b""
        self.top = 0
        self.likeliest: dict[int, list[tuple[int, float]]] = {}
        self.thinking = False
        self.closed: str | None = None
        self.pending = len(self.ids)  # tokens not computed yet; kept by the engine
        self._decoder = engine.tokenizer.decoder()
        self._parent: Chain | None = None
        self._children: set[Chain] = set()
        self._forks = (0, 0)  # (length, forks made at this length)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop("closed")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def new_ids(self) -> list[int]:
        return self.ids[self.prompt_length :]

    @property
    def text(self) -> str:
        """What stands after the prompt."""
        return "".join(self.pieces)

    @property
    def confidence(self) -> float:
        """Mean log-probability of the sampled tokens, as a probability per token; nan before the first.

        Tokens whose probability a server does not tell are left out.
        """
        logprobs = [p for p, drawn in zip(self.logprobs, self.drawn, strict=True) if drawn and p == p]
        return math.exp(sum(logprobs) / len(logprobs)) if logprobs else math.nan

    @property
    def forced_as(self) -> str:
        """The kind of spend that forced tokens are."""
        return "forced" if self.counted == "sampled" else self.counted

    async def think(self, max_tokens: int | None = None, watch: Sequence[Watch] = ()) -> Event:
        """Generate until the model ends its turn, `max_tokens` are spent, or a watch raises an event."""
        self._at_rest("think")
        return await self.engine.think(self, max_tokens, watch)

    def say(self, words: str | Sequence[int]) -> None:
        """Force tokens in. They are computed together with the next step of thinking."""
        self._at_rest("say")
        ids = self.engine.tokenizer.encode(words) if isinstance(words, str) else list(words)
        if len(self.ids) + len(ids) > self.engine.context:
            room = self.engine.context - len(self.ids)
            raise MullError(f"{len(ids)} forced tokens do not fit: the context has room for {room}.")
        for token in ids:
            self.append(token, math.nan, drawn=False)
        self.engine.said(self, ids)

    def append(
        self,
        token: int,
        logprob: float,
        confidence: float = math.nan,
        *,
        drawn: bool,
        silent: bool = False,
    ) -> None:
        """Engine's side: one more token. A `silent` one (a stop token) has no text."""
        self.ids.append(token)
        self.pending += 1
        self.pieces.append("" if silent else self._decoder.push(token))
        self.logprobs.append(logprob)
        self.drawn.append(drawn)
        if self.track_confidence:
            self.confidences.append(confidence)

    def fork(self, n: int = 1, *, counted: Counted | None = None) -> list[Chain]:
        """`n` chains that continue from here, each with random numbers of its own.

        Pages are shared, nothing is computed again. The children are closed with this chain. What probes
        cost is counted in this chain's spend.
        """
        self._at_rest("fork")
        children = []
        for _ in range(n):
            child = Chain.__new__(Chain)
            child.__dict__.update(self.__dict__)
            child.ids = self.ids.copy()
            child.pieces = self.pieces.copy()
            child.logprobs = self.logprobs.copy()
            child.confidences = self.confidences.copy()
            child.likeliest = self.likeliest.copy()
            child.drawn = self.drawn.copy()
            child.stream, child.path = self._branch()
            child.counted = counted or self.counted
            child.spend = self.spend if child.counted == "probe" else Spend()
            child._decoder = self._decoder.copy()
            child._parent = self
            child._children = set()
            child._forks = (0, 0)
            self.engine.forked(self, child)
            self._children.add(child)
            children.append(child)
        return children

    def mark(self) -> Mark:
        """Remember this place."""
        return Mark(len(self.ids), self._forks[1] if self._forks[0] == len(self.ids) else 0)

    def rewind(self, to: Mark | int, *, anew: bool = False) -> None:
        """Go back to a mark, or to a length in tokens; frees the tail's pages.

        From a mark, the same seed takes the same way again, as if what is rewound had never been. With
        `anew` other random numbers decide from here on: those the next fork made here would have had. They
        stay, whatever is rewound later, so that each time `anew` is another way.
        """
        self._at_rest("rewind")
        length = to if isinstance(to, int) else to.length
        if not self.prompt_length <= length <= len(self.ids):
            own = f"{self.prompt_length} to {len(self.ids)}"
            raise MullError(f"cannot rewind to {length}: the chain's own tokens are {own}.")
        if isinstance(to, Mark):
            self._forks = (to.length, to.forks)
        elif length < self._forks[0]:
            self._forks = (0, 0)
        new = length - self.prompt_length
        computed = len(self.ids) - self.pending
        self.engine.count(self.spend, "discarded", len(self.pieces) - new)
        for record in (self.pieces, self.logprobs, self.drawn, self.confidences):
            del record[new:]
        self.likeliest = {place: found for place, found in self.likeliest.items() if place < length}
        del self.ids[length:]
        self._decoder = self.engine.tokenizer.decoder(after=self.ids[max(self.prompt_length, length - 8) :])
        self.pending = length - min(computed, length - 1)  # the last token's logits have to be computed again
        if anew:
            self.stream, self.path = self._branch()
        self.engine.shortened(self)

    def _branch(self) -> tuple[int, tuple[int, ...]]:
        """Stream and path of the next branch from here."""
        length, made = self._forks if self._forks[0] == len(self.ids) else (len(self.ids), 0)
        self._forks = (length, made + 1)
        return mix(self.stream, length, made), (*self.path, length, made)

    @contextmanager
    def steer(
        self,
        *,
        ban: Iterable[int] = (),
        bias: Mapping[int, float] | None = None,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
    ) -> Iterator[None]:
        """Change how this chain samples, inside a `with` block. Steers nest, and their biases add up."""
        self._at_rest("steer")
        before = self.sampling
        added = {token: before.bias.get(token, 0.0) + more for token, more in (bias or {}).items()}
        settings = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p}
        self.sampling = replace(
            before,
            bias={**before.bias, **added, **dict.fromkeys(ban, -math.inf)},
            **{name: value for name, value in settings.items() if value is not None},  # type: ignore[arg-type]
        )
        try:
            yield
        finally:
            self.sampling = before

    async def probe(
        self, lead: str | Sequence[int], max_tokens: int = 24, watch: Sequence[Watch] = ()
    ) -> Probe:
        """What the chain would say after `lead`; the chain itself is not touched.

        Greedy. Its tokens are counted as `probe` in this chain's spend.
        """
        (child,) = self.fork(counted="probe")
        self._forks = (self._forks[0], self._forks[1] - 1)  # a probe must not change later forks
        child.sampling = replace(child.sampling, temperature=0.0)
        try:
            child.say(lead)
            said = len(child.pieces)
            event = await child.think(max_tokens, watch)
        finally:
            child.stop("probed")
        return Probe(
            "".join(child.pieces[said:]), tuple(child.new_ids[said:]), tuple(child.logprobs[said:]), event
        )

    def stop(self, why: str) -> None:
        """Leave the batch before the next step and free all pages, also those of all forks.

        May be called while the chain thinks: `think` then returns `Stopped(why)`.
        """
        for chain in reversed(self._family()):  # forks before what they come from
            if chain._parent is not None:
                chain._parent._children.discard(chain)
            if chain.closed is None:
                chain.closed = why
                self.engine.stopped(chain, Stopped(len(chain.ids), why))

    def _family(self) -> list[Chain]:
        """This chain, and all that come from it, each behind the one it was forked from."""
        found = [self]
        for chain in found:
            found += chain._children
        return found

    def _at_rest(self, operation: str) -> None:
        if self.closed is not None:
            raise MullError(f"cannot {operation}: the chain was stopped ({self.closed}).")
        if self.thinking:
            raise MullError(f"cannot {operation}: the chain is thinking. Await it first, or stop it.")
