"""Quantiles that intervals are made of: normal, Student's t, Beta."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import exp, lgamma, log, log1p, sqrt
from statistics import NormalDist

CONFIDENCE = 0.95  # of every interval, unless told otherwise
_SMALLEST = 1e-300
_EXACT = 1e-15
_ROUNDS = 10_000  # enough for parameters in the millions


def normal(confidence: float = CONFIDENCE) -> float:
    """The z of a two-sided interval: 1.96 for 0.95."""
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not {confidence}")
    return NormalDist().inv_cdf((1 + confidence) / 2)


Z = normal()


@lru_cache
def student(freedom: float, confidence: float = CONFIDENCE) -> float:
    """The t of a two-sided interval with so many degrees of freedom: 2.045 for 29 and 0.95."""
    x = beta_quantile(1 - confidence, freedom / 2, 0.5)
    return sqrt(freedom * (1 - x) / x)


def beta_quantile(share: float, a: float, b: float) -> float:
    """Where the distribution Beta(a, b) has passed `share`, to fifteen digits or so."""
    return _root(lambda x: beta_share(x, a, b) - share)


def beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b): how much of Beta(a, b) lies below x.

    Continued fraction 8.17.22 of the NIST Handbook (DLMF), evaluated by the modified Lentz method.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    fraction, up, down = 1.0, 1.0, 0.0
    for step in range(_ROUNDS):
        m = step // 2
        if step == 0:
            term = 1.0
        elif step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        down = 1 / _away(1 + term * down)
        up = _away(1 + term / up)
        fraction *= up * down
        if step and abs(up * down - 1) < _EXACT:
            break
    return front * (fraction - 1)


def _away(value: float) -> float:
    """From zero."""
    return value if abs(value) > _SMALLEST else _SMALLEST


def _root(rising: Callable[[float], float]) -> float:
    """Where a rising function of [0, 1] is zero, by bisection down to neighbouring numbers."""
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return high
