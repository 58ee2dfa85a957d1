"""What thinking is worth to a model: accuracy by thinking budget, and what becomes of a planted mistake.

A chain thinks once; at every budget a fork of it is made to answer there and then. So the whole curve
costs one chain and a few forced answers a problem, and every point is about the same thoughts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from mull.bench.statistics import wilson
from mull.bench.suites.families import FIRST
from mull.engine import Ended, Engine, Sampling
from mull.model.chat import Message, render
from mull.tasks import Family, Problem
from mull.train.evaluate import LIMIT

BUDGETS = (0, 32, 64, 128, 256, 512)  # tokens of thought
ANSWER = 96  # tokens of an answer, the longest among them
GREEDY = Sampling(temperature=0.0)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Share:
    """`right` of `count`, with what they are about."""

    family: str
    what: str
    right: int
    count: int

    def json(self) -> dict[str, Any]:
        low, high = wilson(self.right, self.count)
        share = round(self.right / self.count, 4)
        interval = [round(low, 4), round(high, 4)]
        return dict(family=self.family, what=self.what, right=self.right, count=self.count) | dict(
            share=share, interval=interval
        )


def curve(
    engine: Engine,
    families: Sequence[Family],
    levels: Sequence[int],
    count: int,
    budgets: Sequence[int] = BUDGETS,
    *,
    first: int = FIRST,
    seen: Callable[[list[Share]], None] | None = None,
) -> list[Share]:
    """Greedy accuracy on `count` test problems of each family, spread over `levels`, by thinking budget.

    `budgets` in tokens, growing. `seen` is told the shares of a family as they are known.
    """
    found: list[Share] = []
    for family in families:
        problems = _problems(family, levels, count, first)
        scores = _together(_at_budgets(engine, family, problem, budgets) for problem in problems)
        shares = [
            Share(family.name, f"{budget} tokens", round(sum(each[place] for each in scores)), count)
            for place, budget in enumerate(budgets)
        ]
        found += shares
        if seen:
            seen(shares)
    return found


def repairs(
    engine: Engine,
    families: Sequence[Family],
    levels: Sequence[int],
    count: int,
    *,
    first: int = FIRST,
    seen: Callable[[list[Share]], None] | None = None,
) -> list[Share]:
    """The model goes on from right thoughts with one planted mistake: is it found, is the answer right?

    Families that plant none, because their check would cost as much as the task, are left out.
    """
    found: list[Share] = []
    for family in families:
        planted = [
            (problem, thoughts)
            for problem in _problems(family, levels, count, first)
            if (thoughts := with_mistake(family, problem)) is not None
        ]
        if not planted:
            continue
        ends = _together(_go_on(engine, problem, thoughts) for problem, thoughts in planted)
        noticed = sum(
            "wrong" in text[len(thoughts) :] for text, (_, thoughts) in zip(ends, planted, strict=True)
        )
        right = sum(family.score(problem, text) for text, (problem, _) in zip(ends, planted, strict=True))
        shares = [
            Share(family.name, "mistakes noticed", noticed, len(planted)),
            Share(family.name, "mistakes repaired", round(right), len(planted)),
        ]
        found += shares
        if seen:
            seen(shares)
    return found


def with_mistake(family: Family, problem: Problem) -> str | None:
    """The solver's thoughts up to and with a planted mistake; None where it plants none."""
    text = ""
    for segment in family.trace(problem, Random(problem.key), slips=1.0):
        text += segment.text
        if not segment.learn:
            return text
    return None


async def _at_budgets(
    engine: Engine, family: Family, problem: Problem, budgets: Sequence[int]
) -> list[float]:
    """The score of the answer at every budget; once the turn has ended, that of the whole text."""
    scores: list[float] = []
    ended = False
    async with engine.open(_prompt(engine, problem), sampling=GREEDY) as chain:
        for budget in budgets:
            if not ended:
                ended = isinstance(await chain.think(budget - len(chain.new_ids)), Ended)
            if ended:
                scores.append(family.score(problem, chain.text))
                continue
            [answering] = chain.fork()
            if engine.format.closing.strip() not in chain.text:
                answering.say(engine.tokenizer.scaffold(engine.format.closing))
            await answering.think(ANSWER)
            scores.append(family.score(problem, answering.text))
            answering.stop("scored")
    return scores


async def _go_on(engine: Engine, problem: Problem, thoughts: str) -> str:
    async with engine.open(_prompt(engine, problem), sampling=GREEDY) as chain:
        chain.say(thoughts)
        event = await chain.think(LIMIT)
        return chain.text if isinstance(event, Ended) else thoughts


def _prompt(engine: Engine, problem: Problem) -> list[int]:
    return render([Message("user", problem.question)], engine.tokenizer, format=engine.format)


def _problems(family: Family, levels: Sequence[int], count: int, first: int) -> list[Problem]:
    return [family.problem("test", levels[index % len(levels)], first + index) for index in range(count)]


def _together(programs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    async def everything() -> list[T]:
        return list(await asyncio.gather(*programs))

    return asyncio.run(everything())
