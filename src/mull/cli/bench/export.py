"""`mull bench export`: a run as a log that `inspect view` opens."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    default="logs",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of logs, inspect's --log-dir.",
)
def export(run: Path, out: Path) -> None:
    """Write RUN as a log of inspect_ai, for `inspect view` and its other tools."""
    from mull.bench.interchange import inspect_logs
    from mull.bench.record import Run

    click.echo(inspect_logs.write(Run.read(run), out))
