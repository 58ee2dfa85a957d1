"""The rescue from loops: keep the good part of the thoughts, and get the chain out of its circle.

A ladder, one rung each time the chain loops: back to where the first copy began, and another way from there;
the same, and a sentence that says so; the thoughts closed there, and an answer from what is good of them; the
chain given up. Engines stop a looping chain, or let it run on: either way there is no answer.

Text that only repeats much of itself is no evidence: a table does, too. It is a reason to ask the chain, in
forks, what it would answer now; where that stays the same for a while, its thoughts are closed.

In the answer, a rewind stays in it, no sentence is put in, and where the first copy has the answer's box, the
answer ends with that copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mull.engine.chain import Chain
from mull.engine.events import Event, Looped, Suspected
from mull.engine.watch import Watch
from mull.guard.loops import Loops, Repetition
from mull.guard.policy import Close, Doubt, Drop, GoOn, Note, Policy, Remedy
from mull.model.formats import Kind, boxed

REDIRECT = "\nThis is going in circles. What is known so far has to be used in another way.\n"
DOUBT = Doubt(tokens=512)  # for so long no penalty on changing one's mind


@dataclass(frozen=True, slots=True)
class LoopGuard:
    """rescues      rewinds before the thoughts are closed; with 0 they are closed at the first loop
    temperature  at least this, for `tokens` tokens after a rewind: a greedy chain would go the same way again
    redirect     what the second rewind says
    doubt        how a suspicion is looked into; None only notes it
    act          False only notes what was seen
    """

    rescues: int = 2
    temperature: float = 0.8
    tokens: int = 32
    redirect: str = REDIRECT
    doubt: Doubt | None = DOUBT
    act: bool = True
    loops: Loops = field(default_factory=Loops)
    repetition: Repetition | None = field(default_factory=Repetition)

    @property
    def watches(self) -> Sequence[Watch]:
        return (self.loops, *([self.repetition] if self.repetition else ()))

    def start(self) -> Policy:
        return _Ladder(self)


@dataclass(slots=True, eq=False)
class _Ladder:
    """What has been done to one chain so far."""

    guard: LoopGuard
    rung: int = 0

    def __call__(self, chain: Chain, event: Event, part: Kind, note: Note) -> Remedy | None:
        guard = self.guard
        if isinstance(event, Suspected):
            looked_into = guard.act and guard.doubt is not None and part == "thought"
            did = "probed" if looked_into else "nothing"
            note("suspicion", chain, measure=event.measure, value=round(event.value, 2), did=did)
            return guard.doubt if looked_into else GoOn()
        if not isinstance(event, Looped):
            return None
        facts = dict(part=part, start=event.start, period=event.period, copies=event.copies)
        if not guard.act:
            note("loop", chain, did="nothing", **facts)
            return GoOn()
        self.rung += 1
        begun = _beginning(chain)
        start = max(event.start, begun)
        told = self.rung > 1 and part == "thought"
        redirect = chain.engine.tokenizer.encode(guard.redirect) if told else []
        if self.rung <= guard.rescues and chain.engine.affords(len(redirect)):
            first = chain.ids[start]
            chain.rewind(start, anew=True)
            chain.say(redirect)
            note("loop", chain, did="rewound and redirected" if redirect else "rewound", **facts)
            return GoOn(forbid=(first,), tokens=guard.tokens, temperature=guard.temperature)
        if part == "answer":
            kept = min(start + event.period, len(chain))
            said = chain.pieces[begun - chain.prompt_length : kept - chain.prompt_length]
            if boxed("".join(said)) is not None:
                chain.rewind(kept)
                note("loop", chain, did="ended after its first copy", **facts)
                return Close()
        elif self.rung <= guard.rescues + 1:
            chain.rewind(start)
            note("loop", chain, did="rewound and closed", **facts)
            return Close()
        note("loop", chain, did="given up", **facts)
        return Drop("it goes in circles")


def _beginning(chain: Chain) -> int:
    """The length at which the present part of the text, thoughts or answer, began."""
    reader = chain.engine.format.reader()
    start = chain.prompt_length
    for length, piece in enumerate(chain.pieces, start + 1):
        part = reader.phase
        reader.feed(piece)
        if reader.phase != part:
            start = length
    return start
