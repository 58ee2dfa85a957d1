"""How many samples or questions it takes to see a difference, before they are paid for.

The standard error of a difference of means is sqrt(between / n + within / (n * k)), from the variances of a
`Spread` (of a paired comparison, `Difference.spread`); a difference is seen with probability `power` if it is
at least z(0.975) + z(power) of them. Miller 2024, arXiv 2411.00640.
"""

from __future__ import annotations

from math import ceil
from statistics import NormalDist

from mull.bench.statistics.levels import Spread
from mull.bench.statistics.quantiles import Z

POWER = 0.8
_NEVER = 1e-12


def questions_for(gap: float, spread: Spread, samples: int, power: float = POWER) -> int:
    """Questions, of `samples` each, that show a difference of `gap`."""
    return max(2, ceil((_factor(power) / gap) ** 2 * (spread.between + spread.within / samples)))


def samples_for(gap: float, spread: Spread, questions: int, power: float = POWER) -> int | None:
    """Samples of each of these many questions that show a difference of `gap` for questions like these; None
    where none would: the questions themselves are too few.
    """
    left = (gap / _factor(power)) ** 2 * questions - spread.between
    return max(1, ceil(spread.within / left)) if left > _NEVER else None


def _factor(power: float) -> float:
    return Z + NormalDist().inv_cdf(power)
