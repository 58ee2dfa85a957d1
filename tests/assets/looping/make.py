"""How the looping model in this folder was made: a very small one that has learned to search at random.

    python tests/assets/looping/make.py FOLDER      # some minutes on one core; FOLDER/model is the checkpoint

Its thoughts try the moves of Countdown in any order, and nothing says which have been tried. So a greedy
chain that has not hit the target soon comes back to lines that it has written, and may go in circles from
there. The files here are of the tasks at commit 248b7c7; others change the problems, and so the weights.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import torch

from mull.model.config import Config, Rope
from mull.tasks import Problem, Segment
from mull.tasks.countdown import Countdown, solve
from mull.tasks.search import listed
from mull.train.data import Mix
from mull.train.sft import Plan, train


def shape(vocab_size: int) -> Config:
    """0.19 million parameters."""
    return Config(
        architecture="qwen2",
        hidden_size=64,
        intermediate_size=96,
        num_layers=3,
        num_heads=4,
        num_kv_heads=2,
        head_dim=16,
        vocab_size=vocab_size,
        context=1024,
        norm_eps=1e-6,
        rope=Rope(theta=1000.0),
        tied_embeddings=False,
    )


def wandering(_: Countdown, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:  # noqa: ARG001
    """Lines of the search drawn at random until one hits; what stands in the last three is not drawn."""
    lines = [line for line in solve(problem.facts)[0] if line[1] != ":"]
    drawn = [rng.choice(lines)]
    while drawn[-1] != lines[-1]:
        drawn.append(rng.choice([line for line in lines if line not in drawn[-3:]] or lines))
    start = f"Make {problem.facts['target']} from {listed(tuple(problem.facts['numbers']))}."
    text = "\n".join([start, *drawn])
    return (Segment(f"{text}\nSo {problem.answer}."),)


def main(folder: str) -> None:
    torch.set_num_threads(1)
    Countdown.trace = wandering  # type: ignore[method-assign]
    mix = Mix(families=(("countdown", 1.0),), levels=((1, 0.5), (2, 0.5)), slips=0.0)
    train(Plan(out=Path(folder), tokens=1_200_000, mix=mix, longest=1000, shape=shape))


if __name__ == "__main__":
    main(sys.argv[1])
