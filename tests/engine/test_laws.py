"""The laws of DESIGN §4.1, as properties over random programs."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mull.engine import Chain, LocalEngine, Sampling, Spend
from tests.engine.conftest import GREEDY, WARM, assert_memory, lose, make, run

prompts = st.lists(st.integers(0, 255), min_size=1, max_size=40)
lengths = st.integers(1, 30)
samplings = st.sampled_from(
    [GREEDY, WARM, Sampling(temperature=0.7, top_k=20, top_p=0.8), Sampling(top_p=0.5), Sampling(min_p=0.1)]
)
quick = settings(max_examples=60)


async def alone(prompt: list[int], tokens: int, sampling: Sampling, seed: int = 0) -> list[int]:
    engine = make()
    async with engine.open(prompt, seed=seed, sampling=sampling) as chain:
        await chain.think(tokens)
        return chain.new_ids


@quick
@given(st.lists(prompts, min_size=1, max_size=6), lengths, samplings, st.integers(3, 40))
def test_a_chain_draws_the_same_tokens_alone_and_in_a_crowd(
    crowd: list[list[int]], tokens: int, sampling: Sampling, chunk: int
) -> None:
    async def together() -> list[list[int]]:
        engine = make(chunk=chunk)
        chains = [engine.open(prompt, seed=7, sampling=sampling) for prompt in crowd]
        await asyncio.gather(*(chain.think(tokens) for chain in chains))
        return [chain.new_ids for chain in chains]

    expected = [run(alone(prompt, tokens, sampling, seed=7)) for prompt in crowd]
    assert run(together()) == expected


@quick
@given(prompts, st.lists(lengths, min_size=1, max_size=5), samplings)
def test_thinking_in_stretches_equals_thinking_at_once(
    prompt: list[int], stretches: list[int], sampling: Sampling
) -> None:
    async def program() -> list[int]:
        async with make().open(prompt, sampling=sampling) as chain:
            for tokens in stretches:
                await chain.think(tokens)
            return chain.new_ids

    assert run(program()) == run(alone(prompt, sum(stretches), sampling))


@quick
@given(prompts, lengths, lengths, st.integers(1, 5), samplings)
def test_fork_then_continue_equals_continue(
    prompt: list[int], before: int, after: int, kids: int, sampling: Sampling
) -> None:
    async def program() -> tuple[list[int], list[list[int]]]:
        engine = make()
        async with engine.open(prompt, sampling=sampling) as chain:
            await chain.think(before)
            children = chain.fork(kids)
            await asyncio.gather(*(each.think(after) for each in (chain, *children)))
            return chain.new_ids, [child.new_ids for child in children]

    parent, children = run(program())
    assert parent == run(alone(prompt, before + after, sampling))
    assert all(child[:before] == parent[:before] for child in children)
    if sampling.temperature == 0:
        assert all(child == parent for child in children)


def test_children_of_a_sampled_chain_differ() -> None:
    async def program() -> set[tuple[int, ...]]:
        async with make().open([1, 2, 3]) as chain:
            children = [*chain.fork(8), *chain.fork(8)]
            await asyncio.gather(*(child.think(12) for child in children))
            return {tuple(child.new_ids) for child in children}

    assert len(run(program())) == 16


@quick
@given(prompts, lengths, lengths, lengths, samplings, st.booleans())
def test_rewind_to_a_mark_means_it_never_happened(
    prompt: list[int], before: int, astray: int, after: int, sampling: Sampling, fork_too: bool
) -> None:
    async def program() -> tuple[list[int], list[int]]:
        async with make().open(prompt, sampling=sampling) as chain:
            await chain.think(before)
            mark = chain.mark()
            if fork_too:
                await chain.fork(2)[1].think(astray)
            await chain.think(astray)
            chain.say([5, 6, 7])
            await chain.think(astray)
            chain.rewind(mark)
            (child,) = chain.fork()
            await asyncio.gather(chain.think(after), child.think(after))
            return chain.new_ids, child.new_ids

    async def never() -> tuple[list[int], list[int]]:
        async with make().open(prompt, sampling=sampling) as chain:
            await chain.think(before)
            (child,) = chain.fork()
            await asyncio.gather(chain.think(after), child.think(after))
            return chain.new_ids, child.new_ids

    assert run(program()) == run(never())


operations = st.lists(
    st.tuples(
        st.sampled_from(["think", "fork", "say", "rewind", "probe", "stop", "cancel", "lose", "together"]),
        st.integers(0, 1000),
        st.integers(1, 24),
    ),
    max_size=14,
)


async def perform(chain: Chain, program: list[tuple[str, int, int]], spends: list[Spend]) -> None:
    """Interpret a random program over a growing family of chains."""
    family = [chain]
    spends.append(chain.spend)
    for operation, who, amount in program:
        alive = [each for each in family if each.closed is None]
        if not alive:
            return
        one = alive[who % len(alive)]
        room = one.engine.context - len(one) - 1
        match operation:
            case "think":
                await one.think(min(amount, room))
            case "together":
                await asyncio.gather(*(each.think(amount) for each in alive))
            case "fork":
                children = one.fork(1 + amount % 4)
                family += children
                spends += [child.spend for child in children]
            case "say" if amount < room:
                one.say([(who + i) % 256 for i in range(amount)])
            case "rewind":
                one.rewind(one.prompt_length + who % (len(one) - one.prompt_length + 1))
            case "probe" if room > 12:
                before = one.new_ids
                await one.probe([1, 2], max_tokens=min(amount, 8))
                assert one.new_ids == before
            case "stop" if len(alive) > 1:
                one.stop("test")
            case "cancel":
                task = asyncio.ensure_future(one.think(amount))
                for _ in range(who % 4):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            case "lose" if room and isinstance(one.engine, LocalEngine):
                await lose(one)
            case _:
                pass
        if isinstance(one.engine, LocalEngine):
            assert_memory(one.engine)


@settings(max_examples=120)
@given(prompts, operations, st.integers(12, 60), st.integers(4, 64), st.booleans())
def test_pages_return_and_the_ledger_is_exact_whatever_happens(
    prompt: list[int], program: list[tuple[str, int, int]], pages: int, chunk: int, threaded: bool
) -> None:
    engine = make(pages=pages, page_size=4, chunk=chunk, context=48)
    engine.slow_step = -1.0 if threaded else math.inf
    spends: list[Spend] = []

    async def body() -> None:
        async with engine.open(prompt) as chain:
            await perform(chain, program, spends)

    run(body())
    assert engine.memory.pages.used == 0
    assert not engine.memory.held
    total = Spend()
    for spend in spends:
        total += spend
    assert total == engine.statistics.spend
    # Every row is accounted for: given tokens, tokens computed again, and tokens drawn before.
    rows = engine.statistics.rows
    assert total.prefill + total.recomputed <= rows <= total.prefill + total.recomputed + total.generated


@settings(max_examples=40)
@given(st.lists(prompts, min_size=2, max_size=8), st.integers(1, 30), st.integers(11, 24), samplings)
def test_chains_that_do_not_fit_wait_or_are_recomputed_and_none_is_lost(
    crowd: list[list[int]], tokens: int, pages: int, sampling: Sampling
) -> None:
    crowd = [prompt[:12] for prompt in crowd]

    async def together() -> list[list[int]]:
        engine = make(pages=pages, page_size=4, chunk=16)
        chains = [engine.open(prompt, sampling=sampling) for prompt in crowd]
        await asyncio.gather(*(chain.think(tokens) for chain in chains))
        return [chain.new_ids for chain in chains]

    assert run(together()) == [run(alone(prompt, tokens, sampling)) for prompt in crowd]


@quick
@given(prompts, st.integers(0, 40), samplings)
def test_max_tokens_are_never_exceeded(prompt: list[int], tokens: int, sampling: Sampling) -> None:
    async def program() -> Any:
        async with make().open(prompt, sampling=sampling) as chain:
            event = await chain.think(tokens)
            return len(chain.new_ids), chain.spend.sampled, event.at

    assert run(program()) == (tokens, tokens, len(prompt) + tokens)


def test_an_error_in_a_program_frees_everything(engine: LocalEngine) -> None:
    async def program() -> None:
        async with engine.open([1, 2, 3]) as chain:
            kids = chain.fork(5)
            await asyncio.gather(*(kid.think(9) for kid in kids))
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        run(program())
    assert engine.memory.pages.used == 0
