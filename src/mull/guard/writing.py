"""Which script prose is written in, letter by letter; mathematics, code and quotations are left out."""

from __future__ import annotations

import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_SCRIPTS = {
    "CJK": "Han",
    "HIRAGANA": "Kana",
    "KATAKANA": "Kana",
    "KATAKANA-HIRAGANA": "Kana",
    "IDEOGRAPHIC": "Han",
}
_WIDE = ("HALFWIDTH", "FULLWIDTH")
_EVERYWHERE = frozenset({"Greek"})  # the letters of mathematics
_LETTERS = ("LETTER", "IDEOGRAPH", "SYLLABLE", "CHARACTER")


def _codes(text: str) -> list[str]:
    return text.split()


# Scripts of languages, by ISO 639-1 code; any other language is known by its script's name.
SCRIPTS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        _codes("en de fr es it pt nl sv da no fi pl cs sk hu ro hr sl lt lv et tr vi id ms sw af sq eu ca"),
        frozenset({"Latin"}),
    ),
    **dict.fromkeys(_codes("ru uk be bg mk kk ky mn"), frozenset({"Cyrillic"})),
    **dict.fromkeys(_codes("ar fa ur"), frozenset({"Arabic"})),
    **dict.fromkeys(_codes("hi mr ne"), frozenset({"Devanagari"})),
    "sr": frozenset({"Cyrillic", "Latin"}),
    "zh": frozenset({"Han"}),
    "ja": frozenset({"Han", "Kana"}),
    "ko": frozenset({"Hangul", "Han"}),
    "el": frozenset({"Greek"}),
    "he": frozenset({"Hebrew"}),
    "th": frozenset({"Thai"}),
    "bn": frozenset({"Bengali"}),
    "ta": frozenset({"Tamil"}),
    "te": frozenset({"Telugu"}),
    "ka": frozenset({"Georgian"}),
    "hy": frozenset({"Armenian"}),
}


@lru_cache(maxsize=1 << 16)
def script(char: str) -> str | None:
    """The script of a letter (`Latin`, `Han`, `Cyrillic`, ...); None for what is no letter of a language."""
    if not char.isalpha():
        return None
    first, *others = unicodedata.name(char, "").split(" ")
    if first in _WIDE and others:
        first, *others = others
    if first in _SCRIPTS:
        return _SCRIPTS[first]
    plain = any(word.startswith(_LETTERS) for word in others) and "MATHEMATICAL" != first != "MODIFIER"
    return first.capitalize() if plain and "-" not in first else None


def scripts_of(text: str) -> frozenset[str]:
    """The scripts a text is written in: each that has a tenth of its letters. Latin where it has none."""
    found = Counter(kind for _, char, _ in Prose().feed(text) if (kind := script(char)) is not None)
    most = frozenset(kind for kind, count in found.items() if count * 10 >= found.total())
    return most | {"Han"} if "Kana" in most else most or frozenset({"Latin"})


_CLOSING = dict(zip('$"“«„「『《`', '$"”»“」』》`', strict=True))


Letter = tuple[int, str, bool]  # its place, the letter, and whether its word has a capital initial


class Prose:
    """The letters of a growing text that are prose, with their places.

    Left out are `$...$`, `\\(...\\)`, `\\[...\\]`, backquotes and code fences, and what stands in
    quotation marks. All but a fence end with the line, so that a mark without a partner does no harm.
    """

    def __init__(self) -> None:
        self._length = 0  # of the text so far
        self._until = ""  # ends what is left out
        self._fence = False
        self._ticks = 0
        self._escape = False  # after a backslash
        self._command = False  # in \\alpha
        self._word = False  # in a word that began with a capital letter
        self._inside = False  # in any word

    def feed(self, text: str) -> Iterator[Letter]:
        """The letters of prose in more text."""
        for place, char in enumerate(text, self._length):
            if self._take(char):
                if not self._inside:
                    self._word = char.isupper()
                self._inside = True
                yield place, char, self._word
            else:
                self._inside = False
        self._length += len(text)

    def _take(self, char: str) -> bool:
        letter = char.isalpha()
        self._command &= letter
        escaped, self._escape = self._escape, char == "\\" and not self._escape
        if char == "`":
            self._ticks += 1
            if self._ticks == 3:
                self._fence, self._until = not self._fence, ""
                return False
        else:
            self._ticks = 0
        if self._fence:
            return False
        if char == "\n":
            self._until = ""
        elif escaped:
            self._command = letter
            if char in "([" and not self._until:
                self._until = "\\" + {"(": ")", "[": "]"}[char]
            elif self._until == "\\" + char:
                self._until = ""
        elif self._until:
            if char == self._until:
                self._until = ""
        elif char in _CLOSING:
            self._until = _CLOSING[char]
        return letter and not (self._until or self._command)


@dataclass(frozen=True, slots=True)
class Switch:
    """Prose goes on in another script from character `start`."""

    start: int
    left: str
    found: str


class Writing:
    """Finds where prose leaves the expected scripts.

    Of the last `window` letters `share` must be foreign. Latin words stand in text of every language,
    so where Latin is foreign it takes `most`, and words with a capital initial (names) do not count.
    After a switch the other script is the usual one, until less than a tenth of the letters is in it.
    """

    def __init__(
        self, expected: frozenset[str], window: int = 64, share: float = 0.3, most: float = 0.8
    ) -> None:
        self.expected = expected
        self.window = window
        self._needed = {True: int(most * window), False: int(share * window)}
        self._letters: deque[tuple[int, str | None]] = deque(maxlen=window)  # place, foreign script
        self._counts: Counter[str | None] = Counter()
        self._away: str | None = None  # the script it has switched to

    def feed(self, letters: Iterable[Letter]) -> list[Switch]:
        """Take more letters of prose; the switches in them."""
        found = []
        for place, char, name in letters:
            kind = script(char)
            if kind is None or (kind in _EVERYWHERE and kind not in self.expected):
                continue
            if kind in self.expected:
                foreign = None
            elif kind == "Latin" and name:
                continue
            else:
                foreign = kind
            if switch := self._push(place, foreign):
                found.append(switch)
        return found

    def _push(self, place: int, foreign: str | None) -> Switch | None:
        if len(self._letters) == self.window:
            self._counts[self._letters[0][1]] -= 1
        self._letters.append((place, foreign))
        self._counts[foreign] += 1
        if self._away is not None:
            if self._counts[self._away] * 10 < self.window:
                self._away = None
            return None
        if foreign is None or self._counts[foreign] < self._needed[foreign == "Latin"]:
            return None
        self._away = foreign
        return Switch(self._first(foreign), "/".join(sorted(self.expected)), foreign)

    def _first(self, foreign: str) -> int:
        """Where the run of foreign letters began; a few others may stand between them."""
        first, gap = self._letters[-1][0], 0
        for place, kind in reversed(self._letters):
            if kind == foreign:
                first, gap = place, 0
            else:
                gap += 1
                if gap > 8:
                    break
        return first
