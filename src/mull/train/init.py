"""Where training starts: a small transformer that can already copy.

What a few million tokens do not teach a small decoder is copying from its prompt: with the
usual initialisation the arithmetic is learned and the wrong digits are used. The circuit
that copies is known: an induction head (Olsson et al. 2022, arXiv 2209.11895), one head
that looks one token back, and above it one that looks for an earlier occurrence of the
current token. Both can be written down inside the plain Qwen2 architecture, because its
query and key biases see the rotary angles and nothing else.

- The residual stream starts as the token embedding: embeddings of size one, output
  projections zero.
- Layer 0, heads 0-2 look one, two and three tokens back; layer 1, head 0 looks one back.
- Layer 0's first value head copies a random image P of the token it sees into the
  directions M of the residual stream; layer 1's last head asks with P x ("me") for
  keys with M^T x ("the token before me was"): it attends to what followed last time.

Measured where this was found out (2-minute runs, held-out loss): 0.403 with, 0.747 without.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mull.model.rope import frequencies
from mull.train.model import Attention, Layer, Qwen2

PAIRS = 12  # the fastest rotary pairs tell neighbours apart; the slow ones are left to content
SHARPNESS = 5.0  # bias amplitude: the head's score peaks at its offset by about 12 * 25 / 8
MATCH = 0.8  # gain of the token-matching head


@torch.no_grad()
def initialize(model: Qwen2, seed: int, alike: list[tuple[int, int]] | None = None) -> None:
    """Set every weight of `model` in place, from `seed` alone.

    `alike` lists pairs of token ids (`4` and ` 4`) whose embeddings start close together, so
    that what is learned about one holds for the other.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        if name.endswith(("o_proj.weight", "down_proj.weight", ".bias")):
            weight.zero_()
        elif name.endswith("norm.weight"):
            weight.fill_(1.0)
        elif "embed_tokens" in name:
            weight.normal_(generator=generator)
        elif "lm_head" in name:
            weight.normal_(std=0.005, generator=generator)
        else:
            weight.normal_(std=weight.shape[1] ** -0.5, generator=generator)
    embedding = model.model.embed_tokens.weight
    for one, other in alike or []:
        embedding[other] = 0.9 * embedding[one] + (1 - 0.9**2) ** 0.5 * embedding[other]
    if model.config.num_layers >= 2 and model.config.num_heads >= 4:
        _induction(model, generator)


def _induction(model: Qwen2, generator: torch.Generator) -> None:
    config = model.config
    dim, half = config.head_dim, config.head_dim // 2
    pairs = min(PAIRS, half // 2)
    angle = torch.from_numpy(frequencies(config)[0][:pairs]).float()
    first, second = torch.arange(pairs), half + torch.arange(pairs)
    content = torch.cat((torch.arange(pairs, half), half + torch.arange(pairs, half)))

    def attention(layer: int) -> Attention:
        found = model.model.layers[layer]
        assert isinstance(found, Layer)
        return found.self_attn

    def rows(head: int) -> slice:
        return slice(head * dim, (head + 1) * dim)

    def positional(projection: torch.nn.Linear, head: int) -> tuple[Tensor, Tensor]:
        """The head's weight and bias, with no content in the positional pairs."""
        weight, bias = projection.weight[rows(head)], projection.bias[rows(head)]
        weight[first] = 0
        weight[second] = 0
        return weight, bias

    def look_back(layer: int, offsets: dict[int, int], kv_heads: int) -> None:
        for head in range(kv_heads):
            _, bias = positional(attention(layer).k_proj, head)
            bias[first] = SHARPNESS
        for head, offset in offsets.items():
            weight, bias = positional(attention(layer).q_proj, head)
            weight *= 0.1
            bias[first] = SHARPNESS * torch.cos(angle * offset)
            bias[second] = -SHARPNESS * torch.sin(angle * offset)

    look_back(0, {0: 1, 1: 2, 2: 3}, config.num_kv_heads)
    look_back(1, {0: 1}, 1)

    into = torch.randn(dim, config.hidden_size, generator=generator) / config.hidden_size**0.5
    out = torch.randn(config.hidden_size, dim, generator=generator) / dim**0.5
    copier, matcher = attention(0), attention(1)
    copier.v_proj.weight[rows(0)] = into
    copier.o_proj.weight[:, rows(0)] = out
    query = matcher.q_proj.weight[rows(config.num_heads - 1)]
    key = matcher.k_proj.weight[rows(config.num_kv_heads - 1)]
    query.zero_()
    key.zero_()
    query[content] = MATCH * into[content]
    key[content] = MATCH * out.T[content]
