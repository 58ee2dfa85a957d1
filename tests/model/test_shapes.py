import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, Qwen2Config, Qwen3Config

from mull.model.config import Config
from mull.model.shapes import expected_shapes, kv_bytes_per_token, parameters, weight_bytes
from tests.model.builders import QWQ_PREVIEW, TINY


def test_qwq_preview_to_the_last_parameter() -> None:
    config = Config.parse(QWQ_PREVIEW)
    assert parameters(config) == 32_763_876_352
    assert parameters(config, embeddings=False) == 32_763_876_352 - 2 * 152_064 * 5_120
    assert weight_bytes(config, "bf16") == 2 * 32_763_876_352
    assert kv_bytes_per_token(config, "bf16") == 256 * 1024


@given(
    peer=st.sampled_from([Qwen2Config, Qwen3Config]),
    tied=st.booleans(),
    layers=st.integers(1, 3),
    kv_heads=st.sampled_from([1, 2, 4]),
    head_dim=st.sampled_from([8, 12, 32]),
)
def test_names_shapes_and_counts_are_those_of_transformers(peer, tied, layers, kv_heads, head_dim) -> None:
    kind = "qwen3" if peer is Qwen3Config else "qwen2"
    raw = TINY | {"architectures": [f"{kind.capitalize()}ForCausalLM"], "model_type": kind}
    raw |= {"tie_word_embeddings": tied, "num_hidden_layers": layers}
    raw |= {"num_key_value_heads": kv_heads, "head_dim": head_dim}
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(peer(**raw))
    config = Config.parse(raw)
    theirs = {name: tuple(tensor.shape) for name, tensor in model.named_parameters()}
    assert expected_shapes(config) == theirs
    assert parameters(config) == model.num_parameters()


@pytest.mark.parametrize("tied", [False, True])
def test_weight_bytes_by_hand(tied) -> None:
    """One layer, 32 wide, 40 inside, 2 heads of 16 and 1 for keys and values, 100 tokens."""
    raw = TINY | {"num_hidden_layers": 1, "intermediate_size": 40, "num_attention_heads": 2}
    raw |= {"num_key_value_heads": 1, "vocab_size": 100, "tie_word_embeddings": tied}
    config = Config.parse(raw)
    table, output = (100, 32), (100, 32)
    matrices = [(32, 32), (16, 32), (16, 32), (32, 32), (40, 32), (40, 32), (32, 40)]
    vectors = 3 * 32 + 32 + 16 + 16  # norms and biases
    stored = [table, *matrices] if tied else [table, *matrices, output]
    count = sum(rows * columns for rows, columns in stored) + vectors
    assert weight_bytes(config, "f32") == 4 * count
    assert weight_bytes(config, "bf16") == 2 * count
    held = 2 * 100 * 32 + 4 * vectors  # the looked-up table in bfloat16, vectors in float32
    multiplied = [*matrices, output]
    int8 = sum(rows * (columns + 4) for rows, columns in multiplied)
    assert weight_bytes(config, "int8") == held + int8
    groups = sum(rows * (2 if columns == 40 else 1) for rows, columns in multiplied)  # 40 needs two groups
    assert weight_bytes(config, "int4") == held + groups * 18


def test_keys_and_values_by_hand() -> None:
    config = Config.parse(TINY)  # 2 layers, 2 key-value heads of 8
    assert kv_bytes_per_token(config, "f32") == 2 * 2 * 2 * 8 * 4
    assert kv_bytes_per_token(config, "bf16") == 2 * 2 * 2 * 8 * 2
