"""What thinking is worth, on a model whose thoughts are a script: the shares are known exactly."""

from collections.abc import Sequence
from itertools import accumulate
from random import Random

from mull import tasks
from mull.bench.suites.families import FIRST
from mull.engine import LocalEngine
from mull.engine.scripted import asked, scripted
from mull.model.formats import Tagged
from mull.tasks import Family, Problem
from mull.train import study
from mull.train.study import Share

OPEN = Tagged(starts_open=True)


def problems(family: Family, count: int) -> list[Problem]:
    return [family.problem("test", 1, FIRST + index) for index in range(count)]


def thinker(asked_for: Sequence[Problem], thoughts: str) -> LocalEngine:
    """Thinks `thoughts`, then answers right; answers -1 where its thinking is cut off before the last one."""
    script = {}
    for problem in asked_for:
        script[f"{asked(problem.question)}<think>\n"] = f"{thoughts}\n</think>\n\n{tasks.final(problem)}"
    for end in range(len(thoughts)):
        script[f"<think>\n{thoughts[:end]}\n</think>\n\n"] = "The answer is \\boxed{-1}."
    return scripted(script, format=OPEN)


def test_accuracy_by_budget_and_nothing_left_behind() -> None:
    family = tasks.get("addition")
    engine = thinker(problems(family, 4), "abcdefgh")
    seen: list[list[Share]] = []
    shares = study.curve(engine, [family], [1], 4, budgets=(0, 4, 8, 64, 512), seen=seen.append)
    assert [(share.what, share.right, share.count) for share in shares] == [
        ("0 tokens", 0, 4),
        ("4 tokens", 0, 4),
        ("8 tokens", 4, 4),
        ("64 tokens", 4, 4),
        ("512 tokens", 4, 4),
    ]
    assert seen == [shares]
    assert engine.memory.pages.used == 0
    assert shares[0].json()["interval"][0] == 0


def test_a_planted_mistake_ends_the_thoughts_it_is_given() -> None:
    family = tasks.get("equations")
    for problem in problems(family, 40):
        thoughts = study.with_mistake(family, problem)
        if thoughts is not None:
            segments = family.trace(problem, Random(problem.key), slips=1.0)
            places = [*accumulate(len(segment.text) for segment in segments)]
            planted = places.index(len(thoughts))
            assert not segments[planted].learn
            assert all(segment.learn for segment in segments[:planted])
    assert all(
        study.with_mistake(tasks.get("addition"), p) is None for p in problems(tasks.get("addition"), 5)
    )


def test_repairs_tell_noticing_from_mending() -> None:
    """One model mends everything, one only says that something is wrong, one notices nothing."""
    family = tasks.get("equations")
    planted = [(p, t) for p in problems(family, 12) if (t := study.with_mistake(family, p)) is not None]
    assert len(planted) > 5

    def shares(goes_on: str, answer: str | None) -> list[tuple[str, int]]:
        script = {
            f"<think>\n{thoughts}": f"{goes_on}</think>\n\n"
            + (tasks.final(problem) if answer is None else f"\\boxed{{{answer}}}")
            for problem, thoughts in planted
        }
        found = study.repairs(scripted(script, format=OPEN), [family, tasks.get("addition")], [1], 12)
        assert {share.count for share in found} == {len(planted)}
        return [(share.what, share.right) for share in found]

    every = len(planted)
    assert shares("Check: wrong\n", None) == [("mistakes noticed", every), ("mistakes repaired", every)]
    assert shares("Check: wrong\n", "-999") == [("mistakes noticed", every), ("mistakes repaired", 0)]
    assert shares("Check: ok\n", "-999") == [("mistakes noticed", 0), ("mistakes repaired", 0)]
