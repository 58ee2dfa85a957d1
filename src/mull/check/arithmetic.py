"""Exact values of written arithmetic: integers and fractions, nothing rounded, everything bounded.

What people write can be read in two ways (`-2^2`, `7+8 mod 5`, `1/2(3)`). `parse` has both: the
textbook's, and with `other=True` the other one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from mull.check.tokens import Token

MAX_BITS = 65_536  # of a numerator or denominator
MAX_DEPTH = 24  # of parentheses
MAX_FACTORIAL = 1_000


class Unclear(Exception):
    """Not arithmetic, not defined, or too large."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value as it is written: a number, or a sign with what it stands between."""

    sign: str
    parts: tuple[Node, ...] = ()
    number: Token | None = None


def parse(tokens: Sequence[Token], *, other: bool = False) -> Node:
    """The tree of an expression. Raises Unclear where it is none."""
    parser = _Parser(tokens, other)
    node = parser.total(0)
    if parser.at < len(tokens):
        raise Unclear
    return node


class _Parser:
    def __init__(self, tokens: Sequence[Token], other: bool) -> None:
        self.tokens = tokens
        self.other = other
        self.at = 0

    def next(self, *signs: str) -> str | None:
        """Take the next token if it is one of these signs."""
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.kind != "number" and (token.text in signs or token.kind in signs):
                self.at += 1
                return token.text
        return None

    def total(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Unclear
        node = self.product(depth)
        signs = ("+", "-") if self.other else ("+", "-", "mod")
        while sign := self.next(*signs):
            node = Node(sign, (node, self.product(depth)))
        if self.next("remainder"):
            node = Node("remainder", (node, self.product(depth)))
        return node

    def product(self, depth: int) -> Node:
        node = self.joined(depth)
        signs = ("*", "/", "//", "mod") if self.other else ("*", "/", "//", "beside")
        while sign := self.next(*signs):
            node = Node("*" if sign == "beside" else sign, (node, self.joined(depth)))
        return node

    def joined(self, depth: int) -> Node:
        """Factors that stand beside each other: `2(3+4)`."""
        node = self.signed(depth)
        while self.other and self.next("beside"):
            node = Node("*", (node, self.signed(depth)))
        return node

    def signed(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Unclear
        if sign := self.next("+", "-"):
            if self.other and self.peek_number():
                return self.powers(Node(sign, (self.atom(depth),)), depth)
            return Node(sign, (self.signed(depth + 1),))
        return self.powers(self.atom(depth), depth)

    def peek_number(self) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].kind == "number"

    def powers(self, node: Node, depth: int) -> Node:
        while self.next("^"):
            exponent = self.atom(depth) if self.other else self.signed(depth + 1)
            node = Node("^", (node, exponent))
        return node

    def group(self, depth: int) -> Node:
        """What stands in the braces of a fraction."""
        if not self.next("("):
            raise Unclear
        node = self.total(depth + 1)
        if not self.next(")"):
            raise Unclear
        return node

    def atom(self, depth: int) -> Node:
        if self.at == len(self.tokens):
            raise Unclear
        token = self.tokens[self.at]
        self.at += 1
        if token.kind == "number":
            node = Node("number", number=token)
        elif token.kind == "(":
            self.at -= 1
            node = self.group(depth)
        elif token.kind == "frac":
            over = self.group(depth)
            self.next("beside")
            node = Node("/", (over, self.group(depth)))
        else:
            raise Unclear
        while self.at < len(self.tokens) and self.tokens[self.at].kind in ("%", "!", "power"):
            token = self.tokens[self.at]
            self.at += 1
            if token.kind == "power":
                node = Node("^", (node, Node("number", number=token)))
            else:
                node = Node(token.kind, (node,))
        return node


def value(node: Node) -> Fraction:
    """The exact value. Raises Unclear."""
    if node.number is not None:
        if node.number.value is None or node.number.more:
            raise Unclear
        return node.number.value
    if (
        node.sign in ("+", "-")
        and len(node.parts) == 2
        and len({part.sign == "%" for part in node.parts}) == 2
    ):
        raise Unclear  # 100+15%: of what?
    values = [value(part) for part in node.parts]
    result = _apply(node.sign, values)
    if max(result.numerator.bit_length(), result.denominator.bit_length()) > MAX_BITS:
        raise Unclear
    return result


def _apply(sign: str, values: list[Fraction]) -> Fraction:
    match sign, values:
        case "+", [a]:
            return a
        case "-", [a]:
            return -a
        case "+", [a, b]:
            return a + b
        case "-", [a, b]:
            return a - b
        case "*", [a, b]:
            return a * b
        case "/", [a, b] if b:
            return a / b
        case "//", [a, b] if b:
            return Fraction(a // b)
        case "mod", [a, b] if b > 0 and a.denominator == b.denominator == 1:
            return a % b
        case "^", [a, b]:
            return _power(a, b)
        case "%", [a]:
            return a / 100
        case "!", [a] if a.denominator == 1 and 0 <= a <= MAX_FACTORIAL:
            return Fraction(math.factorial(int(a)))
    raise Unclear


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if exponent.denominator != 1 or abs(exponent) * bits > MAX_BITS or (base == 0 and exponent <= 0):
        raise Unclear
    return base ** int(exponent)


def residue(node: Node, modulus: int) -> int:
    """The value modulo `modulus`, also where the value itself is too large to be written down."""
    if node.sign == "^":
        exponent = value(node.parts[1])
        base = residue(node.parts[0], modulus)
        if exponent.denominator == 1 and 0 < exponent.numerator.bit_length() <= 4096 and exponent > 0:
            return pow(base, int(exponent), modulus)
    elif node.sign in ("+", "-", "*") and not any(part.sign == "%" for part in node.parts):
        parts = [residue(part, modulus) for part in node.parts]
        match node.sign, parts:
            case "+", [a, b]:
                return (a + b) % modulus
            case "-", [a, b]:
                return (a - b) % modulus
            case "*", [a, b]:
                return a * b % modulus
            case "-", [a]:
                return -a % modulus
    whole = value(node)
    if whole.denominator != 1:
        raise Unclear
    return int(whole) % modulus
