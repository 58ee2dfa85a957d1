"""`mull bench report`: runs as one HTML file that anyone can open."""

from __future__ import annotations

from pathlib import Path

import click

from mull.errors import MullError


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", default="report.html", show_default=True, type=click.Path(path_type=Path))
@click.option("--title", help="Default: the suite.")
@click.option("--no-texts", is_flag=True, help="Only numbers: no questions, no chains; to be published.")
@click.option("--longest", default=20_000, show_default=True, type=click.IntRange(100),
              help="Characters of thoughts kept of one chain.")  # fmt: skip
def report(folders: tuple[Path, ...], out: Path, title: str | None, no_texts: bool, longest: int) -> None:
    """Write the runs in FOLDERS as one HTML file: numbers, curves, and every chain with its answer marked.

    It needs no server and loads nothing. Several runs stand side by side, and are compared with the first.
    Chains may quote the questions: for suites that may not be copied, publish with --no-texts.
    """
    from mull.bench.record import Run
    from mull.bench.report import report as made

    page = made([Run.read(folder) for folder in folders], title=title, texts=not no_texts, longest=longest)
    try:
        out.write_bytes(page)
    except OSError as error:
        raise MullError(f"{out}: cannot be written ({error.strerror}).") from None
    click.echo(f"{out}: {len(page) / 1e3:,.0f} kB")
