"""What sampling more than once gives: pass@k, maj@k and length, before and after training.

Reinforcement learning can raise the first sample at the cost of all the others; only a report
over several k shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from mull import tasks
from mull.bench.statistics import Majority, majorities, pass_at
from mull.bench.statistics.majority import MOST
from mull.bench.suites.families import FIRST
from mull.engine import LocalEngine
from mull.tasks import Family
from mull.train.evaluate import LIMIT
from mull.train.rollout import Group, rollout


@dataclass(frozen=True, slots=True)
class Report:
    """Of one family and level. `passed` and `majority` by k; `tokens` of a chain in the mean."""

    family: str
    level: int
    count: int
    samples: int
    passed: dict[int, float]
    majority: dict[int, float]
    tokens: float
    capped: float  # share of chains that never ended

    def json(self) -> dict[str, Any]:
        return dict(
            family=self.family,
            level=self.level,
            count=self.count,
            samples=self.samples,
            passed={k: round(share, 4) for k, share in self.passed.items()},
            majority={k: round(share, 4) for k, share in self.majority.items()},
            tokens=round(self.tokens, 1),
            capped=round(self.capped, 4),
        )


def sampled(
    engine: LocalEngine,
    families: Sequence[Family],
    levels: Sequence[int],
    count: int,
    samples: int,
    *,
    first: int = FIRST,
    limit: int = LIMIT,
    seed: int = 0,
    seen: Callable[[Report], None] | None = None,
) -> list[Report]:
    """Reports by family and level on test problems `first` to `first + count`, at temperature 1."""
    reports = []
    for family in families:
        for level in levels:
            problems = [family.problem("test", level, first + index) for index in range(count)]
            reports.append(report(rollout(engine, problems, samples, limit, seed)))
            if seen:
                seen(reports[-1])
    return reports


def report(groups: Sequence[Group]) -> Report:
    """Of groups of equal size, all of one family and level; k are the powers of two up to that size. There is
    no maj@k above `MOST` samples.
    """
    problem, samples = groups[0][0].problem, len(groups[0])
    episodes = [episode for group in groups for episode in group]
    ks = [1 << power for power in range(samples.bit_length())]
    right = [round(sum(episode.reward for episode in group)) for group in groups]
    voted = [votes(group) for group in groups] if samples <= MOST else []
    return Report(
        problem.family,
        problem.level,
        len(groups),
        samples,
        {k: sum(pass_at(k, samples, each) for each in right) / len(groups) for k in ks},
        {k: fmean(each[k - 1].right for each in voted) for k in ks if voted},
        sum(len(episode.completion) for episode in episodes) / len(episodes),
        sum(not episode.ended for episode in episodes) / len(episodes),
    )


def votes(group: Group) -> list[Majority]:
    """maj@k for k = 1, 2, ... chains of a problem. Answers are compared as they are written; a chain that did
    not end, or has no answer, has no vote.
    """
    piles: dict[str, list[float]] = {}
    for episode in group:
        answer = (tasks.boxed(episode.text) or "").strip() if episode.ended else ""
        if answer:
            piles.setdefault(answer, []).append(episode.reward)
    voters = sum(map(len, piles.values()))
    return majorities([(len(rewards), fmean(rewards)) for rewards in piles.values()], len(group) - voters)
