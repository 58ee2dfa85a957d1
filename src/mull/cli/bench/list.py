"""`mull bench list`: the suites, and what has to be known before one is run."""

from __future__ import annotations

import json
import shutil
import textwrap
from dataclasses import asdict

import click

from mull.bench import suites
from mull.bench.suites import About


@click.command("list")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="JSON lines, with all there is to say.")
def list(names: tuple[str, ...], as_json: bool) -> None:
    """The suites; with NAMES all that has to be known of these."""
    chosen = [suites.about(name) for name in names or (*suites.names(), "tasks:all")]
    for about in chosen:
        if as_json:
            click.echo(json.dumps(asdict(about), ensure_ascii=False))
        elif names:
            _tell(about)
        else:
            click.echo(f"{about.name:<14}{about.title}")
    if not names and not as_json:
        click.echo(
            "\ntasks:FAMILY[:LEVELS] for one family (`mull tasks`), my.toml for a declaration of your own.\n"
            "mull bench list NAME says where its rows come from, and under which rights."
        )


def _tell(about: About) -> None:
    width = max(60, min(110, shutil.get_terminal_size().columns))
    click.echo(f"{about.name}: {about.title}")
    for name in ("source", "rights", "prompt", "advice", "errata", "published"):
        text = str(getattr(about, name)).replace("\n", "⏎")
        click.echo(textwrap.fill(f"{name:<10}{text}", width, initial_indent="  ", subsequent_indent=" " * 12))
