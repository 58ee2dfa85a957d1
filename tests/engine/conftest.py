"""An engine over a model that cannot be fooled: its logits are a hash of the chain's whole history.

If a page were lost, mixed up or stale anywhere, the history read back from the pages would differ and
with it every token from there on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from mull.engine import Chain, LocalEngine, Sampling
from mull.engine.scripted import END, HistoryRunner, tokenizer
from mull.model.formats import Tagged
from mull.runner.base import Floats, Rows

WARM = Sampling(temperature=1.0)
GREEDY = Sampling(temperature=0.0)


class HashRunner(HistoryRunner):
    def __init__(self, **limits: int) -> None:
        super().__init__(**limits)
        self.steps = 0
        self.copies = 0

    def step(self, rows: Rows) -> Floats:
        self.steps += 1
        assert len(rows.tokens) > 0
        return super().step(rows)

    def copy_page(self, src: int, dst: int) -> None:
        self.copies += 1
        super().copy_page(src, dst)

    def logits(self, history: list[int]) -> Floats:
        assert -1 not in history, "a position was read that nobody wrote"
        generator = np.random.default_rng(abs(hash(tuple(history))))
        out = generator.normal(scale=2.0, size=self.limits.vocab_size).astype(np.float32)
        out[END] = -50.0
        return out


def assert_memory(engine: LocalEngine) -> None:
    """What every chain has computed stands in its pages."""
    runner = engine.runner
    assert isinstance(runner, HistoryRunner)
    for chain, held in engine.memory.held.items():
        computed = len(chain.ids) - chain.pending
        assert runner.read(held.pages, computed) == chain.ids[:computed]


async def lose(chain: Chain, *, failing: bool = False) -> None:
    """Have it think, and cancel it while its step is computed in a thread, or let the step fail."""
    engine, loop = chain.engine, asyncio.get_running_loop()
    assert isinstance(engine, LocalEngine)
    step, slow = engine.runner.step, engine.slow_step

    def lost(rows: Rows) -> Floats:
        if failing:
            raise OSError
        loop.call_soon_threadsafe(thinking.cancel)
        return step(rows)

    engine.runner.step, engine.slow_step = lost, -1.0  # type: ignore[method-assign]
    thinking = asyncio.ensure_future(chain.think(1))
    await asyncio.gather(thinking, return_exceptions=True)
    engine.runner.step, engine.slow_step = step, slow  # type: ignore[method-assign]


def make(*, max_chains: int = 256, chunk: int = 512, **limits: int) -> LocalEngine:
    limits = {"pages": 512, "page_size": 4, "context": 4096, **limits}
    return LocalEngine(
        HashRunner(**limits),
        TOKENIZER,
        Tagged(starts_open=False),
        frozenset({END}),
        sampling=WARM,
        max_chains=max_chains,
        chunk=chunk,
    )


TOKENIZER = tokenizer()


def run(program: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(program, timeout=60))


@pytest.fixture
def engine() -> LocalEngine:
    return make()


Program = Callable[[LocalEngine], Coroutine[Any, Any, Any]]
