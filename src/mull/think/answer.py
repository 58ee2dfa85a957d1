"""What a strategy returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isnan
from typing import Any, Literal

from mull.model.formats import Piece
from mull.think.budget import Ledger
from mull.think.line import Draft, Show, Status
from mull.think.trace import Trace

NO_ANSWER = "(The model gave no answer.)"
Verdict = Literal["confirmed", "contradicted", "undecided", "not run"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A check that ran, or did not: what it looked at, what it found."""

    check: str
    about: str
    verdict: Verdict
    found: str = ""


Action = Literal["pass", "disclose", "add_context", "decline"]


@dataclass(frozen=True, slots=True)
class Applied:
    """The rule of an operator's policy that was applied to a question: whose, which, what it did and says."""

    policy: str
    version: str
    rule: str
    action: Action
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, never empty, with what led to it and what it cost.

    text        what is said to the user
    final       what stands in the answer's last `\\boxed{...}`, if there is one
    thoughts    the reasoning before it
    status      finished, closed, cut (see `Draft`), or abstained: no answer is given, and `text` says why
    confidence  that it is right, 0 to 1, as far as the strategy can tell: for one chain the geometric mean of
                the probabilities of its tokens, for a vote the chance that the leader would win it
    evidence    the checks that ran
    ledger      what was spent, nothing left out
    trace       everything that happened
    policy      the operator's rule that was applied, if one was
    """

    text: str
    final: str | None
    thoughts: str
    status: Status | Literal["abstained"]
    confidence: float
    strategy: str
    evidence: tuple[Evidence, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)
    trace: Trace = field(default_factory=Trace, compare=False)
    policy: Applied | None = None

    def with_evidence(self, evidence: Sequence[Evidence], ledger: Ledger) -> Answer:
        """The answer with these checks behind it, and what they cost."""
        return replace(self, evidence=(*self.evidence, *evidence), ledger=ledger)

    def json(self) -> dict[str, Any]:
        """Plain values, ready for `json.dumps`; the trace is written on its own."""
        plain = {name: getattr(self, name) for name in ("text", "final", "thoughts", "status")}
        return {
            **plain,
            "confidence": None if isnan(self.confidence) else self.confidence,
            "strategy": self.strategy,
            "evidence": [asdict(one) for one in self.evidence],
            "ledger": asdict(self.ledger),
            "policy": asdict(self.policy) if self.policy else None,
        }


def shown(answer: Answer, show: Show | None) -> Answer:
    """The answer, after its thoughts and text have been shown at once: several chains make no stream."""
    if show is not None:
        for piece in (Piece("thought", answer.thoughts), Piece("answer", answer.text)):
            if piece.text:
                show(piece)
    return answer


def of_draft(draft: Draft, strategy: str, **more: Any) -> Answer:
    """A draft as the answer."""
    return Answer(
        text=draft.text or NO_ANSWER,
        final=draft.final,
        thoughts=draft.thoughts,
        status=draft.status,
        strategy=strategy,
        **{"confidence": draft.confidence, **more},
    )
