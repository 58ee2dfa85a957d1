"""A peer in a process of its own, on cores of its own: the driver's side of `benchmarks.peers.worker`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.convert import openvino_python, to_gguf, to_openvino
from benchmarks.models import Model

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Place:
    """What runs a peer: which interpreter, which form of the model."""

    python: str
    model: str


def place(model: Model, peer: str, dtype: str) -> Place:
    """Converts the model and sets the peer up, where that has not been done. Raises RuntimeError."""
    try:
        if peer.startswith("llama.cpp"):
            return Place(sys.executable, str(to_gguf(model, dtype)))
        if peer == "openvino":
            cache = model.derived.parent
            return Place(str(openvino_python(cache)), str(to_openvino(model, dtype, cache)))
    except Exception as error:  # other people's installers and converters: whatever it is, the others go on
        raise RuntimeError(f"{peer} cannot be set up: {type(error).__name__}: {error}") from error
    return Place(sys.executable, str(model.folder))


def environment(threads: int) -> dict[str, str]:
    """Fixed numbers of threads, no network, and the packages of this repository."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    paths = {"PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}
    return os.environ | dict.fromkeys(names, str(threads)) | paths | {"HF_HUB_OFFLINE": "1"}


def cores(threads: int) -> set[int]:
    """The highest-numbered ones: the system's own work tends to the lowest."""
    return set(sorted(os.sched_getaffinity(0))[-threads:])


class Worker:
    """Takes commands, gives answers. Raises RuntimeError with the peer's message when it fails."""

    def __init__(self, peer: str, where: Place, dtype: str, threads: int) -> None:
        command = [where.python, "-m", "benchmarks.peers.worker", peer, where.model, dtype, str(threads)]
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores(threads))  # inherited by the child before its first thread starts
        try:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        finally:
            os.sched_setaffinity(0, mine)

    def ask(self, do: str, **command: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **command}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise RuntimeError("the process died") from None
        return self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the process died"}
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer


@contextmanager
def worker(model: Model, peer: str, dtype: str, threads: int) -> Iterator[Worker]:
    """A peer that has loaded its model. Raises RuntimeError when it cannot be set up."""
    where = place(model, peer, dtype)
    found = Worker(peer, where, dtype, threads)
    try:
        found.answer()
        yield found
    finally:
        found.process.kill()
        found.process.communicate()
