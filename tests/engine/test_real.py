"""The engine on real runners and the embedded model: equal to transformers, equal to itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import torch
from transformers import AutoModelForCausalLM

import mull
from mull.engine import LocalEngine, Sampling
from mull.model.chat import Message, render
from mull.model.checkpoint import EMBEDDED, Checkpoint
from tests.engine.conftest import run

QUESTIONS = (
    "What is 394 + 323?",
    "Using 3, 7, 8 and 25, make 54.",
    "Solve 3x + 4 = 19 for x.",
    "What is the remainder when 731 is divided by 6?",
    "Compute 23 * 7.",
    "Something else entirely: 你好, Zoë!",
)
GREEDY = Sampling(temperature=0, stop_ids=frozenset())
WARM = Sampling(temperature=0.9, stop_ids=frozenset())


@pytest.fixture(scope="module", params=["reference", "cpu", "torch"])
def exact(request: pytest.FixtureRequest) -> Iterator[LocalEngine]:
    engine = mull.load(runner=request.param, dtype="f32")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def prompts() -> list[list[int]]:
    checkpoint = Checkpoint.open()
    return [
        render([Message("user", question)], checkpoint.tokenizer, format=checkpoint.format)
        for question in QUESTIONS
    ]


@pytest.fixture(scope="module")
def expected(prompts: list[list[int]]) -> list[list[int]]:
    """What transformers generates greedily, 64 tokens each."""
    model = AutoModelForCausalLM.from_pretrained(EMBEDDED, dtype=torch.float32)
    settings = {"max_new_tokens": 64, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    with torch.no_grad():
        return [
            model.generate(torch.tensor([prompt]), **settings)[0, len(prompt) :].tolist()
            for prompt in prompts
        ]


async def think(engine: LocalEngine, prompts: list[list[int]], sampling: Sampling, n: int) -> list[list[int]]:
    chains = [engine.open(prompt, sampling=sampling, seed=5) for prompt in prompts]
    await asyncio.gather(*(chain.think(n) for chain in chains))
    out = [chain.new_ids for chain in chains]
    for chain in chains:
        chain.stop("done")
    return out


def test_greedy_chains_are_those_of_transformers(
    exact: LocalEngine, prompts: list[list[int]], expected: list[list[int]]
) -> None:
    assert run(think(exact, prompts, GREEDY, 64)) == expected


@pytest.mark.parametrize("dtype", ["f32", "bf16", "int8"])
def test_a_chain_is_the_same_alone_and_in_a_crowd_on_the_cpu_runner(dtype: str) -> None:
    engine = mull.load(runner="cpu", dtype=dtype)
    prompts = [
        render([Message("user", question)], engine.tokenizer, format=engine.format) for question in QUESTIONS
    ]
    together = run(think(engine, prompts * 4, WARM, 48))
    alone = [run(think(engine, [prompt], WARM, 48))[0] for prompt in prompts]
    assert together == alone * 4
    engine.close()


@pytest.mark.parametrize("dtype", ["f32", "bf16", "int8"])
def test_forks_and_rewinds_change_nothing_on_the_cpu_runner(dtype: str) -> None:
    engine = mull.load(runner="cpu", dtype=dtype)
    prompt = render([Message("user", QUESTIONS[1])], engine.tokenizer, format=engine.format)

    async def straight() -> list[int]:
        async with engine.open(prompt, sampling=WARM) as chain:
            await chain.think(70)
            return chain.new_ids

    async def winding() -> list[int]:
        async with engine.open(prompt, sampling=WARM) as chain:
            await chain.think(30)
            mark = chain.mark()
            kids = chain.fork(5)
            await asyncio.gather(*(kid.think(20) for kid in kids), chain.think(25))
            chain.rewind(mark)
            kids[0].stop("enough")
            chain.say("Wait.")
            await chain.think(9)
            chain.rewind(mark)
            await chain.think(40)
            return chain.new_ids

    assert run(winding()) == run(straight())
    assert engine.memory.pages.used == 0
    engine.close()


@pytest.mark.slow
def test_a_prompt_of_32_000_words_is_read_in_bounded_memory() -> None:
    """Progress is told all along, the pages grow with the tokens, and an answer comes."""
    question = "Find the sum of 24 and 13. " * 4_700 + "What is 24 + 13?"
    engine = mull.load(context=200_000)
    prompt = render([Message("user", question)], engine.tokenizer, format=engine.format)
    assert len(question.split()) > 32_000
    seen: list[int] = []

    async def program() -> int:
        async with engine.open(prompt, sampling=GREEDY) as chain:
            await chain.think(8, [mull.engine.Progress(lambda done, _: seen.append(done))])
            assert engine.memory.pages.used == -(-len(chain) // 16)
            return len(chain.new_ids)

    assert asyncio.run(program()) == 8
    assert seen == sorted(seen)
    assert len(seen) >= len(prompt) // 512
    assert engine.statistics.spend.prefill == len(prompt)
