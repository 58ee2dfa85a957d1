"""`auto`: little for what is easy, more for what is contested, and it says which it was.

One chain first. If it is certain of its tokens and no claim of arithmetic in it is false, that is the answer.
If not, its answer becomes the first of a vote; and if the vote stays contested, the model may compare the two
leading solutions.
"""

from __future__ import annotations

from collections.abc import Sequence

from mull.engine import Engine, Watch
from mull.think.answer import Answer, Evidence, Verdict, of_draft, shown
from mull.think.budget import Budget
from mull.think.compare import CONTESTED, compare
from mull.think.line import Draft, Line, Show, fits, follow
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.rules import leads
from mull.think.trace import Trace
from mull.think.verify import Claims, arithmetic
from mull.think.vote import RULE, ballots, elected

SURE = 0.98  # geometric mean of the tokens' probabilities from which one chain is enough


async def auto(
    question: Question,
    engine: Engine,
    budget: Budget | None = None,
    *,
    n: int = 16,
    seats: int = 8,
    sure: float = SURE,
    contest: bool = False,
    line: Line | None = None,
    seed: int = 0,
    trace: Trace | None = None,
    show: Show | None = None,
    watch: Sequence[Watch] = (),
) -> Answer:
    """One chain, or a vote of up to `n`, or that and a comparison (`contest`); the evidence says why.

    sure  the confidence from which one chain is enough. Small models are too sure of themselves: measure it.
    """
    line, trace = line or Line(), trace or Trace()
    meter = Meter(engine, budget, trace=trace)
    prompt = question.prompt(meter, think=line.thinking != 0)
    async with meter.open(prompt, seed=seed, sampling=line.sampling) as chain:
        first = await follow(chain, meter, line, watch=watch)
    doubt = _doubt(first, sure)
    meter.note("auto", chain, chose="vote" if doubt else "think", why=doubt or "it is sure")
    if doubt is None or meter.chains_left < 1 or meter.spent or not fits(meter, line, len(prompt)):
        verdict: Verdict = "confirmed" if doubt is None else "undecided"
        why = Evidence("confidence", first.final or "", verdict, doubt or "")
        return shown(of_draft(first, "auto", evidence=(why,), ledger=meter.ledger, trace=trace), show)

    async def judge(draft: Draft) -> float:
        return (await Claims().judge(question, draft, meter))[0]

    drafts, votes = await ballots(
        question, meter, n=n, seats=seats, rule=RULE, judge=judge, line=line, seed=seed, watch=watch,
        earlier=[first],
    )  # fmt: skip
    evidence = [Evidence("confidence", first.final or "", "undecided", doubt)]
    if contest and len(votes.piles) > 1 and leads(*votes.counts) < CONTESTED:
        meter.note("auto", chose="compare", why="the vote is contested")
        evidence.append(await compare(question, meter, drafts, votes, line, seed))
    answer = elected(drafts, votes, meter, trace, "auto")
    return shown(answer.with_evidence(evidence, meter.ledger), show)


def _doubt(draft: Draft, sure: float) -> str | None:
    """Why one chain is not enough; None if it is."""
    if draft.status != "finished" or draft.final is None:
        return "it came to no answer by itself"
    _, false = arithmetic(draft)
    if false:
        return f"it says {false[0].text.strip()}, which is false"
    if not draft.confidence >= sure:  # also where nobody knows it
        return f"its confidence is {draft.confidence:.3f}, below {sure}"
    return None
