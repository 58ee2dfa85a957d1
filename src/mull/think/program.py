"""The check by program: the model writes code that computes the answer anew, and the code is run.

Program-aided reasoning (Gao et al. 2022, arXiv 2211.10435), used to check: the chain that writes the program
has not seen the answer, so it cannot lean on it. This is for models that can write programs. The embedded
model cannot: for it the evidence says "not run".
"""

from __future__ import annotations

import asyncio

from mull.check.code import Limits, monty_binary
from mull.check.program import block, check
from mull.think.answer import Evidence
from mull.think.aside import ask_aside
from mull.think.line import Line
from mull.think.meter import Meter
from mull.think.question import Question

ASK = """{question}

Write a Python program that computes the answer and prints it, and only it, on one line. Let the program do \
the work: do not work the answer out yourself. Use nothing but the standard library, and read no input. \
Put the code in one block that begins with ```python."""


async def by_program(
    question: Question,
    answer: str,
    meter: Meter,
    *,
    line: Line | None = None,
    limits: Limits | None = None,
    seed: int = 0,
) -> Evidence:
    """What a program that the model writes for the question says of the answer.

    The program runs in a process of its own, after its chain has been freed. If the caller is cancelled
    meanwhile, the process still ends within its limits.

    The evidence is "not run" where the budget is spent or the model writes no program, as the embedded one
    does. Raises MullError, before anything is spent, where pydantic-monty is not installed.
    """
    monty_binary()
    asked = ASK.format(question=question.text)
    draft = await ask_aside(question, asked, meter, line or Line(), seed=seed, boxed_is_enough=False)
    if draft is None:
        return Evidence("program", answer, "not run", "the budget was spent")
    code = block(draft.text)
    if code is None:
        return Evidence("program", answer, "not run", "the model wrote no program")
    found = await asyncio.to_thread(check, answer, code, limits)
    meter.note("program", draft.chain, code=code, outcome=found.result.outcome, tier=found.result.tier,
               verdict=found.verdict, found=found.found)  # fmt: skip
    return Evidence("program", answer, found.verdict, found.found)
