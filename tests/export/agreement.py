"""Greedy tokens of an exported model, in our engine and in another program, and where they part.

Equality is claimed in float32 only, and except at near ties: two orders of summation differ by rounding, and
where our two best logits lie within `NEAR_TIE` of each other, rounding decides. After such a place the
two texts are different texts, so they are compared up to there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from mull import api, tasks
from mull.engine import LocalEngine, Sampling
from mull.model.chat import Message, render
from mull.model.checkpoint import Checkpoint
from mull.runner.reference import ReferenceRunner
from mull.tasks import Problem
from tests.runner.oracle import Piece, rows_of

NEAR_TIE = 1e-3  # of two logits: benchmarks/engine.py allows the same


@dataclass(frozen=True, slots=True)
class Written:
    """A prompt's ids and the ids written after it."""

    prompt: list[int]
    new: list[int]


def problems(count: int) -> list[Problem]:
    """Test problems, all families and levels 1 to 3 in turn."""
    cells = list(product(range(-(-count // 3)), tasks.families(), (1, 2, 3)))
    return [family.problem("test", level, 5000 + index) for index, family, level in cells][:count]


def ours(folder: Path, asked: Sequence[Problem], limit: int) -> list[Written]:
    """What our engine writes, in float32."""
    engine = api.load(folder, dtype="f32", threads=1)

    async def one(problem: Problem) -> Written:
        prompt = render([Message("user", problem.question)], engine.tokenizer, format=engine.format)
        async with engine.open(prompt, sampling=Sampling(temperature=0.0)) as chain:
            await chain.think(limit)
            return Written(prompt, list(chain.new_ids))

    async def everything(_: LocalEngine) -> list[Written]:
        return list(await asyncio.gather(*map(one, asked)))

    try:
        return asyncio.run(everything(engine))
    finally:
        engine.close()


def partings(folder: Path, mine: Sequence[Written], theirs: Sequence[Written]) -> list[float]:
    """Margins of our two best logits where the texts part; asserts equal prompts. Empty: all equal."""
    found = []
    for one, other in zip(mine, theirs, strict=True):
        assert one.prompt == other.prompt
        if one.new != other.new:
            pairs = zip(one.new, other.new, strict=False)
            same = next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(one.new), len(other.new)))
            found.append(_margin(folder, [*one.prompt, *one.new[:same]]))
    return found


def _margin(folder: Path, ids: Sequence[int]) -> float:
    checkpoint = Checkpoint.open(folder)
    pages = -(-len(ids) // 16)
    runner = ReferenceRunner(checkpoint.config, checkpoint.weights, pages=pages, page_size=16)
    logits = runner.step(rows_of([Piece(range(pages), 0, ids, [len(ids) - 1])]))[0]
    second, best = np.sort(logits)[-2:]
    return float(best - second)
