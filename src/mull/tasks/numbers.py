"""Number theory: common divisors and multiples, how many divisors, digits, last digits of powers, counting.

Mistakes can be planted in the greatest common divisor and in the powers of primes: the check finds them.
"""

from collections.abc import Mapping
from math import gcd, lcm
from random import Random

from mull.tasks import numbertheory
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.phrases import every

MOST = ("gcd", "lcm", "root", "last")
KINDS = {  # there are not many numbers whose divisors can be counted
    1: ("gcd", "gcd", "sum"),
    2: (*MOST * 2, "gcd", "sum", "multiples", "multiples", "divisors"),
    3: (*MOST * 2, "gcd", "either", "either", "either", "divisors"),
    4: (*MOST * 2, "gcd", "either", "either", "either", "divisors"),
    5: (*MOST * 2, "gcd", "either", "either", "either", "divisors"),
}
GCD = {1: 50, 2: 99, 3: 400, 4: 999, 5: 1999}  # largest number
LCM = {2: 300, 3: 700, 4: 999, 5: 999}  # largest multiple
DIVISORS = {2: (12, 200), 3: (60, 500), 4: (200, 999), 5: (1000, 9999)}
FACTORS = (2, 2, 2, 3, 3, 5, 7, 11, 13)  # of most of the numbers whose divisors are counted
DIGITS = {1: (3, 5), 2: (4, 7), 3: (6, 9), 4: (8, 12), 5: (14, 18)}
POWER = {  # bases and exponents
    2: ((2, 99), (3, 40)),
    3: ((2, 999), (20, 99)),
    4: ((12, 999), (50, 999)),
    5: ((101, 9999), (1000, 9999)),
}
COUNT = {2: (20, 199), 3: (30, 150), 4: (100, 500), 5: (500, 999)}
NAMES = {"gcd": "greatest common divisor", "lcm": "least common multiple"}


class Numbers(Family):
    name = "numbers"
    title = "divisors, multiples, digits, last digits of powers"
    wordings: Mapping[str, Wordings] = {
        **dict.fromkeys(
            ("gcd", "lcm"),
            Wordings(
                seen=every(
                    "[What is|what is] the {w} of [|the numbers ]{a} and {b}?",
                    "[Find|Compute|Calculate] the {w} of {a} and {b}.",
                    "[|Find |Calculate ]{short}({a}[,|, ]{b})",
                    "[What is|what is] {short}({a}[,|, ]{b})?",
                    "{short} of {a} and {b}",
                    "{a} and {b}: what is the {w}?",
                    "[For|Of] {a} and {b}, what is the {w}?",
                    "Tell me the {w} of {a} and {b}.",
                ),
                held_out=every(
                    "Compute {short}({a}, {b}).",
                    "[Find|Work out] the {w} of the numbers {a} and {b}.",
                    "Take {a} and {b}. What is the {w}?",
                    "Which number is the {w} of {a} and {b}?",
                ),
            ),
        ),
        "divisors": Wordings(
            seen=every(
                "How many [|positive ]divisors does {n} have?",
                "What is the number of divisors of {n}?",
                "[Find|Compute] the number of [|positive ]divisors of {n}.",
                "Count the [|positive ]divisors of {n}.",
                "How many [|positive ]numbers divide {n}?",
                "[|the ]number of divisors of {n}",
                "[Find|Find out|Tell me] how many divisors {n} has.",
                "[For|Of] {n}, what is the number of divisors?",
            ),
            held_out=every(
                "[Compute|Count] how many divisors {n} has.",
                "What is the number of positive divisors of {n}?",
                "Tell me the number of divisors of {n}.",
            ),
        ),
        "sum": Wordings(
            seen=every(
                "[What is|what is] the [sum of the digits|digit sum] of {n}?",
                "[Find|Calculate] the sum of the digits of {n}.",
                "Compute the digit sum of {n}.",
                "Add [|all ]the digits of {n}.",
                "[|the ]digit sum of {n}",
                "What do you get when you add the digits of {n}?",
                "{n}: what is the sum of the digits?",
                "Tell me the digit sum of {n}.",
            ),
            held_out=every(
                "[Find|Work out] the digit sum of {n}.",
                "What do the digits of {n} add up to?",
                "Add up the digits of {n}.",
            ),
        ),
        "root": Wordings(
            seen=every(
                "Add the digits of {n} again and again until one digit is left. Which digit is it?",
                "[Find|Compute] the repeated digit sum of {n}.",
                "[What is|what is] the repeated digit sum of {n}?",
                "Take the digit sum of {n}, again and again, until one digit is left. What is it?",
                "[Which|What] digit is left when you add the digits of {n} again and again?",
                "Add the digits of {n} until one digit is left. What is that digit?",
                "[|the ]repeated digit sum of {n}",
                "When you add the digits of {n} again and again, which digit is left?",
            ),
            held_out=every(
                "Add the digits of {n} again and again. Which digit is left?",
                "[Which|What] digit is the repeated digit sum of {n}?",
                "Tell me the repeated digit sum of {n}.",
            ),
        ),
        "last": Wordings(
            seen=every(
                "[What is|what is] the last digit of {a}[^| to the power ]{n}?",
                "[Find|Compute|Tell me] the last digit of {a}^{n}.",
                "[Which|What] digit is the last one of {a}^{n}?",
                "[|the ]last digit of {a}^{n}",
                "{a}^{n}: [what is the last digit|which digit is the last one]?",
                "[With|In] which digit does [|the power ]{a}^{n} end?",
                "[Find|Find out] which digit {a}^{n} ends with.",
                "The power {a}^{n} ends with which digit?",
            ),
            held_out=every(
                "[Find|Tell me] the digit with which {a}^{n} ends.",
                "Which is the last digit of the power {a}^{n}?",
                "What digit does {a}^{n} end with?",
            ),
        ),
        **dict.fromkeys(
            ("multiples", "either"),
            Wordings(
                seen=every(
                    "[How many|how many] numbers from 1 to {n} are {m}?",
                    "[Find|Tell me|Find out] how many numbers [from 1|up] to {n} are {m}.",
                    "How many [|positive ]numbers up to {n} are {m}?",
                    "Count the numbers [from 1|up] to {n} that are {m}.",
                    "How many of [|the numbers ]1 to {n} are {m}?",
                    "Of the numbers [from 1|up] to {n}, how many are {m}?",
                    "What is the number of numbers from 1 to {n} that are {m}?",
                ),
                held_out=every(
                    "Count the positive numbers up to {n} that are {m}.",
                    "[Find|Count] how many of 1 to {n} are {m}.",
                    "From 1 to {n}, how many numbers are {m}?",
                    "Find the number of numbers up to {n} that are {m}.",
                ),
            ),
        ),
    }

    def draw(self, rng: Random, level: int) -> Facts:
        kind = rng.choice(KINDS[level])
        match kind:
            case "gcd" | "lcm":
                a, b = _pair(rng, GCD[level]) if kind == "gcd" else _with_multiple(rng, LCM[level])
                return {"kind": kind, "a": a, "b": b}
            case "divisors":
                return {"kind": kind, "n": _composite(rng, *DIVISORS[level])}
            case "sum" | "root":
                digits = rng.randint(*DIGITS[level])
                return {"kind": kind, "n": rng.randint(10 ** (digits - 1), 10**digits - 1)}
            case "last":
                base, exponent = POWER[level]
                return {"kind": kind, "a": rng.randint(*base), "n": rng.randint(*exponent)}
        n, top = rng.randint(*COUNT[level]), 9 if level == 3 else 12
        a, b = sorted(rng.sample(range(2, top + 1), 2))
        return {"kind": kind, "n": n, "a": a, **({"b": b} if kind == "either" else {})}

    def valid(self, facts: Facts) -> bool:
        """Nothing that needs no thought, and no quotient of large numbers that is no digit."""
        match facts:
            case {"kind": "gcd" | "lcm", "a": a, "b": b}:
                return a != b and numbertheory.by_digits(a, b)
            case {"kind": "divisors", "n": n}:
                return numbertheory.few_primes(n)
            case {"kind": "last", "a": a}:
                return bool(a % 10 > 1)
            case {"kind": "either", "a": a, "b": b}:
                return bool(b % a)
        return True

    def key(self, facts: Facts) -> str:
        kind, *numbers = facts.values()
        return " ".join(map(str, [kind, *(sorted(numbers) if kind in NAMES else numbers)]))

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        match facts:
            case {"kind": "gcd" | "lcm" as kind}:
                return {**facts, "w": rng.choice((kind, NAMES[kind])), "short": kind}
            case {"kind": "multiples", "a": a}:
                return {**facts, "m": f"{rng.choice(('multiples of', 'divisible by'))} {a}"}
            case {"kind": "either", "a": a, "b": b}:
                if rng.random() < 0.5:
                    a, b = b, a
                many = ("multiples of {} or {}", "multiples of {} or of {}", "divisible by {} or {}")
                return {**facts, "m": rng.choice(many).format(a, b)}
        return facts

    def answer(self, facts: Facts) -> str:
        match facts:
            case {"kind": "gcd", "a": a, "b": b}:
                return str(gcd(a, b))
            case {"kind": "lcm", "a": a, "b": b}:
                return str(lcm(a, b))
            case {"kind": "divisors", "n": n}:
                return str(sum(n % d == 0 for d in range(1, n + 1)))
            case {"kind": "sum", "n": n}:
                return str(sum(map(int, str(n))))
            case {"kind": "root", "n": n}:
                return str((n - 1) % 9 + 1)
            case {"kind": "last", "a": a, "n": n}:
                return str(pow(a, n, 10))
            case {"kind": "multiples", "n": n, "a": a}:
                return str(n // a)
        n, a, b = facts["n"], facts["a"], facts["b"]
        return str(n // a + n // b - n // lcm(a, b))

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        slip = rng if rng.random() < slips else None
        match facts := problem.facts:
            case {"kind": "gcd", "a": a, "b": b}:
                return numbertheory.divisor(a, b, slip)
            case {"kind": "divisors", "n": n}:
                return numbertheory.divisors(n, slip)
            case {"kind": "lcm", "a": a, "b": b}:
                lines = numbertheory.multiple(a, b)
            case {"kind": "sum" | "root" as kind, "n": n}:
                lines = numbertheory.digit_sum(n, again=kind == "root")
            case {"kind": "last", "a": a, "n": n}:
                lines = numbertheory.last_digit(a, n)
            case _:
                lines = numbertheory.multiples(facts["n"], facts["a"], facts.get("b"))
        return (Segment("\n".join(lines)),)


def _pair(rng: Random, top: int) -> tuple[int, int]:
    """Two numbers, most of them with something in common."""
    if rng.random() < 0.4:
        return rng.randint(2, top), rng.randint(2, top)
    p, q = rng.sample(range(1, 21), 2)
    common = rng.randint(1, top // max(p, q))
    return common * p, common * q


def _with_multiple(rng: Random, top: int) -> tuple[int, int]:
    """Two numbers with a common multiple up to `top`; one is at most 9 times what they share."""
    while True:
        p, q = rng.randint(1, 9), rng.randint(2, 15)
        if gcd(p, q) == 1 and p * q <= top:
            common = rng.randint(1, top // (p * q))
            pair = [common * p, common * q]
            rng.shuffle(pair)
            return pair[0], pair[1]


def _composite(rng: Random, low: int, top: int) -> int:
    """A number from the range, most of them with many divisors."""
    if rng.random() < 0.3:
        return rng.randint(low, top)
    n = top + 1
    while n > top:
        n = rng.choice(FACTORS)
        while n < low:
            n *= rng.choice(FACTORS)
    return n
