"""Watches: pure observers that run inside the engine and raise events. They never act.

A watch is a value; `start` gives it a look at one chain for one stretch of thinking. The engine calls
what `start` returned after every `every` new tokens, and after each piece of a long prompt; whatever
event it returns ends the stretch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mull.engine.events import Answered, Closed, Event

if TYPE_CHECKING:
    from mull.engine.chain import Chain
    from mull.model.formats import Reader

Look = Callable[[], Event | None]


class Watch(Protocol):
    @property
    def every(self) -> int:
        """Tokens between two looks."""
        ...

    def start(self, chain: Chain) -> Look: ...


def reader_of(chain: Chain) -> Reader:
    """Reads what stands behind the chain's prompt."""
    format, control = chain.engine.format, chain.engine.tokenizer.control
    return format.reader(thinking=format.begun(chain.ids[: chain.prompt_length], control))


@dataclass(frozen=True, slots=True)
class Answers:
    """Raises `Answered` when the answer's `\\boxed{...}` is complete."""

    every: int = 1

    def start(self, chain: Chain) -> Look:
        reader = reader_of(chain)
        seen = 0

        def look() -> Event | None:
            nonlocal seen
            fresh = "".join(chain.pieces[seen:])
            seen = len(chain.pieces)
            reader.feed(fresh)
            if reader.phase == "answer" and reader.boxed is not None:
                return Answered(len(chain.ids), reader.boxed)
            return None

        return look


@dataclass(frozen=True, slots=True)
class Closes:
    """Raises `Closed` when the thoughts end in this stretch."""

    every: int = 1

    def start(self, chain: Chain) -> Look:
        reader = reader_of(chain)
        reader.feed(chain.text)
        thinking = reader.phase == "thought"
        seen = len(chain.pieces)
        candidate = seen  # from here on, all may belong to what closes the thoughts

        def look() -> Event | None:
            nonlocal seen, candidate, thinking
            for piece in chain.pieces[seen:]:
                if not reader.holding:
                    candidate = seen
                reader.feed(piece)
                thinking = thinking or reader.phase == "thought"
                seen += 1
            if thinking and reader.phase == "answer":
                return Closed(len(chain.ids), chain.prompt_length + candidate)
            return None

        return look


@dataclass(frozen=True, slots=True)
class Stream:
    """Hands each new piece of text to `show`, as it is generated."""

    show: Callable[[str], None]
    every: int = 1

    def start(self, chain: Chain) -> Look:
        seen = len(chain.pieces)

        def look() -> None:
            nonlocal seen
            fresh = "".join(chain.pieces[seen:])
            seen = len(chain.pieces)
            if fresh:
                self.show(fresh)

        return look


@dataclass(frozen=True, slots=True)
class Progress:
    """Tells `show(done, total)` how much of a long prompt has been computed."""

    show: Callable[[int, int], None]
    every: int = 1 << 30

    def start(self, chain: Chain) -> Look:
        def look() -> None:
            self.show(len(chain.ids) - chain.pending, len(chain.ids))

        return look
