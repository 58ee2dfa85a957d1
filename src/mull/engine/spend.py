"""What thinking cost. Nothing is left out: what was computed twice or thrown away counts too."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass(slots=True)
class Spend:
    """Tokens by kind.

    prefill     prompt and forced tokens computed for the first time
    cached      prompt tokens whose keys and values were found in memory
    recomputed  tokens computed again, because memory ran out or a chain was rewound, or in vain,
                because it was stopped meanwhile
    sampled     tokens drawn
    forced      tokens put in by `say`
    probe       tokens drawn or forced in probes
    check       tokens drawn or forced in chains that check what another one said
    discarded   of those drawn and forced, the ones rewound since
    """

    prefill: int = 0
    cached: int = 0
    recomputed: int = 0
    sampled: int = 0
    forced: int = 0
    probe: int = 0
    check: int = 0
    discarded: int = 0

    @property
    def generated(self) -> int:
        """Tokens drawn or put in behind prompts, kept or not: what a budget of tokens is about."""
        return self.sampled + self.forced + self.probe + self.check

    def __iadd__(self, other: Spend) -> Spend:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self


@dataclass(slots=True)
class Statistics:
    """An engine's own counters since it was made. `busy` is seconds spent in the runner."""

    steps: int = 0
    rows: int = 0
    busy: float = 0.0
    evictions: int = 0
    peak_pages: int = 0
    peak_chains: int = 0
    spend: Spend = field(default_factory=Spend)

    def count(self, spend: Spend, kind: str, tokens: int) -> None:
        """Add to a chain's spend and to the total."""
        if tokens:
            setattr(spend, kind, getattr(spend, kind) + tokens)
            setattr(self.spend, kind, getattr(self.spend, kind) + tokens)
