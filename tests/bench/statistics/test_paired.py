"""Paired comparisons: exact tests against known ones, intervals against simulation."""

import tracemalloc
from collections.abc import Sequence
from itertools import product
from operator import mul

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.bench.statistics import difference, questions_for, samples_for, sign_flip
from mull.bench.statistics.levels import Spread
from tests.bench.statistics.test_levels import width

GROUPS = st.lists(st.tuples(*[st.lists(st.booleans(), min_size=1, max_size=3)] * 2), min_size=1, max_size=8)


def test_one_sample_a_question_is_mcnemars_exact_test() -> None:
    """10 against 3 flips; scipy 1.17.1: stats.binomtest(3, 13).pvalue."""
    ours = [[True]] * 10 + [[False]] * 3 + [[True]] * 7
    theirs = [[False]] * 10 + [[True]] * 3 + [[True]] * 7
    assert sign_flip(ours, theirs) == pytest.approx(0.09228515625)


@given(GROUPS)
def test_all_signs_are_counted(groups: list[tuple[list[bool], list[bool]]]) -> None:
    ours, theirs = [one for one, _ in groups], [other for _, other in groups]
    gaps = [sum(one) / len(one) - sum(other) / len(other) for one, other in groups]
    sums = [
        abs(sum(s * gap for s, gap in zip(signs, gaps, strict=True)))
        for signs in product((1, -1), repeat=len(gaps))
    ]
    extreme = sum(each >= abs(sum(gaps)) - 1e-9 for each in sums)
    assert sign_flip(ours, theirs) == pytest.approx(extreme / len(sums))


def test_samples_of_many_sizes_take_little_memory() -> None:
    """Least common multiple: 38 million. The answer is that of all signs, counted one by one."""
    pairs = [(60, 31, 61, 30), (62, 20, 63, 19), (64, 50, 60, 48), (61, 12, 64, 11), (63, 40, 62, 41)]
    ours = [[True] * right + [False] * (count - right) for count, right, _, _ in pairs]
    theirs = [[True] * right + [False] * (count - right) for _, _, count, right in pairs]
    gaps = [one / count - other / of for count, one, of, other in pairs]
    sums = [sum(map(mul, signs, gaps)) for signs in product((1, -1), repeat=len(gaps))]
    tracemalloc.start()
    chance = sign_flip(ours, theirs)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert chance == sum(abs(each) >= abs(sum(gaps)) for each in sums) / len(sums)
    assert most < 1 << 20


def test_one_sample_a_question_is_bonett_and_prices_interval() -> None:
    """p12 - p21 with one added to each: 40 questions, 9 and 2 flips."""
    ours = [[True]] * 9 + [[False]] * 2 + [[True]] * 29
    theirs = [[False]] * 9 + [[True]] * 2 + [[True]] * 29
    up, down = 10 / 42, 3 / 42
    half = 1.959964 * ((up + down - (up - down) ** 2) / 42) ** 0.5
    found = difference(ours, theirs)
    assert found.like_these == pytest.approx((up - down - half, up - down + half), abs=1e-6)
    assert found.value == pytest.approx(7 / 40)
    assert found.these is None
    assert found.spread is None


def runs(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Chances of 30 questions, for two models of which the first is better at most of them."""
    hard, gap = random.normal(-1, 3, size=30), random.normal(0.7, 1, size=30)
    return 1 / (1 + np.exp(-hard - gap / 2)), 1 / (1 + np.exp(-hard + gap / 2))


@pytest.mark.parametrize("samples", [1, 2, 16])
def test_coverage(samples: int) -> None:
    random = np.random.default_rng(5)
    overall = np.mean([np.subtract(*runs(random)).mean() for _ in range(20_000)])
    inner = outer = 0
    for _ in range(600):
        chances = runs(random)
        ours, theirs = ((random.uniform(size=(30, samples)) < each[:, None]).tolist() for each in chances)
        found = difference(ours, theirs)
        outer += found.like_these.low <= overall <= found.like_these.high
        if found.these is not None:
            inner += found.these.low <= np.subtract(*chances).mean() <= found.these.high
    assert outer / 600 > 0.92
    assert samples == 1 or inner / 600 > 0.92


def test_shared_luck_narrows_the_difference() -> None:
    """Two runs whose samples of one number are right together: nothing is left to doubt but a little."""
    random = np.random.default_rng(2)
    ours = (random.uniform(size=(30, 8)) < 0.5).tolist()
    apart = difference(ours, [row[1:] + row[:1] for row in ours]).these
    same = difference(ours, ours).these
    assert apart is not None
    assert same is not None
    assert width(same) < width(apart) / 3


def test_runs_of_other_sizes_compare_too() -> None:
    ours: Sequence[Sequence[bool]] = [[True, True, False], [False, True, False]]
    found = difference(ours, [[True, False], [False, False]])
    assert found.value == pytest.approx((2 / 3 + 1 / 3) / 2 - 1 / 4)
    assert found.these is not None
    for one, other in (([[True]], []), ([[True], []], [[True], [True]]), ([], [])):
        with pytest.raises(ValueError, match="same questions"):
            difference(one, other)


def test_questions_and_samples_to_see_three_points() -> None:
    """Coins: the difference of two samples has variance 1/2, and nothing lies between questions."""
    coins = Spread(between=0.0, within=0.5)
    needed = questions_for(0.03, coins, samples=1)
    assert needed == 4361  # (1.960 + 0.842)^2 * 0.5 / 0.03^2
    assert samples_for(0.03, coins, needed) == 1
    assert samples_for(0.03, coins, 30) == 146
    assert samples_for(0.03, Spread(0.05, 0.5), 30) is None  # 30 questions are too few, however often asked


def test_the_promised_power_is_reached() -> None:
    """Simulated: the difference that 100 questions are for is seen in about 80 of 100 runs."""
    random = np.random.default_rng(11)
    gap, seen = 0.0991, 0
    assert questions_for(gap, Spread(0.0, 0.5), 4) == 100
    for _ in range(300):
        ours, theirs = (
            (random.uniform(size=(100, 4)) < 0.5 + shift).tolist() for shift in (gap / 2, -gap / 2)
        )
        seen += difference(ours, theirs).like_these.low > 0
    assert 0.72 < seen / 300 < 0.88
