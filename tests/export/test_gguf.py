"""What is in a GGUF file, read back with the library llama.cpp publishes for that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from mull.export import ExportError
from mull.export.gguf import to_gguf
from mull.model.checkpoint import Checkpoint
from mull.model.shapes import expected_shapes
from tests.export.conftest import SHAPES, Make
from tests.model.builders import TINY, save_checkpoint, save_json


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    reader = gguf.GGUFReader(path)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    return fields, {tensor.name: tensor for tensor in reader.tensors}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16", "q8_0"])
def test_every_tensor_is_there_with_its_numbers(make: Make, shape: str, dtype: Any, tmp_path: Path) -> None:
    source = Checkpoint.open(make(shape))
    _, tensors = read(to_gguf(source, tmp_path / "model.gguf", dtype))
    assert len(tensors) == len(expected_shapes(source.config))
    assert ("output.weight" in tensors) is not source.config.tied_embeddings
    ours = {
        "blk.1.attn_q.weight": "model.layers.1.self_attn.q_proj.weight",
        "blk.0.ffn_down.weight": "model.layers.0.mlp.down_proj.weight",
        "blk.0.attn_norm.weight": "model.layers.0.input_layernorm.weight",
        "token_embd.weight": "model.embed_tokens.weight",
    }
    for theirs, name in ours.items():
        found = gguf.quants.dequantize(tensors[theirs].data, tensors[theirs].tensor_type)
        expected = source.weights[name]
        exact = tensors[theirs].tensor_type == gguf.GGMLQuantizationType.F32
        assert np.allclose(found, expected, rtol=0, atol=0 if exact else 0.01 * np.abs(expected).max())
    kinds = {name: tensor.tensor_type.name for name, tensor in tensors.items()}
    assert kinds["blk.0.attn_q.weight"] == dtype.upper()
    assert kinds["output_norm.weight"] == "F32"
    assert kinds["blk.0.ffn_down.weight"] == ("F32" if dtype == "q8_0" else dtype.upper())  # rows of 48


def test_the_shape_and_the_tokenizer(make: Make, tmp_path: Path) -> None:
    source = Checkpoint.open(make("qwen3"))
    fields, _ = read(to_gguf(source, tmp_path / "model.gguf", "f32"))
    config, tokenizer = source.config, source.tokenizer
    assert fields["general.architecture"] == "qwen3"
    assert fields["qwen3.attention.key_length"] == config.head_dim
    assert fields["qwen3.rope.freq_base"] == config.rope.theta
    assert fields["tokenizer.ggml.pre"] == "qwen2"
    assert fields["tokenizer.ggml.add_bos_token"] is False
    assert fields["tokenizer.ggml.eos_token_id"] == tokenizer.control_id("<|im_end|>")
    assert fields["tokenizer.ggml.padding_token_id"] == tokenizer.control_id("<|endoftext|>")
    assert fields["tokenizer.chat_template"] == source.template
    raw = json.loads((source.folder / "tokenizer.json").read_text())
    tokens, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    assert len(tokens) == len(kinds) == config.vocab_size > tokenizer.vocab_size
    assert all(tokens[id] == token for token, id in raw["model"]["vocab"].items())
    assert fields["tokenizer.ggml.merges"] == [" ".join(pair) for pair in raw["model"]["merges"]]
    normal, control, user_defined, unused = 1, 3, 4, 5
    assert kinds[tokenizer.control_id("<|im_end|>")] == control
    assert kinds[tokenizer.control_id("</think>")] == user_defined  # llama.cpp does not print control tokens
    assert kinds[tokenizer.encode("=")[0]] == normal
    assert kinds[-1] == unused


def test_scaled_rotary_angles(make: Make, tmp_path: Path) -> None:
    fields, _ = read(to_gguf(Checkpoint.open(make("qwen2-yarn")), tmp_path / "model.gguf", "f32"))
    assert fields["qwen2.rope.scaling.type"] == "yarn"
    assert fields["qwen2.rope.scaling.factor"] == 4.0
    assert fields["qwen2.rope.scaling.original_context_length"] == TINY["max_position_embeddings"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False}}, "does not split text as Qwen2"),
        ({"model.ignore_merges": True}, "not made by merges"),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 2.0, "beta_fast": 9.0}}, "settings of its own"),
    ],
)
def test_what_llamacpp_would_run_wrongly_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    folder = save_checkpoint(tmp_path / "model")
    for key, value in change.items():
        path = folder / ("config.json" if key.startswith("rope") else "tokenizer.json")
        raw = json.loads(path.read_text())
        part, _, name = key.rpartition(".")
        (raw[part] if part else raw)[name] = value
        save_json(path, raw)
    with pytest.raises(ExportError, match=message):
        to_gguf(Checkpoint.open(folder), tmp_path / "out.gguf", "f32")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_folder_is_no_file(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is a folder"):
        to_gguf(Checkpoint.open(make("qwen2")), tmp_path, "f32")


def test_where_nothing_can_be_written_it_says_so(make: Make) -> None:
    source = Checkpoint.open(make("qwen2"))
    out = source.folder / "config.json" / "model.gguf"  # in a file
    with pytest.raises(ExportError, match=f"{out}: cannot be written"):
        to_gguf(source, out, "f32")
