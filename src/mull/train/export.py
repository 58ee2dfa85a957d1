"""Writes a trained model as a Hugging Face folder, which transformers and mull load as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from mull.model.config import Config
from mull.train.model import Qwen2
from mull.train.tokenizer import EOS, PAD

# ChatML; the assistant's turn opens with the thinking tag, as in QwQ-32B and Qwen3.
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n<think>\\n' }}{%- endif %}"
)


def export(model: Qwen2, tokenizer: Tokenizer, folder: Path, dtype: torch.dtype = torch.bfloat16) -> Path:
    """Write config, tokenizer, generation settings and weights to `folder`; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    eos, pad = tokenizer.token_to_id(EOS), tokenizer.token_to_id(PAD)
    config = configuration(model.config) | dict(
        eos_token_id=eos, pad_token_id=pad, bos_token_id=None, dtype=str(dtype).removeprefix("torch.")
    )
    _write(folder / "config.json", config)
    _write(
        folder / "generation_config.json",
        dict(eos_token_id=[eos, pad], pad_token_id=pad, do_sample=False, max_new_tokens=1024),
    )
    _write(
        folder / "tokenizer_config.json",
        dict(
            tokenizer_class="Qwen2Tokenizer",
            eos_token=EOS,
            pad_token=PAD,
            model_max_length=model.config.context,
            clean_up_tokenization_spaces=False,
            chat_template=CHAT_TEMPLATE,
        ),
    )
    weights = {name: weight.to(dtype).contiguous() for name, weight in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # safetensors makes it readable by its owner only
    return folder


def configuration(config: Config) -> dict[str, Any]:
    """The `config.json` of a Qwen2 model, rotary settings in both spellings (transformers 4 and 5)."""
    return dict(
        architectures=["Qwen2ForCausalLM"],
        model_type="qwen2",
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        num_hidden_layers=config.num_layers,
        num_attention_heads=config.num_heads,
        num_key_value_heads=config.num_kv_heads,
        head_dim=config.head_dim,
        vocab_size=config.vocab_size,
        max_position_embeddings=config.context,
        rms_norm_eps=config.norm_eps,
        rope_theta=config.rope.theta,
        rope_parameters=dict(rope_type="default", rope_theta=config.rope.theta),
        hidden_act="silu",
        attention_dropout=0.0,
        tie_word_embeddings=config.tied_embeddings,
        use_sliding_window=False,
        initializer_range=0.02,
        use_cache=True,
    )


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
