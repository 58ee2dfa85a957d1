"""The engines compared. Each is one class behind the same few calls, run in a process of its own.

`PEERS` names the class of each; nothing is imported before it is asked for, because the processes
live in different environments and their memory is measured.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Literal, Protocol

Dtype = Literal["f32", "16", "int8"]

PEERS = {
    "mull": "benchmarks.peers.ours:Engine",
    "mull runner": "benchmarks.peers.ours:BareRunner",
    "llama.cpp": "benchmarks.peers.llamacpp:LlamaCpp",
    "llama.cpp unified": "benchmarks.peers.llamacpp:LlamaCppUnified",
    "transformers": "benchmarks.peers.huggingface:Generate",
    "openvino": "benchmarks.peers.openvino:Genai",
}


class Peer(Protocol):
    """`prefill` computes prompts and keeps them; `decode` continues all of them and then forgets what it
    added, so that it can be repeated. One decode makes `new` steps, the first of which computes the
    prompts' last token (again), and draws `new` tokens a chain. End tokens are not heeded.

    whole  decode cannot start from what prefill kept; it computes the prompts again
    """

    whole: bool

    def __init__(self, model: str, dtype: Dtype, threads: int) -> None: ...

    def prefill(self, prompts: Sequence[Sequence[int]], copies: int, room: int) -> None:
        """`copies` chains of each prompt, with `room` for new tokens in each; draws one token a chain."""
        ...

    def decode(self, new: int, temperature: float) -> list[list[int]]:
        """`new` tokens of each chain, at temperature 0 the greedy ones."""
        ...


def load(name: str) -> type[Peer]:
    module, cls = PEERS[name].split(":")
    found: type[Peer] = getattr(importlib.import_module(module), cls)
    return found
