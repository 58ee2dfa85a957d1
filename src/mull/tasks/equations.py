"""Equations in one unknown, and small systems: isolate the unknown, then put the value back in.

The check recomputes from the question, so a wrong value shows there, and is repaired there.
"""

import re
from collections.abc import Mapping
from random import Random

from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.linear import solve

_ASKS = (
    "what is {v}?",
    "find {v}.",
    "how much is {v}?",
    "tell me {v}.",
    "which number is {v}?",
    "compute {v}.",
)
_NEW_ASKS = ("what number is {v}?", "what is the number {v}?")
_GIVEN = ("if {eq}", "when {eq}", "for {eq}")
_NEW_GIVEN = ("with {eq}",)
_PLAIN = (
    "Solve {eq} for {v}.",
    "solve {eq} for {v}",
    "Please solve {eq} for {v}.",
    "Can you solve {eq} for {v}?",
    "Help me solve {eq} for {v}.",
    "Solve for {v}: {eq}",
    "Find {v} such that {eq}.",
    "find {v}: {eq}",
    "{eq}, {v} = ?",
    "{eq}. Find {v}.",
    "{eq}. What is {v}?",
    "{eq}, so what is {v}?",
    "What is {v} such that {eq}?",
    "We know that {eq}. What is {v}?",
    "Given that {eq}, what is {v}?",
)
_NEW_PLAIN = (
    "{v} = ? We know that {eq}.",
    "I know that {eq}. Help me find {v}.",
    "I need to solve {eq} for {v}.",
    "Which {v} is it if {eq}?",
)


def _given(given: tuple[str, ...], asks: tuple[str, ...]) -> tuple[str, ...]:
    """Given the equation, the question: in both orders."""
    return tuple(
        template
        for ask in asks
        for condition in given
        for template in (
            f"{condition[0].upper()}{condition[1:]}, {ask}",
            f"{ask[0].upper()}{ask[1:-1]} {condition}{ask[-1]}",
        )
    )


_SOLVE = Wordings(
    seen=("Solve {eq}.", "solve {eq}", *_PLAIN, *_given(_GIVEN, _ASKS)),
    held_out=(*_NEW_PLAIN, *_given(_NEW_GIVEN, (*_ASKS, *_NEW_ASKS)), *_given(_GIVEN, _NEW_ASKS)),
)
_SYSTEM = Wordings(  # two equations instead of one, with "and" or a comma
    *(
        tuple(
            template.replace("{eq}", "{eq} and {eq2}" if number % 3 else "{eq}, {eq2}")
            for number, template in enumerate(share)
            if "{v}" in template
        )
        for share in (_SOLVE.seen, _SOLVE.held_out)
    )
)
_HERDS = (
    "A farm has hens and cows with {h} heads and {l} legs.",
    "There are {h} animals, hens and cows, with {l} legs in total.",
    "Hens and cows together have {h} heads and {l} legs.",
    "A farmer has {h} animals, hens and cows. They have {l} legs.",
    "On a farm there are {h} heads and {l} legs of hens and cows.",
    "Some hens and cows have {h} heads and {l} legs in total.",
    "I count {h} heads and {l} legs of cows and hens.",
    "There are {l} legs and {h} heads of hens and cows.",
    "{h} hens and cows have {l} legs.",
    "A farmer has some hens and cows with {l} legs and {h} heads.",
)
_NEW_HERDS = (
    "A farm has {h} animals, hens and cows, with {l} legs together.",
    "The hens and cows on a farm have {l} legs and {h} heads.",
    "{h} animals on a farm have {l} legs. They are hens and cows.",
)
_HOW_MANY = (
    "How many {v} are there?",
    "How many {v} is that?",
    "Find the number of {v}.",
    "How many {v}?",
    "How many of them are {v}?",
    "Tell me how many {v} there are.",
)
_NEW_HOW_MANY = ("What is the number of {v}?", "Find out how many {v} there are.")
_FARM = Wordings(
    seen=tuple(f"{herd} {ask}" for herd in _HERDS for ask in _HOW_MANY),
    held_out=(
        *(f"{herd} {ask}" for herd in _NEW_HERDS for ask in (*_HOW_MANY, *_NEW_HOW_MANY)),
        *(f"{herd} {ask}" for herd in _HERDS for ask in _NEW_HOW_MANY),
    ),
)
KINDS = {
    1: ("line",),
    2: ("line", "line", "sum"),
    3: ("line", "sides", "sum", "farm"),
    4: ("sides", "bracket", "farm", "line"),
    5: ("pair", "pair", "sides"),
}


class Equations(Family):
    name = "equations"
    title = "linear equations, systems, hens and cows"
    wordings: Mapping[str, Wordings] = {
        **dict.fromkeys(("line", "sides", "bracket"), _SOLVE),
        **dict.fromkeys(("sum", "pair"), _SYSTEM),
        "farm": _FARM,
    }

    def draw(self, rng: Random, level: int) -> Facts:
        kind, v = rng.choice(KINDS[level]), rng.choice("xyzntkm")
        low, top = (1, 12) if level == 1 else (1, 20) if level < 4 else (-12, 15)
        x = rng.randint(low, top) or top
        match kind:
            case "line":
                a = rng.randint(1, 5) if level == 1 else rng.randint(2, 9)
                b = _term(rng, 30 if level == 1 else 60)
                if a > 1 and rng.random() < 0.08:
                    b = 0
                elif level < 4 and a * x + b <= 0:
                    b = -b
                return {"kind": kind, "v": v, "a": a, "b": b, "x": x}
            case "sides":
                d, f, b = rng.randint(2, 5), rng.randint(2, 6), _term(rng, 30)
                b = abs(b) if level == 3 else b
                return {"kind": kind, "v": v, "a": d + f, "b": b, "d": d, "e": f * x + b, "x": x}
            case "bracket":
                return {"kind": kind, "v": v, "a": rng.randint(2, 9), "b": _term(rng, 12), "x": x}
            case "sum":
                y = rng.randint(1, 30 if level == 2 else 48)
                x = y + rng.randint(1, 20 if level == 2 else 48)
                return {"kind": kind, "v": rng.choice("xy"), "x": x, "y": y}
            case "farm":
                hens, cows = (rng.randint(2, top) for top in ((15, 12) if level == 3 else (24, 24)))
                return {"kind": kind, "v": rng.choice(("hens", "cows")), "x": hens, "y": cows}
            case _:
                a, b, d, e = (rng.randint(2, 5) for _ in range(4))
                x, y = rng.randint(1, 9), rng.randint(1, 9)
                return {"kind": kind, "v": rng.choice("xy"), "a": a, "b": b, "d": d, "e": e, "x": x, "y": y}

    def valid(self, facts: Facts) -> bool:
        """Values stay below 100, and systems have one solution."""
        match facts:
            case {"kind": "line", "a": a, "b": b, "x": x}:
                return abs(a * x + b) < 100
            case {"kind": "sides", "a": a, "b": b, "e": e, "x": x}:
                return e != 0 and max(abs(a * x + b), abs(e)) < 100
            case {"kind": "bracket", "a": a, "b": b, "x": x}:
                return x + b != 0 and abs(a * (x + b)) < 100
            case {"kind": "sum", "x": x}:
                return bool(x < 50)
            case {"kind": "pair", "a": a, "b": b, "d": d, "e": e, "x": x, "y": y}:
                return bool(a * e != b * d and x != y)
        return True

    def key(self, facts: Facts) -> str:
        if facts["kind"] == "pair":
            first, second = sorted((facts[k], facts[m]) for k, m in ("ab", "de"))
            return f"pair {first} {second} {facts['x']} {facts['y']}"
        return " ".join(str(value) for name, value in facts.items() if name != "v")

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        if facts["kind"] == "farm":
            hens, cows = facts["x"], facts["y"]
            return {"h": hens + cows, "l": 2 * hens + 4 * cows, "v": facts["v"]}
        equations = solve(facts).equations
        if rng.random() < 0.5:
            equations = tuple(re.sub(r"(?<=[a-z0-9)])([-+=])", r" \1 ", equation) for equation in equations)
        return {"eq": equations[0], "eq2": equations[-1], "v": facts["v"]}

    def answer(self, facts: Facts) -> str:
        return str(facts["y"] if facts["v"] == "cows" or (facts["v"] == "y" and "y" in facts) else facts["x"])

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        v, solution = problem.facts["v"], solve(problem.facts)
        goal = f"Find {v}: {', '.join(solution.equations)}.\n"
        steps = "".join(f"{step}\n" for step in solution.steps)
        right = "\n".join(solution.conclude(solution.value))
        end = f"{right}\nCheck: {solution.check(solution.value)[0]} ok\nSo {v}={problem.answer}."
        if rng.random() < slips:
            wrong = solution.value + rng.choice((1, -1, 2, -2, 3, 10))
            check, got, need = solution.check(wrong)
            if got != need and (wrong > 0 or solution.value <= 0):
                return (
                    Segment(goal + steps),
                    Segment("\n".join(solution.conclude(wrong)) + "\n", learn=False),
                    Segment(f"Check: {check} wrong, need {need}\nWait, again:\n{steps}{end}"),
                )
        return (Segment(goal + steps + end),)


def _term(rng: Random, top: int) -> int:
    return rng.choice((1, 1, -1)) * rng.randint(1, top)
