"""Chains of the model that is being trained, sampled by the engine that users run, with their rewards.

The engine is built anew from the weights in memory each time they have changed: packing three
million of them takes 30 ms, and no key or value of older weights can be left in a page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from mull import runner as runners
from mull.api import PAGE_SIZE
from mull.engine import Chain, Ended, Event, LocalEngine, Sampling
from mull.engine.sampling import mix
from mull.model.chat import Message, render
from mull.model.checkpoint import Checkpoint
from mull.tasks import Problem, get
from mull.train.data import CLOSE, Sample
from mull.train.model import Qwen2

ROOM = 256  # tokens of a prompt that pages are set aside for; longer ones take them from other chains


@dataclass(frozen=True, slots=True)
class Episode:
    """One sampled chain.

    prompt      ids up to where the assistant goes on
    completion  ids that were sampled, with the stop token if there is one
    logprobs    natural log of the sampler's probability of each of them
    reward      1.0 or 0.0
    ended       by a stop token; False: cut off at the limit
    """

    problem: Problem
    prompt: list[int]
    completion: list[int]
    logprobs: list[float]
    text: str
    reward: float
    ended: bool

    @property
    def sample(self) -> Sample:
        """As something to learn: prompt and completion, of which the completion is learned."""
        learn = [False] * len(self.prompt) + [True] * len(self.completion)
        return Sample(self.prompt + self.completion, learn)

    def __len__(self) -> int:
        return len(self.prompt) + len(self.completion)


Group = list[Episode]  # the chains of one problem


@contextmanager
def sampler(model: Qwen2, checkpoint: Checkpoint, chains: int, limit: int) -> Iterator[LocalEngine]:
    """An engine on the weights as they are now, in float32, for `chains` chains of `limit` new tokens.

    `checkpoint` gives tokenizer, format and stop tokens. Uses as many threads as torch.
    """
    runner = runners.load(
        model.config,
        {name: weight.detach().numpy().copy() for name, weight in model.named_parameters()},
        pages=chains * -(-(ROOM + limit) // PAGE_SIZE),
        page_size=PAGE_SIZE,
        threads=torch.get_num_threads(),
    )
    engine = LocalEngine(
        runner, checkpoint.tokenizer, checkpoint.format, checkpoint.stop_ids, max_chains=chains
    )
    try:
        yield engine
    finally:
        engine.close()


def rollout(
    engine: LocalEngine, problems: Sequence[Problem], samples: int, limit: int, seed: int
) -> list[Group]:
    """`samples` chains of each problem at temperature 1, of at most `limit` new tokens.

    A pure function of the weights and these arguments, whatever the number of threads.
    """

    async def everything() -> list[Group]:
        groups = (
            _group(engine, problem, samples, limit, mix(seed, number))
            for number, problem in enumerate(problems)
        )
        return list(await asyncio.gather(*groups))

    return asyncio.run(everything())


async def _group(engine: LocalEngine, problem: Problem, samples: int, limit: int, seed: int) -> Group:
    """The prompt is computed once: all chains are forks of it."""
    prompt = render([Message("user", problem.question)], engine.tokenizer, format=engine.format)
    async with engine.open(prompt, seed=seed, sampling=Sampling()) as chain:
        forks = chain.fork(samples)
        events = await asyncio.gather(*(fork.think(limit) for fork in forks))
        return [_episode(problem, fork, event) for fork, event in zip(forks, events, strict=True)]


def _episode(problem: Problem, chain: Chain, event: Event) -> Episode:
    ended = isinstance(event, Ended) and event.reason == "token"
    return Episode(
        problem,
        chain.ids[: chain.prompt_length],
        chain.new_ids,
        chain.logprobs,
        chain.text,
        reward(problem, chain.text) if ended else 0.0,
        ended,
    )


def reward(problem: Problem, text: str) -> float:
    """1.0 if the answer is right and stands behind thoughts that were closed once, else 0.0.

    Without the second condition a model can learn to answer inside its thoughts, where no user looks.
    """
    return get(problem.family).score(problem, text) if text.count(CLOSE.strip()) == 1 else 0.0
