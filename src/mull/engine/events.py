"""What ends a stretch of thinking. Events are values: they say what was seen and where, and do nothing.

Positions are indices into `chain.ids` unless a field says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Event:
    """Base of every event. `at` is the chain's length in tokens when it was raised."""

    at: int


@dataclass(frozen=True, slots=True)
class Ended(Event):
    """The model ended its turn, hit a stop string, or filled the context.

    `token` is the stop id that was sampled. `string` is the stop string found and `offset` the
    character of `chain.text` where it begins. Both are None when the context is full.
    """

    reason: Literal["token", "string", "context"]
    token: int | None = None
    string: str | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Spent(Event):
    """The segment's `max_tokens` are used up."""

    tokens: int


@dataclass(frozen=True, slots=True)
class Exhausted(Event):
    """The budget that this chain shares with others is used up."""

    what: Literal["tokens", "seconds"]


@dataclass(frozen=True, slots=True)
class Closed(Event):
    """The thoughts are over: the answer begins. `start` is where what closed them begins."""

    start: int


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """A step of the thoughts is over, and what comes next begins at token `start`; nothing has ended.

    Why: a line has ended; a word turns to another thought; the latest tokens were unlikely; or the step
    has as many tokens as it may have.
    """

    start: int
    why: Literal["line", "turn", "unsure", "long"]


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    """Somebody called `chain.stop(why)`."""

    why: str


@dataclass(frozen=True, slots=True)
class Answered(Event):
    """The answer's `\\boxed{...}` is complete; `answer` is what stands in it."""

    answer: str


@dataclass(frozen=True, slots=True)
class Claimed(Event):
    """A statement that can be checked stands in the text: from token `span[0]` up to before `span[1]`.

    `value` is what the statement should say, where it is contradicted.
    """

    span: tuple[int, int]
    text: str
    verdict: Literal["confirmed", "contradicted", "undecided"]
    value: str | None


@dataclass(frozen=True, slots=True)
class Looped(Event):
    """The last tokens are `copies` exact copies of `period` tokens; the first one begins at `start`."""

    start: int
    period: int
    copies: int


@dataclass(frozen=True, slots=True)
class Suspected(Event):
    """The text repeats itself without being an exact loop.

    `ngrams`: share of the latest n-grams that were seen before. `zlib`: how many times smaller the
    latest text becomes by compression.
    """

    measure: Literal["ngrams", "zlib"]
    value: float


@dataclass(frozen=True, slots=True)
class Switched(Event):
    """The text has left one language for another, at token `start` of the thoughts or of the answer."""

    part: Literal["thought", "answer"]
    start: int
    left: str
    found: str
