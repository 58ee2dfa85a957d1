"""`mull bench import`: outputs of other tools as a run, judged by our grader."""

from __future__ import annotations

from pathlib import Path

import click

from mull.cli.bench.run import data_options, find, told


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="Folder of the new run.")
@click.option("--suite", help="For vLLM's files: the suite whose ids the requests had.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@data_options
def importing(
    file: Path,
    out: Path,
    suite: str | None,
    as_json: bool,
    data: Path | None,
    question: str | None,
    answer: str | None,
    prompt: str | None,
    limit: int | None,
) -> None:
    """Judge the outputs in FILE and make a run of them.

    FILE is samples_*.jsonl of lm-evaluation-harness (--log_samples), a log of inspect_ai (.json or .eval), or
    what vllm run-batch writes. The last has no gold answers: name the suite. Its ids must be the custom_ids,
    with #0, #1 ... behind them for several samples.
    """
    from mull.bench.interchange import adopt, read

    chosen = find(suite, data, question, answer, prompt, limit) if suite or data else None
    click.echo(told(adopt(read(file, chosen), out, file.name), as_json))
