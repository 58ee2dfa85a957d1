"""A question aside: asked in a chain of its own, which has seen nothing of the others. Counted as a check."""

from __future__ import annotations

from dataclasses import replace

from mull.think.line import Draft, Line, fits, follow, vary
from mull.think.meter import Meter
from mull.think.question import Question


async def ask_aside(
    question: Question,
    asked: str,
    meter: Meter,
    line: Line,
    *,
    seed: int,
    boxed_is_enough: bool = True,
    diverse: bool = False,
) -> Draft | None:
    """What the model says to `asked` in the place of the question; None where there is no room for it.

    `diverse` for a second opinion.
    """
    line = replace(line, minimum=0, probes=None)
    prompt = question.instead(asked).prompt(meter, think=line.thinking != 0)
    if meter.chains_left < 1 or meter.spent or not fits(meter, line, len(prompt)):
        return None
    async with meter.open(prompt, seed=seed, sampling=line.sampling, counted="check") as chain:
        if diverse:
            vary(chain, line)
        return await follow(chain, meter, line, boxed_is_enough=boxed_is_enough)
