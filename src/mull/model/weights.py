"""The weights of a checkpoint folder: a read-only mapping from tensor name to array.

Files are memory-mapped and nothing is read before it is asked for. Every tensor the
configuration calls for is checked on opening: that it is there, has its shape and dtype, and that
its bytes are in the file. Only `.safetensors`: the other formats can run code when loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mull.errors import CheckpointError
from mull.model.config import Config, read_json
from mull.model.shapes import EMBEDDING, OUTPUT, expected_shapes
from mull.model.tensorfile import Array, TensorFile, to_float32, write

__all__ = ["Weights", "write"]

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"

_SHARD = re.compile(r"[\w.-]+\.safetensors")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


class Weights(Mapping[str, NDArray[np.float32]]):
    """Tensors by their Hugging Face name. With tied embeddings `lm_head.weight` is the embedding again."""

    def __init__(self, places: Mapping[str, TensorFile], config: Config) -> None:
        """`places` says which file holds which tensor; use `Weights.open`."""
        self._files = {name: _checked(places, name, shape) for name, shape in expected_shapes(config).items()}
        unused = sorted(
            name
            for name in places
            if name.startswith("model.")
            and name not in self._files
            and not name.endswith("rotary_emb.inv_freq")
        )
        if unused:
            raise CheckpointError(
                f"{places[unused[0]].path}: {unused[0]} has no place in the network config.json describes. "
                "Use the config.json that belongs to these weights."
            )
        self._aliases = {OUTPUT: EMBEDDING} if config.tied_embeddings else {}

    @classmethod
    def open(cls, folder: Path, config: Config) -> Weights:
        """Map the weights in `folder`. Raises CheckpointError naming the file and the remedy."""
        if (folder / SINGLE).exists():
            file = TensorFile(folder / SINGLE)
            return cls(dict.fromkeys(file.entries, file), config)
        if (folder / INDEX).exists():
            return cls(_shards(folder / INDEX), config)
        raise CheckpointError(_why_no_weights(folder))

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """The tensor as float32, read-only or a fresh copy. Where float32 is stored nothing is copied."""
        return to_float32(self.stored(name), self.dtype(name))

    def stored(self, name: str) -> Array:
        """The tensor in the dtype of the file, a read-only view; bfloat16 as its uint16 bits."""
        name = self._aliases.get(name, name)
        return self._files[name].stored(name)

    def dtype(self, name: str) -> str:
        """ "F32", "BF16", "F16" or "F64": how the tensor is stored."""
        name = self._aliases.get(name, name)
        return self._files[name].entries[name].dtype

    @property
    def paths(self) -> list[Path]:
        """The files the tensors lie in."""
        return sorted({file.path for file in self._files.values()})

    def __contains__(self, name: object) -> bool:
        return name in self._files or name in self._aliases

    def __iter__(self) -> Iterator[str]:
        yield from self._files
        yield from self._aliases

    def __len__(self) -> int:
        return len(self._files) + len(self._aliases)


def _checked(places: Mapping[str, TensorFile], name: str, shape: tuple[int, ...]) -> TensorFile:
    file = places.get(name)
    if file is None:
        where = next(iter(places.values())).path.parent if places else "the checkpoint"
        remedy = (
            'If the model ties its embeddings, config.json must say "tie_word_embeddings": true.'
            if name == OUTPUT
            else "Use the config.json that belongs to these weights, or download them again."
        )
        raise CheckpointError(f"{where}: tensor {name} is missing. {remedy}")
    found = file.entries[name].shape
    if found != shape:
        raise CheckpointError(
            f"{file.path}: {name} has shape {list(found)}, config.json calls for {list(shape)}. "
            "Use the config.json that belongs to these weights."
        )
    return file


def _shards(index: Path) -> dict[str, TensorFile]:
    """Which file holds which tensor, by the index. File names may not leave the folder."""
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise CheckpointError(f"{index}: has no weight_map. Download it again.")
    files: dict[str, TensorFile] = {}
    for name, shard in places.items():
        if not isinstance(shard, str) or not _SHARD.fullmatch(shard):
            raise CheckpointError(f"{index}: {shard!r:.80} is not the name of a .safetensors file beside it.")
        if shard not in files:
            files[shard] = TensorFile(index.parent / shard)
        if name not in files[shard].entries:
            raise CheckpointError(
                f"{files[shard].path}: {name:.80} should be there by {index.name}. Download both again."
            )
    return {name: files[shard] for name, shard in places.items()}


def _why_no_weights(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if any(name.endswith(".safetensors") for name in names):
        return f"{folder}: .safetensors files are there, but neither {SINGLE} nor {INDEX}. Download the rest."
    if pickles := [name for name in names if name.endswith(_PICKLES)]:
        return (
            f"{folder}: {pickles[0]} is a pickle, which can run code when loaded; mull reads safetensors "
            "only. Take a revision that has .safetensors, or save it again with transformers."
        )
    if ggufs := [name for name in names if name.endswith(".gguf")]:
        return (
            f"{folder}: {ggufs[0]} is a GGUF file; mull reads safetensors only. "
            "Use the original checkpoint, or serve this one with llama.cpp and connect to it."
        )
    return f"{folder}: no weights there; {SINGLE} or {INDEX} with its shards is needed. Download them."
