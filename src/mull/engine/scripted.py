"""An engine whose model is a script: strategies and guards are tested on it in milliseconds.

Everything but the network is real (pages, forks, scheduling, sampling). Instead of keys and values
the pages hold the tokens themselves, and what comes next is looked up in a script:

    engine = scripted({"2+2?": " 4", "Wait": {" yes": 3, " no": 1}})

After the last place in the text where a key stands, the model writes that key's continuation (or
one of several, with these weights), then ends its turn. A token is a byte or a control token.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mull.engine.local import LocalEngine
from mull.engine.sampling import Sampling
from mull.model.formats import Format, Tagged
from mull.model.tokenizer import ALPHABET, Tokenizer
from mull.runner.base import Floats, Limits, Rows

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
END = 256 + CONTROL.index("<|im_end|>")
_TOKENS = [*(bytes([byte]) for byte in range(256)), *(word.encode() for word in CONTROL)]
_UNLIKELY = -50.0
_BYTE_LEVEL = {"add_prefix_space": False, "trim_offsets": False, "use_regex": False}

Script = Mapping[str, str | Mapping[str, float]]


class HistoryRunner(ABC):
    """A runner whose pages hold token ids: the next logits are any function of the whole history."""

    name = "script"

    def __init__(self, *, pages: int = 4096, page_size: int = 16, context: int = 1 << 16) -> None:
        self.limits = Limits(pages, page_size, context, 256 + len(CONTROL), "script")
        self._memory = np.full((pages, page_size), -1, np.int32)

    def step(self, rows: Rows) -> Floats:
        size = self.limits.page_size
        pages = rows.tables[rows.chains, rows.positions // size]
        self._memory[pages, rows.positions % size] = rows.tokens
        out = np.empty((len(rows.wants), self.limits.vocab_size), np.float32)
        for line, row in zip(out, rows.wants, strict=True):
            line[:] = self._next(rows, row)
        return out

    def _next(self, rows: Rows, row: int) -> Floats:
        length = rows.positions[row] + 1
        pages = rows.tables[rows.chains[row], : -(-length // self.limits.page_size)]
        return self.logits(self.read(pages, length))

    def read(self, pages: Sequence[int] | NDArray[np.int32], length: int) -> list[int]:
        """The first `length` tokens in these pages."""
        found: list[int] = self._memory[pages].reshape(-1)[:length].tolist()
        return found

    @abstractmethod
    def logits(self, history: list[int]) -> Floats:
        """`[vocabulary]`, float32."""

    def copy_page(self, src: int, dst: int) -> None:
        self._memory[dst] = self._memory[src]

    def close(self) -> None:  # noqa: B027 - nothing to free, and no subclass has to
        pass


class ScriptedRunner(HistoryRunner):
    def __init__(self, script: Script, **limits: int) -> None:
        super().__init__(**limits)
        self._script = {
            key.encode(): {words.encode(): weight for words, weight in _options(said).items()}
            for key, said in script.items()
        }

    def logits(self, history: list[int]) -> Floats:
        out = np.full(self.limits.vocab_size, _UNLIKELY, np.float32)
        weights = self._weights(b"".join(_TOKENS[token] for token in history))
        for token, weight in (weights or {END: 1.0}).items():
            out[token] = log(weight)
        return out

    def _weights(self, text: bytes) -> dict[int, float]:
        """Weight of each next token: the rule whose key ended last and whose words still fit decides."""
        found = [(text.rfind(key) + len(key), len(key), key) for key in self._script if key in text]
        for end, _, key in sorted(found, reverse=True):
            said = text[end:]
            weights: dict[int, float] = {}
            for words, weight in self._script[key].items():
                if words.startswith(said):
                    token = _first_token(words[len(said) :])
                    weights[token] = weights.get(token, 0.0) + weight
            if weights:
                return weights
        return {}


def _options(said: str | Mapping[str, float]) -> Mapping[str, float]:
    return {said: 1.0} if isinstance(said, str) else said


def _first_token(words: bytes) -> int:
    """Control tokens are written by name; after the last word the turn ends."""
    controls = (token for token in range(256, len(_TOKENS)) if words.startswith(_TOKENS[token]))
    return next(controls, words[0]) if words else END


def scripted(
    script: Script, *, format: Format | None = None, sampling: Sampling | None = None, **limits: int
) -> LocalEngine:
    """A local engine on a script. `limits`: pages, page_size, context."""
    fingerprint = blake2b(json.dumps(script).encode(), digest_size=8).hexdigest()
    engine = LocalEngine(
        ScriptedRunner(script, **limits),
        tokenizer(),
        format or Tagged(starts_open=False),
        frozenset({END}),
        sampling=sampling,
        model={"name": "script", "fingerprint": fingerprint},
    )
    engine.slow_step = math.inf  # in no thread: what tests see is no matter of time
    return engine


def asked(question: str) -> str:
    """The key for what the assistant says to `question` in ChatML."""
    return f"{question}<|im_end|>\n<|im_start|>assistant\n"


def tokenizer() -> Tokenizer:
    """One token a byte, then the control tokens of ChatML and of thinking."""
    spec: dict[str, Any] = {
        "version": "1.0",
        "added_tokens": [
            {"id": 256 + i, "content": word, "special": True, "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False}
            for i, word in enumerate(CONTROL)
        ],
        "pre_tokenizer": {"type": "ByteLevel", **_BYTE_LEVEL},
        "decoder": {"type": "ByteLevel", **_BYTE_LEVEL},
        "model": {"type": "BPE", "vocab": {**ALPHABET}, "merges": []},
    }  # fmt: skip
    return Tokenizer(spec)
