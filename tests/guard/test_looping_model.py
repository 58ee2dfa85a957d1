"""The guard of loops on real chains, of a very small model that goes in circles: tests/assets/looping."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pytest

import mull
from benchmarks.rescue import circled
from mull.engine import LocalEngine, Sampling
from mull.guard.rescue import LoopGuard
from mull.think.answer import Answer
from mull.think.line import Line

FOLDER = Path(__file__).parents[1] / "assets" / "looping"
BATCH, MOST, THINKING = 60, 900, 400
COUNT = 50  # chains of each kind
CERTAIN = 160  # tokens of exact copies that the guard cannot overlook: it looks every 16, and wants 128
LONG = 60  # tokens of a normal chain at least


@dataclass(frozen=True)
class Pair:
    """The same greedy chain without the guard and with it."""

    before: Answer
    after: Answer

    @property
    def rescued(self) -> bool:
        return self.after.final is not None and not circled(thoughts(self.after), CERTAIN)

    @property
    def touched(self) -> bool:
        same = (self.after.thoughts, self.after.text) == (self.before.thoughts, self.before.text)
        return bool(self.after.trace.notes("loop")) or not same


def kind(answer: Answer) -> str | None:
    """looping, normal, or None for what is neither for certain."""
    ids = thoughts(answer)
    if circled(ids, CERTAIN):
        return "looping"
    return "normal" if answer.status == "finished" and len(ids) >= LONG and not circled(ids) else None


def thoughts(answer: Answer) -> np.ndarray:
    """The tokens of the chain that were kept, up to the words that close its thoughts."""
    ids: list[int] = []
    for record in answer.trace:
        if record["op"] == "open":
            start, ids = len(record["prompt"]), []
        elif record["op"] == "rewind":
            del ids[record["to"] - start :]
        elif record["op"] in ("tokens", "say"):
            ids += record["ids"]
    return np.array(ids)


async def ask(engine: LocalEngine, number: int, *guards: LoopGuard) -> Answer:
    rng = Random(number)
    numbers = ", ".join(str(rng.randint(1, 10)) for _ in range(3))
    question = f"Use {numbers} to make {rng.randint(10, 99)}."
    line = Line(sampling=Sampling(temperature=0), thinking=THINKING, guards=guards)
    return await mull.answer(question, engine=engine, line=line)


async def collected() -> dict[str, list[Pair]]:
    """Chains until there are enough of both kinds."""
    engine = mull.load(FOLDER, dtype="f32", threads=1)
    found: dict[str | None, list[tuple[int, Answer]]] = {"looping": [], "normal": [], None: []}
    for first in range(0, MOST, BATCH):
        numbers = range(first, first + BATCH)
        for number, answer in zip(
            numbers, await asyncio.gather(*(ask(engine, n) for n in numbers)), strict=True
        ):
            found[kind(answer)].append((number, answer))
        if min(len(found["looping"]), len(found["normal"])) >= COUNT:
            break

    async def again(number: int, before: Answer) -> Pair:
        return Pair(before, await ask(engine, number, LoopGuard()))

    return {
        told: list(await asyncio.gather(*(again(*one) for one in chains[:COUNT])))
        for told, chains in found.items()
        if told is not None
    }


@pytest.fixture(scope="module")
def pairs() -> dict[str, list[Pair]]:
    return asyncio.run(collected())


def test_looping_chains_come_to_an_answer(pairs: dict[str, list[Pair]]) -> None:
    assert len(pairs["looping"]) == COUNT
    assert sum(pair.rescued for pair in pairs["looping"]) >= 0.9 * COUNT


def test_normal_chains_are_not_touched(pairs: dict[str, list[Pair]]) -> None:
    assert len(pairs["normal"]) == COUNT
    assert sum(pair.touched for pair in pairs["normal"]) <= 0.01 * COUNT
