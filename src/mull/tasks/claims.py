"""The claims of knights and knaves: what they mean, how they are said, and how they are noted in a trace.

A claim is a list: ["is", person, kind], ["same", a, b], ["different", a, b], ["and", a, kind, b, kind] or
["or", a, kind, b, kind]; people are numbers, and claim number i is made by person i.
"""

from collections.abc import Sequence
from itertools import chain, groupby, permutations, product
from typing import Any

KINDS = ("knight", "knave")

Claim = Sequence[Any]
Case = tuple[str, ...]  # the kind of each person


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


def cases(count: int) -> list[Case]:
    """All cases of so many people, in the order in which they are tried."""
    return list(product(KINDS, repeat=count))


def solutions(claims: Sequence[Claim]) -> list[Case]:
    """All cases in which exactly the knights tell the truth."""
    return [
        case
        for case in cases(len(claims))
        if all(holds(claim, case) == (kind == "knight") for claim, kind in zip(claims, case, strict=True))
    ]


def renamed(claims: Sequence[Claim], order: Sequence[int]) -> list[list[str]]:
    """The claims as they read when person i is called order[i]."""
    return [_renamed(claims[order.index(person)], order) for person in range(len(claims))]


def nameless(claims: Sequence[Claim]) -> list[list[str]]:
    """The same for all puzzles that differ only in who is called what: the smallest renaming.

    People are numbered by the look of their claims, so only those whose claims look alike can change places.
    """

    def look(person: int) -> list[Any]:
        claim = claims[person]
        return [person in claim, *sorted(part for part in claim if isinstance(part, str))]

    alike = [[*group] for _, group in groupby(sorted(range(len(claims)), key=look), key=look)]
    rows = (list(chain(*groups)) for groups in product(*map(permutations, alike)))
    return min(renamed(claims, [row.index(person) for person in range(len(row))]) for row in rows)


def people(claim: Claim, speaker: int) -> list[int]:
    """Those the claim is about, in the order in which the speaker names them: oneself last, after "and"."""
    match claim:
        case [_, a, str(kind_a), b, str(kind_b)]:
            together = kind_a == kind_b
        case [_, a, int(b)]:
            together = True
        case _:
            return [claim[1]]
    return [b, a] if together and a == speaker else [a, b]


def noted(claim: Claim, speaker: int, names: Sequence[str]) -> str:
    """The claim in a trace: the people by name, in the order in which they are named."""
    about = [names[person] for person in people(claim, speaker)]
    match claim:
        case ["is", _, kind]:
            return f"{about[0]} {kind}"
        case [word, _, _]:
            return f"{about[0]} {about[1]} {word}"
        case [word, _, kind_a, _, kind_b]:
            return f"{about[0]} {kind_a} {word} {about[1]} {kind_b}"
    raise ValueError(f"unknown claim {claim!r}")


def spoken(claim: Claim, speaker: int, names: Sequence[str]) -> str:
    """The claim as the speaker says it, without the full stop."""
    match claim:
        case ["is", a, kind]:
            return f"{names[a]} is a {kind}"
        case [word, a, b]:
            kinds = "the same kind" if word == "same" else "different kinds"
            return f"{_both(a, b, speaker, names)} are {kinds}"
        case ["and", a, kind_a, b, kind_b] if kind_a == kind_b:
            return f"{_both(a, b, speaker, names)} are both {kind_a}s"
        case ["or", a, kind_a, b, kind_b] if kind_a == kind_b:
            return f"At least one of {_both(a, b, speaker, names, 'me')} is a {kind_a}"
        case [word, a, kind_a, b, kind_b]:
            end = ", or both" if word == "or" else ""
            return f"{_one(a, speaker, names)} a {kind_a} {word} {_one(b, speaker, names)} a {kind_b}{end}"
    raise ValueError(f"unknown claim {claim!r}")


def _renamed(claim: Claim, order: Sequence[int]) -> list[str]:
    new = [order[part] if isinstance(part, int) else part for part in claim]
    match new:
        case [word, a, kind_a, b, kind_b] if a > b:
            new = [word, b, kind_b, a, kind_a]
        case ["same" | "different" as word, a, b] if a > b:
            new = [word, b, a]
    return [str(part) for part in new]


def _both(a: int, b: int, speaker: int, names: Sequence[str], me: str = "I") -> str:
    return f"{names[a + b - speaker]} and {me}" if speaker in (a, b) else f"{names[a]} and {names[b]}"


def _one(person: int, speaker: int, names: Sequence[str]) -> str:
    return "I am" if person == speaker else f"{names[person]} is"
