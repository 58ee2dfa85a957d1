"""Numbers written in another base, and back.

Into a base: divided by it again and again, every line ends in the digits found so far, `25=3*8+1: 12`; long
division shows the quotient so far, `119: 11=8*1+3 |1, 39=8*4+7 |14: 7`, which is divided in the next line.
Back: times the base plus the next digit, and behind `|` the digits still to come, `2*3=6, 6+2=8 | 12`.
No mistakes are planted here: a check would be the whole way back.
"""

from collections.abc import Mapping
from random import Random

from mull.tasks import places, written
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings

DIGITS = "0123456789ABCDEF"
NAMES = {2: "binary", 16: "hexadecimal"}
FEW, MANY = (2, 3, 8, 16), (2, 2, 3, 4, 5, 6, 7, 8, 8, 9, 16, 16)
SIZES = {  # bases, largest number into a base, largest number back
    1: (FEW, 127, 127),
    2: (MANY, 499, 255),
    3: (MANY, 999, 511),
    4: (MANY, 4095, 999),
    5: (MANY, 65535, 9999),
}
ASKED = (
    ("What is", "in", "?"),
    ("what is", "in", ""),
    ("Write", "in", "."),
    ("Convert", "to", "."),
    ("find", "in", ""),
    ("Find", "in", "."),
    ("Work out", "in", "."),
    ("How do you write", "in", "?"),
    ("Can you write", "in", "?"),
)


class Bases(Family):
    name = "bases"
    title = "numbers in base 2 to 9 and 16, and back"
    wordings: Mapping[str, Wordings] = {
        "to": Wordings(
            seen=(
                *(
                    f"{ask} {number} {to} {{base}}{end}"
                    for ask, to, end in ASKED
                    for number in ("{n}", "the number {n}")
                ),
                *(
                    f"{number} {to} {{base}}{end}"
                    for number in ("{n}", "number {n}")
                    for to, end in (("in", ""), ("to", ""), ("in", " = ?"))
                ),
                "In {base}, what is {n}?",
                "In {base}, what is the number {n}?",
                "In {base}: {n}",
                "To {base}: {n}",
            ),
            held_out=(
                "How much is {n} in {base}?",
                "Compute {n} in {base}.",
                "Find out how to write {n} in {base}.",
                "Can you find {n} in {base}?",
                "Which number in {base} is {n}?",
                "In {base}, find {n}.",
                "In {base}, how do you write {n}?",
            ),
        ),
        "from": Wordings(
            seen=(
                *(
                    f"{ask} {number} {to} decimal{end}"
                    for ask, to, end in ASKED
                    for number in ("{d} from {base}", "the {base} number {d}")
                ),
                "{d} from {base} to decimal",
                "{d} from {base} in decimal",
                "{base} number {d} in decimal",
                "{base} number {d} to decimal",
                "In decimal, what is {d} from {base}?",
                "In decimal, what is the {base} number {d}?",
                "From {base} to decimal: {d}",
            ),
            held_out=(
                "How much is the {base} number {d} in decimal?",
                "Can you find {d} from {base} in decimal?",
                "Which decimal number is {d} from {base}?",
                "In decimal, how do you write {d} from {base}?",
                "The {base} number {d} is what in decimal?",
            ),
        ),
    }

    def draw(self, rng: Random, level: int) -> Facts:
        kind, (bases, *largest) = rng.choice(("to", "from")), SIZES[level]
        base = rng.choice(bases)
        number = rng.randint(base, largest[kind == "from"])
        return {"kind": kind, "n": number, "d": _numeral(number, base), "b": base}

    def key(self, facts: Facts) -> str:
        given = f"{facts['n']} to" if facts["kind"] == "to" else f"{facts['d']} from"
        return f"{given} base {facts['b']}"

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        base = f"base {facts['b']}"
        return {**facts, "base": rng.choice((base, NAMES.get(facts["b"], base)))}

    def answer(self, facts: Facts) -> str:
        return str(facts["d" if facts["kind"] == "to" else "n"])

    def truth(self, problem: Problem) -> Facts:
        if problem.facts["kind"] == "to":
            return {"form": "numeral", "answer": problem.answer, "base": problem.facts["b"]}
        return super().truth(problem)

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        facts = problem.facts
        lines = _into(facts["n"], facts["b"]) if facts["kind"] == "to" else _back(facts["d"], facts["b"])
        return (Segment("\n".join(lines)),)


def _numeral(number: int, base: int) -> str:
    """The number > 0 in that base."""
    digits = ""
    while number:
        number, digit = divmod(number, base)
        digits = DIGITS[digit] + digits
    return digits


def _into(number: int, base: int) -> list[str]:
    goal, digits, left = f"{number} in base {base}", "", number
    lines = [f"Find {goal}."]
    while left:
        digit = left % base
        digits = DIGITS[digit] + digits
        name = f", {digit} is {DIGITS[digit]}" if digit > 9 else ""
        lines.append(f"{_divided(left, base)}{name}: {digits}")
        left //= base
    return [*lines, f"So {goal} is {digits}."]


def _divided(number: int, base: int) -> str:
    """Division with remainder, digit by digit, with the quotient so far behind `|`."""
    if number < base:
        return written.divided(number, base)
    if number < 10 * base:
        return _digit(number, base)
    steps: list[str] = []
    part = quotient = 0
    for digit in str(number):
        part = part * 10 + int(digit)
        if quotient or part >= base:
            quotient = quotient * 10 + part // base
            steps.append(f"{_digit(part, base)} |{quotient}")
            part %= base
    return f"{number}: {', '.join(steps)}"


def _digit(number: int, base: int) -> str:
    """One digit of the quotient: for a base of one digit by the table, else by product and difference."""
    if base < 10:
        return written.divided(number, base)
    product = number // base * base
    return f"{base}*{number // base}={product}, {places.minus(number, product)}"


def _back(digits: str, base: int) -> list[str]:
    goal, value = f"{digits} from base {base}", 0
    lines = [f"Find {goal}."]
    for place, letter in enumerate(digits, 1):
        digit = DIGITS.index(letter)
        steps = [f"{letter} is {digit}"] if digit > 9 else []
        if place > 1:
            steps += [_times(value, base), places.plus(value * base, digit)]
        left = digits[place:]
        lines.append(f"{', '.join(steps or [letter])}{left and ' | '}{left}")
        value = value * base + digit
    return [*lines, f"So {goal} is {value}."]


def _times(value: int, base: int) -> str:
    """Doubling goes from digit to digit and is never split."""
    if base == 2:
        return f"{value}*2={value * 2}"
    return places.product(value, base) if base < 10 else written.product(value, base)
