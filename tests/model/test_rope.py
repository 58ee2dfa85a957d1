"""Rotary angles against transformers' own, over whole contexts."""

import numpy as np
import pytest
import torch
from transformers import Qwen2Config
from transformers.models.qwen2.modeling_qwen2 import Qwen2RotaryEmbedding

from mull.model.config import Config
from mull.model.rope import frequencies, rotations
from tests.model.builders import TINY


def yarn(**more: object) -> dict[str, object]:
    return {"rope_type": "yarn", "original_max_position_embeddings": 4096, **more}


CASES = [
    {"head_dim": 128, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}},
    {"head_dim": 64, "rope_parameters": {"rope_type": "default", "rope_theta": 1e4}},
    {"head_dim": 80, "rope_parameters": {"rope_type": "linear", "rope_theta": 1e6, "factor": 3.0}},
    {"head_dim": 128, "rope_parameters": yarn(rope_theta=1e6, factor=4.0)},
    {"head_dim": 64, "rope_parameters": yarn(rope_theta=1e4, factor=8.0, beta_fast=16, beta_slow=2)},
    {"head_dim": 64, "rope_parameters": yarn(rope_theta=1e4, factor=8.0, truncate=False)},
    {"head_dim": 32, "rope_parameters": yarn(rope_theta=5e5, factor=2.5, attention_factor=0.7)},
    {"head_dim": 16, "rope_parameters": yarn(rope_theta=1e4, factor=1.0)},
    {"head_dim": 64, "rope_parameters": yarn(rope_theta=1e4, factor=None)},
    # So few turns that both ends of the ramp fall on one pair.
    {"head_dim": 8, "rope_parameters": yarn(rope_theta=1e4, factor=4.0, beta_fast=1e6, beta_slow=1e5)},
]


@pytest.mark.parametrize("case", CASES)
def test_cos_and_sin_are_those_of_transformers(case) -> None:
    positions = 16384
    raw = TINY | {"max_position_embeddings": positions} | case
    del raw["rope_theta"]
    ours = Config.parse(raw)
    theirs = Qwen2RotaryEmbedding(Qwen2Config(**raw))
    inverse, factor = frequencies(ours)
    np.testing.assert_allclose(inverse, theirs.inv_freq.numpy(), rtol=3e-7)
    assert factor == pytest.approx(theirs.attention_scaling, abs=1e-12)
    cos, sin = rotations(ours, positions)
    expected_cos, expected_sin = theirs(torch.zeros(1), torch.arange(positions)[None])
    half = case["head_dim"] // 2
    for mine, peer in ((cos, expected_cos), (sin, expected_sin)):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine[:2048], peer[0, :2048, :half].numpy(), atol=1e-5)
        np.testing.assert_allclose(mine, peer[0, :, :half].numpy(), atol=1e-3)


def test_float32_angles_not_exact_ones() -> None:
    """Exact angles are 1e-3 away at the end of a context: the tables must follow the models' rounding."""
    config = Config.parse(TINY | {"head_dim": 128, "rope_theta": 1e6, "max_position_embeddings": 32768})
    cos, _ = rotations(config, 32768)
    peer = Qwen2RotaryEmbedding(Qwen2Config(**TINY | {"head_dim": 128, "rope_theta": 1e6}))
    expected = peer(torch.zeros(1), torch.arange(32768)[None])[0][0, :, :64].numpy()
    exact = np.cos(np.outer(np.arange(32768), 1e6 ** (-np.arange(0, 128, 2) / 128)))
    assert np.abs(cos - expected).max() < 5e-5
    assert np.abs(exact - expected).max() > 1e-3
