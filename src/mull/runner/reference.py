"""The network, defined: Qwen2 and Qwen3 dense decoders in plain numpy, float32.

This is the oracle for every other runner, and what runs where no C compiler was found.
Pre-norm decoder with grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245),
rotary embedding in the half-split layout, RMSNorm, SwiGLU. Qwen2 has a bias on the query,
key and value projections; Qwen3 normalises each query and key head instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mull.model.config import Config
from mull.model.rope import rotations
from mull.runner.base import Floats, Ints, Limits, Rows
from mull.runner.check import check_layout, check_page, check_values

_SCORES = 1 << 22  # most attention scores held at once; bounds the memory of a long prefill


@dataclass(frozen=True, slots=True)
class Layer:
    """Weights of one decoder layer; matrices `[out, in]`, vectors None where the model has none."""

    input_norm: Floats
    q: Floats
    k: Floats
    v: Floats
    o: Floats
    q_bias: Floats | None
    k_bias: Floats | None
    v_bias: Floats | None
    q_norm: Floats | None
    k_norm: Floats | None
    post_norm: Floats
    gate: Floats
    up: Floats
    down: Floats

    @classmethod
    def of(cls, weights: Mapping[str, Floats], index: int, config: Config) -> Layer:
        """Take layer `index` out of `weights` (Hugging Face names)."""
        prefix = f"model.layers.{index}."
        attention, mlp = prefix + "self_attn.", prefix + "mlp."
        bias, norm = config.qkv_bias, config.qk_norm
        return cls(
            input_norm=weights[prefix + "input_layernorm.weight"],
            q=weights[attention + "q_proj.weight"],
            k=weights[attention + "k_proj.weight"],
            v=weights[attention + "v_proj.weight"],
            o=weights[attention + "o_proj.weight"],
            q_bias=weights[attention + "q_proj.bias"] if bias else None,
            k_bias=weights[attention + "k_proj.bias"] if bias else None,
            v_bias=weights[attention + "v_proj.bias"] if bias else None,
            q_norm=weights[attention + "q_norm.weight"] if norm else None,
            k_norm=weights[attention + "k_norm.weight"] if norm else None,
            post_norm=weights[prefix + "post_attention_layernorm.weight"],
            gate=weights[mlp + "gate_proj.weight"],
            up=weights[mlp + "up_proj.weight"],
            down=weights[mlp + "down_proj.weight"],
        )


class ReferenceRunner:
    """`Runner` in numpy. Keys and values: `[layers, pages, kv_heads, page_size, head_dim]`."""

    name = "reference"

    def __init__(
        self, config: Config, weights: Mapping[str, Floats], *, pages: int, page_size: int = 16
    ) -> None:
        self.config = config
        self.limits = Limits(pages, page_size, config.context, config.vocab_size, "f32")
        self.layers = [Layer.of(weights, index, config) for index in range(config.num_layers)]
        self.embedding = weights["model.embed_tokens.weight"]
        self.norm = weights["model.norm.weight"]
        self.head = self.embedding if config.tied_embeddings else weights["lm_head.weight"]
        shape = (config.num_layers, pages, config.num_kv_heads, page_size, config.head_dim)
        self.keys: Floats = np.zeros(shape, np.float32)
        self.values: Floats = np.zeros(shape, np.float32)
        self.cos, self.sin = rotations(config, min(config.context, 256))

    def step(self, rows: Rows) -> Floats:
        """Logits `[wanted, vocab_size]` of one forward step. Raises InvalidRows."""
        check_layout(rows)
        check_values(rows, self.limits)
        if not len(rows.tokens):
            return np.empty((0, self.config.vocab_size), np.float32)
        self._rotations(int(rows.positions.max()))
        eps = self.config.norm_eps
        x = self.embedding[rows.tokens]
        for index, layer in enumerate(self.layers):
            x += self._attention(index, layer, rms_norm(x, layer.input_norm, eps), rows)
            y = rms_norm(x, layer.post_norm, eps)
            x += (silu(y @ layer.gate.T) * (y @ layer.up.T)) @ layer.down.T
        return rms_norm(x[rows.wants], self.norm, eps) @ self.head.T

    def copy_page(self, src: int, dst: int) -> None:
        """Copy keys and values of all layers of page `src` into page `dst`."""
        check_page(src, self.limits)
        check_page(dst, self.limits)
        self.keys[:, dst], self.values[:, dst] = self.keys[:, src], self.values[:, src]

    def close(self) -> None:
        """Free the memory of the pages."""
        self.keys = self.values = np.empty(0, np.float32)

    def _attention(self, index: int, layer: Layer, x: Floats, rows: Rows) -> Floats:
        config, n = self.config, len(x)
        heads, kv_heads, dim = config.num_heads, config.num_kv_heads, config.head_dim
        q = project(x, layer.q, layer.q_bias).reshape(n, heads, dim)
        k = project(x, layer.k, layer.k_bias).reshape(n, kv_heads, dim)
        v = project(x, layer.v, layer.v_bias).reshape(n, kv_heads, dim)
        if layer.q_norm is not None and layer.k_norm is not None:
            q, k = rms_norm(q, layer.q_norm, config.norm_eps), rms_norm(k, layer.k_norm, config.norm_eps)
        cos, sin = self.cos[rows.positions, None], self.sin[rows.positions, None]
        q, k = rotate(q, cos, sin) * np.float32(dim**-0.5), rotate(k, cos, sin)

        page, slot = np.divmod(rows.positions, self.limits.page_size)
        page = rows.tables[rows.chains, page]
        self.keys[index, page, :, slot] = k
        self.values[index, page, :, slot] = v

        out = np.empty((n, heads * dim), np.float32)
        starts = np.flatnonzero(np.diff(rows.chains, prepend=-1))
        for first, last in zip(starts, [*starts[1:], n], strict=True):
            length = int(rows.positions[last - 1]) + 1
            pages = rows.tables[rows.chains[first], : -(-length // self.limits.page_size)]
            keys, values = self._gather(self.keys[index], pages), self._gather(self.values[index], pages)
            block = max(1, _SCORES // (heads * length))
            for lo in range(first, last, block):
                hi = min(lo + block, last)
                out[lo:hi] = attend(q[lo:hi], keys, values, rows.positions[lo:hi])
        return out @ layer.o.T

    def _gather(self, cache: Floats, pages: Ints) -> Floats:
        """One chain's keys or values in order: `[kv_heads, positions, head_dim]`."""
        paged = cache[pages].transpose(1, 0, 2, 3)
        return paged.reshape(self.config.num_kv_heads, -1, self.config.head_dim)

    def _rotations(self, position: int) -> None:
        if position >= len(self.cos):
            size = min(self.config.context, 2 * (position + 1))
            self.cos, self.sin = rotations(self.config, size)


def attend(q: Floats, keys: Floats, values: Floats, positions: Ints) -> Floats:
    """Causal attention of one chain. q `[rows, heads, dim]`, already scaled -> `[rows, heads * dim]`."""
    n, heads, dim = q.shape
    kv_heads, length = keys.shape[0], int(positions[-1]) + 1
    q = q.reshape(n, kv_heads, heads // kv_heads, dim).transpose(1, 2, 0, 3).reshape(kv_heads, -1, dim)
    scores = (q @ keys[:, :length].transpose(0, 2, 1)).reshape(kv_heads, -1, n, length)
    scores = np.where(np.arange(length) <= positions[:, None], scores, np.float32(-np.inf))
    weight = np.exp(scores - scores.max(-1, keepdims=True))
    weight /= weight.sum(-1, keepdims=True)
    out: Floats = weight.reshape(kv_heads, -1, length) @ values[:, :length]
    return out.reshape(kv_heads, -1, n, dim).transpose(2, 0, 1, 3).reshape(n, heads * dim)


def project(x: Floats, weight: Floats, bias: Floats | None) -> Floats:
    """`x @ weight.T + bias`."""
    return x @ weight.T if bias is None else x @ weight.T + bias


def rotate(x: Floats, cos: Floats, sin: Floats) -> Floats:
    """Rotary embedding of `[rows, heads, dim]`; pair i is elements i and i + dim / 2."""
    a, b = np.split(x, 2, -1)
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def rms_norm(x: Floats, weight: Floats, eps: float) -> Floats:
    """`x` over its root mean square, scaled (Zhang & Sennrich 2019, arXiv 1910.07467)."""
    mean_square: Floats = np.square(x).mean(-1, keepdims=True)
    return x / np.sqrt(mean_square + np.float32(eps)) * weight


def silu(x: Floats) -> Floats:
    """`x * sigmoid(x)`, the gate of SwiGLU (Shazeer 2020, arXiv 2002.05202)."""
    half = np.float32(0.5)
    return x * (half + half * np.tanh(half * x))
