"""Arithmetic as the thoughts write it, in steps that a small model can do in its head.

Products of two-digit and one-digit numbers, sums below 200, and division with remainder by a small number
are one step. What is larger is split at the hundreds or tens.
"""

SMALL = 12  # up to here a divisor needs no table of multiples


def divided(x: int, m: int) -> str:
    """Division with remainder: `57=9*6+3`."""
    return f"{x}={m}*{x // m}+{x % m}"


def remainder(x: int, m: int) -> str:
    """The same, with the product written out for a large divisor: `37*6=222, 258-222=36`."""
    if m <= SMALL:
        return divided(x, m)
    return f"{x}<{m}" if x < m else f"{m}*{x // m}={x - x % m}, {x}-{x - x % m}={x % m}"


def stepped(a: int, b: int) -> str:
    """a+b for b of either sign, tens first: `57+30=87, 87+8=95`, `71-60=11, 11-8=3`; at once what is easy."""
    sign, size = ("-", -b) if b < 0 else ("+", b)
    ones = size % 10
    if a < 10 or size < 10 or ones == 0 or a + b < 0:
        return f"{a}{sign}{size}={a + b}"
    tens = a + b + ones if b < 0 else a + b - ones
    return f"{a}{sign}{size - ones}={tens}, {tens}{sign}{ones}={a + b}"


def times(a: int, d: int) -> str:
    """Product with a digit or 10: `43*7=301`, or `343*7: 300*7=2100, 43*7=301, 2100+301=2401`."""
    low = a % 100
    high = a - low
    if d == 10 or not (high and low):
        return f"{a}*{d}={a * d}"
    return f"{a}*{d}: {high}*{d}={high * d}, {low}*{d}={low * d}, {high * d}+{low * d}={a * d}"


def in_parts(a: int, d: int) -> str:
    """Product with a digit; from 100 on digit by digit: `43*7: 40*7=280, 3*7=21, 280+21=301`."""
    parts = [int(digit) * 10**place for place, digit in enumerate(reversed(str(a))) if digit != "0"][::-1]
    if len(parts) < 2 or a * d < 100:
        return f"{a}*{d}={a * d}"
    steps, total = [f"{part}*{d}={part * d}" for part in parts], parts[0] * d
    for part in parts[1:]:
        steps.append(f"{total}+{part * d}={total + part * d}")
        total += part * d
    return f"{a}*{d}: {', '.join(steps)}"


def plus(a: int, b: int) -> str:
    """Sum: `14+16=30`, or `760+385: 700+300=1000, 60+85=145, 1000+145=1145`."""
    low, high = a % 100 + b % 100, a // 100 * 100 + b // 100 * 100
    if not (high and low):
        return f"{a}+{b}={a + b}"
    hundreds = f"{a // 100 * 100}+{b // 100 * 100}={high}, " if a > 99 and b > 99 else ""
    return f"{a}+{b}: {hundreds}{a % 100}+{b % 100}={low}, {high}+{low}={a + b}"


def minus(a: int, b: int) -> str:
    """Difference: `57-18=39`, or `343-185: 343-100=243, 143-85=58, 100+58=158`."""
    if a < 200 or b > a or b % 100 == 0:
        return f"{a}-{b}={a - b}"
    hundreds, part = b - b % 100, b % 100
    steps, rest = ([f"{a}-{hundreds}={a - hundreds}"] if hundreds else []), a - hundreds
    low = rest % 100 if rest % 100 >= part else rest % 100 + 100
    steps.append(f"{low}-{part}={low - part}")
    if rest > low:
        steps.append(f"{rest - low}+{low - part}={rest - part}")
    return f"{a}-{b}: {', '.join(steps)}"


def product(a: int, b: int) -> str:
    """Product of any two numbers: `4*23=92`, or `14*23: 14*20=280, 14*3=42, 280+42=322`."""
    large, small = max(a, b), min(a, b)
    high = large - large % 10 ** (len(str(large)) - 1)
    low = large - high
    if low == 0 or (large < 100 and small < 10):
        return f"{a}*{b}={a * b}"
    parts = [f"{part}*{b}" if large == a else f"{a}*{part}" for part in (high, low)]
    high, low = high * small, low * small
    return f"{a}*{b}: {parts[0]}={high}, {parts[1]}={low}, {high}+{low}={a * b}"


def quotient(a: int, d: int) -> str:
    """Exact quotient by a digit: `168/7=24`, or `858/3: 600/3=200, 258/3=86, 200+86=286`."""
    high = a - a % (100 * d)
    low = a - high
    if not (high and low):
        return f"{a}/{d}={a // d}"
    parts = high // d, low // d
    return f"{a}/{d}: {high}/{d}={parts[0]}, {low}/{d}={parts[1]}, {parts[0]}+{parts[1]}={a // d}"
