"""Equations in one unknown, and small systems: isolate the unknown, then put the value back in.

The check recomputes from the question, so a wrong value shows there, and is repaired there.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from mull.tasks.base import Facts, Family, Problem, Segment, Wordings

_SOLVE = Wordings(
    seen=(
        "Solve {eq} for {v}.",
        "Solve {eq}.",
        "Solve for {v}: {eq}",
        "If {eq}, what is {v}?",
        "Find {v} such that {eq}.",
        "What is {v} if {eq}?",
        "{eq}, {v} = ?",
        "find {v}: {eq}",
    ),
    held_out=("Given that {eq}, find {v}.", "What is {v} when {eq}?"),
)
_SYSTEM = Wordings(
    seen=(
        "If {eq} and {eq2}, what is {v}?",
        "Solve {eq} and {eq2} for {v}.",
        "Solve for {v}: {eq}, {eq2}",
        "Given that {eq} and {eq2}, find {v}.",
        "What is {v} if {eq} and {eq2}?",
        "Find {v} when {eq} and {eq2}.",
        "{eq}, {eq2}, {v} = ?",
        "Find {v} such that {eq} and {eq2}.",
    ),
    held_out=("Find {v} if {eq} and {eq2}.", "Given that {eq} and {eq2}, what is {v}?"),
)
_FARM = Wordings(
    seen=(
        "A farm has hens and cows with {h} heads and {l} legs. How many {v} are there?",
        "There are {h} animals, hens and cows, with {l} legs in total. How many {v} are there?",
        "Hens and cows together have {h} heads and {l} legs. How many {v} are there?",
        "A farmer has {h} animals, hens and cows. They have {l} legs. How many {v} is that?",
        "On a farm there are {h} heads and {l} legs of hens and cows. Find the number of {v}.",
        "Some hens and cows have {h} heads and {l} legs in total. How many {v}?",
        "We count {h} heads and {l} legs of cows and hens. How many {v} are there?",
        "There are {l} legs and {h} heads of hens and cows. How many {v} are there?",
    ),
    held_out=(
        "A farm has {h} animals, hens and cows, with {l} legs in total. Find the number of {v}.",
        "Hens and cows together have {l} legs and {h} heads. How many {v}?",
    ),
)
KINDS = {
    1: ("line",),
    2: ("line", "line", "sum"),
    3: ("line", "sides", "sum", "farm"),
    4: ("sides", "bracket", "farm", "line"),
    5: ("pair", "pair", "sides"),
}


@dataclass(frozen=True, slots=True)
class Solution:
    """The steps before the first value is known, and what is written for any claimed value of it."""

    value: int
    steps: list[str]
    conclude: Callable[[int], list[str]]
    check: Callable[[int], tuple[str, int, int]]  # text, what came out, what had to come out


class Equations(Family):
    name = "equations"
    title = "linear equations, systems, hens and cows"
    wordings: Mapping[str, Wordings] = {
        "line": _SOLVE,
        "sides": _SOLVE,
        "bracket": _SOLVE,
        "sum": _SYSTEM,
        "pair": _SYSTEM,
        "farm": _FARM,
    }

    def draw(self, rng: Random, level: int) -> Facts:
        kind, v = rng.choice(KINDS[level]), rng.choice("xyzntkm")
        top, low = (12, 1) if level == 1 else (20, 1) if level < 4 else (15, -12)
        x = rng.randint(low, top) or top
        match kind:
            case "line":
                a = rng.randint(1 if level == 1 else 2, 5 if level == 1 else 9)
                b = _term(rng, 30 if level == 1 else 60)
                if a > 1 and rng.random() < 0.08:
                    b = 0
                elif level < 4 and a * x + b <= 0:
                    b = -b
                return {"kind": kind, "v": v, "a": a, "b": b, "x": x}
            case "sides":
                d, f = rng.randint(2, 5), rng.randint(2, 6)
                b, e = _term(rng, 30), 0
                b = abs(b) if level == 3 else b
                return {"kind": kind, "v": v, "a": d + f, "b": b, "d": d, "e": e + f * x + b, "x": x}
            case "bracket":
                return {"kind": kind, "v": v, "a": rng.randint(2, 9), "b": _term(rng, 12), "x": x}
            case "sum":
                y = rng.randint(1, 30 if level == 2 else 48)
                x = y + rng.randint(1, 20 if level == 2 else 48)
                return {"kind": kind, "v": rng.choice("xy"), "x": x, "y": y}
            case "farm":
                hens, cows = (
                    rng.randint(2, 15 if level == 3 else 24),
                    rng.randint(2, 12 if level == 3 else 24),
                )
                return {"kind": kind, "v": rng.choice(("hens", "cows")), "x": hens, "y": cows}
            case _:
                a, b, d, e = (rng.randint(2, 5) for _ in range(4))
                x, y = rng.randint(1, 9), rng.randint(1, 9)
                return {"kind": kind, "v": rng.choice("xy"), "a": a, "b": b, "d": d, "e": e, "x": x, "y": y}

    def valid(self, facts: Facts) -> bool:
        match facts["kind"]:
            case "line":
                return abs(facts["a"] * facts["x"] + facts["b"]) < 100
            case "sides":
                return (
                    facts["e"] != 0 and max(abs(facts["a"] * facts["x"] + facts["b"]), abs(facts["e"])) < 100
                )
            case "bracket":
                return 0 != facts["x"] + facts["b"] and abs(facts["a"] * (facts["x"] + facts["b"])) < 100
            case "sum":
                return bool(facts["x"] < 50)
            case "pair":
                return bool(facts["a"] * facts["e"] != facts["b"] * facts["d"] and facts["x"] != facts["y"])
        return True

    def key(self, facts: Facts) -> str:
        rest = {k: f for k, f in facts.items() if k not in ("kind", "v")}
        return f"{facts['kind']} {' '.join(map(str, rest.values()))}"

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        if facts["kind"] == "farm":
            h, c = facts["x"], facts["y"]
            return {"h": h + c, "l": 2 * h + 4 * c, "v": facts["v"]}
        first, *second = _equations(facts)
        spaces = rng.random() < 0.5
        both = {"eq": _space(first) if spaces else first, "v": facts["v"]}
        return {**both, "eq2": _space(second[0]) if spaces else second[0]} if second else both

    def answer(self, facts: Facts) -> str:
        return str(facts["y" if facts["v"] in ("y", "cows") and "y" in facts else "x"])

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        facts = problem.facts
        solution = solve(facts)
        goal = f"Find {facts['v']}: {', '.join(_equations(facts))}.\n"
        steps = "".join(f"{step}\n" for step in solution.steps)
        right = "\n".join(solution.conclude(solution.value)) + "\n"
        end = f"Check: {solution.check(solution.value)[0]} ok\nSo {facts['v']}={problem.answer}."
        if rng.random() < slips:
            wrong = solution.value + rng.choice((1, -1, 2, -2, 3, 10))
            check, got, need = solution.check(wrong)
            if got != need and (wrong > 0 or solution.value <= 0):
                return (
                    Segment(goal + steps),
                    Segment("\n".join(solution.conclude(wrong)) + "\n", learn=False),
                    Segment(f"Check: {check} wrong, need {need}\nWait, again:\n" + steps + right + end),
                )
        return (Segment(goal + steps + right + end),)


def solve(facts: Facts) -> Solution:
    """The way to the first value: of the unknown, of x, or of the cows."""
    x = facts["x"]
    match facts["kind"]:
        case "line":
            a, b, v = facts["a"], facts["b"], facts["v"]
            c = a * x + b
            if a == 1:
                steps = [f"{v}={c}{-b:+}"]
                return Solution(
                    x, steps, lambda x: [f"{c}{-b:+}={x}"], lambda x: (f"{x}{b:+}={x + b}", x + b, c)
                )
            if b == 0:
                return Solution(
                    x, [f"{a}{v}={c}"], lambda x: [f"{c}/{a}={x}"], lambda x: (f"{a}*{x}={a * x}", a * x, c)
                )
            steps = [f"{a}{v}={c}{-b:+}", f"{c}{-b:+}={a * x}"]
            return Solution(
                x,
                steps,
                lambda x: [f"{a * facts['x']}/{a}={x}"],
                lambda x: (f"{a}*{x}={a * x}, {a * x}{b:+}={a * x + b}", a * x + b, c),
            )
        case "sides":
            a, b, d, e, v = (facts[k] for k in "abdev")
            f = a - d
            return Solution(
                x,
                [f"{a}{v}-{d}{v}={f}{v}", f"{e}{-b:+}={f * x}", f"{f}{v}={f * x}"],
                lambda x: [f"{f * facts['x']}/{f}={x}"],
                lambda x: (
                    f"{a}*{x}={a * x}, {a * x}{b:+}={a * x + b}, {d}*{x}={d * x}, {d * x}{e:+}={d * x + e}",
                    d * x + e,
                    a * x + b,
                ),
            )
        case "bracket":
            a, b, v = facts["a"], facts["b"], facts["v"]
            c = a * (x + b)
            return Solution(
                x,
                [f"{c}/{a}={x + b}", f"{v}{b:+}={x + b}"],
                lambda x: [f"{c // a}{-b:+}={x}"],
                lambda x: (f"{x}{b:+}={x + b}, {a}*{x + b}={a * (x + b)}", a * (x + b), c),
            )
        case "sum":
            s, d = x + facts["y"], x - facts["y"]
            return Solution(
                x,
                [f"2x={s}+{d}", f"{s}+{d}={s + d}"],
                lambda x: [f"x: {s + d}/2={x}", f"y: {s}-{x}={s - x}"],
                lambda x: (f"{x}+{s - x}={s}, {x}-{s - x}={2 * x - s}", 2 * x - s, d),
            )
        case "farm":
            cows, heads, legs = facts["y"], x + facts["y"], 2 * x + 4 * facts["y"]
            return Solution(
                cows,
                [f"All hens: 2*{heads}={2 * heads}", f"More legs: {legs}-{2 * heads}={2 * cows}"],
                lambda n: [f"cows: {2 * cows}/2={n}", f"hens: {heads}-{n}={heads - n}"],
                lambda n: (
                    f"2*{heads - n}={2 * (heads - n)}, 4*{n}={4 * n}, "
                    f"{2 * (heads - n)}+{4 * n}={2 * heads + 2 * n}",
                    2 * heads + 2 * n,
                    legs,
                ),
            )
    return _pair(facts)


def _pair(facts: Facts) -> Solution:
    a, b, d, e, x, y = (facts[k] for k in "abdexy")
    c, f = a * x + b * y, d * x + e * y
    first, second = f"{a * e}x+{b * e}y={c * e}", f"{d * b}x+{b * e}y={f * b}"
    lines = [f"Times {e}: {first}", f"Times {b}: {second}"]
    left, right = a * e - d * b, c * e - f * b
    if left > 0:
        lines += [f"{a * e}-{d * b}={left}", f"{c * e}-{f * b}={right}"]
    else:
        left, right = -left, -right
        lines += [f"{d * b}-{a * e}={left}", f"{f * b}-{c * e}={right}"]

    def conclude(x: int) -> list[str]:
        y = (c - a * x) // b
        return [
            f"x: {right}/{left}={x}",
            f"{a}*{x}={a * x}",
            f"{c}-{a * x}={c - a * x}",
            f"y: {c - a * x}/{b}={y}",
        ]

    def check(x: int) -> tuple[str, int, int]:
        y = (c - a * x) // b
        return f"{d}*{x}={d * x}, {e}*{y}={e * y}, {d * x}{e * y:+}={d * x + e * y}", d * x + e * y, f

    return Solution(x, lines, conclude, check)


def _equations(facts: Facts) -> tuple[str, ...]:
    x, v = facts["x"], facts["v"]
    match facts["kind"]:
        case "line":
            a, b = facts["a"], facts["b"]
            return (f"{a if a > 1 else ''}{v}{_signed(b)}={a * x + b}",)
        case "sides":
            return (f"{facts['a']}{v}{facts['b']:+}={facts['d']}{v}{facts['e']:+}",)
        case "bracket":
            return (f"{facts['a']}({v}{facts['b']:+})={facts['a'] * (x + facts['b'])}",)
        case "sum":
            return f"x+y={x + facts['y']}", f"x-y={x - facts['y']}"
        case "farm":
            return f"{x + facts['y']} heads", f"{2 * x + 4 * facts['y']} legs"
    a, b, d, e, y = (facts[k] for k in "abdey")
    return f"{a}x+{b}y={a * x + b * y}", f"{d}x+{e}y={d * x + e * y}"


def _signed(number: int) -> str:
    return f"{number:+}" if number else ""


def _space(equation: str) -> str:
    return re.sub(r"(?<=[a-z0-9)])([-+=])", r" \1 ", equation)


def _term(rng: Random, top: int) -> int:
    return rng.choice((1, 1, -1)) * rng.randint(1, top)
