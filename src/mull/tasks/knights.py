"""Knights and knaves: knights tell the truth, knaves lie; who is what?

A claim is a list: ["is", person, kind], ["same", a, b], ["different", a, b], ["and", a, kind, b, kind] or
["or", a, kind, b, kind], with people as numbers. The trace lists the claims once, then goes through the cases in a
fixed order and leaves each at its first contradiction. Every problem has exactly one solution.
The key of three people forgets their names, so that the splits share no structure; two people have too few.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import permutations, product
from random import Random
from typing import Any

from mull.tasks.base import Facts, Family, Problem, Segment, Wordings, boxed

NAMES = ("Ann", "Bob", "Cy", "Dan", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon", "Kim", "Leo")
KINDS = ("knight", "knave")
PEOPLE = {1: 2, 2: 2, 3: 3, 4: 3, 5: 3}
PLAIN = {1: 0.8, 2: 0.3, 3: 0.7, 4: 0.4, 5: 0.15}  # share of the claims "is", "same" and "different"

Claim = Sequence[Any]
Case = tuple[str, ...]  # the kind of each person


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
                "Knights always tell the truth, knaves always lie. {claims} Find out who is a knight and who is a "
                "knave.",
                "You meet {people}. Each is a knight or a knave. {claims} Who is what?",
                "{claims} Knights tell the truth, knaves lie. What are {people}?",
                "{people} are knights or knaves. {claims} What is each of them?",
                "knights and knaves: {claims} Who is what?",
            ),
            held_out=(
                "On an island each person is a knight, who tells the truth, or a knave, who lies. {claims} Who is what?",
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
            return f"{' '.join(sorted(names))} {_renamed(claims, (0, 1) if names[0] < names[1] else (1, 0))}"
        return str(min(_renamed(claims, order) for order in permutations(range(len(names)))))

    def valid(self, facts: Facts) -> bool:
        return len(solutions(facts["claims"])) == 1

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        names = facts["names"]
        says = rng.choice(('{} says "{}."', '{} says: "{}."', "{} says: {}."))
        claims = " ".join(
            says.format(name, _spoken(claim, speaker, names))
            for speaker, (name, claim) in enumerate(zip(names, facts["claims"], strict=True))
        )
        return {"claims": claims, "people": f"{', '.join(names[:-1])} and {names[-1]}"}

    def answer(self, facts: Facts) -> str:
        case = solutions(facts["claims"])[0]
        return ", ".join(f"{name} is a {kind}" for name, kind in zip(facts["names"], case, strict=True))

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        names, claims = problem.facts["names"], problem.facts["claims"]
        lines = [f"Find the kinds of {', '.join(names)}."]
        written = [f"{name} says {_noted(claim, names)}" for name, claim in zip(names, claims, strict=True)]
        lines += written
        cases = _cases(len(names))
        for number, case in enumerate(cases, 1):
            people = ", ".join(f"{name} {kind}" for name, kind in zip(names, case, strict=True))
            lines.append(f"Case {number} of {len(cases)}: {people}")
            for speaker, claim in enumerate(claims):
                kinds = " ".join(case[person] for person in claim[1:] if isinstance(person, int))
                true = holds(claim, case)
                fits = true == (case[speaker] == "knight")
                verdict = f"{'true' if true else 'false'}, {names[speaker]} {case[speaker]} {'ok' if fits else 'no'}"
                lines.append(f"{written[speaker]}: {kinds}, {verdict}")
                if not fits:
                    break
            else:
                return (Segment("\n".join([*lines, "All ok.", f"So {problem.answer}."])),)
        raise AssertionError("a problem without a solution")

    def score(self, problem: Problem, text: str) -> float:
        """Every person with the right kind, in any order: "Ann is a knight, Bob a knave" or "Ann: knight; …"."""
        found = boxed(text)
        if found is None:
            return 0.0
        said: dict[str, str] = {}
        for part in re.split(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+", found.strip().rstrip(".")):
            match = re.fullmatch(r"([A-Za-z]+)(?:\s*[:=]\s*|\s+is\s+|\s+)(?:an?\s+)?(knight|knave)", part)
            if match is None or match[1] in said:
                return 0.0
            said[match[1]] = match[2]
        case = solutions(problem.facts["claims"])[0]
        return float(said == dict(zip(problem.facts["names"], case, strict=True)))


def holds(claim: Claim, case: Case) -> bool:
    """Whether the claim is true in this case."""
    match claim:
        case ["is", a, kind]:
            return bool(case[a] == kind)
        case ["same", a, b]:
            return bool(case[a] == case[b])
        case ["different", a, b]:
            return bool(case[a] != case[b])
        case ["and", a, kind_a, b, kind_b]:
            return bool(case[a] == kind_a and case[b] == kind_b)
        case ["or", a, kind_a, b, kind_b]:
            return bool(case[a] == kind_a or case[b] == kind_b)
    raise ValueError(f"unknown claim {claim!r}")


def solutions(claims: Sequence[Claim]) -> list[Case]:
    """All cases in which exactly the knights tell the truth."""
    return [
        case
        for case in _cases(len(claims))
        if all(holds(claim, case) == (kind == "knight") for claim, kind in zip(claims, case, strict=True))
    ]


def _cases(count: int) -> list[Case]:
    return list(product(KINDS, repeat=count))


def _draw_claim(rng: Random, speaker: int, count: int, level: int) -> list[Any]:
    others = [person for person in range(count) if person != speaker]
    a, b = sorted(rng.sample(range(count), 2))
    if rng.random() < PLAIN[level]:
        word = rng.choice(("is", "is", "same", "different"))
        return ["is", rng.choice(others), rng.choice(KINDS)] if word == "is" else [word, a, b]
    if level == 1:
        return ["and", a, "knave", b, "knave"]
    return [rng.choice(("and", "or")), a, rng.choice(KINDS), b, rng.choice(KINDS)]


def _renamed(claims: Sequence[Claim], order: Sequence[int]) -> list[list[Any]]:
    """The claims as they read when person i is called order[i]."""
    renamed: list[list[Any]] = [[] for _ in claims]
    for speaker, claim in enumerate(claims):
        new = [order[part] if isinstance(part, int) else part for part in claim]
        match new:
            case [word, a, kind_a, b, kind_b] if a > b:
                new = [word, b, kind_b, a, kind_a]
            case ["same" | "different" as word, a, b] if a > b:
                new = [word, b, a]
        renamed[order[speaker]] = [str(part) for part in new]
    return renamed


def _noted(claim: Claim, names: Sequence[str]) -> str:
    match claim:
        case ["is", a, kind]:
            return f"{names[a]} {kind}"
        case [word, a, b]:
            return f"{names[a]} {names[b]} {word}"
        case [word, a, kind_a, b, kind_b]:
            return f"{names[a]} {kind_a} {word} {names[b]} {kind_b}"
    raise ValueError(f"unknown claim {claim!r}")


def _spoken(claim: Claim, speaker: int, names: Sequence[str]) -> str:
    match claim:
        case ["is", a, kind]:
            return f"{names[a]} is a {kind}"
        case [word, a, b]:
            pair = _pair(a, b, speaker, names)
            return f"{pair} are {'the same kind' if word == 'same' else 'different kinds'}"
        case ["and", a, kind_a, b, kind_b] if kind_a == kind_b:
            return f"{_pair(a, b, speaker, names)} are both {kind_a}s"
        case ["or", a, kind_a, b, kind_b] if kind_a == kind_b:
            return f"At least one of {_pair(a, b, speaker, names, 'me')} is a {kind_a}"
        case [word, a, kind_a, b, kind_b]:
            both = ", or both" if word == "or" else ""
            return f"{_one(a, speaker, names)} a {kind_a} {word} {_one(b, speaker, names)} a {kind_b}{both}"
    raise ValueError(f"unknown claim {claim!r}")


def _pair(a: int, b: int, speaker: int, names: Sequence[str], self: str = "I") -> str:
    if speaker in (a, b):
        return f"{names[a + b - speaker]} and {self}"
    return f"{names[a]} and {names[b]}"


def _one(person: int, speaker: int, names: Sequence[str]) -> str:
    return "I am" if person == speaker else f"{names[person]} is"
