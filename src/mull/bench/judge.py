"""Who says whether an answer is right: the grader, a task family's scorer, the audit's rules, or tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from mull import tasks
from mull.audit.engagement import engagement
from mull.bench.record import Item
from mull.check.grade import grade
from mull.check.grade.boxes import boxes
from mull.check.grade.verdict import NOT_UNDERSTOOD, WORDS_AND_VALUE
from mull.errors import MullError

Name = Literal["grader", "tasks", "engagement", "code"]
NAMES: tuple[Name, ...] = get_args(Name)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a judge says of an answer.

    equal   whether it is right, None where undecided
    found   whether there is an answer in the text; legible: whether it can be compared with the gold answer
    final, span, stage, reason   as in `Sample`
    """

    equal: bool | None
    found: bool
    stage: str
    reason: str
    final: str | None = None
    span: tuple[int, int] | None = None
    legible: bool = True

    @property
    def facts(self) -> dict[str, Any]:
        """What a sample holds of it."""
        return {name: getattr(self, name) for name in ("equal", "final", "span", "stage", "reason")}


Judge = Callable[[Item, str], Mark]


def judge(name: str) -> Judge:
    """The judge of this name: of an item, and the text of an answer to it. Takes as long as the tests do."""
    match name:
        case "grader":
            return by_grader
        case "tasks":
            return by_family
        case "engagement":
            return by_engagement
        case "code":
            from mull.bench.programs import by_tests

            return by_tests
    raise MullError(f"no judge {name!r}: use {', '.join(NAMES)}.")


def by_grader(item: Item, text: str) -> Mark:
    """Whether the answer in the text equals the gold answer.

    Words where a value should stand are no answer if they are only the end of the text ("I do not know."),
    and an illegible one if they stand where an answer is given (in a box, after "the answer is").
    """
    verdict = grade(item.gold, text)
    strange = verdict.equal is False and verdict.reason in (WORDS_AND_VALUE, NOT_UNDERSTOOD)
    given = verdict.source not in ("last sentence", "whole text") and _filled(verdict.answer)
    return Mark(
        verdict.equal,
        verdict.span is not None and (given or not strange),
        verdict.stage,
        verdict.reason,
        verdict.answer if verdict.span else None,
        verdict.span,
        legible=not strange,
    )


def by_family(item: Item, text: str) -> Mark:
    """What the family's scorer says; the item's id is the family, the level and the index of its problem."""
    family, level, index = item.id.split("/")
    problem = tasks.get(family).problem("test", int(level), int(index))
    right = tasks.get(family).score(problem, text) == 1.0
    found = boxes(text, 0, len(text))
    final = tasks.boxed(text)
    if final is None or not found:
        return Mark(right, False, "none", "no box in the text")
    reason = "the scorer accepts it" if right else "the scorer does not accept it"
    return Mark(right, bool(final.strip()), "scorer", reason, final, (found[-1].start, found[-1].end))


def by_engagement(_: Item, text: str) -> Mark:
    """Whether the text speaks about the matter at all: `right` where it does."""
    judged = engagement(text)
    phrases = f": {', '.join(judged.found)}" if judged.found else ""
    return Mark(judged.verdict == "answered", True, judged.verdict, f"{judged.why}{phrases}")


def _filled(answer: str) -> bool:
    """Whether anything stands in the box, if it is one."""
    return any(character.isalnum() for character in answer.replace("boxed", "").replace("fbox", ""))
