"""Judging stored answers again: what another version of the grader makes of a run, and which verdicts change.

Nothing is drawn. What a chain did stays as it was recorded; only what the judge says is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mull.bench import outcome, record
from mull.bench.judge import Judge, judge
from mull.bench.log import Log
from mull.bench.record import Item, Run, Sample
from mull.check.grade import VERSION
from mull.errors import MullError
from mull.think.answer import NO_ANSWER


@dataclass(frozen=True, slots=True)
class Change:
    """A sample on which the judges differ."""

    item: Item
    before: Sample
    after: Sample


def regrade(run: Run, *, by: Judge | None = None, items: Mapping[str, Item] | None = None) -> list[Sample]:
    """The run's samples as they are judged now, in their order. Errors stay what they are.

    by     the judge; None takes the run's own
    items  with what the run's folder does not hold of them (tests of programs)
    """
    by, asked = by or judge(run.manifest.judge), {**run.items, **(items or {})}
    config = replace(run.manifest, grader=VERSION).hash
    return [_judged(asked[sample.item], sample, config, by) for sample in run.samples]


def changes(run: Run, judged: list[Sample]) -> Iterator[Change]:
    """Where the outcome, or the answer that was found, is another one."""
    for before, after in zip(run.samples, judged, strict=True):
        if (before.outcome, before.final, before.span) != (after.outcome, after.final, after.span):
            yield Change(run.items[before.item], before, after)


def write(run: Run, judged: list[Sample], folder: Path) -> Run:
    """The judged samples as a run of its own, in another folder. Raises MullError where there is one."""
    if (folder / record.MANIFEST).exists():
        raise MullError(f"{folder} holds a run already; choose another --out.")
    log = Log(folder, replace(run.manifest, grader=VERSION), list(run.items.values()))
    try:
        log.add(*judged)
    finally:
        log.close()
    return Run.read(folder)


def _judged(item: Item, sample: Sample, config: str, by: Judge) -> Sample:
    if sample.outcome == "error":
        return replace(sample, config=config)
    silent = sample.status == "abstained" or sample.text in ("", NO_ANSWER)
    mark = outcome.NOTHING if silent else by(item, sample.text)
    became = outcome.outcome(mark, sample.status, looped=sample.outcome == "looped")
    return replace(sample, config=config, outcome=became, **mark.facts)
