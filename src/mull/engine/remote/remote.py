"""The remote engine: chains on servers, over `/v1/completions`.

A stretch of thinking is one request: the chain's tokens are sent, and the server's prefix cache makes that
cheap; what it draws is streamed, and watched here token by token. When a watch ends the stretch early the
request is kept for a moment, so that a chain that goes on as it was loses nothing; when anything else is done
to the chain, the connection is closed and the server stops drawing.

A server that fails loses nothing either: tokens that have come stay in their chain, and the rest is asked of
another server, or of the same one when it is well again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from time import monotonic
from typing import Any

from mull.engine.chain import Chain, Counted
from mull.engine.events import Ended, Event, Spent, Stopped
from mull.engine.remote.abilities import PLAIN, Abilities, spelled
from mull.engine.remote.reply import Read, Reply
from mull.engine.remote.servers import Lost, Server, Servers
from mull.engine.remote.wire import ASKS, Drawn, drawn
from mull.engine.sampling import CONFIDENT, Sampling, mix
from mull.engine.spend import Spend, Statistics
from mull.engine.stretch import check_length, over
from mull.engine.watch import Look, Watch
from mull.errors import Unsupported
from mull.model.formats import Format
from mull.model.tokenizer import Tokenizer

FORBIDDEN = -100.0  # the lowest bias that servers take


@dataclass(slots=True, eq=False)
class Segment:
    """One `think` in progress. `stopped` is set where somebody stopped the chain meanwhile."""

    chain: Chain
    limit: int
    started: int
    looks: list[tuple[int, Look]]
    reader: asyncio.Task[Event] | None = None
    stopped: Stopped | None = None


@dataclass(slots=True, eq=False)
class Request:
    """What was asked of a server for a chain.

    prompt   tokens that were sent, of which the chain had `known` computed before
    at       the chain's length at which the next token of the reply stands
    left     tokens that the server may still draw
    release  drops it when it has been kept for long enough
    """

    reply: Reply
    sampling: Sampling
    prompt: int
    known: int
    at: int
    left: int
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    release: asyncio.TimerHandle | None = None


class RemoteEngine:
    """Holds chains and has servers think for them. See `mull.connect` for the usual way to get one.

    hold  seconds a request is kept for a chain that may go on as it was; None: as long as the chain lives
    """

    hold: float | None = 2.0

    def __init__(
        self,
        servers: Servers,
        abilities: Abilities,
        tokenizer: Tokenizer,
        format: Format,
        stop_ids: frozenset[int],
        *,
        name: str,
        context: int,
        sampling: Sampling | None = None,
        model: Mapping[str, str] | None = None,
    ) -> None:
        """`name` is the model's on the server; `model` is kept for the record; see `Engine`."""
        self.servers = servers
        self.abilities = abilities
        self.tokenizer = tokenizer
        self.format = format
        self.stop_ids = stop_ids
        self.context = context
        self.sampling = sampling or Sampling()
        self.model = model or {"name": name}
        self.statistics = Statistics()
        self._name = name
        end = tokenizer.control.get("<|im_end|>")
        self._end = end if end in stop_ids and end is not None else min(stop_ids)
        self._roots = count()
        self._homes: dict[Chain, Server] = {}
        self._thinking: dict[Chain, Segment] = {}
        self._kept: dict[Chain, Request] = {}
        self._closing: set[asyncio.Task[None]] = set()

    # What strategies see

    def open(
        self,
        prompt: Sequence[int],
        *,
        seed: int = 0,
        sampling: Sampling | None = None,
        track_confidence: bool = False,
        counted: Counted = "sampled",
    ) -> Chain:
        """A new chain. Raises Unsupported for what the servers cannot do."""
        check_length(prompt, self.context, "start the server with a longer context")
        if track_confidence and not self.abilities.confident:
            raise Unsupported(f"{self._who} does not tell the {CONFIDENT} likeliest tokens: no confidences.")
        settings = sampling or self.sampling
        self._check(settings)
        chain = Chain(self, prompt, mix(seed), settings, next(self._roots), track_confidence, counted)
        self._prompt(chain)
        return chain

    def close(self) -> None:
        """Nothing is held beyond an event loop; `aclose` closes what is open in this one."""

    async def aclose(self) -> None:
        """Hang up everywhere. Chains must not be used afterwards."""
        for chain in list(self._kept):
            self._drop(chain)
        await asyncio.gather(*self._closing)
        await self.servers.close()

    # What chains ask of their engine

    async def think(self, chain: Chain, max_tokens: int | None, watch: Sequence[Watch]) -> Event:
        started = len(chain.ids)
        if started >= self.context:
            return Ended(started, "context")
        if max_tokens is not None and max_tokens <= 0:
            return Spent(started, 0)
        self._check(chain.sampling)
        if chain.top > self.abilities.logprobs:
            raise Unsupported(f"{self._who} tells the {self.abilities.logprobs} likeliest tokens at most.")
        limit = self.context if max_tokens is None else min(started + max_tokens, self.context)
        segment = Segment(chain, limit, started, [(each.every, each.start(chain)) for each in watch])
        chain.thinking = True
        self._thinking[chain] = segment
        self.statistics.peak_chains = max(self.statistics.peak_chains, len(self._thinking))
        segment.reader = asyncio.create_task(self._draw(segment))
        try:
            return await segment.reader
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if segment.stopped is None or (task is not None and task.cancelling()):
                raise
            return segment.stopped
        finally:
            chain.thinking = False
            del self._thinking[chain]

    def forked(self, chain: Chain, child: Chain) -> None:
        if chain in self._homes:
            self._homes[child] = self._homes[chain]

    def shortened(self, chain: Chain) -> None:
        self._drop(chain)

    def affords(self, tokens: int) -> bool:
        return True

    def said(self, chain: Chain, ids: Sequence[int]) -> None:
        self._drop(chain)
        self.count(chain.spend, chain.forced_as, len(ids))

    def stopped(self, chain: Chain, event: Stopped) -> None:
        segment = self._thinking.get(chain)
        if segment is not None and segment.reader is not None:
            segment.stopped = event
            segment.reader.cancel()
        self._drop(chain)
        self._homes.pop(chain, None)

    def count(self, spend: Spend, kind: str, tokens: int) -> None:
        self.statistics.count(spend, kind, tokens)

    # Thinking

    async def _draw(self, segment: Segment) -> Event:
        """Draw until an event, from as many requests as that takes."""
        since = monotonic()
        chain = segment.chain
        while True:
            request = self._resumed(chain)
            if request is None:
                request = await self._begin(segment, since)
            length = len(chain.ids)
            try:
                event = await self._read(segment, request)
            except Lost as lost:
                self._settle(chain, request)
                request.reply.fail(lost)
                await request.reply.close()
                since = monotonic() if len(chain.ids) > length else since
                if broken := self._broken(chain, lost):
                    return broken
                continue
            except BaseException:
                self._settle(chain, request)
                await request.reply.close()
                raise
            if not request.reply.ready and (request.left <= 0 or request.reply.finished):
                await request.reply.drain()
                self._settle(chain, request)
            elif event is not None:
                self._keep(chain, request)
            if event is not None:
                return event
            since = monotonic()

    async def _begin(self, segment: Segment, since: float) -> Request:
        """Ask for the rest of the segment."""
        chain = segment.chain
        length = len(chain.ids)
        path, body = self._body(chain, segment.limit - length)
        server, response = await self.servers.begin(path, body, self._homes.get(chain), since)
        if chain.closed is None:
            self._homes[chain] = server
        self.statistics.steps += 1
        reply = Reply(self.servers, server, response, self._reader(chain))
        known = length - chain.pending
        return Request(reply, chain.sampling, length, known, length, body["max_tokens"])

    async def _read(self, segment: Segment, request: Request) -> Event | None:
        """Take what comes, up to an event; None where the reply is over and the segment is not."""
        chain, reply = segment.chain, request.reply
        while (token := await reply.next()) is not None:
            chain.pending = 0  # all that came before has been computed
            request.at += 1
            request.left -= 1
            if event := self._take(segment, token):
                return event
        if reply.finished == "stop":  # on a token that it does not name
            return self._take(segment, Drawn(self._end))
        if len(chain.ids) > request.prompt:
            return None
        raise Lost(f"it drew nothing and said {reply.finished!r}")

    def _broken(self, chain: Chain, lost: Lost) -> Event | None:
        """What a reply that breaks off means for the chain: nothing, the rest is asked for again."""
        return None

    def _take(self, segment: Segment, new: Drawn) -> Event | None:
        """One more token in the chain, and the event that it raises."""
        chain, sampling = segment.chain, segment.chain.sampling
        stop = new.token in (self.stop_ids if sampling.stop_ids is None else sampling.stop_ids)
        if chain.top:
            chain.likeliest[len(chain.ids)] = list(new.likeliest)
        chain.append(new.token, new.logprob, new.confidence, drawn=True, silent=stop)
        self.count(chain.spend, chain.counted, 1)
        end = over(chain, segment.started, segment.limit, stop=stop)
        seen: Event | None = None
        for every, look in segment.looks:
            if end is not None or (len(chain.ids) - segment.started) % every == 0:
                event = look()
                seen = seen or event
        return seen or end

    # Requests between two stretches

    def _keep(self, chain: Chain, request: Request) -> None:
        """For a chain that may go on as it was."""
        if chain.closed is not None:
            self._hang_up(chain, request)
            return
        if self.hold is not None:
            request.release = request.loop.call_later(self.hold, self._drop, chain)
        self._kept[chain] = request

    def _resumed(self, chain: Chain) -> Request | None:
        """The request that was kept, if the chain goes on as it was."""
        request = self._kept.get(chain)
        if request is None:
            return None
        here = request.loop is asyncio.get_running_loop()
        if not here or request.at != len(chain.ids) or request.sampling != chain.sampling:
            self._drop(chain)
            return None
        del self._kept[chain]
        if request.release is not None:
            request.release.cancel()
        return request

    def _drop(self, chain: Chain) -> None:
        request = self._kept.pop(chain, None)
        if request is not None:
            if request.release is not None:
                request.release.cancel()
            self._hang_up(chain, request)

    def _hang_up(self, chain: Chain, request: Request) -> None:
        self._settle(chain, request)
        request.reply.leave()
        if not request.loop.is_closed():  # else its connections were closed with it
            task = request.loop.create_task(request.reply.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _settle(self, chain: Chain, request: Request) -> None:
        """Count what a request cost beside the tokens in the chain.

        Where a server does not tell what it had in its cache, it is taken to have had the chain's own tokens
        if it tells so at other times, else none.
        """
        told = request.reply.cached
        if told is None:
            if request.at == request.prompt:
                return  # nothing has come: nobody knows whether anything was computed
            told = request.known if self.abilities.cache else 0
        self.count(chain.spend, "cached", max(0, told - request.known))
        self.count(chain.spend, "prefill", request.prompt - max(request.known, told))
        self.count(chain.spend, "recomputed", max(0, request.known - told) + len(request.reply.ready))
        request.reply.ready.clear()

    # What is asked

    def _prompt(self, chain: Chain) -> list[int] | str:
        """The chain's tokens, or their text, where that says the same."""
        if self.abilities.tokens:
            return chain.ids
        text = self.tokenizer.decode(chain.ids)
        control = frozenset(self.tokenizer.control.values())
        if [id for id in self.tokenizer.scaffold(text) if id in control] != [
            i for i in chain.ids if i in control
        ]:
            raise Unsupported(
                f"{self._who} takes prompts as text only, and here the name of a control token stands in it, "
                "which would be taken for the token. Leave it out, or use a server that takes token ids."
            )
        return text

    def _body(self, chain: Chain, tokens: int) -> tuple[str, dict[str, Any]]:
        """Where it is asked for so many tokens, and with what words."""
        sampling, can = chain.sampling, self.abilities
        body = {**self._settings(chain), **ASKS[can.ids], "prompt": self._prompt(chain), "max_tokens": tokens}
        if can.logprobs:
            body["logprobs"] = max(1, CONFIDENT if chain.track_confidence else 0, chain.top)
        if can.stop_ids:
            stops = self.stop_ids if sampling.stop_ids is None else sampling.stop_ids
            body["stop_token_ids"] = sorted(stops)
            if not stops >= self.stop_ids:
                body["ignore_eos"] = True
        if sampling.bias:
            body["logit_bias"] = {
                str(token): max(FORBIDDEN, min(-FORBIDDEN, value)) for token, value in sampling.bias.items()
            }
        if chain.salt and can.salt:
            body["cache_salt"] = blake2b(chain.salt, digest_size=16).hexdigest()
        return "/completions", body

    def _settings(self, chain: Chain) -> dict[str, Any]:
        """What completions and chats have in common."""
        sampling = chain.sampling
        body: dict[str, Any] = {
            "model": self._name,
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": mix(chain.stream, len(chain.ids)) & 0x7FFFFFFF,
        }
        if self.abilities.plain:
            body |= spelled({name: getattr(sampling, name) for name in PLAIN})
        return body

    def _reader(self, chain: Chain) -> Read:
        """Reads the tokens out of one reply."""

        def read(choice: Mapping[str, Any]) -> list[Drawn]:
            return drawn(choice, self.abilities.ids, self.tokenizer, top=chain.top)

        return read

    def _check(self, sampling: Sampling) -> None:
        """Raises Unsupported for settings that the servers would not keep to."""
        can = self.abilities
        for name, off in PLAIN.items():
            if getattr(sampling, name) != off and not can.top_k:
                raise Unsupported(f"{self._who} does not keep to {name}: set it to {off:g}, or leave it out.")
        if sampling.bias and not can.bias:
            raise Unsupported(
                f"{self._who} does not keep to logit_bias, which guards and the closing of thoughts need "
                "(in Python: Line(soft=0, guards=())). Use a server that does."
            )
        if not sampling.temperature <= 2:
            raise Unsupported(f"servers take temperatures up to 2, not {sampling.temperature:g}.")
        if sampling.stop_ids is not None and not can.stop_ids:
            raise Unsupported(f"{self._who} does not keep to stop_token_ids.")

    @property
    def _who(self) -> str:
        return self.servers.all[0].url
