"""What is said of k samples is the mean over all subsets of k, which are counted here one by one."""

from itertools import combinations
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.bench.statistics import g_pass_at, majorities, mg_pass_at, pass_at

RIGHTS = st.lists(st.booleans(), min_size=1, max_size=8)


@given(RIGHTS, st.data())
def test_pass_at_k(right: list[bool], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(right)))
    subsets = list(combinations(right, k))
    assert pass_at(k, len(right), sum(right)) == pytest.approx(sum(map(any, subsets)) / len(subsets))


@given(RIGHTS, st.sampled_from([0.0, 0.25, 0.5, 0.7, 1.0]), st.data())
def test_g_pass_at_k(right: list[bool], share: float, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(right)))
    subsets = list(combinations(right, k))
    enough = sum(sum(each) >= max(1, ceil(round(share * k, 9))) for each in subsets)
    assert g_pass_at(k, share, len(right), sum(right)) == pytest.approx(enough / len(subsets))


def test_g_pass_is_pass_for_a_share_of_none_and_all_for_one() -> None:
    assert g_pass_at(4, 0, 16, 3) == pytest.approx(pass_at(4, 16, 3))
    assert g_pass_at(2, 1, 4, 2) == pytest.approx(1 / 6)
    assert g_pass_at(10, 0.7, 10, 7) == 1.0  # 0.7 * 10 is a little more than 7 in binary


def test_mg_pass_is_the_mean_over_shares() -> None:
    """k = 4: 2/4 of (at least 3) and (all 4)."""
    assert mg_pass_at(4, 8, 6) == pytest.approx((g_pass_at(4, 0.75, 8, 6) + g_pass_at(4, 1, 8, 6)) / 2)
    assert mg_pass_at(1, 8, 6) == 0.75


@pytest.mark.parametrize(("k", "count", "right"), [(0, 4, 2), (5, 4, 2), (2, 4, 5), (2, 4, -1)])
def test_impossible_counts_are_refused(k: int, count: int, right: int) -> None:
    for call in (pass_at, mg_pass_at, lambda *given: g_pass_at(given[0], 0.5, *given[1:])):
        with pytest.raises(ValueError, match="no subset"):
            call(k, count, right)


SHARES = {"a": 1.0, "b": 0.0, "c": 0.5, None: 0.0}


@given(st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=1, max_size=8))
def test_majorities_are_counted_over_all_subsets(answers: list[str | None]) -> None:
    """Ties are broken evenly; who says nothing has no vote. "d" is another wrong answer."""
    names = sorted({each for each in answers if each})
    found = majorities(
        [(answers.count(name), SHARES.get(name, 0.0)) for name in names], silent=answers.count(None)
    )
    assert len(found) == len(answers)
    for k, (right, tied) in enumerate(found, 1):
        expected = doubtful = 0.0
        subsets = list(combinations(answers, k))
        for subset in subsets:
            most = max((subset.count(name) for name in names), default=0)
            leading = [SHARES.get(name, 0.0) for name in names if most and subset.count(name) == most]
            expected += sum(leading) / len(leading) if leading else 0
            doubtful += sum(leading) if len(leading) > 1 else 0
        assert right == pytest.approx(expected / len(subsets))
        assert tied == pytest.approx(min(1.0, doubtful / len(subsets)))


def test_a_majority_of_many_samples_is_still_exact() -> None:
    """256 samples of two answers; by symmetry of the two the vote of an even split is right half the time."""
    found = majorities([(128, 1.0), (128, 0.0)])
    assert all(right == pytest.approx(0.5) for right, _ in found)
    assert found[255].tied == pytest.approx(1.0)
    assert found[0].tied == 0.0
    with pytest.raises(ValueError, match="1000"):
        majorities([(1001, 1.0)])
