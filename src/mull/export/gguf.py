"""GGUF, the one-file format of llama.cpp: network, tokenizer and chat template, read by nothing else.

The layout follows llama.cpp's own converter for Qwen2 and Qwen3. What llama.cpp could only run
wrongly (a tokenizer that splits text in a way it does not know, say) is refused.
"""

from __future__ import annotations

from contextlib import suppress
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mull.export import ExportError
from mull.model.checkpoint import Checkpoint
from mull.model.config import Config, Rope, read_json
from mull.model.shapes import EMBEDDING, OUTPUT, expected_shapes

if TYPE_CHECKING:
    import gguf

Dtype = Literal["f32", "f16", "bf16", "q8_0"]

# The pre-tokenisation that llama.cpp calls "qwen2": Qwen2, Qwen2.5, QwQ, Qwen3, and models trained here.
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_FILE_TYPES = {"f32": "ALL_F32", "f16": "MOSTLY_F16", "bf16": "MOSTLY_BF16", "q8_0": "MOSTLY_Q8_0"}
_THINKING = ("<think>", "</think>")
_OUTSIDE = {
    EMBEDDING: "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    OUTPUT: "output.weight",
}
_MODULES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def to_gguf(checkpoint: Checkpoint, out: Path, dtype: Dtype, *, ids_only: bool = False) -> Path:
    """Write the checkpoint as the file `out`. Matrices become `dtype`; norms and biases stay float32.

    `ids_only` writes a stand-in for the tokenizer: token ids go in and come out right, text does not.
    Raises ExportError for what llama.cpp cannot represent.
    """
    try:
        import gguf
    except ImportError:
        raise ExportError("GGUF files need the package gguf: pip install 'mull[export]'") from None
    if out.is_dir():
        raise ExportError(f"{out}: is a folder. Name the file to write, such as {out / 'model.gguf'}.")
    aside = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(gguf.GGUFWriter(aside, checkpoint.config.architecture), checkpoint, dtype, ids_only)
        aside.replace(out)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({error}).") from None
    finally:
        with suppress(OSError):
            aside.unlink()
    return out


def _write(writer: gguf.GGUFWriter, checkpoint: Checkpoint, dtype: Dtype, ids_only: bool) -> None:
    import gguf

    shapes = expected_shapes(checkpoint.config)
    wanted = gguf.GGMLQuantizationType[dtype.upper()]
    kinds = {name: _kind(shape, wanted, gguf) for name, shape in shapes.items()}
    try:
        _describe(writer, checkpoint, dtype)
        _add_tokenizer(writer, checkpoint, ids_only)
        for name, shape in shapes.items():
            per_block, block_bytes = gguf.GGML_QUANT_SIZES[kinds[name]]
            size = prod(shape) // per_block * block_bytes
            writer.add_tensor_info(_renamed(name), shape, np.dtype(np.float32), size, raw_dtype=kinds[name])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for name in shapes:
            tensor = np.ascontiguousarray(checkpoint.weights[name])
            writer.write_tensor_data(gguf.quants.quantize(tensor, kinds[name]))
    finally:
        writer.close()


def _kind(
    shape: tuple[int, ...], wanted: gguf.GGMLQuantizationType, library: Any
) -> gguf.GGMLQuantizationType:
    """`wanted` for matrices; float32 for vectors, and where the rows are not whole blocks."""
    per_block = library.GGML_QUANT_SIZES[wanted][0]
    fits = len(shape) == 2 and shape[1] % per_block == 0
    return wanted if fits else library.GGMLQuantizationType.F32


def _renamed(name: str) -> str:
    """llama.cpp's name of a tensor."""
    if name in _OUTSIDE:
        return _OUTSIDE[name]
    _, _, layer, rest = name.split(".", 3)
    module, _, part = rest.rpartition(".")
    return f"blk.{layer}.{_MODULES[module]}.{part}"


def _describe(writer: gguf.GGUFWriter, checkpoint: Checkpoint, dtype: Dtype) -> None:
    import gguf

    config = checkpoint.config
    writer.add_type("model")
    writer.add_name(checkpoint.name)
    writer.add_file_type(gguf.LlamaFileType[_FILE_TYPES[dtype]])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_heads)
    writer.add_head_count_kv(config.num_kv_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_rope_freq_base(config.rope.theta)
    _scale(writer, config)


def _scale(writer: gguf.GGUFWriter, config: Config) -> None:
    import gguf

    rope = config.rope
    if rope.kind == "default":
        return
    usual = Rope(rope.theta, rope.kind, rope.factor, rope.original_context)
    if rope != usual:
        raise ExportError(f"rotary scaling {rope.kind} with settings of its own has no place in GGUF here.")
    writer.add_rope_scaling_type(gguf.RopeScalingType(rope.kind))
    writer.add_rope_scaling_factor(rope.factor)
    if rope.kind == "yarn":
        writer.add_rope_scaling_orig_ctx_len(rope.original_context)


def _add_tokenizer(writer: gguf.GGUFWriter, checkpoint: Checkpoint, ids_only: bool) -> None:
    folder, config = checkpoint.folder, checkpoint.config
    raw = read_json(folder / "tokenizer.json")
    if not ids_only:
        _check_splits(folder / "tokenizer.json", raw)
    added = {token["id"]: token for token in raw.get("added_tokens") or ()}
    texts = {id: text for text, id in raw["model"]["vocab"].items()}
    texts |= {id: token["content"] for id, token in added.items()}
    kinds = {id: _token_type(token) for id, token in added.items()}
    normal, unused = 1, 5
    ids = range(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([texts.get(id, f"[PAD{id}]") for id in ids])
    writer.add_token_types([kinds.get(id, normal if id in texts else unused) for id in ids])
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in raw["model"]["merges"]]
    writer.add_token_merges(["a b"] if ids_only else merges)
    end, pad = _ends(checkpoint)
    writer.add_bos_token_id(pad)
    writer.add_eos_token_id(end)
    writer.add_pad_token_id(pad)
    writer.add_add_bos_token(False)
    if checkpoint.template:
        writer.add_chat_template(checkpoint.template)


def _token_type(token: dict[str, Any]) -> int:
    """llama.cpp shows user-defined tokens and hides control tokens; the tags of thoughts are to be seen."""
    control, user_defined = 3, 4
    return control if token.get("special") and token["content"] not in _THINKING else user_defined


def _check_splits(path: Path, raw: dict[str, Any]) -> None:
    """llama.cpp is told a pre-tokenisation by name. (It does no NFC: decomposed accents split otherwise.)"""
    whole = raw["pre_tokenizer"]
    splits = [
        part.get("pattern", {}).get("Regex", part["type"])
        for part in whole.get("pretokenizers", [whole])
        if part["type"] != "ByteLevel" or part.get("use_regex", True)
    ]
    if splits != [QWEN2_SPLIT]:
        raise ExportError(
            f"{path}: does not split text as Qwen2 does, and llama.cpp knows no name for how it does. "
            "Export it --to hf."
        )
    if raw["model"].get("ignore_merges") or not raw["model"]["merges"]:
        raise ExportError(
            f"{path}: its tokens are not made by merges, as llama.cpp makes them. Export it --to hf."
        )


def _ends(checkpoint: Checkpoint) -> tuple[int, int]:
    """The ids that end a turn and that fill up a batch: those the files name first, or the usual ones."""
    control = checkpoint.tokenizer.control
    config = read_json(checkpoint.folder / "config.json")
    named = config.get("eos_token_id")
    ends: list[int] = named if isinstance(named, list) else [] if named is None else [named]
    end = ends[0] if ends else control.get("<|im_end|>", min(checkpoint.stop_ids))
    pad: int | None = config.get("pad_token_id")
    return end, control.get("<|endoftext|>", end) if pad is None else pad
