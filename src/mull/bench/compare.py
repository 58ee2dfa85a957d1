"""Two runs side by side: the paired difference, the questions that turned, what else is not the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mull.bench.record import Manifest, Run, Sample
from mull.bench.statistics import Difference, difference, questions_for, samples_for
from mull.errors import MullError

# What must be the same for a difference to say something about models or strategies at all.
SAME = ("judge", "grader")
# What changes scores without the model being any better: told before the numbers.
SETTINGS = ("version", "prompt", "system", "template", "cap", "context", "sampling", "guards", "effort")
# What a comparison is about; it is named, not warned of.
SUBJECT = ("model", "strategy", "options")


@dataclass(frozen=True, slots=True)
class Flip:
    """A question that the two runs answer differently: right samples of how many, and an answer of each."""

    item: str
    ours: tuple[int, int]
    theirs: tuple[int, int]
    answers: tuple[str | None, str | None]

    @property
    def gap(self) -> float:
        return self.ours[0] / self.ours[1] - self.theirs[0] / self.theirs[1]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first run minus the second, over the questions that both have answered.

    subject, settings   what differs between the manifests, in lines: what the comparison is about, and what
                        may explain a difference just as well
    only                questions that only the first, only the second run has answered
    flips               the questions that turned, the furthest first
    """

    ours: float
    theirs: float
    questions: int
    samples: tuple[float, float]
    difference: Difference
    flips: tuple[Flip, ...]
    subject: tuple[str, ...]
    settings: tuple[str, ...]
    only: tuple[int, int]

    def needed(self, gap: float) -> tuple[int, int | None] | None:
        """(questions, samples) that show a difference of `gap`, see `statistics.power`; None where nothing is
        known of the noise: one sample a question, or no two samples that differ.
        """
        parts = self.difference.spread
        if parts is None or not any(parts):
            return None
        usual = round(2 / (1 / self.samples[0] + 1 / self.samples[1]))
        return questions_for(gap, parts, usual), samples_for(gap, parts, self.questions)

    def json(self) -> dict[str, Any]:
        """Plain values."""
        found = self.difference
        return {
            "ours": round(self.ours, 5),
            "theirs": round(self.theirs, 5),
            "questions": self.questions,
            "samples": self.samples,
            "difference": round(found.value, 5),
            "these": found.these and [round(each, 5) for each in found.these],
            "like_these": [round(each, 5) for each in found.like_these],
            "chance": round(found.chance, 6),
            "subject": self.subject,
            "settings": self.settings,
            "only": self.only,
            "flips": [
                {"item": each.item, "ours": each.ours, "theirs": each.theirs, "answers": each.answers}
                for each in self.flips
            ],
        }


def compare(one: Run, other: Run, *, anyway: bool = False) -> Comparison:
    """Raises MullError where a difference would say nothing: other data, another judge or grader, no question
    in common; `anyway` compares all the same what has the same id and gold answer.
    """
    mine, theirs = one.manifest, other.manifest
    if not anyway and (obstacles := _obstacles(mine, theirs)):
        raise MullError(
            f"these runs cannot be compared: {'; '.join(obstacles)}. "
            "With --anyway the questions that have the same id and gold answer are."
        )
    left, right = one.answers, other.answers
    common = [item for item in left if item in right and one.items[item].gold == other.items[item].gold]
    if not common:
        raise MullError("these runs have no answered question in common.")
    pairs = [(left[item], right[item]) for item in common]
    same = [_numbers(a) == _numbers(b) for a, b in pairs]  # an error leaves a gap
    found = difference([_right(a) for a, _ in pairs], [_right(b) for _, b in pairs], same)
    flips = [_flip(item, left[item], right[item]) for item in common]
    settings = _lines(mine, theirs, SETTINGS)
    if anyway:
        settings = (*_obstacles(mine, theirs), *settings)
    return Comparison(
        ours=_mean([_right(a) for a, _ in pairs]),
        theirs=_mean([_right(b) for _, b in pairs]),
        questions=len(common),
        samples=(_usual([a for a, _ in pairs]), _usual([b for _, b in pairs])),
        difference=found,
        flips=tuple(sorted((each for each in flips if each.gap), key=lambda each: -abs(each.gap))),
        subject=_lines(mine, theirs, SUBJECT),
        settings=settings,
        only=(len(left.keys() - set(common)), len(right.keys() - set(common))),
    )


def _obstacles(mine: Manifest, theirs: Manifest) -> tuple[str, ...]:
    found = [] if mine.data == theirs.data else [f"{mine.suite} and {theirs.suite} are other questions"]
    return (*found, *_lines(mine, theirs, SAME))


def _lines(mine: Manifest, theirs: Manifest, names: Sequence[str]) -> tuple[str, ...]:
    """What of these is not the same, each in a line; of mappings only the keys that differ."""
    found = []
    for name in names:
        one, other = getattr(mine, name), getattr(theirs, name)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            found += [
                f"{name}.{key}: {_short(one.get(key))} and {_short(other.get(key))}"
                for key in dict.fromkeys([*one, *other])
                if one.get(key) != other.get(key)
            ]
        else:
            found.append(f"{name}: {_short(one)} and {_short(other)}")
    return tuple(found)


def _short(value: object) -> str:
    text = str(value).replace("\n", "⏎")
    return text if len(text) <= 60 else f"{text[:59]}…"


def _right(samples: Sequence[Sample]) -> list[bool]:
    return [each.outcome == "right" for each in samples]


def _numbers(samples: Sequence[Sample]) -> list[int]:
    return [each.sample for each in samples]


def _mean(answers: Sequence[Sequence[bool]]) -> float:
    return sum(sum(each) / len(each) for each in answers) / len(answers)


def _usual(groups: Sequence[Sequence[Sample]]) -> float:
    return round(sum(map(len, groups)) / len(groups), 2)


def _flip(item: str, ours: Sequence[Sample], theirs: Sequence[Sample]) -> Flip:
    one, other = [(sum(_right(each)), len(each)) for each in (ours, theirs)]
    better = one[0] / one[1] > other[0] / other[1]
    return Flip(item, one, other, (_example(ours, better), _example(theirs, not better)))


def _example(samples: Sequence[Sample], right: bool) -> str | None:
    """An answer that shows which way the question turned."""
    return next((each.final for each in samples if (each.outcome == "right") is right), samples[0].final)
