"""Ordering: who is tallest, second oldest, …, or everybody in order, from clues about three to six people.

Every two neighbours are compared by a clue, so there is exactly one order. The trace writes each clue in both
directions, climbs from the first person until nobody is above, and goes down from there, one person a line.
Names are part of the key: without them there are too few structures.
"""

from collections.abc import Mapping
from itertools import pairwise
from random import Random

from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.knights import NAMES

WORDS = (("tall", "short"), ("old", "young"), ("fast", "slow"), ("strong", "weak"))  # more, less
PEOPLE = {1: (3, 3), 2: (4, 4), 3: (4, 5), 4: (5, 5), 5: (6, 6)}
EXTRA = {1: 0, 2: 0, 3: 1, 4: 2, 5: 3}  # at most so many clues that are not needed
BUT = 4  # for so many people every clue is a sentence
PLACES = ("", "second ", "third ")

STARTS = (
    "",
    "",
    "{people} are friends. ",
    "Here are some clues: ",
    "Here are some clues about {people}. ",
    "Read the clues. ",
    "We know {people}. ",
    "You meet {people}. ",
    "I have some friends: {people}. ",
)
NEW_STARTS = (
    "Here are {people}. ",
    "Read the clues about {people}. ",
    "You know {people}. ",
)
WHO = (
    "Who is the {goal}?",
    "Which of them is the {goal}?",
    "Find the {goal}.",
    "Find out who is the {goal}.",
    "Which person is the {goal}?",
    "Tell me who is the {goal}.",
    "Can you find the {goal} of them?",
    "Work out who is the {goal}.",
)
NEW_WHO = ("Who of them is the {goal}?", "Find the {goal} person.", "Can you tell me who is the {goal}?")
ORDER = (
    "Put them in order from {goal}.",
    "What is the order from {goal}?",
    "Find the order from {goal}.",
    "List them from {goal}.",
    "Who comes where, from {goal}?",
    "Can you put them in order from {goal}?",
    "Tell me the order from {goal}.",
    "Put the people in order from {goal}.",
)
NEW_ORDER = (
    "List the people in order from {goal}.",
    "Find out the order from {goal}.",
    "In what order are the people, from {goal}?",
)


def _wordings(starts: tuple[str, ...], asks: tuple[str, ...]) -> tuple[str, ...]:
    """The question after the clues, and before them."""
    return tuple(
        template
        for start in starts
        for ask in asks
        for template in (f"{start}{{clues}} {ask}", f"{ask} {start}{{clues}}")
    )


def _held_out(asks: tuple[str, ...], new_asks: tuple[str, ...]) -> tuple[str, ...]:
    return _wordings(NEW_STARTS, (*asks, *new_asks)) + _wordings(STARTS, new_asks)


class Ordering(Family):
    name = "ordering"
    title = "who is tallest, second oldest, ..., or all in order, from clues"
    wordings: Mapping[str, Wordings] = {
        "who": Wordings(seen=_wordings(STARTS, WHO), held_out=_held_out(WHO, NEW_WHO)),
        "order": Wordings(seen=_wordings(STARTS, ORDER), held_out=_held_out(ORDER, NEW_ORDER)),
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
        facts, order, goal = problem.facts, problem.facts["order"], _goal(problem.facts)
        lines = [f"Find the {goal}."]
        for clue in facts["clues"]:
            a, direction, b = clue
            pairs = f"{b} < {a}, {a} > {b}" if direction == "more" else f"{b} > {a}, {a} < {b}"
            lines.append(f"{a} is {_than(facts, clue)}: {pairs}")
        clues = [_turned(clue) for clue in facts["clues"]]
        lines.append(", ".join([*_climb(facts["clues"][0][0], clues), f"{order[0]} top"]))
        lines += [f"{place} {name}{_under(place, order, clues)}" for place, name in enumerate(order, 1)]
        numbered = [f"{place} {name}" for place, name in enumerate(order, 1)]
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


def _climb(name: str, clues: list[tuple[str, str]]) -> list[str]:
    """From this person to the one at the top, each time by the first clue."""
    steps = []
    while above := next((a for a, b in clues if b == name), None):
        steps.append(f"{name} < {above}")
        name = above
    return steps


def _under(place: int, order: list[str], clues: list[tuple[str, str]]) -> str:
    """Who is under the person at this place; of several, all but the next have somebody else above."""
    left = order[place:]
    under = [b for a, b in clues if a == order[place - 1]]
    if not under:
        return ""
    far = [f"{c} < {next(a for a, b in clues if b == c and a in left)}" for c in under if c != left[0]]
    return f" > {', '.join(under)}{': ' if far else ''}{', '.join(far)}"


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
    """The clues as sentences; of many people, two that follow each other about one are joined by "but"."""
    text, before = "", ["", "", ""]
    for clue in facts["clues"]:
        if len(facts["order"]) > BUT and clue[0] == before[0] and clue[1] != before[1]:
            text, before = f"{text} but {_than(facts, clue)}", ["", "", ""]
        else:
            text, before = f"{text}. {clue[0]} is {_than(facts, clue)}", clue
    return f"{text.removeprefix('. ')}."
