"""A majority is a majority, and a report counts chains."""

import pytest

from mull import tasks
from mull.train.passk import majority_at, report
from mull.train.rollout import Episode

PROBLEM = tasks.get("addition").problem("test", 1, 0)


def chain(answer: str, ended: bool = True) -> Episode:
    text = f"</think>\n\n\\boxed{{{answer}}}."
    return Episode(PROBLEM, [1], [2, 3], [0.0, 0.0], text, float(ended and answer.strip() == "5"), ended)


def test_the_majority_decides() -> None:
    group = [chain("4"), chain("5"), chain(" 5"), chain("7"), chain("4"), chain("4", ended=False)]
    assert majority_at(1, group) == pytest.approx(2 / 6)
    assert majority_at(2, group) == pytest.approx(1 / 3)  # 4 and 5: the first; 5 and 7: 5; 4 alone
    assert majority_at(6, [group[1], *group[2:], group[0]]) == 1.0  # twice each: 5 was first
    assert majority_at(4, [chain("5", ended=False)] * 4) == 0.0


def test_a_report_counts_chains() -> None:
    found = report([[chain("5"), chain("4", ended=False)] * 2, [chain("4")] * 4])
    assert (found.count, found.samples, found.tokens, found.capped) == (2, 4, 2.0, 0.25)
    assert found.passed == {1: pytest.approx(0.25), 2: pytest.approx((1 - 1 / 6) / 2), 4: 0.5}
    assert found.majority[4] == 0.5
    assert found.json()["passed"][4] == 0.5
