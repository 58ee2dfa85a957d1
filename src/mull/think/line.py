"""One line of thought, from where a chain stands to its answer: the part that all strategies share.

Room for the answer is set aside before the thinking starts, so an answer is never empty: when the room, the
budget or the time for thinking is used up, or a guard says so, the thoughts are closed with the format's
closing words and the answer is drawn from what there is (budget forcing, s1: arXiv 2501.19393).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from mull.engine import (
    Answered,
    Answers,
    Chain,
    Closed,
    Closes,
    Ended,
    Event,
    Paused,
    Sampling,
    Spent,
    Stopped,
    Stream,
    Suspected,
)
from mull.engine.watch import Look, Watch
from mull.errors import MullError
from mull.guard.policy import Doubt, Drop, GoOn, Guard, Remedy
from mull.model.formats import Piece, Tagged, boxed
from mull.think.meter import Meter
from mull.think.probes import Probes, Probing
from mull.think.tip import Tip, Turned, Turns

Status = Literal["finished", "closed", "cut", "dropped", "paused"]
Show = Callable[[Piece], None]  # receives thoughts and answer as they come
MARK = 32  # tokens that what closes the thoughts may have
DIVERSE = 0.8  # temperature of chains that are to differ, where the model's own is 0
SOFT_STEPS, SOFT_BIAS = 5, 2.0  # so often, and each time by so much, the closing tag becomes likelier


@dataclass(frozen=True, slots=True)
class Line:
    """How a line of thought is run.

    sampling   None takes the engine's
    thinking   tokens of thought at most; None takes what context and budget leave, 0 answers at once
    minimum    tokens of thought at least: an earlier end is taken back and `again` put in its place
    answer     tokens set aside for the answer; None takes an eighth of the room, between 16 and 1,024
    soft       the last share of `thinking`, in which the closing tag becomes likelier step by step
    guards     who watches and rescues
    tip        a penalty on changing one's mind too soon
    probes     end the thoughts when the answer that they would give has come to stay
    """

    sampling: Sampling | None = None
    thinking: int | None = None
    minimum: int = 0
    again: str = "\nWait"
    answer: int | None = None
    soft: float = 0.1
    guards: tuple[Guard, ...] = ()
    tip: Tip | None = None
    probes: Probes | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What came of a line of thought.

    status   finished: the model ended its turn, or its box is complete where that was enough;
             closed: its thinking was ended to save room for the answer; cut: the answer hit its limit;
             dropped: given up before an answer; paused: a step is over, `follow` goes on from here
    """

    chain: Chain
    text: str
    final: str | None
    thoughts: str
    status: Status
    confidence: float


async def follow(
    chain: Chain,
    meter: Meter,
    line: Line,
    *,
    show: Show | None = None,
    watch: Sequence[Watch] = (),
    boxed_is_enough: bool = False,
) -> Draft:
    """Run the line on this chain. With `boxed_is_enough` it ends when the answer's box is complete.

    A watch of the caller's that raises `Paused` in the thoughts makes it return there, without an answer.

    Raises MullError if context or budget have no room for even the shortest answer.
    """
    run = _Run(chain, meter, line, show, watch, boxed_is_enough)
    try:
        return await run.whole()
    finally:
        run.grant.close()


def reserve(meter: Meter, line: Line, length: int) -> int:
    """Tokens that a line on a chain of this length sets aside: the closing words, and the answer."""
    room = min(meter.context - length, meter.room)
    return len(meter.closing) + (line.answer or answer_reserve(room))


def fits(meter: Meter, line: Line, length: int) -> bool:
    """Whether a line on a chain of this length has room for at least an answer."""
    return min(meter.context - length, meter.room) >= reserve(meter, line, length)


def vary(chain: Chain, line: Line) -> None:
    """Where the model's own way is greedy, and nobody asked for it, let what follows differ."""
    if line.sampling is None and chain.sampling.temperature == 0:
        chain.sampling = replace(chain.sampling, temperature=DIVERSE)


def answer_reserve(total: int) -> int:
    """Tokens kept for the answer out of `total`: an eighth, between 16 and 1,024."""
    return max(16, min(1024, total // 8))


class _Run:
    """One line on one chain."""

    def __init__(
        self,
        chain: Chain,
        meter: Meter,
        line: Line,
        show: Show | None,
        watch: Sequence[Watch],
        boxed_is_enough: bool,
    ) -> None:
        self.chain, self.meter, self.line, self.show = chain, meter, line, show
        format, tokenizer = meter.format, meter.tokenizer
        room = min(meter.context - len(chain), meter.room)
        aside = reserve(meter, line, len(chain))
        if not fits(meter, line, len(chain)):
            raise MullError(
                f"{room} tokens are too few to think and answer; {aside} is the least. "
                "Raise --max-tokens, or shorten the prompt."
            )
        thinking = room - aside if line.thinking is None else min(line.thinking, room - aside)
        self.limit = len(chain) + thinking
        self.least = len(chain) + line.minimum  # the length before which thinking must not end
        self.soft = self.limit - int(thinking * line.soft) if isinstance(format, Tagged) else self.limit
        self.again = tokenizer.encode(line.again) if line.minimum else []
        self.close_id = tokenizer.control_id(format.close) if isinstance(format, Tagged) else None
        self.tip = line.tip.bias(tokenizer) if line.tip else {}
        self.turned = len(chain)  # where the present thought began
        self.probing: Probing | None = line.probes.start(chain) if line.probes else None
        self.doubted = False  # whether a guard had it probed
        self.lift, self.lifted = GoOn(), 0  # what the latest rescue asks for, up to this length
        self.policies = [guard.start() for guard in line.guards]
        self.kept = [Kept(one) for guard in line.guards for one in guard.watches]
        self.kept += [Kept(Answers())] if boxed_is_enough else []
        self.watches: list[Watch] = [*watch, Stream(self._tell), *self.kept]
        self._read_again()
        self.grant = meter.reserve(aside)

    async def whole(self) -> Draft:
        event = await self._think()
        status: Status = "finished"
        if isinstance(event, Paused) and event.start < len(self.chain):
            self._rewind(event.start)
        if _over(event) and not self.meter.format.split(self.chain.text)[1].strip():
            self._rewind(len(self.chain) - 1)  # it ended its turn without an answer: take that back
            event = Spent(len(self.chain), 0)
        if not _over(event) and not isinstance(event, Stopped | Paused):
            with self.grant.pay(self.chain):
                if self.reader.phase == "thought":
                    status = "closed"
                    self._say(self.meter.closing, self.meter.format.closing)
                event = await self._answer()
        if not _over(event):
            status = "dropped" if isinstance(event, Stopped) else "cut"
            status = "paused" if isinstance(event, Paused) else status
        self._show(self.reader.finish())
        thoughts, text = self.meter.format.split(self.chain.text)
        return Draft(
            self.chain,
            text.strip(),
            boxed(text),
            thoughts.strip(),
            status,
            self.chain.confidence,
        )

    async def _think(self) -> Event:
        """Until the turn, or the room for thinking, ends."""
        chain = self.chain
        while len(chain) < self.limit:
            if await self._probed():
                return Spent(len(chain), 0)
            tokens, settings = self._next()
            with chain.steer(**settings):
                event = await chain.think(tokens, self._watches())
            if isinstance(event, Turned):
                self.turned = len(chain)
            elif isinstance(event, Closed):
                if event.start >= self.least or not self.meter.affords(len(self.again)):
                    continue
                self._rewind(event.start)
                self._say(self.again, self.line.again)
            elif not isinstance(event, Spent):
                remedy = self._remedy(event)
                if not isinstance(remedy, GoOn):
                    return event if remedy is None else self._given_up(remedy)
        return Spent(len(chain), 0)

    async def _probed(self) -> bool:
        """Probe, if one is due; whether the thoughts are over because of it."""
        probing, chain = self.probing, self.chain
        if probing is None or len(chain) < probing.next or self.reader.phase != "thought":
            return False
        agreed = await probing.agree(chain, self.meter)
        if agreed and self.doubted:
            self.meter.note("suspicion", chain, did="closed", answer=probing.row[-1], probes=len(probing.row))
        if probing.over:
            self.probing, self.doubted = None, False
        return agreed

    async def _answer(self) -> Event:
        """The answer after closed thoughts. A rescue may rewind in it; there is nothing left to close."""
        chain = self.chain
        while True:
            until, settings = self._lifting()
            tokens = until - len(chain) if until > len(chain) else None
            with chain.steer(**settings):
                event = await chain.think(tokens, self.watches)
            if isinstance(event, Spent) and tokens is not None and len(chain) == until:
                continue
            remedy = self._remedy(event)
            if not isinstance(remedy, GoOn):
                return event if remedy is None else self._given_up(remedy)

    def _given_up(self, remedy: Remedy) -> Event:
        if isinstance(remedy, Drop):
            self.chain.stop(remedy.why)
            return Stopped(len(self.chain), remedy.why)
        if self.reader.phase == "answer":
            return Answered(len(self.chain), self.reader.boxed or "")
        return Spent(len(self.chain), 0)

    def _remedy(self, event: Event) -> Remedy | None:
        if self.doubted and isinstance(event, Suspected):
            return GoOn()  # that is being looked into
        before = _put(self.chain)
        for policy in self.policies:
            remedy = policy(self.chain, event, self.reader.phase, self.meter.note)
            if remedy is not None:
                if isinstance(remedy, GoOn) and remedy != GoOn():  # who only looks on changes nothing
                    self.lift, self.lifted = remedy, len(self.chain) + remedy.tokens
                if isinstance(remedy, Doubt) and self.probing is None:
                    probes = Probes(remedy.every, after=0, agree=remedy.agree, most=remedy.most)
                    self.probing, self.doubted = probes.start(self.chain), True
                if _put(self.chain) != before:
                    if self.probing:
                        self.probing.forget()
                    self._read_again()
                return remedy
        return None

    def _next(self) -> tuple[int, dict[str, Any]]:
        """How many tokens may be thought before something changes, and how they are sampled."""
        length = len(self.chain)
        until, settings = self._lifting()
        bias = dict(settings.get("bias", {}))
        ends = [until, self.limit]
        if self.line.minimum:
            ends.append(self.least + MARK)
        if self.probing:
            ends.append(self.probing.next)
        begins = length == self.chain.prompt_length
        if self.tip and self.line.tip and (begins or self.reader.phase == "thought"):
            ends.append(self.turned + self.line.tip.tokens)
            if self.lifted <= length < ends[-1]:  # a word that turns may be what leads out of a loop
                bias |= self.tip
        if self.close_id is not None:
            step = max(1, (self.limit - self.soft) // SOFT_STEPS)
            steps = 0 if length < self.soft else (length - self.soft) // step + 1
            ends.append(self.soft + steps * step)
            if steps and self.reader.phase == "thought":
                bias[self.close_id] = SOFT_BIAS * steps
        ends = [end for end in ends if end > length]
        return min(ends) - length, {**settings, "bias": bias}

    def _lifting(self) -> tuple[int, dict[str, Any]]:
        """Up to which length the latest rescue changes the sampling, and how; 0 where it does not."""
        length, lift, settings = len(self.chain), self.lift, dict[str, Any]()
        until = self.lifted
        if lift.forbid:
            settings["ban"], until = lift.forbid, length + 1
            self.lift = GoOn((), lift.tokens, lift.temperature, lift.bias)
        if length < self.lifted:
            settings["bias"] = lift.bias
            settings["temperature"] = max(lift.temperature, self.chain.sampling.temperature)
        return until, settings

    def _watches(self) -> list[Watch]:
        """Those of every stretch, and those that are only of use now."""
        watches = list(self.watches)
        if self.tip:
            watches.append(Turns(frozenset(self.tip)))
        if self.line.minimum and len(self.chain) < self.least + MARK:
            watches.append(Closes())
        return watches

    def _rewind(self, to: int) -> None:
        self.chain.rewind(to)
        self._read_again()

    def _read_again(self) -> None:
        """The reader at the chain's end, after more than its own stretch has changed."""
        self.reader = self.meter.format.reader()
        self.reader.feed(self.chain.text)
        self.turned = min(self.turned, len(self.chain))
        self._forget()

    def _forget(self) -> None:
        """What watches have seen is not what stands there now."""
        for each in self.kept:
            each.look = None

    def _say(self, ids: Sequence[int], text: str) -> None:
        self.chain.say(ids)
        self._tell(text)
        self._forget()

    def _tell(self, text: str) -> None:
        self._show(self.reader.feed(text))

    def _show(self, pieces: Sequence[Piece]) -> None:
        if self.show is not None:
            for piece in pieces:
                self.show(piece)


@dataclass(slots=True, eq=False)
class Kept:
    """A watch that goes on where the last stretch of thinking ended, and need not read all anew."""

    watch: Watch
    look: Look | None = None

    @property
    def every(self) -> int:
        return self.watch.every

    def start(self, chain: Chain) -> Look:
        self.look = self.look or self.watch.start(chain)
        return self.look


def _put(chain: Chain) -> tuple[int, int]:
    """Changes with every token that is put in or taken back."""
    return len(chain), chain.spend.discarded


def _over(event: Event) -> bool:
    return isinstance(event, Answered) or (isinstance(event, Ended) and event.reason != "context")
