r"""From an answer's text to trees: every reading that people may mean by it.

`1,234` is a number and a list of two; `2,74` is a list, and a decimal where commas are points; `(B) 12` is a
choice and a number. Two answers are equal if any reading of one equals any reading of the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from mull.check.grade.clean import clean
from mull.check.grade.lex import LONGEST, Unreadable, lex
from mull.check.grade.parse import parse
from mull.check.grade.tree import Const, Node, Num, Quantity, Sym, Words, key
from mull.check.grade.units import UNITS, unit

_NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's text in one spelling, and its readings, the likeliest first; the last may be mere words."""

    text: str
    spelling: str
    readings: tuple[Node, ...]

    @property
    def mathematical(self) -> bool:
        return any(not isinstance(reading, Words) for reading in self.readings)


_GROUPS = re.compile(
    r"(?<![\d.,])\d{1,3}(?:([, '\u2009])\d{3}(?:\1\d{3})*)(?![\d,])|(?<![\d.,])\d{1,2}(?:,\d\d)+,\d{3}(?!\d)"
)
_GROUPS_AT_POINTS = re.compile(
    r"^(\D*)(\d{1,3}(?:\.\d{3})+)(?:,(\d+))?(?![\d.,])|^(\D*)(\d{1,3}(?: \d{3})+),(\d+)(?!\d)"
)
_DECIMAL_COMMA = re.compile(r"(?<![\d,.(\[{])(\d+),(\d+)(?![\d,.])")
_REPEATING = re.compile(r"(\d*)\.(\d*)(?:\\(?:overline|bar|dot)\s*\{?\s*(\d+)\s*\}?|\((\d+)\))")
_ENDLESS = re.compile(r"(\d*)\.(\d*?)(\d{1,6}?)(\3{2,})\d{0,5}\s*\\ldots")
_CHOICE = re.compile(
    r"^(?:\\text\{)?\s*(?:(?:option|choice)\s+)?\(?([A-J])(?:\)|\.|:)\s*\}?[\s:.]*(?:\\text\{)?(.*?)\}?$",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"^(?:(?:about|approximately|approx\.?|exactly|only|just|roughly|around|simply|both|either|USD|Rs\.?)\s+|\\approx\s*|=\s*)+",
    re.IGNORECASE,
)
_APPROXIMATELY = re.compile(r"\s*\\(?:approx|simeq)(?![A-Za-z])\s*")
_CONDITION = re.compile(r"[,\s]*(?:\\text\{\s*)?\b(?:where|for (?:some|all|any|every)|with)\b.*$")
_VALUE_UNIT = re.compile(
    r"^(.*[\d})])\s*((?:[A-Za-zµ]{1,3})(?:\s*\^\s*\{?-?\d\}?)?(?:\s*/\s*[A-Za-z]{1,3}(?:\s*\^\s*\{?\d\}?)?)?)$"
)
_CLOCK = re.compile(r"\d\s*(?:\\text\{)?\s*[ap]\.?\s?m\b", re.IGNORECASE)
_LARGE = re.compile(
    r"(?<=[\d}])\s*(?:\\text\{)?\s*(hundred|thousand|million|billion|trillion)\s*\}?", re.IGNORECASE
)
_ZEROS = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_OUTWARD = re.compile(r"^([\[\]])([^\[\]]*)([\[\]])$")  # ]0,1[ is (0,1)
_COUNTER = re.compile(r"(?<=[\d)}%])\s*[^\x00-\x7f]+$")  # "3页", "12個"
_ARTICLES = re.compile(r"\b(?:a|an|the)\s+")
_LISTED = re.compile(r",\s*(?:and\s+)?|\s+and\s+")
_WORD_MARKS = re.compile(r"\\text|\\quad|[{}$*\\.,;:!?\"'()\[\]_]")
_MEANINGS: dict[str, Node] = {
    **dict.fromkeys(
        ("no solution", "no solutions", "no real solution", "no real solutions", "empty set", "none",
         "no such number", "no such numbers", "no real roots", "no roots"),
        Const("empty"),
    ),
    **dict.fromkeys(("all real numbers", "all reals", "set of all real numbers", "real numbers"), Const("R")),
    **{
        word: Num(Fraction(value))
        for value, word in enumerate(
            _NUMBER_WORDS.split()
        )
    },
    "one half": Num(Fraction(1, 2)),
    "one third": Num(Fraction(1, 3)),
    "one quarter": Num(Fraction(1, 4)),
    "infinity": Const("inf"),
}  # fmt: skip


@lru_cache(maxsize=4096)
def read(text: str) -> Answer:
    """All readings of an answer. Never raises; what is not understood is read as words."""
    if len(text) > LONGEST:
        return Answer(text, " ".join(text.split()), (Words(" ".join(text.split())),))
    spelling = clean(text)
    found: dict[str, Node] = {}
    bare = _COUNTER.sub("", _PREFIX.sub("", spelling))
    for part in (bare, *_APPROXIMATELY.split(bare)) if _APPROXIMATELY.search(bare) else (bare,):
        for variant in _variants(part):
            _add(found, variant)
    if match := _CHOICE.match(spelling):
        found.setdefault(match[1].upper(), Sym(match[1].upper()))
        if match[2].strip():
            for variant in _variants(match[2].strip()):
                _add(found, variant)
            named = Words(wording(match[2]))
            found.setdefault(key(named), named)
    if not found and (match := _CONDITION.search(bare)) and match.start():
        _add(found, bare[: match.start()])
    words = wording(spelling)
    if meaning := _MEANINGS.get(words):
        found.setdefault(key(meaning), meaning)
    if words and not found:
        found[key(Words(words))] = Words(words)
    return Answer(text, _spelling(spelling), tuple(found.values()))


def wording(spelling: str) -> str:
    """Words in lower case, without articles and punctuation, the members of a short list sorted."""
    parts = [part for part in map(_bare_words, _LISTED.split(spelling)) if part]
    short = all(part.count(" ") < 3 for part in parts)
    return " and ".join(sorted(parts)) if short else _bare_words(spelling)


def _bare_words(spelling: str) -> str:
    return _ARTICLES.sub("", " ".join(_WORD_MARKS.sub(" ", spelling).lower().split()))


def _spelling(text: str) -> str:
    """The tokens side by side: equal for texts that differ only in spaces."""
    try:
        return " ".join(token.text if token.kind != "text" else token.text.lower() for token in lex(text))
    except Unreadable:
        return " ".join(text.split())


def _add(found: dict[str, Node], text: str) -> None:
    if _CLOCK.search(text):
        return
    try:
        node = parse(text)
        found.setdefault(key(node), node)
    except (Unreadable, RecursionError):
        pass
    if (match := _VALUE_UNIT.match(text)) and (measure := _measure(match[2])):
        try:
            node = Quantity(parse(match[1]), measure)
            found.setdefault(key(node), node)
        except (Unreadable, RecursionError):
            pass


def _measure(text: str) -> str | None:
    """The unit, if every name in it is one."""
    names = re.findall(r"[A-Za-z]+", text)
    return unit(text) if all(name in UNITS for name in names) else None


def _variants(text: str) -> list[str]:
    """The text with its commas, points and spaces between digits read in every sensible way."""
    text = _LARGE.sub(lambda match: f" \\times 10^{{{_ZEROS[match[1].lower()]}}} ", text)
    if outward := _OUTWARD.match(text):
        text = f"{'[' if outward[1] == '[' else '('}{outward[2]}{']' if outward[3] == ']' else ')'}"
    text = _REPEATING.sub(lambda match: _fraction(match[1], match[2], match[3] or match[4]), text)
    text = _ENDLESS.sub(lambda match: _fraction(match[1], match[2], match[3]), text)
    grouped = _GROUPS.sub(lambda match: re.sub(r"[, '\u2009]", "", match[0]), text)
    plain = text.replace("\u2009", " ")
    in_brackets = any(mark in text for mark in "([{")
    variants = [plain, grouped] if in_brackets else [grouped, plain]
    if _DECIMAL_COMMA.search(text) and text.count(",") == 1:
        variants.append(_DECIMAL_COMMA.sub(r"\1.\2", text))
    if match := _GROUPS_AT_POINTS.match(text):
        before, whole, part = (match[1], match[2], match[3]) if match[2] else (match[4], match[5], match[6])
        number = re.sub(r"[. ]", "", whole) + (f".{part}" if part else "")
        if part or whole.count(".") > 1:
            variants.append(f"{before}{number}{text[match.end() :]}")
    return list(dict.fromkeys(variants))


def _fraction(whole: str, start: str, period: str) -> str:
    """A repeating decimal as a fraction."""
    nines = (10 ** len(period) - 1) * 10 ** len(start)
    value = Fraction(int(f"{whole}{start}{period}") - int(f"{whole}{start}" or "0"), nines)
    return f"\\frac{{{value.numerator}}}{{{value.denominator}}}"
