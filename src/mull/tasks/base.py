"""What a task family promises.

A family makes problems, writes the thoughts that solve them, and scores answers.

- `problem(split, level, index)` is a pure function: the same arguments give the same problem everywhere.
- Whether a problem belongs to "train" or "test" is decided by a hash of its canonical `key` (the problem
  without its wording); items are redrawn until the key belongs to the split: the two never share a problem.
- A few wordings of every family are held out: "train" never uses them, half of "test" does.
- `trace` writes readable steps; a planted mistake is a `Segment` with `learn=False` and is repaired later.
- `score` reads only the text of an answer and the problem's `truth`: see `scorer`, which stands alone.

Standard library only: this folder and `mull.errors` can be copied into any trainer.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Any, Literal

from mull.errors import MullError
from mull.tasks import scorer

VERSION = 4  # part of every seed: raise it when published problems have to change
TEST_SHARE = 16  # one key of this many belongs to the test split

Split = Literal["train", "test"]
Facts = Mapping[str, Any]


class TaskError(MullError):
    """A family, split, level or record that does not exist or cannot be read."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One question with its answer. `facts` (JSON-able) is what the tracer and the scorer need."""

    question: str
    answer: str
    key: str
    family: str
    level: int
    split: str
    index: int
    facts: Facts
    new_wording: bool = False  # worded in a way that "train" never uses


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a trace; `learn=False` marks a planted mistake, on which no loss is taken."""

    text: str
    learn: bool = True


@dataclass(frozen=True, slots=True)
class Wordings:
    """Templates for `str.format`: those of training, and those only the test split may use."""

    seen: tuple[str, ...]
    held_out: tuple[str, ...]


class Family:
    """Base of the families: a subclass draws facts, and makes question, answer, trace and score from them."""

    name: str
    title: str
    levels = range(1, 6)
    wordings: Mapping[str, Wordings]  # by facts["kind"]

    def problem(self, split: Split, level: int, index: int) -> Problem:
        """The problem at (split, level, index). Raises TaskError for a split or level that does not exist."""
        if split not in ("train", "test"):
            raise TaskError(f"no split {split!r}: use train or test")
        if level not in self.levels:
            raise TaskError(f"{self.name} has levels {self.levels[0]} to {self.levels[-1]}, not {level}")
        rng = Random(_hash(f"{VERSION}/{split}/{self.name}/{level}/{index}"))
        while True:
            facts = self.draw(rng, level)
            key = self.key(facts)
            if in_test(key) == (split == "test") and self.valid(facts):
                break
        wordings = self.wordings[facts["kind"]]
        new_wording = split == "test" and rng.random() < 0.5
        template = rng.choice(wordings.held_out if new_wording else wordings.seen)
        question = template.format(**self.words(rng, facts))
        return Problem(question, self.answer(facts), key, self.name, level, split, index, facts, new_wording)

    def draw(self, rng: Random, level: int) -> Facts:
        """Random facts; always with a "kind", which selects the wordings."""
        raise NotImplementedError

    def key(self, facts: Facts) -> str:
        """The problem without its wording: equal for any two problems that are the same for a solver."""
        raise NotImplementedError

    def valid(self, facts: Facts) -> bool:
        """Whether the facts make a proper problem: the costly checks, done after the split is known."""
        return True

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        """What the template of a question is filled with."""
        return facts

    def answer(self, facts: Facts) -> str:
        """What belongs into the box."""
        raise NotImplementedError

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        """The thoughts, without tags; `slips` is the chance of a planted mistake, where one can be found."""
        raise NotImplementedError

    def truth(self, problem: Problem) -> Facts:
        """What the scorer needs to know, as a JSON object. This one is for whole numbers."""
        return {"form": "integer", "answer": problem.answer}

    def score(self, problem: Problem, text: str) -> float:
        """1.0 if the last box of `text` holds a right answer, else 0.0."""
        return scorer.score(self.truth(problem), text)


def final(problem: Problem) -> str:
    """The sentence that follows the thoughts."""
    return f"The answer is \\boxed{{{problem.answer}}}."


def worked(problem: Problem, thoughts: Iterable[Segment]) -> str:
    """All that a model is to write: the thoughts between their tags, then the answer."""
    return f"<think>\n{''.join(segment.text for segment in thoughts)}\n</think>\n\n{final(problem)}"


def in_test(key: str) -> bool:
    """Whether the problem with this canonical key is held out from training."""
    return _hash(key) % TEST_SHARE == 0


def spaced(rng: Random, expression: str) -> str:
    """The expression, half of the time with spaces around its operators, as people type both."""
    return expression if rng.random() < 0.5 else re.sub(r"(?<=.)([-+*/=×−])", r" \1 ", expression)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
