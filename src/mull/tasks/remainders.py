"""Remainders: of long numbers (long division), of powers (step by step), and numbers with two remainders.

A mistake can be planted in the last kind: the search stops too early, and the check finds it.
"""

from collections.abc import Mapping
from math import gcd
from random import Random

from mull.tasks.base import Facts, Family, Problem, Segment, Wordings

ALL = ("long", "two", "power")
KINDS = {1: ("long",), 2: ("long", "long", "two"), 3: ALL, 4: ALL, 5: ALL}
DIGITS = {1: (2, 3), 2: (3, 4), 3: (4, 5), 4: (5, 6), 5: (7, 8)}
MODULUS = {1: 9, 2: 9, 3: 11, 4: 12, 5: 12}
EXPONENT = {3: 6, 4: 9, 5: 14}
PRODUCT = {2: 42, 3: 99, 4: 150, 5: 300}  # of two moduli


class Remainders(Family):
    name = "remainders"
    title = "remainders of long numbers and powers, numbers with two remainders"
    wordings: Mapping[str, Wordings] = {
        "long": Wordings(
            seen=(
                "What is the remainder when {a} is divided by {m}?",
                "Find {a} mod {m}.",
                "What is {a} mod {m}?",
                "{a} mod {m}",
                "Compute {a} mod {m}.",
                "What remains when {a} is divided by {m}?",
                "Find the remainder of {a} divided by {m}.",
                "Divide {a} by {m}. What is the remainder?",
                "what is the remainder of {a} / {m}",
            ),
            held_out=(
                "Find the remainder when {a} is divided by {m}.",
                "When {a} is divided by {m}, what is the remainder?",
            ),
        ),
        "power": Wordings(
            seen=(
                "Find the remainder when {a}^{n} is divided by {m}.",
                "What is {a}^{n} mod {m}?",
                "Find {a}^{n} mod {m}.",
                "{a}^{n} mod {m}",
                "What is the remainder when {a}^{n} is divided by {m}?",
                "Divide {a}^{n} by {m}. What is the remainder?",
                "What is the remainder of {a}^{n} divided by {m}?",
                "what remains when {a}^{n} is divided by {m}",
            ),
            held_out=(
                "Find the remainder of {a}^{n} divided by {m}.",
                "When {a}^{n} is divided by {m}, what is the remainder?",
            ),
        ),
        "two": Wordings(
            seen=(
                "Find the smallest positive number with remainder {a} mod {m} and remainder {b} mod {n}.",
                "Find the smallest positive number that is {a} mod {m} and {b} mod {n}.",
                "A number leaves remainder {a} when divided by {m} and remainder {b} when divided by {n}. "
                "What is the smallest such number?",
                "What is the smallest positive number that leaves remainder {a} when divided by {m} and "
                "remainder {b} when divided by {n}?",
                "What is the smallest positive x with x = {a} mod {m} and x = {b} mod {n}?",
                "Which is the smallest positive number with remainders {a} and {b} when divided by "
                "{m} and {n}?",
                "Divided by {m} a number leaves {a}, divided by {n} it leaves {b}. Find the smallest one.",
                "Find the smallest positive x: x mod {m} = {a} and x mod {n} = {b}.",
            ),
            held_out=(
                "What is the smallest positive number that is {a} mod {m} and {b} mod {n}?",
                "A number has remainder {a} when divided by {m} and {b} when divided by {n}. "
                "Find the smallest.",
            ),
        ),
    }

    def draw(self, rng: Random, level: int) -> Facts:
        kind, top = rng.choice(KINDS[level]), MODULUS[level]
        match kind:
            case "long":
                count = rng.randint(*DIGITS[level])
                a, m = rng.randint(10 ** (count - 1), 10**count - 1), rng.randint(2 if level < 3 else 3, top)
                return {"kind": kind, "a": a, "m": m}
            case "power":
                a, n, m = rng.randint(2, 9), rng.randint(3, EXPONENT[level]), rng.randint(5, top)
                return {"kind": kind, "a": a, "n": n, "m": m}
        while True:
            m, n = rng.randint(3, 19), rng.randint(2, 19)
            if gcd(m, n) == 1 and m * n <= PRODUCT[level]:
                return {"kind": kind, "a": rng.randrange(m), "m": m, "b": rng.randrange(n), "n": n}

    def key(self, facts: Facts) -> str:
        if facts["kind"] == "two":
            return " ".join(sorted((f"{facts['a']} mod {facts['m']}", f"{facts['b']} mod {facts['n']}")))
        return f"{facts['a']}{'^' + str(facts['n']) if 'n' in facts else ''} mod {facts['m']}"

    def answer(self, facts: Facts) -> str:
        a, m, n = facts["a"], facts["m"], facts.get("n", 1)
        if facts["kind"] == "two":
            return str(next(x for x in range(a or m, m * n + 1, m) if x % n == facts["b"]))
        return str(pow(a, n, m))

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        facts = problem.facts
        if facts["kind"] == "two":
            return _two(facts, rng if rng.random() < slips else None)
        lines = _power(facts["a"], facts["n"], facts["m"]) if "n" in facts else _long(facts["a"], facts["m"])
        return (Segment("\n".join(lines)),)


def _long(a: int, m: int) -> list[str]:
    lines, rest = [f"Find {a} mod {m}.", f"Digits: {' '.join(str(a))}"], 0
    for place, digit in enumerate(str(a), 1):
        left = " ".join(str(a)[place:])
        part, rest = rest * 10 + int(digit), (rest * 10 + int(digit)) % m
        lines.append(f"{_divided(part, m)}{f' | {left}' if left else ''}")
    return [*lines, f"So {a} mod {m} is {rest}."]


def _power(a: int, n: int, m: int) -> list[str]:
    lines = [f"Find {a}^{n} mod {m}.", f"1 of {n}: {_divided(a, m)}"]
    value = a % m
    for count in range(2, n + 1):
        product = value * a
        lines.append(f"{count} of {n}: {value}*{a}={product}, {_divided(product, m)}")
        value = product % m
    return [*lines, f"So {a}^{n} mod {m} is {value}."]


def _two(facts: Facts, slip: Random | None) -> tuple[Segment, ...]:
    (m, a), (n, b) = sorted(((facts["m"], facts["a"]), (facts["n"], facts["b"])), reverse=True)
    segments = [Segment(f"Find {a} mod {m} and {b} mod {n}.\nTry {a} mod {m}, need {b} mod {n}:\n")]
    tries = [a or m]
    while tries[-1] % n != b:
        tries.append(tries[-1] + m)
    early = slip.choice(tries) if slip else None
    for x in tries[:-1]:
        if x == early:
            segments += [
                Segment(f"{_divided(x, n)} yes\n", learn=False),
                Segment(f"Check: {_divided(x, m)}, {_divided(x, n)} wrong, need {b} mod {n}\nWait, again:\n"),
            ]
        segments.append(Segment(f"{_divided(x, n)} no, {x}+{m}={x + m}\n"))
    x = tries[-1]
    found = f"{_divided(x, n)} yes\nCheck: {_divided(x, m)}, {_divided(x, n)} ok\n"
    return (*segments, Segment(f"{found}So the smallest with {a} mod {m} and {b} mod {n} is {x}."))


def _divided(x: int, m: int) -> str:
    return f"{x}={m}*{x // m}+{x % m}"
