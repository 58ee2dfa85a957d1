"""Quantiles against scipy's, intervals against published tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.bench.statistics import Interval, beta, wilson
from mull.bench.statistics.quantiles import beta_quantile, beta_share, normal, student


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_interval(right: int, count: int, low: float, high: float) -> None:
    """The last row: Newcombe 1998, Statistics in Medicine 17:857, table I, method 3."""
    assert wilson(right, count) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("share", "a", "b", "expected"),
    [
        (0.025, 16, 16, 0.33060597305175726),
        (0.975, 0.5, 30.5, 0.07967817381725999),
        (0.025, 1000, 2000, 0.31657412994546036),
        (0.05, 14.5, 0.5, 0.8739424165779681),
        (0.5, 1e5, 3, 0.9999732600217842),
    ],
)
def test_beta_quantiles_are_scipys(share: float, a: float, b: float, expected: float) -> None:
    """scipy 1.17.1, stats.beta.ppf."""
    assert beta_quantile(share, a, b) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.706204736174694), (2, 4.302652729749462), (29, 2.0452296421)]
)
def test_students_quantiles_are_scipys(freedom: int, t: float) -> None:
    assert student(freedom) == pytest.approx(t, rel=1e-9)


def test_student_becomes_normal() -> None:
    assert student(1e6) == pytest.approx(normal(), rel=1e-5)


@given(st.floats(0.001, 0.999), st.floats(0.1, 500), st.floats(0.1, 500))
def test_a_quantile_is_the_inverse_of_the_share(share: float, a: float, b: float) -> None:
    x = beta_quantile(share, a, b)
    assert beta_share(x, a, b) >= share - 1e-9
    assert beta_share(x * (1 - 1e-9), a, b) <= share + 1e-6


def test_the_posterior_of_half_of_thirty() -> None:
    assert beta(15, 30) == pytest.approx((0.3306059731, 0.6693940269))
    assert beta(15, 30, prior=0.5) == pytest.approx((0.3280213556, 0.6719786444))
    assert beta(0, 30)[0] > 0


@given(st.integers(1, 200), st.data())
def test_wilson_holds_the_share_and_is_symmetric(count: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, count))
    low, high = wilson(right, count)
    assert 0 <= low <= right / count <= high <= 1
    assert wilson(count - right, count) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(("right", "count"), [(0, 0), (3, 2), (-1, 5)])
def test_what_is_no_proportion_is_refused(right: int, count: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(right, count)
    if count:
        with pytest.raises(ValueError, match="no proportion"):
            beta(right, count)


def test_intervals_in_words() -> None:
    assert Interval(0.3315, 0.6685).percent() == "33.1–66.8"
    assert Interval(0.3315, 0.6685).percent(0) == "33–67"
    assert Interval(-0.012, 0.034).points() == "-1.2 to +3.4"
