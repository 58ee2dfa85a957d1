"""`think`: one chain."""

from __future__ import annotations

from collections.abc import Sequence

from mull.engine import Engine, Watch
from mull.engine.sampling import mix
from mull.think.answer import Answer, of_draft
from mull.think.budget import Budget
from mull.think.line import Line, Show, fits, follow
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.trace import Trace

ATTEMPTS = 3


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
    line, trace = line or Line(), trace or Trace()
    meter = Meter(engine, budget, trace=trace)
    prompt = question.prompt(engine, think=line.thinking != 0)
    for attempt in range(ATTEMPTS):
        async with meter.open(
            prompt, seed=mix(seed, attempt) if attempt else seed, sampling=line.sampling
        ) as chain:
            draft = await follow(chain, meter, line, show=show, watch=watch)
        if draft.status != "dropped" or not fits(meter, line, len(prompt)):
            break
    return of_draft(draft, "think", ledger=meter.ledger, trace=trace)
