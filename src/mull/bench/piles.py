"""Answers of one question in piles: those that say the same lie together, as in a vote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from mull.bench.record import Sample
from mull.think.votes import Votes, equal

_PLAIN = re.compile(r"[+-]?\d{1,300}(?:\.\d{1,300}|/\d{1,300})?")


def piles(samples: Sequence[Sample], *, merge: bool = True) -> tuple[list[tuple[int, float]], int]:
    """(votes, share of them that are right) of each pile, and how many samples have no answer.

    merge  right answers are one pile, since each equals the gold answer. Not where a family's scorer decides:
           a number may be right in one writing and wrong in another, so a pile may be right in part.
    """
    votes = Votes(same)
    right, silent = 0, 0
    hits: dict[int, bool] = {}
    for number, sample in enumerate(samples):
        hits[number] = sample.outcome == "right"
        if merge and hits[number]:
            right += 1
        elif sample.final is None or not sample.final.strip():
            silent += 1
        else:
            votes.add(sample.final, voter=number)
    found = [(right, 1.0)] if right else []
    for pile in votes.piles:
        good = sum(hits[ballot.voter] for ballot in pile.ballots)
        found.append((pile.count, good / pile.count))
    return found, silent


def same(one: str, other: str) -> bool:
    """Whether two answers say the same: plain numbers by their value (quick), others by the grader."""
    if one.strip() == other.strip():
        return True
    values = _value(one), _value(other)
    if None in values:
        return equal(one, other)
    return values[0] == values[1]


def _value(text: str) -> Fraction | None:
    """What a plain number is; None for all that is not plain."""
    if not _PLAIN.fullmatch(text.strip()):
        return None
    try:
        return Fraction(text.strip())
    except ZeroDivisionError:
        return None
