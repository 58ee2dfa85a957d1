"""`best`: of several solutions the one that is verified best; equal answers add up.

The weights of equal answers are summed, which beats taking the single highest (Li et al. 2022, arXiv
2206.02336). With an exact scorer it stops at the first right one. Where the vote stays contested, the model
may compare the two leading solutions itself: in both orders, since it tends to like the first (Zheng et al.
2023, arXiv 2306.05685).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mull.engine import Engine, Watch
from mull.think.answer import Answer, Evidence, shown
from mull.think.budget import Budget
from mull.think.compare import CONTESTED, compare
from mull.think.line import Draft, Line, Show
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.rules import leads
from mull.think.trace import Trace
from mull.think.verify import Claims, Scorer, Verifier
from mull.think.vote import ballots, elected, leading
from mull.think.votes import Votes


@dataclass(frozen=True, slots=True)
class Found:
    """Stop at the first answer that an exact verifier confirms; with other verifiers, never."""

    exact: bool

    def settled(self, votes: Votes, alive: int) -> bool:
        return self.exact and any(pile.weight >= 1 for pile in votes.piles)


async def best(
    question: Question,
    engine: Engine,
    budget: Budget | None = None,
    *,
    n: int = 16,
    seats: int = 8,
    verifiers: Sequence[Verifier] | None = None,
    contest: bool = False,
    line: Line | None = None,
    seed: int = 0,
    trace: Trace | None = None,
    show: Show | None = None,
    watch: Sequence[Watch] = (),
) -> Answer:
    """Up to `n` solutions, each weighed by the product of what the `verifiers` say.

    verifiers  None takes the problem's own scorer, or without one the claims of arithmetic
    contest    let the model compare the two leaders where the votes do not tell

    The confidence is the leader's share of the weight.
    """
    trace = trace or Trace()
    meter = Meter(engine, budget, trace=trace)
    verifiers = verifiers or ([Scorer()] if question.score else [Claims()])
    evidence: dict[int, list[Evidence]] = {}

    async def judge(draft: Draft) -> float:
        weight = 1.0
        for verifier in verifiers:
            factor, found = await verifier.judge(question, draft, meter)
            weight *= factor
            evidence.setdefault(meter.number(draft.chain), []).append(found)
            meter.note("check", draft.chain, check=found.check, verdict=found.verdict, found=found.found)
        return weight

    exact = any(isinstance(verifier, Scorer) for verifier in verifiers)
    drafts, votes = await ballots(
        question, meter, n=n, seats=seats, rule=Found(exact), judge=judge, line=line or Line(), seed=seed,
        watch=watch,
    )  # fmt: skip
    told: list[Evidence] = []
    if contest and len(votes.piles) > 1 and not exact and leads(*votes.counts) < CONTESTED:
        told.append(await compare(question, meter, drafts, votes, line or Line(), seed))
    answer = elected(drafts, votes, meter, trace, "best", confidence=votes.share)
    if chosen := leading(drafts, votes, meter):
        told += evidence[meter.number(chosen.chain)]
    return shown(answer.with_evidence(told, meter.ledger), show)
