"""maj@k: how often the most frequent answer of k samples is right, over all subsets of k, counted exactly.

Answers are given as piles: those that say the same, however written, lie in one. Samples without an answer
are in no pile; they are drawn, and have no vote. Where several piles lead, each wins as often as the others
(a vote that takes the first comer does just that, over all orders of drawing).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST = 1000  # samples; beyond, numbers of subsets are too large for a float

Row = NDArray[np.float64]


class Majority(NamedTuple):
    """Of all subsets of k samples.

    right  share of those whose vote is right, ties broken evenly
    tied   how much `right` can move at most where a tie with a right answer counts as wrong, or as right
    """

    right: float
    tied: float


def majorities(piles: Sequence[tuple[int, float]], silent: int = 0) -> list[Majority]:
    """maj@k for k = 1 ... n, from (votes, share of them that are right) of each pile; n counts the silent.

    Usually the share is 1 for one pile and 0 for the others; where a scorer tells answers apart that are
    equal as numbers, a pile may be right in part. For every height r of a winning pile the ways to fill up
    with lower piles and t tied ones are the coefficients of a polynomial; piles that cannot reach r are no
    obstacle, and stand together as one binomial. Raises ValueError above `MOST` samples.
    """
    count = silent + sum(votes for votes, _ in piles)
    if count > MOST:
        raise ValueError(f"maj@k is counted for up to {MOST} samples, not {count}")
    right, tied = np.zeros(count + 1), np.zeros(count + 1)
    for number, (votes, share) in enumerate(piles):
        if not share:
            continue
        others = [other for place, (other, _) in enumerate(piles) if place != number]
        for height in range(1, votes + 1):
            ways = share * comb(votes, height)
            for ties, row in enumerate(_fill(others, silent, height)):
                room = min(len(row), count + 1 - height)
                right[height : height + room] += ways / (1 + ties) * row[:room]
                if ties:
                    tied[height : height + room] += ways * row[:room]
    return [
        Majority(min(1.0, float(right[k]) / subsets), min(1.0, float(tied[k]) / subsets))
        for k in range(1, count + 1)
        if (subsets := float(comb(count, k)))
    ]


def _fill(piles: Sequence[int], silent: int, height: int) -> list[Row]:
    """By number of ties: the ways to draw so many samples (the index) with no pile above `height`."""
    high = [votes for votes in piles if votes >= height]
    rows = [_binomials(silent + sum(piles) - sum(high))]
    for votes in high:
        below = _binomials(votes)[:height]
        at = np.zeros(height + 1)
        at[height] = comb(votes, height)
        grown = [np.convolve(row, below) for row in rows]
        lifted = [np.convolve(row, at) for row in rows]
        rows = [*_sums(grown, lifted)]
    return rows


def _sums(grown: Sequence[Row], lifted: Sequence[Row]) -> list[Row]:
    """`grown` with as many ties as before, `lifted` with one more."""
    rows = []
    for ties in range(len(grown) + 1):
        parts = [*grown[ties : ties + 1], *(lifted[ties - 1 : ties] if ties else [])]
        row = np.zeros(max(map(len, parts)))
        for part in parts:
            row[: len(part)] += part
        rows.append(row)
    return rows


def _binomials(count: int) -> Row:
    return np.array([float(comb(count, k)) for k in range(count + 1)])
