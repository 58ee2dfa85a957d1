"""TIP, the thought-switching penalty: words that begin another thought are made unlikely for a while.

Wang et al. 2025, arXiv 2501.18585: QwQ-32B-Preview leaves its lines of thought too soon, most of all where
it is wrong. Where a thought has begun, the logits of these words are lowered for some hundred tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from mull.engine.chain import Chain
from mull.engine.events import Event
from mull.engine.watch import Look
from mull.model.tokenizer import Tokenizer

WORDS = ("alternatively", "alternative", "another", "wait", "hmm", "but", "maybe")
_SHORTEST = 3  # letters of a word that its first token must have, or it is no sign of the word


@dataclass(frozen=True, slots=True)
class Turned(Event):
    """A word that begins another thought was drawn."""


@dataclass(frozen=True, slots=True)
class Tip:
    """The paper's settings; small distilled models may lose by it, so it is off unless asked for."""

    penalty: float = 3.0
    tokens: int = 600
    words: tuple[str, ...] = WORDS

    def bias(self, tokenizer: Tokenizer) -> Mapping[int, float]:
        """For each token that begins one of the words, in any spelling of case and space."""
        return dict.fromkeys(first_tokens(tokenizer, self.words), -self.penalty)


@dataclass(frozen=True, slots=True)
class Turns:
    """Raises `Turned` when one of these tokens is drawn."""

    ids: frozenset[int]
    every: int = 1

    def start(self, chain: Chain) -> Look:
        ids = chain.ids

        def look() -> Event | None:
            return Turned(len(ids)) if ids[-1] in self.ids else None

        return look


@lru_cache(maxsize=16)
def first_tokens(tokenizer: Tokenizer, words: tuple[str, ...]) -> frozenset[int]:
    """Ids of the first tokens of these words, with and without space, in lower case and capitalised."""
    found = set()
    for word in words:
        for spelled in (word, word.capitalize()):
            for text in (spelled, f" {spelled}"):
                first = tokenizer.encode(text)[0]
                if len(tokenizer.decode([first]).strip()) >= min(_SHORTEST, len(word)):
                    found.add(first)
    return frozenset(found)
