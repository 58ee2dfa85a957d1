"""Rotary position embedding: the angles every runner uses.

Default, linear and YaRN frequencies. YaRN: Peng et al. 2023, arXiv 2309.00071 §3.2-3.4.
Everything is float32 on purpose: the models were trained and are served that way, and at
position 32,000 exact angles would differ from theirs by 2e-3 radians.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mull.model.config import Config, Rope

Floats = NDArray[np.float32]


def frequencies(config: Config) -> tuple[Floats, float]:
    """Angle per position of each pair, and the factor on cos and sin.

    Returns (`[head_dim / 2]` radians per token, attention factor).
    """
    rope, dim = config.rope, config.head_dim
    exponents = np.arange(0, dim, 2, dtype=np.float32) / np.float32(dim)
    # The power in double precision: numpy's own for float32 is up to 4 ulp off on some processors.
    base = np.float32(1) / np.power(rope.theta, exponents, dtype=np.float64).astype(np.float32)
    if rope.kind == "default":
        return base, 1.0
    scaled = base / np.float32(rope.factor)
    if rope.kind == "linear":
        return scaled, 1.0
    keep = 1 - _ramp(rope, dim)
    factor = rope.attention_factor
    if factor is None:
        factor = 0.1 * math.log(rope.factor) + 1.0
    return scaled * (1 - keep) + base * keep, float(factor)


def rotations(config: Config, positions: int) -> tuple[Floats, Floats]:
    """cos and sin tables, each `[positions, head_dim / 2]`, attention factor applied."""
    inverse, factor = frequencies(config)
    angles = np.outer(np.arange(positions, dtype=np.float32), inverse)
    return np.cos(angles) * np.float32(factor), np.sin(angles) * np.float32(factor)


def _ramp(rope: Rope, dim: int) -> Floats:
    """YaRN's share of interpolation per pair: 0 keeps the frequency, 1 divides it by the factor."""

    def pair_of(turns: float) -> float:
        """Which pair makes `turns` full turns over the original context."""
        return dim * math.log(rope.original_context / (turns * 2 * math.pi)) / (2 * math.log(rope.theta))

    low, high = pair_of(rope.beta_fast), pair_of(rope.beta_slow)
    if rope.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    if low == high:
        high += 0.001
    pairs = np.arange(dim // 2, dtype=np.float32)
    ramp: Floats = np.clip((pairs - np.float32(low)) / np.float32(high - low), 0, 1, dtype=np.float32)
    return ramp
