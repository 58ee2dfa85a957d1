"""Scores: intervals, loops, and what counts as right."""

import pytest

from mull import tasks
from mull.train.evaluate import Attempt, loops, summarize


@pytest.mark.parametrize(
    ("text", "looped"),
    [
        ("a\nb\nc\n", False),
        ("a\nb\nb\nb\n", True),
        ("a\nb\nc\nb\nc\nb\nc\nb", True),
        ("a\nb\nb\n", False),
        ("b\nb\nb\nc\n", False),
    ],
)
def test_loops(text: str, looped: bool) -> None:
    assert loops(text) is looped


def test_a_chain_that_never_ended_is_wrong_and_counted() -> None:
    problem = tasks.get("addition").problem("test", 1, 0)
    attempts = [
        Attempt(problem, "x</think>\n\n" + tasks.final(problem), tokens=10, ended=True, score=1.0),
        Attempt(problem, "x\nx\nx\nx\n", tokens=30, ended=False, score=0.0),
    ]
    score = summarize("addition", 1, attempts)
    assert (score.right, score.count, score.capped, score.looped, score.tokens) == (1, 2, 1, 1, 20)
    assert score.json()["accuracy"] == 0.5
