"""Plans: drawn short and in parallel, chosen by the model or by where they lead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from mull.engine.sampling import mix
from mull.think.aside import ask_aside
from mull.think.line import Line, fits, follow, vary
from mull.think.meter import Meter
from mull.think.question import Question
from mull.think.seats import Seats
from mull.think.votes import Votes

Plan = tuple[str, ...]  # its steps
Choice = Literal["model", "vote"]

PLAN = """{question}

Do not answer this yet. Write a plan for it: {steps} steps at most, one a line and numbered, each of them so \
small that its result can be checked."""
CHOOSE = """{question}

Plans were made for this:

{plans}

Which one leads to the right answer most surely? Answer with its number in \\boxed{{}}."""
TRY = """{question}

Follow this plan, and be brief:
{plan}

Give the answer in \\boxed{{}}."""
TOKENS = 128  # of a plan, at most
TRIAL = 128  # tokens of thought when a plan is tried
_STEP = re.compile(r"^\s*(?:step\s+)?\d+\s*[.):]\s*(\S[^\n]*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)


async def drawn(
    question: Question, meter: Meter, line: Line, *, n: int, steps: int, seats: int, seed: int
) -> list[Plan]:
    """Up to `n` different plans of at least one step, in the order they were begun."""
    asked = question.instead(PLAN.format(question=question.text, steps=steps))
    line = replace(line, thinking=0, minimum=0, answer=TOKENS)
    prompt = asked.prompt(meter, think=False)
    n = min(n, meter.chains_left - 1)
    if n < 1 or meter.spent or not fits(meter, line, len(prompt)):
        return []
    async with meter.open(prompt, seed=seed, sampling=line.sampling) as root:
        if n > 1:
            vary(root, line)

        async def attempt(_: int) -> Plan:
            if meter.spent or not fits(meter, line, len(root)):
                return ()
            (chain,) = root.fork()
            draft = await follow(chain, meter, line)
            plan = listed(draft.text, whole=draft.status != "cut")[:steps]
            meter.note("plan", chain, steps=list(plan))
            chain.stop("planned")
            return plan

        async with Seats(attempt, total=n, seats=seats, in_order=True) as run:
            found = [plan async for plan in run if plan]
    return list(dict.fromkeys(found))


def listed(text: str, *, whole: bool = True) -> Plan:
    """The numbered lines of a text; without the last one, if the text is not `whole` and it ends there."""
    steps = _STEP.findall(text)
    if not whole and steps and text.rstrip().endswith(steps[-1]):
        steps.pop()
    return tuple(steps)


async def chosen(
    question: Question, plans: Sequence[Plan], meter: Meter, line: Line, *, choice: Choice, seed: int
) -> Plan:
    """One of the plans: the one that the model prefers, or the first that leads where most lead.

    The first plan where the model does not say, or nothing is left to ask it with.
    """
    if len(plans) == 1:
        return plans[0]
    number = await (_preferred if choice == "model" else _tried)(question, plans, meter, line, seed)
    meter.note("choose", choice=choice, plan=number + 1, of=len(plans))
    return plans[number]


async def _preferred(question: Question, plans: Sequence[Plan], meter: Meter, line: Line, seed: int) -> int:
    listing = "\n\n".join(f"Plan {number}:\n{numbered(plan)}" for number, plan in enumerate(plans, 1))
    asked = CHOOSE.format(question=question.text, plans=listing)
    draft = await ask_aside(question, asked, meter, line, seed=seed)
    said = ((draft and draft.final) or "").strip()
    return int(said) - 1 if said.isdecimal() and 1 <= int(said) <= len(plans) else 0


async def _tried(question: Question, plans: Sequence[Plan], meter: Meter, line: Line, seed: int) -> int:
    thinking = TRIAL if line.thinking is None else min(TRIAL, line.thinking)
    votes = Votes()
    for number, plan in enumerate(plans):
        asked = TRY.format(question=question.text, plan=numbered(plan))
        short = replace(line, thinking=thinking)
        draft = await ask_aside(question, asked, meter, short, seed=mix(seed, number))
        votes.add(draft.final if draft else None, voter=number)
    return votes.leader.ballots[0].voter if votes.leader else 0


def numbered(plan: Plan) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(plan, 1))
