"""The network on PyTorch, CPU or CUDA: for big models. Correct first; imported only on demand.

Paged keys and values as tensors. Chains that give one row (decoding) attend together over gathered
pages; chains that give several (reading a prompt) attend one by one, a block of rows at a time.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mull.errors import MullError
from mull.model.config import Config
from mull.model.rope import rotations
from mull.runner.base import Floats, Limits, Rows
from mull.runner.check import check_layout, check_page, check_values

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
_SCORES = 1 << 26  # most attention scores held at once


class TorchRunner:
    """`Runner` on torch. Keys and values: `[layers][pages, page_size, kv_heads, head_dim]`."""

    def __init__(
        self,
        config: Config,
        weights: Mapping[str, Floats],
        *,
        pages: int,
        page_size: int = 16,
        dtype: str = "bf16",
        device: str = "cpu",
    ) -> None:
        if dtype not in DTYPES:
            raise MullError(f"the torch runner has dtype {' or '.join(DTYPES)}, not {dtype!r}.")
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise MullError(f"device {device}: torch finds no CUDA GPU here. Use --device cpu.")
        self.config = config
        self.name = f"torch {device}"
        self.limits = Limits(pages, page_size, config.context, config.vocab_size, dtype)
        self.device, self.dtype = torch.device(device), DTYPES[dtype]
        names = [name for name in weights if name != "lm_head.weight" or not config.tied_embeddings]
        self.weights = {name: self._on_device(weights[name]) for name in names}
        shape = (pages, page_size, config.num_kv_heads, config.head_dim)
        self.keys, self.values = (
            [torch.zeros(shape, dtype=self.dtype, device=self.device) for _ in range(config.num_layers)]
            for _ in range(2)
        )
        self.cos, self.sin = self._rotations(255)

    @torch.inference_mode()
    def step(self, rows: Rows) -> Floats:
        """Logits `[wanted, vocab_size]` of one forward step. Raises InvalidRows."""
        check_layout(rows)
        check_values(rows, self.limits)
        if not len(rows.tokens):
            return np.empty((0, self.config.vocab_size), np.float32)
        if (last := int(rows.positions.max())) >= len(self.cos):
            self.cos, self.sin = self._rotations(last)
        place = Places(rows, self.limits, self.device)
        x = self.weights["model.embed_tokens.weight"][place.tokens]
        for index in range(self.config.num_layers):
            layer = f"model.layers.{index}."
            x = x + self._attention(index, self._norm(x, layer + "input_layernorm"), place)
            y = self._norm(x, layer + "post_attention_layernorm")
            gate, up = self._project(y, layer + "mlp.gate_proj"), self._project(y, layer + "mlp.up_proj")
            x = x + self._project(F.silu(gate) * up, layer + "mlp.down_proj")
        x = self._norm(x[place.wants], "model.norm")
        head = "model.embed_tokens" if self.config.tied_embeddings else "lm_head"
        logits: Floats = self._project(x, head).float().cpu().numpy()
        return logits

    @torch.inference_mode()
    def copy_page(self, src: int, dst: int) -> None:
        """Copy keys and values of all layers of page `src` into page `dst`."""
        check_page(src, self.limits)
        check_page(dst, self.limits)
        for cache in (*self.keys, *self.values):
            cache[dst] = cache[src]

    def close(self) -> None:
        """Free weights and pages."""
        self.weights, self.keys, self.values = {}, [], []

    def _attention(self, index: int, x: Tensor, place: Places) -> Tensor:
        config, layer = self.config, f"model.layers.{index}.self_attn."
        n, heads, kv_heads, dim = len(x), config.num_heads, config.num_kv_heads, config.head_dim
        q = self._project(x, layer + "q_proj").view(n, heads, dim)
        k = self._project(x, layer + "k_proj").view(n, kv_heads, dim)
        v = self._project(x, layer + "v_proj").view(n, kv_heads, dim)
        if config.qk_norm:
            q, k = self._norm(q, layer + "q_norm"), self._norm(k, layer + "k_norm")
        cos, sin = self.cos[place.positions, None], self.sin[place.positions, None]
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        keys, values = self.keys[index], self.values[index]
        keys[place.pages, place.slots] = k
        values[place.pages, place.slots] = v
        out = torch.empty_like(q)
        if len(place.single_rows):
            tables = place.single_tables
            out[place.single_rows] = attend(
                q[place.single_rows, None],
                keys[tables].flatten(1, 2),
                values[tables].flatten(1, 2),
                place.positions[place.single_rows, None],
            )[:, 0]
        for chain, first, last, length in place.several:
            pages = place.tables[chain, : -(-length // self.limits.page_size)]
            gathered = keys[pages].flatten(0, 1)[None], values[pages].flatten(0, 1)[None]
            block = max(1, _SCORES // (heads * length))
            for lo in range(first, last, block):
                part = slice(lo, min(lo + block, last))
                out[part] = attend(q[None, part], *gathered, place.positions[None, part])[0]
        return self._project(out.flatten(1), layer + "o_proj")

    def _project(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self.weights[name + ".weight"], self.weights.get(name + ".bias"))

    def _norm(self, x: Tensor, name: str) -> Tensor:
        """RMSNorm, the mean square in float32 as transformers has it."""
        wide = x.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.config.norm_eps)
        return self.weights[name + ".weight"] * wide.to(x.dtype)

    def _rotations(self, position: int) -> tuple[Tensor, Tensor]:
        cos, sin = rotations(self.config, min(self.config.context, 2 * (position + 1)))
        return self._on_device(cos), self._on_device(sin)

    def _on_device(self, array: Floats) -> Tensor:
        return torch.tensor(array).to(self.device, self.dtype)


class Places:
    """Where a step's rows stand, as tensors: computed once, used by every layer.

    single_rows, single_tables   rows of the chains that give just one, and those chains' pages
    several                      (chain, first row, last row + 1, length) of the others
    """

    def __init__(self, rows: Rows, limits: Limits, device: torch.device) -> None:
        def on_device(array: np.ndarray) -> Tensor:
            return torch.from_numpy(array.astype(np.int64)).to(device)

        page_size, pages = limits.page_size, limits.pages
        starts = np.flatnonzero(np.diff(rows.chains, prepend=-1))
        ends = np.append(starts[1:], len(rows.chains))
        alone = ends - starts == 1
        longest = int(rows.positions[starts[alone]].max()) // page_size + 1 if alone.any() else 0
        self.tokens, self.positions = on_device(rows.tokens), on_device(rows.positions)
        self.wants = on_device(rows.wants)
        # Entries behind a chain's last page may hold anything; they are gathered and masked.
        used = rows.tables.clip(0, pages - 1)
        self.pages = on_device(used[rows.chains, rows.positions // page_size])
        self.slots = on_device(rows.positions % page_size)
        self.single_rows = on_device(starts[alone])
        self.single_tables = on_device(used[rows.chains[starts[alone]], :longest])
        self.tables = on_device(used)
        self.several = [
            (int(rows.chains[first]), int(first), int(last), int(rows.positions[last - 1]) + 1)
            for first, last in zip(starts[~alone], ends[~alone], strict=True)
        ]


def attend(q: Tensor, keys: Tensor, values: Tensor, positions: Tensor) -> Tensor:
    """Causal attention. q `[chains, rows, heads, dim]`, keys and values `[chains, length, kv_heads, dim]`,
    positions `[chains, rows]` -> like q.
    """
    seen = torch.arange(keys.shape[1], device=q.device) <= positions[..., None]
    out = F.scaled_dot_product_attention(
        q.transpose(1, 2),
        keys.transpose(1, 2),
        values.transpose(1, 2),
        attn_mask=seen[:, None],
        enable_gqa=True,
    )
    return out.transpose(1, 2)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of `[rows, heads, dim]`; pair i is elements i and i + dim / 2."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)
