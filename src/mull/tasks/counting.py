"""Counting: one of each kind of thing, some of many things, orders, paths on a grid.

No mistakes are planted here: a check would cost as much as the count.
"""

from collections.abc import Callable, Mapping, Sequence
from math import comb, perm, prod
from random import Random
from typing import Any

from mull.tasks import ways
from mull.tasks.asking import joined, wanted
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.knights import NAMES

THINGS = ("books", "pens", "cards", "apples", "cakes", "eggs")
TO_DO = {
    "each": ("choose one of each from {}", "take one of each from {}"),
    "choose": ("choose {}", "take {}"),
    "order": ("put {} in order", "take {} in order"),
    "paths": ("go right and up {}", "go {}, one right or one up at a time"),
}
LIMIT = {1: 999, 2: 999, 3: 999, 4: 999, 5: 9999}  # largest answer
KINDS = {
    1: ("each", "each", "each", "choose", "order"),
    2: ("each", "each", "choose", "choose", "order", "paths"),
    3: ("each", "each", "choose", "choose", "choose", "order", "paths", "paths"),
    4: ("each", "choose", "choose", "paths"),
    5: ("each", "choose", "order", "paths"),
}
FACTORS = {1: (2, 2, 3), 2: (3, 4), 3: (3, 4), 4: (4, 5), 5: (5, 6)}  # how many kinds of things
GROUPS = {1: (1, 1), 2: (1, 2), 3: (2, 3), 4: (2, 4), 5: (3, 4)}  # how many times something is chosen
CHOSEN = {1: (2, 12), 2: (3, 10), 3: (4, 10), 4: (4, 14), 5: (5, 15)}  # largest k and n
STEPS = {2: (1, 5), 3: (2, 4), 4: (2, 5), 5: (3, 4)}  # parts of a path, most steps in one direction


class Counting(Family):
    name = "counting"
    title = "ways to choose and to order, paths on a grid"
    wordings: Mapping[str, Wordings] = dict.fromkeys(
        TO_DO,
        joined(
            wanted(("the number of ways to {do}",), ("the number of ways I have to {do}",)),
            Wordings(
                (
                    "In how many ways can you {do}?",
                    "In how many ways can {name} {do}?",
                    "How many ways are there to {do}?",
                    "How many ways does {name} have to {do}?",
                    "How many ways do I have to {do}?",
                    "how many ways to {do}",
                    "Tell me how many ways there are to {do}.",
                    "Find out how many ways there are to {do}.",
                    "{name} can {do}. How many ways are there?",
                    "You can {do}. In how many ways?",
                    "I can {do}. How many ways are there?",
                ),
                (
                    "How many ways do you have to {do}?",
                    "Find out in how many ways {name} can {do}.",
                    "We can {do}. How many ways is that?",
                ),
            ),
        ),
    )

    def draw(self, rng: Random, level: int) -> Facts:
        kind = rng.choice(KINDS[level])
        while True:
            parts = _draw(rng, kind, level)
            if _count(kind, parts) <= LIMIT[level]:
                return {"kind": kind, "parts": parts}

    def key(self, facts: Facts) -> str:
        kind, parts = facts["kind"], facts["parts"]
        if kind == "each":
            return "*".join(map(str, sorted(parts)))
        if kind == "paths":
            parts = map(sorted, parts)
        return f"{kind} {' '.join(sorted(f'{k} of {n}' for k, n in parts))}"

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        kind, parts = facts["kind"], facts["parts"]
        if kind == "paths":
            these = ways.route(parts)
        else:
            amounts = parts if kind == "each" else [f"{k} of {n}" if k < n else n for k, n in parts]
            things = rng.sample(THINGS, len(parts))
            *names, last = (f"{amount} {thing}" for amount, thing in zip(amounts, things, strict=True))
            these = " and ".join([", ".join(names), last] if names else [last])
        return {"do": rng.choice(TO_DO[kind]).format(these), "name": rng.choice(NAMES)}

    def answer(self, facts: Facts) -> str:
        return str(_count(facts["kind"], facts["parts"]))

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        kinds: Mapping[str, Callable[[Any], list[str]]]
        kinds = {"each": ways.each, "order": ways.order, "choose": ways.choose, "paths": ways.paths}
        return (Segment("\n".join(kinds[problem.facts["kind"]](problem.facts["parts"]))),)


def _draw(rng: Random, kind: str, level: int) -> list[Any]:
    most, top = CHOSEN[level]
    match kind:
        case "each":
            count = rng.choice(FACTORS[level])
            if count == 2:
                return rng.sample((rng.randint(2, 9), rng.randint(2, 99)), 2)
            return [rng.randint(2, 25 if count == 3 and level > 1 else 12) for _ in range(count)]
        case "order":
            k = rng.randint(2, most)
            return [[k, rng.randint(k + (k == 2), top)]]
        case "paths":
            count, steps = STEPS[level]
            return [[rng.randint(1, steps), rng.randint(1, steps)] for _ in range(count)]
    count = rng.randint(*GROUPS[level])
    groups = []
    for _ in range(count):
        k = rng.randint(1 if count > 1 else 2, most)
        n = rng.randint(k + 1, top if k > 1 else 2 * top)
        groups.append([n - k if rng.random() < 0.2 else k, n])
    return groups


def _count(kind: str, parts: Sequence[Any]) -> int:
    match kind:
        case "each":
            return prod(parts)
        case "order":
            return prod(perm(n, k) for k, n in parts)
        case "choose":
            return prod(comb(n, k) for k, n in parts)
    return prod(comb(right + up, up) for right, up in parts)
