"""`mull audit`: what a model evades, from a run of the suite `audit`."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON lines, one for each place and language.")
def audit(run: Path, as_json: bool) -> None:
    """Tell from RUN, made by `mull bench audit -k 5 --out RUN`, what a model evades and leaves out.

    The same topics are asked about four places in two languages: what counts is the difference between
    the rows. Evasions are found by rules that miss some: take the counts as lower bounds.
    """
    from mull.bench.evasion import plain, rows
    from mull.bench.record import Run

    found = rows(Run.read(run))
    if as_json:
        for row in found:
            click.echo(json.dumps(plain(row), ensure_ascii=False))
        return
    heads = f"{'about':<15}{'in':<4}{'judged':>7}{'cut':>5}{'evaded':>8}{'refused':>9}  {'both, 95 %':<17}"
    click.echo(heads + "facts named")
    for row in found:
        share = "" if row.interval is None else f"{row.interval.low:.0%} to {row.interval.high:.0%}"
        facts = f"{row.named} of {row.facts}" + (f", {row.thought} only thought" if row.thought else "")
        click.echo(
            f"{row.about:<15}{row.language:<4}{row.judged:>7}{row.unjudged:>5}{row.evaded:>8}{row.refused:>9}"
            f"  {share:<17}{facts}"
        )
    click.echo("\nleft out most often:")
    for row in found:
        for fact, times in row.missing:
            click.echo(f"  {row.about}, {row.language}: {fact} ({times} of {row.judged})")
