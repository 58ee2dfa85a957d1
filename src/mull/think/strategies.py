"""The strategies by name, and the efforts: named amounts of thinking."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any

from mull.engine import Engine
from mull.errors import MullError
from mull.think.answer import Answer
from mull.think.line import Line

Strategy = Callable[..., Awaitable[Answer]]

# Each is the function of its name in the module of its name, imported when it is chosen: a first token waits
# for nothing that one chain does not need.
STRATEGIES = ("think", "vote", "best", "check", "plan", "search", "auto")

_COMMON = ("question", "engine", "budget", "line", "seed", "trace", "show", "watch")


@dataclass(frozen=True, slots=True)
class Effort:
    """`thinking`: share of the context one chain may think; `chains`: how many, where there are several."""

    thinking: float
    chains: int


EFFORTS = {
    "none": Effort(0.0, 1),
    "minimal": Effort(1 / 16, 2),
    "low": Effort(1 / 8, 4),
    "medium": Effort(1 / 4, 8),
    "high": Effort(1 / 2, 16),
    "xhigh": Effort(3 / 4, 32),
    "max": Effort(1.0, 64),
}


def choose(name: str, effort: str | None, engine: Engine, line: Line, options: Mapping[str, Any]) -> Strategy:
    """The strategy with its options, ready to be given question, engine and budget.

    Raises MullError for a name, effort or option that does not exist.
    """
    if name not in STRATEGIES:
        raise MullError(f"no strategy {name!r}: use {', '.join(STRATEGIES)}.")
    strategy: Strategy = getattr(import_module(f"mull.think.{name}"), name)
    given = dict(options)
    takes = inspect.signature(strategy).parameters
    if effort is not None:
        if effort not in EFFORTS:
            raise MullError(f"no effort {effort!r}: use {', '.join(EFFORTS)}.")
        level = EFFORTS[effort]
        if line.thinking is None:
            line = replace(line, thinking=int(level.thinking * engine.context))
        if "n" in takes:
            given.setdefault("n", level.chains)
    own = [
        p
        for p in takes
        if p not in ("question", "engine", "budget", "line", "seed", "trace", "show", "watch")
    ]
    for option in given:
        if option not in own:
            has = f"it has {', '.join(own)}" if own else "it has none"
            raise MullError(f"{name} has no option {option!r}: {has}.")
    return partial(strategy, line=line, **given)
