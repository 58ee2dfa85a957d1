"""A folder in another precision: everything that belongs to the model, numbers rounded and nothing else."""

from __future__ import annotations

import json
import weakref
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


def sharded(folder: Path, parts: dict[str, list[str]], **further: np.ndarray) -> Path:
    """A checkpoint whose tensors lie in these files, with `further` ones that the network has no use for."""
    tensors = random_tensors(Config.parse(TINY)) | further
    save_checkpoint(folder)
    (folder / "model.safetensors").unlink()
    for file, names in parts.items():
        write(folder / file, {name: tensors[name] for name in names}, "F32")
    places = {name: file for file, names in parts.items() for name in names}
    save_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": places})
    return folder


@pytest.mark.parametrize("cut", [[5], []])
def test_shards_stay_shards(cut: list[int], tmp_path: Path) -> None:
    tensors = random_tensors(Config.parse(TINY))
    names = sorted(tensors)
    ends = [*cut, len(names)]
    parts = {
        f"model-{i}-of-{len(ends)}.safetensors": names[start:end]
        for i, (start, end) in enumerate(zip([0, *cut], ends, strict=True), 1)
    }
    folder = sharded(tmp_path / "shards", parts)
    out = Checkpoint.open(to_folder(Checkpoint.open(folder), tmp_path / "out", "bf16"))
    assert [path.name for path in out.weights.paths] == sorted(parts)
    assert all(np.allclose(out.weights[name], tensors[name], rtol=0.01) for name in names)


def test_a_shard_that_nobody_uses_is_left_out(tmp_path: Path) -> None:
    names = sorted(random_tensors(Config.parse(TINY)))
    parts = {"model-1-of-2.safetensors": names, "model-2-of-2.safetensors": ["head.weight"]}
    folder = sharded(tmp_path / "shards", parts, **{"head.weight": np.ones((2, 2), np.float32)})
    out = Checkpoint.open(to_folder(Checkpoint.open(folder), tmp_path / "out", "f32"))
    assert sorted(out.weights) == names


def test_tensors_are_widened_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[weakref.ref[np.ndarray]] = []

    def widened(stored: np.ndarray, dtype: str) -> np.ndarray:
        assert sum(ref() is not None for ref in alive) <= 1
        alive.append(weakref.ref(tensor := to_float32(stored, dtype)))
        return tensor

    monkeypatch.setattr("mull.export.folder.to_float32", widened)
    to_folder(Checkpoint.open(save_checkpoint(tmp_path / "whole")), tmp_path / "out", "bf16")
    assert len(alive) > 5


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    checkpoint = Checkpoint.open(save_checkpoint(tmp_path / "whole"))
    out = tmp_path / "whole" / "config.json" / "out"  # in a file
    with pytest.raises(ExportError, match=f"{out}: cannot be written"):
        to_folder(checkpoint, out, "f32")


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "large")
    tensors = random_tensors(Config.parse(TINY)) | {"model.norm.weight": np.full(32, 1e6, np.float32)}
    write(folder / "model.safetensors", tensors, "F32")
    with pytest.raises(ExportError, match=r"model\.norm\.weight has values beyond float16"):
        to_folder(Checkpoint.open(folder), tmp_path / "out", "f16")
    assert [path.name for path in tmp_path.iterdir()] == ["large"]
    with pytest.raises(ExportError, match="is there already"):
        to_folder(Checkpoint.open(folder), folder, "f32")
