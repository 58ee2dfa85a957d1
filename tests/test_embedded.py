"""The embedded model knows what it does not know."""

import pytest

from mull import tasks
from mull.embedded import stranger


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "Write a poem about 3 mice.",
        "How many primes are there below 100?",
        "Who wrote Faust?",
        "hello",
        "你好，2加3等于多少？",
        "Translate 'good morning' into German, then count its 4 vowels.",
    ],
)
def test_questions_about_something_else_are_strangers(question: str) -> None:
    assert stranger(question)


@pytest.mark.parametrize(
    "question",
    [
        "Using 3, 7, 8 and 25, make 54.",
        "17*24",
        "What is 17 * 24?",
        "Solve 3x + 4 = 19 for x.",
        "please add 3 to 4",
    ],
)
def test_its_own_questions_are_not(question: str) -> None:
    assert stranger(question) is None


def test_hardly_any_test_question_is_a_stranger() -> None:
    """Wordings that training never uses are made of known words."""
    questions = [
        family.problem("test", level, index).question
        for family in tasks.families()
        for level in (1, 2, 3)
        for index in range(60)
    ]
    assert sum(stranger(question) is not None for question in questions) < len(questions) / 100
