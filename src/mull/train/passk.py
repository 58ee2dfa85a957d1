"""What sampling more than once gives: pass@k, maj@k and length, before and after training.

Reinforcement learning can raise the first sample at the cost of all the others; only a report
over several k shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mull import tasks
from mull.bench.statistics import pass_at
from mull.engine import LocalEngine
from mull.tasks import Family
from mull.train.evaluate import FIRST, LIMIT
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
    """Of groups of equal size, all of one family and level; k are the powers of two up to that size."""
    problem, samples = groups[0][0].problem, len(groups[0])
    episodes = [episode for group in groups for episode in group]
    ks = [1 << power for power in range(samples.bit_length())]
    right = [round(sum(episode.reward for episode in group)) for group in groups]
    return Report(
        problem.family,
        problem.level,
        len(groups),
        samples,
        {k: sum(pass_at(k, samples, each) for each in right) / len(groups) for k in ks},
        {k: sum(majority_at(k, group) for group in groups) / len(groups) for k in ks},
        sum(len(episode.completion) for episode in episodes) / len(episodes),
        sum(not episode.ended for episode in episodes) / len(episodes),
    )


def majority_at(k: int, group: Group) -> float:
    """Share of the disjoint runs of k chains whose most frequent answer is right.

    Answers are compared as they are written; of equally frequent ones the first counts. A chain
    that did not end has no vote.
    """
    votes = [_vote(group[start : start + k]) for start in range(0, len(group) - k + 1, k)]
    return sum(votes) / len(votes)


def _vote(group: Group) -> float:
    answers = [(tasks.boxed(episode.text), episode.reward) for episode in group if episode.ended]
    counts = Counter(answer.strip() for answer, _ in answers if answer is not None)
    if not counts:
        return 0.0
    [(winner, _)] = counts.most_common(1)
    return max(reward for answer, reward in answers if answer is not None and answer.strip() == winner)
