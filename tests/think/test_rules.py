"""When a vote is settled."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull.errors import MullError
from mull.think.rules import Beta, CannotChange, Consensus, Either, Rule, Unanimous, leads, rule
from mull.think.votes import Votes, equal

ANSWERS = st.lists(st.sampled_from("abc"), max_size=12)


def votes(answers: str | list[str]) -> Votes:
    made = Votes(same=lambda one, other: one == other)
    for answer in answers:
        made.add(answer)
    return made


@pytest.mark.parametrize(
    ("counts", "chance"),
    [((3, 0), 0.938), ((4, 0), 0.969), ((5, 1), 0.938), ((6, 1), 0.965), ((7, 2), 0.945), ((16, 8), 0.946)],
)
def test_the_chance_to_lead_is_the_published_one(counts: tuple[int, int], chance: float) -> None:
    assert leads(*counts) == pytest.approx(chance, abs=5e-4)


@given(st.integers(0, 12), st.integers(0, 12))
def test_the_chance_to_lead_is_the_integral_of_its_prior(first: int, second: int) -> None:
    """Beta(a + 1, b + 1) above one half, as a sum over a + b + 1 coin tosses; with no votes it is even."""
    tosses = first + second + 1
    above = sum(
        sum(toss) > second for toss in product((0, 1), repeat=tosses)
    ) if tosses <= 10 else None  # fmt: skip
    if above is not None:
        assert Fraction(leads(first, second)).limit_denominator(2**tosses) == Fraction(above, 2**tosses)
    assert leads(first, second) + leads(second, first) == pytest.approx(1)


def test_four_equal_votes_are_the_fewest_that_settle() -> None:
    assert not Beta().settled(votes("aaa"), alive=9)
    assert Beta().settled(votes("aaaa"), alive=9)


def test_a_rule_without_votes_settles_nothing() -> None:
    for each in (Beta(0.0), Unanimous(1), Consensus(0.0, 0), CannotChange()):
        assert not each.settled(votes(""), alive=0) or isinstance(each, Consensus)


def test_unanimous_needs_a_window_of_votes_that_agree() -> None:
    assert Unanimous(3).settled(votes("aaa"), alive=5)
    assert not Unanimous(3).settled(votes("aab"), alive=5)
    assert not Unanimous(3).settled(votes("aabaaaa"), alive=5)  # windows do not overlap
    assert Unanimous(3).settled(votes("aabbbb"), alive=5)


def test_a_window_has_at_least_one_vote() -> None:
    with pytest.raises(MullError, match="at least one vote"):
        Unanimous(0)


def test_consensus_has_a_floor() -> None:
    assert not Consensus(0.9, floor=4).settled(votes("aaa"), alive=5)
    assert Consensus(0.9, floor=4).settled(votes("aaaa"), alive=5)


@given(ANSWERS, st.lists(st.sampled_from("abcd"), max_size=6))
def test_what_cannot_change_does_not_change(cast: list[str], rest: list[str]) -> None:
    """Whatever the others vote: lossless."""
    now = votes(cast)
    if CannotChange().settled(now, alive=len(rest)):
        then = Counter([*cast, *rest])
        assert now.leader is not None
        assert then.most_common(1)[0][0] == now.leader.answer


def test_either_rule_is_enough() -> None:
    either = Either((Beta(), Unanimous(2)))
    assert either.settled(votes("aa"), alive=9)
    assert not either.settled(votes("ab"), alive=9)


def test_equal_answers_share_a_pile_however_they_are_written() -> None:
    made = Votes()
    for answer in ("1/2", "0.5", r"\frac{1}{2}", "2"):
        made.add(answer)
    made.add(None)
    made.add("  ")
    assert [pile.count for pile in made.ranked] == [3, 1]
    assert (made.cast, made.abstained, made.share) == (4, 2, 0.75)
    assert made.counts == (3, 1)
    assert equal("12", "12.0")
    assert not equal("12", "21")


def test_weights_decide_where_there_are_any() -> None:
    made = votes("")
    made.add("a", 0.2)
    made.add("a", 0.2)
    made.add("b", 0.9)
    assert made.leader is not None
    assert made.leader.answer == "b"
    assert made.counts == (1, 0)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("beta:.95", Beta(0.95)),
        ("unanimous:3", Unanimous(3)),
        ("consensus:0.9", Consensus(0.9)),
        ("cannot-change", CannotChange()),
        ("beta:.95, cannot-change", Either((Beta(0.95), CannotChange()))),
    ],
)
def test_rules_have_names(text: str, meant: Rule) -> None:
    assert rule(text) == meant


@pytest.mark.parametrize(
    "text",
    ["", "most", "beta", "beta:2", "beta:nan", "unanimous:0", "unanimous:1.5", "cannot-change:3", "beta:.9,"],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(MullError, match="use beta"):
        rule(text)
