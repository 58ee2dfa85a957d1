"""The Qwen2 decoder for training: whole sequences, no cache, plain torch.

Parameter names are those of a Hugging Face Qwen2 checkpoint, so `state_dict()` is the
checkpoint; a test holds the logits against `transformers.Qwen2ForCausalLM`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mull.model.config import Config, Rope
from mull.model.rope import rotations


def embedded_config(vocab_size: int) -> Config:
    """Shape of the embedded model: 2.9 million parameters, wide and shallow.

    On two CPU cores width is cheap and depth is not. The rotary base is small because the
    texts are: no pair turns slower than a few thousand positions.
    """
    return Config(
        architecture="qwen2",
        hidden_size=256,
        intermediate_size=640,
        num_layers=4,
        num_heads=4,
        num_kv_heads=2,
        head_dim=64,
        vocab_size=vocab_size,
        context=2048,
        norm_eps=1e-6,
        rope=Rope(theta=1000.0),
        tied_embeddings=False,
    )


class Norm(nn.Module):
    """RMSNorm: Zhang and Sennrich 2019, arXiv 1910.07467."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


class Attention(nn.Module):
    """Causal self-attention with grouped key and value heads."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        hidden, dim = config.hidden_size, config.head_dim
        self.head_dim = dim
        self.grouped = config.num_heads != config.num_kv_heads
        self.q_proj = nn.Linear(hidden, config.num_heads * dim, bias=True)
        self.k_proj = nn.Linear(hidden, config.num_kv_heads * dim, bias=True)
        self.v_proj = nn.Linear(hidden, config.num_kv_heads * dim, bias=True)
        self.o_proj = nn.Linear(config.num_heads * dim, hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        def heads(projected: Tensor) -> Tensor:
            return projected.view(*projected.shape[:2], -1, self.head_dim).transpose(1, 2)

        query = rotate(heads(self.q_proj(x)), cos, sin)
        key = rotate(heads(self.k_proj(x)), cos, sin)
        value = heads(self.v_proj(x))
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=self.grouped)
        out: Tensor = self.o_proj(mixed.transpose(1, 2).flatten(2))
        return out


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of `[batch, heads, time, head_dim]`; tables `[time, head_dim / 2]`."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


class Mlp(nn.Module):
    """SwiGLU: Shazeer 2020, arXiv 2002.05202."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        hidden, inner = config.hidden_size, config.intermediate_size
        self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Layer(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.input_layernorm = Norm(config.hidden_size, config.norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = Norm(config.hidden_size, config.norm_eps)
        self.mlp = Mlp(config)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class Decoder(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_layers))
        self.norm = Norm(config.hidden_size, config.norm_eps)


class Qwen2(nn.Module):
    """A Qwen2 language model. Weights are whatever torch draws: `init.py` sets them."""

    cos: Tensor
    sin: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        if config.architecture != "qwen2" or config.tied_embeddings:
            raise ValueError("only Qwen2 with untied embeddings is trained here")
        self.config = config
        self.model = Decoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        cos, sin = rotations(config, config.context)
        self.register_buffer("cos", torch.from_numpy(cos), persistent=False)
        self.register_buffer("sin", torch.from_numpy(sin), persistent=False)

    def hidden(self, ids: Tensor) -> Tensor:
        """Token ids `[batch, time]` to final hidden states `[batch, time, hidden]`."""
        time = ids.shape[1]
        cos, sin = self.cos[:time], self.sin[:time]
        x: Tensor = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x, cos, sin)
        out: Tensor = self.model.norm(x)
        return out

    def forward(self, ids: Tensor) -> Tensor:
        """Logits `[batch, time, vocabulary]`."""
        out: Tensor = self.lm_head(self.hidden(ids))
        return out

    def losses(self, ids: Tensor, learn: Tensor) -> Tensor:
        """Cross-entropy of each token `ids[b, t]` with `learn[b, t]` (bool), in nats, flat.

        Logits are computed only where a loss is wanted: about half the tokens are prompt.
        """
        wanted = learn[:, 1:]
        logits = self.lm_head(self.hidden(ids[:, :-1])[wanted])
        return F.cross_entropy(logits, ids[:, 1:][wanted], reduction="none")
