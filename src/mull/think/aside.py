"""A question aside: asked in a chain of its own, which has seen nothing of the others. Counted as a check."""

from __future__ import annotations

from dataclasses import replace

from mull.think.line import Draft, Line, follow, reserve
from mull.think.meter import Meter
from mull.think.question import Question

DIVERSE = 0.8  # the temperature where the engine's own is 0 and a second opinion is wanted


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
    """What the model says to `asked` in the place of the question; None where there is no room for it."""
    line = replace(line, minimum=0)
    prompt = question.instead(asked).prompt(meter, think=line.thinking != 0)
    if meter.chains_left < 1 or meter.spent or not fits(meter, line, len(prompt)):
        return None
    async with meter.open(prompt, seed=seed, sampling=line.sampling, counted="check") as chain:
        if diverse and line.sampling is None and chain.sampling.temperature == 0:
            chain.sampling = replace(chain.sampling, temperature=DIVERSE)
        return await follow(chain, meter, line, boxed_is_enough=boxed_is_enough)


def fits(meter: Meter, line: Line, length: int) -> bool:
    """Whether a line on a chain of this length has room for at least an answer."""
    return min(meter.context - length, meter.room) >= reserve(meter, line, length)
