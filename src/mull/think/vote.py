"""`vote`: several chains answer, and the answer that most of them give is taken.

Self-consistency, Wang et al. 2022, arXiv 2203.11171, with what makes it cheap: chains take seats and the next
one starts when one is done, so that few are begun that a settled vote throws away; answers are grouped by
mathematical equality; rules say when the vote is settled; doubtful chains may be ended early.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from math import isnan
from typing import Any, Literal

from mull.engine import Engine, Watch
from mull.errors import Unsupported
from mull.think.answer import Answer, of_draft, shown
from mull.think.bar import Bar
from mull.think.budget import Budget
from mull.think.line import Draft, Line, Show, answer_reserve, fits, follow, vary
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.rules import Beta, CannotChange, Either, Rule, leads
from mull.think.seats import Seats
from mull.think.trace import Trace
from mull.think.verify import Claims
from mull.think.votes import Votes

RULE = Either((Beta(0.95), CannotChange()))
Voted = tuple[Draft, float]  # a draft and the weight of its vote
LEAST = 64  # tokens left for each seat; with fewer, fewer chains think at once


async def vote(
    question: Question,
    engine: Engine,
    budget: Budget | None = None,
    *,
    n: int = 32,
    seats: int = 8,
    rule: Rule = RULE,
    bar: Bar | None = None,
    weigh: Literal["one", "confidence", "claims"] = "claims",
    line: Line | None = None,
    seed: int = 0,
    trace: Trace | None = None,
    show: Show | None = None,
    watch: Sequence[Watch] = (),
) -> Answer:
    """Up to `n` chains, `seats` at a time, until `rule` is settled or the budget is spent.

    weigh   each chain has one vote; or its confidence, the geometric mean of its tokens' probabilities; or
            one, of which each false claim of arithmetic in its thoughts takes most
    bar     end chains that get less certain than others did

    The confidence of the answer is the chance that the leader is likelier than the runner-up, by the votes.
    Where no chain gives an answer in a box, the most confident text is taken; without any, it abstains.
    """
    trace = trace or Trace()
    meter = Meter(engine, budget, trace=trace)

    async def judge(draft: Draft) -> float:
        if weigh == "confidence":
            if isnan(draft.confidence) and any(draft.chain.drawn):
                raise Unsupported("the server tells no chances: weigh votes by one or claims.")
            return draft.confidence
        return (await Claims().judge(question, draft, meter))[0]

    drafts, votes = await ballots(
        question,
        meter,
        n=n,
        seats=seats,
        rule=rule,
        judge=None if weigh == "one" else judge,
        bar=bar,
        line=line or Line(),
        seed=seed,
        watch=watch,
    )
    return shown(elected(drafts, votes, meter, trace, "vote"), show)


async def ballots(
    question: Question,
    meter: Meter,
    *,
    n: int,
    seats: int,
    rule: Rule,
    judge: Callable[[Draft], Awaitable[float]] | None = None,
    bar: Bar | None = None,
    line: Line,
    seed: int,
    watch: Sequence[Watch] = (),
    earlier: Sequence[Draft] = (),
) -> tuple[list[Draft], Votes]:
    """Drafts in the order they were done, and their votes, which weigh one or what `judge` says.

    `earlier` drafts have votes, too.
    """
    prompt = question.prompt(meter, think=line.thinking != 0)
    doubts = bar.start() if bar else None
    n = max(1, min(n, meter.chains_left - 1))
    seats = max(1, min(seats, n, meter.left // LEAST))
    line = replace(
        line,
        answer=line.answer or answer_reserve(min(meter.context - len(prompt), meter.left // seats)),
        guards=(*line.guards, *([doubts] if doubts else ())),
    )
    confident = bar is not None
    async with meter.open(prompt, seed=seed, sampling=line.sampling, track_confidence=confident) as root:
        vary(root, line)  # equal chains are no vote
        alone = meter.chains_left < 1  # a budget of one chain: there is nothing to fork

        async def weighed(draft: Draft) -> Voted:
            return draft, await judge(draft) if judge else 1.0

        async def attempt(number: int) -> Voted | None:
            if (number or earlier) and (meter.spent or not fits(meter, line, len(root))):
                return None
            (chain,) = [root] if alone else root.fork()
            draft = await follow(chain, meter, line, watch=watch, boxed_is_enough=True)
            if doubts and draft.status == "finished":
                doubts.finished(draft.chain.confidences)
            return await weighed(draft)

        before = [await weighed(draft) for draft in earlier]
        return await tally(attempt, meter, rule, total=n, seats=seats, earlier=before)


async def tally(
    work: Callable[[int], Awaitable[Voted | None]],
    meter: Meter,
    rule: Rule,
    *,
    total: int,
    seats: int,
    earlier: Sequence[Voted] = (),
) -> tuple[list[Draft], Votes]:
    """The drafts of `work(0)`, `work(1)`, ... and their votes, until the rule is settled."""
    drafts, votes = [draft for draft, _ in earlier], Votes()
    for draft, weight in earlier:
        votes.add(draft.final, weight, meter.number(draft.chain))
    async with Seats(work, total=total, seats=seats) as run:
        async for done in run:
            if done is None:
                continue
            draft, weight = done
            drafts.append(draft)
            votes.add(draft.final, weight, meter.number(draft.chain))
            piles = [[pile.answer, pile.count, round(pile.weight, 3)] for pile in votes.ranked]
            meter.note("vote", draft.chain, answer=draft.final, weight=round(weight, 3), piles=piles)
            draft.chain.stop("voted")
            if rule.settled(votes, run.alive):
                meter.note("settled", rule=repr(rule), votes=votes.cast, alive=run.alive)
                break
    return drafts, votes


def elected(
    drafts: Sequence[Draft], votes: Votes, meter: Meter, trace: Trace, strategy: str, **more: Any
) -> Answer:
    """The answer that a vote gives. `more` are fields of the answer."""
    known: dict[str, Any] = {"ledger": meter.ledger, "trace": trace, **more}
    best = leading(drafts, votes, meter)
    if best is None:
        return Answer(
            text=f"(No answer: none of {len(drafts)} lines of thought came to one within the budget.)",
            final=None, thoughts="", status="abstained", strategy=strategy, **{"confidence": 0.0, **known},
        )  # fmt: skip
    sure = {"confidence": leads(*votes.counts)} if votes.cast else {}
    return of_draft(best, strategy, **{**sure, **known})


def leading(drafts: Sequence[Draft], votes: Votes, meter: Meter) -> Draft | None:
    """The draft that a vote shows: of the leader's the most confident that is written as most of them are.

    Where nobody has voted, the most confident that says anything.
    """
    leader = votes.leader
    if leader is None:
        return max((draft for draft in drafts if draft.text), key=_sure, default=None)
    spelled = defaultdict[str, float](float)  # what is equal may still differ: 8*7, 7*8 and 2*28
    for ballot in leader.ballots:
        spelled[ballot.answer] += ballot.weight
    voters = {ballot.voter for ballot in leader.ballots}
    voted = [draft for draft in drafts if meter.number(draft.chain) in voters]
    return max(voted, key=lambda draft: (spelled[draft.final or ""], _sure(draft)))


def _sure(draft: Draft) -> float:
    return -1.0 if isnan(draft.confidence) else draft.confidence
