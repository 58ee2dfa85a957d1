"""The models the engines are compared on, made once into a cache folder and never committed.

"5M" and "0.5B" are random checkpoints of a stated shape, the same bytes for every engine: speed does not
depend on what a model knows. "embedded" is the checkpoint that mull ships.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from mull.model.checkpoint import EMBEDDED
from mull.model.config import Config
from mull.model.shapes import expected_shapes
from mull.model.weights import write

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")

_COMMON: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "rms_norm_eps": 1e-6,
    "hidden_act": "silu",
    "attention_dropout": 0.0,
    "initializer_range": 0.02,
    "use_cache": True,
    "use_sliding_window": False,
    "dtype": "bfloat16",
}


def _rope(theta: float) -> dict[str, Any]:
    """Rotary settings in both spellings (transformers 4 and 5)."""
    return {"rope_theta": theta, "rope_parameters": {"rope_type": "default", "rope_theta": theta}}


SHAPES: dict[str, dict[str, Any]] = {
    # The embedded model's shape, for as long as an installation carries no weights of it.
    "embedded": _COMMON
    | _rope(1e3)
    | dict(hidden_size=256, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2)
    | dict(intermediate_size=640, vocab_size=646, tie_word_embeddings=False, max_position_embeddings=2048),
    "5M": _COMMON
    | _rope(1e6)
    | dict(hidden_size=256, num_hidden_layers=6, num_attention_heads=4, num_key_value_heads=2)
    | dict(intermediate_size=768, vocab_size=512, tie_word_embeddings=True, max_position_embeddings=8192),
    # Qwen2.5-0.5B's.
    "0.5B": _COMMON
    | _rope(1e6)
    | dict(hidden_size=896, num_hidden_layers=24, num_attention_heads=14, num_key_value_heads=2)
    | dict(
        intermediate_size=4864, vocab_size=151936, tie_word_embeddings=True, max_position_embeddings=32768
    ),
}


@dataclass(frozen=True, slots=True)
class Model:
    """A checkpoint in the Hugging Face layout. `derived` is where its conversions for peers are kept."""

    name: str
    folder: Path
    derived: Path
    random: bool

    @property
    def config(self) -> Config:
        return Config.load(self.folder / "config.json")

    @property
    def title(self) -> str:
        return f"{self.name}, random weights" if self.random else self.name


def prepare(name: str, cache: Path) -> Model:
    """The model `name`, made now if the cache does not hold it."""
    if name == "embedded" and (EMBEDDED / "model.safetensors").exists():
        digest = hashlib.sha256((EMBEDDED / "model.safetensors").read_bytes()).hexdigest()[:12]
        return Model(name, EMBEDDED, cache / f"embedded-{digest}", random=False)
    raw = SHAPES[name]
    digest = hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()[:12]
    folder = cache / f"{name}-{digest}"
    if not (folder / "config.json").exists():
        print(f"making {folder} ...", flush=True)
        save_random(folder, raw)
    return Model(name, folder, folder, random=True)


def save_random(folder: Path, raw: dict[str, Any], seed: int = 0) -> None:
    """Seeded random weights, spread so that the two best logits rarely lie within rounding error.

    Norms and biases are random too, so that an engine which leaves one out is caught. `config.json`
    comes last: where it stands, the rest is complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(seed)
    tensors: dict[str, np.ndarray] = {}
    for name, shape in expected_shapes(Config.parse(raw)).items():
        values = draw.standard_normal(shape, dtype=np.float32)
        if "norm" in name:
            values = 1 + 0.1 * values
        elif name.endswith("bias"):
            values *= 0.1
        else:
            values *= (2 if "embed" in name or "head" in name else 1) * np.float32(shape[1] ** -0.5)
        tensors[name] = values
    write(folder / "model.safetensors", tensors, "BF16")
    save_tokenizer(folder, raw["vocab_size"])
    end = raw["vocab_size"] - len(CONTROL) + CONTROL.index("<|im_end|>")
    ends = {"eos_token_id": end, "pad_token_id": end, "bos_token_id": None}
    (folder / "config.json").write_text(json.dumps(raw | ends, indent=2))


def save_tokenizer(folder: Path, size: int) -> None:
    """A byte-level tokenizer of `size` tokens: the bytes, made-up words, the control tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = _words()
    tokens = [*alphabet, *(next(words) for _ in range(size - len(alphabet) - len(CONTROL)))]
    tokenizer = Tokenizer(models.BPE(vocab={token: id for id, token in enumerate(tokens)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(CONTROL))
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": CONTROL[2],
        "pad_token": CONTROL[0],
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def _words() -> Iterator[str]:
    """Four letters behind a space (in the byte-level alphabet's spelling)."""
    return ("Ġ" + "".join(letters) for letters in product(ascii_lowercase, repeat=4))


def prompts(config: Config, count: int, length: int, seed: int) -> list[list[int]]:
    """`count` prompts of random ids, control tokens left out. Other seeds share no prompt with these."""
    draw = np.random.default_rng((seed, count, length))
    ids: list[list[int]] = draw.integers(3, config.vocab_size - len(CONTROL), (count, length)).tolist()
    return ids
