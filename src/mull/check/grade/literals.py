"""Numbers and names as they are written: decimals, numerals in a base, letters side by side."""

from __future__ import annotations

from fractions import Fraction

from mull.check.grade.lex import Unreadable
from mull.check.grade.tree import Const, Mul, Node, Num, Sym


def decimal(text: str) -> Num:
    mantissa, _, exponent = text.lower().partition("e")
    if exponent:
        if abs(int(exponent)) > 10_000:
            raise Unreadable("an exponent beyond 10000")
        return Num(Fraction(mantissa) * Fraction(10) ** int(exponent))
    places = len(mantissa.partition(".")[2]) if "." in mantissa else None
    return Num(Fraction(mantissa), places or None)


def numeral(text: str) -> Node:
    digits, _, base_text = text.partition("_")
    base = int(base_text.strip("{} "))
    try:
        return Num(Fraction(int(digits, base)))
    except ValueError:
        raise Unreadable(f"{digits} is no number in base {base}") from None


def name_of(node: Node) -> str:
    """The letters of a name of several letters: of Mul(A, B) "AB"."""
    if isinstance(node, Mul):
        return "".join(map(name_of, node.factors))
    if isinstance(node, Sym | Const):
        return node.name
    if isinstance(node, Num):
        return str(node.value)
    raise Unreadable("a name that is no letters")
