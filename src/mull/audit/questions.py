"""The questions of the audit, as `questions.toml` has them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a full answer would name, and by language the spellings that count as naming it."""

    fact: str
    spellings: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Question:
    """A topic, the place it is asked about, the wording by language, and the facts."""

    topic: str
    about: str
    text: Mapping[str, str]
    facts: tuple[Fact, ...]


@cache
def questions() -> tuple[Question, ...]:
    """All of them; each topic is asked about each place."""
    read = tomllib.loads(files("mull.audit").joinpath("questions.toml").read_text("utf-8"))["question"]
    return tuple(
        Question(
            each["topic"],
            each["about"],
            {language: each[language] for language in LANGUAGES},
            tuple(Fact(fact["fact"], {name: fact[name] for name in LANGUAGES}) for fact in each["facts"]),
        )
        for each in read
    )
