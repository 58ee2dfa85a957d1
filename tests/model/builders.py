"""Small checkpoints and tokenizers for the tests, built with the libraries our files must agree with."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from mull.model.config import Config
from mull.model.shapes import expected_shapes
from mull.model.weights import write

# The Qwen2 family's pre-tokenisation pattern, from its published tokenizer.json.
QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHATML_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
THINK_TOKENS = ("<think>", "</think>", "<tool_call>", "</tool_call>")  # "special": false, as in Qwen3
DEEPSEEK_TOKENS = ("<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>", "<｜begin▁of▁sentence｜>")

_CORPUS = (
    "The quick brown fox thinks step by step, then answers: 12 * 13 = 156.\n\n",
    "Wait, let me check that again. It's 3 + 4 = 7; they've got it. \\boxed{42} **Final Answer**",
    "user\nassistant\nsystem\nYou are a helpful and harmless assistant. think /think im_start im_end <|>",
    "中文字符与思考，你好世界。 Ünïcödé naïve café 😀 🤔👍🏽 日本語 русский العربية हिन्दी",
    "def f(x):\n    return x ** 2  # comment\r\n\t\ttabs and   spaces   ",
)

QWQ_PREVIEW: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "attention_dropout": 0.0,
    "bos_token_id": 151643,
    "eos_token_id": 151645,
    "hidden_act": "silu",
    "hidden_size": 5120,
    "initializer_range": 0.02,
    "intermediate_size": 27648,
    "max_position_embeddings": 32768,
    "max_window_layers": 64,
    "model_type": "qwen2",
    "num_attention_heads": 40,
    "num_hidden_layers": 64,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-05,
    "rope_theta": 1000000.0,
    "sliding_window": 32768,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "use_cache": True,
    "use_sliding_window": False,
    "vocab_size": 152064,
}

TINY: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 640,
    "max_position_embeddings": 256,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "eos_token_id": 512,
}


@cache
def tokenizer_json(*control: str, special_false: tuple[str, ...] = THINK_TOKENS) -> str:
    """A byte-level BPE of 512 tokens as the tokenizers library writes it, with added tokens after it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=512, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(_CORPUS * 3, trainer)
    tokenizer.add_special_tokens(list(control or CHATML_TOKENS))
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in special_false])
    return tokenizer.to_str()


def save_tokenizer(folder: Path, text: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(text or tokenizer_json(), encoding="utf-8")
    return folder


def save_json(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def random_tensors(config: Config, seed: int = 0) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    return {
        name: draw.standard_normal(shape).astype(np.float32)
        for name, shape in expected_shapes(config).items()
    }


def save_checkpoint(folder: Path, raw: dict[str, Any] = TINY, **files: Any) -> Path:
    """A whole folder: config, tokenizer, weights, and any further JSON files by stem."""
    save_json(folder / "config.json", raw)
    save_tokenizer(folder)
    write(folder / "model.safetensors", random_tensors(Config.parse(raw)), "BF16")
    for stem, value in files.items():
        save_json(folder / f"{stem}.json", value)
    return folder
