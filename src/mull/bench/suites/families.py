"""mull's own procedural families as suites: `tasks:countdown`, `tasks:countdown:1-3`, `tasks:all`.

Problems are made, not fetched, and new ones at will: nobody can have trained on those of the test split.
"""

from __future__ import annotations

from mull import tasks
from mull.bench.record import Item
from mull.bench.suites.suite import About, Suite, digest
from mull.errors import MullError
from mull.tasks.base import VERSION

PREFIX = "tasks:"
FIRST = 100_000  # index of the first problem: away from those that training looks at
COUNT = 50  # problems of each family and level, where nothing else is said
TOLD = 4  # of these stand in the digest of the data, whose number may grow
LEVELS = (1, 2, 3, 4, 5)


def about(name: str) -> About:
    """What there is to know of `tasks:FAMILY[:LEVELS]`."""
    return About(
        name=name,
        title="procedural problems by family and level, scored exactly",
        source="made by mull.tasks, test split",
        rights="Apache-2.0, as mull",
        judge="tasks",
        advice=f"{COUNT} problems of each family and level unless --limit says otherwise",
        errata="none known: answers come from solvers that are tested against others",
        published="docs/ holds the embedded model's run",
    )


def load(name: str, count: int | None = None) -> Suite:
    """`count` problems of each family and level. Raises MullError for families or levels there are not."""
    families, levels = _parse(name)
    cells = [(family, level) for family in families for level in levels]
    items = [_item(*cell, FIRST + index) for cell in cells for index in range(count or COUNT)]
    told = [_item(*cell, FIRST + index) for cell in cells for index in range(TOLD)]
    return Suite(about(name), f"tasks {VERSION}", tuple(items), digest(told))


def _item(family: tasks.Family, level: int, index: int) -> Item:
    problem = family.problem("test", level, index)
    group = f"{family.name}/{level}"
    return Item(f"{group}/{index}", problem.question, problem.answer, group)


def _parse(name: str) -> tuple[tuple[tasks.Family, ...], tuple[int, ...]]:
    family, _, levels = name.removeprefix(PREFIX).partition(":")
    families = tasks.families() if family == "all" else (tasks.get(family),)
    if not levels:
        return families, LEVELS
    low, _, high = levels.partition("-")
    try:
        chosen = tuple(range(int(low), int(high or low) + 1))
    except ValueError:
        raise MullError(f"no levels {levels!r}: write 3, or 1-3.") from None
    if not chosen or not set(chosen) <= set(LEVELS):
        raise MullError(f"no levels {levels!r}: there are {LEVELS[0]} to {LEVELS[-1]}.")
    return families, chosen
