"""What a run says, in numbers: accuracy with its two intervals, outcomes, pass@k, maj@k, cost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, median
from typing import Any, NamedTuple

from mull.bench.piles import piles
from mull.bench.record import OUTCOMES, Outcome, Run, Sample
from mull.bench.statistics import (
    Interval,
    Spread,
    like_these,
    majorities,
    mg_pass_at,
    pass_at,
    questions_for,
    samples_for,
    spread,
    these,
)
from mull.bench.statistics.majority import MOST
from mull.errors import MullError

_NUMBERED = re.compile(r"(\D*)(\d+)", re.ASCII)
UNENDED: tuple[Outcome, ...] = ("truncated", "looped")


class Estimate(NamedTuple):
    """A mean over questions, 0 to 1, with its interval for questions like these."""

    value: float
    like_these: Interval


class Vote(NamedTuple):
    """maj@k; `tied` is how much of it hangs on how ties are broken (see `Majority`)."""

    value: float
    like_these: Interval
    tied: float


@dataclass(frozen=True)
class Part:
    """A run, or a group of its questions. Samples that failed with an error are no answers, and left out.

    Every question counts the same, however many of its samples are there.
    """

    name: str
    groups: Sequence[Sequence[Sample]]  # the samples of each question

    @property
    def samples(self) -> list[Sample]:
        return [sample for group in self.groups for sample in group]

    @property
    def counts(self) -> list[tuple[int, int]]:
        """Right samples of how many, question by question."""
        return [(sum(each.outcome == "right" for each in group), len(group)) for group in self.groups]

    @property
    def accuracy(self) -> float:
        return fmean(right / count for right, count in self.counts)

    @property
    def these(self) -> Interval | None:
        """Had other samples of exactly these questions been drawn; None with one sample a question."""
        return these(self.counts)

    @property
    def like_these(self) -> Interval:
        """Had other questions of the same kind been asked."""
        return self._outer([right / count for right, count in self.counts])

    @property
    def outcomes(self) -> Mapping[Outcome, int]:
        counted = Counter(each.outcome for each in self.samples)
        return {outcome: counted[outcome] for outcome in OUTCOMES if outcome != "error"}

    @property
    def completed(self) -> float | None:
        """Share of right samples among those that were not cut off and did not go in circles."""
        ended = [each for each in self.samples if each.outcome not in UNENDED]
        return sum(each.outcome == "right" for each in ended) / len(ended) if ended else None

    @property
    def tokens(self) -> float:
        """Generated for one sample, in the mean."""
        return fmean(each.generated for each in self.samples)

    @property
    def least(self) -> int:
        """Samples that every question has."""
        return min(map(len, self.groups))

    @property
    def ks(self) -> list[int]:
        """Powers of two up to `least`, and `least` itself."""
        powers = [1 << power for power in range(self.least.bit_length())]
        return sorted({*powers, self.least})

    @cached_property
    def passed(self) -> dict[int, Estimate]:
        """pass@k: one of k samples is right."""
        return {k: self._estimate([pass_at(k, n, c) for c, n in self.counts]) for k in self.ks}

    @cached_property
    def steady(self) -> dict[int, Estimate]:
        """mG-Pass@k: how well k samples agree on what is right."""
        return {k: self._estimate([mg_pass_at(k, n, c) for c, n in self.counts]) for k in self.ks}

    def voted(self, *, merge: bool = True) -> dict[int, Vote]:
        """maj@k over all subsets; `merge` as in `piles`. Empty above `MOST` samples a question."""
        if max(map(len, self.groups)) > MOST:
            return {}
        by_question = [majorities(*piles(group, merge=merge)) for group in self.groups]
        found = {}
        for k in self.ks:
            value, interval = self._estimate([each[k - 1].right for each in by_question])
            found[k] = Vote(value, interval, fmean(each[k - 1].tied for each in by_question))
        return found

    def _estimate(self, values: Sequence[float]) -> Estimate:
        return Estimate(fmean(values), self._outer(values))

    def _outer(self, values: Sequence[float]) -> Interval:
        return like_these(values, samples=len(self.samples) / len(self.groups))


@dataclass(frozen=True)
class Summary:
    """Of a run, whole and by group."""

    run: Run
    whole: Part
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, run: Run) -> Summary:
        """Raises MullError where the run has no answer yet."""
        by_item = run.answers
        if not by_item:
            raise MullError(f"{run.folder}: no answers yet.")
        names: dict[str | None, list[list[Sample]]] = {}
        for item, group in by_item.items():
            names.setdefault(run.items[item].group, []).append(group)
        parts = [Part(str(name), groups) for name, groups in names.items()] if len(names) > 1 else []
        return cls(run, Part("all", list(by_item.values())), _ranked(parts))

    @property
    def errors(self) -> int:
        return sum(each.outcome == "error" for each in self.run.samples)

    @cached_property
    def voted(self) -> dict[int, Vote]:
        """maj@k; empty for programs, of which no two are the same, and with one sample a question."""
        judge = self.run.manifest.judge
        if judge == "code" or self.whole.least < 2:
            return {}
        return self.whole.voted(merge=judge == "grader")

    @property
    def undecided(self) -> float:
        """How much higher the accuracy would be, were all that the judge left undecided right."""
        shares = [fmean(each.outcome == "undecided" for each in group) for group in self.whole.groups]
        return fmean(shares)

    @property
    def spread(self) -> Spread | None:
        if self.whole.least < 2 or len(self.whole.groups) < 2:
            return None
        return spread(self.whole.counts)

    def needed(self, gap: float) -> tuple[int, int | None] | None:
        """(questions, samples) to tell this run from another one, as good at the same questions, by `gap`.

        Questions of as many samples as now; samples of as many questions as now, None if none suffice. The
        difference of two such runs has no variance between questions and twice this one's within, so this is
        the least it takes. None where no two samples of a question differ.
        """
        parts = self.spread
        if parts is None or not parts.within:
            return None
        pair = Spread(0.0, 2 * parts.within)
        return questions_for(gap, pair, self.whole.least), samples_for(gap, pair, len(self.whole.groups))

    def json(self) -> dict[str, Any]:
        """Plain values, shares rounded to five digits."""
        manifest = self.run.manifest
        costs = [each.generated for each in self.whole.samples]
        plain: dict[str, Any] = {
            "suite": manifest.suite,
            "config": manifest.hash,
            "model": dict(manifest.model),
            "strategy": manifest.strategy,
            "k": self.whole.least,
            "errors": self.errors,
            "left": self.run.left,
            **part_json(self.whole),
            "undecided": round(self.undecided, 5),
            "pass@k": {k: _plain(each) for k, each in self.whole.passed.items()},
            "maj@k": {k: _plain(each) for k, each in self.voted.items()},
            "mG-Pass@k": {k: _plain(each) for k, each in self.whole.steady.items()},
            "spread": None if self.spread is None else _plain(self.spread),
            "median_tokens": median(costs),
            "total_tokens": sum(costs),
            "seconds": round(sum(each.seconds for each in self.whole.samples), 2),
        }
        return plain | {"groups": [part_json(part) for part in self.parts]}


def _ranked(parts: Sequence[Part]) -> tuple[Part, ...]:
    """ "level 1" to "level 5" by their numbers; other names as they came."""
    found = [match for part in parts if (match := _NUMBERED.fullmatch(part.name))]
    if len(found) < len(parts) or len({match[1] for match in found}) > 1:
        return tuple(parts)
    pairs = sorted(zip(found, parts, strict=True), key=lambda pair: int(pair[0][2]))
    return tuple(part for _, part in pairs)


def part_json(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "questions": len(part.groups),
        "samples": len(part.samples),
        "accuracy": round(part.accuracy, 5),
        "these": _plain(part.these),
        "like_these": _plain(part.like_these),
        "completed": None if part.completed is None else round(part.completed, 5),
        "outcomes": part.outcomes,
        "tokens": round(part.tokens, 1),
    }


def _plain(value: Any) -> Any:
    """Tuples with names become objects, floats are rounded."""
    if hasattr(value, "_asdict"):
        return {name: _plain(each) for name, each in value._asdict().items()}
    return round(value, 5) if isinstance(value, float) else value
