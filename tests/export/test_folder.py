"""A folder in another precision: everything that belongs to the model, numbers rounded and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mull.export import ExportError
from mull.export.folder import to_folder
from mull.model.checkpoint import Checkpoint
from mull.model.config import Config
from mull.model.tensorfile import to_bfloat16, to_float32
from mull.model.weights import write
from tests.export.conftest import Make
from tests.model.builders import TINY, random_tensors, save_checkpoint, save_json


@pytest.mark.parametrize(("dtype", "stored"), [("f32", "F32"), ("f16", "F16"), ("bf16", "BF16")])
def test_weights_are_rounded_and_files_kept(make: Make, dtype: str, stored: str, tmp_path: Path) -> None:
    source = Checkpoint.open(make("qwen2"))
    out = Checkpoint.open(to_folder(source, tmp_path / "out", dtype))  # type: ignore[arg-type]
    assert out.config == source.config
    assert out.stop_ids == source.stop_ids
    assert out.template == source.template
    assert out.tokenizer.encode("Find 3+4.") == source.tokenizer.encode("Find 3+4.")
    rounding = {
        "f32": lambda tensor: tensor,
        "f16": lambda tensor: tensor.astype(np.float16).astype(np.float32),
        "bf16": lambda tensor: to_float32(to_bfloat16(tensor), "BF16"),
    }[dtype]
    for name in source.weights:
        assert out.weights.dtype(name) == stored
        assert np.array_equal(out.weights[name], rounding(source.weights[name]))
    raw = json.loads((out.folder / "config.json").read_text())
    assert raw["dtype"] == {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}[stored]


def test_shards_stay_shards(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "whole")
    tensors = random_tensors(Config.parse(TINY))
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"model-1-of-2.safetensors": names[:5], "model-2-of-2.safetensors": names[5:]}
    for file, some in parts.items():
        write(folder / file, {name: tensors[name] for name in some}, "F32")
    places = {name: file for file, some in parts.items() for name in some}
    save_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": places})
    out = Checkpoint.open(to_folder(Checkpoint.open(folder), tmp_path / "out", "bf16"))
    assert [path.name for path in out.weights.paths] == sorted(parts)
    assert all(np.allclose(out.weights[name], tensors[name], rtol=0.01) for name in names)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "large")
    tensors = random_tensors(Config.parse(TINY)) | {"model.norm.weight": np.full(32, 1e6, np.float32)}
    write(folder / "model.safetensors", tensors, "F32")
    with pytest.raises(ExportError, match=r"model\.norm\.weight has values beyond float16"):
        to_folder(Checkpoint.open(folder), tmp_path / "out", "f16")
    assert [path.name for path in tmp_path.iterdir()] == ["large"]
    with pytest.raises(ExportError, match="is there already"):
        to_folder(Checkpoint.open(folder), folder, "f32")
