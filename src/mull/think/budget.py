"""What may be spent on an answer, and what was."""

from __future__ import annotations

from dataclasses import dataclass, field

from mull.engine.spend import Spend
from mull.errors import MullError


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds for a whole strategy, all its chains, probes and checks together. None is no bound.

    tokens   drawn or put in behind prompts, kept or not
    seconds  by the clock: thinking stops when nine tenths are over, and an answer that was begun is finished
    chains   opened or forked, probes left out
    """

    tokens: int | None = None
    seconds: float | None = None
    chains: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("tokens", self.tokens), ("seconds", self.seconds), ("chains", self.chains)):
            if value is not None and value <= 0:
                raise MullError(f"a budget of {value} {name} is nothing; leave it out for no bound.")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What an answer cost. Nothing is left out: `tokens` equals the engine's own counters."""

    tokens: Spend = field(default_factory=Spend)
    chains: int = 0
    seconds: float = 0.0

    @property
    def generated(self) -> int:
        """Tokens drawn or put in behind prompts, kept or not."""
        return self.tokens.generated
