"""What k samples of a question are worth where someone can tell a right one: unbiased, from n >= k."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, comb


def pass_at(k: int, count: int, right: int) -> float:
    """Chance that one of k samples is right, if `right` of `count` were: over all subsets of k.

    1 - C(count - right, k) / C(count, k): Chen et al. 2021, arXiv 2107.03374, equation 1. Raises ValueError
    where there are fewer than k samples.
    """
    _check(k, count, right)
    return 1 - comb(count - right, k) / comb(count, k)


def g_pass_at(k: int, share: float, count: int, right: int) -> float:
    """Chance that at least `share` of k samples are right (and no fewer than one): G-Pass@k, for stability.

    Liu et al. 2024, arXiv 2412.13147. A share near 0 is pass@k, 1 is "all of them".
    """
    _check(k, count, right)
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not {share}")
    least = max(1, ceil(Fraction(str(share)) * k))  # 0.7 * 10 is not 7 in binary
    return _at_least(least, k, count, right)


def mg_pass_at(k: int, count: int, right: int) -> float:
    """mG-Pass@k: G-Pass@k in the mean over shares from 0.5 to 1, as summed in arXiv 2412.13147."""
    _check(k, count, right)
    if k == 1:
        return right / count
    first = ceil(k / 2) + 1
    return 2 / k * sum(_at_least(least, k, count, right) for least in range(first, k + 1))


def _at_least(least: int, k: int, count: int, right: int) -> float:
    ways = sum(comb(right, hits) * comb(count - right, k - hits) for hits in range(least, k + 1))
    return ways / comb(count, k)


def _check(k: int, count: int, right: int) -> None:
    if not (1 <= k <= count and 0 <= right <= count):
        raise ValueError(f"no subset of {k} of {count} samples, {right} of them right")
