"""What guards are: watches that see trouble, and a policy that turns what they saw into a rescue.

Detection and policy are separate: a watch only raises an event, and a guard's policy, which remembers what
it has done to this chain, rewinds it, puts words in, and says how to go on. Whoever runs the chain does the
rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mull.engine.chain import Chain
from mull.engine.events import Event
from mull.engine.watch import Watch
from mull.model.formats import Kind


@dataclass(frozen=True, slots=True)
class GoOn:
    """Think on.

    forbid       ids that must not be the very next token
    tokens       for so many tokens the rest holds, and no penalty on changing one's mind (see `Tip`)
    temperature  at least this
    bias         added to the logits of single tokens
    """

    forbid: Sequence[int] = ()
    tokens: int = 0
    temperature: float = 0.0
    bias: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Doubt(GoOn):
    """Think on, and find out by probes whether it is in vain: what would be answered now?

    every  tokens between two probes
    agree  so many equal answers in a row end the thoughts
    most   probes that are made; where they have not agreed, the doubt is dropped
    """

    every: int = 128
    agree: int = 3
    most: int = 6


@dataclass(frozen=True, slots=True)
class Close:
    """End the thoughts here and answer from what there is; in the answer, that is how it stays."""


@dataclass(frozen=True, slots=True)
class Drop:
    """This chain is lost."""

    why: str


Remedy = GoOn | Close | Drop  # Doubt is a way to go on
Note = Callable[..., None]  # note(kind, chain, **facts): for the trace, and for the user to see
Policy = Callable[[Chain, Event, Kind, Note], Remedy | None]


class Guard(Protocol):
    """A value: which watches to set, and a fresh policy for each chain."""

    @property
    def watches(self) -> Sequence[Watch]:
        """A look goes on over stretches of thinking; it begins anew where text was put in or taken back."""
        ...

    def start(self) -> Policy:
        """The policy for one chain: given an event and the part of the text it was raised in, does to the
        chain what it takes and returns how to go on; None if the event is not this guard's."""
        ...
