"""Arithmetic a place at a time, for thoughts in which it is only a step: no claim needs two carries.

What needs no carry is one claim (`67-23=44`). Otherwise the second number is taken apart,
`67+58: 67+50=117, 117+8=125`: subtracting numbers of two digits at once is where small models fail first.
"""

from mull.tasks.written import divided


def plus(a: int, b: int) -> str:
    """Sum of numbers >= 0."""
    return _step(f"{a}+{b}", added(a, b))


def minus(a: int, b: int) -> str:
    """Difference of numbers >= 0; below zero it is turned round, `5-12: 12-5=7, 5-12=-7`."""
    if a < b:
        turned = minus(b, a)
        return f"{a}-{b}: {turned.partition(': ')[2] or turned}, {a}-{b}={a - b}"
    parts = _parts(b)
    if len(parts) < 2 or all(a // place % 10 >= b // place % 10 for place in _places(b)):
        return f"{a}-{b}={a - b}"
    claims = []
    for part in parts:
        claims.append(f"{a}-{part}={a - part}")
        a -= part
    return _step(f"{a + b}-{b}", claims)


def added(a: int, b: int) -> list[str]:
    """The claims of a sum."""
    parts, below = _parts(b), _places(max(a, b))[1:]  # a carry out of the first place disturbs nothing
    if len(parts) < 2 or all(a // place % 10 + b // place % 10 < 10 for place in below):
        return [f"{a}+{b}={a + b}"]
    claims = []
    for part in parts:
        claims.append(f"{a}+{part}={a + part}")
        a += part
    return claims


def product(a: int, b: int) -> str:
    """Product with a digit (or 10): `21*4=84`, `35*5: 30*5=150, 5*5=25, 150+25=175`."""
    large, digit = max(a, b), min(a, b)
    parts = _parts(large)
    if len(parts) < 2 or all(part // 10 ** (len(str(part)) - 1) * digit < 10 for part in parts[1:]):
        return f"{a}*{b}={a * b}"
    claims = [f"{part}*{digit}={part * digit}" for part in parts]
    total = parts[0] * digit
    for part in parts[1:]:
        claims += added(total, part * digit)
        total += part * digit
    return _step(f"{a}*{b}", claims)


def quotient(a: int, d: int) -> str:
    """Exact quotient by a digit: `48/6=8`, or digit by digit `168/7: 16=7*2+2, 28=7*4+0, 168/7=24`."""
    whole = f"{a}/{d}={a // d}"
    return whole if a < 10 * d else _step(f"{a}/{d}", [*(step for step, _ in long(a, d)), whole])


def long(a: int, d: int) -> list[tuple[str, int]]:
    """Division with remainder, digit by digit: each step with the quotient so far."""
    steps: list[tuple[str, int]] = []
    part = found = 0
    for digit in str(a):
        part = part * 10 + int(digit)
        if steps or part >= d:
            found = found * 10 + part // d
            steps.append((divided(part, d), found))
            part %= d
    return steps


def _parts(number: int) -> list[int]:
    """The number as a sum of one digit for each place, zeros left out; [0] for 0."""
    return [number // place % 10 * place for place in _places(number) if number // place % 10] or [0]


def _places(number: int) -> list[int]:
    return [10**k for k in reversed(range(len(str(number))))]


def _step(goal: str, claims: list[str]) -> str:
    return claims[0] if len(claims) == 1 else f"{goal}: {', '.join(claims)}"
