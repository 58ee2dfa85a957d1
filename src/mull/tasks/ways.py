"""How ways are counted, line by line: products of choices, k of n, paths on a grid.

Choosing k of n goes from 1 of n up to k of n: times the next smaller number, divided by how many are chosen,
`3 of 8: 28*6=168, 168/3=56`. A path of 3 steps right and 2 up chooses which 2 of its 5 steps go up.
"""

from collections.abc import Sequence
from itertools import accumulate

from mull.tasks import written

Pairs = Sequence[Sequence[int]]


def each(numbers: Sequence[int]) -> list[str]:
    """One of each kind of thing, of which there are so many."""
    goal = "the ways to choose one of each"
    lines, count = _multiplied(numbers)
    return [f"Find {goal}: {'*'.join(map(str, numbers))}.", *lines, f"So {goal}: {count}."]


def order(groups: Pairs) -> list[str]:
    """k of n things in order."""
    ((k, n),) = groups
    goal, numbers = f"the ways to put {k} of {n} in order", range(n, n - k, -1)
    lines, count = _multiplied(numbers)
    return [f"Find {goal}: {'*'.join(map(str, numbers))}.", *lines, f"So {goal}: {count}."]


def choose(groups: Pairs) -> list[str]:
    """k of n things, of several kinds. Choosing more than half of them is leaving the others."""
    goal = f"the ways to choose {' and '.join(f'{k} of {n}' for k, n in groups)}"
    parts = []
    for k, n in groups:
        fewer = f": {n}-{k}={n - k}, so find {n - k} of {n}." if 2 * k > n else "."
        parts.append((f"{k} of {n}{fewer}", min(k, n - k), n))
    return _together(goal, parts)


def paths(steps: Pairs) -> list[str]:
    """Steps right and up, from point to point."""
    x = y = 0
    parts = []
    for right, up in steps:
        way = [f"{end}-{start}={end - start}" for end, start in ((x + right, x), (y + up, y)) if start]
        x, y = x + right, y + up
        k, n = min(right, up), right + up
        parts.append((f"to ({x},{y}): {', '.join([*way, f'{right}+{up}={n}'])}, so find {k} of {n}.", k, n))
    return _together(f"the ways to go {route(steps)}", parts)


def route(steps: Pairs) -> str:
    """The points between the steps: `from (0,0) to (2,1) to (5,4)`."""
    right, up = ([0, *accumulate(numbers)] for numbers in zip(*steps, strict=True))
    return f"from {' to '.join(f'({x},{y})' for x, y in zip(right, up, strict=True))}"


def _together(goal: str, parts: Sequence[tuple[str, int, int]]) -> list[str]:
    """The choices of all parts; each begins with what it is, and with the count of those before."""
    lines, total = [f"Find {goal}."], 1
    for place, (part, k, n) in enumerate(parts):
        steps, count = _chosen(k, n)
        if place:
            lines += [f"{total} times {part}", *steps, f"Together: {_product(total, count)}"]
        elif len(parts) > 1:
            lines += [f"First {part}", *steps]
        else:
            lines += [part.capitalize(), *steps] if ":" in part else steps
        total *= count
    return [*lines, f"So {goal}: {total}."]


def _chosen(k: int, n: int) -> tuple[list[str], int]:
    """Lines and number of the ways to choose k of n, k > 0."""
    lines, count = [f"1 of {n}: {n}"], n
    for chosen in range(2, k + 1):
        factor = n - chosen + 1
        steps = _product(count, factor), written.quotient(count * factor, chosen)
        lines.append(f"{chosen} of {n}: {', '.join(steps)}")
        count = count * factor // chosen
    return lines, count


def _multiplied(numbers: Sequence[int]) -> tuple[list[str], int]:
    """Lines and result of a product, from the left."""
    value, lines = numbers[0], []
    for place, factor in enumerate(numbers[1:], 2):
        step = _product(value, factor)
        value *= factor
        left = "*".join(map(str, (value, *numbers[place:])))
        lines.append(f"{step} | {left}" if numbers[place:] else step)
    return lines, value


def _product(a: int, b: int) -> str:
    """As `written.product`, and the tens of `84*9` apart from its ones."""
    large, digit = max(a, b), min(a, b)
    tens, ones = large - large % 10, large % 10
    if not 10 < large < 100 or not 1 < digit < 10 or not ones:
        return written.product(a, b)
    parts = f"{tens}*{digit}={tens * digit}, {ones}*{digit}={ones * digit}"
    return f"{a}*{b}: {parts}, {tens * digit}+{ones * digit}={a * b}"
