"""Modular arithmetic: remainders of long numbers, powers and products, congruences, two remainders at once.

A mistake can be planted in the last two kinds: the search stops too early, and the check finds it.
"""

from collections.abc import Mapping
from math import gcd
from random import Random

from mull.tasks import modular
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.written import SMALL

ALL = ("long", "power", "product", "congruence", "two")
KINDS = {1: ("long", "long", "product"), 2: ("long", *ALL), 3: ALL, 4: ALL, 5: ALL}
DIGITS = {1: (2, 3), 2: (3, 4), 3: (4, 5), 4: (4, 6), 5: (7, 8)}
MODULUS = {1: (2, 9), 2: (3, 12), 3: (3, 19), 4: (13, 99), 5: (13, 99)}  # of a long number
PRODUCT = {2: 60, 3: 120, 4: 180, 5: 300}  # of two moduli
CONGRUENCE = {2: (5, 16), 3: (5, 36), 4: (20, 60), 5: (61, 99)}  # modulus
ROUND = (100, 1000)  # large moduli by which it is easy to divide


class Remainders(Family):
    name = "remainders"
    title = "remainders of long numbers, powers and products, congruences"
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
        **dict.fromkeys(
            ("power", "product"),
            Wordings(
                seen=(
                    "Find the remainder when {p} is divided by {m}.",
                    "What is {p} mod {m}?",
                    "Find {p} mod {m}.",
                    "{p} mod {m}",
                    "What is the remainder when {p} is divided by {m}?",
                    "Divide {p} by {m}. What is the remainder?",
                    "What is the remainder of {p} divided by {m}?",
                    "what remains when {p} is divided by {m}",
                ),
                held_out=(
                    "Find the remainder of {p} divided by {m}.",
                    "When {p} is divided by {m}, what is the remainder?",
                ),
            ),
        ),
        "congruence": Wordings(
            seen=(
                "Find the smallest positive x with {e} mod {m}.",
                "Solve {e} mod {m} for the smallest positive x.",
                "What is the smallest positive x with {e} mod {m}?",
                "Find the smallest positive x such that {a}x leaves remainder {b} when divided by {m}.",
                "{e} mod {m}. Find the smallest positive x.",
                "Solve {a}x ≡ {b} (mod {m}). What is the smallest positive x?",
                "Which is the smallest positive number x with {a}x mod {m} = {b}?",
                "solve {e} mod {m}, smallest positive x",
                "{a} times x has remainder {b} when divided by {m}. What is the smallest positive x?",
            ),
            held_out=(
                "What is the smallest positive x such that {e} mod {m}?",
                "Find the smallest positive number x: {a}x ≡ {b} (mod {m}).",
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
        kind = rng.choice(KINDS[level])
        match kind:
            case "long":
                count = rng.randint(*DIGITS[level])
                a, m = rng.randint(10 ** (count - 1), 10**count - 1), rng.randint(*MODULUS[level])
                return {"kind": kind, "a": a, "m": m}
            case "power":
                return {"kind": kind, **_draw_power(rng, level)}
            case "product":
                return {"kind": kind, **_draw_product(rng, level)}
            case "congruence":
                m = rng.randint(*CONGRUENCE[level])
                a = rng.choice([a for a in range(2, min(m, 10)) if gcd(a, m) == 1])
                return {"kind": kind, "a": a, "b": rng.randint(1, m - 1), "m": m}
        while True:
            m, n = rng.randint(3, 19), rng.randint(2, 19)
            if gcd(m, n) == 1 and PRODUCT[level] // 4 <= m * n <= PRODUCT[level]:
                return {"kind": kind, "a": rng.randrange(m), "m": m, "b": rng.randrange(n), "n": n}

    def key(self, facts: Facts) -> str:
        match facts:
            case {"kind": "long", "a": a, "m": m}:
                return f"{a} mod {m}"
            case {"kind": "power", "a": a, "n": n, "m": m}:
                return f"{a}^{n} mod {m}"
            case {"kind": "product", "a": a, "b": b, "m": m}:
                return f"{min(a, b)}*{max(a, b)} mod {m}"
            case {"kind": "congruence", "a": a, "b": b, "m": m}:
                return f"{a}x={b} mod {m}"
        return " ".join(sorted((f"{facts['a']} mod {facts['m']}", f"{facts['b']} mod {facts['n']}")))

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        match facts:
            case {"kind": "power", "a": a, "n": n}:
                return {**facts, "p": f"{a}^{n}"}
            case {"kind": "product", "a": a, "b": b}:
                return {**facts, "p": rng.choice((f"{a}*{b}", f"{a} * {b}", f"{a} × {b}", f"{a} times {b}"))}
            case {"kind": "congruence", "a": a, "b": b}:
                return {**facts, "e": rng.choice((f"{a}x={b}", f"{a}x = {b}"))}
        return facts

    def answer(self, facts: Facts) -> str:
        match facts:
            case {"kind": "long", "a": a, "m": m}:
                return str(a % m)
            case {"kind": "power", "a": a, "n": n, "m": m}:
                return str(pow(a, n, m))
            case {"kind": "product", "a": a, "b": b, "m": m}:
                return str(a * b % m)
            case {"kind": "congruence", "a": a, "b": b, "m": m}:
                return str(next(x for x in range(1, m) if a * x % m == b))
        a, b, m, n = (facts[name] for name in "abmn")
        return str(next(x for x in range(a or m, m * n + 1, m) if x % n == b))

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        match facts := problem.facts:
            case {"kind": "long", "a": a, "m": m}:
                lines = modular.long(a, m)
            case {"kind": "power", "a": a, "n": n, "m": m}:
                lines = modular.power(a, n, m)
            case {"kind": "product", "a": a, "b": b, "m": m}:
                lines = modular.product(a, b, m)
            case _:
                search = modular.two if facts["kind"] == "two" else modular.congruence
                return search(facts, rng if rng.random() < slips else None)
        return (Segment("\n".join(lines)),)


def _draw_power(rng: Random, level: int) -> Facts:
    """A small modulus, with large exponents from level 3; from level 4 also a large modulus."""
    if level > 3 and rng.random() < 0.5:
        m = rng.choice(ROUND) if rng.random() < 0.4 else rng.randint(13, 99)
        return {"a": rng.randint(2, 9), "n": rng.randint(*((3, 7) if level == 4 else (8, 10))), "m": m}
    while True:
        a, m = rng.randint(2, 50 if level == 2 else 99), rng.randint(5, SMALL)
        if a % m > 1:
            n = rng.randint(*{2: (3, 5), 3: (3, 16), 4: (7, 40), 5: (41, 99)}[level])
            return {"a": a, "n": n, "m": m}


def _draw_product(rng: Random, level: int) -> Facts:
    if level < 4:
        (a, b), m = {1: ((9, 9), 9), 2: ((99, 9), 9), 3: ((99, 99), SMALL)}[level]
        return {"a": rng.randint(2, a), "b": rng.randint(2, b), "m": rng.randint(3, m)}
    m = rng.choice(ROUND) if rng.random() < 0.4 else rng.randint(20, 99)
    return {"a": rng.randint(11, m - 1), "b": rng.randint(*((11, 99) if level == 4 else (101, 999))), "m": m}
