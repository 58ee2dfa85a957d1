import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load as library_load
from safetensors.torch import load_file, save_file

from mull.errors import CheckpointError
from mull.model.tensorfile import TensorFile, to_bfloat16, to_float32, write

_TORCH = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16, "F64": torch.float64}


@pytest.mark.parametrize("dtype", ["F32", "BF16", "F16"])
def test_written_files_are_those_torch_reads(tmp_path: Path, dtype) -> None:
    draw = np.random.default_rng(0)
    tensors = {f"t{n}": draw.standard_normal((n, 3)).astype(np.float32) for n in range(4)}
    tensors["turned"] = np.arange(12, dtype=np.float64).reshape(3, 4).T  # not contiguous
    path = tmp_path / "model.safetensors"
    write(path, tensors, dtype)
    theirs = load_file(path)
    assert theirs.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert torch.equal(theirs[name], torch.tensor(tensor).to(_TORCH[dtype]))
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("dtype", list(_TORCH))
def test_read_files_are_those_torch_wrote(tmp_path: Path, dtype) -> None:
    tensors = {"a": torch.randn(5, 7).to(_TORCH[dtype]), "b": torch.randn(3).to(_TORCH[dtype])}
    save_file(tensors | {"empty": torch.zeros(0, 4)}, tmp_path / "x.safetensors", metadata={"any": "thing"})
    file = TensorFile(tmp_path / "x.safetensors")
    for name, tensor in tensors.items():
        assert file.entries[name].dtype == dtype
        wide = to_float32(file.stored(name), dtype)
        assert wide.dtype == np.float32
        assert np.array_equal(wide, tensor.float().numpy())
    assert file.stored("empty").shape == (0, 4)


def test_float32_is_a_view_of_the_file_and_read_only(tmp_path: Path) -> None:
    write(tmp_path / "x.safetensors", {"a": np.ones((4, 4))}, "F32")
    file = TensorFile(tmp_path / "x.safetensors")
    array = to_float32(file.stored("a"), "F32")
    assert not array.flags.owndata
    assert np.shares_memory(array, file.stored("a"))
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 2


def test_misaligned_tensors_come_aligned(tmp_path: Path) -> None:
    """The format does not promise alignment; C code would need it."""
    header = {
        "odd": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]},
        "a": {"dtype": "F32", "shape": [2], "data_offsets": [2, 10]},
    }
    data = np.array([1], np.float16).tobytes() + np.array([2, 3], np.float32).tobytes()
    array = TensorFile(raw_file(tmp_path, json.dumps(header).encode(), data)).stored("a")
    assert array.flags.aligned
    assert array.tolist() == [2, 3]


def test_bfloat16_rounds_as_torch_does() -> None:
    high = np.arange(1 << 16, dtype=np.uint32) << np.uint32(16)
    low = np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)
    numbers = (high[:, None] | low).view(np.float32)
    ours = to_float32(to_bfloat16(numbers), "BF16")
    theirs = torch.tensor(numbers).to(torch.bfloat16).float().numpy()
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    sound = ~np.isnan(ours)
    assert np.array_equal(ours[sound].view(np.uint32), theirs[sound].view(np.uint32))


def raw_file(folder: Path, header: bytes, data: bytes = b"", length: int | None = None) -> Path:
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + data)
    return path


def entry(shape, start, stop, dtype="F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


def headers(**entries: object) -> bytes:
    return json.dumps(entries).encode()


GOOD = headers(a=entry([2], 0, 8))
BAD = {
    "header of garbage": (b"garbage!", b"", None, "damaged header"),
    "header not UTF-8": (b"\xff\xfe{}", b"", None, "damaged header"),
    "header a list": (b"[]", b"", None, "not a JSON object"),
    "header nested deeply": (b"[" * 90_000, b"", None, "damaged header"),
    "header of huge numbers": (b'{"a": ' + b"9" * 9000 + b"}", b"", None, "damaged header"),
    "header longer than the file": (GOOD, bytes(8), 1000, "truncated inside the header"),
    "header of absurd length": (GOOD, bytes(8), 1 << 62, "not a safetensors file"),
    "a name twice": (b'{"a": ' + GOOD[6:-1] + b', "a": ' + GOOD[6:], bytes(16), None, "damaged header"),
    "data cut off": (GOOD, bytes(7), None, "truncated, 68 of 69 bytes"),
    "data too long": (GOOD, bytes(9), None, "1 bytes too long"),
    "offsets beyond the file": (headers(a=entry([1 << 40], 0, 4 << 40)), bytes(8), None, "truncated"),
    "offsets that overlap": (headers(a=entry([2], 0, 8), b=entry([2], 4, 12)), bytes(12), None, "overlap"),
    "offsets with a hole": (headers(a=entry([1], 0, 4), b=entry([1], 8, 12)), bytes(12), None, "holes"),
    "offsets negative": (headers(a=entry([2], -8, 0)), bytes(8), None, "damaged header at 'a'"),
    "offsets reversed": (headers(a=entry([2], 8, 0)), bytes(8), None, "damaged header at 'a'"),
    "offsets fractional": (headers(a=entry([2], 0, 8.0)), bytes(8), None, "damaged header at 'a'"),
    "shape unlike the offsets": (headers(a=entry([3], 0, 8)), bytes(8), None, "damaged header at 'a'"),
    "shape negative": (headers(a=entry([-1, -2], 0, 8)), bytes(8), None, "damaged header at 'a'"),
    "shape of booleans": (headers(a=entry([True, 2], 0, 8)), bytes(8), None, "damaged header at 'a'"),
    "shape of strings": (headers(a=entry(["2"], 0, 8)), bytes(8), None, "damaged header at 'a'"),
    "shape overflowing": (headers(a=entry([1 << 63, 2], 0, 8)), bytes(8), None, "damaged header at 'a'"),
    "shape of many dimensions": (headers(a=entry([1] * 9, 0, 4)), bytes(4), None, "damaged header at 'a'"),
    "entry no object": (headers(a=7), b"", None, "damaged header at 'a'"),
    "entry without dtype": (headers(a={"shape": [2]}), b"", None, "damaged header at 'a'"),
    "dtype quantized": (headers(a=entry([8], 0, 8, "F8_E4M3")), bytes(8), None, "stored as F8_E4M3"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_a_clear_error(tmp_path: Path, case: str) -> None:
    header, data, length, message = BAD[case]
    path = raw_file(tmp_path, header, data, length)
    if case == "data cut off":
        message = f"truncated, {8 + len(GOOD) + 7} of {8 + len(GOOD) + 8} bytes"
    with pytest.raises(CheckpointError, match=message) as error:
        TensorFile(path)
    assert str(path) in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 250


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a safetensors file"),
        (b"1234567", "not a safetensors file"),
        (b"PK\x03\x04" + bytes(100), "damaged|truncated|not a safetensors"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
    ],
)
def test_other_files_are_told_apart(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        TensorFile(tmp_path / "x.safetensors")


def test_a_missing_file_or_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not found"):
        TensorFile(tmp_path / "x.safetensors")
    with pytest.raises(CheckpointError, match="cannot be read"):
        TensorFile(tmp_path)


_SIZES = st.integers(-2, 12) | st.integers() | st.booleans() | st.floats() | st.none()
_ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F32", "BF16", "F16", "F64", "I8", "x"]) | _SIZES,
        "shape": st.lists(_SIZES, max_size=3) | _SIZES,
        "data_offsets": st.lists(_SIZES, max_size=3) | st.tuples(st.integers(0, 12), st.integers(0, 24)),
    },
)
_HEADERS = st.dictionaries(st.text(max_size=3), _ENTRIES | _SIZES, max_size=3).map(json.dumps).map(str.encode)


@settings(max_examples=300)
@given(
    header=_HEADERS | st.binary(max_size=40),
    data=st.binary(max_size=24),
    length=st.none() | st.integers(0, 99),
)
def test_any_bytes_open_or_are_refused_and_never_beyond_the_library(tmp_path_factory, header, data, length):
    """What we accept the safetensors library accepts too, with the same shapes and bytes."""
    path = raw_file(tmp_path_factory.mktemp("fuzz"), header, data, length)
    try:
        file = TensorFile(path)
    except CheckpointError:
        return
    try:
        theirs = library_load(path.read_bytes())
    except KeyError:  # its numpy side has no BF16
        return
    except SafetensorError as error:
        pytest.fail(f"the library refuses what we accept: {error}")
    assert file.entries.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert file.stored(name).tobytes() == tensor.tobytes()


@given(
    shapes=st.lists(st.lists(st.integers(0, 4), max_size=3), max_size=4),
    cut=st.integers(1, 200),
    dtype=st.sampled_from(["F32", "BF16", "F16"]),
)
def test_every_truncation_is_noticed(tmp_path_factory, shapes, cut, dtype) -> None:
    path = tmp_path_factory.mktemp("cut") / "x.safetensors"
    write(path, {str(n): np.ones(shape) for n, shape in enumerate(shapes)}, dtype)
    assert len(TensorFile(path).entries) == len(shapes)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(0, len(whole) - cut)])
    with pytest.raises(CheckpointError):
        TensorFile(path)
