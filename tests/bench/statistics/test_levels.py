"""Intervals keep their promise: simulated runs of 30 questions, of every kind of difficulty."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.bench.statistics import Interval, clustered, like_these, spread, these, wilson

QUESTIONS, RUNS = 30, 1000
Draw = Callable[[np.random.Generator], np.ndarray]

# Chance of each question to be answered rightly, and the mean of all questions like these.
KINDS: dict[str, tuple[Draw, float]] = {
    "all even": (lambda _: np.full(QUESTIONS, 0.5), 0.5),
    "all hard": (lambda _: np.full(QUESTIONS, 0.02), 0.02),
    "mixed": (lambda random: random.uniform(size=QUESTIONS), 0.5),
    "hard or easy": (lambda random: random.beta(0.1, 0.1, size=QUESTIONS), 0.5),
    "known or not": (lambda random: (random.uniform(size=QUESTIONS) < 0.5) * 1.0, 0.5),
    "mostly hard": (lambda random: random.beta(0.2, 1.8, size=QUESTIONS), 0.1),
    "mostly easy": (lambda random: random.beta(9, 1, size=QUESTIONS), 0.9),
    "nearly all hard": (lambda random: random.beta(0.05, 0.95, size=QUESTIONS), 0.05),
}


@pytest.mark.parametrize("samples", [2, 16])
@pytest.mark.parametrize("kind", KINDS)
def test_coverage(kind: str, samples: int) -> None:
    """At least 92 of 100 intervals of "95 %" hold the truth. The usual one (mean and standard error) holds 70
    of 100 for these questions where all are hard and there are two samples.
    """
    draw, overall = KINDS[kind]
    random = np.random.default_rng(7)
    inner = outer = 0
    for _ in range(RUNS):
        chances = draw(random)
        right = random.binomial(samples, chances)
        counts = [(int(each), samples) for each in right]
        found = these(counts)
        assert found is not None
        inner += found.low - 1e-9 <= chances.mean() <= found.high + 1e-9
        low, high = like_these(right / samples, samples=samples)
        outer += low <= overall <= high
    assert inner / RUNS > 0.92
    assert outer / RUNS > 0.93


def width(interval: Interval) -> float:
    return interval.high - interval.low


def test_more_samples_shrink_only_the_inner_interval() -> None:
    few = [(1, 2), (0, 2), (2, 2)] * 10
    many = [(32, 64), (0, 64), (64, 64)] * 10
    inner, outer = these(many), like_these([right / count for right, count in many], samples=64)
    before = these(few)
    assert inner is not None
    assert before is not None
    assert width(inner) < width(before) / 3
    assert width(outer) > 0.24


@given(st.lists(st.booleans(), min_size=2, max_size=50))
def test_one_sample_a_question_is_wilson(right: list[bool]) -> None:
    assert like_these(right) == wilson(sum(right), len(right))
    assert these([(each, 1) for each in right]) is None


@given(st.lists(st.integers(0, 4), min_size=2, max_size=40))
def test_these_lie_within_like_these_or_nearly(rights: list[int]) -> None:
    """Both hold the mean, stay inside [0, 1] and have a width."""
    inner, outer = (
        these([(right, 4) for right in rights]),
        like_these([right / 4 for right in rights], samples=4),
    )
    centre = sum(rights) / 4 / len(rights)
    assert inner is not None
    for low, high in (inner, outer):
        assert 0 <= low <= centre + 1e-12
        assert centre - 1e-12 <= high <= 1
        assert low < high


def test_the_spread_is_unbiased() -> None:
    random = np.random.default_rng(3)
    found = [
        spread([(int(right), 3) for right in random.binomial(3, random.uniform(size=60))]) for _ in range(500)
    ]
    assert np.mean([each.between for each in found]) == pytest.approx(1 / 12, abs=0.003)
    assert np.mean([each.within for each in found]) == pytest.approx(1 / 6, abs=0.003)
    with pytest.raises(ValueError, match="two samples"):
        spread([(1, 1), (0, 1)])


def test_the_clustered_error_counts_what_hangs_together_once() -> None:
    values = [1.0, 0.0, 1.0, 1.0, 0.0, 0.5]
    alone = clustered(values, range(6))
    assert alone == pytest.approx(np.std(values, ddof=1) / np.sqrt(6))
    twice = clustered([*values, *values], [*range(6), *range(6)])
    assert twice == pytest.approx(alone)
    with pytest.raises(ValueError, match="single cluster"):
        clustered(values, ["a"] * 6)


def test_standard_errors_are_inspects() -> None:
    """inspect_ai 0.3.285: stderr() and stderr(cluster=...) of these scores."""
    values = [1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1]
    assert clustered(values, range(12)) == pytest.approx(0.1486470975026408)
    assert clustered(values, "aabbbccdddef") == pytest.approx(0.12453617650811054)


def test_one_wrong_sample_of_many_hardly_changes_the_interval() -> None:
    """20 questions of 16 samples: that all are right says no more of the next question than that all but one
    sample are.
    """
    every, but_one = like_these([1.0] * 20, samples=16), like_these([1.0] * 19 + [15 / 16], samples=16)
    assert but_one.low == pytest.approx(every.low, abs=0.03)
    assert every == wilson(20, 20)


def test_clusters_widen_the_interval() -> None:
    values = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0] * 4
    alone = like_these(values)
    together = like_these(values, clusters=[number // 4 for number in range(32)])
    assert width(together) > 1.5 * width(alone)
    assert like_these(values, clusters=["one"] * 32) == (0, 1)
