"""What can be said to a request that is running: answer now, think more, a hint, stop.

A wish is made an event by a watch and fulfilled by a policy, as everything that guards do: so it holds for
every chain of every strategy, is seen in the trace, and never disturbs a chain that is not thinking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import StringConstraints

from mull.engine import Chain, Closed, Closes, Event, Watch
from mull.engine.watch import Look
from mull.guard.policy import Close, GoOn, Note, Policy, Remedy
from mull.model.formats import Kind
from mull.serve.fields import Ours, Short

Action = Literal["answer_now", "think_more", "hint", "stop"]
AGAIN = "\nWait"  # what a chain that wanted to answer goes on with: s1, arXiv 2501.19393
HINT = 4096  # characters
MORE = 4  # times one request may be told to think more
ROOM = 2  # so many times the length of what is put in must still fit


class ControlRequest(Ours):
    """What is said to a running request; `reasoning_end` is llama.cpp's name for `answer_now`."""

    action: Literal["answer_now", "think_more", "hint", "stop", "reasoning_end"]
    text: Annotated[str, StringConstraints(max_length=HINT)] = ""
    id: Short | None = None


@dataclass(frozen=True, slots=True)
class Wished(Event):
    """Whoever asked has wished something; `known` wishes were there before."""

    known: int


@dataclass(slots=True, eq=False)
class Control:
    """The wishes of one request. It is a guard: each chain fulfils what was wished while it thinks.

    hurry  the answer is wanted now: no chain thinks on, and none is begun
    more   how many ends of thoughts are still taken back, by whichever chains come to one
    said   the wishes so far: a hint's words, or "" for the others
    """

    hurry: bool = False
    more: int = 0
    said: list[str] = field(default_factory=list)

    @property
    def wishes(self) -> int:
        return len(self.said)

    def wish(self, action: Action, text: str = "") -> None:
        """Anything but stop, which ends the request itself."""
        if action == "answer_now":
            self.hurry, self.more = True, 0
        elif action == "think_more":
            self.more = min(self.more + 1, MORE)
        self.said.append(text if action == "hint" else "")

    @property
    def watches(self) -> Sequence[Watch]:
        return (_Wishes(self), _Ends(self))

    def start(self) -> Policy:
        return _Fulfil(self)


@dataclass(frozen=True, slots=True)
class _Wishes:
    """Raises `Wished` once for what was wished since the last time."""

    control: Control
    every: int = 1

    def start(self, chain: Chain) -> Look:
        control, known = self.control, self.control.wishes

        def look() -> Event | None:
            nonlocal known
            before, known = known, control.wishes
            return None if before == known else Wished(len(chain.ids), before)

        return look


@dataclass(frozen=True, slots=True)
class _Ends:
    """Raises `Ending` where thoughts end although more of them are wished."""

    control: Control
    every: int = 1

    def start(self, chain: Chain) -> Look:
        control = self.control
        look_for_end: Look | None = None  # only while more is wished: it reads all of the text

        def look() -> Event | None:
            nonlocal look_for_end
            if not control.more:
                look_for_end = None
                return None
            look_for_end = look_for_end or Closes().start(chain)
            event = look_for_end()
            return Ending(event.at, event.start) if isinstance(event, Closed) else None

        return look


@dataclass(frozen=True, slots=True)
class Ending(Event):
    """The thoughts are over at token `start`, but more of them were wished."""

    start: int


@dataclass(slots=True, eq=False)
class _Fulfil:
    """What one chain does about wishes."""

    control: Control

    def __call__(self, chain: Chain, event: Event, part: Kind, note: Note) -> Remedy | None:
        if isinstance(event, Ending):
            if not self.control.more:
                return GoOn()
            self.control.more -= 1
            return self._again(chain, event, note)
        if not isinstance(event, Wished):
            return None
        if self.control.hurry:
            note("wish", chain, wish="answer_now", did="closed" if part == "thought" else "nothing")
            return Close() if part == "thought" else GoOn()
        hints = [words for words in self.control.said[event.known :] if words]
        if hints:
            ids = chain.engine.tokenizer.encode("".join(f"\n{hint}" for hint in hints) + "\n")
            note("wish", chain, wish="hint", did=_say(chain, ids, part))
        return GoOn()

    def _again(self, chain: Chain, event: Ending, note: Note) -> Remedy:
        ids = chain.engine.tokenizer.encode(AGAIN)
        note("wish", chain, wish="think_more", did=_say(chain, ids, "thought", event.start))
        return GoOn()


def _say(chain: Chain, ids: Sequence[int], part: Kind, back_to: int | None = None) -> str:
    """Put words into thoughts, if there is room for them and for as much again; what was done."""
    if part != "thought" or not chain.engine.affords(len(ids)) or ROOM * len(ids) > _room(chain):
        return "nothing"
    if back_to is not None:
        chain.rewind(back_to)
    chain.say(ids)
    return "said"


def _room(chain: Chain) -> int:
    return chain.engine.context - len(chain)
