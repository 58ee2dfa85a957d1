"""Word problems about friends who have things: all but the first are compared with another one.

A small graph of quantities, as in GSM-Infinite (Zhou et al. 2025): the friend who is asked for is compared
with another, who is compared with another, down to the first, whose number is told; some are never needed.
A link is [sign, number, friend]; that of the first friend is ["=", number, 0].
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from mull.tasks.base import Facts, Wordings
from mull.tasks.knights import NAMES

IDLE = {1: 0, 2: 0, 3: 1, 4: 1, 5: 2}  # friends who are not needed
SAID = {
    "=": "{n} {things}",
    "+": "{n} more {things} than {b}",
    "-": "{n} fewer {things} than {b}",
    "*": "{n} times as many {things} as {b}",
}
NOTED = {"=": "{n}", "+": "{n} more than {b}", "-": "{n} fewer than {b}", "*": "{n} times {b}"}

STARTS = ("", "Some friends have {things}. ", "Read the clues. ")
ASKS = ("How many {things} {have}?", "Find how many {things} {has}.", "Tell how many {things} {has}.")
WORDINGS = Wordings(
    seen=tuple(f"{start}{{clues}} {ask}" for start in STARTS for ask in ASKS),
    held_out=(
        "Here are some clues: {clues} Find the number of {things} {has}.",
        "Some friends have {things}. {clues} Find out how many {things} {has}.",
    ),
)


def apply(sign: str, a: int, b: int) -> int:
    """The value of a sum, a difference or a product."""
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


def draw(rng: Random, level: int, things: str) -> Facts:
    """As many steps as the level says; the last is the sum of two friends, half of the time."""
    together = level > 1 and rng.random() < 0.5
    needed = level + (not together)
    while True:
        links: list[list[Any]] = [["=", rng.randint(3, 30), 0]]
        values = [links[0][1]]
        for person in range(1, needed + IDLE[level]):
            sign = rng.choice("+-*")
            number = rng.randint(2, 5 if sign == "*" else 25)
            links.append([sign, number, person - 1 if person < needed else rng.randrange(person)])
            values.append(apply(sign, values[links[-1][2]], number))
        asked = [needed - 1, rng.randrange(needed - 1)] if together else [needed - 1]
        if all(2 <= value <= 99 for value in [*values, sum(values[person] for person in asked)]):
            break
    order = rng.sample(range(len(links)), len(links))
    names = rng.sample(NAMES, len(links))
    return {
        "kind": "friends",
        "names": names,
        "things": things,
        "links": links,
        "order": order,
        "asked": asked,
    }


def key(facts: Facts) -> str:
    """The graph without its names, the friends who are asked for marked."""

    def tree(person: int) -> str:
        sign, number, _ = facts["links"][person]
        others = sorted(tree(i) for i, link in enumerate(facts["links"]) if i and link[2] == person)
        return f"{sign}{number}{'?' * (person in facts['asked'])}({' '.join(others)})"

    return tree(0)


def words(facts: Facts) -> Mapping[str, object]:
    names, things = facts["names"], facts["things"]
    clues = " ".join(f"{names[person]} has {_link(facts, person, SAID)}." for person in facts["order"])
    who = " and ".join(names[person] for person in facts["asked"])
    together = len(facts["asked"]) == 2
    return {
        "clues": clues,
        "things": things,
        "have": f"do {who} have together" if together else f"does {who} have",
        "has": f"{who} have together" if together else f"{who} has",
    }


def steps(facts: Facts) -> tuple[str, list[str], int]:
    """The goal, a line for every comparison and every quantity, and the answer."""
    names, links, asked = facts["names"], facts["links"], facts["asked"]
    down = [f"{names[person]}: {_link(facts, person, NOTED)}" for person in range(asked[0], -1, -1)]
    up, values = [], [links[0][1]]
    for person in range(1, asked[0] + 1):
        sign, number, other = links[person]
        values.append(apply(sign, values[other], number))
        up.append(f"{names[person]}: {values[other]}{sign}{number}={values[person]}")
    total = sum(values[person] for person in asked)
    if len(asked) == 2:
        up.append(f"Together: {'+'.join(str(values[person]) for person in asked)}={total}")
    return f"the {facts['things']} {words(facts)['has']}", [*down, *up], total


def _link(facts: Facts, person: int, forms: Mapping[str, str]) -> str:
    sign, number, other = facts["links"][person]
    return forms[sign].format(n=number, things=facts["things"], b=facts["names"][other])
