"""Accuracy against cost, from one run: by taking fewer of its samples, or by cutting its chains short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import comb, log
from statistics import fmean
from typing import Any, Literal, NamedTuple

from mull.bench.record import Price, Run, Sample
from mull.bench.statistics import Interval, like_these, these
from mull.bench.summary import Summary

By = Literal["tokens", "seconds", "money"]


class Cost(NamedTuple):
    """Of answering one question, in the mean.

    tokens   generated
    seconds  of the slowest sample, where several run side by side; as measured, beside whatever else ran
    money    at the given prices; None without any
    """

    tokens: float
    seconds: float
    money: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """`at`: how many samples, or how many tokens a chain may have."""

    at: int
    cost: Cost
    value: float
    like_these: Interval
    these: Interval | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """`about` says in words what varies along it."""

    name: str
    about: str
    points: tuple[Point, ...]

    def area(self, by: By = "tokens") -> float | None:
        """Mean accuracy over the logarithm of the cost, from the first point to the last: the curve as one
        number.

        None with fewer than two points that cost something.
        """
        known = [(cost, point.value) for point in self.points if (cost := getattr(point.cost, by))]
        if len(known) < 2 or known[0][0] == known[-1][0]:
            return None
        steps = pairwise(known)
        total = sum((log(x2) - log(x1)) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in steps)
        return float(total / (log(known[-1][0]) - log(known[0][0])))

    def json(self) -> dict[str, Any]:
        """Plain values."""
        points = [
            {
                "at": each.at,
                **{name: value for name, value in each.cost._asdict().items() if value is not None},
                "right": round(each.value, 5),
                "these": each.these and [round(end, 5) for end in each.these],
                "like_these": [round(end, 5) for end in each.like_these],
            }
            for each in self.points
        ]
        return {"name": self.name, "about": self.about, "points": points}


@dataclass(frozen=True, slots=True)
class Cut:
    """What a chain would have answered after so many tokens: right or not, and the tokens it took to draw."""

    right: bool
    tokens: int = 0


def by_samples(summary: Summary, price: Price | None = None) -> list[Curve]:
    """pass@k and maj@k against the cost of k samples; with one sample a question a single point."""
    whole = summary.whole
    costs = {k: _of_samples(whole.groups, k, price) for k in whole.ks}
    if whole.least == 1:
        return [Curve("one sample", "", (Point(1, costs[1], whole.accuracy, whole.like_these, whole.these),))]
    curves = []
    for name, values in (("maj@k", summary.voted), ("pass@k", whole.passed)):
        points = [
            Point(k, costs[k], each.value, each.like_these, whole.these if k == 1 else None)
            for k, each in values.items()
        ]
        if points:
            about = {"maj@k": "the most frequent answer of k", "pass@k": "one of k is right"}[name]
            curves.append(Curve(name, about, tuple(points)))
    return curves


def by_budget(
    run: Run,
    budgets: Sequence[int],
    answer: Callable[[Sample, int], Cut],
    price: Price | None = None,
) -> Curve:
    """Accuracy of answers given after so many tokens. `answer` says what a chain that is longer would have
    said.

    A chain that had ended by then counts as it is. Only for runs whose samples can be cut (see `cuttable`).
    """
    groups = Summary.of(run).whole.groups
    points = []
    for budget in budgets:
        cuts = [[_cut(sample, budget, answer) for sample in group] for group in groups]
        counts = [(sum(each.right for each in group), len(group)) for group in cuts]
        shares = [right / count for right, count in counts]
        costs = [
            [_of_one(sample, budget, each.tokens, price) for sample, each in zip(group, cut, strict=True)]
            for group, cut in zip(groups, cuts, strict=True)
        ]
        samples = sum(map(len, groups)) / len(groups)
        points.append(
            Point(budget, _mean(costs), fmean(shares), like_these(shares, samples=samples), these(counts))
        )
    return Curve("one chain", "answered after so many tokens", tuple(points))


def cuttable(run: Run) -> bool:
    """Whether each answer is one chain, and its tokens are known."""
    return all(sample.pieces is not None for sample in run.samples if sample.outcome != "error")


def usual_budgets(run: Run) -> list[int]:
    """Powers of two from 16 up to the longest chain, and that one."""
    longest = max(len(sample.pieces or ()) for sample in run.samples)
    return sorted({*(1 << power for power in range(4, longest.bit_length())), longest})


def _cut(sample: Sample, budget: int, answer: Callable[[Sample, int], Cut]) -> Cut:
    if len(sample.pieces or ()) <= budget:
        return Cut(sample.outcome == "right")
    return answer(sample, budget)


def _of_one(sample: Sample, budget: int, drawn: int, price: Price | None) -> Cost:
    """Of one chain, stopped after `budget` tokens. Its seconds, and what was drawn and taken back on the way,
    are shared out evenly among its tokens.
    """
    length = len(sample.pieces or ())
    part = min(budget, length) / length if length else 1.0
    tokens = sample.generated * part + drawn
    seconds = sample.seconds * tokens / sample.generated if sample.generated else sample.seconds
    return Cost(tokens, seconds, None if price is None else sample.money(price, tokens))


def _of_samples(groups: Sequence[Sequence[Sample]], k: int, price: Price | None) -> Cost:
    """Of k samples of a question side by side: their tokens, and the seconds of the slowest."""
    tokens = k * fmean(fmean(each.generated for each in group) for group in groups)
    seconds = fmean(_slowest([each.seconds for each in group], k) for group in groups)
    if price is None:
        return Cost(tokens, seconds, None)
    money = [fmean(each.money(price) for each in group) for group in groups]
    return Cost(tokens, seconds, k * fmean(money))


def _slowest(seconds: Sequence[float], k: int) -> float:
    """The mean of the largest of k, over all subsets of k."""
    count = len(seconds)
    ranked = enumerate(sorted(seconds), 1)
    return sum(each * (comb(rank - 1, k - 1) / comb(count, k)) for rank, each in ranked if rank >= k)


def _mean(costs: Sequence[Sequence[Cost]]) -> Cost:
    """Every question counts the same."""
    tokens = fmean(fmean(each.tokens for each in group) for group in costs)
    seconds = fmean(fmean(each.seconds for each in group) for group in costs)
    if costs[0][0].money is None:
        return Cost(tokens, seconds, None)
    return Cost(tokens, seconds, fmean(fmean(each.money or 0.0 for each in group) for group in costs))
