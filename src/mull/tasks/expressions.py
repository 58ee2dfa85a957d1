"""Expressions with + - * / and parentheses: which operation comes first, until one number is left.

Every line does the first operation that may be done and states, behind `|`, the expression that is left:
`7-2=5 | 3+4*5`. No mistakes are planted here: a check would cost as much as the value itself.
"""

import re
from collections.abc import Mapping
from random import Random

from mull.tasks import places
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings, spaced
from mull.tasks.expression import Tree, write

SIZES = {  # operations, largest number given, largest value on the way
    1: ((2, 2), 12, 99),
    2: ((2, 3), 20, 199),
    3: ((3, 4), 30, 499),
    4: ((5, 6), 50, 999),
    5: ((7, 8), 50, 999),
}
_INNER = re.compile(r"\(([^()]+)\)")
_NUMBER = r"(?:(?<![\d)])-)?\d+"  # a minus behind a number is no sign
_TIGHT, _LOOSE = (re.compile(rf"({_NUMBER})([{signs}])(\d+)") for signs in ("*/", "+-"))


class Expressions(Family):
    name = "expressions"
    title = "expressions with parentheses, products before sums"
    wordings: Mapping[str, Wordings] = {
        "value": Wordings(
            seen=(
                *(
                    f"{ask} {{e}}{end}"
                    for ask, end in (
                        ("What is", "?"),
                        ("what is", ""),
                        ("Compute", "."),
                        ("find", ""),
                        ("Calculate", "."),
                        ("what do you get for", ""),
                        ("Work out", "."),
                        ("what is the value of", ""),
                        ("Find the value of", "."),
                        ("find the value of", ""),
                        ("Work out the value of", "."),
                        ("Tell me the value of", "."),
                        ("What is the value of", "?"),
                        ("What do you get for", "?"),
                        ("Which number do you get for", "?"),
                        ("Which number is", "?"),
                        ("Can you tell me the value of", "?"),
                        ("How do you find", "?"),
                        ("How do you find the value of", "?"),
                        ("Now tell me", "."),
                        ("Find what", " is."),
                        ("Now find", "."),
                        ("Find:", ""),
                        ("Compute:", ""),
                        ("The value of", " is what?"),
                    )
                ),
                "{e}",
                "{e} = ?",
                "{e} =",
                "{e} is what?",
                "{e}. What is it?",
                "{e}: find the value.",
                "{e}. What is the value?",
                "In {e}, which number do you get?",
                "If you have {e}, what do you get?",
                "When you have {e}, what is the value?",
            ),
            held_out=(
                "How much is {e}?",
                "Compute the value of {e}.",
                "Find {e}.",
                "Can you find {e}?",
                "{e}. Find the value.",
                "What number is {e}?",
                "If you have {e}, what is the value?",
                "Now tell me the value of {e}.",
                "Tell me what {e} is.",
            ),
        )
    }

    def draw(self, rng: Random, level: int) -> Facts:
        (fewest, most), largest, limit = SIZES[level]
        while True:
            if found := _draw(rng, rng.randint(fewest, most), largest, limit):
                return {"kind": "value", "expression": write(found[0]), "value": found[1]}

    def key(self, facts: Facts) -> str:
        return str(facts["expression"])

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        text = facts["expression"]
        return {"e": spaced(rng, text.replace("*", "×") if rng.random() < 0.15 else text)}

    def answer(self, facts: Facts) -> str:
        return str(facts["value"])

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        text = problem.facts["expression"]
        lines, left = [f"Find {text}."], text
        while match := _first(left):
            step, left = _reduced(left, match)
            lines.append(f"{step} | {left}" if _first(left) else step)
        return (Segment("\n".join([*lines, f"So {text}={left}."])),)


def _first(text: str) -> re.Match[str] | None:
    """The operation to do first: in the first innermost parentheses, products before sums, from the left."""
    inner = _INNER.search(text)
    scope = (text, inner.start(), inner.end()) if inner else (text,)
    return _TIGHT.search(*scope) or _LOOSE.search(*scope)


def _reduced(text: str, match: re.Match[str]) -> tuple[str, str]:
    """The operation worked out, and the expression that is left."""
    a, sign, b = int(match[1]), match[2], int(match[3])
    value = _apply(a, sign, b)
    step = _worked(a, sign, b)
    left = f"{text[: match.start()]}{value}{text[match.end() :]}"
    return step, re.sub(r"\((\d+)\)", r"\1", left)


def _worked(a: int, sign: str, b: int) -> str:
    """The operation in steps: below zero, first the sum or difference of the numbers without signs."""
    match sign:
        case "*":
            return places.product(a, b)
        case "/":
            return places.quotient(a, b)
        case "-" if a >= 0:
            return places.minus(a, b)
        case "+" if a >= 0:
            return places.plus(a, b)
    bare = places.plus(-a, b) if sign == "-" else places.minus(max(-a, b), min(-a, b))
    return f"{a}{sign}{b}: {bare.partition(': ')[2] or bare}, {a}{sign}{b}={_apply(a, sign, b)}"


def _draw(
    rng: Random, operations: int, largest: int, limit: int, first: bool = True
) -> tuple[Tree, int] | None:
    """A random expression and its value, if it can be computed in the head.

    `first`: whether its value will stand first in the line, where it may be negative.
    """
    if operations == 0:
        number = rng.randint(2, 9 if rng.random() < 0.5 else largest)
        return number, number
    sign, before = rng.choice("++--**/"), rng.randrange(operations)
    left = _draw(rng, before, largest, limit, first and sign in "+-")
    right = left and _draw(rng, operations - 1 - before, largest, limit, first=False)
    if not left or not right:
        return None
    (tree, a), (other, b) = left, right
    if sign == "/" and isinstance(other, int):
        other = b = rng.randint(2, 9)
    if sign == "/" and before == 0:
        tree = a = b * rng.randint(2, 9)
    value = _apply(a, sign, b)
    return ((tree, sign, other), value) if _fits(a, sign, b, value, limit, first) else None


def _fits(a: int, sign: str, b: int, value: int, limit: int, first: bool) -> bool:
    """Whether the operation is exact and can be worked out in one line."""
    match sign:
        case "*":
            return value <= limit and 1 < min(a, b) < 10
        case "/":
            return 1 < b < 10 and value * b == a
    if a >= 0 and value > 0:
        return value <= limit
    return first and b < 100 and value > -100


def _apply(a: int, sign: str, b: int) -> int:
    return {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[sign]
