"""Checkpoints to export: small random ones in the style of every kind we run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from mull.model.config import Config
from mull.model.shapes import expected_shapes
from mull.model.weights import write
from mull.train import tokenizer as tokenizers
from mull.train.export import CHAT_TEMPLATE
from mull.train.tokenizer import EOS, PAD
from tests.model.builders import TINY, random_tensors, save_json

SHAPES: dict[str, dict[str, Any]] = {
    "qwen2": {},
    "qwen2-tied": {"tie_word_embeddings": True},
    "qwen2-yarn": {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0}},
    "qwen3": {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "head_dim": 16},
}

Make = Callable[[str], Path]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes the random checkpoint of a shape, with a tokenizer as training builds it."""
    tokenizer = tokenizers.build(samples=20)

    def one(shape: str) -> Path:
        folder = tmp_path_factory.mktemp(shape) / shape
        _save(folder, TINY | SHAPES[shape], tokenizer)
        return folder

    return one


def _save(folder: Path, raw: dict[str, Any], tokenizer: Tokenizer) -> None:
    eos, pad = tokenizer.token_to_id(EOS), tokenizer.token_to_id(PAD)
    size = (tokenizer.get_vocab_size() // 64 + 1) * 64  # some rows more than tokens, as trained models have
    raw = raw | {"vocab_size": size, "hidden_act": "silu", "eos_token_id": eos, "pad_token_id": pad}
    save_json(folder / "config.json", raw)
    config = Config.load(folder / "config.json")
    tensors = random_tensors(config)
    for name, shape in expected_shapes(config).items():
        if "norm" not in name and len(shape) == 2:
            scale = 2 if "embed" in name or "head" in name else 1
            tensors[name] *= scale * shape[1] ** -0.5  # logits spread enough for equality to be a fair test
    write(folder / "model.safetensors", tensors, "F32")
    tokenizer.save(str(folder / "tokenizer.json"))
    save_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "Qwen2Tokenizer",
            "eos_token": EOS,
            "pad_token": PAD,
            "chat_template": CHAT_TEMPLATE,
        },
    )
    save_json(folder / "generation_config.json", {"eos_token_id": [eos, pad], "do_sample": False})
