"""The runner: many answers at once, each written down as soon as it is judged.

Every sample has a seed of its own, made of the run's seed, the question's id and the sample's number: what is
drawn depends neither on what is drawn beside it nor on how often the run was stopped. An engine on several
servers shares the answers out among them itself (`mull.connect`).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import blake2b
from math import isnan
from pathlib import Path
from time import perf_counter

from mull import api
from mull.bench import outcome, pieces
from mull.bench.asking import Asking, manifest
from mull.bench.judge import Judge, Mark, judge
from mull.bench.log import Log
from mull.bench.record import Item, Run, Sample
from mull.bench.suites import Suite
from mull.engine import Engine
from mull.engine.sampling import mix
from mull.errors import MullError, Unreachable
from mull.think.answer import Answer
from mull.think.trace import Trace

PARALLEL = 64  # answers at once

Seen = Callable[[Sample], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run."""

    suite: Suite
    asking: Asking
    seed: int = 0
    k: int = 1


def seed_of(seed: int, item: str, sample: int) -> int:
    """The seed of one sample, 32 bits: `mull ask --seed` draws the same answer to the same prompt with it."""
    name = int.from_bytes(blake2b(item.encode("utf-8", "backslashreplace"), digest_size=8).digest(), "big")
    return mix(seed, name, sample) >> 32


async def run(
    plan: Plan,
    engine: Engine,
    folder: Path,
    *,
    parallel: int = PARALLEL,
    begun: Callable[[Log], None] | None = None,
    seen: Seen | None = None,
) -> Run:
    """Draw what the folder does not hold yet, and return all of it.

    parallel  answers at once
    begun     is told before the first sample; `seen` each new one, when it is on the disk

    A question that cannot be asked is a sample with an error, and tried again in the next run. Raises
    MullError where the folder holds another run, Unreachable when no server answers any more.
    """
    suite = plan.suite
    _check(plan, engine)
    started = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    made = manifest(suite, engine, plan.asking, seed=plan.seed, k=plan.k, started=started)
    log = Log(folder, made, [suite.kept(item) for item in suite.items])
    try:
        if begun is not None:
            begun(log)
        work = _Work(plan, engine, log, judge(suite.about.judge), seen)
        await _all([work.seat() for _ in range(min(parallel, len(work.waiting)))])
    finally:
        log.close()
    return Run.read(folder)


def _check(plan: Plan, engine: Engine) -> None:
    sampling = plan.asking.line.sampling or getattr(engine, "sampling", None)
    greedy = sampling is not None and sampling.temperature == 0
    if plan.k > 1 and greedy and plan.asking.strategy == "think":
        raise MullError(
            f"{plan.k} samples at temperature 0 are {plan.k} times the same one: choose a --temperature."
        )


class _Work:
    """Samples to be drawn: every question is asked once before one is asked twice."""

    def __init__(self, plan: Plan, engine: Engine, log: Log, judge: Judge, seen: Seen | None) -> None:
        self.plan, self.engine, self.log, self.judge, self.seen = plan, engine, log, judge, seen
        self.config = log.manifest.hash
        self.waiting = deque(
            (item, number)
            for number in range(plan.k)
            for item in plan.suite.items
            if (item.id, number) not in log.done
        )

    async def seat(self) -> None:
        """One answer after the other, until nothing waits."""
        while self.waiting:
            item, number = self.waiting.popleft()
            try:
                sample = await self._draw(item, number)
            except Unreachable:
                raise
            except MullError as error:
                sample = self._sample(item, number, outcome="error", error=str(error))
            except Exception as error:  # a run of days does not end because one answer met a defect
                what = f"{type(error).__name__}: {error}"
                sample = self._sample(item, number, outcome="error", error=what)
            self.log.add(sample)
            if self.seen is not None:
                self.seen(sample)

    async def _draw(self, item: Item, number: int) -> Sample:
        asking, question = self.plan.asking, self.plan.suite.asked(item)
        trace = Trace()
        started = perf_counter()
        answer = await api.answer(
            question,
            engine=self.engine,
            strategy=asking.strategy,
            effort=asking.effort,
            budget=asking.budget,
            line=asking.line_for(question),
            system=asking.system,
            seed=seed_of(self.plan.seed, item.id, number),
            trace=trace,
            **asking.options,
        )
        seconds = perf_counter() - started
        mark = await self._marked(item, outcome.said(answer))
        status = outcome.status(answer, trace)
        return self._sample(
            item,
            number,
            outcome=outcome.outcome(mark, status, looped=outcome.looped(answer, trace)),
            status=status,
            seconds=round(seconds, 4),
            pieces=pieces.of_answer(answer, trace),
            **mark.facts,
            **_told(answer),
        )

    async def _marked(self, item: Item, text: str) -> Mark:
        return await asyncio.to_thread(self.judge, item, text) if text else outcome.NOTHING

    def _sample(self, item: Item, number: int, **facts: object) -> Sample:
        make = partial(Sample, item.id, number, self.config, seed_of(self.plan.seed, item.id, number))
        return make(group=item.group, **facts)  # type: ignore[arg-type]


async def _all(seats: Sequence[Coroutine[None, None, None]]) -> None:
    """Until all are done. The first error ends all of them, and is raised."""
    tasks = [asyncio.create_task(seat) for seat in seats]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _told(answer: Answer) -> dict[str, object]:
    """Of the answer, for its sample."""
    return dict(
        text=outcome.said(answer) or answer.text,
        thoughts=answer.thoughts,
        confidence=0.0 if isnan(answer.confidence) else round(answer.confidence, 6),
        ledger={kind: count for kind, count in asdict(answer.ledger.tokens).items() if count},
        generated=answer.ledger.generated,
        chains=answer.ledger.chains,
    )
