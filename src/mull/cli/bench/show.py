"""`mull bench show`: what a run says so far."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mull.bench.summary import Part, Summary

NAME = 22  # columns of a row's name
POINTS = 3.0  # the difference whose price is told


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--points", default=POINTS, show_default=True, type=click.FloatRange(0, 100, min_open=True),
              help="Say what it takes to see so many.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object, groups included.")
def show(folder: Path, points: float, as_json: bool) -> None:
    """What the run in FOLDER says: accuracy with intervals, outcomes, pass@k, maj@k, cost.

    "These questions": had other samples been drawn. "Questions like these": had other questions been asked.
    Intervals hold 95 %.
    """
    from mull.bench.record import Run
    from mull.bench.summary import Summary

    summary = Summary.of(Run.read(folder))
    click.echo(json.dumps(summary.json(), ensure_ascii=False) if as_json else table(summary, points))


def table(summary: Summary, points: float = POINTS) -> str:
    """All of it, for a terminal."""
    lines = [
        *_head(summary),
        "",
        *_shares(summary, points),
        "",
        *_by_k(summary),
        *_groups(summary.parts),
        *_quoted(summary),
    ]
    return "\n".join(line.rstrip() for line in lines)


def _head(summary: Summary) -> Iterator[str]:
    manifest, whole = summary.run.manifest, summary.whole
    model = " ".join(str(manifest.model[key]) for key in ("name", "dtype") if manifest.model.get(key))
    each = "one sample" if whole.least == 1 else f"{whole.least} samples"
    yield f"{manifest.suite}: {model}, {manifest.strategy}; {len(whole.groups):,} questions, {each} of each"
    missing = [f"samples still to be drawn: {summary.run.left:,}"] if summary.run.left else []
    if summary.errors:
        missing.append(f"failed with an error, and left out of all numbers: {summary.errors:,}")
    if missing:
        yield f"not complete: {'; '.join(missing)}"


def _shares(summary: Summary, points: float) -> Iterator[str]:
    whole = summary.whole
    yield f"{'':<{NAME}}{'':>8}{'these questions':>18}{'questions like these':>24}"
    yield (
        f"{'right':<{NAME}}{whole.accuracy:>8.1%}"
        f"{whole.these.percent() if whole.these else 'one sample each':>18}{whole.like_these.percent():>24}"
    )
    if whole.completed is not None and whole.completed < 1 and _unended(whole):
        yield f"{'right, if it ended':<{NAME}}{whole.completed:>8.1%}   {_unended(whole):.1%} did not"
    if summary.undecided:
        yield f"{'undecided':<{NAME}}{summary.undecided:>8.1%}   not counted as right"
    total = len(whole.samples)
    counted = {outcome: count for outcome, count in whole.outcomes.items() if count}
    counts = [f"{count:,} {outcome} ({count / total:.1%})" for outcome, count in counted.items()]
    yield from _wrapped("outcomes", counts)
    costs = sorted(each.generated for each in whole.samples)
    tail = costs[ceil(0.9 * len(costs)) - 1]
    facts = [f"mean {whole.tokens:,.0f}", f"median {median(costs):,.0f}", f"nine of ten within {tail:,}"]
    yield from _wrapped("tokens of a sample", [*facts, f"{sum(costs):,} in all"])
    if needed := summary.needed(points / 100):
        questions, samples = needed
        least = f"{_count(samples, 'sample')} of each of these" if samples else "more questions"
        yield from _wrapped(
            f"to see {points:g} points",
            [f"at least {least}", f"or {questions:,} questions, {_count(whole.least, 'sample')} each"],
        )


def _by_k(summary: Summary) -> Iterator[str]:
    whole, voted = summary.whole, summary.voted
    if whole.least < 2:
        return
    yield f"{'':<{NAME}}{'one is right':>20}{'most are right':>20}{'steady':>20}"
    yield f"{'k':<{NAME}}{'pass@k':>20}{'maj@k':>20}{'mG-Pass@k':>20}"
    for k in whole.ks:
        cells = [
            f"{each.value:.1%} {each.like_these.percent()}" if each else "" for each in
            (whole.passed[k], voted.get(k), whole.steady[k])
        ]  # fmt: skip
        yield f"{k:<{NAME}}" + "".join(f"{cell:>20}" for cell in cells)
    if (most := max((each.tied for each in voted.values()), default=0.0)) >= 0.0005:
        yield f"{'':<{NAME}}ties are broken evenly; they move a maj@k by up to {100 * most:.1f} points"
    yield ""


def _groups(parts: Sequence[Part]) -> Iterator[str]:
    if not parts:
        return
    wide = max(NAME, 2 + max(len(part.name) for part in parts))
    yield f"{'group':<{wide}}{'n':>5}{'right':>8}{'these':>13}{'like these':>13}{'unended':>9}{'tokens':>9}"
    for part in parts:
        inner = part.these.percent() if part.these else ""
        yield (
            f"{part.name:<{wide}}{len(part.groups):>5}{part.accuracy:>8.1%}{inner:>13}"
            f"{part.like_these.percent():>13}{_unended(part):>9.1%}{part.tokens:>9,.0f}"
        )


def _quoted(summary: Summary) -> Iterator[str]:
    """Figures of others, with what is not known of them."""
    from mull.bench.published import published

    rows = published(summary.run.manifest.suite)
    if rows:
        yield "published by others: other prompts, samplings, caps, graders; 95 % as of one sample each"
    for row in rows:
        samples = f"{row.samples} samples" if row.samples else "samples ?"
        interval = row.interval.percent() if row.interval else ""
        yield f"{row.model:<24}{row.right:>6.1%}{interval:>12}  {samples:<11} {row.source}"


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _unended(part: Part) -> float:
    """Share of samples that were cut off or went in circles."""
    from mull.bench.summary import UNENDED

    return sum(part.outcomes[name] for name in UNENDED) / len(part.samples)


def _wrapped(name: str, parts: Sequence[str]) -> Iterator[str]:
    """Parts in lines that fit, with the name before the first."""
    width = max(60, shutil.get_terminal_size().columns)
    line = f"{name:<{NAME}}"
    for number, part in enumerate(parts):
        piece = part + ("," if number < len(parts) - 1 else "")
        if len(line) + len(piece) > width and line.strip():
            yield line
            line = " " * NAME
        line += piece + " "
    yield line
