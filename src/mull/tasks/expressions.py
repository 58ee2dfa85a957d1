"""Expressions with + - * / and parentheses: which operation comes first, until one number is left.

Every line does the first operation that may be done and states, behind `|`, the expression that is left:
`7-2=5 | 3+4*5`. No mistakes are planted here: a check would cost as much as the value itself.
"""

import re
from collections.abc import Mapping
from random import Random

from mull.tasks import written
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings, spaced
from mull.tasks.expression import Tree, write

SIZES = {  # operations, largest number given, largest value on the way
    1: ((2, 2), 12, 99),
    2: ((2, 3), 20, 199),
    3: ((3, 4), 30, 499),
    4: ((5, 6), 50, 999),
    5: ((7, 8), 50, 999),
}
WORKED = {"+": written.plus, "-": written.minus, "*": written.product}
_INNER = re.compile(r"\(([^()]+)\)")
_NUMBER = r"(?:(?<![\d)])-)?\d+"  # a minus behind a number is no sign
_TIGHT, _LOOSE = (re.compile(rf"({_NUMBER})([{signs}])(\d+)") for signs in ("*/", "+-"))


class Expressions(Family):
    name = "expressions"
    title = "expressions with parentheses, products before sums"
    wordings: Mapping[str, Wordings] = {
        "value": Wordings(
            seen=(
                "What is {e}?",
                "Compute {e}.",
                "Calculate {e}.",
                "Work out {e}.",
                "{e}",
                "{e} = ?",
                "what is {e}",
                "Find the value of {e}.",
                "What is the value of {e}?",
                "What do you get for {e}?",
            ),
            held_out=("How much is {e}?", "Compute the value of {e}.", "Find {e}."),
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
    step = f"{a}{sign}{b}={value}" if a < 0 or sign == "/" else WORKED[sign](a, b)
    left = f"{text[: match.start()]}{value}{text[match.end() :]}"
    return step, re.sub(r"\((\d+)\)", r"\1", left)


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
    if sign == "/" and before == 0:
        tree = a = b * rng.randint(2, 9)
    elif sign == "/" and isinstance(other, int):
        other = b = rng.randint(2, 9)
    value = _apply(a, sign, b)
    return ((tree, sign, other), value) if _fits(a, sign, b, value, limit, first) else None


def _fits(a: int, sign: str, b: int, value: int, limit: int, first: bool) -> bool:
    """Whether the operation is exact and can be worked out in one line."""
    match sign:
        case "*":
            return value <= limit and min(a, b) > 1 and (min(a, b) < 10 or max(a, b) < 100)
        case "/":
            return b > 1 and value * b == a and min(b, value) < 10 and max(b, value) < 100
    if a >= 0 and value > 0:
        return value <= limit
    return first and b < 100 and value > -100


def _apply(a: int, sign: str, b: int) -> int:
    return {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[sign]
