"""Procedural problem families: generator, solver that writes its thoughts, strict scorer (rules: `base`)."""

from mull.tasks.addition import Addition
from mull.tasks.base import Family, Problem, Segment, Split, TaskError, final, in_test, worked
from mull.tasks.bases import Bases
from mull.tasks.countdown import Countdown
from mull.tasks.counting import Counting
from mull.tasks.division import Division
from mull.tasks.equations import Equations
from mull.tasks.expressions import Expressions
from mull.tasks.knights import Knights
from mull.tasks.multiplication import Multiplication
from mull.tasks.numbers import Numbers
from mull.tasks.ordering import Ordering
from mull.tasks.remainders import Remainders
from mull.tasks.scorer import boxed
from mull.tasks.sequences import Sequences
from mull.tasks.word import Word

__all__ = [
    "Family",
    "Problem",
    "Segment",
    "Split",
    "TaskError",
    "boxed",
    "families",
    "final",
    "get",
    "in_test",
    "names",
    "worked",
]

_FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Addition(),
        Multiplication(),
        Division(),
        Expressions(),
        Equations(),
        Countdown(),
        Remainders(),
        Knights(),
        Bases(),
        Counting(),
        Sequences(),
        Ordering(),
        Numbers(),
        Word(),
    )
}


def names() -> tuple[str, ...]:
    """Names of all families."""
    return tuple(_FAMILIES)


def families() -> tuple[Family, ...]:
    """All families."""
    return tuple(_FAMILIES.values())


def get(name: str) -> Family:
    """The family of that name. Raises TaskError with the names there are."""
    if name not in _FAMILIES:
        raise TaskError(f"no task family {name!r}: there are {', '.join(_FAMILIES)}")
    return _FAMILIES[name]
