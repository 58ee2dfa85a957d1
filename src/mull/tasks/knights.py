"""Knights and knaves: knights tell the truth, knaves lie; who is what?

The trace repeats each claim as it was said and notes what it means, then goes through the cases in a fixed
order and leaves each at its first contradiction. Only the note ever follows "said": a case copies it by the
speaker and that word. In claims people are knights or knaves; in a case they are honest or lie: two pairs of
words, so that what is looked up is never mistaken for what was said. Every problem has exactly one solution.
The key of three people forgets their names, so that the splits share no structure; two have too few of them.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.claims import (
    KINDS,
    Case,
    Claim,
    cases,
    holds,
    nameless,
    noted,
    people,
    renamed,
    solutions,
    spoken,
)

NAMES = ("Ann", "Bob", "Cy", "Dan", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon", "Kim", "Leo")
PEOPLE = {1: 2, 2: 2, 3: 3, 4: 3, 5: 4}
IN_CASE = {"knight": "honest", "knave": "lies"}
PLAIN = {1: 0.8, 2: 0.3, 3: 0.7, 4: 0.4, 5: 0.15}  # share of the claims "is", "same" and "different"

RULES = (
    "Knights tell the truth and knaves lie.",
    "Knights always tell the truth, knaves always lie.",
    "On an island of knights and knaves, knights tell the truth and knaves lie.",
    "A knight tells the truth, a knave lies.",
    "You meet {people}. Each is a knight or a knave.",
    "{people} are knights or knaves.",
    "Each of {people} is a knight or a knave.",
    "On an island you meet {people}. Knights tell the truth, knaves lie.",
    "Each is a knight, who tells the truth, or a knave, who lies.",
    "Here each person is a knight or a knave.",
    "{people} are on an island of knights and knaves.",
    "We know that knights always tell the truth and that knaves always lie.",
    "knights and knaves:",
    "",
)
ASKS = (
    "Who is what?",
    "What is each person?",
    "What is each of them?",
    "What are {people}?",
    "Who is a knight and who is a knave?",
    "Find out who is a knight and who is a knave.",
    "Which of them is a knight and which is a knave?",
    "Tell me who is what.",
    "Tell me what {people} are.",
)
NEW_RULES = (
    "On an island each person is a knight, who tells the truth, or a knave, who lies.",
    "{people} are each a knight or a knave.",
    "You know that a knave always lies and a knight always tells the truth.",
)
NEW_ASKS = ("Find out who is what.", "Find out what each of them is.", "Which kind is each person?")


def _asked(rules: tuple[str, ...], asks: tuple[str, ...]) -> tuple[str, ...]:
    """The rules, if any, before the claims or, where they are a sentence, after them."""
    templates = (
        " ".join(filter(None, parts))
        for rule in rules
        for ask in asks
        for parts in ((rule, "{claims}", ask), ("{claims}", rule, ask))[: 1 if rule.endswith(":") else 2]
    )
    return tuple(dict.fromkeys(templates))


class Knights(Family):
    name = "knights"
    title = "knights tell the truth, knaves lie: who is what?"
    wordings: Mapping[str, Wordings] = {
        "claims": Wordings(
            seen=_asked(RULES, ASKS),
            held_out=_asked(NEW_RULES, (*ASKS, *NEW_ASKS)) + _asked(RULES, NEW_ASKS),
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
        written = [
            f"{name} said {noted(claim, speaker, names)}"
            for speaker, (name, claim) in enumerate(zip(names, claims, strict=True))
        ]
        lines = ["Find the kinds."]
        for speaker, claim in enumerate(claims):
            lines.append(f"{names[speaker]} says {spoken(claim, speaker, names)}: {written[speaker]}")
        for number, case in enumerate(cases(len(names)), 1):
            held = [f"{name} {IN_CASE[kind]}" for name, kind in zip(names, case, strict=True)]
            lines.append(f"{number}: {', '.join(held)}")
            for speaker, claim in enumerate(claims):
                true = holds(claim, case)
                fits = true == (case[speaker] == "knight")
                verdict = f"{'true' if true else 'false'}, {held[speaker]} {'ok' if fits else 'no'}"
                lines.append(f"{written[speaker]}: {_looked_up(claim, speaker, case, held)}, {verdict}")
                if not fits:
                    break
            else:
                return (Segment("\n".join([*lines, f"So {problem.answer}."])),)
        raise ValueError(f"no case fits the claims {claims}")

    def truth(self, problem: Problem) -> Facts:
        case = solutions(problem.facts["claims"])[0]
        return {"form": "kinds", "answer": dict(zip(problem.facts["names"], case, strict=True))}


def _looked_up(claim: Claim, speaker: int, case: Case, held: list[str]) -> str:
    """What those are of whom the claim speaks; where it says two things, whether each is so."""
    about = people(claim, speaker)
    if claim[0] not in ("and", "or"):
        return ", ".join(held[person] for person in about)
    said = {claim[1]: claim[2], claim[3]: claim[4]}
    return ", ".join(f"{held[person]} {'yes' if case[person] == said[person] else 'no'}" for person in about)


def _draw_claim(rng: Random, speaker: int, count: int, level: int) -> list[Any]:
    others = [person for person in range(count) if person != speaker]
    a, b = sorted(rng.sample(range(count), 2))
    if rng.random() < PLAIN[level]:
        word = rng.choice(("is", "is", "same", "different"))
        return ["is", rng.choice(others), rng.choice(KINDS)] if word == "is" else [word, a, b]
    if level == 1:
        return ["and", a, "knave", b, "knave"]
    return [rng.choice(("and", "or")), a, rng.choice(KINDS), b, rng.choice(KINDS)]
