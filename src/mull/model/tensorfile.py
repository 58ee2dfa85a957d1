"""One `.safetensors` file: a checked header, tensors as views of the memory-mapped bytes, and writing.

Layout (github.com/huggingface/safetensors, "Format"): an unsigned 64-bit little-endian length, that
many bytes of JSON `{name: {dtype, shape, data_offsets}}`, then the data without holes or overlaps.
The safetensors library writes here; it does not read, since its numpy side knows no bfloat16 and
hands out copies, where a 65 GB checkpoint must open in milliseconds.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import TensorSpec, serialize_file

from mull.errors import CheckpointError

Array = NDArray[Any]

STORED: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),  # numpy has no bfloat16: its bits
}
_LARGEST_HEADER = 100_000_000  # the format's own limit
_MOST_DIMENSIONS = 8
_LFS_POINTER = b"version "


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor lies: `start` and `stop` are bytes from the beginning of the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


class TensorFile:
    """A memory-mapped file of tensors. Opening reads the header only.

    Raises CheckpointError for anything that is not a whole, well-formed file.
    """

    __slots__ = ("_bytes", "entries", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self.entries = _read_header(path, file)
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise CheckpointError(f"{path}: not found. Download it again.") from None
        except OSError as error:
            raise CheckpointError(f"{path}: cannot be read ({error.strerror or error}).") from None

    def stored(self, name: str) -> Array:
        """The tensor as it lies in the file, a read-only view (a copy only where misaligned).

        bfloat16 comes as its uint16 bits.
        """
        entry = self.entries[name]
        flat = np.frombuffer(self._bytes, STORED[entry.dtype], prod(entry.shape), entry.start)
        return np.require(flat.reshape(entry.shape), requirements="A")


def write(
    path: Path,
    tensors: Mapping[str, Array] | Iterable[tuple[str, Array]],
    dtype: Literal["F32", "BF16", "F16"],
) -> None:
    """Write `tensors` as one file, every one converted to `dtype`. The file appears whole or not at all.

    Given in pairs, only what they are converted to is held until all is written. bfloat16 rounds to the
    nearest, ties to even.
    """
    pairs = tensors.items() if isinstance(tensors, Mapping) else tensors
    arrays = {name: np.ascontiguousarray(_stored_as(array, dtype)) for name, array in pairs}
    name = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}[dtype]
    specs = {
        key: TensorSpec(dtype=name, shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes)
        for key, array in arrays.items()
    }
    serialize_file(specs, path, {"format": "pt"})
    path.chmod(0o644)  # the library leaves it to its writer alone


def to_float32(stored: Array, dtype: str) -> NDArray[np.float32]:
    """Widen a stored tensor. Float32 stays the same memory."""
    if dtype == "BF16":
        return (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return stored.astype(np.float32, copy=False)


def to_bfloat16(array: Array) -> NDArray[np.uint16]:
    """Round to the bits of the nearest bfloat16, ties to even; NaN stays NaN."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) >> np.uint32(16)
    quiet = bits >> np.uint32(16) | np.uint32(0x40)
    return np.where((bits & np.uint32(0x7FFFFFFF)) > 0x7F800000, quiet, rounded).astype(np.uint16)


def _stored_as(array: Array, dtype: str) -> Array:
    match dtype:
        case "BF16":
            return to_bfloat16(array)
        case "F16":
            return array.astype(np.float16)
    return array.astype(np.float32)


def _read_header(path: Path, file: BinaryIO) -> dict[str, Entry]:
    """Read and check the header: every tensor's bytes lie in the file, without holes or overlaps."""
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(8)
    if start == _LFS_POINTER:
        raise CheckpointError(
            f"{path}: a git-lfs pointer, not the weights. Run `git lfs pull` in its folder."
        )
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > _LARGEST_HEADER:
        raise CheckpointError(f"{path}: not a safetensors file. Download it again.")
    if length > size - 8:
        raise CheckpointError(f"{path}: truncated inside the header. Download it again.")
    try:
        raw = json.loads(file.read(length).decode("utf-8"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: damaged header ({error!s:.80}). Download it again.") from None
    if not isinstance(raw, dict):
        raise CheckpointError(f"{path}: damaged header (not a JSON object). Download it again.")
    raw.pop("__metadata__", None)
    data = 8 + length
    entries = {name: _entry(path, name, value, data) for name, value in raw.items()}
    _check_layout(path, entries, data, size)
    return entries


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _entry(path: Path, name: str, value: object, data: int) -> Entry:
    match value:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, stop]}:
            if dtype not in STORED:
                raise CheckpointError(
                    f"{path}: {name:.80} is stored as {dtype:.20}; mull reads {', '.join(STORED)}. "
                    "Use the original bf16 checkpoint."
                )
            sound = len(shape) <= _MOST_DIMENSIONS and all(_is_size(n) for n in (*shape, start, stop))
            if sound and stop - start == prod(shape) * STORED[dtype].itemsize:
                return Entry(dtype, tuple(shape), data + start, data + stop)
    raise CheckpointError(f"{path}: damaged header at {name!r:.80}. Download it again.")


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _check_layout(path: Path, entries: Mapping[str, Entry], data: int, size: int) -> None:
    end = data
    for entry in sorted(entries.values(), key=lambda entry: (entry.start, entry.stop)):
        if entry.start != end:
            raise CheckpointError(
                f"{path}: damaged header (tensors overlap or leave holes). Download it again."
            )
        end = entry.stop
    if end > size:
        raise CheckpointError(f"{path}: truncated, {size:,} of {end:,} bytes are there. Download it again.")
    if end < size:
        raise CheckpointError(f"{path}: {size - end:,} bytes too long for its header. Download it again.")
