"""Division of whole numbers, exact or with remainder: long division, a digit of the quotient in every line.

A line does one digit and then states the quotient so far and, behind `|`, the digits still to come:
`38=6*6+2: 1226 | 4`. The digit for a divisor of two digits is a guess, and what remains is held against the
divisor: where the guess fails, the line says so and goes on to the next digit. Some traces guess wrongly on
purpose, and only that digit is not to be learned.
"""

from collections.abc import Mapping
from random import Random

from mull.tasks.asking import done, joined, short, wanted
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings, spaced
from mull.tasks.written import stepped

ONE_DIGIT, TEENS, TWO_DIGITS = (2, 9), (11, 19), (11, 99)
SHAPES = {  # how many digits are divided, and by what
    1: ((2, ONE_DIGIT), (3, ONE_DIGIT)),
    2: ((3, ONE_DIGIT), (4, ONE_DIGIT), (2, TEENS)),
    3: ((4, ONE_DIGIT), (3, TEENS)),
    4: ((5, ONE_DIGIT), (4, TWO_DIGITS)),
    5: ((7, ONE_DIGIT), (6, TWO_DIGITS)),
}
EXACT = 0.6  # share of the questions without the word remainder that leave none
MISSES = 0.25  # share of the guessed digits for which a wrong one is tried before


class Division(Family):
    name = "division"
    title = "quotients of whole numbers, exact or with remainder"
    wordings: Mapping[str, Wordings] = {
        "plain": joined(
            short(("{d}", "{a} ÷ {b}", "{a} divided by {b}")),
            wanted(("the quotient of {a} and {b}",), ("the quotient when {a} is divided by {b}",)),
            done(("divide {a} by {b}",)),
        ),
        "rest": joined(
            short(("{d} with remainder", "{a} divided by {b} with remainder")),
            wanted(
                (
                    "the quotient and the remainder of {d}",
                    "the quotient and remainder when {a} is divided by {b}",
                    "quotient and remainder of {a} divided by {b}",
                ),
                ("the quotient and the remainder when you divide {a} by {b}",),
            ),
            done(
                ("divide {a} by {b} with remainder", "divide {a} by {b} and find the remainder"),
                ("divide {a} by {b} to find quotient and remainder",),
            ),
        ),
    }

    def draw(self, rng: Random, level: int) -> Facts:
        count, divisors = rng.choice(SHAPES[level])
        b = rng.randint(*divisors)
        low, high = max(b, 10 ** (count - 1)), 10**count - 1
        kind = rng.choice(("plain", "rest"))
        if kind == "plain" and rng.random() < EXACT:
            return {"kind": kind, "a": b * rng.randint(-(-low // b), high // b), "b": b}
        return {"kind": kind, "a": rng.randint(low, high), "b": b}

    def key(self, facts: Facts) -> str:
        return f"{facts['a']}/{facts['b']}"

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        return {**facts, "d": spaced(rng, f"{facts['a']}/{facts['b']}")}

    def answer(self, facts: Facts) -> str:
        q, r = divmod(facts["a"], facts["b"])
        return f"{q} remainder {r}" if r or facts["kind"] == "rest" else str(q)

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        a, b, answer = problem.facts["a"], problem.facts["b"], problem.answer
        asked = " with remainder" if problem.facts["kind"] == "rest" else ""
        segments = [Segment(f"Find {a}/{b}{asked}.\n")]
        digits, start = str(a), len(str(b))
        if int(digits[:start]) < b:
            segments.append(Segment(f"{digits[:start]}<{b}, "))
            start += 1
        quotient, part = "", int(digits[:start])
        for place in range(start, len(digits) + 1):
            quotient += str(part // b)
            left = digits[place:]
            segments += [*_digit(rng, part, b), Segment(f": {quotient}{left and ' | '}{left}\n")]
            part = part % b * 10 + int(left[:1] or 0)
        return (*segments, Segment(f"So {a}/{b}{'=' if answer.isdecimal() else ' is '}{answer}."))

    def truth(self, problem: Problem) -> Facts:
        q, r = divmod(problem.facts["a"], problem.facts["b"])
        return {"form": "quotient", "quotient": q, "remainder": r}


def _digit(rng: Random, part: int, b: int) -> list[Segment]:
    """Steps to one digit of the quotient."""
    right, rest = divmod(part, b)
    if b < 10:
        return [Segment(f"{part}={b}*{right}+{rest}")]
    if right == 0:
        return [Segment(f"{part}<{b}")]
    away = rng.choice((-2, -1, -1, 1, 1, 2)) if rng.random() < MISSES else 0
    guess = min(9, max(1, right + away))
    way = -1 if guess > right else 1
    misses = "".join(f"={b * d}, {_miss(part, b, d)} no, {b}*{d + way}" for d in range(guess, right, way))
    return [
        Segment(f"{part}: {b}*"),
        Segment(str(guess), learn=guess == right),
        Segment(f"{misses}={b * right}, {stepped(part, -b * right)}, {rest}<{b}"),
    ]


def _miss(part: int, b: int, digit: int) -> str:
    """What is wrong with the digit: the product is too large, or there is room for another one."""
    product = b * digit
    return f"{part}<{product}" if part < product else f"{stepped(part, -product)}, {part - product}>={b}"
