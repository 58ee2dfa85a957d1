"""What a checkpoint's `config.json` says about the network, in one frozen value.

Covers the Qwen2 and Qwen3 dense decoders: QwQ-32B(-Preview), Qwen2.5, Qwen3,
R1-Distill-Qwen, and the embedded model. Both spellings of the rotary settings are
read: `rope_theta` + `rope_scaling` (transformers 4) and `rope_parameters` (5).
Whatever the JSON holds, reading it gives a Config or a CheckpointError.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mull.errors import CheckpointError

Architecture = Literal["qwen2", "qwen3"]

_ARCHITECTURES: dict[str, Architecture] = {
    "Qwen2ForCausalLM": "qwen2",
    "Qwen3ForCausalLM": "qwen3",
}
_LARGEST_SIZE = 1 << 28  # of any one size: keeps a hostile file from asking for absurd memory
_MOST_LAYERS = 4096


@dataclass(frozen=True, slots=True)
class Rope:
    """Rotary position embedding. `kind` "default" ignores everything but `theta`."""

    theta: float
    kind: Literal["default", "linear", "yarn"] = "default"
    factor: float = 1.0
    original_context: int = 0
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    attention_factor: float | None = None
    truncate: bool = True


@dataclass(frozen=True, slots=True)
class Config:
    """Shape of a decoder. Sizes are counts of elements, `context` is in tokens."""

    architecture: Architecture
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    vocab_size: int
    context: int
    norm_eps: float
    rope: Rope
    tied_embeddings: bool

    @property
    def qkv_bias(self) -> bool:
        """Qwen2 adds a bias to the query, key and value projections."""
        return self.architecture == "qwen2"

    @property
    def qk_norm(self) -> bool:
        """Qwen3 normalises each query and key head (RMSNorm over `head_dim`)."""
        return self.architecture == "qwen3"

    @classmethod
    def load(cls, path: Path) -> Config:
        """Read `config.json` at `path`. Raises CheckpointError naming file and remedy."""
        raw = read_json(path)
        try:
            return cls.parse(raw)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from None

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Config:
        """Build from the parsed JSON of a Hugging Face `config.json`."""
        architecture = _architecture(raw)
        heads = _size(raw, "num_attention_heads")
        hidden = _size(raw, "hidden_size")
        kv_heads = _size(raw, "num_key_value_heads", default=heads)
        head_dim = _size(raw, "head_dim", default=128 if architecture == "qwen3" else hidden // heads)
        if heads % kv_heads:
            raise CheckpointError(
                f"num_attention_heads {heads} is not a multiple of num_key_value_heads {kv_heads}."
            )
        if head_dim % 2:
            raise CheckpointError(f"head_dim {head_dim} is odd; rotary embedding needs pairs.")
        if raw.get("hidden_act", "silu") != "silu":
            raise CheckpointError(f"hidden_act {raw['hidden_act']!r} is not supported, only 'silu'.")
        if raw.get("attention_bias") and architecture == "qwen3":
            raise CheckpointError("attention_bias on a Qwen3 checkpoint is not supported.")
        layers = _size(raw, "num_hidden_layers", most=_MOST_LAYERS)
        if _windowed(raw, layers):
            raise CheckpointError("sliding-window attention is not supported, only full attention.")
        context = _size(raw, "max_position_embeddings")
        rope = _rope(raw, context)
        return cls(
            architecture=architecture,
            hidden_size=hidden,
            intermediate_size=_size(raw, "intermediate_size"),
            num_layers=layers,
            num_heads=heads,
            num_kv_heads=kv_heads,
            head_dim=head_dim,
            vocab_size=_size(raw, "vocab_size"),
            # YaRN is switched on to reach `factor` times the trained context (Qwen's model cards);
            # max_position_embeddings often stays at the trained one.
            context=max(context, int(rope.original_context * rope.factor))
            if rope.kind == "yarn"
            else context,
            norm_eps=_number(raw, "rms_norm_eps", 1e-6),
            rope=rope,
            tied_embeddings=bool(raw.get("tie_word_embeddings", False)),
        )


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a checkpoint's file. Raises CheckpointError naming file and remedy."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(
            f"{path}: not found. A model folder needs config.json, tokenizer.json "
            "and *.safetensors (the Hugging Face layout)."
        ) from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON ({error}). Download it again.") from None
    if not isinstance(raw, dict):
        raise CheckpointError(f"{path}: expected a JSON object. Download it again.")
    return raw


def _architecture(raw: Mapping[str, Any]) -> Architecture:
    if raw.get("auto_map"):
        raise CheckpointError(
            "auto_map asks for Python code of its own; mull runs no code from a checkpoint. "
            f"Use a model of {', '.join(_ARCHITECTURES)} without remote code."
        )
    if raw.get("quantization_config"):
        raise CheckpointError(
            "pre-quantized checkpoints (GPTQ, AWQ, FP8 …) are not supported. Use the original "
            "bf16 one; mull quantizes while loading (--dtype int8)."
        )
    names = raw.get("architectures") or []
    names = [str(name) for name in names] if isinstance(names, list) else [str(names)]
    for name in names:
        if name in _ARCHITECTURES:
            return _ARCHITECTURES[name]
    kind = str(raw.get("model_type") or "")
    if not names and f"{kind.capitalize()}ForCausalLM" in _ARCHITECTURES:
        return _ARCHITECTURES[f"{kind.capitalize()}ForCausalLM"]
    said = ", ".join(names) or kind or "(none named)"
    raise CheckpointError(
        f"architecture {said} is not supported; mull runs {', '.join(_ARCHITECTURES)}. "
        "Serve other models with vLLM or llama.cpp and connect to them."
    )


def _size(raw: Mapping[str, Any], key: str, default: int | None = None, most: int = _LARGEST_SIZE) -> int:
    value = raw.get(key)
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise CheckpointError(f"{key} must be an integer from 1 to {most}, found {value!r:.40}.")
    return value


def _number(raw: Mapping[str, Any], key: str, default: float) -> float:
    value = raw.get(key)
    if value is None:
        return default
    try:
        if not isinstance(value, bool) and math.isfinite(value) and 0 < value < 1e30:
            return float(value)
    except (TypeError, OverflowError):
        pass
    raise CheckpointError(f"{key} must be a positive number, found {value!r:.40}.")


def _windowed(raw: Mapping[str, Any], layers: int) -> bool:
    """Whether any layer attends through a window, by transformers' rule."""
    kinds = raw.get("layer_types")
    if isinstance(kinds, list):
        return any(kind != "full_attention" for kind in kinds)
    first = raw.get("max_window_layers", 28)
    first = first if isinstance(first, int) else 0
    window = raw.get("sliding_window", 4096)
    return bool(raw.get("use_sliding_window") and window is not None and first < layers)


def _rope(raw: Mapping[str, Any], context: int) -> Rope:
    new = raw.get("rope_parameters") or {}
    old = raw.get("rope_scaling") or {}
    if not isinstance(new, dict) or not isinstance(old, dict):
        raise CheckpointError("rope_parameters and rope_scaling must be JSON objects.")
    scaling = {**old, **new}
    theta = _number(new if "rope_theta" in new else raw, "rope_theta", 10_000.0)
    if theta <= 1:
        raise CheckpointError(f"rope_theta must be greater than 1, found {theta:g}.")
    if _number(scaling, "partial_rotary_factor", 1.0) != 1.0:
        raise CheckpointError("partial_rotary_factor is not supported: every dimension must rotate.")
    kind = scaling.get("rope_type") or scaling.get("type") or "default"
    if kind == "default":
        return Rope(theta)
    if kind not in ("linear", "yarn"):
        raise CheckpointError(f"rope scaling {kind!r:.40} is not supported, only default, linear and yarn.")
    for key in ("mscale", "mscale_all_dim"):
        if scaling.get(key):
            raise CheckpointError(f"rope scaling with {key} is not supported.")
    if kind == "linear":
        return Rope(theta, "linear", factor=_factor(scaling))
    original = _size(scaling, "original_max_position_embeddings", default=context)
    return Rope(
        theta,
        "yarn",
        factor=_factor(scaling, default=context / original),
        original_context=original,
        beta_fast=_number(scaling, "beta_fast", 32.0),
        beta_slow=_number(scaling, "beta_slow", 1.0),
        attention_factor=_number(scaling, "attention_factor", 0.0) or None,
        truncate=bool(scaling.get("truncate", True)),
    )


def _factor(scaling: Mapping[str, Any], default: float = 0.0) -> float:
    factor = _number(scaling, "factor", default)
    if not 1 <= factor <= 10_000:
        raise CheckpointError(
            f"rope scaling needs a factor of 1 or more, found {scaling.get('factor')!r:.40}."
        )
    return factor
