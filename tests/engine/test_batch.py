"""What the engine does for chains that think at once: shared pages, turns, failures that stay alone."""

from __future__ import annotations

import asyncio
import math
import threading

import pytest

from mull.engine import (
    Chain,
    LocalEngine,
    Sampling,
    Spent,
)
from mull.errors import MullError
from mull.runner.base import Floats, Rows
from tests.engine.conftest import assert_memory, lose, make, run


@pytest.mark.parametrize("failing", [False, True])
def test_forks_after_a_step_that_was_lost_write_into_pages_of_their_own(failing: bool) -> None:
    async def program() -> None:
        engine = make(page_size=4)
        async with engine.open([1, 2]) as chain:
            await chain.think(1)
            chain.say(range(16))
            await lose(chain, failing=failing)
            (child,) = chain.fork()
            chain.say([7] * 3)
            child.say([8] * 2)
            await asyncio.gather(chain.think(1), child.think(1))
            assert_memory(engine)

    run(program())


@pytest.mark.parametrize("token", [-1, 261, 99999])
def test_ids_that_are_none_fail_their_own_chain_alone(token: int) -> None:
    async def program() -> None:
        engine = make()
        said, biased, other = (engine.open([1]) for _ in range(3))
        said.say([token])
        biased.sampling = Sampling(bias={token: 1.0})
        thoughts = [chain.think(5) for chain in (said, biased, other)]
        *failed, event = await asyncio.gather(*thoughts, return_exceptions=True)
        assert [str(error) for error in failed] == [
            "what was said has token ids outside 0 to 260.",
            "bias has token ids outside 0 to 260.",
        ]
        assert all(isinstance(error, MullError) for error in failed)
        assert event == Spent(6, 5)

    run(program())


def test_a_common_prompt_is_computed_once() -> None:
    async def program() -> tuple[LocalEngine, list[Chain]]:
        engine = make(chunk=64)
        prompt = list(range(200))
        async with engine.open(prompt) as root:
            kids = root.fork(8)
            await asyncio.gather(*(kid.think(4) for kid in kids))
        async with engine.open(prompt) as later:
            await later.think(4)
        return engine, [*kids, later]

    engine, chains = run(program())
    prefill = [chain.spend.prefill for chain in chains]
    assert prefill[0] == 200
    assert all(each <= 4 for each in prefill[1:])
    assert all(chain.spend.cached >= 196 for chain in chains[1:])
    assert engine.statistics.spend.prefill == sum(prefill)


def test_forks_copy_nothing_until_they_write() -> None:
    async def program() -> tuple[int, int]:
        engine = make()
        async with engine.open(list(range(41))) as chain:
            await chain.think(2)
            before = engine.memory.pages.used
            kids = chain.fork(20)
            assert engine.memory.pages.used == before
            await asyncio.gather(*(kid.think(3) for kid in kids))
            return engine.statistics.spend.recomputed, engine.runner.copies  # type: ignore[attr-defined]

    assert run(program()) == (0, 20)


def test_when_pages_run_out_the_oldest_goes_on_whoever_asks() -> None:
    async def program() -> list[Chain]:
        engine = make(pages=8, page_size=4)
        chains = [engine.open([1]), engine.open([2, 3, 4])]  # the younger one needs its next page first
        await asyncio.gather(*(chain.think(20) for chain in chains))
        return chains

    oldest, youngest = run(program())
    assert oldest.spend.recomputed == oldest.spend.cached == 0
    assert youngest.spend.recomputed > 0
    assert len(youngest.new_ids) == 20


def test_long_prompts_do_not_hold_the_others_up() -> None:
    async def program() -> int:
        engine = make(chunk=8, pages=2048)
        async with engine.open([1, 2]) as short, engine.open(list(range(200)) * 10) as long:
            reading = asyncio.ensure_future(long.think(1))
            await short.think(100)
            steps = engine.statistics.steps
            await reading
            return steps

    assert run(program()) <= 104


def test_a_failing_runner_fails_the_chains_and_the_engine_lives_on() -> None:
    async def program() -> None:
        engine = make()
        step = engine.runner.step
        async with engine.open([1, 2, 3]) as chain:
            engine.runner.step = lambda _: 1 / 0  # type: ignore[method-assign, assignment, return-value]
            with pytest.raises(ZeroDivisionError):
                await chain.think(5)
            engine.runner.step = step  # type: ignore[method-assign]
            await chain.think(5)
            assert len(chain.new_ids) == 5

    run(program())


def test_a_step_is_slow_that_has_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("mull.engine.local.perf_counter", lambda: clock[0])

    async def program() -> list[tuple[int, bool]]:
        engine = make()
        engine.slow_step = 0.1
        step, main = engine.runner.step, threading.current_thread()
        steps: list[tuple[int, bool]] = []

        def watched(rows: Rows) -> Floats:
            clock[0] += 0.001 * len(rows.tokens)
            steps.append((len(rows.tokens), threading.current_thread() is main))
            return step(rows)

        engine.runner.step = watched  # type: ignore[method-assign]
        async with engine.open([1]) as chain:
            await chain.think(2)
            chain.say([2] * 200)
            await chain.think(2)
        return steps

    assert run(program()) == [(1, False), (1, True), (201, False), (1, True)]


def test_slow_steps_leave_the_event_loop_to_others() -> None:
    async def program(slow_step: float) -> list[int]:
        engine = make()
        engine.slow_step = slow_step
        async with engine.open([1, 2, 3]) as chain:
            task = asyncio.ensure_future(chain.think(30))
            turns = 0
            while not task.done():
                turns += 1
                await asyncio.sleep(0)
            assert turns > 30 or slow_step > 0
            return chain.new_ids

    assert run(program(-1.0)) == run(program(math.inf))
