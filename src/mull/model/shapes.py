"""Exact arithmetic over a Config: which tensors there are, how many parameters, how much memory.

No weights are needed, so a 32-billion-parameter shape is looked at in microseconds.
Tensor names are those of the Hugging Face checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Literal

from mull.model.config import Config

Dtype = Literal["f32", "bf16", "int8", "int4"]
CacheDtype = Literal["f32", "bf16"]

EMBEDDING = "model.embed_tokens.weight"
OUTPUT = "lm_head.weight"

INT4_GROUP = 32


def expected_shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """Every tensor a checkpoint of this shape holds, in network order. Tied: no `lm_head.weight`."""
    return dict(_tensors(config))


def parameters(config: Config, *, embeddings: bool = True) -> int:
    """How many trained numbers; without embeddings, neither the input nor the output matrix counts."""
    return sum(
        prod(shape) for name, shape in _tensors(config) if embeddings or name not in (EMBEDDING, OUTPUT)
    )


def weight_bytes(config: Config, dtype: Dtype) -> int:
    """Bytes the weights take in memory.

    "f32" and "bf16" store every tensor so. "int8" stores each matrix that is multiplied as one byte a
    number plus one float32 scale a row; "int4" as half a byte a number plus one float16 scale a group
    of 32 along the row. Under both, the input embedding stays bfloat16, since its rows are looked up,
    not multiplied (so a tied one is held twice), and vectors (norms, biases) are float32.
    """
    if dtype in ("f32", "bf16"):
        return parameters(config) * (4 if dtype == "f32" else 2)
    row_bytes = _int8_row if dtype == "int8" else _int4_row
    total = 0
    for name, shape in _tensors(config):
        match shape:
            case (size,):
                total += 4 * size
            case (rows, columns) if name == EMBEDDING:
                total += 2 * rows * columns + config.tied_embeddings * rows * row_bytes(columns)
            case (rows, columns):
                total += rows * row_bytes(columns)
    return total


def kv_bytes_per_token(config: Config, dtype: CacheDtype = "bf16") -> int:
    """Bytes of keys and values one position holds over all layers."""
    count = 2 * config.num_layers * config.num_kv_heads * config.head_dim
    return count * (4 if dtype == "f32" else 2)


def _int8_row(columns: int) -> int:
    return columns + 4


def _int4_row(columns: int) -> int:
    return -(-columns // INT4_GROUP) * (INT4_GROUP // 2 + 2)


def _tensors(config: Config) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden, inner, dim = config.hidden_size, config.intermediate_size, config.head_dim
    heads = {"q": config.num_heads * dim, "k": config.num_kv_heads * dim, "v": config.num_kv_heads * dim}
    yield EMBEDDING, (config.vocab_size, hidden)
    for layer in range(config.num_layers):
        at = f"model.layers.{layer}."
        yield at + "input_layernorm.weight", (hidden,)
        for name, size in heads.items():
            yield f"{at}self_attn.{name}_proj.weight", (size, hidden)
            if config.qkv_bias:
                yield f"{at}self_attn.{name}_proj.bias", (size,)
        if config.qk_norm:
            yield at + "self_attn.q_norm.weight", (dim,)
            yield at + "self_attn.k_norm.weight", (dim,)
        yield at + "self_attn.o_proj.weight", (hidden, heads["q"])
        yield at + "post_attention_layernorm.weight", (hidden,)
        yield at + "mlp.gate_proj.weight", (inner, hidden)
        yield at + "mlp.up_proj.weight", (inner, hidden)
        yield at + "mlp.down_proj.weight", (hidden, inner)
    yield "model.norm.weight", (hidden,)
    if not config.tied_embeddings:
        yield OUTPUT, (config.vocab_size, hidden)
