"""The watch on language: tells where the thoughts or the answer go on in another one.

Mixing languages is a known fault of reasoning models, and making them stop it can cost accuracy, so
this only tells. It goes by script, which is certain after a few words; of languages that share one
(English and French, or Chinese where Japanese is expected) by an estimate, where a library for it is there.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from mull.engine.chain import Chain
from mull.engine.events import Event, Switched
from mull.engine.watch import Look
from mull.errors import MullError
from mull.guard.tongue import Tongue
from mull.guard.writing import SCRIPTS, Prose, Writing, scripts_of


def expected(language: str, question: str = "") -> frozenset[str]:
    """The scripts of a language code, or with `auto` those of the question.

    Raises MullError for an unknown code.
    """
    if language == "auto":
        return scripts_of(question)
    if language not in SCRIPTS:
        raise MullError(f"unknown language {language!r}: use auto, or one of {', '.join(sorted(SCRIPTS))}.")
    return SCRIPTS[language]


@dataclass(frozen=True, slots=True)
class Language:
    """Raises `Switched` where prose leaves the expected scripts or language, once for each time it does.

    `chain.rewind(event.start)` takes back what is in the other one. A text that had left when the stretch
    began is not told of again before it has come back. `language` is a code, or auto for that of the
    question; without it only scripts are told apart. The event names scripts (`Latin`) or languages (`en`).
    """

    scripts: frozenset[str]
    language: str | None = None
    question: str = ""
    every: int = 8

    def start(self, chain: Chain) -> Look:
        pieces, reader = chain.pieces, chain.engine.format.reader()
        prose, readers = Prose(), self._readers()
        starts = [0]  # of each piece of this part, in characters
        first = seen = 0

        def look() -> Event | None:
            nonlocal first, seen, starts, prose, readers
            told: Event | None = None
            for index in range(seen, len(pieces)):
                part = reader.phase
                starts.append(starts[-1] + len(pieces[index]))
                letters = [*prose.feed(pieces[index])]
                for switch in (switch for each in readers for switch in each.feed(letters)):
                    token = chain.prompt_length + _whole(
                        pieces, first + bisect_right(starts, switch.start) - 1
                    )
                    told = told or Switched(len(chain.ids), part, token, switch.left, switch.found)
                reader.feed(pieces[index])
                if reader.phase != part:
                    prose, readers = Prose(), self._readers()
                    starts, first = [0], index + 1
            seen = len(pieces)
            return told

        look()  # what stands there already is told by nobody
        return look

    def _readers(self) -> list[Writing | Tongue]:
        writing = Writing(self.scripts)
        return [writing, Tongue(self.language, self.question)] if self.language else [writing]


def _whole(pieces: list[str], index: int) -> int:
    """The first token of the character that ends in this piece."""
    while index and not pieces[index - 1]:
        index -= 1
    return index
