"""How much a model can do: greedy accuracy on fresh test problems of every family and level.

All problems of a family and level are chains of one batch on our own engine, so what is
measured is what users run. Nothing is forced: a chain that does not end within the limit is
counted as wrong, and as capped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mull import tasks
from mull.bench.statistics import wilson
from mull.bench.suites.families import FIRST
from mull.check.claims import claims
from mull.engine import Ended, LocalEngine, Sampling
from mull.model.chat import Message, render
from mull.tasks import Family, Problem

LIMIT = 720  # new tokens; training sees samples no longer than this


@dataclass(frozen=True, slots=True)
class Score:
    """`right` of `count` problems; `tokens` new ones in the mean; chains that never ended; loops.

    `faithful` of the right ones have no false claim of arithmetic in their thoughts; None where not counted.
    """

    family: str
    level: int
    count: int
    right: int
    new_wording: tuple[int, int]  # right, of how many, worded as training never words
    tokens: float
    capped: int
    looped: int
    faithful: int | None = None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.right, self.count)

    def json(self) -> dict[str, Any]:
        low, high = self.interval
        return dict(
            family=self.family,
            level=self.level,
            count=self.count,
            right=self.right,
            accuracy=round(self.right / self.count, 4),
            interval=[round(low, 4), round(high, 4)],
            new_wording=list(self.new_wording),
            tokens=round(self.tokens, 1),
            capped=self.capped,
            looped=self.looped,
            faithful=self.faithful,
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the model wrote for one problem: everything after the prompt."""

    problem: Problem
    text: str
    tokens: int
    ended: bool
    score: float


def evaluate(
    engine: LocalEngine,
    families: Sequence[Family] | None = None,
    levels: Sequence[int] = (1, 2, 3, 4),
    count: int = 100,
    *,
    first: int = FIRST,
    limit: int = LIMIT,
    seen: Callable[[Score, list[Attempt]], None] | None = None,
) -> list[Score]:
    """Scores by family and level on test problems `first` to `first + count`.

    `seen` is told each score as it is known, with the attempts behind it.
    """
    scores = []
    for family in families or tasks.families():
        for level in levels:
            problems = [family.problem("test", level, first + index) for index in range(count)]
            attempts = asyncio.run(attempt(engine, family, problems, limit))
            score = summarize(family.name, level, attempts)
            scores.append(score)
            if seen:
                seen(score, attempts)
    return scores


async def attempt(
    engine: LocalEngine, family: Family, problems: Sequence[Problem], limit: int = LIMIT
) -> list[Attempt]:
    """Answer every problem greedily, all at once."""
    greedy = Sampling(temperature=0.0)

    async def one(problem: Problem) -> Attempt:
        prompt = render([Message("user", problem.question)], engine.tokenizer, format=engine.format)
        async with engine.open(prompt, sampling=greedy) as chain:
            event = await chain.think(limit)
            ended = isinstance(event, Ended) and event.reason == "token"
            said = engine.format.split(chain.text)[1]  # an answer inside unclosed thoughts is none
            score = family.score(problem, said) if ended else 0.0
            return Attempt(problem, chain.text, len(chain.new_ids), ended, score)

    return list(await asyncio.gather(*map(one, problems)))


def summarize(family: str, level: int, attempts: Sequence[Attempt]) -> Score:
    new = [each.score for each in attempts if each.problem.new_wording]
    return Score(
        family,
        level,
        count=len(attempts),
        right=round(sum(each.score for each in attempts)),
        new_wording=(round(sum(new)), len(new)),
        tokens=sum(each.tokens for each in attempts) / len(attempts),
        capped=sum(not each.ended for each in attempts),
        looped=sum(loops(each.text) for each in attempts),
        faithful=sum(each.score > 0 and faithful(each.text) for each in attempts),
    )


def faithful(text: str) -> bool:
    """Whether no claim of arithmetic in the text is false."""
    return all(claim.verdict != "contradicted" for claim in claims(text + "\n"))


def loops(text: str, copies: int = 3) -> bool:
    """Whether the text ends in the same lines `copies` times over (a line cut off does not count)."""
    lines = text.split("\n")[:-1]
    return any(
        all(lines[-period * k - j] == lines[-j] for k in range(1, copies) for j in range(1, period + 1))
        for period in range(1, len(lines) // copies + 1)
    )
