"""The bar of DeepConf: chains that get less certain than the others were are ended early.

Fu et al. 2025, arXiv 2508.15260 §3: a token's confidence is minus the mean log-probability of the likeliest
tokens, a group's the mean over a window, a chain's its lowest group. Where DeepConf drops a chain, ours may
still vote, as it then thinks: a filter that leaves two votes of twenty decides by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from mull.engine.chain import Chain
from mull.engine.events import Event
from mull.engine.watch import Look, Watch
from mull.guard.policy import Close, Drop, GoOn, Note, Policy, Remedy
from mull.model.formats import Kind


@dataclass(frozen=True, slots=True)
class Unsure(Event):
    """The confidence of the latest `window` tokens fell below the bar."""

    confidence: float
    bar: float


@dataclass(frozen=True, slots=True)
class Bar:
    """keep    share of the finished chains whose lowest group lies above the bar: .1 is strict, .9 mild
    window  tokens of a group: 2,048 for chains of ten thousands, 256 or less for short ones
    after   finished chains before there is a bar
    vote    whether an ended chain answers at once, and votes, or is dropped
    """

    keep: float = 0.9
    window: int = 256
    after: int = 4
    vote: bool = True

    def start(self) -> Doubts:
        """A bar for one vote."""
        return Doubts(self)


@dataclass(slots=True, eq=False)
class Doubts:
    """The bar of one vote, raised and lowered by what finishes; a guard for its chains."""

    bar: Bar
    lowest: list[float] = field(default_factory=list)

    def finished(self, confidences: Sequence[float]) -> None:
        """Take in a chain that ended by itself."""
        self.lowest.append(lowest_group(confidences, self.bar.window))

    @property
    def height(self) -> float | None:
        """Lowest groups under this are too low; None while too few chains are done."""
        if len(self.lowest) < self.bar.after:
            return None
        ranked = sorted(self.lowest, reverse=True)
        return ranked[min(len(ranked), max(1, ceil(self.bar.keep * len(ranked)))) - 1]

    @property
    def watches(self) -> Sequence[Watch]:
        return (_Group(self),)

    def start(self) -> Policy:
        def policy(chain: Chain, event: Event, part: Kind, note: Note) -> Remedy | None:
            if not isinstance(event, Unsure):
                return None
            if part == "answer":
                return GoOn()
            note("unsure", chain, confidence=round(event.confidence, 3), bar=round(event.bar, 3))
            return Close() if self.bar.vote else Drop("unsure")

        return policy


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Raises `Unsure` when a whole window lies below the bar, in the thoughts of one chain."""

    doubts: Doubts
    every: int = 16

    def start(self, chain: Chain) -> Look:
        window, told = self.doubts.bar.window, False

        def look() -> Event | None:
            nonlocal told
            height = self.doubts.height
            if told or height is None or len(chain.confidences) < window:
                return None
            drawn = [c for c in chain.confidences[-window:] if c == c]  # forced tokens have none
            mean = sum(drawn) / len(drawn) if drawn else height
            if mean < height:
                told = True
                return Unsure(len(chain.ids), mean, height)
            return None

        return look


def lowest_group(confidences: Sequence[float], window: int) -> float:
    """The lowest mean of `window` token confidences in a row; of all, where there are fewer. 0 if none."""
    drawn = [c for c in confidences if c == c]
    if not drawn:
        return 0.0
    size = min(window, len(drawn))
    total = lowest = sum(drawn[:size])
    for new, old in zip(drawn[size:], drawn, strict=False):
        total += new - old
        lowest = min(lowest, total)
    return lowest / size
