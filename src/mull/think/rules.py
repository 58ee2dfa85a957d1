"""When a vote is settled: rules as plain values, each a function of the votes and of who may still vote."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Protocol

from mull.errors import MullError
from mull.think.votes import Votes


class Rule(Protocol):
    def settled(self, votes: Votes, alive: int) -> bool:
        """Whether more votes are not worth their tokens. `alive` chains may still cast one."""
        ...


@dataclass(frozen=True, slots=True)
class Beta:
    """Stop when the leader would beat the runner-up with this probability.

    Adaptive-Consistency, Aggarwal et al. 2023, arXiv 2305.11860: the two get a uniform prior. Four equal
    votes are the fewest that reach .95.
    """

    probability: float = 0.95

    def settled(self, votes: Votes, alive: int) -> bool:
        return votes.cast > 0 and leads(*votes.counts) >= self.probability


@dataclass(frozen=True, slots=True)
class Unanimous:
    """Stop when a window of `count` votes agrees, windows following one another.

    Early-stopping self-consistency, Li et al. 2024, arXiv 2401.10480.
    """

    count: int = 5

    def __post_init__(self) -> None:
        if self.count < 1:
            raise MullError(f"a window has at least one vote, not {self.count}.")

    def settled(self, votes: Votes, alive: int) -> bool:
        window = votes.order[-self.count :]
        return votes.cast > 0 and votes.cast % self.count == 0 and all(pile is window[0] for pile in window)


@dataclass(frozen=True, slots=True)
class Consensus:
    """Stop when the leader has this share of the weight. DeepConf online, arXiv 2508.15260 §3.3.

    `floor`: no fewer votes than these, since a vote that filtered most chains away settles nothing.
    """

    share: float = 0.95
    floor: int = 4

    def settled(self, votes: Votes, alive: int) -> bool:
        return votes.cast >= self.floor and votes.share >= self.share


@dataclass(frozen=True, slots=True)
class CannotChange:
    """Stop when no vote still to come can change the leader: the answer of all chains, for fewer tokens."""

    def settled(self, votes: Votes, alive: int) -> bool:
        heaviest = max((b.weight for pile in votes.piles for b in pile.ballots), default=1.0)
        ranked = [pile.weight for pile in votes.ranked] + [0.0, 0.0]
        return votes.cast > 0 and ranked[0] - ranked[1] > alive * max(1.0, heaviest)


@dataclass(frozen=True, slots=True)
class Either:
    """Stop when one of several rules says so."""

    rules: tuple[Rule, ...]

    def settled(self, votes: Votes, alive: int) -> bool:
        return any(rule.settled(votes, alive) for rule in self.rules)


def rule(text: str) -> Rule:
    """A rule from its name: beta:.95, unanimous:5, consensus:.95 or cannot-change; or several, with commas.

    Raises MullError for what is no rule.
    """
    rules = [_named(part.strip()) for part in text.split(",")]
    return rules[0] if len(rules) == 1 else Either(tuple(rules))


def _named(text: str) -> Rule:
    name, colon, value = text.partition(":")
    try:
        match name:
            case "beta" if 0 < float(value) <= 1:
                return Beta(float(value))
            case "unanimous" if int(value) > 0:
                return Unanimous(int(value))
            case "consensus" if 0 < float(value) <= 1:
                return Consensus(float(value))
            case "cannot-change" if not colon:
                return CannotChange()
    except ValueError:
        pass
    raise MullError(f"no rule {text!r}: use beta:.95, unanimous:5, consensus:.95 or cannot-change.")


def leads(first: int, second: int) -> float:
    """The chance that an answer with `first` votes is likelier than one with `second`, by a uniform prior.

    P(p > 1/2) under Beta(first + 1, second + 1), in closed form for whole numbers.
    """
    n = first + second + 1
    return 1 - sum(comb(n, k) for k in range(second + 1)) / 2**n
