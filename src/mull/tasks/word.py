"""Word problems of one to four steps: boxes, shops, journeys, ages, shares, and friends who are compared.

Level n takes n steps. The trace names the goal, notes what is told in one way whatever the words were, then
computes one quantity a line, each from numbers noted or found before. Every calculation is one step for the
head; products are split into their parts. No mistakes are planted: a check would cost as much as the problem.
"""

from collections.abc import Mapping
from random import Random

from mull.tasks import friends
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.knights import NAMES
from mull.tasks.phrases import follow
from mull.tasks.stories import STORIES, Story
from mull.tasks.written import in_parts


def _told(tells: tuple[str, ...], asks: tuple[str, ...]) -> tuple[str, ...]:
    """Every telling with every question, behind it, before it, or joined to one sentence."""
    after = follow(tells, asks)
    before = follow(asks, tells)
    joined = tuple(
        f"If {tell[:-1]}, {ask[0].lower()}{ask[1:]}"
        for tell in tells
        if tell.startswith("{") and tell.count(".") == 1
        for ask in asks
        if ask.startswith("How")
    )
    return after + before + joined


THINGS = ("apples", "books", "cakes", "cards", "eggs", "pens")
KINDS = {
    level: [kind for kind, story in STORIES.items() if len(story.steps) == level] for level in range(1, 6)
}
FRIENDS = 0.3  # share of the problems about friends; all at level 5


class Word(Family):
    name = "word"
    title = "word problems of one to four steps"
    wordings: Mapping[str, Wordings] = {
        "friends": friends.WORDINGS,
        **{
            kind: Wordings(
                seen=_told(story.seen, story.ask.seen),
                held_out=_told(story.held_out, story.ask.held_out),
            )
            for kind, story in STORIES.items()
        },
    }

    def draw(self, rng: Random, level: int) -> Facts:
        things = rng.sample(THINGS, 2)
        if level == 5 or rng.random() < FRIENDS:
            return friends.draw(rng, level, things[0])
        kind, names = rng.choice(KINDS[level]), rng.sample(NAMES, 2)
        while True:
            numbers = [rng.randint(*limits) for limits in STORIES[kind].numbers]
            if solve(STORIES[kind], numbers) is not None:
                return {"kind": kind, "numbers": numbers, "names": names, "things": things}

    def key(self, facts: Facts) -> str:
        if facts["kind"] == "friends":
            return friends.key(facts)
        return f"{facts['kind']} {' '.join(map(str, facts['numbers']))}"

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        return friends.words(rng, facts) if facts["kind"] == "friends" else _words(facts)

    def answer(self, facts: Facts) -> str:
        return str(_steps(facts)[2])

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        goal, lines, answer = _steps(problem.facts)
        return (Segment("\n".join([f"Find {goal}.", *lines, f"So {goal}: {answer}."])),)


def solve(story: Story, numbers: list[int]) -> list[tuple[str, int]] | None:
    """Calculation and value of each step; None if one is too hard for the head, or has no whole value."""
    values, found = dict(zip("abcde", numbers, strict=False)), []
    for name, step in zip("pqrs", story.steps, strict=False):
        left, sign, right = list(step.rpartition(": ")[2].split()[0])
        a, b = values[left], values[right]
        match sign:
            case "+" if a + b <= 99:
                value, written = a + b, f"{a}+{b}={a + b}"
            case "-" if a - b >= 2 and a <= 100:
                value, written = a - b, f"{a}-{b}={a - b}"
            case "*" if min(a, b) <= 9 and a * b <= 999:
                value, written = a * b, in_parts(max(a, b), min(a, b))
            case "/" if b <= 9 and a <= 9 * b + 9 and a % b == 0:
                value, written = a // b, f"{a}/{b}={a // b}"
            case "%" if a % b and a // b <= 9:
                value, written = a % b, f"{a}={b}*{a // b}+{a % b}"
            case _:
                return None
        values[name] = value
        found.append((written, value))
    return found


def _steps(facts: Facts) -> tuple[str, list[str], int]:
    if facts["kind"] == "friends":
        return friends.steps(facts)
    story, words, lines = STORIES[facts["kind"]], _words(facts), []
    lines.append(f"Given {story.given.format(**words)}")
    found = solve(story, facts["numbers"]) or []
    for step, (written, _) in zip(story.steps, found, strict=True):
        what, _, rest = step.format(**words).rpartition(": ")
        unit = rest.partition(" ")[2]
        lines.append(f"{what[0].upper()}{what[1:]}: {written}{f' {unit}' if unit else ''}")
    return story.ask.goal.format(**words), lines, found[-1][1]


def _words(facts: Facts) -> Mapping[str, object]:
    (things, others), (N, M) = facts["things"], facts["names"]
    return dict(zip("abcde", facts["numbers"], strict=False)) | dict(N=N, M=M, things=things, others=others)
