"""Figures that others published for a suite (published.toml), to stand beside a run, marked as such."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from mull.bench.statistics import Interval, wilson

QUESTIONS = {"aime24": 30, "aime25": 30, "math500": 500, "gpqa": 198}


@dataclass(frozen=True, slots=True)
class Published:
    """`right` is a share, 0 to 1; `samples` of each question, None where it was not told."""

    suite: str
    model: str
    right: float
    samples: int | None
    source: str
    link: str
    unknown: str

    @property
    def questions(self) -> int | None:
        """Of the suite; None where it depends on a window of dates."""
        return QUESTIONS.get(self.suite)

    @property
    def interval(self) -> Interval | None:
        """For questions like these, had there been one sample of each; None where there were more, or where
        nobody knows how many questions there were.
        """
        if self.questions is None or self.samples not in (None, 1):
            return None
        return wilson(self.right * self.questions, self.questions)


def published(suite: str) -> list[Published]:
    """Rows for this suite, the best known source first; none for most."""
    return [row for row in _all() if row.suite == suite]


@lru_cache(maxsize=1)
def _all() -> tuple[Published, ...]:
    text = (files("mull.bench") / "published.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    return tuple(
        Published(
            suite=row["suite"],
            model=model,
            right=score / 100,
            samples=row.get("samples"),
            source=told["sources"][row["source"]]["title"],
            link=told["sources"][row["source"]]["link"],
            unknown=told["sources"][row["source"]]["unknown"],
        )
        for row in told["rows"]
        for model, score in row["scores"].items()
    )
