"""What a strategy returns."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from mull.engine.spend import Spend

Status = Literal["finished", "closed", "cut"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, never empty, with what led to it and what it cost.

    text        what is said to the user
    final       what stands in the answer's last `\\boxed{...}`, if there is one
    thoughts    the reasoning before it
    status      finished: the model ended its turn; closed: its thinking was ended to save room for
                the answer; cut: the answer itself hit the limit
    confidence  geometric mean of the probabilities of the sampled tokens, 0 to 1
    prompt_tokens, ledger, seconds   the cost
    """

    text: str
    final: str | None
    thoughts: str
    status: Status
    confidence: float
    prompt_tokens: int
    ledger: Spend
    seconds: float

    def json(self) -> dict[str, Any]:
        """Plain values, ready for `json.dumps`."""
        return asdict(self)
