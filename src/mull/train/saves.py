"""Saves of a training run: whole or not at all, and continued only under the plan they were made with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
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
