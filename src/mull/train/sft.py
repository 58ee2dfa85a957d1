"""Supervised training on worked thoughts: one process, one loop, from nothing to a checkpoint.

`train(plan)` reads top to bottom: build or restore, then step until the plan's minutes or
tokens are used up, then export. The state is saved every few minutes, whole (weights, both
optimizers, place in the data, time used), by writing aside and renaming: `kill -9` loses
only what came after the last save, and with a token budget a resumed run ends in the same
weights, bit for bit, as one that was never interrupted.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer

from mull.model.config import Config
from mull.train import machine, saves
from mull.train import tokenizer as tokenizers
from mull.train.data import Mix, Sample, Stream, collate, digest, held_out
from mull.train.export import export
from mull.train.init import initialize
from mull.train.model import Qwen2, embedded_config
from mull.train.muon import Muon
from mull.train.saves import TrainingError

MIX = Mix(
    families=(
        ("addition", 0.07),
        ("multiplication", 0.05),
        ("division", 0.07),
        ("expressions", 0.09),
        ("equations", 0.07),
        ("countdown", 0.12),
        ("remainders", 0.09),
        ("knights", 0.09),
        ("bases", 0.06),
        ("sequences", 0.06),
        ("ordering", 0.07),
        ("numbers", 0.09),
        ("word", 0.09),
        ("counting", 0.04),
    )
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. Exactly one of `minutes` and `tokens` says how long."""

    out: Path
    start: Path | None = None  # an exported model to begin from, instead of nothing
    minutes: float | None = None
    tokens: int | None = None
    seed: int = 0
    mix: Mix = MIX
    matrix_rate: float = 0.02  # Muon, matrices inside the layers
    rate: float = 3e-3  # AdamW, norms, biases and the output
    embedding_rate: float = 1.5e-2  # AdamW, input embeddings
    warmup: int = 60  # steps
    flat: float = 0.3  # share of the run at the full rate; then linear to `floor`
    floor: float = 0.01
    longest: int = 720  # tokens of a sample
    batch: tuple[int, int] = (3072, 6144)  # tokens, before and after `grow`
    grow: float = 0.5
    short: tuple[float, int] = (0.06, 256)  # this share of the run sees only samples this short
    clip: float = 1.0  # norm of the gradient
    log_every: int = 50  # steps
    save_every: float = 3.0  # minutes
    held_out: int = 24  # problems per family in the held-out loss
    shape: Callable[[int], Config] = field(default=embedded_config)

    def factor(self, progress: float, step: int) -> float:
        """Of all learning rates, at `progress` in 0..1."""
        decay = 1 - (progress - self.flat) / (1 - self.flat)
        return min(1.0, (step + 1) / self.warmup) * min(1.0, max(self.floor, decay))


def further(plan: Plan, start: Path) -> Plan:
    """The plan for training the model in folder `start` on: half the rates, earlier decay, nothing short."""
    return replace(
        plan,
        start=start,
        matrix_rate=plan.matrix_rate / 2,
        rate=plan.rate / 2,
        embedding_rate=plan.embedding_rate / 2,
        flat=0.15,
        short=(0.0, plan.longest),
    )


class Run:
    """What a run is made of, and what a save holds: everything that the next step depends on."""

    def __init__(self, plan: Plan, tokenizer: Tokenizer) -> None:
        self.plan, self.tokenizer = plan, tokenizer
        size = -(-tokenizer.get_vocab_size() // 16) * 16
        self.model = Qwen2(plan.shape(size))
        if plan.start is None:
            initialize(self.model, plan.seed, tokenizers.alike(tokenizer))
        else:
            _load(self.model, plan.start)
        matrices: list[torch.Tensor] = []
        other: list[torch.Tensor] = []
        embedding: list[torch.Tensor] = []
        for name, weight in self.model.named_parameters():
            inner = ".layers." in name and weight.ndim == 2
            (matrices if inner else embedding if "embed_tokens" in name else other).append(weight)
        adamw = torch.optim.AdamW(
            [dict(params=other, lr=plan.rate), dict(params=embedding, lr=plan.embedding_rate)],
            betas=(0.9, 0.95),
            weight_decay=0.0,
            fused=True,
        )
        self.optimizers: list[torch.optim.Optimizer] = [Muon(matrices, lr=plan.matrix_rate), adamw]
        self.rates = [[group["lr"] for group in one.param_groups] for one in self.optimizers]
        self.stream = Stream(tokenizer, plan.mix, plan.seed)
        self.step = self.tokens = 0
        self.seconds = 0.0
        self.data = ""  # fingerprint of everything trained on
        self.commit = machine.commit()  # of the code that began the run

    @property
    def progress(self) -> float:
        if self.plan.tokens is not None:
            return self.tokens / self.plan.tokens
        assert self.plan.minutes is not None
        return self.seconds / 60 / self.plan.minutes

    def advance(self) -> float:
        """One step. Returns the mean loss of its learned tokens, in nats."""
        plan, progress, began = self.plan, self.progress, time.perf_counter()
        longest = plan.short[1] if progress < plan.short[0] else plan.longest
        batch = self.stream.next(longest, plan.batch[progress >= plan.grow])
        self.data = digest(self.data, batch)
        factor = plan.factor(progress, self.step)
        for optimizer, rates in zip(self.optimizers, self.rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        loss = self.model.losses(batch.ids, batch.learn).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), plan.clip)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        self.tokens += batch.tokens
        self.seconds += time.perf_counter() - began
        return loss.item()

    def save(self, path: Path) -> None:
        state = dict(
            model=self.model.state_dict(),
            optimizers=[optimizer.state_dict() for optimizer in self.optimizers],
            stream=self.stream.state,
            step=self.step,
            tokens=self.tokens,
            seconds=self.seconds,
            data=self.data,
            commit=self.commit,
            plan=_settings(self.plan),
        )
        saves.write(path, state)

    def restore(self, path: Path) -> None:
        """Continue from a save. Raises TrainingError if it was made under another plan."""
        state = saves.read(path, _settings(self.plan))
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.stream.restore(state["stream"])
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]
        self.data, self.commit = state["data"], state["commit"]


def train(plan: Plan, resume: bool = False, say: Callable[[str], None] = print) -> Path:
    """Train to the end of the plan and export. Returns the folder of the exported model.

    Ctrl-C finishes the step, saves, and raises KeyboardInterrupt; a second one does not wait.
    """
    if (plan.minutes is None) == (plan.tokens is None):
        raise TrainingError("Say how long to train: either --minutes or --tokens.")
    save, log = plan.out / "state.pt", plan.out / "log.jsonl"
    if save.exists() and not resume:
        raise TrainingError(f"{save}: a run is there. Continue it with --resume, or choose another --out.")
    run = begin(plan)
    if resume and save.exists():
        run.restore(save)
        say(f"resumed at step {run.step}, {run.tokens:,} tokens, {run.seconds / 60:.1f} minutes")
    families = [name for name, _ in plan.mix.families]
    checks = {name: held_out(run.tokenizer, name, (1, 2), plan.held_out) for name in families}
    size = sum(weight.numel() for weight in run.model.parameters())
    say(f"{size:,} parameters, {run.tokenizer.get_vocab_size()} tokens in the vocabulary, {plan.out}")

    recent: list[float] = []
    before, saved = (run.tokens, run.seconds), run.seconds
    with saves.finishing() as interrupted:
        while run.progress < 1 and not interrupted():
            recent.append(run.advance())
            done = run.progress >= 1
            if run.step % plan.log_every == 0 or done:
                record: dict[str, Any] = dict(
                    step=run.step,
                    tokens=run.tokens,
                    minutes=round(run.seconds / 60, 2),
                    loss=round(sum(recent) / len(recent), 4),
                    rate=round(plan.factor(run.progress, run.step), 3),
                    tokens_per_second=round((run.tokens - before[0]) / (run.seconds - before[1])),
                    data=run.data,
                )
                recent, before = [], (run.tokens, run.seconds)
                _report(log, record, run, say)
            if run.seconds - saved >= plan.save_every * 60 or done:
                run.save(save)
                saved = run.seconds
                losses = {name: held_out_loss(run.model, found) for name, found in checks.items()}
                record = dict(step=run.step, tokens=run.tokens, held_out=losses)
                _report(log, record, run, say)
    if run.progress < 1:
        run.save(save)
        say(f"stopped at step {run.step}; everything is in {save}. Continue with --resume.")
        raise KeyboardInterrupt
    return export(run.model, run.tokenizer, plan.out / "model")


def begin(plan: Plan) -> Run:
    """A run at its first step. The tokenizer is built (or taken over) once for a folder, then kept."""
    plan.out.mkdir(parents=True, exist_ok=True)
    path = plan.out / "tokenizer.json"
    if not path.exists():
        if plan.start is None:
            tokenizers.build().save(str(path))
        else:
            _take_over(plan.start / "tokenizer.json", path)
    return Run(plan, Tokenizer.from_file(str(path)))


@torch.no_grad()
def held_out_loss(model: Qwen2, samples: list[Sample], rows: int = 12) -> float:
    """Mean loss of the learned tokens of test samples, in nats."""
    samples = sorted(samples, key=lambda sample: len(sample.ids))
    total, count = 0.0, 0
    for start in range(0, len(samples), rows):
        batch = collate(samples[start : start + rows])
        losses = model.losses(batch.ids, batch.learn)
        total, count = total + losses.sum().item(), count + losses.numel()
    return round(total / count, 4)


def _take_over(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise TrainingError(f"{source}: {error.strerror}. Pass the folder of a model trained here.") from None


def _load(model: Qwen2, folder: Path) -> None:
    try:
        model.load_state_dict(load_file(folder / "model.safetensors"))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainingError(
            f"{folder}: cannot be trained further ({reason}). Pass the folder of a model trained here."
        ) from None


def _report(log: Path, record: dict[str, Any], run: Run, say: Callable[[str], None]) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    if "held_out" in record:
        say("  held out: " + "  ".join(f"{name} {loss:.3f}" for name, loss in record["held_out"].items()))
        return
    left = run.seconds * (1 / max(run.progress, 1e-9) - 1) / 60
    say(
        f"step {record['step']:5}  {record['tokens'] / 1e6:6.2f}M tokens  loss {record['loss']:.4f}  "
        f"{record['tokens_per_second']:,} tok/s  rate {record['rate']:.2f}  {max(left, 0):.1f} min left"
    )


def _settings(plan: Plan) -> dict[str, Any]:
    """The plan as plain values, as saved; without what may change between two parts of a run."""
    return saves.settings(plan, without=("out", "start", "shape", "log_every", "save_every", "held_out"))
