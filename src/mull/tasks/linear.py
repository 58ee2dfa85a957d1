"""Linear equations solved line by line: isolate the unknown, then put the value back into the question."""

from collections.abc import Callable
from dataclasses import dataclass

from mull.tasks.base import Facts
from mull.tasks.written import stepped


@dataclass(frozen=True, slots=True)
class Solution:
    """A worked problem.

    `conclude` writes the last steps for a value of the unknown, right or wrong; `check` puts it back in and
    returns what it wrote, what came out, and what had to come out.
    """

    equations: tuple[str, ...]
    value: int
    steps: list[str]
    conclude: Callable[[int], list[str]]
    check: Callable[[int], tuple[str, int, int]]


def solve(facts: Facts) -> Solution:
    """The solution by the kind of problem. Its value is that of the unknown, of x, or of the cows."""
    unused = ("kind", "v") if "y" in facts else ("kind",)
    needed = {name: value for name, value in facts.items() if name not in unused}
    return SOLVERS[facts["kind"]](**needed)


def _line(v: str, a: int, b: int, x: int) -> Solution:
    c = a * x + b
    if a == 1:
        return Solution(
            equations=(f"{v}{b:+}={c}",),
            value=x,
            steps=[f"{v}={c}{-b:+}"],
            conclude=lambda x: [_ending(stepped(c, -b), x)],
            check=lambda x: (stepped(x, b), x + b, c),
        )
    if b == 0:
        return Solution(
            equations=(f"{a}{v}={c}",),
            value=x,
            steps=[f"{a}{v}={c}"],
            conclude=lambda x: [_shared(c, a, x)],
            check=lambda x: (_times(a, x), a * x, c),
        )
    return Solution(
        equations=(f"{a}{v}{b:+}={c}",),
        value=x,
        steps=[f"{a}{v}={c}{-b:+}", stepped(c, -b), f"{a}{v}={c - b}"],
        conclude=lambda x: [_shared(c - b, a, x)],
        check=lambda x: (f"{_times(a, x)}, {stepped(a * x, b)}", a * x + b, c),
    )


def _sides(v: str, a: int, b: int, d: int, e: int, x: int) -> Solution:
    f, g = a - d, e - b
    return Solution(
        equations=(f"{a}{v}{b:+}={d}{v}{e:+}",),
        value=x,
        steps=[f"{a}{v}-{d}{v}={f}{v}", stepped(e, -b), f"{f}{v}={g}"],
        conclude=lambda x: [_shared(g, f, x)],
        check=lambda x: (
            f"{_times(a, x)}, {stepped(a * x, b)}, {_times(d, x)}, {stepped(d * x, e)}",
            d * x + e,
            a * x + b,
        ),
    )


def _bracket(v: str, a: int, b: int, x: int) -> Solution:
    inside = x + b
    c = a * inside
    return Solution(
        equations=(f"{a}({v}{b:+})={c}",),
        value=x,
        steps=[_shared(c, a, inside), f"{v}{b:+}={inside}"],
        conclude=lambda x: [_ending(stepped(inside, -b), x)],
        check=lambda x: (f"{stepped(x, b)}, {_times(a, x + b)}", a * (x + b), c),
    )


def _sum(x: int, y: int) -> Solution:
    s, d = x + y, x - y
    return Solution(
        equations=(f"x+y={s}", f"x-y={d}"),
        value=x,
        steps=[f"2x={s}+{d}", stepped(s, d), f"2x={s + d}"],
        conclude=lambda x: [f"x: {_shared(s + d, 2, x)}", f"y: {stepped(s, -x)}"],
        check=lambda x: (f"{stepped(x, s - x)}, {stepped(x, x - s)}", 2 * x - s, d),
    )


def _farm(x: int, y: int) -> Solution:
    heads, legs = x + y, 2 * x + 4 * y
    more = legs - 2 * heads

    def check(cows: int) -> tuple[str, int, int]:
        hens = heads - cows
        total = 2 * hens + 4 * cows
        return f"{_times(2, hens)}, {_times(4, cows)}, {stepped(2 * hens, 4 * cows)}", total, legs

    return Solution(
        equations=(f"{heads} heads", f"{legs} legs"),
        value=y,
        steps=[f"All hens: {_times(2, heads)}", f"More legs: {stepped(legs, -2 * heads)}"],
        conclude=lambda cows: [f"cows: {_shared(more, 2, cows)}", f"hens: {stepped(heads, -cows)}"],
        check=check,
    )


def _pair(a: int, b: int, d: int, e: int, x: int, y: int) -> Solution:
    """ax+by=c and dx+ey=f: both multiplied so that y has the same factor, then subtracted."""
    c, f = a * x + b * y, d * x + e * y
    (x1, c1), (x2, c2) = sorted(((a * e, c * e), (d * b, f * b)), reverse=True)
    left, right = x1 - x2, c1 - c2

    def conclude(x: int) -> list[str]:
        rest = c - a * x
        return [
            f"x: {right}/{left}={x}",
            f"{a}*{x}={a * x}",
            stepped(c, -a * x),
            f"y: {rest}/{b}={rest // b}",
        ]

    def check(x: int) -> tuple[str, int, int]:
        y = (c - a * x) // b
        return f"{d}*{x}={d * x}, {e}*{y}={e * y}, {stepped(d * x, e * y)}", d * x + e * y, f

    return Solution(
        equations=(f"{a}x+{b}y={c}", f"{d}x+{e}y={f}"),
        value=x,
        steps=[
            f"Times {e}: {a * e}x+{b * e}y={c * e}",
            f"Times {b}: {d * b}x+{b * e}y={f * b}",
            stepped(x1, -x2),
            stepped(c1, -c2),
        ],
        conclude=conclude,
        check=check,
    )


def _times(a: int, x: int) -> str:
    """Product of a small number and another one: `5*17: 5*10=50, 5*7=35, 50+35=85`."""
    tens, ones = x - x % 10, x % 10
    if x < 10 or not ones or a > 9:
        return f"{a}*{x}={a * x}"
    return f"{a}*{tens}={a * tens}, {a}*{ones}={a * ones}, {a * tens}+{a * ones}={a * x}"


def _shared(a: int, d: int, value: int) -> str:
    """a/d=value, which a planted mistake gets wrong; from ten on `60/6=10, 102-60=42, 42/6=7, 10+7=17`."""
    tens = a // d - a // d % 10
    if a < 10 * d or a == tens * d:
        return f"{a}/{d}={value}"
    rest = a - tens * d
    return f"{tens * d}/{d}={tens}, {a}-{tens * d}={rest}, {rest}/{d}={rest // d}, {tens}+{rest // d}={value}"


def _ending(steps: str, value: int) -> str:
    """The steps with this value as the last one, right or wrong."""
    return f"{steps.rpartition('=')[0]}={value}"


SOLVERS: dict[str, Callable[..., Solution]] = {
    "line": _line,
    "sides": _sides,
    "bracket": _bracket,
    "sum": _sum,
    "farm": _farm,
    "pair": _pair,
}
