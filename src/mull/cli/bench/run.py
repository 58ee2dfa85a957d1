"""`mull bench run`: a suite on a model, written down sample by sample."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mull.cli.grouped import Grouped
from mull.cli.how import How, strategy_options
from mull.cli.options import Model, model_options, price_option
from mull.errors import MullError

if TYPE_CHECKING:
    from mull.bench.record import Price, Run
    from mull.bench.suites import Suite


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say where questions come from."""
    for option in (
        click.option("--limit", type=click.IntRange(1), help="At most so many questions of each group."),
        click.option("--prompt", help='Text around a question, e.g. "{question} Answer in \\boxed{}."'),
        click.option("--answer", help="Column of the gold answer in --data. Default: the suite's."),
        click.option("--question", help="Column of the question in --data. Default: the suite's."),
        click.option("--data", type=click.Path(path_type=Path), help="The rows: a file or folder of yours."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command(cls=Grouped)
@click.argument("suite", required=False)
@data_options
@click.option(
    "-k", "--samples", default=1, show_default=True, type=click.IntRange(1), help="Of each question."
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder of the run. Default: runs/SUITE-HASH."
)
@click.option("--parallel", type=click.IntRange(1), help="Answers at once. Default: 64.")
@price_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@strategy_options
@model_options
def run(
    suite: str | None,
    data: Path | None,
    question: str | None,
    answer: str | None,
    prompt: str | None,
    limit: int | None,
    samples: int,
    out: Path | None,
    parallel: int | None,
    price: Price | None,
    as_json: bool,
    how: How,
    **options: Any,
) -> None:
    """Run SUITE: a name of `mull bench list`, tasks:FAMILY[:LEVELS], or a declaration my.toml.

    Every answer is on the disk as soon as it is judged. Stop the run whenever you like, even with kill -9:
    the same command goes on, and in the end there is the table that there would have been without.
    """
    model = Model(**options)
    chosen = find(suite, data, question, answer, prompt, limit)
    engine = model.load()
    from mull.bench import run as runner
    from mull.bench.asking import Asking, manifest
    from mull.bench.log import Log
    from mull.cli.bench.progress import Progress
    from mull.think.budget import Budget

    asking = Asking(
        strategy=how.strategy,
        effort=how.effort,
        options=how.options,
        line=replace(how.line, sampling=model.sampling(engine)),
        budget=how.budget(model.max_tokens) or Budget(),
        system=model.system,
        loops=how.loops,
        language=how.language,
        claims=how.claims,
    )
    plan = runner.Plan(chosen, asking, seed=model.seed, k=samples)
    if out is None:
        made = manifest(chosen, engine, asking, seed=model.seed, k=samples, started="")
        out = Path("runs") / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', Path(made.suite).stem)}-{made.hash[:8]}"
    progress = Progress(total=samples * len(chosen.items), done=0, price=price, quiet=model.quiet)

    def begun(log: Log) -> None:
        wanted = {(item.id, number) for item in chosen.items for number in range(samples)}
        progress.before = len(wanted & log.done)

    try:
        done = asyncio.run(
            runner.run(
                plan, engine, out, parallel=parallel or runner.PARALLEL, begun=begun, seen=progress.hear
            )
        )
    except KeyboardInterrupt:
        where = progress.before + progress.new
        click.echo(
            f"mull: stopped; {where:,} of {progress.total:,} are in {out}. The same command goes on.",
            err=True,
        )
        raise click.exceptions.Exit(130) from None
    finally:
        progress.clear()
    click.echo(told(done, as_json))


def find(
    suite: str | None,
    data: Path | None,
    question: str | None = None,
    answer: str | None = None,
    prompt: str | None = None,
    limit: int | None = None,
) -> Suite:
    """The suite that is meant. Raises MullError where nothing is, or it cannot be had."""
    from mull.bench import suites
    from mull.bench.suites.declare import of_dict

    if suite is not None and not (question or answer or prompt):
        return suites.load(suite, data=data, limit=limit)
    if suite is not None:
        declared, window = suites.declaration(suite)
    elif data is not None:
        declared, window = of_dict({"name": data.stem}, str(data), Path()), ""
    else:
        raise MullError("which suite? See `mull bench list`, or give --data FILE.")
    columns = declared.columns
    if question:
        columns = replace(columns, question=(question,))
    if answer:
        columns = replace(columns, answer=(answer,))
    about = replace(declared.about, prompt=prompt) if prompt else declared.about
    return replace(declared, columns=columns, about=about).load(data, window).first(limit)


def told(run: Run, as_json: bool) -> str:
    """What a run says, and where it is."""
    from mull.bench.summary import Summary
    from mull.cli.bench.show import table

    if all(sample.outcome == "error" for sample in run.samples):
        why = run.samples[0].error if run.samples else "no question was asked"
        raise MullError(f"{run.folder}: no answers; every question ended with an error, the first: {why}")
    summary = Summary.of(run)
    if as_json:
        return json.dumps({"folder": str(run.folder), **summary.json()}, ensure_ascii=False)
    return f"{table(summary)}\n{run.folder}"
