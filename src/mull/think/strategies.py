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


def options_of(name: str) -> tuple[str, ...]:
    """The options that are a strategy's own. Raises MullError for a name that does not exist."""
    return tuple(name for name in inspect.signature(_strategy(name)).parameters if name not in _COMMON)


def choose(name: str, effort: str | None, engine: Engine, line: Line, options: Mapping[str, Any]) -> Strategy:
    """The strategy with its options, ready to be given question, engine and budget.

    Raises MullError for a name, effort or option that does not exist, and for thinking bounds that cross.
    """
    strategy, own, given = _strategy(name), options_of(name), dict(options)
    if effort is not None:
        if effort not in EFFORTS:
            raise MullError(f"no effort {effort!r}: use {', '.join(EFFORTS)}.")
        level = EFFORTS[effort]
        if line.thinking is None:
            line = replace(line, thinking=int(level.thinking * engine.context))
        if "n" in own:
            given.setdefault("n", level.chains)
    if line.thinking is not None and line.minimum > line.thinking:
        raise MullError(
            f"at least {line.minimum} tokens of thought are asked for, and at most {line.thinking}: "
            "lower the minimum, or raise the limit or the effort."
        )
    for option in given:
        if option not in own:
            has = f"it has {', '.join(own)}" if own else "it has none"
            raise MullError(f"{name} has no option {option!r}: {has}.")
    return partial(strategy, line=line, **given)


def _strategy(name: str) -> Strategy:
    if name not in STRATEGIES:
        raise MullError(f"no strategy {name!r}: use {', '.join(STRATEGIES)}.")
    strategy: Strategy = getattr(import_module(f"mull.think.{name}"), name)
    return strategy
