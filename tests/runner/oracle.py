"""Random checkpoints with their transformers twin, and rows built from plain lists of chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from mull.model.config import Config
from mull.runner.base import Rows, Runner

torch.set_num_threads(1)

_YARN = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0, "original_max_position_embeddings": 64}
_LINEAR = {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}

# name: (layers, hidden, heads, kv heads, head size, ffn, vocabulary, tied, rope); the name says which family
SHAPES: dict[str, tuple[int, int, int, int, int, int, int, bool, dict[str, Any] | None]] = {
    "qwen2-tied": (2, 64, 4, 2, 16, 96, 101, True, None),
    "qwen2-untied-mha": (2, 48, 3, 3, 16, 80, 64, False, None),
    "qwen2-mqa-odd": (3, 60, 6, 1, 10, 77, 131, False, None),
    "qwen2-gqa7": (1, 168, 14, 2, 12, 200, 97, True, None),
    "qwen2-yarn": (2, 64, 4, 1, 16, 70, 113, False, _YARN),
    "qwen2-linear": (2, 33, 2, 1, 64, 45, 90, True, _LINEAR),
    "qwen3-tied": (2, 48, 4, 1, 32, 64, 128, True, None),
    "qwen3-untied-odd": (2, 37, 6, 2, 20, 51, 85, False, None),
    "qwen3-yarn": (2, 40, 2, 2, 34, 60, 77, True, _YARN),
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One random model: transformers' own, and what mull reads of it."""

    model: Any
    config: Config
    weights: dict[str, np.ndarray]


@cache
def checkpoint(shape: str) -> Checkpoint:
    """Random weights, seeded, with logits of standard deviation near 2.

    The spread is what makes greedy equality a fair test: at transformers' default 0.02
    the two best logits of such a small model often differ by less than float32 noise.
    Biases and norms are random too, so that leaving one out shows.
    """
    layers, hidden, heads, kv_heads, head_dim, ffn, vocab, tied, rope = SHAPES[shape]
    sizes = {
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "head_dim": head_dim,
        "intermediate_size": ffn,
        "vocab_size": vocab,
        "tie_word_embeddings": tied,
        "max_position_embeddings": 256,
        "rope_parameters": rope or {"rope_type": "default", "rope_theta": 1e4},
        "attn_implementation": "eager",
        "bos_token_id": None,
        "eos_token_id": None,
    }
    torch.manual_seed(list(SHAPES).index(shape))
    two = shape.startswith("qwen2")
    settings = (Qwen2Config if two else Qwen3Config)(**sizes)
    model = (Qwen2ForCausalLM if two else Qwen3ForCausalLM)(settings).float().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.normal_(1, 0.2)
            elif name.endswith("bias"):
                parameter.normal_(0, 0.2)
            elif "embed_tokens" in name or "lm_head" in name:
                parameter.normal_(0, 2 * hidden**-0.5)
            else:
                parameter.normal_(0, parameter.shape[1] ** -0.5)
    raw = settings.to_dict() | {"architectures": [type(model).__name__]}
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    return Checkpoint(model, Config.parse(raw), weights)


def expected(shape: str, tokens: Sequence[int]) -> np.ndarray:
    """transformers' logits `[len(tokens), vocabulary]` of one chain."""
    with torch.inference_mode():
        return checkpoint(shape).model(torch.tensor([list(tokens)])).logits[0].numpy()


@cache
def expected_greedy(shape: str, prompt: tuple[int, ...], count: int) -> list[int]:
    """The `count` tokens that transformers' greedy decoding appends to `prompt`."""
    model, out, cache_, feed = checkpoint(shape).model, [], None, torch.tensor([prompt])
    with torch.inference_mode():
        for _ in range(count):
            result = model(feed, past_key_values=cache_, use_cache=True)
            cache_, feed = result.past_key_values, result.logits[:, -1:].argmax(-1)
            out.append(int(feed))
    return out


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive tokens of one chain in one step. `wants` counts from the piece's start."""

    table: Sequence[int]
    start: int
    tokens: Sequence[int]
    wants: Sequence[int] = ()


def rows_of(pieces: Sequence[Piece]) -> Rows:
    """The rows of one step."""

    def ints(values: Sequence[int] | list[int]) -> np.ndarray:
        return np.array(values, np.int32)

    width = max((len(piece.table) for piece in pieces), default=0)
    tables = np.full((len(pieces), width), -1, np.int32)
    tokens: list[int] = []
    positions: list[int] = []
    chains: list[int] = []
    wants: list[int] = []
    for index, piece in enumerate(pieces):
        tables[index, : len(piece.table)] = piece.table
        wants += [len(tokens) + want for want in piece.wants]
        positions += range(piece.start, piece.start + len(piece.tokens))
        chains += [index] * len(piece.tokens)
        tokens += piece.tokens
    return Rows(ints(tokens), ints(positions), ints(chains), tables, ints(wants))


def logits_of(runner: Runner, table: Sequence[int], tokens: Sequence[int]) -> np.ndarray:
    """All logits of one chain, computed in one step."""
    return runner.step(rows_of([Piece(table, 0, tokens, range(len(tokens)))])).copy()


def tokens_for(shape: str, count: int, seed: int = 0) -> list[int]:
    """Random token ids."""
    return np.random.default_rng(seed).integers(0, checkpoint(shape).config.vocab_size, count).tolist()
