"""The fast CPU runner: cpu.c through ctypes. float32, bfloat16 or 8-bit weights, any number of threads.

dtype  weights          activations in matrices  keys and values
f32    float32          float32                  float32
bf16   bfloat16         float32                  bfloat16
int8   8 bit, a scale   8 bit, a scale           bfloat16
       per output       per row

A row's logits are the same bits whatever other rows are in the step and however many threads run it.
One library per instruction set lies beside this file; the best one that the processor runs is taken.
The environment variable MULL_ISA names one instead (for tests).
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Mapping
from ctypes import POINTER, Structure, byref, c_char_p, c_float, c_int, c_int32, c_int64, c_void_p
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from mull.errors import CheckpointError, MullError
from mull.model.config import Config
from mull.model.rope import rotations
from mull.runner.base import Floats, Limits, Rows
from mull.runner.check import InvalidRows, check_layout, check_page, check_values

FOLDER = Path(__file__).parent
KINDS = {"f32": 0, "bf16": 1, "int8": 2}
PAGE = PANEL = 16
QUOTA = Path("/sys/fs/cgroup/cpu.max")  # microseconds of cores in each period, as Linux limits a container
_OK, _INVALID, _NEED_ROTATIONS, _NO_MEMORY = range(4)


class _Matrix(Structure):
    _fields_ = [("kind", c_int32), ("n", c_int32), ("k", c_int32), ("panels", c_void_p), ("scales", c_void_p)]


class _Layer(Structure):
    _fields_ = [
        *((name, _Matrix) for name in ("qkv", "o", "gate_up", "down")),
        *((name, c_void_p) for name in ("bias", "input_norm", "post_norm", "q_norm", "k_norm")),
    ]


class _Cache(Structure):
    _fields_ = [*((name, c_int32) for name in ("kind", "layers", "heads", "dim")), ("pages", c_void_p)]


class _Model(Structure):
    _fields_ = [
        *((name, c_int32) for name in ("layers", "hidden", "intermediate", "heads", "kv_heads", "dim")),
        *((name, c_int32) for name in ("vocab", "context", "pages", "embedding_kind")),
        ("eps", c_float),
        ("embedding", c_void_p),
        ("layer", POINTER(_Layer)),
        ("norm", c_void_p),
        ("head", _Matrix),
        ("cache", _Cache),
        ("cos", c_void_p),
        ("sin", c_void_p),
        ("rotations", c_int32),
    ]


_SIGNATURES = {
    "mull_instruction_sets": (c_char_p, []),
    "mull_self_test": (c_int, []),
    "mull_panel_bytes": (c_int64, [c_int, c_int]),
    "mull_page_bytes": (c_int64, [c_int, c_int, c_int, c_int]),
    "mull_pack": (None, [c_int, c_void_p, c_int, c_int, c_void_p, c_void_p, c_int]),
    "mull_to_bf16": (None, [c_void_p, c_void_p, c_int64]),
    "mull_open": (c_void_p, [POINTER(_Model), c_int]),
    "mull_threads": (c_int, [c_void_p]),
    "mull_close": (None, [c_void_p]),
    "mull_step": (c_int, [c_void_p, POINTER(_Model), *[c_int] * 4, *[c_void_p] * 6]),
    "mull_choose": (None, [c_int, c_int, c_void_p, c_int, c_void_p, c_int, *[c_void_p] * 5]),
}


def path_of(isa: str) -> Path:
    """Where the library of an instruction set lies if it was built."""
    return FOLDER / f"_cpu_{isa}.so"


@functools.cache
def instruction_sets() -> list[str]:
    """What was built and this processor can run, best first. Empty when nothing was compiled."""
    if not path_of("portable").exists():
        return []
    names: bytes = _open("portable").mull_instruction_sets()
    return [name for name in names.decode().split() if path_of(name).exists()]


def best_library() -> tuple[str, ctypes.CDLL]:
    """The best instruction set whose kernels pass their self-test, or the one MULL_ISA names."""
    names = instruction_sets()
    asked = os.environ.get("MULL_ISA")
    if asked:
        if asked not in names:
            raise MullError(f"MULL_ISA={asked}: not available here, only {', '.join(names) or 'nothing'}.")
        names = [asked]
    for name in names:
        library = _open(name)
        if library.mull_self_test():
            return name, library
        print(f"mull: the {name} kernels fail their self-test here; trying the next set.", file=sys.stderr)
    raise MullError("the CPU runner was not compiled here; install a C compiler and reinstall mull.")


@functools.cache
def _open(isa: str) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path_of(isa)))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name, None)
        if function is None:
            raise MullError(
                f"{path_of(isa).name} was built from older sources; reinstall mull (`pip install -e .`)."
            )
        function.restype, function.argtypes = result, arguments
    return library


def usable_cores(quota: Path = QUOTA) -> int:
    """Cores this process may run on, and has the time of: a container may have less than it sees."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        used, period = map(int, quota.read_text().split())
    except (OSError, ValueError):  # no such file, or "max"
        return cores
    return min(cores, max(1, -(-used // period)))


class CpuRunner:
    """`Runner` on the CPU. One step at a time; `close` frees the memory at once."""

    def __init__(
        self,
        config: Config,
        weights: Mapping[str, Floats],
        *,
        pages: int,
        page_size: int = PAGE,
        dtype: str = "f32",
        threads: int | None = None,
    ) -> None:
        if page_size != PAGE:
            raise MullError(f"the CPU runner has pages of {PAGE} positions, not {page_size}.")
        if dtype not in KINDS:
            raise MullError(f"dtype {dtype!r} is not one of {', '.join(KINDS)}.")
        if pages < 1 or (threads is not None and threads < 1):
            raise MullError(f"pages and threads must be 1 or more, not {pages} and {threads}.")
        self.isa, self._library = best_library()
        self.name = f"cpu {self.isa}"
        self.limits = Limits(pages, page_size, config.context, config.vocab_size, dtype)
        self.config = config
        self._weights = weights
        self._kind = KINDS[dtype]
        self._kept: list[np.ndarray] = []  # everything the C side points to
        self._model = self._build(pages)
        self._weights = {}
        self._grow_rotations(255)
        self._logits = np.empty((0, self._model.head.n), np.float32)
        self._wanted = self._logits
        self._rows: Rows | None = None  # of the latest step, kept so that `_arguments` stay true
        self._arguments: tuple[int, ...] = ()
        self._computing = Lock()  # nothing is freed while a step runs in another thread
        self._runtime = c_void_p(self._library.mull_open(byref(self._model), threads or usable_cores()))
        if not self._runtime:
            raise MullError("out of memory while starting the CPU runner.")
        self.threads: int = self._library.mull_threads(self._runtime)

    def step(self, rows: Rows) -> Floats:
        """Logits `[wanted, vocab_size]`, valid until the next step. Raises InvalidRows."""
        with self._computing:
            if not self._runtime:
                raise MullError("this runner is closed.")
            if rows is not self._rows:
                self._arguments = self._prepare(rows)
                self._rows = rows
            arguments = self._arguments
            status = self._library.mull_step(self._runtime, self._model, *arguments)
            if status == _NEED_ROTATIONS:
                self._grow_rotations(int(rows.positions.max()))
                status = self._library.mull_step(self._runtime, self._model, *arguments)
            if status == _INVALID:
                check_values(rows, self.limits)
                raise InvalidRows("the rows are invalid.")
            if status == _NO_MEMORY:
                raise MullError(f"out of memory for a step of {len(rows.tokens)} rows; send fewer at once.")
            return self._wanted

    def _prepare(self, rows: Rows) -> tuple[int, ...]:
        """What the C side is told about these rows: lengths, and where everything lies."""
        check_layout(rows)
        wanted = len(rows.wants)
        if wanted > len(self._logits):
            self._logits = np.empty((max(wanted, 2 * len(self._logits)), self._model.head.n), np.float32)
        self._wanted = self._logits[:wanted, : self.limits.vocab_size]
        arrays = (rows.tokens, rows.positions, rows.chains, rows.tables, rows.wants, self._logits)
        return (len(rows.tokens), *rows.tables.shape, wanted, *(array.ctypes.data for array in arrays))

    def copy_page(self, src: int, dst: int) -> None:
        """Copy keys and values of all layers of page `src` into page `dst`."""
        check_page(src, self.limits)
        check_page(dst, self.limits)
        self._pages[dst] = self._pages[src]

    def close(self) -> None:
        """End the threads and free weights and pages, when a step that runs now is over."""
        with self._computing:
            if self._runtime:
                self._library.mull_close(self._runtime)
            self._runtime = c_void_p()
        self._kept.clear()
        self._rows = None
        self._pages = self._logits = self._wanted = np.empty((0, 0), np.float32)

    def __del__(self) -> None:
        if getattr(self, "_runtime", None):
            self.close()

    # ---- building what the C side reads ------------------------------------------------------------

    def _build(self, pages: int) -> _Model:
        c, kv_kind = self.config, min(self._kind, KINDS["bf16"])
        layers = (_Layer * c.num_layers)(*(self._layer(index) for index in range(c.num_layers)))
        page_bytes = self._library.mull_page_bytes(kv_kind, c.num_layers, c.num_kv_heads, c.head_dim)
        self._pages = _aligned(pages * page_bytes, zero=True).reshape(pages, page_bytes)
        embedding = self._tensor("model.embed_tokens.weight", c.vocab_size, c.hidden_size)
        name = "model.embed_tokens.weight" if c.tied_embeddings else "lm_head.weight"
        head = self._matrix(c.hidden_size, [(name, c.vocab_size)])
        return _Model(
            layers=c.num_layers,
            hidden=c.hidden_size,
            intermediate=c.intermediate_size,
            heads=c.num_heads,
            kv_heads=c.num_kv_heads,
            dim=c.head_dim,
            vocab=c.vocab_size,
            context=c.context,
            pages=pages,
            embedding_kind=kv_kind,
            eps=c.norm_eps,
            embedding=self._keep(embedding if kv_kind == KINDS["f32"] else self._to_bf16(embedding)),
            layer=layers,
            norm=self._vector("model.norm.weight", c.hidden_size),
            head=head,
            cache=_Cache(kv_kind, c.num_layers, c.num_kv_heads, c.head_dim, self._pages.ctypes.data),
        )

    def _layer(self, index: int) -> _Layer:
        c, prefix = self.config, f"model.layers.{index}."
        attention, mlp = prefix + "self_attn.", prefix + "mlp."
        heads = [
            (f"{attention}{name}_proj", count * c.head_dim)
            for name, count in (("q", c.num_heads), ("k", c.num_kv_heads), ("v", c.num_kv_heads))
        ]
        return _Layer(
            qkv=self._matrix(c.hidden_size, [(name + ".weight", size) for name, size in heads]),
            o=self._matrix(c.num_heads * c.head_dim, [(attention + "o_proj.weight", c.hidden_size)]),
            gate_up=self._matrix(
                c.hidden_size, [(f"{mlp}{name}_proj.weight", c.intermediate_size) for name in ("gate", "up")]
            ),
            down=self._matrix(c.intermediate_size, [(mlp + "down_proj.weight", c.hidden_size)]),
            bias=self._bias(heads) if c.qkv_bias else None,
            input_norm=self._vector(prefix + "input_layernorm.weight", c.hidden_size),
            post_norm=self._vector(prefix + "post_attention_layernorm.weight", c.hidden_size),
            q_norm=self._vector(attention + "q_norm.weight", c.head_dim) if c.qk_norm else None,
            k_norm=self._vector(attention + "k_norm.weight", c.head_dim) if c.qk_norm else None,
        )

    def _matrix(self, inputs: int, parts: list[tuple[str, int]]) -> _Matrix:
        """The tensors `(name, outputs)` packed one below the other, each padded to whole panels."""
        outputs = sum(_padded(size) for _, size in parts)
        panel_bytes = self._library.mull_panel_bytes(self._kind, inputs)
        panels = _aligned(outputs // PANEL * panel_bytes)
        scales = np.zeros(outputs, np.float32)
        panel = 0
        for name, size in parts:
            tensor = self._tensor(name, size, inputs)
            self._library.mull_pack(
                self._kind, tensor.ctypes.data, size, inputs, panels.ctypes.data, scales.ctypes.data, panel
            )
            panel += _padded(size) // PANEL
        return _Matrix(self._kind, outputs, inputs, self._keep(panels), self._keep(scales))

    def _bias(self, parts: list[tuple[str, int]]) -> int:
        pieces = [
            np.pad(self._tensor(name + ".bias", size), (0, _padded(size) - size)) for name, size in parts
        ]
        return self._keep(np.concatenate(pieces))

    def _vector(self, name: str, size: int) -> int:
        return self._keep(self._tensor(name, size))

    def _tensor(self, name: str, *shape: int) -> Floats:
        tensor = np.ascontiguousarray(self._weights[name], np.float32)
        if tensor.shape != shape:
            raise CheckpointError(f"tensor {name} is {tensor.shape}, config.json says {shape}.")
        return tensor

    def _to_bf16(self, values: Floats) -> NDArray[np.uint16]:
        out = np.empty(values.shape, np.uint16)
        self._library.mull_to_bf16(values.ctypes.data, out.ctypes.data, values.size)
        return out

    def _keep(self, array: np.ndarray) -> int:
        self._kept.append(array)
        return array.ctypes.data

    def _grow_rotations(self, position: int) -> None:
        """cos and sin up to `position` at least; a long context pays for its table when it is used."""
        size = min(self.config.context, 2 * (position + 1))
        self._rotations = rotations(self.config, size)
        self._model.cos, self._model.sin = (table.ctypes.data for table in self._rotations)
        self._model.rotations = size


def _padded(size: int) -> int:
    return -(-size // PANEL) * PANEL


def _aligned(size: int, zero: bool = False) -> NDArray[np.uint8]:
    """Bytes that start at a cache line; zeroed ones take memory only when touched."""
    memory = (np.zeros if zero else np.empty)(size + 64, np.uint8)
    return memory[-memory.ctypes.data % 64 :][:size]
