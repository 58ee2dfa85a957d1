"""mull, twice: the whole engine as a program uses it, and the runner alone under the barest loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

import mull
from benchmarks.peers import Dtype
from mull import runner as runners
from mull.engine import LocalEngine, Sampling
from mull.engine.chain import Chain
from mull.engine.sampling import choose
from mull.model.checkpoint import Checkpoint
from mull.runner.base import Rows, Runner

DTYPES = {"f32": "f32", "16": "bf16", "int8": "int8"}
PAGE = 16


class Engine:
    """Chains of `mull.load`'s engine, all thinking at once in one event loop."""

    whole = False

    def __init__(self, model: str, dtype: Dtype, threads: int) -> None:
        self.engine: LocalEngine = mull.load(model, dtype=DTYPES[dtype], threads=threads)
        self.chains: list[Chain] = []
        self.copies = 1

    def prefill(self, prompts: Sequence[Sequence[int]], copies: int, room: int) -> None:
        for chain in self.chains:
            chain.stop("replaced")
        self.chains = [self.engine.open(prompt, seed=seed) for seed, prompt in enumerate(prompts)]
        self.copies = copies
        _think(self.chains, 1, 0.0)
        for chain in self.chains:
            chain.rewind(chain.prompt_length)

    def decode(self, new: int, temperature: float) -> list[list[int]]:
        if self.copies > 1:
            chains = [child for chain in self.chains for child in chain.fork(self.copies)]
        else:
            chains = self.chains
        _think(chains, new, temperature)
        out = [chain.new_ids for chain in chains]
        for chain in chains:
            if self.copies > 1:
                chain.stop("measured")
            else:
                chain.rewind(chain.prompt_length)
        return out

    def fork_cost(self, length: int, forks: int, seed: int) -> dict[str, Any]:
        """What it costs to fork a chain of `length` tokens, half of them given and half of them generated.

        The clock of `first_token` runs from before the fork to the child's first token; `plain_token` is
        the same for a chain that just goes on, `prefill` for computing a chain of that length anew.
        """
        draw = np.random.default_rng(seed)
        vocabulary = self.engine.runner.limits.vocab_size
        chain = self.engine.open(draw.integers(0, vocabulary, length // 2).tolist())
        _think([chain], length - length // 2, 0.0)
        first = []
        for _ in range(20):
            started = perf_counter()
            (child,) = chain.fork()
            _think([child], 1, 0.0)
            first.append(perf_counter() - started)
            spend = child.spend
            child.stop("measured")
        times = []
        for _ in range(forks):
            started = perf_counter()
            (child,) = chain.fork()
            times.append(perf_counter() - started)
            child.stop("measured")
        plain = []
        for _ in range(20):
            started = perf_counter()
            _think([chain], 1, 0.0)
            plain.append(perf_counter() - started)
        chain.stop("measured")
        anew = self.engine.open(draw.integers(0, vocabulary, length).tolist())
        started = perf_counter()
        _think([anew], 1, 0.0)
        prefill = perf_counter() - started
        anew.stop("measured")
        return {
            "length": length,
            "fork": times,
            "first_token": median(first),
            "plain_token": median(plain),
            "prefill": prefill,
            "recomputed": spend.recomputed + spend.prefill,
        }


def _think(chains: Sequence[Chain], new: int, temperature: float) -> None:
    sampling = Sampling(temperature=temperature, stop_ids=frozenset())
    for chain in chains:
        chain.sampling = sampling

    async def all_of_them() -> None:
        await asyncio.gather(*(chain.think(new) for chain in chains))

    asyncio.run(all_of_them())


class BareRunner:
    """`Runner.step` in the barest loop: what the network costs without engine, text or bookkeeping."""

    whole = False
    chunk = 512  # prompt rows in one step, as the engine has it

    def __init__(self, model: str, dtype: Dtype, threads: int) -> None:
        self.checkpoint = Checkpoint.open(model)
        self.dtype = DTYPES[dtype]
        self.threads = threads
        self.runner: Runner | None = None
        self.pages = 0
        self.random = np.random.default_rng(0)

    def prefill(self, prompts: Sequence[Sequence[int]], copies: int, room: int) -> None:
        length = len(prompts[0])
        width = -(-(length + room) // PAGE)
        chains = len(prompts) * copies
        self._reserve(chains * width)
        self.tables = np.arange(chains * width, dtype=np.int32).reshape(chains, width)
        firsts = range(0, chains, copies)
        rows = [
            (token, position, chain)
            for chain, prompt in zip(firsts, prompts, strict=True)
            for position, token in enumerate(prompt)
        ]
        for start in range(0, len(rows), self.chunk):
            tokens, positions, owners = np.array(rows[start : start + self.chunk], np.int32).T.copy()
            wants = np.flatnonzero(positions == length - 1).astype(np.int32)
            self._step(tokens, positions, owners, wants).argmax(1)
        full = (length - 1) // PAGE  # pages behind the last token; all copies may read them
        for first in firsts:
            for chain in range(first + 1, first + copies):
                self.tables[chain, :full] = self.tables[first, :full]
                self._loaded.copy_page(int(self.tables[first, full]), int(self.tables[chain, full]))
        self.last = np.repeat(np.array([prompt[-1] for prompt in prompts], np.int32), copies)
        self.length = length

    def decode(self, new: int, temperature: float) -> list[list[int]]:
        count = len(self.last)
        everyone = np.arange(count, dtype=np.int32)
        tokens: np.ndarray = self.last
        out = np.empty((count, new), np.int32)
        for step in range(new):
            positions = np.full(count, self.length - 1 + step, np.int32)
            logits = self._step(tokens, positions, everyone, everyone)
            ids = choose(logits, (temperature, 0, 1.0, 0.0), self.random.random(count))
            tokens = out[:, step] = ids.astype(np.int32)
        found: list[list[int]] = out.tolist()
        return found

    def margin(self, ids: Sequence[int]) -> float:
        """How far the best next token's logit lies above the second best's."""
        self.prefill([ids], 1, 1)
        one = np.zeros(1, np.int32)
        logits = self._step(np.array(ids[-1:], np.int32), np.array([len(ids) - 1], np.int32), one, one)
        second, best = np.sort(logits[0])[-2:]
        return float(best - second)

    @property
    def _loaded(self) -> Runner:
        assert self.runner is not None
        return self.runner

    def _reserve(self, pages: int) -> None:
        if pages <= self.pages:
            return
        if self.runner is not None:
            self.runner.close()
        self.runner = runners.load(
            self.checkpoint.config,
            self.checkpoint.weights,
            name="cpu",
            dtype=self.dtype,
            pages=pages,
            threads=self.threads,
        )
        self.pages = pages

    def _step(
        self, tokens: np.ndarray, positions: np.ndarray, chains: np.ndarray, wants: np.ndarray
    ) -> np.ndarray:
        return self._loaded.step(Rows(tokens, positions, chains, self.tables, wants))
