"""Whether a written relation between two values holds, and which value would be right."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from mull.check import words
from mull.check.arithmetic import Node, Unclear, parse, residue, value
from mull.check.tokens import Token

Verdict = Literal["confirmed", "contradicted", "undecided"]
_MAX_SHOWN = 400  # characters of a right value


class Decision(NamedTuple):
    verdict: Verdict
    value: str | None = None


def decide(
    left: Sequence[Token], relation: str, right: Sequence[Token], modulus: int | None
) -> Decision | None:
    """The verdict on `left relation right`; None where a side is no arithmetic.

    Contradicted is only what is false however it is read.
    """
    try:
        first = _judge(parse(left), relation, parse(right), modulus)
    except Unclear:
        return None
    if first.verdict != "contradicted":
        return first
    try:
        second = _judge(parse(left, other=True), relation, parse(right, other=True), modulus)
    except Unclear:
        return first
    return first if second.verdict == "contradicted" else Decision("undecided", first.value)


def _judge(left: Node, relation: str, right: Node, modulus: int | None) -> Decision:
    if modulus is not None or relation == "mod=":
        return _congruent(left, relation, right, modulus)
    if right.sign == "remainder":
        return _division(left, relation, right)
    shown, computed = (left, right) if _weight(left) < _weight(right) else (right, left)
    written, sign = _written(shown)
    try:
        if relation in ("=", "~") and written is not None and written.more:
            return _rounded(value(computed), written, sign, relation)
        a, b = value(left), value(right)
    except Unclear:
        return Decision("undecided")
    if _holds(a, relation, b):
        return Decision("confirmed")
    exact = a if computed is left else b
    if relation == "~":
        return _near(exact, b if computed is left else a, written)
    if relation == "=" and written is not None and (written.places or _has_decimals(computed)):
        rounded = _rounded(exact, written, sign, relation)
        if rounded.verdict == "confirmed":
            return Decision("undecided", show(exact, written.places))  # the sign should have been ≈
    if (
        relation == "="
        and "%" in (shown.sign, computed.sign)
        and a
        and b
        and a / b in (100, Fraction(1, 100))
    ):
        return Decision("undecided", show(exact, 0))
    return Decision("contradicted", show(exact, _places(computed)))


def _holds(a: Fraction, relation: str, b: Fraction) -> bool:
    match relation:
        case "=" | "~":
            return a == b
        case "!=":
            return a != b
        case "<":
            return a < b
        case ">":
            return a > b
        case "<=":
            return a <= b
    return a >= b


def _congruent(left: Node, relation: str, right: Node, modulus: int | None) -> Decision:
    if not modulus or relation not in ("=", "mod=", "!="):
        raise Unclear
    try:
        a, b = residue(left, modulus), residue(right, modulus)
    except Unclear:
        return Decision("undecided")
    if (a == b) is (relation != "!="):
        return Decision("confirmed")
    return Decision("contradicted", str(a))


def _division(left: Node, relation: str, right: Node) -> Decision:
    """`17/5 = 3 remainder 2`."""
    if left.sign not in ("/", "//") or relation not in ("=", "!="):
        raise Unclear
    a, b, quotient, rest = (value(part) for part in (*left.parts, *right.parts))
    if b <= 0 or any(number.denominator != 1 for number in (a, b, quotient, rest)):
        raise Unclear
    if ((a // b == quotient) and (a % b == rest)) is (relation == "="):
        return Decision("confirmed")
    return Decision("contradicted", f"{a // b} remainder {a % b}")


def _written(node: Node) -> tuple[Token | None, int]:
    """A number that is only written down, and its sign; None for what has to be computed."""
    if node.sign == "-" and len(node.parts) == 1:
        return node.parts[0].number, -1
    return node.number, 1


def _rounded(exact: Fraction, written: Token, sign: int, relation: str) -> Decision:
    """Whether `written` with this sign is `exact`, rounded or cut off at its last place."""
    assert written.value is not None
    scale = 10**written.places
    scaled = abs(exact) * scale
    down = scaled.numerator // scaled.denominator
    near = (2 * scaled + 1) // 2
    good = {down} if written.more and relation == "=" else {down, near}
    stated = written.value * scale
    if stated in good and (exact * sign >= 0 or not stated):
        return Decision("confirmed")
    return Decision("contradicted", show(Fraction(near, scale) * (1 if exact >= 0 else -1), written.places))


def _near(exact: Fraction, stated: Fraction, written: Token | None) -> Decision:
    """`≈`: within a unit of the last place; whole numbers are given more room, since nobody says how much."""
    gap = abs(exact - stated)
    places = written.places if written is not None else 0
    if written is not None:
        digits = written.text.rstrip("0") if not places else ""
        unit = 10 ** (len(written.text) - len(digits)) if digits else Fraction(1, 10**places)
        if gap <= unit:
            return Decision("confirmed")
    if places or gap * 10 > abs(exact):
        return Decision("contradicted", show(Fraction(round(exact * 10**places), 10**places), places))
    return Decision("undecided", show(exact, places))


def _weight(node: Node) -> int:
    """How much a value looks computed rather than stated: 0 a number, 1 a fraction, 2 anything else."""
    while node.sign in ("+", "-", "%") and len(node.parts) == 1:
        node = node.parts[0]
    if node.number is not None:
        return 0
    return 1 if node.sign == "/" and all(part.number is not None for part in node.parts) else 2


def _has_decimals(node: Node) -> bool:
    return _places(node) > 0


def _places(node: Node) -> int:
    """The most decimals a number in it is written with."""
    if node.number is not None:
        return node.number.places
    return max(map(_places, node.parts))


def ratio_of_units(left: Sequence[Token], right: Sequence[Token]) -> bool:
    """Whether two different values could be one in two units: `60+60 = 2 hours`."""
    try:
        a, b = value(parse(left)), value(parse(right))
    except Unclear:
        return False
    if not a or not b:
        return False
    ratio = max(abs(a / b), abs(b / a))
    return ratio in words.RATIOS


def show(number: Fraction, places: int) -> str | None:
    """As people write it: an integer, a finite decimal if decimals are in use, else a fraction."""
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > 3 * _MAX_SHOWN:
        return None
    if number.denominator == 1:
        return str(number.numerator)
    shown = number
    digits = 0
    while shown.denominator != 1 and digits < 12:
        shown, digits = shown * 10, digits + 1
    if shown.denominator == 1 and (places or digits <= 4):
        whole = f"{abs(shown.numerator):0{digits + 1}d}"
        return f"{'-' if number < 0 else ''}{whole[:-digits]}.{whole[-digits:]}"
    return f"{number.numerator}/{number.denominator}"
