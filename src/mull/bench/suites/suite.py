"""A suite: questions with their gold answers, and all that has to be said about them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Self

from mull.bench.judge import Name
from mull.bench.record import Item
from mull.errors import MullError

PLACE = "{question}"


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a suite before its rows are.

    title      in one line
    source     where the rows come from
    rights     who may do what with them
    judge      who decides, see `judge`
    prompt     text around a question, which stands at {question}
    advice     sampling, samples and cap that make a number of it comparable
    errata     known errors of its labels
    published  figures of others, and what is not known about them
    shown      whether a run may hold copies of the questions
    """

    name: str
    title: str
    source: str
    rights: str
    judge: Name = "grader"
    prompt: str = PLACE
    advice: str = ""
    errata: str = ""
    published: str = ""
    shown: bool = True

    def __post_init__(self) -> None:
        if PLACE not in self.prompt:
            raise MullError(f"the prompt of {self.name} does not say where the question goes: write {PLACE}.")


@dataclass(frozen=True, slots=True)
class Suite:
    """`data` is a SHA-256 of all questions and gold answers; `version` says which copy they are."""

    about: About
    version: str
    items: tuple[Item, ...]
    data: str

    @classmethod
    def of(cls, about: About, version: str, items: Sequence[Item]) -> Self:
        """Raises MullError for none at all, an id of two questions, and two copies of all of them."""
        if not items:
            raise MullError(f"{about.name}: the data holds no questions.")
        most, count = Counter(each.id for each in items).most_common(1)[0]
        if count > 1:
            raise MullError(f"{about.name}: {count} questions have the id {most!r}.")
        if min(Counter((each.group, each.question) for each in items).values()) > 1:
            raise MullError(f"{about.name}: every question stands there twice: name one file (--data FILE).")
        return cls(about, version, tuple(items), digest(items))

    def asked(self, item: Item) -> str:
        """The question as it is put to a model."""
        return self.about.prompt.replace(PLACE, item.question)

    def first(self, count: int | None) -> Self:
        """With the first `count` questions of each group; the data are still the same."""
        if count is None:
            return self
        seen: Counter[str | None] = Counter()
        kept = []
        for item in self.items:
            seen[item.group] += 1
            if seen[item.group] <= count:
                kept.append(item)
        return replace(self, items=tuple(kept))

    def kept(self, item: Item) -> Item:
        """What a run's folder may hold of it."""
        return replace(item, facts=None, question=item.question if self.about.shown else "")


def digest(items: Sequence[Item]) -> str:
    """SHA-256 of questions and gold answers, by their ids."""
    whole = sha256()
    for item in sorted(items, key=lambda each: each.id):
        text = json.dumps([item.id, item.question, item.gold], ensure_ascii=False)
        whole.update(text.encode("utf-8", "backslashreplace") + b"\n")
    return whole.hexdigest()
