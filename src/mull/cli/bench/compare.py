"""`mull bench compare`: is one run better than another, on the same questions?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mull.cli.terminal import harmless

if TYPE_CHECKING:
    from mull.bench.compare import Comparison, Flip

NAME = 22  # columns of a row's name
ANSWER = 18  # characters of an answer that are shown


@click.command()
@click.argument("ours", type=click.Path(path_type=Path))
@click.argument("theirs", type=click.Path(path_type=Path))
@click.option("--points", default=3.0, show_default=True, type=click.FloatRange(0, 100, min_open=True),
              help="Say what it takes to see so many.")  # fmt: skip
@click.option("--flips", default=10, show_default=True, type=click.IntRange(0),
              help="Questions that turned to show.")  # fmt: skip
@click.option("--anyway", is_flag=True, help="Even of other data or graders: what has the same id.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, all flips included.")
def compare(ours: Path, theirs: Path, points: float, flips: int, anyway: bool, as_json: bool) -> None:
    """Compare the run in folder OURS with the one in THEIRS, question by question.

    Refuses where the difference would say nothing about the models; says which settings differ.
    """
    from mull.bench.compare import compare as compared
    from mull.bench.record import Run

    found = compared(Run.read(ours), Run.read(theirs), anyway=anyway)
    if as_json:
        click.echo(json.dumps(found.json(), ensure_ascii=False))
        return
    names = (ours.name, theirs.name) if ours.name != theirs.name else (str(ours), str(theirs))
    click.echo("\n".join(line.rstrip() for line in _lines(found, *names, points, flips)))


def _lines(found: Comparison, ours: str, theirs: str, points: float, flips: int) -> Iterator[str]:
    gap = found.difference
    yield from (f"compared   {line}" for line in found.subject or found.settings)
    if found.subject:
        yield from (f"warning    {line}: may explain a difference just as well" for line in found.settings)
    if any(found.only):
        yield f"warning    left out: {found.only[0]} questions only in {ours}, {found.only[1]} in {theirs}"
    yield ""
    yield f"{'':<{NAME}}{'':>8}{'these questions':>18}{'questions like these':>24}"
    yield f"{_end(ours):<{NAME}}{found.ours:>8.1%}"
    yield f"{_end(theirs):<{NAME}}{found.theirs:>8.1%}"
    inner = gap.these.points() if gap.these else "one sample each"
    yield f"{'difference':<{NAME}}{100 * gap.value:>+8.1f}{inner:>18}{gap.like_these.points():>24}"
    up = sum(each.gap > 0 for each in found.flips)
    down, same = len(found.flips) - up, found.questions - len(found.flips)
    yield f"{'questions':<{NAME}}{found.questions:>8,}   {up} better, {down} worse, {same} the same"
    yield f"{'by chance':<{NAME}}{gap.chance:>8.2g}   so often, if neither is better (exact permutation test)"
    if needed := found.needed(points / 100):
        questions, samples = needed
        told = f"to see {points:g} points"
        of_these = "no number" if samples is None else f"{samples:,}"
        yield f"{told:<{NAME}}questions: {questions:,}; or samples of each of these questions: {of_these}"
    shown = found.flips[:flips]
    if shown:
        yield ""
        yield "turned                          ours      theirs    answers"
        yield from (_flip(each) for each in shown)
    if len(found.flips) > len(shown) > 0:
        yield f"... {len(found.flips) - len(shown)} more (--flips, --json)"


def _flip(flip: Flip) -> str:
    counts = [f"{right} of {count}" for right, count in (flip.ours, flip.theirs)]
    answers = " | ".join("–" if each is None else _short(each) for each in flip.answers)
    return f"{_end(flip.item, 30):<32}{counts[0]:<10}{counts[1]:<10}{answers}"


def _short(text: str) -> str:
    flat = harmless(text).replace("\n", "⏎")
    return flat if len(flat) <= ANSWER else f"{flat[: ANSWER - 1]}…"


def _end(name: str, columns: int = NAME - 2) -> str:
    """The end of a long name, which tells more than its beginning."""
    name = harmless(name)
    return name if len(name) <= columns else f"…{name[1 - columns :]}"
