"""The runners under test, each as a named way to make one from a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mull.runner.base import Runner
from mull.runner.cpu import CpuRunner
from mull.runner.reference import ReferenceRunner
from mull.runner.torch import TorchRunner
from tests.runner.oracle import Checkpoint


@dataclass(frozen=True, slots=True)
class Make:
    """`make(checkpoint, pages=…)` builds the runner called `name`."""

    name: str
    build: Callable[[Checkpoint, int], Runner]

    def __call__(self, checkpoint: Checkpoint, *, pages: int) -> Runner:
        return self.build(checkpoint, pages)

    def __str__(self) -> str:
        return self.name


def _reference(c: Checkpoint, pages: int) -> Runner:
    return ReferenceRunner(c.config, c.weights, pages=pages)


def _cpu(c: Checkpoint, pages: int) -> Runner:
    return CpuRunner(c.config, c.weights, pages=pages, threads=2)


def _torch(c: Checkpoint, pages: int) -> Runner:
    return TorchRunner(c.config, c.weights, pages=pages, dtype="f32")


FLOAT32 = [Make("reference", _reference), Make("cpu", _cpu), Make("torch", _torch)]
