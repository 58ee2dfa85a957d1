"""The guard of claims: false arithmetic is undone where it was said.

A contradicted claim takes the chain back to just before it, with other random numbers. When that has failed
twice at one place, the right value is put in by force, and marked so. Costs no tokens but those said again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mull.check.watch import Claims
from mull.engine.chain import Chain
from mull.engine.events import Claimed, Event
from mull.engine.watch import Watch
from mull.guard.policy import GoOn, Note, Policy, Remedy
from mull.model.formats import Kind


@dataclass(frozen=True, slots=True)
class ClaimGuard:
    """tries        rewinds at one place before the value is stated by force
    rescues      rewinds and values at most, for one chain
    temperature  for the tokens of the claim where the chain is greedy: it would say the same again
    act          False only notes
    tell         hears of each false claim, and what was done
    """

    tries: int = 2
    rescues: int = 12
    temperature: float = 0.8
    act: bool = True
    tell: Callable[[Claimed, str], None] | None = None

    @property
    def watches(self) -> Sequence[Watch]:
        return (Claims(),)

    def start(self) -> Policy:
        failed: dict[int, int] = {}  # how often, by where the claim began

        def policy(chain: Chain, event: Event, _: Kind, note: Note) -> Remedy | None:
            if not isinstance(event, Claimed):
                return None
            start, end = event.span

            def told(did: str) -> None:
                note("claim", chain, did=did, text=event.text, value=event.value, start=start)
                if self.tell is not None:
                    self.tell(event, did)

            if not self.act or sum(failed.values()) >= self.rescues:
                told("nothing")
                return GoOn()
            failed[start] = failed.get(start, 0) + 1
            if failed[start] <= self.tries:
                told("rewound")
                chain.rewind(start, anew=True)
                greedy = chain.sampling.temperature == 0
                return GoOn(tokens=end - start + 1, temperature=self.temperature if greedy else 0.0)
            words = _stated(chain, event)
            if words is None or not chain.engine.affords(len(words)):
                told("nothing")
                return GoOn()
            told("stated by force")
            chain.rewind(start)
            chain.say(words)
            return GoOn()

        return policy


def _stated(chain: Chain, event: Claimed) -> list[int] | None:
    """The claim's tokens with the right value for the written one; None where that makes no true claim."""
    from mull.check.correct import corrected  # needed seldom, and slow to import

    mended = corrected(event.text, event.value)
    if mended is None:
        return None
    start, end = (place - chain.prompt_length for place in event.span)
    written = "".join(chain.pieces[start:end])  # with what stands beside it in its first and last token
    return chain.engine.tokenizer.encode(written.replace(event.text, mended, 1))
