"""The embedded model: the checkpoint in this folder, and what to expect of it.

It is a few million parameters large, trained from nothing on the families of `mull.tasks`, and knows
nothing else. `stranger` tells a user so before the model embarrasses itself.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

WORDS = "words.txt"  # all words of the questions it was trained on, made with the model

WARNING = (
    "[This looks like nothing the embedded model has learned. It is only a few million parameters large "
    "and knows the puzzle families of `mull tasks`; take its answer as a guess. "
    "For real questions use a bigger model: mull ask --model Qwen/QwQ-32B, or any Qwen2 or Qwen3 folder.]"
)

STRANGE = 0.2  # share of words it does not know: more, and the question is about something else

_WORD = re.compile(r"[^\W\d_]+")
_TOPIC = re.compile(r"\d|\bkna(?:ve|ves)\b|\bknights?\b|\bthan\b", re.IGNORECASE)


def stranger(question: str) -> str | None:
    """A warning for a question unlike those the embedded model was trained on, else None.

    They have numbers in them, or are about knights and knaves, or compare people.
    """
    words = words_of(question)
    unknown = sum(word not in _known() for word in words)
    return None if _TOPIC.search(question) and unknown <= STRANGE * len(words) else WARNING


def words_of(text: str) -> list[str]:
    """Its words in small letters; a single letter is a name for a number, not a word."""
    return [word.lower() for word in _WORD.findall(text) if len(word) > 1]


@cache
def _known() -> frozenset[str]:
    return frozenset((Path(__file__).parent / WORDS).read_text(encoding="utf-8").split())
