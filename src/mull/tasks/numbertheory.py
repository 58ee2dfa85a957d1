"""Number theory line by line: divisors, multiples, digits, powers. Behind `|` stands what is left to do."""

from itertools import accumulate
from math import gcd, prod
from random import Random

from mull.tasks import places
from mull.tasks.base import Segment
from mull.tasks.written import SMALL, divided, in_parts, plus

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


def few_primes(n: int) -> bool:
    """Whether primes up to 13 are all that has to be tried for the divisors of n."""
    for p in PRIMES[:6]:
        while n % p == 0:
            n //= p
    return n < 17 * 17


def divisor(a: int, b: int, slip: Random | None) -> tuple[Segment, ...]:
    """The greatest common divisor by Euclid. That of numbers below 100 is checked; a slip stops too early."""
    common, lines = gcd(a, b), _euclid(a, b)
    goal, end = f"Find gcd {a},{b}.\n", f"So gcd {a},{b} is {common}."
    if max(a, b) > 99:
        return (Segment(f"{goal}{_joined(lines)}{end}"),)
    end = f"{_joined(lines)}Check: {a}: {_division(a, common)}, {b}: {_division(b, common)} ok\n{end}"
    early = [place for place, line in enumerate(lines) if "|" in line and not line.endswith(f",{common}")]
    if not slip or not early:
        return (Segment(goal + end),)
    place = slip.choice(early)
    step, rest = lines[place].split(" | ")[0], int(lines[place].rpartition(",")[2])
    check = f"{a}: {_division(a, rest)}"
    if a % rest == 0:
        check += f", {b}: {_division(b, rest)}"
    return (
        Segment(goal + _joined(lines[:place])),
        Segment(f"{step}, gcd {rest}\n", learn=False),
        Segment(f"Check: {check} wrong, need 0\nWait, again:\n{end}"),
    )


def multiple(a: int, b: int) -> list[str]:
    """The least common multiple: one number times what only the other one has."""
    small, large, common = min(a, b), max(a, b), gcd(a, b)
    last = f"{small},{large} with gcd {common}: {small}/{common}={small // common}, "
    last += in_parts(large, small // common)
    return [f"Find lcm {a},{b}.", *_euclid(a, b), last, f"So lcm {a},{b} is {small // common * large}."]


def divisors(n: int, slip: Random | None) -> tuple[Segment, ...]:
    """The number of divisors from the powers of primes. A slip takes one power too many or too few."""
    lines, powers, rest = [f"Find the number of divisors of {n}."], Powers(), n
    for p in PRIMES:
        if rest == 1:
            break
        square = f"{p}*{p}={p * p}, "
        if rest < p * p:
            powers[rest] = 1
            lines.append(f"{square}{rest}<{p * p}: {_powers(powers)}")
            break
        while True:
            goes = rest % p == 0
            step = f"{square}{rest} by {p}: {_division(rest, p)}"
            if goes:
                powers[p], rest, square = powers.get(p, 0) + 1, rest // p, ""
            lines.append(f"{step}: {_powers(powers)} | {rest}")
            if not goes or rest < p:
                break
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
    turn = f"{len(turns)} in turns: {split}{_division(low, len(turns))}, so as {d}^{like}: {turns[like - 1]}"
    if len(turns) == 1:
        turn = f"1 in turns, so as {d}^1: {d}"
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
        search = [f"Of both: {divided(b, a)} {'yes' if b == common else 'no'}"]
        for x in range(b, common, b):
            verdict = "yes" if x + b == common else "no"
            search.append(f"{x}+{b}={x + b}, {divided(x + b, a)} {verdict}")
        both, of_a = n // common, total
        total += n // b - both
        lines += [
            f"Of {b}: {_quotient(n, b)}",
            *search,
            f"Of {common}: {_quotient(n, common)}",
            f"{plus(of_a, n // b)}, {places.minus(of_a + n // b, both)}",
        ]
    return [*lines, f"So {total} of 1 to {n} are multiples of {which}."]


def _euclid(a: int, b: int) -> list[str]:
    """The larger is divided by the smaller, then the smaller by the remainder, until nothing remains."""
    x, m, lines = max(a, b), min(a, b), []
    while m:
        q, r = divmod(x, m)
        if m > 99 or (q == 1 and m > SMALL):
            rest = places.minus(x, m * q)
            step = f"{in_parts(m, q)}, {rest}" if q > 1 else rest
        else:
            step = _division(x, m)
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


def _division(x: int, m: int) -> str:
    """x divided by m < 100; several digits of a quotient are found one by one: `4=3*1+1, 18=3*6+0`."""
    if x < m or m == 1 or (x // m <= 9 and m <= SMALL):
        return divided(x, m)
    steps, rest = list[str](), 0
    for digit in str(x):
        rest = rest * 10 + int(digit)
        if steps or rest >= m:
            steps.append(_tried(rest, m) if m > SMALL and rest >= m else divided(rest, m))
            rest %= m
    return ", ".join(steps)


def _tried(x: int, m: int) -> str:
    """x divided by a large m: its multiples one after another, `24*2=48, 24*3=72, 24*4=96>90, 90-72=18`.

    A quotient that is guessed is where small models fail: each multiple is one step from the one before.
    """
    q, r = divmod(x, m)
    steps = [f"{m}*{k}={m * k}" for k in range(1 if q == 1 else 2, q + 1)]
    over = [f"{m}*{q + 1}={m * (q + 1)}>{x}"] if r else []
    return ", ".join([*steps, *over, places.minus(x, m * q)])


def _quotient(n: int, m: int) -> str:
    """n divided by m, and the quotient."""
    return f"{_division(n, m)}: {n // m}"


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
