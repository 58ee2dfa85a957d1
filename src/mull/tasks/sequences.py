"""Sequences: which number comes next?

The rule is looked for in a fixed order: equal differences, differences in turns, a constant factor, sums of
the two before, equal second differences; where the numbers go up and down, every other number. No two of
these rules lead to different numbers. Every difference and sum has a line of its own, worked out a place at a
time: in one step small models fail at `51-49`, long before they fail at the rule. A mistake can be planted in
the last step: the check finds it.
"""

from collections.abc import Mapping
from itertools import accumulate, pairwise
from random import Random

from mull.tasks import places
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.progressions import check, continuations, explain

ALL = ("step", "second", "sum", "turns", "every", "ratio")
KINDS = {  # there are not many ratios
    1: ("step",) * 4 + ("ratio",),
    2: ("step", "second") * 3 + ("ratio",),
    3: ALL[:4] * 2 + ("ratio",),
    4: ALL[:5] * 2 + ("ratio",),
    5: ALL[:5] * 2 + ("ratio",),
}
TERMS = {1: (4, 5), 2: (4, 5), 3: (5, 5), 4: (5, 6), 5: (7, 9)}  # how many are shown
LARGEST = {1: 99, 2: 149, 3: 249, 4: 999, 5: 999}  # number
LARGEST_RATIO = {1: 399, 2: 599, 3: 799, 4: 999, 5: 999}  # number of a sequence with a constant factor
STEP = {1: 12, 2: 20, 3: 30, 4: 99, 5: 99}  # largest difference that is drawn


class Sequences(Family):
    name = "sequences"
    title = "the next number of a sequence"
    wordings: Mapping[str, Wordings] = dict.fromkeys(
        ALL,
        Wordings(
            seen=(
                *(
                    f"{ask} {place} {{t}}{end}"
                    for ask, end in (
                        ("What is the next number", "?"),
                        ("what is the next term", ""),
                        ("Find the next number", "."),
                        ("Find the next term", "."),
                        ("Work out the next number", "."),
                        ("Compute the next term", "."),
                    )
                    for place in ("in the sequence", "of the sequence", "of", "in", "after")
                ),
                *(
                    f"{start} {{t}}. {ask}"
                    for start in ("A sequence begins with", "The sequence is", "Continue the sequence")
                    for ask in (
                        "What is the next term?",
                        "Find the next number.",
                        "Which number is next?",
                        "What comes next?",
                    )
                ),
                *(
                    f"{{t}}{then}{ask}"
                    for then in (", ... ", ". ", ": ")
                    for ask in (
                        "What is the next number?",
                        "What comes next?",
                        "Find the next term.",
                        "next?",
                    )
                ),
                "What comes next: {t}?",
                "what comes after {t}",
                "Which number comes next in {t}?",
                "Which number follows {t}?",
                "Which number comes after {t}?",
                "{t}, ?",
                "next number: {t}",
                "next term: {t}",
                "Find the next number: {t}",
            ),
            held_out=(
                "Which term comes next in the sequence {t}?",
                "A sequence begins with {t}. Which number comes next?",
                "What number comes after {t}?",
                "The next number after {t} is ?",
                "Which term follows {t}?",
                "What is next: {t}?",
                "{t}: Which number is the next?",
                "Find the number that follows {t}.",
            ),
        ),
    )

    def draw(self, rng: Random, level: int) -> Facts:
        kind = rng.choice(KINDS[level])
        top = (LARGEST_RATIO if kind == "ratio" else LARGEST)[level]
        while True:
            row = _draw(rng, kind, level)
            if row and min(row) > 0 and max(row) <= top:
                return {"kind": kind, "terms": row[:-1]}

    def valid(self, facts: Facts) -> bool:
        return len(continuations(tuple(facts["terms"]))) == 1

    def key(self, facts: Facts) -> str:
        return " ".join(map(str, facts["terms"]))

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        return {"t": rng.choice((", ", ", ", ",")).join(map(str, facts["terms"]))}

    def answer(self, facts: Facts) -> str:
        (found,) = continuations(tuple(facts["terms"]))
        return str(found)

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        terms, found = tuple(problem.facts["terms"]), int(problem.answer)
        row = ",".join(map(str, terms))
        lines, step = explain(terms)
        last, sign, k = step
        start = "\n".join([f"Find the next of {row}.", *lines, ""])
        worked = {"+": places.plus, "-": places.minus, "*": places.product, "/": places.quotient}
        move = worked[sign](last, k)
        end = f"{move}\nCheck: {check(found, step)[0]} ok\nSo the next is {found}."
        if rng.random() < slips:
            wrong = found + rng.choice((1, -1, 2, -2, 10, -10)) * (k if sign == "*" else 1)
            if wrong > 0:
                checked, need = check(wrong, step)
                return (
                    Segment(start),
                    Segment(f"{last}{sign}{k}={wrong}\n", learn=False),
                    Segment(f"Check: {checked} wrong, need {need}\nWait, again:\n{end}"),
                )
        return (Segment(start + end),)


def _draw(rng: Random, kind: str, level: int) -> list[int]:
    """The terms and the one after them, perhaps too small or too large; nothing if they hide their rule."""
    count, step, top = rng.randint(*TERMS[level]), STEP[level], LARGEST[level]
    first, change, falls = rng.randint(1, step), rng.randint(1, step), level > 1 and rng.random() < 0.4
    start = rng.randint(1, top // 2)
    match kind:
        case "step":
            row = [start + first * i for i in range(count + 1)]
        case "ratio":
            start, ratio = rng.randint(1, 60), rng.choice((2, 2, 3, 4, 5))
            row = [start * ratio**i for i in range((7 if level == 5 else 5) + rng.randrange(2))]
        case "second":
            change = change // 4 + 1
            gaps = [first + change * i for i in range(count)]
            slows = level > 2 and rng.random() < 0.3
            row = list(accumulate(reversed(gaps) if slows else gaps, initial=start))
        case "sum":
            row = [first, first + change]
            while len(row) <= count:
                row.append(row[-2] + row[-1])
            return row
        case "turns":
            change *= rng.choice((1, 1, -1))
            row = [start + (i + 1) // 2 * first + i // 2 * change for i in range(count + 1)]
        case _:
            other, first, change = start + rng.randint(-step, step), first // 3 + 1, change // 3 + 1
            change *= rng.choice((1, -1))
            rows = (start, first), (other, change)
            row = [rows[i % 2][0] + i // 2 * rows[i % 2][1] for i in range((count + 1) // 2 * 2 + 1)]
            gaps = [b - a for a, b in pairwise(row)]
            if any(a * b >= 0 for a, b in pairwise(gaps)):
                return []
    return row[::-1] if falls else row
