"""Number theory line by line: divisors, multiples, digits, powers. Behind `|` stands what is left to do."""

from itertools import accumulate
from math import gcd, prod
from random import Random

from mull.tasks.base import Segment
from mull.tasks.written import SMALL, divided, minus, plus, remainder, times

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101)
Powers = dict[int, int]  # exponents by primes


def by_digits(a: int, b: int) -> bool:
    """Whether every quotient of Euclid's division is one digit, as far as the numbers are 100 or more."""
    x, m = max(a, b), min(a, b)
    while m and x > 99:
        if x // m > 9:
            return False
        x, m = m, x % m
    return True


def divisor(a: int, b: int, slip: Random | None) -> tuple[Segment, ...]:
    """The greatest common divisor by Euclid. That of numbers below 100 is checked; a slip stops too early."""
    common, lines = gcd(a, b), _euclid(a, b)
    goal, end = f"Find gcd {a},{b}.\n", f"So gcd {a},{b} is {common}."
    if max(a, b) > 99:
        return (Segment(f"{goal}{_joined(lines)}{end}"),)
    end = f"{_joined(lines)}Check: {divided(a, common)}, {divided(b, common)} ok\n{end}"
    early = [place for place, line in enumerate(lines) if "|" in line and not line.endswith(f",{common}")]
    if not slip or not early:
        return (Segment(goal + end),)
    place = slip.choice(early)
    step, rest = lines[place].split(" | ")[0], int(lines[place].rpartition(",")[2])
    check = divided(a, rest) if a % rest else f"{divided(a, rest)}, {divided(b, rest)}"
    return (
        Segment(goal + _joined(lines[:place])),
        Segment(f"{step}, gcd {rest}\n", learn=False),
        Segment(f"Check: {check} wrong, need 0\nWait, again:\n{end}"),
    )


def multiple(a: int, b: int) -> list[str]:
    """The least common multiple: one number times what only the other one has."""
    small, large, common = min(a, b), max(a, b), gcd(a, b)
    last = f"{small}/{common}={small // common}, {times(large, small // common)}"
    return [f"Find lcm {a},{b}.", *_euclid(a, b), last, f"So lcm {a},{b} is {small // common * large}."]


def divisors(n: int, slip: Random | None) -> tuple[Segment, ...]:
    """The number of divisors from the powers of primes. A slip takes one power too many or too few."""
    lines, powers, rest, p = [f"Find the number of divisors of {n}."], Powers(), n, 2
    for p in PRIMES:
        if rest < p * p:
            break
        steps = [divided(rest, p)]
        while rest % p == 0:
            powers[p], rest = powers.get(p, 0) + 1, rest // p
            if rest > 1:
                steps.append(divided(rest, p))
        lines.append(f"{', '.join(steps)}: {_powers(powers)} | {rest}")
    if rest > 1:
        lines.append(f"{rest}<{p}*{p}: {_powers(powers | {rest: 1})}")
        powers[rest] = 1
    counts = [power + 1 for power in powers.values()]
    more = ", ".join(f"{power}+1={power + 1}" for power in powers.values())
    end = _joined(
        [f"{n} is {_powers(powers)}", f"Check: {_multiplied_back(powers)} ok", more, *_product(counts)]
    )
    end += f"So the number of divisors of {n} is {prod(counts)}."
    if not slip:
        return (Segment(_joined(lines) + end),)
    p = slip.choice(list(powers))
    wrong = powers | {p: powers[p] + (slip.choice((-1, 1)) if powers[p] > 1 else 1)}
    return (
        Segment(_joined(lines)),
        Segment(f"{n} is {_powers(wrong)}\n", learn=False),
        Segment(f"Check: {_multiplied_back(wrong)} wrong, need {n}\nWait, again:\n{end}"),
    )


def last_digit(a: int, n: int) -> list[str]:
    """The last digit of a^n: that of the powers comes again in turns."""
    goal, d = f"the last digit of {a}^{n}", a % 10
    lines, turns = [f"Find {goal}.", f"{d}^1: {d}"], [d]
    while True:
        x = turns[-1] * d
        line = f"{d}^{len(turns) + 1}: {turns[-1]}*{d}={x}, {x % 10}"
        if x % 10 == d:
            break
        lines.append(line)
        turns.append(x % 10)
    low = n % 100  # hundreds are full turns
    split = f"{n}={n - low}+{low}, " if n > 99 else ""
    like = low % len(turns) or len(turns)
    turn = f"{len(turns)} in turns: {split}{divided(low, len(turns))}, so as {d}^{like}: {turns[like - 1]}"
    return [*lines, f"{line} again", turn, f"So {goal} is {turns[like - 1]}."]


def digit_sum(n: int, again: bool) -> list[str]:
    """The sum of the digits; with `again`, the sum of its digits too, until one digit is left."""
    goal, digits = f"{'repeated ' if again else ''}digit sum of {n}", str(n)
    lines, total = [f"Find the {goal}."], sum(map(int, digits))
    for place, step in enumerate(_sums(n), 2):
        lines.append(f"{step} | {digits[place:]}" if digits[place:] else step)
    while again and total > 9:
        lines.append(f"{total}: {', '.join(_sums(total))}")
        total = sum(map(int, str(total)))
    return [*lines, f"So the {goal} is {total}."]


def multiples(n: int, a: int, b: int | None) -> list[str]:
    """How many of 1 to n are multiples of a, or of a or b: those of both are counted twice."""
    which = f"{a}" if b is None else f"{a} or {b}"
    lines = [f"Find how many of 1 to {n} are multiples of {which}.", f"Of {a}: {_quotient(n, a)}"]
    total = n // a
    if b is not None:
        common = a * b // gcd(a, b)
        search = [f"{divided(x, a)} {'yes' if x == common else 'no'}" for x in range(b, common + 1, b)]
        both, of_a = n // common, total
        total += n // b - both
        lines += [
            f"Of {b}: {_quotient(n, b)}",
            f"Of both: {', '.join(search)}, of {common}: {_quotient(n, common)}",
            f"{plus(of_a, n // b)}, {minus(of_a + n // b, both)}",
        ]
    return [*lines, f"So {total} of 1 to {n} are multiples of {which}."]


def _euclid(a: int, b: int) -> list[str]:
    """The larger is divided by the smaller, then the smaller by the remainder, until nothing remains."""
    x, m, lines = max(a, b), min(a, b), []
    while m:
        q, r = divmod(x, m)
        if x < 100 or m <= SMALL:
            step = divided(x, m)
        else:
            rest = minus(x, m * q) if m > 99 else f"{x}-{m * q}={r}"
            step = f"{times(m, q)}, {rest}" if q > 1 else rest
        lines.append(step + (f" | {m},{r}" if r else f", gcd {m}"))
        x, m = m, r
    return lines


def _sums(n: int) -> list[str]:
    """One step for each digit of n after the first."""
    digits = [int(digit) for digit in str(n)]
    return [f"{total}+{d}={total + d}" for total, d in zip(accumulate(digits), digits[1:], strict=False)]


def _powers(powers: Powers) -> str:
    return "*".join(f"{p}^{power}" for p, power in powers.items()) or "1"


def _multiplied_back(powers: Powers) -> str:
    values = [p**power for p, power in powers.items()]
    steps = [f"{p}^{power}={value}" for (p, power), value in zip(powers.items(), values, strict=True)]
    return ", ".join([*steps, *_product(values)])


def _product(factors: list[int]) -> list[str]:
    """One step a factor, in one line; none for a single factor."""
    steps, value = [], factors[0]
    for factor in factors[1:]:
        steps.append(f"{value}*{factor}={value * factor}")
        value *= factor
    return [", ".join(steps)] if steps else []


def _quotient(n: int, m: int) -> str:
    """n divided by m, from 100 on digit by digit, and the quotient."""
    if n < 100:
        return f"{divided(n, m)}: {n // m}"
    steps, rest = list[str](), 0
    for digit in str(n):
        rest = rest * 10 + int(digit)
        if steps or rest >= m:
            steps.append(remainder(rest, m))
            rest %= m
    return f"{', '.join(steps)}: {n // m}"


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
