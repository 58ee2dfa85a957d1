"""The embedded model: the checkpoint in this folder, and what to expect of it.

It is a few million parameters large, trained from nothing on the families of `mull.tasks`, and knows
nothing else. `stranger` tells a user so before the model embarrasses itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mull.model.tokenizer import Tokenizer

WARNING = (
    "[This looks like nothing the embedded model has learned. It is only a few million parameters large "
    "and knows the puzzle families of `mull tasks`; take its answer as a guess. "
    "For real questions use a bigger model: mull ask --model Qwen/QwQ-32B, or any Qwen2 or Qwen3 folder.]"
)

_WORD = re.compile(r" ?[^\W\d_]+")
_TOPIC = re.compile(r"\d|\bkna(?:ve|ves)\b|\bknights?\b", re.IGNORECASE)


def stranger(question: str, tokenizer: Tokenizer) -> str | None:
    """A warning for a question unlike those the embedded model was trained on, else None.

    Every word it was trained with is one token; a question about numbers has a digit in it, and the
    others are about knights and knaves.
    """
    known = all(
        len(tokenizer.encode(word)) == 1 or len(tokenizer.encode(word.lower())) == 1
        for word in _WORD.findall(question)
    )
    return None if known and _TOPIC.search(question) else WARNING
