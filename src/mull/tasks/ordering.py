"""Ordering: who is tallest, second oldest, …, or everybody in order, from clues about three to six people.

Every two neighbours are compared by a clue, so there is exactly one order. The trace turns all clues into one
direction, then takes away whoever has nobody above, again and again, with the people and clues that are left
written out each time. Names are part of the key: without them there are too few structures.
"""

from collections.abc import Mapping
from itertools import pairwise
from random import Random

from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.knights import NAMES

WORDS = (("tall", "short"), ("old", "young"), ("fast", "slow"), ("strong", "weak"))  # more, less
PEOPLE = {1: (3, 3), 2: (4, 4), 3: (4, 5), 4: (5, 5), 5: (6, 6)}
EXTRA = {1: 0, 2: 0, 3: 1, 4: 2, 5: 3}  # at most so many clues that are not needed
PLACES = ("", "second ", "third ")

STARTS = ("", "{people} are friends. ", "Here are some clues: ", "Read the clues. ", "We know {people}. ")
NEW_STARTS = ("Here are {people}. ", "Read the clues about {people}. ")
WHO = (
    "Who is the {goal}?",
    "Which of them is the {goal}?",
    "Find the {goal}.",
    "Find out who is the {goal}.",
    "Which person is the {goal}?",
)
NEW_WHO = ("Who of them is the {goal}?", "Find the {goal} person.")
ORDER = (
    "Put them in order from {goal}.",
    "What is the order from {goal}?",
    "Find the order from {goal}.",
    "List them from {goal}.",
    "Who comes where, from {goal}?",
)
NEW_ORDER = ("List the people in order from {goal}.", "Find out the order from {goal}.")


def _wordings(starts: tuple[str, ...], asks: tuple[str, ...]) -> tuple[str, ...]:
    """The question after the clues, and before them."""
    return tuple(
        template
        for start in starts
        for ask in asks
        for template in (f"{start}{{clues}} {ask}", f"{ask} {start}{{clues}}")
    )


class Ordering(Family):
    name = "ordering"
    title = "who is tallest, second oldest, ..., or all in order, from clues"
    wordings: Mapping[str, Wordings] = {
        "who": Wordings(seen=_wordings(STARTS, WHO), held_out=_wordings(NEW_STARTS, NEW_WHO)),
        "order": Wordings(seen=_wordings(STARTS, ORDER), held_out=_wordings(NEW_STARTS, NEW_ORDER)),
    }

    def draw(self, rng: Random, level: int) -> Facts:
        count = rng.randint(*PEOPLE[level])
        order = rng.sample(NAMES, count)
        far = [(a, b) for i, a in enumerate(order) for b in order[i + 2 :]]
        pairs = [*pairwise(order), *rng.sample(far, rng.randint(0, EXTRA[level]))]
        rng.shuffle(pairs)
        return {
            "kind": rng.choice(("who", "who", "order")),
            "order": order,
            "clues": [[a, "more", b] if rng.random() < 0.5 else [b, "less", a] for a, b in pairs],
            "words": rng.choice(WORDS),
            "from": rng.choice(("more", "less")),
            "place": rng.choice((1, 1, 2, min(3, count - 1))),
        }

    def key(self, facts: Facts) -> str:
        order, place = facts["order"], facts["place"]
        place = place if facts["from"] == "more" else len(order) + 1 - place
        clues = sorted(" > ".join(_turned(clue)) for clue in facts["clues"])
        return f"{', '.join(clues)}: {place if facts['kind'] == 'who' else 'order'}"

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        names = _mentioned(facts)
        return {
            "clues": _spoken(facts),
            "goal": _goal(facts).removeprefix("order from "),
            "people": f"{', '.join(names[:-1])} and {names[-1]}",
        }

    def answer(self, facts: Facts) -> str:
        order = facts["order"] if facts["from"] == "more" else facts["order"][::-1]
        return order[facts["place"] - 1] if facts["kind"] == "who" else ", ".join(order)

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        facts, goal, left = problem.facts, _goal(problem.facts), _mentioned(problem.facts)
        clues = [_turned(clue) for clue in facts["clues"]]
        lines = [f"Find the {goal} of {', '.join(left)}."]
        for clue, (a, b) in zip(facts["clues"], clues, strict=True):
            lines.append(f"{clue[0]} is {_than(facts, clue)}: {a} > {b}")
        for place, top in enumerate(facts["order"], 1):
            if clues:
                lines.append(f"{', '.join(left)}: {', '.join(f'{a} > {b}' for a, b in clues)}")
                seen = left[: left.index(top)]
                under = [f"{name} under {next(a for a, b in clues if b == name)}" for name in seen]
                lines.append(", ".join([*under, f"{top} top"]))
            lines.append(f"{place} {top}")
            left.remove(top)
            clues = [clue for clue in clues if top not in clue]
        numbered = [f"{place} {name}" for place, name in enumerate(facts["order"], 1)]
        numbered = numbered if facts["from"] == "more" else numbered[::-1]
        numbered = numbered[: facts["place"]] if facts["kind"] == "who" else numbered
        lines += [f"Find the {goal}: {', '.join(numbered)}", f"So the {goal} is {problem.answer}."]
        return (Segment("\n".join(lines)),)

    def truth(self, problem: Problem) -> Facts:
        if problem.facts["kind"] == "who":
            return {"form": "word", "answer": problem.answer}
        return {"form": "row", "answer": problem.answer.split(", ")}


def _turned(clue: list[str]) -> tuple[str, str]:
    """The clue's two people, the one who is more first."""
    a, direction, b = clue
    return (a, b) if direction == "more" else (b, a)


def _mentioned(facts: Facts) -> list[str]:
    """The people in the order in which the clues name them."""
    return list(dict.fromkeys(name for clue in facts["clues"] for name in (clue[0], clue[2])))


def _goal(facts: Facts) -> str:
    first, last = (f"{word}est" for word in facts["words"][:: 1 if facts["from"] == "more" else -1])
    if facts["kind"] == "order":
        return f"order from {first} to {last}"
    return f"{PLACES[facts['place'] - 1]}{first}"


def _than(facts: Facts, clue: list[str]) -> str:
    _, direction, other = clue
    return f"{facts['words'][direction == 'less']}er than {other}"


def _spoken(facts: Facts) -> str:
    """The clues as sentences; two that follow each other about the same person are one, with "but"."""
    text, before = "", ["", "", ""]
    for clue in facts["clues"]:
        if clue[0] == before[0] and clue[1] != before[1]:
            text, before = f"{text} but {_than(facts, clue)}", ["", "", ""]
        else:
            text, before = f"{text}. {clue[0]} is {_than(facts, clue)}", clue
    return f"{text.removeprefix('. ')}."
