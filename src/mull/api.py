"""The public functions: load a model, ask it, get an answer with its reasoning and its cost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mull.engine import LocalEngine, Sampling, Watch
from mull.engine.chain import Engine
from mull.guard.choose import guards
from mull.model.chat import Message
from mull.model.checkpoint import Checkpoint
from mull.model.shapes import kv_bytes_per_token
from mull.think import strategies
from mull.think.answer import Answer, shown
from mull.think.budget import Budget
from mull.think.line import Line, Show
from mull.think.question import Question
from mull.think.trace import Trace

if TYPE_CHECKING:
    from mull.audit.policy import Policy
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
    known = {"name": checkpoint.name, "fingerprint": checkpoint.fingerprint}
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
        model={**known, "runner": made.name, "dtype": made.limits.dtype},
    )


def _pages(token_bytes: int, context: int, chains: int) -> int:
    """Pages for so many full chains, as far as the share of memory goes; at least for one."""
    chain = -(-context // PAGE_SIZE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    affordable = int(memory * MEMORY_SHARE) // (token_bytes * PAGE_SIZE)
    return max(min(chains * chain, affordable), chain)


async def answer(
    question: str | Sequence[Message] | Question,
    *,
    engine: Engine | None = None,
    strategy: str = "think",
    effort: str | None = None,
    budget: Budget | None = None,
    line: Line | None = None,
    system: str | None = None,
    max_tokens: int | None = None,
    seed: int = 0,
    sampling: Sampling | None = None,
    trace: Trace | None = None,
    show: Show | None = None,
    watch: Sequence[Watch] = (),
    policy: Policy | None = None,
    **options: Any,
) -> Answer:
    """Think about a question, or about the last message of a conversation, and answer.

    strategy  think, vote, best, plan, check, search or auto; `options` are its own (`n`, `seats`, `rule` ...)
    effort    none, minimal, low, medium, high, xhigh or max: how long chains think, and how many there are
    budget    bounds for all of it together; `max_tokens` is short for `Budget(tokens=...)`
    line      how each chain is run: guards, probes, limits; `sampling` is short for `Line(sampling=...)`.
              Without one, loops are rescued and the answer is held to the language of the question
    show      receives thoughts and answer as they come; `trace` hears of everything that happens
    policy    an operator's rules (`mull.audit.Policy`); one that is applied stands in answer and trace

    The same seed gives the same answer. Raises MullError for what cannot be asked so.
    """
    engine = engine or load()
    asked = Question.of(question, system=system)
    if max_tokens is not None:
        budget = replace(budget or Budget(), tokens=max_tokens)
    line = line or Line(guards=guards(asked.text))
    if sampling is not None:
        line = replace(line, sampling=sampling)
    chosen = strategies.choose(strategy, effort, engine, line, options)
    trace = trace or Trace()
    trace.begin(asked, engine, strategy=strategy, effort=effort, budget=budget, seed=seed)
    applied = policy.apply(asked) if policy else None
    if applied:
        from mull.audit.policy import declined, with_context

        trace.add("note", kind="policy", **asdict(applied))
        if applied.action == "add_context":
            asked = with_context(asked, applied.text, engine)
    if applied and applied.action == "decline":
        given = shown(replace(declined(applied), trace=trace), show)
    else:
        given = await chosen(asked, engine, budget, seed=seed, trace=trace, show=show, watch=watch)
        given = replace(given, policy=applied)
    trace.end(given)
    return given


def ask(question: str | Sequence[Message] | Question, **options: Any) -> Answer:
    """`answer` for programs without an event loop; the same options."""
    return asyncio.run(answer(question, **options))
