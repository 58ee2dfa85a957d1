import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from mull.errors import CheckpointError
from mull.model.config import Config
from mull.model.weights import Weights, write
from tests.model.builders import TINY, random_tensors, save_json

CONFIG = Config.parse(TINY)
TIED = Config.parse(TINY | {"tie_word_embeddings": True})


def save_sharded(folder: Path, tensors: dict[str, np.ndarray], shards: int = 3) -> Path:
    names = list(tensors)
    places = {name: f"model-{n % shards + 1:05}-of-{shards:05}.safetensors" for n, name in enumerate(names)}
    for shard in sorted(set(places.values())):
        write(folder / shard, {name: tensors[name] for name in names if places[name] == shard}, "BF16")
    return save_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": places})


@pytest.mark.parametrize("dtype", ["F32", "BF16", "F16"])
def test_single_file(tmp_path: Path, dtype) -> None:
    write(tmp_path / "model.safetensors", random_tensors(CONFIG), dtype)
    weights = Weights.open(tmp_path, CONFIG)
    theirs = load_file(tmp_path / "model.safetensors")
    assert set(weights) == set(theirs)
    assert len(weights) == len(theirs)
    for name, array in weights.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, theirs[name].float().numpy())
        assert weights.dtype(name) == dtype
    assert weights.paths == [tmp_path / "model.safetensors"]


def test_stored_bfloat16_is_its_bits(tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors", random_tensors(CONFIG), "BF16")
    weights = Weights.open(tmp_path, CONFIG)
    bits = weights.stored("model.norm.weight")
    assert bits.dtype == np.uint16
    assert np.array_equal(bits.astype(np.uint32) << 16, weights["model.norm.weight"].view(np.uint32))


def test_sharded_equals_single(tmp_path: Path) -> None:
    tensors = random_tensors(CONFIG)
    (tmp_path / "one").mkdir()
    (tmp_path / "many").mkdir()
    write(tmp_path / "one" / "model.safetensors", tensors, "BF16")
    save_sharded(tmp_path / "many", tensors)
    one, many = Weights.open(tmp_path / "one", CONFIG), Weights.open(tmp_path / "many", CONFIG)
    assert len(many.paths) == 3
    assert all(np.array_equal(one[name], many[name]) for name in tensors)


def test_shards_may_be_links_as_in_the_hub_cache(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "snapshot").mkdir()
    write(tmp_path / "blobs" / "1f", random_tensors(CONFIG), "F32")
    (tmp_path / "snapshot" / "model.safetensors").symlink_to(tmp_path / "blobs" / "1f")
    assert "model.norm.weight" in Weights.open(tmp_path / "snapshot", CONFIG)


@pytest.mark.parametrize("also_stored", [False, True])
def test_tied_output_is_the_embedding(tmp_path: Path, also_stored: bool) -> None:
    tensors = random_tensors(TIED)
    if also_stored:  # some exporters write it all the same; the tie rules, as in transformers
        tensors["lm_head.weight"] = np.zeros_like(tensors["model.embed_tokens.weight"])
    write(tmp_path / "model.safetensors", tensors, "F32")
    weights = Weights.open(tmp_path, TIED)
    assert "lm_head.weight" in weights
    assert np.shares_memory(weights["lm_head.weight"], weights["model.embed_tokens.weight"])
    assert len(weights) == len(list(weights)) == len(random_tensors(TIED)) + 1


def test_opening_reads_no_weights(tmp_path: Path) -> None:
    """Memory for a 40 MB file stays in the kilobytes until a tensor is asked for."""
    config = Config.parse(TINY | {"vocab_size": 160_000})
    write(tmp_path / "model.safetensors", random_tensors(config), "F32")
    tracemalloc.start()
    weights = Weights.open(tmp_path, config)
    view = weights["model.embed_tokens.weight"]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert view.nbytes > 20e6
    assert peak < 300e3


def test_harmless_extra_tensors_are_left_alone(tmp_path: Path) -> None:
    extra = {"model.layers.0.self_attn.rotary_emb.inv_freq": np.ones(4), "v_head.weight": np.ones(2)}
    write(tmp_path / "model.safetensors", random_tensors(CONFIG) | extra, "F32")
    assert "v_head.weight" not in Weights.open(tmp_path, CONFIG)


def test_an_unknown_name_is_a_key_error(tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors", random_tensors(CONFIG), "F32")
    with pytest.raises(KeyError):
        Weights.open(tmp_path, CONFIG)["model.nothing"]


def without(*names: str, **changed: np.ndarray) -> dict[str, np.ndarray]:
    tensors = {name: value for name, value in random_tensors(CONFIG).items() if name not in names}
    return tensors | {name.replace("__", "."): value for name, value in changed.items()}


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (without("model.layers.1.mlp.up_proj.weight"), "model.layers.1.mlp.up_proj.weight is missing"),
        (without("lm_head.weight"), "tie_word_embeddings"),
        (without(model__norm__weight=np.ones(31)), r"shape \[31\], config.json calls for \[32\]"),
        (without(**{"model.layers.2.mlp.up_proj.weight": np.ones((48, 32))}), "has no place"),
        (without(**{"model.layers.0.self_attn.q_norm.weight": np.ones(8)}), "has no place"),
        ({}, "is missing"),
    ],
)
def test_tensors_must_fit_the_config(tmp_path: Path, tensors, message) -> None:
    write(tmp_path / "model.safetensors", tensors, "F32")
    with pytest.raises(CheckpointError, match=message):
        Weights.open(tmp_path, CONFIG)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pytorch_model.bin", "pickle"),
        ("model.pt", "pickle"),
        ("last.ckpt", "pickle"),
        ("qwq-q4_k_m.gguf", "GGUF"),
        ("model-00001-of-00002.safetensors", "neither"),
        ("README.md", "no weights there"),
    ],
)
def test_other_formats_are_named_and_not_opened(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x04cos\nsystem\n.")
    with pytest.raises(CheckpointError, match=message) as error:
        Weights.open(tmp_path, CONFIG)
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize(
    "shard",
    [
        "../secret.safetensors",
        "/etc/passwd",
        "a/b.safetensors",
        "..",
        "",
        "model.bin",
        7,
        None,
        ["x"],
        "x\0.safetensors",
    ],
)
def test_the_index_cannot_leave_the_folder(tmp_path: Path, shard: object) -> None:
    write(tmp_path / "secret.safetensors", random_tensors(CONFIG), "F32")
    folder = tmp_path / "model"
    save_json(folder / "model.safetensors.index.json", {"weight_map": {"model.norm.weight": shard}})
    with pytest.raises(CheckpointError, match="is not the name of a"):
        Weights.open(folder, CONFIG)


@pytest.mark.parametrize("index", [{}, {"weight_map": {}}, {"weight_map": ["x"]}, []])
def test_an_index_without_a_map(tmp_path: Path, index: object) -> None:
    save_json(tmp_path / "model.safetensors.index.json", index)
    with pytest.raises(CheckpointError, match=r"index\.json"):
        Weights.open(tmp_path, CONFIG)


def test_a_shard_that_is_missing_or_holds_something_else(tmp_path: Path) -> None:
    index = save_sharded(tmp_path, random_tensors(CONFIG))
    places = json.loads(index.read_text())["weight_map"]
    index.write_text(json.dumps({"weight_map": places | {"model.norm.weight": places["lm_head.weight"]}}))
    moved = places["model.norm.weight"] != places["lm_head.weight"]
    assert moved
    with pytest.raises(CheckpointError, match=r"model\.norm\.weight should be there"):
        Weights.open(tmp_path, CONFIG)
    save_sharded(tmp_path, random_tensors(CONFIG))
    (tmp_path / places["lm_head.weight"]).unlink()
    with pytest.raises(CheckpointError, match=f"{places['lm_head.weight']}: not found"):
        Weights.open(tmp_path, CONFIG)
