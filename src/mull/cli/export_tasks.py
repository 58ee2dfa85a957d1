"""`mull tasks export`: problems and their scorer for other people's trainers."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click


@click.command("export")
@click.option(
    "--to", "kind", type=click.Choice(["verl", "openrlhf", "datasets"]), required=True, help="For whom."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@click.option("--family", "families", multiple=True, help="Default: all. May be repeated.")
@click.option("--levels", default="1,2,3", show_default=True, help="Comma-separated.")
@click.option(
    "-n",
    "--count",
    default=1000,
    show_default=True,
    type=click.IntRange(1),
    help="Training problems of each family and level.",
)
@click.option("--test", default=100, show_default=True, type=click.IntRange(1), help="Test problems of each.")
@click.option("--bare", is_flag=True, help="Questions alone, no word on how to write the answer.")
def export(
    kind: str, out: Path, families: tuple[str, ...], levels: str, count: int, test: int, bare: bool
) -> None:
    """Write problems and the scorer as the files that other trainers read.

    verl and openrlhf: rows, the reward file and a launch command. datasets: a folder for
    `datasets.load_dataset` and the Hugging Face hub. Every folder has a manifest with hashes; questions
    that come up twice are written once.
    """
    from mull.train.adapters.rows import Selection

    target = import_module(f"mull.train.adapters.{kind}")
    folder = target.export(Selection.parse(families, levels, count, bare), test, out)
    for path in sorted(folder.iterdir()):
        click.echo(f"{path.stat().st_size:>12,}  {path}")
