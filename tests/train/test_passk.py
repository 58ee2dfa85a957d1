"""A majority is a majority, and a report counts chains."""

import pytest

from mull import tasks
from mull.train.passk import report, votes
from mull.train.rollout import Episode

PROBLEM = tasks.get("addition").problem("test", 1, 0)


def chain(answer: str, ended: bool = True) -> Episode:
    text = f"</think>\n\n\\boxed{{{answer}}}."
    return Episode(PROBLEM, [1], [2, 3], [0.0, 0.0], text, float(ended and answer.strip() == "5"), ended)


def test_the_majority_decides() -> None:
    """Over all subsets: of two chains, ties go to either answer as often."""
    group = [chain("4"), chain("5"), chain(" 5"), chain("5", ended=False)]
    assert [each.right for each in votes(group)] == pytest.approx([1 / 2, 2 / 3, 3 / 4, 1])
    assert [each.right for each in votes([chain("5", ended=False), chain(" ")] * 2)] == [0, 0, 0, 0]


def test_a_report_counts_chains() -> None:
    found = report([[chain("5"), chain("4", ended=False)] * 2, [chain("4")] * 4])
    assert (found.count, found.samples, found.tokens, found.capped) == (2, 4, 2.0, 0.25)
    assert found.passed == {1: pytest.approx(0.25), 2: pytest.approx((1 - 1 / 6) / 2), 4: 0.5}
    assert found.majority[4] == 0.5
    assert found.json()["passed"][4] == 0.5
