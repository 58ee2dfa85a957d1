"""Probes: what would this chain answer now? When that has not changed for a while, thinking on is in vain.

Certaindex, Fu et al. 2024, arXiv 2412.20993, on forks of the living chain: about twenty tokens each.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mull.engine import Answers
from mull.engine.chain import Chain
from mull.model.formats import boxed
from mull.think.meter import Meter
from mull.think.votes import equal

LEAD = "The answer is \\boxed{"


@dataclass(frozen=True, slots=True)
class Probes:
    """A probe every so many tokens, the first after `after`; when `agree` in a row are equal, thinking ends.

    A probe that gives no answer breaks the row. `most` are made; None is no bound. `tokens` are the answer's.
    """

    every: int = 64
    after: int = 128
    agree: int = 3
    tokens: int = 32
    most: int | None = None

    def start(self, chain: Chain) -> Probing:
        return Probing(self, len(chain) + self.after)


@dataclass(slots=True)
class Probing:
    """Probes of one chain."""

    how: Probes
    next: int  # the length at which the next one is due
    row: list[str] = field(default_factory=list)
    made: int = 0

    @property
    def over(self) -> bool:
        return self.made == self.how.most

    def forget(self) -> None:
        """What was said has been taken back."""
        self.row.clear()

    async def agree(self, chain: Chain, meter: Meter) -> bool:
        """Probe; whether the latest answers agree."""
        self.next = len(chain) + self.how.every
        lead = [*meter.closing, *meter.tokenizer.encode(LEAD)]
        if not meter.affords(len(lead) + self.how.tokens):
            return False
        self.made += 1
        probe = await chain.probe(lead, self.how.tokens, (Answers(),))
        answer = boxed("\\boxed{" + probe.text)
        meter.note("probe", chain, answer=answer)
        if answer is None or (self.row and not equal(self.row[-1], answer)):
            self.row.clear()
        if answer is not None:
            self.row.append(answer)
        return len(self.row) >= self.how.agree
