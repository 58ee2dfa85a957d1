"""An endless stream of training batches: problems with worked thoughts, no index twice.

A sample is one ChatML conversation. Loss is taken on what the assistant writes, not on the
question and not on planted mistakes. Batches hold samples of similar length: no packing, so
no sample sees another, and little padding.

The stream is a pure function of (seed, pool number): its state is four integers, and a
resumed run continues with the very next batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from random import Random
from typing import NamedTuple, TypeVar

import torch
from tokenizers import Tokenizer
from torch import Tensor

from mull import tasks
from mull.tasks import Problem, Segment
from mull.train.wording import reword

PROMPT = "<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n<think>\n"
CLOSE = "\n</think>\n\n"
END = "<|im_end|>"

POOL = 1200  # samples generated at a time, sorted into batches

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of families and levels (any positive weights) and of the special kinds of sample."""

    families: tuple[tuple[str, float], ...]
    levels: tuple[tuple[int, float], ...] = ((1, 0.25), (2, 0.29), (3, 0.36), (4, 0.1))
    slips: float = 0.1  # thoughts with a planted mistake that is noticed and repaired
    unthought: float = 0.03  # empty thoughts
    cut: float = 0.06  # thoughts cut anywhere: an answer can be forced at any time
    reworded: float = 0.35  # questions in other words than the family's


class Sample(NamedTuple):
    ids: list[int]
    learn: list[bool]


class Batch(NamedTuple):
    ids: Tensor  # [samples, time] int64, padded on the right
    learn: Tensor  # [samples, time] bool
    tokens: int  # without padding


def encode(tokenizer: Tokenizer, problem: Problem, thoughts: Sequence[Segment]) -> Sample:
    """The whole conversation in one tokenisation, as a runner will see it."""
    prompt = PROMPT.format(question=problem.question)
    parts = [Segment(prompt, learn=False), *thoughts, Segment(CLOSE + tasks.final(problem) + END)]
    encoding = tokenizer.encode("".join(part.text for part in parts))
    learn, start = [], 0
    ends = [start := start + len(part.text) for part in parts]
    part = 0
    for begin, _ in encoding.offsets:
        while begin >= ends[part]:
            part += 1
        learn.append(parts[part].learn)
    return Sample(encoding.ids, learn)


def forced(sample: Sample, think: int, close: int, keep: int) -> Sample:
    """The sample with its thoughts cut to `keep` tokens; only the answer after them is learned.

    `think` and `close` are the ids of the tags; the tag is followed by a newline, the closing
    one stands between newlines.
    """
    start = sample.ids.index(think) + 2
    end = sample.ids.index(close) - 1
    ids = sample.ids[: start + keep] + sample.ids[end:]
    answer = ids.index(close) + 3
    return Sample(ids, [False] * answer + [True] * (len(ids) - answer))


class Stream:
    """Batches without end. `state` and `restore` make it continue where it was."""

    def __init__(self, tokenizer: Tokenizer, mix: Mix, seed: int) -> None:
        self._tokenizer, self._mix, self._seed = tokenizer, mix, seed
        vocabulary = tokenizer.get_vocab()
        self._think, self._close = vocabulary["<think>"], vocabulary["</think>"]
        self._pool, self._position, self._shape = -1, 0, (0, 0)
        self._batches: list[list[Sample]] = []

    def next(self, longest: int, tokens: int) -> Batch:
        """The next batch: samples of at most `longest` tokens, about `tokens` in all, padding included.

        A change of the two takes effect with the next pool. Raises ValueError where no sample is so short.
        """
        if self._position == len(self._batches):
            self._fill(self._pool + 1, longest, tokens)
        batch = self._batches[self._position]
        self._position += 1
        return collate(batch)

    @property
    def state(self) -> dict[str, int]:
        longest, tokens = self._shape
        return dict(pool=self._pool, position=self._position, longest=longest, tokens=tokens)

    def restore(self, state: dict[str, int]) -> None:
        if state["pool"] >= 0:
            self._fill(state["pool"], state["longest"], state["tokens"])
            self._position = state["position"]

    def _fill(self, pool: int, longest: int, tokens: int) -> None:
        rng = Random(f"{self._seed}/{pool}")
        samples = [s for s in self._draw(rng, self._seed * 10**8 + pool * POOL) if len(s.ids) <= longest]
        if not samples:
            raise ValueError(f"none of {POOL} samples has at most {longest} tokens")
        batches = by_length(samples, lambda sample: len(sample.ids), tokens)
        rng.shuffle(batches)
        self._pool, self._position, self._shape, self._batches = pool, 0, (longest, tokens), batches

    def _draw(self, rng: Random, first: int) -> Iterator[Sample]:
        mix = self._mix
        names, shares = zip(*mix.families, strict=True)
        levels, weights = zip(*mix.levels, strict=True)
        for index in range(first, first + POOL):
            family = tasks.get(rng.choices(names, shares)[0])
            problem = family.problem("train", rng.choices(levels, weights)[0], index)
            thoughts = family.trace(problem, rng, mix.slips)
            if rng.random() < mix.reworded:
                problem = replace(problem, question=reword(problem.question, rng))
            sample = encode(self._tokenizer, problem, thoughts)
            kind = rng.random()
            if kind < mix.unthought + mix.cut:
                length = sample.ids.index(self._close) - sample.ids.index(self._think) - 3
                keep = 0 if kind < mix.unthought else rng.randrange(length)
                sample = forced(sample, self._think, self._close, keep)
            yield sample


def by_length(items: Sequence[T], length: Callable[[T], int], tokens: int) -> list[list[T]]:
    """Items of similar length together, about `tokens` in each list when padded to its longest."""
    lists: list[list[T]] = []
    for item in sorted(items, key=length):
        if not lists or (len(lists[-1]) + 1) * length(item) > tokens:
            lists.append([])
        lists[-1].append(item)
    return lists


def collate(samples: Sequence[Sample]) -> Batch:
    """Pad on the right with zeros; padding is never learned, and causal attention never sees it."""
    time = max(len(sample.ids) for sample in samples)
    ids = torch.zeros(len(samples), time, dtype=torch.int64)
    learn = torch.zeros(len(samples), time, dtype=torch.bool)
    for row, sample in enumerate(samples):
        ids[row, : len(sample.ids)] = torch.tensor(sample.ids)
        learn[row, : len(sample.ids)] = torch.tensor(sample.learn)
    return Batch(ids, learn, sum(len(sample.ids) for sample in samples))


def digest(before: str, batch: Batch) -> str:
    """Fingerprint (hexadecimal) of everything trained on: `before` the fingerprint of the batches so far.

    BLAKE2b over it, the batch's shape, its ids and what of them is learned: two runs with the same
    fingerprint were trained on the same tokens in the same batches and order.
    """
    head = f"{before}/{tuple(batch.ids.shape)}/".encode()
    ids, learn = batch.ids.numpy().astype("<i8").tobytes(), batch.learn.numpy().tobytes()
    return blake2b(head + ids + learn, digest_size=16).hexdigest()


def held_out(tokenizer: Tokenizer, family: str, levels: Sequence[int], count: int) -> list[Sample]:
    """The first `count` test problems of a family, spread over `levels`, with full thoughts."""
    found = []
    for index in range(count):
        problem = tasks.get(family).problem("test", levels[index % len(levels)], index)
        found.append(encode(tokenizer, problem, tasks.get(family).trace(problem, Random(index))))
    return found
