"""Steps of a thought: where one ends, and what it is worth.

A step ends where a person would look up: at the end of a line, at a sentence that turns to another thought,
or where the model has become unsure what to write. Not at every blank line, which cuts thinking models into
crumbs; and never within the answer.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Protocol

from mull.check.claims import ClaimReader
from mull.engine import Chain, Event, Paused
from mull.engine.watch import Look
from mull.think.question import Question
from mull.think.tip import WORDS


@dataclass(frozen=True, slots=True)
class Steps:
    """Raises `Paused` where a step of the thoughts ends.

    least   tokens that a step has at least
    most    tokens after which it ends wherever it is; it goes on there, nothing is cut off
    words   that turn to another thought, at the beginning of a sentence
    unsure  the geometric mean of the probabilities of the latest `window` tokens under which it ends; not
            tuned for any model: 0 is off
    """

    least: int = 16
    most: int = 512
    words: tuple[str, ...] = WORDS
    unsure: float = 0.2
    window: int = 16
    every: int = 1

    def start(self, chain: Chain) -> Look:
        pieces, logprobs, begun = chain.pieces, chain.logprobs, len(chain.pieces)
        reader = chain.engine.format.reader()
        reader.feed(chain.text)
        words = "|".join(map(re.escape, self.words))
        turning = re.compile(rf"(?:[.!?]\s+|\n\s*)({words})\W\Z", re.IGNORECASE)
        reach = 8 + max(map(len, self.words), default=0)
        low = math.log(self.unsure) * self.window if self.unsure else -math.inf
        seen = begun

        def look() -> Event | None:
            nonlocal seen
            fresh = "".join(pieces[seen:])
            seen = len(pieces)
            reader.feed(fresh)
            length = seen - begun
            if length < self.least or reader.phase != "thought":
                return None
            at = len(chain.ids)
            if fresh.endswith("\n"):
                return Paused(at, at, "line")
            if found := turning.search(_tail(pieces, reach)):
                back = _tokens(pieces, len(found.string) - found.start(1))
                return Paused(at, at - back, "turn")
            if length >= self.most:
                return Paused(at, at, "long")
            if length >= self.window and sum(logprobs[-self.window :]) < low:
                return Paused(at, at, "unsure")
            return None

        return look


@dataclass(frozen=True, slots=True)
class Step:
    """The latest tokens of a chain, from its new token `start` on. `over`: its answer is complete."""

    chain: Chain
    start: int
    over: bool = False

    @property
    def text(self) -> str:
        return "".join(self.chain.pieces[self.start :])

    @property
    def confidence(self) -> float:
        """The geometric mean of the probabilities of its drawn tokens, 0 to 1; 0 where there are none."""
        logprobs = [p for p in self.chain.logprobs[self.start :] if p == p]  # forced tokens have none
        return math.exp(sum(logprobs) / len(logprobs)) if logprobs else 0.0

    @property
    def false(self) -> str | None:
        """The first false claim of arithmetic that was completed in it."""
        before = "".join(self.chain.pieces[: self.start])
        line = before[before.rfind("\n") + 1 :]  # a claim may have begun in an earlier step
        reader = ClaimReader()
        found = reader.feed(line + self.text)  # what stands at the very end may still be continued
        for claim in found + (reader.finish() if self.over else []):
            if claim.verdict == "contradicted" and claim.end > len(line):
                return claim.text.strip()
        return None


class Value(Protocol):
    async def judge(self, question: Question, step: Step) -> float:
        """What a step is worth, 0 to 1; at 0 nothing goes on from it. A reward model for steps goes here."""
        ...


@dataclass(frozen=True, slots=True)
class Soundness:
    """0 for a step with false arithmetic, else its confidence: free, but weak beside a trained model."""

    async def judge(self, question: Question, step: Step) -> float:
        return 0.0 if step.false else step.confidence


def _tail(pieces: list[str], reach: int) -> str:
    """At least the last `reach` characters, if there are so many."""
    tail, place = "", len(pieces)
    while place and len(tail) < reach:
        place -= 1
        tail = pieces[place] + tail
    return tail


def _tokens(pieces: list[str], chars: int) -> int:
    """How many of the last tokens the last `chars` characters take."""
    count = 0
    while chars > 0:
        count += 1
        chars -= len(pieces[-count])
    return count
