"""Which problems a model learns from next: those it solves sometimes.

Reinforcement learns nothing from a problem that is always solved or never. The chance of a signal
goes with the variance of the reward, p (1 - p), so families and levels are drawn in proportion to
it; p is a moving average of the pass rates seen. Most draws so fall where 30 to 70 % pass, and
move up as the model learns. No level is ever left out altogether: that is how a change is noticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from mull import tasks
from mull.tasks import Problem
from mull.train.wording import reword

MEMORY = 0.2  # weight of the newest group in the moving average
FLOOR = 0.02  # least weight of a level; the most is 0.25, at a pass rate of one half
APART = 50_000_000  # of a seed's hundred million indices the first half belongs to supervised training


class Curriculum:
    """Training problems without end. `state` and `restore` make it continue where it was."""

    def __init__(self, families: Sequence[str], levels: Sequence[int], seed: int, reworded: float) -> None:
        """`reworded` is the share of questions in other words than the family's."""
        self._seed, self._reworded = seed, reworded
        self._rates = {(name, level): 0.5 for name in families for level in levels}
        self._drawn = 0
        for name, level in self._rates:
            tasks.get(name).problem("train", level, 0)  # raises TaskError for what does not exist

    def draw(self, count: int) -> list[Problem]:
        """The next problems, none of them drawn before."""
        weights = [max(FLOOR, rate * (1 - rate)) for rate in self._rates.values()]
        return [self._one(weights) for _ in range(count)]

    def learn(self, problem: Problem, rate: float) -> None:
        """Take note of the share of right answers to a problem."""
        place = (problem.family, problem.level)
        self._rates[place] += MEMORY * (rate - self._rates[place])

    @property
    def rates(self) -> dict[str, dict[int, float]]:
        """Pass rates by family and level, as they are known now."""
        found: dict[str, dict[int, float]] = {}
        for (name, level), rate in self._rates.items():
            found.setdefault(name, {})[level] = round(rate, 3)
        return found

    @property
    def state(self) -> dict[str, Any]:
        return dict(drawn=self._drawn, rates=list(self._rates.values()))

    def restore(self, state: dict[str, Any]) -> None:
        self._drawn = state["drawn"]
        self._rates = dict(zip(self._rates, state["rates"], strict=True))

    def _one(self, weights: list[float]) -> Problem:
        rng = Random(f"{self._seed}/curriculum/{self._drawn}")
        name, level = rng.choices(list(self._rates), weights)[0]
        problem = tasks.get(name).problem("train", level, self._seed * 2 * APART + APART + self._drawn)
        self._drawn += 1
        if rng.random() < self._reworded:
            problem = replace(problem, question=reword(problem.question, rng))
        return problem
