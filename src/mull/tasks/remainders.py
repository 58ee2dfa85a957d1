"""Modular arithmetic: remainders of long numbers, powers and products, congruences, two remainders at once.

A mistake can be planted in the last two kinds: the search stops too early, and the check finds it.
"""

from collections.abc import Mapping
from math import gcd
from random import Random

from mull.tasks import modular
from mull.tasks.asking import framed, joined, short, wanted
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.written import SMALL

ALL = ("long", "power", "product", "congruence", "two")
KINDS = {1: ("long", "long", "product"), 2: ("long", *ALL), 3: ALL, 4: ALL, 5: ALL}
DIGITS = {1: (2, 3), 2: (3, 4), 3: (4, 5), 4: (4, 6), 5: (7, 8)}
MODULUS = {1: (2, 9), 2: (3, 9), 3: (3, 19), 4: (13, 99), 5: (13, 99)}  # of a long number
PRODUCT = {2: 60, 3: 120, 4: 180, 5: 300}  # of two moduli
CONGRUENCE = {2: (5, 16), 3: (5, 36), 4: (20, 60), 5: (61, 99)}  # modulus
ROUND = (100, 1000)  # large moduli by which it is easy to divide


def _remainder(a: str) -> Wordings:
    """Asks for the remainder of the number or expression `a`."""
    wordings = joined(
        short(("{a} mod {m}",)),
        wanted(
            (
                "the remainder when {a} is divided by {m}",
                "the remainder of {a} divided by {m}",
                "the remainder of {a} / {m}",
            ),
            ("the remainder when you divide {a} by {m}",),
        ),
        Wordings(
            (
                "Divide {a} by {m}. What is the remainder?",
                "Divide {a} by {m} and find the remainder.",
                "If {a} is divided by {m}, what is the remainder?",
                "What remains when {a} is divided by {m}?",
                "what remains if you divide {a} by {m}",
                "What is left when you divide {a} by {m}?",
                "{a} is divided by {m}. Find the remainder.",
                "Which remainder has {a} when divided by {m}?",
            ),
            (
                "When {a} is divided by {m}, what is the remainder?",
                "What is left when {a} is divided by {m}?",
                "When you divide {a} by {m}, what remains?",
            ),
        ),
    )
    return Wordings(
        *(tuple(each.replace("{a}", a) for each in share) for share in (wordings.seen, wordings.held_out))
    )


class Remainders(Family):
    name = "remainders"
    title = "remainders of long numbers, powers and products, congruences"
    wordings: Mapping[str, Wordings] = {
        "long": _remainder("{a}"),
        **dict.fromkeys(("power", "product"), _remainder("{p}")),
        "congruence": joined(
            wanted(
                (
                    "the smallest positive x with {e} mod {m}",
                    "the smallest positive x such that {e} mod {m}",
                    "the smallest positive x such that {a}x leaves remainder {b} when divided by {m}",
                    "the smallest positive x with {a}x ≡ {b} (mod {m})",
                    "the smallest positive number x with {a}x mod {m} = {b}",
                    "the smallest positive x with remainder {b} when {a}x is divided by {m}",
                ),
                (
                    "the smallest positive number x such that {a}x ≡ {b} (mod {m})",
                    "the smallest positive x such that {a}x divided by {m} leaves {b}",
                ),
            ),
            Wordings(
                (
                    "Solve {e} mod {m}. What is the smallest positive x?",
                    "Solve {e} mod {m} for the smallest positive x.",
                    "solve {e} mod {m}, smallest positive x",
                    "{e} mod {m}. Find the smallest positive x.",
                    "If {e} mod {m}, what is the smallest positive x?",
                    "{a} times x leaves remainder {b} when divided by {m}. What is the smallest positive x?",
                ),
                ("We know that {e} mod {m}. Find the smallest positive x.",),
            ),
        ),
        "two": joined(
            wanted(
                (
                    "the smallest positive number with remainder {a} mod {m} and remainder {b} mod {n}",
                    "the smallest positive number that is {a} mod {m} and {b} mod {n}",
                    "the smallest positive number that leaves remainder {a} when divided by {m} and "
                    "remainder {b} when divided by {n}",
                    "the smallest positive x with x = {a} mod {m} and x = {b} mod {n}",
                    "the smallest positive number with remainders {a} and {b} when divided by {m} and {n}",
                    "the smallest positive x such that x mod {m} = {a} and x mod {n} = {b}",
                ),
                (
                    "the smallest positive number that divided by {m} leaves {a} and divided by {n} "
                    "leaves {b}",
                    "the smallest positive x that has remainder {a} when divided by {m} and {b} when "
                    "divided by {n}",
                ),
            ),
            Wordings(
                framed(
                    (
                        "{} What is the smallest such number?",
                        "{} Find the smallest one.",
                        "{} Which is the smallest?",
                    ),
                    (
                        "A number leaves remainder {a} when divided by {m} and remainder {b} when "
                        "divided by {n}.",
                        "A number is {a} mod {m} and {b} mod {n}.",
                        "Divided by {m} a number leaves {a}, divided by {n} it leaves {b}.",
                    ),
                ),
                framed(
                    ("{} What is the smallest such number?", "{} Find the smallest."),
                    ("A number has remainder {a} when divided by {m} and {b} when divided by {n}.",),
                ),
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
        a, m = rng.randint(2, 50 if level == 2 else 99), rng.randint(5, 9 if level == 2 else SMALL)
        if a % m > 1:
            n = rng.randint(*{2: (3, 5), 3: (3, 9), 4: (7, 40), 5: (41, 99)}[level])
            return {"a": a, "n": n, "m": m}


def _draw_product(rng: Random, level: int) -> Facts:
    if level < 4:
        (a, b), m = {1: ((9, 9), 9), 2: ((99, 9), 9), 3: ((99, 99), SMALL)}[level]
        return {"a": rng.randint(2, a), "b": rng.randint(2, b), "m": rng.randint(3, m)}
    m = rng.choice(ROUND) if rng.random() < 0.4 else rng.randint(20, 99)
    return {"a": rng.randint(11, m - 1), "b": rng.randint(*((11, 99) if level == 4 else (101, 999))), "m": m}
