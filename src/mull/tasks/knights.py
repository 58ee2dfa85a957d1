"""Knights and knaves: knights tell the truth, knaves lie; who is what?

The trace notes the claims once, then goes through the cases in a fixed order and leaves each at its first
contradiction. Every problem has exactly one solution. The key of three people forgets their names, so that
the splits share no structure; two people have too few structures for that.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.claims import KINDS, cases, holds, nameless, noted, renamed, solutions, spoken

NAMES = ("Ann", "Bob", "Cy", "Dan", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon", "Kim", "Leo")
PEOPLE = {1: 2, 2: 2, 3: 3, 4: 3, 5: 3}
PLAIN = {1: 0.8, 2: 0.3, 3: 0.7, 4: 0.4, 5: 0.15}  # share of the claims "is", "same" and "different"


class Knights(Family):
    name = "knights"
    title = "knights tell the truth, knaves lie: who is what?"
    wordings: Mapping[str, Wordings] = {
        "claims": Wordings(
            seen=(
                "Knights tell the truth and knaves lie. {claims} Who is what?",
                "On an island of knights and knaves, knights tell the truth and knaves lie. {claims} "
                "What is each person?",
                "{claims} Each is a knight, who tells the truth, or a knave, who lies. Who is what?",
                "Knights always tell the truth, knaves always lie. {claims} "
                "Find out who is a knight and who is a knave.",
                "You meet {people}. Each is a knight or a knave. {claims} Who is what?",
                "{claims} Knights tell the truth, knaves lie. What are {people}?",
                "{people} are knights or knaves. {claims} What is each of them?",
                "knights and knaves: {claims} Who is what?",
            ),
            held_out=(
                "On an island each person is a knight, who tells the truth, or a knave, who lies. {claims} "
                "Who is what?",
                "{people} are each a knight or a knave. {claims} Find out who is what.",
            ),
        )
    }

    def draw(self, rng: Random, level: int) -> Facts:
        count = PEOPLE[level]
        names = rng.sample(NAMES, count)
        claims = [_draw_claim(rng, speaker, count, level) for speaker in range(count)]
        return {"kind": "claims", "names": names, "claims": claims}

    def key(self, facts: Facts) -> str:
        names, claims = facts["names"], facts["claims"]
        if len(names) == 2:
            return f"{' '.join(sorted(names))} {renamed(claims, (0, 1) if names[0] < names[1] else (1, 0))}"
        return str(nameless(claims))

    def valid(self, facts: Facts) -> bool:
        return len(solutions(facts["claims"])) == 1

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        names = facts["names"]
        says = rng.choice(('{} says "{}."', '{} says: "{}."', "{} says: {}."))
        claims = " ".join(
            says.format(name, spoken(claim, speaker, names))
            for speaker, (name, claim) in enumerate(zip(names, facts["claims"], strict=True))
        )
        return {"claims": claims, "people": f"{', '.join(names[:-1])} and {names[-1]}"}

    def answer(self, facts: Facts) -> str:
        case = solutions(facts["claims"])[0]
        return ", ".join(f"{name} is a {kind}" for name, kind in zip(facts["names"], case, strict=True))

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        names, claims = problem.facts["names"], problem.facts["claims"]
        lines = [f"Find the kinds of {', '.join(names)}."]
        written = [f"{name} says {noted(claim, names)}" for name, claim in zip(names, claims, strict=True)]
        lines += written
        order = cases(len(names))
        for number, case in enumerate(order, 1):
            people = ", ".join(f"{name} {kind}" for name, kind in zip(names, case, strict=True))
            lines.append(f"Case {number} of {len(order)}: {people}")
            for speaker, claim in enumerate(claims):
                kinds = " ".join(case[person] for person in claim[1:] if isinstance(person, int))
                true = holds(claim, case)
                fits = true == (case[speaker] == "knight")
                lines.append(
                    f"{written[speaker]}: {kinds}, {'true' if true else 'false'}, "
                    f"{names[speaker]} {case[speaker]} {'ok' if fits else 'no'}"
                )
                if not fits:
                    break
            else:
                return (Segment("\n".join([*lines, "All ok.", f"So {problem.answer}."])),)
        raise ValueError(f"no case fits the claims {claims}")

    def truth(self, problem: Problem) -> Facts:
        case = solutions(problem.facts["claims"])[0]
        return {"form": "kinds", "answer": dict(zip(problem.facts["names"], case, strict=True))}


def _draw_claim(rng: Random, speaker: int, count: int, level: int) -> list[Any]:
    others = [person for person in range(count) if person != speaker]
    a, b = sorted(rng.sample(range(count), 2))
    if rng.random() < PLAIN[level]:
        word = rng.choice(("is", "is", "same", "different"))
        return ["is", rng.choice(others), rng.choice(KINDS)] if word == "is" else [word, a, b]
    if level == 1:
        return ["and", a, "knave", b, "knave"]
    return [rng.choice(("and", "or")), a, rng.choice(KINDS), b, rng.choice(KINDS)]
