"""Votes: answers of several chains, those that are mathematically equal in one pile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Ballot:
    """One chain's answer. `voter` is its number in the trace; `weight` what the vote counts."""

    answer: str
    weight: float = 1.0
    voter: int = -1


@dataclass(slots=True)
class Pile:
    """Equal answers, in the order they came; the first one's spelling stands for all."""

    ballots: list[Ballot] = field(default_factory=list)

    @property
    def answer(self) -> str:
        return self.ballots[0].answer

    @property
    def count(self) -> int:
        return len(self.ballots)

    @property
    def weight(self) -> float:
        return sum(ballot.weight for ballot in self.ballots)


@lru_cache(maxsize=4096)
def equal(one: str, other: str) -> bool:
    """Whether two answers say the same, by the grader; what it cannot decide is not equal."""
    if one.strip() == other.strip():
        return True
    from mull.check.grade import grade

    return grade(f"\\boxed{{{one}}}", f"\\boxed{{{other}}}").equal is True


class Votes:
    """Ballots in piles. Chains without an answer abstain: they are counted, but stand in no pile."""

    def __init__(self, same: Callable[[str, str], bool] = equal) -> None:
        self.piles: list[Pile] = []
        self.order: list[Pile] = []  # of each ballot, as they came
        self.abstained = 0
        self._same = same

    def add(self, answer: str | None, weight: float = 1.0, voter: int = -1) -> None:
        """One more ballot; None abstains."""
        if answer is None or not answer.strip():
            self.abstained += 1
            return
        for pile in self.piles:
            if self._same(pile.answer, answer):
                break
        else:
            self.piles.append(pile := Pile())
        pile.ballots.append(Ballot(answer, weight, voter))
        self.order.append(pile)

    @property
    def ranked(self) -> list[Pile]:
        """Piles by weight, the heaviest first; of equal ones the one that was there first."""
        return sorted(self.piles, key=lambda pile: -pile.weight)

    @property
    def leader(self) -> Pile | None:
        return self.ranked[0] if self.piles else None

    @property
    def counts(self) -> tuple[int, int]:
        """Votes of the two heaviest piles, in whole ones: their weight, rounded."""
        first, second, *_ = [*(round(pile.weight) for pile in self.ranked), 0, 0]
        return first, second

    @property
    def cast(self) -> int:
        """Ballots in piles."""
        return sum(pile.count for pile in self.piles)

    @property
    def share(self) -> float:
        """The leader's part of the weight, 0 to 1."""
        total = sum(pile.weight for pile in self.piles)
        return self.ranked[0].weight / total if total else 0.0
