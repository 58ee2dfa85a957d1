"""The local engine: chains on a runner.

Each step takes what the scheduler puts together, computes it, and draws the next token of every chain
whose tokens are all computed. Steps follow one another as long as anybody thinks.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from mull.engine.chain import Chain, Counted
from mull.engine.events import Ended, Event, Spent, Stopped
from mull.engine.memory import Memory
from mull.engine.sampling import Sampling, likeliest, mix
from mull.engine.scheduler import Scheduler, Segment, Step
from mull.engine.spend import Spend, Statistics
from mull.engine.stretch import check_length, over
from mull.engine.watch import Watch
from mull.errors import ModelError, MullError
from mull.runner.base import Floats, Runner

if TYPE_CHECKING:
    from mull.model.formats import Format
    from mull.model.tokenizer import Tokenizer

BREATH = 8  # steps after which other tasks get a turn even if nothing has happened


class LocalEngine:
    """Holds chains and steps them on a runner. See `mull.load` for the usual way to get one."""

    def __init__(
        self,
        runner: Runner,
        tokenizer: Tokenizer,
        format: Format,
        stop_ids: frozenset[int],
        *,
        sampling: Sampling | None = None,
        max_chains: int = 256,
        chunk: int = 512,
        model: Mapping[str, str] | None = None,
    ) -> None:
        """`sampling` is the default of new chains, `chunk` the most prompt tokens in one step.

        `model` is kept for the record; see `Engine`.
        """
        self.runner = runner
        self.tokenizer = tokenizer
        self.format = format
        self.stop_ids = stop_ids
        self.sampling = sampling or Sampling()
        self.model = model or {}
        limits = runner.limits
        self.slow_step = 0.005  # seconds; longer ones run in a thread, so that the event loop stays alive
        self.context = min(limits.context, limits.pages * limits.page_size)
        self.memory = Memory(runner)
        self.statistics = Statistics()
        self._scheduler = Scheduler(self.memory, self.statistics, max_chains, chunk)
        self._tickets = count()
        self._roots = count()
        self._loop: asyncio.Task[None] | None = None
        self._pace = math.inf  # seconds a row of the latest step

    # What strategies see

    def open(
        self,
        prompt: Sequence[int],
        *,
        seed: int = 0,
        sampling: Sampling | None = None,
        track_confidence: bool = False,
        counted: Counted = "sampled",
    ) -> Chain:
        """A new chain. Use it as `async with engine.open(ids) as chain`: leaving frees everything."""
        check_length(prompt, self.context, "load the model with a longer context (--context)")
        self._check("the prompt", prompt)
        settings = sampling or self.sampling
        chain = Chain(self, prompt, mix(seed), settings, next(self._roots), track_confidence, counted)
        self.memory.add(chain)
        return chain

    def close(self) -> None:
        """Free the runner. Chains must not be used afterwards."""
        self.runner.close()

    # What chains ask of their engine

    async def think(self, chain: Chain, max_tokens: int | None, watch: Sequence[Watch]) -> Event:
        if len(chain.ids) >= self.context:
            return Ended(len(chain.ids), "context")
        if max_tokens is not None and max_tokens <= 0:
            return Spent(len(chain.ids), 0)
        started = len(chain.ids)
        self._check("what was said", chain.ids[max(chain.prompt_length, started - chain.pending) :])
        self._check("bias", chain.sampling.bias)
        segment = Segment(
            chain,
            self.memory.held[chain],
            next(self._tickets),
            self.context if max_tokens is None else min(started + max_tokens, self.context),
            started,
            [(each.every, each.start(chain)) for each in watch],
            asyncio.get_running_loop().create_future(),
        )
        self._scheduler.waiting.append(segment)
        chain.thinking = True
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._run())
        try:
            return await segment.done
        finally:
            self._leave(segment)

    def forked(self, chain: Chain, child: Chain) -> None:
        self.memory.fork(chain, child)

    def shortened(self, chain: Chain) -> None:
        self.memory.shorten(chain)

    def affords(self, tokens: int) -> bool:
        return True

    def said(self, chain: Chain, ids: Sequence[int]) -> None:
        self.count(chain.spend, chain.forced_as, len(ids))

    def stopped(self, chain: Chain, event: Stopped) -> None:
        for segment in self._scheduler.all():
            if segment.chain is chain:
                self._finish(segment, event)
        self.memory.drop(chain)

    def count(self, spend: Spend, kind: str, tokens: int) -> None:
        self.statistics.count(spend, kind, tokens)

    def _check(self, what: str, ids: Collection[int]) -> None:
        """An id that is none would fail the whole batch, or count from the end of the vocabulary."""
        last = self.runner.limits.vocab_size - 1
        if ids and (min(ids) < 0 or max(ids) > last):
            raise MullError(f"{what} has token ids outside 0 to {last}.")

    # The loop

    async def _run(self) -> None:
        """Step until nobody thinks any more."""
        scheduler = self._scheduler
        try:
            while step := scheduler.next():
                thinking = len(scheduler)
                started, rows = perf_counter(), len(step.rows.tokens)
                if rows * self._pace > self.slow_step:
                    logits = await asyncio.to_thread(self.runner.step, step.rows)
                else:
                    logits = self.runner.step(step.rows)
                seconds = perf_counter() - started
                self._pace = seconds / rows
                self._note(rows, seconds)
                self._absorb(step, logits)
                if len(scheduler) < thinking or self.statistics.steps % BREATH == 0:
                    await asyncio.sleep(0)
        except BaseException as error:
            for segment in scheduler.all():
                if isinstance(error, Exception) and not segment.done.done():
                    segment.done.set_exception(error)
                self._leave(segment)
            if not isinstance(error, Exception):
                raise

    def _note(self, rows: int, seconds: float) -> None:
        statistics = self.statistics
        statistics.steps += 1
        statistics.rows += rows
        statistics.busy += seconds
        statistics.peak_pages = max(statistics.peak_pages, self.memory.pages.used)
        statistics.peak_chains = max(statistics.peak_chains, len(self._scheduler.running))

    def _absorb(self, step: Step, logits: Floats) -> None:
        """Take the step's results in: what is computed now, and the next token of each chain."""
        size = self.memory.size
        for segment, rows in step.work:
            chain = segment.chain
            if segment.done.done():  # stopped or cancelled while the step ran in its thread
                self.count(chain.spend, "recomputed", rows)
                continue
            start = len(chain.ids) - chain.pending
            end = start + rows
            chain.pending -= rows
            self._count_rows(segment, start, end)
            if start // size != end // size:
                self.memory.publish(chain, start, end)
            if chain.pending:
                self._look(segment, always=True)
        if step.wanted:
            self._draw(step, logits)

    def _count_rows(self, segment: Segment, start: int, end: int) -> None:
        """Rows of given tokens are prefill, rows seen before are recomputed; the rest is generating."""
        chain, held = segment.chain, segment.held
        if end == start + 1 and start >= held.reached and start >= chain.prompt_length:
            held.reached = end
            if chain.drawn[start - chain.prompt_length]:
                return
            self.count(chain.spend, "prefill", 1)
            return
        fresh = min(max(start, held.reached), end)
        held.reached = max(held.reached, end)
        drawn = sum(chain.drawn[max(fresh - chain.prompt_length, 0) : max(end - chain.prompt_length, 0)])
        self.count(chain.spend, "recomputed", fresh - start)
        self.count(chain.spend, "prefill", end - fresh - drawn)

    def _draw(self, step: Step, logits: Floats) -> None:
        """The next token of each chain whose tokens are all computed."""
        choice = step.choice
        choice.make(logits, _adjusted(logits, step.wanted) if step.adjusted else logits)
        drawn = zip(choice.ids.tolist(), choice.logprobs.tolist(), choice.confidences.tolist(), strict=True)
        spent = self.statistics.spend
        for row, (segment, (token, chance, certain)) in enumerate(zip(step.wanted, drawn, strict=True)):
            if segment.done.done():
                continue
            chain, sampling = segment.chain, segment.chain.sampling
            if chance != chance:
                self._fail(segment, ModelError("the model computes NaN: its weights are damaged."))
                continue
            if chain.top:
                chain.likeliest[len(chain.ids)] = likeliest(logits[row], chain.top)
            stop = token in (self.stop_ids if sampling.stop_ids is None else sampling.stop_ids)
            chain.append(token, chance, certain, drawn=True, silent=stop)
            if chain.counted == "sampled":
                chain.spend.sampled += 1
                spent.sampled += 1
            else:
                self.count(chain.spend, chain.counted, 1)
            event = None
            if stop or sampling.stop or len(chain.ids) >= segment.limit:
                event = over(chain, segment.started, segment.limit, stop=stop)
            if segment.looks:
                self._look(segment, always=event is not None)
            if event is not None:
                self._finish(segment, event)

    def _look(self, segment: Segment, *, always: bool = False) -> None:
        new = len(segment.chain.ids) - segment.started
        for every, look in segment.looks:
            if always or new % every == 0:
                try:
                    event = look()
                except Exception as error:  # the watch of one chain is no trouble of the others
                    self._fail(segment, error)
                    return
                if event is not None:
                    self._finish(segment, event)

    def _fail(self, segment: Segment, error: Exception) -> None:
        if not segment.done.done():
            segment.done.set_exception(error)
        self._leave(segment)

    def _finish(self, segment: Segment, event: Event) -> None:
        if not segment.done.done():
            segment.done.set_result(event)
        self._leave(segment)

    def _leave(self, segment: Segment) -> None:
        """Out of the batch, also when the awaiting task was cancelled."""
        segment.chain.thinking = False
        if not segment.done.done():
            segment.done.cancel()
        self._scheduler.remove(segment)


def _adjusted(logits: Floats, segments: list[Segment]) -> Floats:
    """A copy of the logits after each chain's repetition penalty and bias."""
    logits = logits.copy()
    for row, segment in zip(logits, segments, strict=True):
        chain = segment.chain
        penalty, bias = chain.sampling.repetition_penalty, chain.sampling.bias
        if penalty != 1:
            seen = np.array(chain.ids)  # those that stand there twice get the same value twice
            row[seen] = np.where(row[seen] > 0, row[seen] / penalty, row[seen] * penalty)
        if bias:
            row[list(bias)] += list(bias.values())
    return logits
