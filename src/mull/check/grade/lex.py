"""Tokens of an answer in the spelling of clean.py."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mull.check.grade.units import UNITS

_FUNCTION_NAMES = (
    "sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc asin acos atan sinh cosh tanh coth "
    "sech csch arcsinh arccosh arctanh asinh acosh atanh ln log lg exp sqrt cbrt abs floor ceil ceiling "
    "min max gcd lcm factorial binomial binom det re im sgn sign arg"
)
_OTHER_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi "
    "chi psi omega pi infinity infty inf oo mod cup cap union pm div times cdot circ"
)
_WORDS_OF_LETTERS = (
    "is an the of to if for by it as at be no yes so we he she his her not all any per are was its has "
    "had our out own who how let may can but odd even one two six ten east west"
)

LONGEST = 2000  # characters of an answer that is read as mathematics
DIGITS = 2000  # digits of a number


class Unreadable(Exception):
    """A text is no mathematics that this package reads."""


@dataclass(frozen=True, slots=True)
class Token:
    """kind: num, base, sym (a letter), word (of a language), cmd (of LaTeX, without backslash), text, op."""

    kind: str
    text: str


FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
_NAMES = frozenset(_OTHER_NAMES.split())
_ALIASES = {"infinity": "infty", "inf": "infty", "oo": "infty", "union": "cup", "U": "cup"}
_SMALL_WORDS = frozenset(_WORDS_OF_LETTERS.split())  # fmt: skip
_PREFIX = re.compile(r"arc(?:sin|cos|tan)|sqrt|(?:sin|cos|tan)h?|ln|log|pi(?![a-z])")

_TOKEN = re.compile(
    r"(?P<space>[ \u2009]+)"
    r"|(?P<base>\d[\dA-Fa-f]*_(?:\{\s*\d+\s*\}|\d+)|(?<![A-Za-z])(?:[A-F][\dA-F]+|[a-f]{2,})_(?:\{\s*1[1-6]\s*\}|1[1-6]))"
    r"|(?P<num>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+(?![\d.A-Za-z^]))?)"
    r"|\\text\s*\{(?P<text>[^{}]*)\}"
    r"|\\(?P<cmd>[A-Za-z]+)\*?"
    r"|(?P<row>\\\\)(?:\[[^\[\]]*\])?"
    r"|(?P<escaped>\\[{}$|])"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<op>\*\*|[-+*/^_=<>(){}\[\],;:|!'%&$€£¥.?])"
)


def lex(text: str) -> list[Token]:
    """Raises Unreadable at anything that is no token."""
    if len(text) > LONGEST:
        raise Unreadable(f"longer than {LONGEST} characters")
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unreadable(f"{text[at]!r} is no mathematics")
        at = match.end()
        kind, value = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "num" and len(value) > DIGITS:
            raise Unreadable(f"a number of more than {DIGITS} digits")
        if kind != "space":
            found.append((kind, value))
    prose = any(kind == "word" and _is_word(value) for kind, value in found)
    for place, (kind, value) in enumerate(found[:-1]):
        if kind == "word" and value == "a" and prose and found[place + 1][0] == "word":  # 6 pages a day
            found[place] = "article", value
    return [token for kind, value in found for token in _tokens(kind, value, prose)]


def _tokens(kind: str, value: str, prose: bool) -> list[Token]:
    if kind == "word":
        return _letters(value, prose)
    if kind == "article":
        return [Token("word", value)]
    if kind == "text":
        return [_text(value)]
    if kind in ("escaped", "row"):
        return [Token("op", value)]
    if kind == "cmd" and value in ("and", "lor", "land", "or"):
        return [Token("op", "or" if value in ("or", "lor") else "and")]
    return [Token(kind, value)]


def _text(value: str) -> Token:
    bare = value.strip()
    word = bare.strip(" ,.").lower()
    if word in ("and", "or"):
        return Token("op", word)
    if word in ("", ",", ";"):
        return Token("op", ",") if bare else Token("op", "quad")
    if word == "if":
        return Token("word", "if")
    return Token("text", bare)


def _letters(run: str, prose: bool) -> list[Token]:
    """A run of letters: a known name, a word, or variables side by side."""
    if run in ("and", "or"):
        return [Token("op", run)]
    if run in FUNCTIONS or run in _NAMES or run in _ALIASES:
        return [Token("cmd", _ALIASES.get(run, run))]
    if len(run) == 1:
        return [Token("sym", run)]
    if match := _PREFIX.match(run):
        rest = run[match.end() :]
        if len(rest) <= 2 or match[0] == "sqrt":
            return [Token("cmd", match[0]), *(_letters(rest, prose) if rest else [])]
    if _is_word(run) or (prose and not run.isupper()):
        return [Token("word", run)]
    return [Token("sym", letter) for letter in run]


def _is_word(run: str) -> bool:
    """Of a language, and not letters side by side that stand for variables."""
    if run in FUNCTIONS or run in _NAMES or run in _ALIASES or run in ("and", "or") or run.isupper():
        return False
    if (match := _PREFIX.match(run)) and (len(run) - match.end() <= 2 or match[0] == "sqrt"):
        return False
    return len(run) >= 4 or run.lower() in _SMALL_WORDS or run.lower() in UNITS
