"""Hugging Face folders in the peers' formats: GGUF with the `gguf` package, OpenVINO with its exporter."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.models import Model, save_tokenizer
from mull.model.checkpoint import Checkpoint

if TYPE_CHECKING:
    import gguf

GGUF_TYPES = {"f32": ("F32", "ALL_F32"), "16": ("F16", "MOSTLY_F16"), "int8": ("Q8_0", "MOSTLY_Q8_0")}
OPENVINO_TYPES = {"f32": "fp32", "16": "fp16", "int8": "int8"}
OPENVINO_PACKAGES = ("openvino-genai", "optimum-intel", "nncf")
CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
_NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def to_gguf(model: Model, dtype: str) -> Path:
    """The model's GGUF at this precision, made now if it is not there."""
    path = model.derived / f"{dtype}.gguf"
    if path.exists():
        return path
    import gguf

    path.parent.mkdir(parents=True, exist_ok=True)
    checkpoint = Checkpoint.open(model.folder)
    config, weights = checkpoint.config, checkpoint.weights
    kind_name, file_name = GGUF_TYPES[dtype]
    kind, file_type = gguf.GGMLQuantizationType[kind_name], gguf.LlamaFileType[file_name]
    aside = path.with_suffix(".tmp")
    writer = gguf.GGUFWriter(aside, "qwen2")
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_heads)
    writer.add_head_count_kv(config.num_kv_heads)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_rope_freq_base(config.rope.theta)
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(file_type)
    _add_tokens(writer, model, config.vocab_size)

    def add(name: str, tensor: np.ndarray) -> None:
        whole_blocks = tensor.ndim == 2 and tensor.shape[1] % 32 == 0
        as_type = kind if whole_blocks else gguf.GGMLQuantizationType.F32
        writer.add_tensor(
            name, gguf.quants.quantize(np.ascontiguousarray(tensor), as_type), raw_dtype=as_type
        )

    add("token_embd.weight", weights["model.embed_tokens.weight"])
    add("output_norm.weight", weights["model.norm.weight"])
    if not config.tied_embeddings:
        add("output.weight", weights["lm_head.weight"])
    for index in range(config.num_layers):
        for ours, theirs in _NAMES.items():
            for part in ("weight", "bias"):
                name = f"model.layers.{index}.{ours}.{part}"
                if name in weights:
                    add(f"blk.{index}.{theirs}.{part}", weights[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    aside.replace(path)
    return path


def _add_tokens(writer: gguf.GGUFWriter, model: Model, size: int) -> None:
    """A vocabulary of the right size; only ids go in and out, so its text does not matter."""
    spec = json.loads((model.folder / "tokenizer.json").read_text())
    control = {token["id"]: token["content"] for token in spec["added_tokens"]}
    texts = {id: text for text, id in spec["model"]["vocab"].items()} | control
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([texts.get(id, f"[unused {id}]") for id in range(size)])
    writer.add_token_types([3 if id in control else 1 for id in range(size)])
    writer.add_token_merges(["a b"])
    end = next(id for id, text in control.items() if text == "<|im_end|>")
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(False)


def openvino_python(cache: Path) -> Path:
    """The interpreter of OpenVINO's own environment, set up now if it is not there.

    Its exporter pins an older transformers, so it cannot share ours.
    """
    environment = cache / "openvino"
    python, complete = environment / "bin" / "python", environment / "complete"
    if not complete.exists():
        print(f"installing {', '.join(OPENVINO_PACKAGES)} into {environment} (once) ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-c", str(CONSTRAINTS), *OPENVINO_PACKAGES], check=True)
        # Comes along as a dependency of a dependency and does not fit this torch; nothing here needs it.
        subprocess.run([str(python), "-m", "pip", "uninstall", "-q", "-y", "torchvision"], check=True)
        complete.touch()
    return python


def to_openvino(model: Model, dtype: str, cache: Path) -> Path:
    """The model in OpenVINO's format by optimum-intel, made now if it is not there.

    Its tokenizer is a stand-in: only ids go in and come out, and the converter takes this one.
    """
    folder = model.derived / f"openvino-{dtype}"
    if folder.exists():
        return folder
    python = openvino_python(cache)
    source = model.derived / "for-openvino"
    source.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "model.safetensors"):
        (source / name).unlink(missing_ok=True)
        (source / name).symlink_to(model.folder / name)
    save_tokenizer(source, model.config.vocab_size)
    aside = folder.with_suffix(".tmp")
    shutil.rmtree(aside, ignore_errors=True)
    task = ["--task", "text-generation-with-past", "--weight-format", OPENVINO_TYPES[dtype]]
    command = [str(python.with_name("optimum-cli")), "export", "openvino", "--model", str(source), *task]
    done = subprocess.run([*command, str(aside)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"optimum-cli cannot export it: {done.stderr.strip()[-300:]}")
    aside.rename(folder)
    return folder
