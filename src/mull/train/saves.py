"""Saves of a training run: whole or not at all, and continued only under the plan they were made with."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mull.errors import MullError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class TrainingError(MullError):
    """A training run cannot start or resume."""


def write(path: Path, state: dict[str, Any]) -> None:
    """Written aside and renamed, so that `kill -9` leaves this save or the one before."""
    aside = path.with_suffix(".tmp")
    with aside.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def read(path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """The save. Raises TrainingError if it was made under another plan than `settings`."""
    state: dict[str, Any] = torch.load(path, weights_only=True)
    for name, value in settings.items():
        if state["plan"].get(name) != value:
            raise TrainingError(
                f"{path}: was begun with {name} = {state['plan'].get(name)}, not {value}. "
                "Resume with the same settings, or choose another --out."
            )
    return state


def settings(plan: DataclassInstance, without: Iterable[str]) -> dict[str, Any]:
    """A plan as plain values, as saved; `without` what may change between two parts of a run."""
    values = asdict(plan)
    for name in without:
        del values[name]
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain


@contextmanager
def finishing() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a flag, which the block is given as a function: a step is whole."""
    asked = threading.Event()

    def ask(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        asked.set()
        os.write(2, b"\nstopping after this step; Ctrl-C again to lose it\n")  # print may not be reentered

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set  # only the main thread may handle signals
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
