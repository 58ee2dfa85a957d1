"""Intervals of one proportion: so many right of so many, each a draw of its own."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from mull.bench.statistics.quantiles import CONFIDENCE, Z, beta_quantile


class Interval(NamedTuple):
    low: float
    high: float

    def percent(self, digits: int = 1) -> str:
        """Of a share, in percent: 33.2–66.8."""
        return f"{100 * self.low:.{digits}f}–{100 * self.high:.{digits}f}"

    def points(self) -> str:
        """Of a difference, in points: -1.2 to +3.4."""
        return f"{100 * self.low:+.1f} to {100 * self.high:+.1f}"


def wilson(right: float, count: float, z: float = Z) -> Interval:
    """The score interval, which keeps its promise for small counts and at 0 and 1; 95 % unless z says other.

    E. B. Wilson 1927, JASA 22:209. For k = 1 sample a question it answers "questions like these". Counts need
    not be whole: an effective number of samples will do. Raises ValueError without any.
    """
    if not 0 <= right <= count or count <= 0:
        raise ValueError(f"no proportion: {right} of {count}")
    share, square = right / count, z * z
    centre = (share + square / (2 * count)) / (1 + square / count)
    half = z * sqrt(share * (1 - share) / count + square / (4 * count**2)) / (1 + square / count)
    return Interval(min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def beta(right: int, count: int, prior: float = 1.0, confidence: float = CONFIDENCE) -> Interval:
    """The Bayesian interval: what lies between the tails of Beta(right + prior, wrong + prior).

    prior 1 is uniform (Bowyer, Aitchison, Ivanova 2025, arXiv 2503.01747), 0.5 is Jeffreys' (Brown, Cai,
    DasGupta 2001, Statistical Science 16:101). Raises ValueError for what is no count.
    """
    if not 0 <= right <= count:
        raise ValueError(f"no proportion: {right} of {count}")
    tail = (1 - confidence) / 2
    a, b = right + prior, count - right + prior
    return Interval(beta_quantile(tail, a, b), beta_quantile(1 - tail, a, b))
