"""`mull bench regrade`: stored answers judged again, and what that changes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mull.cli.terminal import harmless

if TYPE_CHECKING:
    from mull.bench.regrade import Change

_SHOWN = 60  # characters of an answer


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="The suite's rows, for tests of programs.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Write the judged samples there, as a run."
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines: one a change, then the summary.")
def regrade(run: Path, data: Path | None, out: Path | None, as_json: bool) -> None:
    """Judge the answers of RUN again, with the grader of this version, and show what changes.

    RUN itself stays as it is. Nothing is asked of a model.
    """
    from mull.bench import regrade as regrading
    from mull.bench import suites
    from mull.bench.record import Run
    from mull.check.grade import VERSION

    before = Run.read(run)
    items = None
    if before.manifest.judge == "code":
        items = {item.id: item for item in suites.load(before.manifest.suite, data=data).items}
    judged = regrading.regrade(before, items=items)
    found = list(regrading.changes(before, judged))
    for change in found:
        click.echo(json.dumps(_plain(change), ensure_ascii=False) if as_json else _line(change))
    rights = [sum(each.outcome == "right" for each in samples) for samples in (before.samples, judged)]
    versions = [before.manifest.grader, VERSION]
    if out is not None:
        regrading.write(before, judged, out)
    if as_json:
        summary = {"samples": len(judged), "changed": len(found), "right": rights, "grader": versions}
        click.echo(json.dumps(summary))
        return
    shares = [
        f"{right} of {len(judged)} right (grader {version})"
        for right, version in zip(rights, versions, strict=True)
    ]
    click.echo(f"{len(found)} changed: {' before, '.join(shares)} now")
    if out is not None:
        click.echo(out)


def _line(change: Change) -> str:
    before, after = change.before, change.after
    answers = [_short(each.final) for each in (before, after)]
    answer = answers[0] if answers[0] == answers[1] else " → ".join(answers)
    verdict = before.outcome if before.outcome == after.outcome else f"{before.outcome} → {after.outcome}"
    gold = _short(change.item.gold)
    return harmless(
        f"{before.item} #{before.sample}: {verdict}; answer {answer}, gold {gold}; {after.reason}"
    )


def _plain(change: Change) -> dict[str, object]:
    names = ("outcome", "final", "stage", "reason")
    told = {when: asdict(getattr(change, when)) for when in ("before", "after")}
    return {
        "item": change.item.id,
        "sample": change.before.sample,
        "gold": change.item.gold,
        **{when: {name: sample[name] for name in names} for when, sample in told.items()},
    }


def _short(text: str | None) -> str:
    flat = "none" if text is None else text.replace("\n", "⏎")
    return flat if len(flat) <= _SHOWN else f"{flat[:_SHOWN]}…"
