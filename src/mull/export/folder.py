"""A Hugging Face folder in another precision: the same files, the weights stored as asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Literal

import numpy as np
from safetensors import SafetensorError

from mull.export import ExportError
from mull.model.checkpoint import Checkpoint
from mull.model.config import read_json
from mull.model.tensorfile import TensorFile, to_float32, write
from mull.model.weights import INDEX, SINGLE

Dtype = Literal["f32", "f16", "bf16"]

_STORED: dict[Dtype, Literal["F32", "F16", "BF16"]] = {"f32": "F32", "f16": "F16", "bf16": "BF16"}
_NAMES: dict[Dtype, str] = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}
_LARGEST_F16 = float(np.finfo(np.float16).max)
# What belongs to the model beside configuration and weights, where it is there.
_BESIDE = (
    "tokenizer.json",
    "tokenizer_config.json",
    "generation_config.json",
    "chat_template.jinja",
    "special_tokens_map.json",
    "README.md",
    "LICENSE",
    "manifest.json",
)


def to_folder(checkpoint: Checkpoint, out: Path, dtype: Dtype) -> Path:
    """Write the checkpoint to the new folder `out`, its weights as `dtype`. Shards stay shards."""
    if out.exists():
        raise ExportError(f"{out}: is there already. Choose another --out.")
    aside = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        _fill(aside, checkpoint, dtype)
        aside.rename(out)
    except (OSError, SafetensorError) as error:
        raise ExportError(f"{out}: cannot be written ({error}).") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return out


def _fill(folder: Path, checkpoint: Checkpoint, dtype: Dtype) -> None:
    for name in _BESIDE:
        if (checkpoint.folder / name).exists():
            shutil.copyfile(checkpoint.folder / name, folder / name)
    config = read_json(checkpoint.folder / "config.json")
    config.pop("torch_dtype", None)  # the older name of the same
    _save(folder / "config.json", config | {"dtype": _NAMES[dtype]})
    places: dict[str, str] = {}
    size = 0
    for path in checkpoint.weights.paths:
        file = TensorFile(path)
        write(folder / path.name, _tensors(file, dtype), _STORED[dtype])
        places |= dict.fromkeys(file.entries, path.name)
        size += sum(prod(entry.shape) for entry in file.entries.values()) * (4 if dtype == "f32" else 2)
    if set(places.values()) != {SINGLE}:
        _save(folder / INDEX, {"metadata": {"total_size": size}, "weight_map": places})


def _tensors(file: TensorFile, dtype: Dtype) -> Iterator[tuple[str, np.ndarray]]:
    """A file's tensors as float32, one at a time."""
    for name, entry in file.entries.items():
        tensor = to_float32(file.stored(name), entry.dtype)
        if dtype == "f16" and np.abs(tensor).max(initial=0) > _LARGEST_F16:
            raise ExportError(f"{file.path}: {name} has values beyond float16. Take --dtype bf16 or f32.")
        yield name, tensor


def _save(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
