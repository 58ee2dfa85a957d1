"""How much to do in the time there is: a few steps are timed, tokens and problems follow.

What is decided here is written down once and then fixed, so that a run is a function of its plan:
a resumed one goes on with the same numbers, whatever the machine does meanwhile.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from mull import api
from mull.tasks import Family
from mull.train import sft
from mull.train.evaluate import attempt
from mull.train.export import export

STEPS = 3  # timed for each size of batch, after one that is not
CHAINS, NEW = 48, 32  # answered at once for timing, new tokens of each
EVALUATION = 0.12  # share of the time
MEAN_TOKENS = 250  # of an answer, guessed high: a model that has not learned much does not end
COUNTS = (20, 200)  # problems of a family and level: at least, at most
OVERHEAD = 40.0  # seconds for everything that is not training or evaluation
WARMUP = 0.1  # of the steps, at most
LEAST = 0.5  # share of the time that is kept for supervised training in any case
REINFORCED_FROM = 60.0  # minutes; with less, supervised training has not converged and is the better use
REINFORCEMENT = 0.2  # share of the time, where there is any


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second: of supervised training (as its batches grow), and answering many questions at once."""

    training: float
    answering: float


@dataclass(frozen=True, slots=True)
class Budget:
    """`tokens` of supervised training, `count` problems of a family and level to evaluate; seconds of all."""

    speed: Speed
    tokens: int
    count: int
    supervised_seconds: float
    reinforcement_seconds: float
    evaluation_seconds: float

    def json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> Budget:
        return cls(**raw | {"speed": Speed(**raw["speed"])})


def probe(plan: sft.Plan, tokenizer: Path, families: Sequence[Family]) -> Speed:
    """Time a few training steps and a few answers of an untrained model of the plan's shape."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(tokenizer, Path(folder) / "tokenizer.json")
        small, large = (_training_speed(plan, Path(folder), size) for size in plan.batch)
        run = sft.begin(replace(plan, out=Path(folder), tokens=1))
        model = export(run.model, run.tokenizer, Path(folder) / "model")
        engine = api.load(model, threads=torch.get_num_threads())
        problems = [families[0].problem("train", 1, index) for index in range(CHAINS)]
        began = time.perf_counter()
        attempts = asyncio.run(attempt(engine, families[0], problems, NEW))
        seconds = time.perf_counter() - began
        engine.close()
    training = 1 / (plan.grow / small + (1 - plan.grow) / large)
    return Speed(round(training), round(sum(each.tokens for each in attempts) / seconds))


def budget(minutes: float, speed: Speed, cells: int) -> Budget:
    """What fits into the time at this speed, for `cells` families times levels."""
    reinforcement = REINFORCEMENT * minutes * 60 if minutes >= REINFORCED_FROM else 0.0
    seconds = minutes * 60 - OVERHEAD - reinforcement
    answers_per_second = speed.answering / MEAN_TOKENS
    least, most = COUNTS
    count = max(least, min(most, int(EVALUATION * seconds * answers_per_second / cells) // 10 * 10))
    evaluation = count * cells / answers_per_second
    supervised = max(seconds - evaluation, LEAST * minutes * 60)
    tokens = max(1, _rounded(supervised * speed.training))
    return Budget(speed, tokens, count, supervised, reinforcement, evaluation)


def short_warmup(plan: sft.Plan, tokens: int) -> int:
    """Steps of the plan's warm-up, but no more than a tenth of all that so many tokens are enough for."""
    small, large = plan.batch
    steps = tokens * (plan.grow / small + (1 - plan.grow) / large)
    return max(1, min(plan.warmup, int(WARMUP * steps)))


def _training_speed(plan: sft.Plan, folder: Path, size: int) -> float:
    """Tokens a second of steps with batches of this size, problems of any length among them."""
    run = sft.begin(replace(plan, out=folder, tokens=1 << 40, batch=(size, size), short=(0.0, 0)))
    run.advance()  # the first one generates the problems and warms up
    tokens, seconds = run.tokens, run.seconds
    for _ in range(STEPS):
        run.advance()
    return (run.tokens - tokens) / (run.seconds - seconds)


def _rounded(tokens: float) -> int:
    """To two digits, downwards: a number that can be said."""
    unit = 10 ** max(0, len(str(int(tokens))) - 2)
    return int(tokens) // unit * unit
