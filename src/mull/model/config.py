"""What a checkpoint's `config.json` says about the network, in one frozen value.

Covers the Qwen2 and Qwen3 dense decoders: QwQ-32B(-Preview), Qwen2.5, Qwen3,
R1-Distill-Qwen, and the embedded model. Both spellings of the rotary settings are
read: `rope_theta` + `rope_scaling` (transformers 4) and `rope_parameters` (5).
"""

from __future__ import annotations

import json
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
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CheckpointError(
                f"{path}: not found. A model folder needs config.json, tokenizer.json "
                "and *.safetensors (the Hugging Face layout)."
            ) from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise CheckpointError(f"{path}: not valid JSON ({error}). Download it again.") from None
        if not isinstance(raw, dict):
            raise CheckpointError(f"{path}: expected a JSON object. Download it again.")
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
        windowed = "sliding_attention" in (raw.get("layer_types") or ())
        if windowed or (raw.get("use_sliding_window") and raw.get("sliding_window")):
            raise CheckpointError("sliding-window attention is not supported, only full attention.")
        if raw.get("attention_bias") and architecture == "qwen3":
            raise CheckpointError("attention_bias on a Qwen3 checkpoint is not supported.")
        context = _size(raw, "max_position_embeddings")
        return cls(
            architecture=architecture,
            hidden_size=hidden,
            intermediate_size=_size(raw, "intermediate_size"),
            num_layers=_size(raw, "num_hidden_layers"),
            num_heads=heads,
            num_kv_heads=kv_heads,
            head_dim=head_dim,
            vocab_size=_size(raw, "vocab_size"),
            context=context,
            norm_eps=float(raw.get("rms_norm_eps", 1e-6)),
            rope=_rope(raw, context),
            tied_embeddings=bool(raw.get("tie_word_embeddings", False)),
        )


def _architecture(raw: Mapping[str, Any]) -> Architecture:
    if raw.get("quantization_config"):
        raise CheckpointError(
            "pre-quantized checkpoints (GPTQ, AWQ, FP8 …) are not supported. Use the original "
            "bf16 one; mull quantizes while loading (--dtype int8)."
        )
    names = raw.get("architectures") or []
    for name in names:
        if name in _ARCHITECTURES:
            return _ARCHITECTURES[name]
    if not names and raw.get("model_type") in ("qwen2", "qwen3"):
        return raw["model_type"]
    said = ", ".join(map(str, names)) or raw.get("model_type", "nothing")
    raise CheckpointError(
        f"architecture {said} is not supported; mull runs {', '.join(_ARCHITECTURES)}. "
        "Serve other models with vLLM or llama.cpp and connect to them."
    )


def _size(raw: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = raw.get(key)
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise CheckpointError(f"{key} must be a positive integer, found {value!r}.")
    return value


def _rope(raw: Mapping[str, Any], context: int) -> Rope:
    new = raw.get("rope_parameters") or {}
    old = raw.get("rope_scaling") or {}
    scaling = {**old, **new}
    theta = float(new.get("rope_theta") or raw.get("rope_theta") or 10_000.0)
    kind = scaling.get("rope_type") or scaling.get("type") or "default"
    if kind == "default":
        return Rope(theta)
    if kind not in ("linear", "yarn"):
        raise CheckpointError(f"rope scaling {kind!r} is not supported, only default, linear and yarn.")
    factor = scaling.get("factor")
    if not isinstance(factor, (int, float)) or factor < 1:
        raise CheckpointError(f"rope scaling {kind!r} needs a factor of 1 or more, found {factor!r}.")
    for key in ("mscale", "mscale_all_dim"):
        if scaling.get(key):
            raise CheckpointError(f"rope scaling with {key} is not supported.")
    return Rope(
        theta,
        kind,
        factor=float(factor),
        original_context=int(scaling.get("original_max_position_embeddings") or context),
        beta_fast=float(scaling.get("beta_fast") or 32.0),
        beta_slow=float(scaling.get("beta_slow") or 1.0),
        attention_factor=scaling.get("attention_factor"),
        truncate=bool(scaling.get("truncate", True)),
    )
