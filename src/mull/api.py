"""The public functions: load a model, ask it, get an answer with its reasoning and its cost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mull.engine import LocalEngine, Sampling, Watch
from mull.engine.chain import Engine
from mull.errors import MullError
from mull.model import chat
from mull.model.chat import Message
from mull.model.checkpoint import Checkpoint
from mull.model.formats import Piece
from mull.model.shapes import kv_bytes_per_token
from mull.think.answer import Answer
from mull.think.think import think

if TYPE_CHECKING:
    from mull.runner import Name

PAGE_SIZE = 16
CHAINS, TORCH_CHAINS = 256, 16  # full chains to hold; only torch takes their memory before it is used
MEMORY_SHARE = 0.25  # of the machine's memory that keys and values may take at most


def load(
    model: str | Path | Checkpoint | None = None,
    *,
    runner: Name = "auto",
    dtype: str | None = None,
    context: int | None = None,
    threads: int | None = None,
    device: str = "cpu",
) -> LocalEngine:
    """An engine on a model: the embedded one, a folder, or a hub name such as "Qwen/QwQ-32B".

    runner   auto, cpu, reference or torch
    dtype    f32, bf16 or int8; None takes the runner's own choice for this model
    context  tokens a chain may have; None takes the model's own limit
    """
    from mull import runner as runners

    checkpoint = model if isinstance(model, Checkpoint) else Checkpoint.open(model)
    config = replace(checkpoint.config, context=context) if context else checkpoint.config
    dtype = dtype or ("f32" if runner == "reference" else "bf16")
    made = runners.load(
        config,
        checkpoint.weights,
        name=runner,
        dtype=dtype,
        pages=_pages(
            kv_bytes_per_token(config, "f32" if dtype == "f32" else "bf16"),
            config.context,
            TORCH_CHAINS if runner == "torch" or device != "cpu" else CHAINS,
        ),
        page_size=PAGE_SIZE,
        threads=threads,
        device=device,
    )
    defaults = checkpoint.defaults
    return LocalEngine(
        made,
        checkpoint.tokenizer,
        checkpoint.format,
        checkpoint.stop_ids,
        sampling=Sampling(
            temperature=defaults.temperature,
            top_k=defaults.top_k,
            top_p=defaults.top_p,
            min_p=defaults.min_p,
            repetition_penalty=defaults.repetition_penalty,
        ),
    )


def _pages(token_bytes: int, context: int, chains: int) -> int:
    """Pages for so many full chains, as far as the share of memory goes; at least for one."""
    chain = -(-context // PAGE_SIZE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    affordable = int(memory * MEMORY_SHARE) // (token_bytes * PAGE_SIZE)
    return max(min(chains * chain, affordable), chain)


async def answer(
    question: str | Sequence[Message],
    *,
    engine: Engine | None = None,
    system: str | None = None,
    max_tokens: int | None = None,
    seed: int = 0,
    sampling: Sampling | None = None,
    show: Callable[[Piece], None] | None = None,
    watch: Sequence[Watch] = (),
) -> Answer:
    """Think about a question, or about the last message of a conversation, and answer.

    `show` receives thoughts and answer while they are generated. The same seed gives the same answer.
    """
    engine = engine or load()
    messages = [Message("user", question)] if isinstance(question, str) else list(question)
    if not messages or not messages[-1].content.strip():
        raise MullError("the question is empty.")
    prompt = chat.render(messages, engine.tokenizer, format=engine.format, system=system)
    return await think(
        prompt, engine, max_tokens=max_tokens, seed=seed, sampling=sampling, show=show, watch=watch
    )


def ask(
    question: str | Sequence[Message],
    *,
    engine: Engine | None = None,
    system: str | None = None,
    max_tokens: int | None = None,
    seed: int = 0,
    sampling: Sampling | None = None,
    show: Callable[[Piece], None] | None = None,
    watch: Sequence[Watch] = (),
) -> Answer:
    """`answer` for programs without an event loop."""
    return asyncio.run(
        answer(
            question,
            engine=engine,
            system=system,
            max_tokens=max_tokens,
            seed=seed,
            sampling=sampling,
            show=show,
            watch=watch,
        )
    )
