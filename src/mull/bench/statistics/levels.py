"""Intervals of a run's mean where each question has been answered k times.

The variance of the mean has two parts, `between` questions and `within` them: between / n + within / (n * k).
More samples shrink the second only. So there are two intervals:

    these         the questions are fixed, other samples could have been drawn: from `within` alone
    like_these    other questions could have been asked, too: from both

Both are Wilson's interval at an effective number of samples, p (1 - p) / variance of the mean: it stays
inside [0, 1] and has a width where every answer was right (Korn & Graubard 1998, Survey Methodology 24:193,
adapt other intervals of proportions to surveys in this way).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from mull.bench.statistics.proportion import Interval, wilson
from mull.bench.statistics.quantiles import Z, student

Counts = Sequence[tuple[int, int]]  # right samples of how many, a pair a question


class Spread(NamedTuple):
    """Variances of one sample: between questions (of their true shares) and within one question."""

    between: float
    within: float


def mean(counts: Counts) -> float:
    """Every question counts the same, however many samples it has."""
    return sum(right / count for right, count in counts) / len(counts)


def spread(counts: Counts) -> Spread:
    """The two variances, unbiased (between is cut off at zero). Raises ValueError with fewer than 2 samples
    or questions: nothing then tells them apart. Miller 2024, arXiv 2411.00640.
    """
    if len(counts) < 2 or any(count < 2 for _, count in counts):
        raise ValueError("the spread takes two questions and two samples of each")
    within = [_within(right, count) for right, count in counts]
    noise = sum(each / count for each, (_, count) in zip(within, counts, strict=True)) / len(counts)
    total = _variance([right / count for right, count in counts])
    return Spread(max(0.0, total - noise), sum(within) / len(counts))


def these(counts: Counts) -> Interval | None:
    """95 % interval of the mean over exactly these questions; None where one has a single sample.

    The variance within a question is p (1 - p), estimated without bias; one made-up question of variance 1/4
    among them (as Agresti & Coull 1998, The American Statistician 52:119, add made-up samples) keeps the
    interval from closing where all samples happen to agree.
    """
    if not counts or any(count < 2 for _, count in counts):
        return None
    questions, centre = len(counts), mean(counts)
    of_one = [_within(right, count) / count for right, count in counts]
    usual = questions / sum(1 / count for _, count in counts)  # samples a question
    variance = (sum(of_one) + 0.25 / usual) / (questions + 1) / questions
    return _at(centre, variance, low=questions * usual)


def like_these(
    values: Sequence[float], *, samples: float = 1, clusters: Sequence[Hashable] | None = None
) -> Interval:
    """95 % interval of the mean over all questions like these, from one value in [0, 1] a question.

    values    shares of right samples, or what each question adds to pass@k or maj@k
    samples   drawn for each question
    clusters  what each question belongs to, where several share a source (see `clustered`)

    With one sample a question, and no clusters, it is Wilson's interval. One made-up question with a share of
    1/2 stands among the others: where nearly all are right, or nearly none, that they vary little says little
    about the next one, and the interval is nearly Wilson's for one sample of each.
    """
    questions = len(values)
    if not questions:
        raise ValueError("no questions")
    centre = sum(values) / questions
    if clusters is None and all(value in (0, 1) for value in values):
        return wilson(sum(values), questions)
    groups = questions if clusters is None else len(set(clusters))
    if groups < 2:
        return Interval(0.0, 1.0)
    if clusters is None:
        variance = (sum((value - centre) ** 2 for value in values) + (0.5 - centre) ** 2) / questions**2
    else:
        variance = clustered(values, clusters) ** 2 + ((0.5 - centre) / questions) ** 2
    z = student(groups - 1)
    most = questions * samples
    return _at(centre, variance, low=min(questions, groups), high=most, z=z)


def clustered(values: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """Standard error of the mean where questions come in clusters that may share their luck.

    Miller 2024, arXiv 2411.00640, with the factor C / (C - 1) for C clusters, as inspect_ai does;
    with one question a cluster it is the ordinary standard error. Raises ValueError for a single cluster.
    """
    count = len(values)
    centre = sum(values) / count
    sums: dict[Hashable, float] = {}
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + value - centre
    if len(sums) < 2:
        raise ValueError("a single cluster has no standard error")
    total = sum(each * each for each in sums.values())
    return float((total * len(sums) / (len(sums) - 1)) ** 0.5 / count)


def _at(centre: float, variance: float, *, low: float, high: float = float("inf"), z: float = Z) -> Interval:
    """Wilson's interval at the effective number of samples, held within `low` and `high`."""
    most = centre * (1 - centre)
    size = most / variance if variance > 0 else high if most else low
    size = min(max(size, low), high)
    return wilson(min(centre, 1.0) * size, size, z)


def _within(right: int, count: int) -> float:
    """Unbiased estimate of p (1 - p)."""
    share = right / count
    return share * (1 - share) * count / (count - 1)


def _variance(values: Sequence[float]) -> float:
    centre = sum(values) / len(values)
    return sum((value - centre) ** 2 for value in values) / (len(values) - 1)
