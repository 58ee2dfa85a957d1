"""Expressions of whole numbers with + - * / and parentheses, read (exactly, without `eval`) and written."""

import re
from fractions import Fraction

Tree = int | tuple["Tree", str, "Tree"]

LONGEST = 100  # characters; longer text is refused
_SIGNS = {"×": "*", "·": "*", "÷": "/", "−": "-", "\\times": "*", "\\cdot": "*", "\\div": "/"}
_TOKEN = re.compile(r"\s*(?:(0|[1-9][0-9]{0,8})|([-+*/()]))")


def evaluate(text: str) -> tuple[Fraction, list[int]] | None:
    """Value of the expression and the numbers in it, in order; None if it is not one, or divides by zero.

    sum := product (("+" | "-") product)*; product := atom (("*" | "/") atom)*; atom := number | "(" sum ")".
    """
    if len(text) > LONGEST:
        return None
    for sign, plain in _SIGNS.items():
        text = text.replace(sign, plain)
    tokens: list[str] = []
    text, end = text.rstrip(), 0
    while end < len(text):
        match = _TOKEN.match(text, end)
        if match is None:
            return None
        tokens.append(match[1] or match[2])
        end = match.end()
    numbers: list[int] = []
    tokens.append("")
    try:
        value, end = _sum(tokens, 0, numbers)
    except (ValueError, ZeroDivisionError):
        return None
    return (value, numbers) if tokens[end] == "" else None


def _sum(tokens: list[str], at: int, numbers: list[int]) -> tuple[Fraction, int]:
    value, at = _product(tokens, at, numbers)
    while tokens[at] in ("+", "-"):
        other, end = _product(tokens, at + 1, numbers)
        value, at = (value + other if tokens[at] == "+" else value - other), end
    return value, at


def _product(tokens: list[str], at: int, numbers: list[int]) -> tuple[Fraction, int]:
    value, at = _atom(tokens, at, numbers)
    while tokens[at] in ("*", "/"):
        other, end = _atom(tokens, at + 1, numbers)
        value, at = (value * other if tokens[at] == "*" else value / other), end
    return value, at


def _atom(tokens: list[str], at: int, numbers: list[int]) -> tuple[Fraction, int]:
    if tokens[at] == "(":
        value, at = _sum(tokens, at + 1, numbers)
        if tokens[at] != ")":
            raise ValueError("unbalanced parenthesis")
        return value, at + 1
    number = int(tokens[at])  # ValueError where a number is missing
    numbers.append(number)
    return Fraction(number), at + 1


def write(tree: Tree, around: str = "", right: bool = False) -> str:
    """The expression with the parentheses it needs."""
    if isinstance(tree, int):
        return str(tree)
    a, sign, b = tree
    text = f"{write(a, sign)}{sign}{write(b, sign, right=True)}"
    loose, tight = sign in "+-", around in ("*", "/")
    return f"({text})" if (loose and tight) or (right and (loose or tight)) else text


def steps(tree: Tree) -> list[str]:
    """The claims that compute the expression, inner ones first; none unless all values are whole and > 0."""
    lines: list[str] = []

    def value(tree: Tree) -> int:
        if isinstance(tree, int):
            return tree
        a, sign, b = value(tree[0]), tree[1], value(tree[2])
        if sign == "/" and a % b:
            raise ValueError("not whole")
        result = {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[sign]
        if result < 1:
            raise ValueError("not above zero")
        lines.append(f"{a}{sign}{b}={result}")
        return result

    try:
        value(tree)
    except ValueError:
        return []
    return lines
