"""Modular arithmetic line by line: every line ends in the remainder with which the next one goes on.

Behind `|` stands what is left to do. For a modulus above 10 its multiples are listed once: the first one that
is too large is named, and a remainder is what is left after the one before it.
"""

from collections.abc import Callable
from random import Random

from mull.tasks.base import Facts, Segment
from mull.tasks.written import SMALL, divided, plus, stepped, times

STEP_BY_STEP = 6  # larger exponents are halved, if the modulus is small


def long(a: int, m: int) -> list[str]:
    """a mod m, one digit after the other."""
    lines, digits, start = [f"Find {a} mod {m}.", *_multiples(m)], str(a), min(len(str(m)), len(str(a)))
    first = ""
    if int(digits[:start]) < m and start < len(digits):
        first, start = f"{digits[:start]}<{m}, ", start + 1
    rest = int(digits[:start]) // 10
    for place in range(start, len(digits) + 1):
        x = rest * 10 + int(digits[place - 1])
        lines.append(first + _reduced(x, m) + _left(digits[place:]))
        first, rest = "", x % m
    return [*lines, f"So {a} mod {m} is {rest}."]


def power(a: int, n: int, m: int) -> list[str]:
    """a^n mod m: step by step, or along the binary digits of a large exponent."""
    lines, base = [f"Find {a}^{n} mod {m}.", *_multiples(m)], a % m
    if a >= m:
        lines.append(f"{_reduced(a, m)}, so find {base}^{n} mod {m}.")
    if n > STEP_BY_STEP and m <= SMALL:
        lines += _squared(base, n, m)
    else:
        lines.append(f"1 of {n}: {base}")
        value = base
        for count in range(2, n + 1):
            lines.append(f"{count} of {n}: {_multiplied(value, base, m)}")
            value = value * base % m
    return [*lines, f"So {a}^{n} mod {m} is {pow(a, n, m)}."]


def product(a: int, b: int, m: int) -> list[str]:
    """a*b mod m: both reduced first, or for a large modulus the digits of b one after the other."""
    lines = [f"Find {a}*{b} mod {m}.", *_multiples(m)]
    if m <= SMALL:
        lines += [_reduced(a, m), _reduced(b, m), _multiplied(a % m, b % m, m)]
    else:
        value = 0
        for place, digit in enumerate(map(int, str(b)), 1):
            steps = [_multiplied(value, 10, m)] if value else []
            value = value * 10 % m
            if digit:
                steps.append(_multiplied(a, digit, m))
                part = a * digit % m
                if value and part:
                    steps += [plus(value, part), _reduced(value + part, m)]
                value = (value + part) % m
            lines.append(f"{digit}: {', '.join(steps or ['0'])}{_left(str(b)[place:])}")
    return [*lines, f"So {a}*{b} mod {m} is {a * b % m}."]


def two(facts: Facts, slip: Random | None) -> tuple[Segment, ...]:
    """The smallest number with two remainders: those that have one of them are tried in order."""
    given = ((facts["m"], facts["a"]), (facts["n"], facts["b"]))
    (m, a), (n, b) = sorted(given, reverse=True)
    both = " and ".join(f"{rest} mod {modulus}" for modulus, rest in given)
    goal = f"Find {both}.\n{m}>{n}\nTry {a} mod {m}, need {b} mod {n}:\n"
    steps, x = _search(
        range(a or m, m * n + 1, m),
        n,
        b,
        slip,
        lambda x: f"{_rest(x, m)}, {_rest(x, n)}",
        lambda _: f"{b} mod {n}",
    )
    return (Segment(goal), *steps, Segment(f"So the smallest with {both} is {x}."))


def congruence(facts: Facts, slip: Random | None) -> tuple[Segment, ...]:
    """ax = b mod m: the numbers that are b mod m are tried in order until a divides one."""
    a, b, m = facts["a"], facts["b"], facts["m"]
    goal = f"Find x with {a}x={b} mod {m}.\nTry {b} mod {m}, need 0 mod {a}:\n"
    steps, y = _search(range(b, a * m, m), a, 0, slip, lambda y: times(y // a, a), str)
    return (Segment(goal), *steps, Segment(f"So {a}x={b} mod {m} for x={y // a}."))


def _search(
    tries: range,
    n: int,
    need: int,
    slip: Random | None,
    check: Callable[[int], str],
    wanted: Callable[[int], str],
) -> tuple[list[Segment], int]:
    """Steps to the first of the tries that is `need` mod n, and that number; a slip takes an earlier one."""
    found = next(x for x in tries if x % n == need)
    missed = range(tries.start, found, tries.step)
    early = slip.choice(missed) if slip and missed else None
    segments = []
    for x in missed:
        line = f"{_rest(x, n)}, need {need}:"
        if x == early:
            mend = f"Check: {check(x)} wrong, need {wanted(x)}\nWait, again:\n"
            segments += [Segment(f"{line} yes\n", learn=False), Segment(mend)]
        segments.append(Segment(f"{line} no, {stepped(x, tries.step)}\n"))
    segments.append(Segment(f"{_rest(found, n)}, need {need}: yes\nCheck: {check(found)} ok\n"))
    return segments, found


def _squared(base: int, n: int, m: int) -> list[str]:
    """base^n mod m by squaring: the exponents are n halved down to 1, and back."""
    binary = f"{n:b}"
    exponents = [int(binary[: k + 1], 2) for k in range(len(binary))]
    halves = ", ".join(divided(x, 2) for x in reversed(exponents[1:]))
    lines = [f"Halve: {halves}", f"Binary {binary}: {','.join(map(str, exponents))}"]
    value = base
    for place, exponent in enumerate(exponents, 1):
        steps = [str(base)]
        if exponent > 1:
            steps = [_multiplied(value, value, m)]
            value = value * value % m
        if exponent > 1 and exponent % 2:
            steps.append(_multiplied(value, base, m))
            value = value * base % m
        lines.append(f"{base}^{exponent}: {', '.join(steps)}{_left(','.join(map(str, exponents[place:])))}")
    return lines


def _multiples(m: int) -> list[str]:
    """The line that lists the multiples, if the modulus needs it."""
    if _easy(m):
        return []
    return [f"Multiples of {m}: {','.join(str(m * k) for k in range(1, 11))}"]


def _multiplied(a: int, b: int, m: int) -> str:
    return f"{times(a, b)}, {_reduced(a * b, m)}"


def _reduced(x: int, m: int) -> str:
    """x mod m, with the multiples at hand."""
    if _easy(m):
        return _digits(x, m)
    if x < m:
        return f"{x}<{m}"
    below = x - x % m
    return f"{x}<{below + m}, {stepped(x, -below)}" if x < 10 * m else stepped(x, -below)


def _rest(x: int, m: int) -> str:
    """x mod m without the multiples."""
    if _easy(m):
        return _digits(x, m)
    return f"{x}<{m}" if x < m else f"{m}*{x // m}={x - x % m}, {stepped(x, -(x - x % m))}"


def _digits(x: int, m: int) -> str:
    """Division with remainder by an easy modulus, as long division where the quotient has two digits."""
    if x < 10 * m or m > 10:
        return divided(x, m)
    return f"{_digits(x // 10, m)}, {divided(x // 10 % m * 10 + x % 10, m)}"


def _easy(m: int) -> bool:
    """Whether division with remainder is one step: a digit, or digits that are only cut off."""
    return m <= 10 or m in (100, 1000)


def _left(rest: str) -> str:
    return f" | {rest}" if rest else ""
