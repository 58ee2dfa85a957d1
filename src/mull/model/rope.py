"""Rotary position embedding: the angles every runner uses.

Default, linear and YaRN frequencies. YaRN: Peng et al. 2023, arXiv 2309.00071 §3.2-3.4.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mull.model.config import Config


def frequencies(config: Config) -> tuple[NDArray[np.float64], float]:
    """Angle per position of each pair, and the factor on cos and sin.

    Returns (`[head_dim / 2]` radians per token, attention factor).
    """
    rope, dim = config.rope, config.head_dim
    base = rope.theta ** (-np.arange(0, dim, 2) / dim)
    if rope.kind == "default":
        return base, 1.0
    if rope.kind == "linear":
        return base / rope.factor, 1.0

    def dimension_of(rotations: float) -> float:
        """Which pair makes `rotations` full turns over the original context."""
        return dim * math.log(rope.original_context / (rotations * 2 * math.pi)) / (2 * math.log(rope.theta))

    low, high = dimension_of(rope.beta_fast), dimension_of(rope.beta_slow)
    if rope.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    ramp = np.clip((np.arange(dim // 2) - low) / max(high - low, 0.001), 0, 1)
    factor = rope.attention_factor
    if factor is None:
        factor = 0.1 * math.log(rope.factor) + 1.0 if rope.factor > 1 else 1.0
    return base / rope.factor * ramp + base * (1 - ramp), float(factor)


def rotations(config: Config, positions: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """cos and sin tables, each `[positions, head_dim / 2]`, attention factor applied."""
    inverse, factor = frequencies(config)
    angles = np.outer(np.arange(positions), inverse)
    return (np.cos(angles) * factor).astype(np.float32), (np.sin(angles) * factor).astype(np.float32)
