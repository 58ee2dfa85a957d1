"""`think`: one chain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from mull.engine import Chain, Engine, Watch
from mull.engine.sampling import mix
from mull.think.answer import Answer, of_draft
from mull.think.budget import Budget
from mull.think.line import Draft, Line, Show, fits, follow
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.trace import Trace

ATTEMPTS = 3
Then = Callable[[Chain, Draft], Awaitable[Draft]]


async def think(
    question: Question,
    engine: Engine,
    budget: Budget | None = None,
    *,
    line: Line | None = None,
    seed: int = 0,
    trace: Trace | None = None,
    show: Show | None = None,
    watch: Sequence[Watch] = (),
) -> Answer:
    """Think along one chain and answer. A chain that a guard gives up is begun anew, with another seed."""
    trace = trace or Trace()
    meter = Meter(engine, budget, trace=trace)
    draft = await drafted(question, meter, line or Line(), seed=seed, show=show, watch=watch)
    return of_draft(draft, "think", ledger=meter.ledger, trace=trace)


async def drafted(
    question: Question,
    meter: Meter,
    line: Line,
    *,
    seed: int,
    then: Then | None = None,
    show: Show | None = None,
    watch: Sequence[Watch] = (),
) -> Draft:
    """One line of thought, begun anew where a guard gives it up and there is room for another.

    `then` makes more of a draft while its chain is still there.
    """
    prompt = question.prompt(meter, think=line.thinking != 0)
    for attempt in range(ATTEMPTS):
        salted = mix(seed, attempt) if attempt else seed
        async with meter.open(prompt, seed=salted, sampling=line.sampling) as chain:
            draft = await follow(chain, meter, line, show=show, watch=watch)
            if draft.status != "dropped":
                return await then(chain, draft) if then else draft
        if meter.chains_left < 1 or not fits(meter, line, len(prompt)):
            break
    return draft
