"""Which chains take part in the next step, and with how many rows.

Chains that think wait for a place, oldest first. A step takes one row of every chain that is
generating and a bounded chunk of the prompts that are still being read, so a long prompt never holds
the others up for long. When pages run out, chains at rest and then the youngest running ones give
theirs back and are computed again later; the oldest always goes on, so nothing is lost and nothing
waits for ever.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mull.engine.choose import Choice, library
from mull.engine.events import Event
from mull.engine.memory import Held, Memory
from mull.engine.spend import Statistics
from mull.engine.watch import Look
from mull.errors import OutOfPages
from mull.runner.base import Rows

if TYPE_CHECKING:
    from mull.engine.chain import Chain


@dataclass(slots=True, eq=False)
class Segment:
    """One `think` in progress."""

    chain: Chain
    held: Held
    ticket: int
    limit: int  # length in tokens at which max_tokens are spent
    started: int
    looks: list[tuple[int, Look]]
    done: asyncio.Future[Event]
    running: bool = False


@dataclass(slots=True)
class Step:
    """What the runner is asked, `work` (segments and their rows) it does, and whose logits it returns.

    Where every running chain only takes the token it has just drawn, the next step is this one again, a
    position further; `room` counts how often that goes well before a chain needs a new page.
    """

    rows: Rows
    work: list[tuple[Segment, int]]
    wanted: list[Segment]
    choice: Choice
    again: bool
    adjusted: bool  # whether any of the wanted logits are penalised or biased
    room: int = 0


class Scheduler:
    def __init__(self, memory: Memory, statistics: Statistics, max_chains: int, chunk: int) -> None:
        self.memory = memory
        self.statistics = statistics
        self.max_chains = max_chains
        self.chunk = chunk
        self.running: list[Segment] = []
        self.waiting: list[Segment] = []
        self._step: Step | None = None  # the latest, while the same chains run
        self._lines: list[Segment] = []  # whose pages stand in the lines of `_table`
        self._table = np.zeros((0, 0), np.int32)

    def __len__(self) -> int:
        """Chains that think, whether they have a place or wait for one."""
        return len(self.running) + len(self.waiting)

    def all(self) -> list[Segment]:
        return [*self.running, *self.waiting]

    def remove(self, segment: Segment) -> None:
        if segment in self.running:
            self.running.remove(segment)
            self._step = None
        elif segment in self.waiting:
            self.waiting.remove(segment)

    def next(self) -> Step | None:
        """The next step, its pages reserved. None when nobody thinks."""
        for segment in [segment for segment in self.all() if segment.done.done()]:
            self.remove(segment)  # its awaiting task was cancelled meanwhile
        if self.waiting:
            self._admit()
        if not self.running:
            return None
        if self._step is None or not self._advance(self._step):
            self._step = self._build(self._plan())
        return self._step

    def _advance(self, step: Step) -> bool:
        """Make of the latest step the next one; False where that is not possible."""
        if not step.again:
            return False
        if not step.room:
            chains = [segment.chain for segment in step.wanted]
            if not all(self.memory.reserve(chain, 1) for chain in chains):
                return False
            if self._tables(step.wanted) is not step.rows.tables:
                return False
            step.room = min(map(self.memory.room, chains))
        step.room -= 1
        step.rows.tokens[:] = step.choice.ids
        step.rows.positions[:] += 1
        step.choice.positions[:] += 1
        return True

    def _admit(self) -> None:
        """Let waiting chains in, oldest first, while there are places and pages for their prompts."""
        self.waiting.sort(key=lambda segment: segment.ticket)
        before = len(self.running)
        while self.waiting and len(self.running) < self.max_chains:
            segment = self.waiting[0]
            self._attach(segment.chain)
            missing = segment.chain.pending // self.memory.size + 1
            if self.running and missing > self.memory.pages.free:
                break
            segment.running = True
            self.running.append(self.waiting.pop(0))
        if len(self.running) > before:
            # Relatives stand together, so that a runner can read what they share once.
            self.running.sort(key=lambda segment: (segment.chain.root, segment.chain.path))
            self._step = None

    def _plan(self) -> list[tuple[Segment, int]]:
        """How many rows each running chain gets, pages reserved; in the order of `running`.

        The oldest are asked first, so that those who give their pages have no share yet.
        """
        budget = self.chunk
        begun: set[bytes] = set()
        shares: dict[Segment, int] = {}
        for segment in sorted(self.running, key=lambda segment: segment.ticket):
            chain = segment.chain
            if not segment.running:  # gave its pages to an older one
                continue
            rows = 1
            if chain.pending > 1:
                self._attach(chain)
                rows = min(chain.pending, budget)
                if not rows or self._begun_by_another(chain, rows, begun):
                    continue
                budget -= rows
            while segment.running and not self.memory.reserve(chain, rows):
                self._make_room()
            if segment.running:
                shares[segment] = rows
        return [(segment, shares[segment]) for segment in self.running if segment in shares]

    def _begun_by_another(self, chain: Chain, rows: int, begun: set[bytes]) -> bool:
        """Whether an older chain computes this chain's next page in this very step.

        Then it is cheaper to wait: the page will be found in memory afterwards.
        """
        start = len(chain.ids) - chain.pending
        pages = range(-(-start // self.memory.size), (start + rows) // self.memory.size)
        if not pages:
            return False
        if start % self.memory.size == 0 and self.memory.key(chain, pages[0]) in begun:
            return True
        begun.update(self.memory.key(chain, index) for index in pages)
        return False

    def _make_room(self) -> None:
        """Take pages from a chain at rest, else from the youngest running one, be it the one that asks."""
        running = {each.chain for each in self.running}
        held = self.memory.held
        victim = next((chain for chain in held if held[chain].pages and chain not in running), None)
        if victim is None:
            youngest = max(self.running, key=lambda each: each.ticket)
            if len(self.running) == 1:
                raise OutOfPages("a single chain does not fit into the engine's memory.")
            self.remove(youngest)
            youngest.running = False
            self.waiting.append(youngest)
            victim = youngest.chain
        self.memory.evict(victim)
        self.statistics.evictions += 1

    def _attach(self, chain: Chain) -> None:
        """Take over what other chains have computed of this chain's prefix."""
        held, start = self.memory.held[chain], len(chain.ids) - chain.pending
        end = start + self.memory.attach(chain)
        self.statistics.count(chain.spend, "cached", max(0, end - max(start, held.reached)))
        held.reached = max(held.reached, end)

    def _build(self, work: list[tuple[Segment, int]]) -> Step:
        """The step that does this work; wanted are the logits that decide a segment's next token."""
        tokens: list[int] = []
        positions: list[int] = []
        owners: list[int] = []
        wants: list[int] = []
        wanted: list[Segment] = []
        for line, (segment, share) in enumerate(work):
            chain = segment.chain
            start = len(chain.ids) - chain.pending
            tokens += chain.ids[start : start + share]
            positions += range(start, start + share)
            owners += [line] * share
            if share == chain.pending:
                wants.append(len(tokens) - 1)
                wanted.append(segment)
        rows = Rows(
            np.array(tokens, np.int32),
            np.array(positions, np.int32),
            np.array(owners, np.int32),
            self._tables([segment for segment, _ in work]),
            np.array(wants, np.int32),
        )
        chains = [segment.chain for segment in wanted]
        choice = Choice(chains, self.memory.runner.limits.vocab_size, library())
        again = len(tokens) == len(wanted) == len(self.running)
        adjusted = any(chain.sampling.bias or chain.sampling.repetition_penalty != 1 for chain in chains)
        return Step(rows, work, wanted, choice, again, adjusted)

    def _tables(self, lines: list[Segment]) -> NDArray[np.int32]:
        """Page tables of these segments; only lines that changed since the last step are copied."""
        width = max(len(segment.held.pages) for segment in lines)
        if lines != self._lines or width > self._table.shape[1]:
            self._lines = lines
            self._table = np.zeros((len(lines), width + 8), np.int32)
            for segment in lines:
                segment.held.moved = True
        for line, segment in zip(self._table, lines, strict=True):
            held = segment.held
            if held.moved:
                line[: len(held.pages)] = held.pages
                held.moved = False
        return self._table
