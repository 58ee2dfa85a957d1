"""Rewording changes the words around a problem, never the problem."""

import re
from random import Random

import pytest

from mull import tasks
from mull.tasks.knights import NAMES
from mull.train.wording import reword

NAME = re.compile(rf"\b(?:{'|'.join(NAMES)})\b")
CLAIM = re.compile(r"\w+ says:? (?:\"[^\"]*\"|[^\".]*\.)")


@pytest.mark.parametrize("family", tasks.names())
def test_what_is_asked_stays(family: str) -> None:
    rng, changed = Random(0), 0
    for index in range(400):
        question = tasks.get(family).problem("train", 1 + index % 4, index).question
        other = reword(question, rng)
        changed += other != question
        assert re.findall(r"[-\d+*/=^×−()]+", question) == re.findall(r"[-\d+*/=^×−()]+", other)
        assert NAME.findall(question) == NAME.findall(other)
        if family == "knights":
            kept = [claim.rstrip('."') for claim in CLAIM.findall(question)]
            places = [other.index(claim) for claim in kept]
            assert places == sorted(places)
            assert len(kept) > 1
    assert changed > 300


def test_words_that_decide_the_question_stay() -> None:
    rng = Random(1)
    for question, words in {
        "Subtract 12 from 40.": ("ubtract", "from"),
        "What is the remainder when 31 is divided by 9?": ("remainder", "divided by"),
        "A farm has hens and cows with 12 heads and 30 legs. How many hens are there?": (
            "many hens",
            "heads",
        ),
    }.items():
        for _ in range(200):
            assert all(word in reword(question, rng) for word in words)


def test_the_same_generator_gives_the_same_words() -> None:
    question = "Using 3, 7, 8 and 25, make 54."
    assert [reword(question, Random(5)) for _ in range(2)] == [reword(question, Random(5))] * 2
