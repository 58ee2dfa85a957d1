"""What reinforcement learning and rejection sampling share: a model that learns from its own chains.

`train(run)` is the loop: step until the plan's minutes or steps are used up, then export. The state
is saved every few minutes, whole (weights, optimizer, place in the problems, step, time used), by
writing aside and renaming: `kill -9` loses only what came after the last save, and with a fixed
number of steps (and the same number of threads) a resumed run ends in the same weights, bit for
bit, as one never interrupted.
"""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from mull import tasks
from mull.model.checkpoint import Checkpoint
from mull.train import machine, saves
from mull.train.curriculum import Curriculum
from mull.train.evaluate import Attempt, attempt
from mull.train.export import export
from mull.train.model import Qwen2
from mull.train.rollout import Group, sampler
from mull.train.saves import TrainingError

Record = dict[str, Any]
Say = Callable[[str], None]

AT_ONCE = 256  # chains computed side by side


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run. Exactly one of `minutes` and `steps` says how long."""

    out: Path
    start: Path  # folder of the model to begin from
    minutes: float | None = None
    steps: int | None = None
    seed: int = 0
    families: tuple[str, ...] = tasks.names()
    levels: tuple[int, ...] = (1, 2, 3, 4)  # 5 is held out
    reworded: float = 0.35  # share of questions in other words than the family's
    samples: int = 8  # chains of a problem
    limit: int = 512  # new tokens of a chain
    rate: float = 2e-4  # AdamW, falling linearly to 0
    warmup: int = 5  # steps
    clip: float = 1.0  # norm of the gradient
    save_every: float = 3.0  # minutes
    check_every: int = 25  # steps between looks at held-out problems
    held_out: int = 32  # test problems per family


class Run(ABC):
    """What a run is made of, and what a save holds: everything that the next step depends on."""

    def __init__(self, plan: Plan) -> None:
        if (plan.minutes is None) == (plan.steps is None):
            raise TrainingError("Say how long to train: either --minutes or --steps.")
        self.plan = plan
        self.checkpoint = Checkpoint.open(plan.start)
        self.model = load(self.checkpoint)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), plan.rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True
        )
        self.curriculum = Curriculum(plan.families, plan.levels, plan.seed, plan.reworded)
        self.step = self.tokens = 0
        self.seconds = 0.0
        self.commit = machine.commit()  # of the code that began the run

    @abstractmethod
    def learn(self) -> Record:
        """Sample chains and change the weights. Returns what there is to tell: `figures`, and more."""

    @property
    def progress(self) -> float:
        if self.plan.steps is not None:
            return self.step / self.plan.steps
        assert self.plan.minutes is not None
        return self.seconds / 60 / self.plan.minutes

    @property
    def factor(self) -> float:
        """Of the learning rate."""
        return min(1.0, (self.step + 1) / self.plan.warmup) * max(0.0, 1 - self.progress)

    def advance(self) -> Record:
        """One step."""
        began, factor = time.perf_counter(), self.factor
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate * factor
        record = self.learn()
        seconds = time.perf_counter() - began
        self.step += 1
        self.seconds += seconds
        self.tokens += record["sampled"]
        return dict(
            step=self.step,
            minutes=round(self.seconds / 60, 2),
            **record,
            tokens_per_second=round(record["sampled"] / seconds),
            factor=round(factor, 3),
            rates=self.curriculum.rates,
        )

    def save(self, path: Path) -> None:
        state = dict(
            model=self.model.state_dict(),
            optimizer=self.optimizer.state_dict(),
            curriculum=self.curriculum.state,
            step=self.step,
            tokens=self.tokens,
            seconds=self.seconds,
            commit=self.commit,
            plan=_settings(self.plan),
        )
        saves.write(path, state)

    def restore(self, path: Path) -> None:
        """Continue from a save. Raises TrainingError if it was made under another plan."""
        state = saves.read(path, _settings(self.plan))
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.curriculum.restore(state["curriculum"])
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]
        self.commit = state["commit"]


def load(checkpoint: Checkpoint) -> Qwen2:
    """The model of a checkpoint, to be trained on in float32. Raises TrainingError for other networks."""
    try:
        model = Qwen2(checkpoint.config)
    except ValueError as error:
        raise TrainingError(
            f"{checkpoint.folder}: {error}. Pass the folder of a model trained here."
        ) from None
    model.load_state_dict({name: torch.tensor(checkpoint.weights[name]) for name in checkpoint.weights})
    return model


def pass_rate(group: Group) -> float:
    """Share of right answers."""
    return sum(episode.reward for episode in group) / len(group)


def figures(groups: Sequence[Group]) -> Record:
    """What sampled groups have in common in every kind of training."""
    episodes = [episode for group in groups for episode in group]
    tokens = sum(len(episode.completion) for episode in episodes)
    return dict(
        reward=round(sum(episode.reward for episode in episodes) / len(episodes), 4),
        length=round(tokens / len(episodes), 1),
        truncated=round(sum(not episode.ended for episode in episodes) / len(episodes), 4),
        groups=len(groups),
        with_signal=sum(0 < pass_rate(group) < 1 for group in groups),
        sampled=tokens,
    )


def train(run: Run, resume: bool = False, say: Say = print) -> Path:
    """Train to the end of the plan and export. Returns the folder of the exported model.

    Ctrl-C finishes the step, saves, and raises KeyboardInterrupt; a second one does not wait.
    """
    plan = run.plan
    plan.out.mkdir(parents=True, exist_ok=True)
    save, log = plan.out / "state.pt", plan.out / "log.jsonl"
    if save.exists() and not resume:
        raise TrainingError(f"{save}: a run is there. Continue it with --resume, or choose another --out.")
    if save.exists():
        run.restore(save)
        say(f"resumed at step {run.step}, {run.seconds / 60:.1f} minutes")
    else:
        _report(log, check(run, say), say)
    saved = run.seconds
    with saves.finishing() as interrupted:
        while run.progress < 1 and not interrupted():
            _report(log, run.advance(), say, run)
            done = run.progress >= 1
            if done or run.step % plan.check_every == 0:
                _report(log, check(run, say), say)
            if done or run.seconds - saved >= plan.save_every * 60:
                run.save(save)
                saved = run.seconds
    if run.progress < 1:
        run.save(save)
        say(f"stopped at step {run.step}; everything is in {save}. Continue with --resume.")
        raise KeyboardInterrupt
    tokenizer = Tokenizer.from_file(str(run.checkpoint.folder / "tokenizer.json"))
    return export(run.model, tokenizer, plan.out / "model")


def check(run: Run, say: Say) -> Record:
    """Greedy accuracy on the same few test problems of each family each time; shows one of the chains."""
    plan, accuracy = run.plan, {}
    found: list[Attempt] = []
    with sampler(run.model, run.checkpoint, min(plan.held_out, AT_ONCE), plan.limit) as engine:
        for family in map(tasks.get, plan.families):
            problems = [
                family.problem("test", plan.levels[index % len(plan.levels)], index)
                for index in range(plan.held_out)
            ]
            attempts = asyncio.run(attempt(engine, family, problems, plan.limit))
            accuracy[family.name] = round(sum(each.score for each in attempts) / len(attempts), 3)
            found += attempts
    if found:
        shown = found[run.step % len(found)]
        say(f"\n{shown.problem.question}\n{shown.text}\n({'right' if shown.score else 'wrong'})\n")
    return dict(step=run.step, held_out=accuracy)


def _report(log: Path, record: Record, say: Say, run: Run | None = None) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    if run is None:
        say("  held out: " + "  ".join(f"{name} {share:.0%}" for name, share in record["held_out"].items()))
        return
    left = run.seconds * (1 / run.progress - 1) / 60
    say(
        f"step {record['step']:4}  reward {record['reward']:.3f}  "
        f"signal {record['with_signal']}/{record['groups']}  {record['length']:.0f} tokens, "
        f"{record['truncated']:.0%} cut  {record['tokens_per_second']:,} tok/s  "
        f"norm {record['norm']:.2g}  rate {record['factor']:.2f}  {max(left, 0):.1f} min left"
    )


def _settings(plan: Plan) -> dict[str, Any]:
    """The plan as plain values, as saved; without what may change between two parts of a run."""
    return saves.settings(plan, without=("out", "start", "save_every", "check_every", "held_out"))
