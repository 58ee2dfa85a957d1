"""Word problems about friends who have things: all but the first are compared with another one.

A small graph of quantities, as in GSM-Infinite (Zhou et al. 2025): the friend who is asked for is compared
with another, who is compared with another, down to the first, whose number is told; some are never needed.
A link is [sign, number, friend]; that of the first friend is ["=", number, 0].
The trace notes all clues first, in the order of the question, then goes down from the friend who is asked for
to the first one, and up again.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from mull.tasks.base import Facts, Wordings
from mull.tasks.knights import NAMES
from mull.tasks.phrases import every

IDLE = {1: 0, 2: 0, 3: 1, 4: 1, 5: 2}  # friends who are not needed
SAID = {  # by sign: several ways to say it, and one that training never sees
    "=": (("{a} has {n} {things}.",), "{a} has {n} {things}."),
    "+": (
        ("{a} has {n} more {things} than {b}.", "{a} has {n} {things} more than {b}."),
        "{a} has {n} more than {b}.",
    ),
    "-": (
        ("{a} has {n} fewer {things} than {b}.", "{a} has {n} fewer than {b}."),
        "{a} has {n} {things} fewer than {b}.",
    ),
    "*": (
        (
            "{a} has {n} times as many {things} as {b}.",
            "{a} has {n} times as many as {b}.",
            "{a} has {n} times the number of {things} that {b} has.",
        ),
        "{a} has {n} times the number of {things} {b} has.",
    ),
}
NOTED = {"=": "{n}", "+": "{n} more than {b}", "-": "{n} fewer than {b}", "*": "{n} times {b}"}

ASKS = (
    "How many {things} {have}?",
    "[Find|Tell me|Find out] how many {things} {has}.",
    "Find the number of {things} that {has}.",
    "What is the number of {things} that {has}?",
    "Can you [find|find out] how many {things} {has}?",
)
NEW_ASKS = ("Tell me the number of {things} that {has}.", "Can you tell me how many {things} {has}?")
STARTS = "[|Some friends have {things}. |Read the clues. |Here are some clues: |{who} have {things}. ]"
WORDINGS = Wordings(
    seen=every(
        *(f"{STARTS}{{clues}} {ask}" for ask in ASKS),
        *(f"{ask} {{clues}}" for ask in ASKS),
    ),
    held_out=every(
        *(f"[Read some clues. |]{{new_clues}} {ask}" for ask in NEW_ASKS),
        *(f"{ask} [Here are the clues: |]{{new_clues}}" for ask in NEW_ASKS),
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


def words(rng: Random, facts: Facts) -> Mapping[str, object]:
    names, things = facts["names"], facts["things"]
    people = [names[person] for person in facts["order"]]
    signs = [(person, *SAID[facts["links"][person][0]]) for person in facts["order"]]
    return {
        "clues": " ".join(_said(facts, person, rng.choice(ways)) for person, ways, _ in signs),
        "new_clues": " ".join(_said(facts, person, way) for person, _, way in signs),
        "who": f"{', '.join(people[:-1])} and {people[-1]}",
        "things": things,
        **_asked(facts),
    }


def steps(facts: Facts) -> tuple[str, list[str], int]:
    """The goal; the clues in one form, those needed again; a line for every quantity; and the answer."""
    names, links, asked = facts["names"], facts["links"], facts["asked"]
    noted = [_said(facts, person, f"{{a}}: {NOTED[links[person][0]]}") for person in range(len(links))]
    down = [f"{noted[person]}, needs {names[person - 1]}" for person in range(asked[0], 0, -1)]
    up, values = [noted[0]], [links[0][1]]
    for person in range(1, asked[0] + 1):
        sign, number, other = links[person]
        values.append(apply(sign, values[other], number))
        up.append(f"{noted[person]}, {values[other]}{sign}{number}={values[person]}")
    total = sum(values[person] for person in asked)
    if len(asked) == 2:
        found = ", ".join(f"{names[person]} {values[person]}" for person in asked)
        up.append(f"Together: {found}, {'+'.join(str(values[person]) for person in asked)}={total}")
    given = [noted[person] for person in facts["order"]]
    return f"the {facts['things']} {_asked(facts)['has']}", [*given, *down, *up], total


def _asked(facts: Facts) -> dict[str, str]:
    who = " and ".join(facts["names"][person] for person in facts["asked"])
    if len(facts["asked"]) == 2:
        return {"have": f"do {who} have together", "has": f"{who} have together"}
    return {"have": f"does {who} have", "has": f"{who} has"}


def _said(facts: Facts, person: int, form: str) -> str:
    _, number, other = facts["links"][person]
    names = facts["names"]
    return form.format(a=names[person], n=number, things=facts["things"], b=names[other])
