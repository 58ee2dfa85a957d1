"""Finds the arithmetic claims of a trace and says which are false: apart from the code that writes traces."""

import re
from collections.abc import Iterator
from fractions import Fraction

_INT = r"-?\d+"
_START = r"(?<![\w=+*/^)\]])(?<![\d)]-)(?<!--)"
_OPERATION = re.compile(rf"{_START}({_INT})([-+*/])({_INT})=({_INT})(?![\d*/+])(?!-\d)")
_DIVISION = re.compile(rf"{_START}({_INT})=({_INT})\*({_INT})\+({_INT})(?![\d*/])")
_SUM = re.compile(rf"{_START}({_INT})=(\d+(?:\+\d+)+)(?![\d*/])")
_SCALED = re.compile(rf"{_START}({_INT})=(\d)\*(\d+)(?![\d*/+])")
_POWER = re.compile(rf"{_START}({_INT})\^(\d+)=({_INT})(?![\d*/+^])")


def claims(text: str) -> Iterator[tuple[str, bool]]:
    """Each claim of the text with its truth."""
    for match in _OPERATION.finditer(text):
        a, b, value = Fraction(match[1]), Fraction(match[3]), Fraction(match[4])
        yield match[0], _apply(a, match[2], b) == value
    for match in _DIVISION.finditer(text):
        x, m, q, r = (int(part) for part in match.groups())
        yield match[0], x == m * q + r and 0 <= r < m
    for match in _SUM.finditer(text):
        yield match[0], int(match[1]) == sum(int(part) for part in match[2].split("+"))
    for match in _SCALED.finditer(text):
        yield match[0], int(match[1]) == int(match[2]) * int(match[3])
    for match in _POWER.finditer(text):
        yield match[0], int(match[1]) ** int(match[2]) == int(match[3])


def _apply(a: Fraction, sign: str, b: Fraction) -> Fraction | None:
    match sign:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
    return a / b if b else None
