"""Problems never change, never cross the splits, and mean what their answers say."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from random import Random
from statistics import mean

import pytest

from mull import tasks
from mull.tasks import Family, Problem, TaskError
from mull.tasks.base import Split
from tests.tasks import truth

FAMILIES = tasks.families()
SPLITS: tuple[Split, ...] = ("train", "test")
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)

# What was published stays: a change here needs a new `VERSION` and a new embedded model.
GOLDEN = {
    "addition": "82a16b788196d555",
    "multiplication": "4c0160d162dfd65e",
    "division": "6f186e2e7f548b18",
    "expressions": "0fe9376c5cd318bf",
    "equations": "ca55c03bd56a2109",
    "countdown": "e7db32cd9742f3f1",
    "remainders": "a9ecb8a4e56671f1",
    "numbers": "d212ed1e1901a906",
    "bases": "940a2ffaf457b74f",
    "counting": "33e72f13eee3acfb",
    "sequences": "21bb58d57a1135cc",
    "knights": "2f1fabcf6d9a5622",
    "ordering": "7e16808ca0539d9f",
    "word": "a146f800f6a685d8",
}

DIFFICULTY: dict[str, Callable[[Problem], float]] = {
    "addition": lambda problem: len(problem.answer),
    "multiplication": lambda problem: len(problem.answer),
    "division": lambda problem: len(thoughts(problem)),
    "expressions": lambda problem: len(problem.key),
    "equations": lambda problem: len(thoughts(problem)),
    "countdown": lambda problem: 100 * len(problem.facts["numbers"]) + max(problem.facts["numbers"]),
    "remainders": lambda problem: len(thoughts(problem)),
    "numbers": lambda problem: len(thoughts(problem)),
    "bases": lambda problem: len(thoughts(problem)),
    "counting": lambda problem: len(thoughts(problem)),
    "sequences": lambda problem: len(thoughts(problem)),
    "knights": lambda problem: len(str(problem.facts["claims"])),
    "ordering": lambda problem: len(problem.facts["clues"]),
    "word": lambda problem: thoughts(problem).count("\n"),
}


def thoughts(problem: Problem, slips: float = 0.0, seed: int = 0) -> str:
    return "".join(s.text for s in tasks.get(problem.family).trace(problem, Random(seed), slips))


def problems(family: Family, count: int, splits: tuple[Split, ...] = SPLITS) -> list[Problem]:
    return [
        family.problem(split, level, i) for split in splits for level in family.levels for i in range(count)
    ]


@each_family
def test_published_problems_and_traces_never_change(family: Family) -> None:
    digest = sha256()
    for problem in problems(family, 25):
        digest.update(json.dumps([asdict(problem), thoughts(problem), thoughts(problem, slips=1.0)]).encode())
    assert digest.hexdigest()[:16] == GOLDEN[family.name]


@each_family
def test_every_level_has_at_least_fifty_test_problems(family: Family) -> None:
    for level in family.levels:
        keys: set[str] = set()
        for index in range(1000):
            keys.add(family.problem("test", level, index).key)
            if len(keys) >= 50:
                break
        assert len(keys) >= 50, level


@each_family
def test_splits_share_no_problem(family: Family) -> None:
    train, test = ({problem.key for problem in problems(family, 300, (split,))} for split in SPLITS)
    assert not train & test
    assert all(tasks.in_test(key) for key in test)
    assert not any(tasks.in_test(key) for key in train)


@each_family
def test_held_out_wordings_are_never_trained_on(family: Family) -> None:
    wordings = family.wordings.values()
    assert all(len(w.seen) >= 8 and w.held_out and not set(w.seen) & set(w.held_out) for w in wordings)
    train, test = (problems(family, 200, (split,)) for split in SPLITS)
    assert not any(problem.new_wording for problem in train)
    assert 0.4 < mean(problem.new_wording for problem in test) < 0.6
    assert not {problem.question for problem in train} & {p.question for p in test if p.new_wording}


@each_family
def test_the_answer_follows_from_the_words_of_the_question(family: Family) -> None:
    for problem in problems(family, 60):
        if family.name == "countdown":
            given, target = truth.countdown(problem.question)
            used, value = truth.value(problem.answer)
            assert value == target
            assert not Counter(used) - Counter(given)
        else:
            assert getattr(truth, family.name)(problem.question) == problem.answer, problem.question


@each_family
def test_levels_grow(family: Family) -> None:
    grade = [
        mean(DIFFICULTY[family.name](family.problem("train", level, index)) for index in range(200))
        for level in family.levels
    ]
    assert grade[0] < grade[2] < grade[4]
    assert grade[0] <= grade[1] * 1.01
    assert max(grade) == grade[4]


@each_family
def test_a_problem_survives_json(family: Family) -> None:
    for problem in problems(family, 5):
        again = Problem(**json.loads(json.dumps(asdict(problem))))
        assert thoughts(again, slips=1.0) == thoughts(problem, slips=1.0)
        assert family.score(again, tasks.final(again)) == 1


def test_drawing_is_fast() -> None:
    """At most 0.3 ms a training problem on average, as the training loop needs them."""
    start = time.process_time()
    count = sum(len(problems(family, 100, ("train",))) for family in FAMILIES)
    assert (time.process_time() - start) / count < 0.3e-3


def test_what_does_not_exist_is_named() -> None:
    with pytest.raises(TaskError, match="no task family 'chess': there are addition,"):
        tasks.get("chess")
    with pytest.raises(TaskError, match="no split 'validation': use train or test"):
        tasks.get("addition").problem("validation", 1, 0)  # type: ignore[arg-type]
    with pytest.raises(TaskError, match="addition has levels 1 to 5, not 6"):
        tasks.get("addition").problem("train", 6, 0)
