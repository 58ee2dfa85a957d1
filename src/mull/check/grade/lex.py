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
    spaced: bool = False  # a space stands before it


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
    tokens: list[Token] = []
    at, spaced = 0, False
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unreadable(f"{text[at]!r} is no mathematics")
        at = match.end()
        kind, value = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "space":
            spaced = True
            continue
        if kind == "num" and len(value) > DIGITS:
            raise Unreadable(f"a number of more than {DIGITS} digits")
        if kind == "word":
            tokens.extend(_letters(value, spaced))
        elif kind == "text":
            tokens.append(_text(value, spaced))
        elif kind in ("escaped", "row"):
            tokens.append(Token("op", value, spaced))
        elif value in ("and", "lor", "land", "or"):
            tokens.append(Token("op", "or" if value in ("or", "lor") else "and", spaced))
        else:
            tokens.append(Token(kind, value, spaced))
        spaced = False
    return tokens


def _text(value: str, spaced: bool) -> Token:
    bare = value.strip()
    word = bare.strip(" ,.").lower()
    if word in ("and", "or"):
        return Token("op", word, spaced)
    if word in ("", ",", ";"):
        return Token("op", ",", spaced) if bare else Token("op", "quad", spaced)
    if word == "if":
        return Token("word", "if", spaced)
    return Token("text", bare, spaced)


def _letters(run: str, spaced: bool) -> list[Token]:
    """A run of letters: a known name, a word, or variables side by side."""
    if run in ("and", "or"):
        return [Token("op", run, spaced)]
    if run in FUNCTIONS or run in _NAMES or run in _ALIASES:
        return [Token("cmd", _ALIASES.get(run, run), spaced)]
    if len(run) == 1:
        return [Token("sym", run, spaced)]
    if match := _PREFIX.match(run):
        rest = run[match.end() :]
        if len(rest) <= 2 or match[0] == "sqrt":
            return [Token("cmd", match[0], spaced), *(_letters(rest, False) if rest else [])]
    lower = run.lower()
    if (
        (len(run) >= 4 and not run.isupper())
        or lower in _SMALL_WORDS
        or (lower in UNITS and not run.isupper())
    ):
        return [Token("word", run, spaced)]
    return [Token("sym", letter, spaced and not place) for place, letter in enumerate(run)]
