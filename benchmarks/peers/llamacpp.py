"""llama.cpp through its C API: token ids in, token ids out, numpy for the choice among logits.

Filling the batch and choosing are vectorised, so that Python costs it next to nothing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import llama_cpp as api
import numpy as np

from benchmarks.peers import Dtype

BATCH = 2048


class LlamaCpp:
    """Separate streams: every chain has cells of its own. A shared prompt is copied into each whole."""

    whole = False
    unified = False

    def __init__(self, model: str, dtype: Dtype, threads: int) -> None:
        self._silence = api.llama_log_callback(lambda *_: None)  # must outlive the library's use of it
        api.llama_log_set(self._silence, ctypes.c_void_p(0))
        api.llama_backend_init()
        self.model = api.llama_model_load_from_file(model.encode(), api.llama_model_default_params())
        if not self.model:
            raise RuntimeError(f"llama.cpp cannot load {model}")
        self.vocabulary = api.llama_vocab_n_tokens(api.llama_model_get_vocab(self.model))
        self.threads = threads
        self.context: Any = None
        self.memory: Any = None
        self.random = np.random.default_rng(0)
        self.batch = api.llama_batch_init(BATCH, 0, 1)
        self.tokens, self.positions, self.sequence_counts, self.outputs = (
            np.ctypeslib.as_array(getattr(self.batch, name), shape=(BATCH,))
            for name in ("token", "pos", "n_seq_id", "logits")
        )
        self.sequence_counts[:] = 1

    def prefill(self, prompts: Sequence[Sequence[int]], copies: int, room: int) -> None:
        self.length = len(prompts[0])
        self.count = len(prompts) * copies
        self._open(prompts, copies, room)
        per_batch = BATCH // self.length or 1
        for start in range(0, len(prompts), per_batch):
            self._read(prompts, range(start, min(start + per_batch, len(prompts))), copies)
        for first in range(0, self.count, copies):
            for chain in range(first + 1, first + copies):
                end = self.length if self.unified else -1  # streams can only be copied whole
                api.llama_memory_seq_cp(self.memory, first, chain, 0 if self.unified else -1, end)
        self.last = np.repeat(np.array([prompt[-1] for prompt in prompts], np.int32), copies)

    def decode(self, new: int, temperature: float) -> list[list[int]]:
        for chain in range(self.count):
            if not api.llama_memory_seq_rm(self.memory, chain, self.length - 1, -1):
                raise RuntimeError("llama.cpp cannot shorten a sequence")
        for chain in range(self.count):
            self.batch.seq_id[chain][0] = chain
        self.outputs[: self.count] = 1
        out = np.empty((self.count, new), np.int32)
        tokens = self.last
        for step in range(new):
            self.tokens[: self.count] = tokens
            self.positions[: self.count] = self.length - 1 + step
            tokens = out[:, step] = self._pick(self._decode(self.count, self.count), temperature)
        found: list[list[int]] = out.tolist()
        return found

    def _open(self, prompts: Sequence[Sequence[int]], copies: int, room: int) -> None:
        """A context of exactly the needed size; cells cost time as soon as they are looked through."""
        if self.context is not None:
            api.llama_free(self.context)
        settings = api.llama_context_default_params()
        settings.n_ctx = self.count * (self.length + room)
        if self.unified:
            settings.n_ctx = len(prompts) * self.length + self.count * (room + 1)
        settings.n_batch, settings.n_ubatch = BATCH, 512
        settings.n_seq_max = self.count
        settings.n_threads = settings.n_threads_batch = self.threads
        settings.kv_unified = self.unified
        self.context = api.llama_init_from_model(self.model, settings)
        if not self.context:
            raise RuntimeError(f"llama.cpp cannot open a context of {settings.n_ctx} cells")
        self.memory = api.llama_get_memory(self.context)

    def _read(self, prompts: Sequence[Sequence[int]], chosen: range, copies: int) -> None:
        """Compute some prompts, in pieces of a batch each where one prompt is longer than a batch."""
        rows = [
            (token, position, index * copies, position == self.length - 1)
            for index in chosen
            for position, token in enumerate(prompts[index])
        ]
        for start in range(0, len(rows), BATCH):
            piece = rows[start : start + BATCH]
            for row, (token, position, chain, last) in enumerate(piece):
                self.tokens[row], self.positions[row], self.outputs[row] = token, position, last
                self.batch.seq_id[row][0] = chain
            wanted = sum(last for *_, last in piece)
            self._pick(self._decode(len(piece), wanted), 0.0)

    def _decode(self, rows: int, wanted: int) -> np.ndarray:
        """One call; logits `[wanted, vocabulary]`."""
        self.batch.n_tokens = rows
        status = api.llama_decode(self.context, self.batch)
        if status:
            raise RuntimeError(f"llama_decode says {status}")
        if not wanted:
            return np.empty((0, self.vocabulary), np.float32)
        flat = np.ctypeslib.as_array(api.llama_get_logits(self.context), shape=(wanted * self.vocabulary,))
        return flat.reshape(wanted, self.vocabulary)

    def _pick(self, logits: np.ndarray, temperature: float) -> np.ndarray:
        if temperature == 0 or not len(logits):
            return logits.argmax(axis=1).astype(np.int32)
        scaled = logits - logits.max(axis=1, keepdims=True)
        scaled /= np.float32(temperature)
        cumulative = np.exp(scaled, out=scaled).cumsum(axis=1)
        targets = self.random.random((len(logits), 1), dtype=np.float32) * cumulative[:, -1:]
        return np.minimum((cumulative <= targets).sum(axis=1), self.vocabulary - 1).astype(np.int32)


class LlamaCppUnified(LlamaCpp):
    """One pool of cells for all chains: a shared prompt is held once, but all look through all cells."""

    unified = True
