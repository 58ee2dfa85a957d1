"""The torch runner: the same network on a GPU (or a CPU), float32 or bfloat16. Correct first.

Pages are one tensor a layer; a step gathers each chain's pages once and computes the attention of its
rows against them. Norms, softmax and logits are float32 whatever the dtype, as in transformers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mull.errors import MullError
from mull.model.config import Config
from mull.model.rope import rotations
from mull.runner.base import Floats, Limits, Rows
from mull.runner.check import check_layout, check_page, check_values

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
_SCORES = 1 << 26  # most attention scores held at once; bounds the memory of a long prefill


class TorchRunner:
    """`Runner` on torch. Keys and values: per layer `[pages, page_size, kv_heads, head_dim]`."""

    def __init__(
        self,
        config: Config,
        weights: Mapping[str, Floats],
        *,
        dtype: str = "f32",
        device: str = "cpu",
        pages: int,
        page_size: int = 16,
    ) -> None:
        if dtype not in DTYPES:
            raise MullError(f"the torch runner has dtype {' or '.join(DTYPES)}, not {dtype}.")
        if device != "cpu" and not torch.cuda.is_available():
            raise MullError(f"device {device!r}: torch sees no GPU here; use device 'cpu'.")
        self.config, self.device, self.dtype = config, torch.device(device), DTYPES[dtype]
        self.limits = Limits(pages, page_size, config.context, config.vocab_size, dtype)
        self.embedding = self._load(weights, "model.embed_tokens.weight")
        self.head = self.embedding if config.tied_embeddings else self._load(weights, "lm_head.weight")
        self.norm = self._load(weights, "model.norm.weight")
        self.layers = [self._layer(weights, index) for index in range(config.num_layers)]
        shape = (pages, page_size, config.num_kv_heads, config.head_dim)
        count = range(config.num_layers)
        self.keys = [torch.zeros(shape, dtype=self.dtype, device=self.device) for _ in count]
        self.values = [torch.zeros(shape, dtype=self.dtype, device=self.device) for _ in count]
        self.cos = self.sin = torch.empty(0)
        self._grow_rotations(255)

    @torch.inference_mode()
    def step(self, rows: Rows) -> Floats:
        """Logits `[wanted, vocab_size]` of one forward step. Raises InvalidRows."""
        check_layout(rows)
        check_values(rows, self.limits)
        if not len(rows.tokens):
            return np.empty((0, self.config.vocab_size), np.float32)
        self._grow_rotations(int(rows.positions.max()))
        positions = self._ints(rows.positions)
        cos, sin = self.cos[positions, None], self.sin[positions, None]
        page, slot = np.divmod(rows.positions, self.limits.page_size)
        place = (self._ints(rows.tables[rows.chains, page]), self._ints(slot))
        chains = self._chains(rows)

        x = self.embedding[self._ints(rows.tokens)]
        for index, layer in enumerate(self.layers):
            q, k, v = self._qkv(layer, self._rms_norm(x, layer["input_layernorm"]), cos, sin)
            self.keys[index][place] = k
            self.values[index][place] = v
            mixed = torch.cat([self._attend(index, q[lo:hi], at, pages) for lo, hi, at, pages in chains])
            x = x + mixed @ layer["o_proj"].T
            y = self._rms_norm(x, layer["post_attention_layernorm"])
            x = x + (F.silu(y @ layer["gate_proj"].T) * (y @ layer["up_proj"].T)) @ layer["down_proj"].T
        logits = self._rms_norm(x[self._ints(rows.wants)], self.norm) @ self.head.T
        out: Floats = logits.float().cpu().numpy()
        return out

    def copy_page(self, src: int, dst: int) -> None:
        """Copy keys and values of all layers of page `src` into page `dst`."""
        check_page(src, self.limits)
        check_page(dst, self.limits)
        for cache in (*self.keys, *self.values):
            cache[dst] = cache[src]

    def close(self) -> None:
        """Free weights and pages."""
        self.keys, self.values, self.layers = [], [], []
        self.embedding = self.head = self.norm = torch.empty(0)

    def _qkv(self, layer: dict[str, Tensor], x: Tensor, cos: Tensor, sin: Tensor) -> list[Tensor]:
        """Query, key and value heads of `x`, each `[rows, heads, head_dim]`, queries and keys rotated."""
        out = []
        for name in "qkv":
            y = F.linear(x, layer[f"{name}_proj"], layer.get(f"{name}_bias"))
            y = y.view(len(x), -1, self.config.head_dim)
            if name != "v":
                if self.config.qk_norm:
                    y = self._rms_norm(y, layer[f"{name}_norm"])
                a, b = y.float().chunk(2, -1)
                y = torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(self.dtype)
            out.append(y)
        return out

    def _chains(self, rows: Rows) -> list[tuple[int, int, Tensor, Tensor]]:
        """Per chain (or block of its rows): first and last row, their positions, and the chain's pages."""
        out = []
        starts = np.flatnonzero(np.diff(rows.chains, prepend=-1))
        for first, last in zip(starts, [*starts[1:], len(rows.chains)], strict=True):
            length = int(rows.positions[last - 1]) + 1
            pages = self._ints(rows.tables[rows.chains[first], : -(-length // self.limits.page_size)])
            block = max(1, _SCORES // (self.config.num_heads * length))
            for lo in range(first, last, block):
                hi = min(lo + block, last)
                out.append((lo, hi, self._ints(rows.positions[lo:hi]), pages))
        return out

    def _attend(self, index: int, q: Tensor, positions: Tensor, pages: Tensor) -> Tensor:
        """Causal attention of rows of one chain: q `[rows, heads, dim]` -> `[rows, heads * dim]`."""
        k, v = (cache[index][pages].flatten(0, 1).transpose(0, 1) for cache in (self.keys, self.values))
        mask = torch.arange(k.shape[1], device=self.device) <= positions[:, None]
        out = F.scaled_dot_product_attention(
            q.transpose(0, 1)[None], k[None], v[None], attn_mask=mask, enable_gqa=True
        )
        return out[0].transpose(0, 1).flatten(1)

    def _rms_norm(self, x: Tensor, weight: Tensor) -> Tensor:
        wide = x.float()
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.config.norm_eps)
        return weight * (wide * scale).to(self.dtype)

    def _layer(self, weights: Mapping[str, Floats], index: int) -> dict[str, Tensor]:
        prefix = f"model.layers.{index}."
        names = {
            **{name: f"{name}.weight" for name in ("input_layernorm", "post_attention_layernorm")},
            **{f"{name}_proj": f"self_attn.{name}_proj.weight" for name in "qkvo"},
            **{f"{name}_proj": f"mlp.{name}_proj.weight" for name in ("gate", "up", "down")},
        }
        if self.config.qkv_bias:
            names |= {f"{name}_bias": f"self_attn.{name}_proj.bias" for name in "qkv"}
        if self.config.qk_norm:
            names |= {f"{name}_norm": f"self_attn.{name}_norm.weight" for name in "qk"}
        return {short: self._load(weights, prefix + name) for short, name in names.items()}

    def _load(self, weights: Mapping[str, Floats], name: str) -> Tensor:
        return torch.tensor(weights[name], dtype=self.dtype, device=self.device)

    def _ints(self, values: np.ndarray) -> Tensor:
        return torch.tensor(values, dtype=torch.long, device=self.device)

    def _grow_rotations(self, position: int) -> None:
        if position >= len(self.cos):
            tables = rotations(self.config, min(self.config.context, 2 * (position + 1)))
            self.cos, self.sin = (torch.tensor(table, device=self.device) for table in tables)
