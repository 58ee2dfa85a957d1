"""`mull train`: make a model of your own, and measure what it can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mull.cli.trl import Backends, backend_option, config
from mull.errors import MullError

if TYPE_CHECKING:
    from mull.tasks import Family
    from mull.train.evaluate import Attempt, Score
    from mull.train.online import Run
    from mull.train.passk import Report
    from mull.train.study import Share


@click.group(cls=Backends)
def train() -> None:
    """Train a small reasoning model on the task families, on a CPU. Needs the extra `train`."""


train.add_command(config)


@train.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the run.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="How long to train.")
@click.option("--tokens", type=click.IntRange(min=1), help="How much to train; resumes bit for bit.")
@click.option("--from", "start", type=click.Path(path_type=Path), help="Begin with this model's weights.")
@click.option("--seed", default=0, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), help="Default: all cores.")
@click.option("--resume", is_flag=True, help="Continue the run in --out after a stop or a crash.")
@backend_option
def sft(
    out: Path,
    minutes: float | None,
    tokens: int | None,
    start: Path | None,
    seed: int,
    threads: int | None,
    resume: bool,
) -> None:
    """Supervised training on worked thoughts. The finished model is in OUT/model.

    The state is saved every three minutes; a run that was stopped or killed goes on with --resume.
    With --from, a finished model is trained further, at half the learning rates and on problems of
    its own if the seed is another.
    """
    _torch(threads)
    from mull.train.sft import Plan, further
    from mull.train.sft import train as run

    plan = Plan(out=out, minutes=minutes, tokens=tokens, seed=seed)
    folder = run(further(plan, start) if start else plan, resume=resume, say=click.echo)
    click.echo(f'the model is in {folder}\n  mull ask --model {folder} "What is 394 + 323?"')


def _learns_from_itself(command: Callable[..., None]) -> Callable[..., None]:
    """The options of `rl` and `reject`, which are meant to be compared."""
    for option in (
        click.option("--resume", is_flag=True, help="Continue the run in --out after a stop or a crash."),
        click.option("--threads", type=click.IntRange(min=1), help="Default: all cores."),
        click.option("--seed", default=0, show_default=True),
        click.option("--family", "families", multiple=True, help="Default: all. May be repeated."),
        click.option("--steps", type=click.IntRange(min=1), help="How long; resumes bit for bit."),
        click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="How long to train."),
        click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the run."),
        click.option(
            "--from", "start", type=click.Path(path_type=Path), required=True, help="The model to begin with."
        ),
    ):
        command = option(command)
    return command


@train.command()
@backend_option
@_learns_from_itself
def rl(threads: int | None, resume: bool, **options: Any) -> None:
    """Reinforcement learning: the model samples chains, exact scorers reward them (Dr. GRPO).

    Problems are drawn where the model solves some and fails some. The state is saved every three
    minutes; a run that was stopped or killed goes on with --resume. The finished model is in OUT/model.
    """
    _torch(threads)
    from mull.train.rl import Plan, Run

    _train(Run(Plan(**_named(options))), resume)


@train.command()
@_learns_from_itself
def reject(threads: int | None, resume: bool, **options: Any) -> None:
    """Rejection sampling: the model is trained on the shortest of its own right chains.

    The baseline for `rl`, with the same options: compare the two at equal --minutes.
    """
    _torch(threads)
    from mull.train.reject import Plan, Run

    _train(Run(Plan(**_named(options))), resume)


def _torch(threads: int | None) -> None:
    try:
        import torch
    except ImportError:
        raise MullError("training needs torch: pip install 'mull[train]'") from None
    if threads:
        torch.set_num_threads(threads)


def _named(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a plan; no family named means all of them."""
    return {name: value for name, value in options.items() if name != "families" or value}


def _train(run: Run, resume: bool) -> None:
    from mull.train.online import train as loop

    folder = loop(run, resume=resume, say=click.echo)
    click.echo(f"the model is in {folder}\n  mull train evaluate {folder} --samples 32")


@train.command()
@click.argument("model", required=False)
@click.option("--count", default=100, show_default=True, type=click.IntRange(min=1), help="Problems each.")
@click.option("--levels", default="1,2,3,4", show_default=True, help="Comma-separated.")
@click.option("--family", "families", multiple=True, help="Default: all. May be repeated.")
@click.option("--samples", type=click.IntRange(min=1), help="Sample so many chains: pass@k and maj@k.")
@click.option("--show", type=click.IntRange(min=0), default=0, help="Print this many failures of each.")
@click.option("--dtype", type=click.Choice(["f32", "bf16", "int8"]), help="Precision of the weights.")
@click.option("--threads", type=click.IntRange(min=1), help="Default: all cores.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the scores there, as JSON.")
def evaluate(
    model: str | None,
    count: int,
    levels: str,
    families: tuple[str, ...],
    samples: int | None,
    show: int,
    dtype: str | None,
    threads: int | None,
    out: Path | None,
) -> None:
    """Greedy accuracy of MODEL (default: the embedded one) on fresh test problems, with 95 % intervals.

    With --samples K, chains are sampled at temperature 1 instead: the chance that one of 1, 2, 4, ... K
    is right (pass@k), and that the most frequent answer is (maj@k).
    """
    if samples and show:
        raise MullError("--show prints greedy answers: leave out --samples.")
    _writable(out)
    from mull import api
    from mull.train.evaluate import evaluate as run

    found, chosen = _chosen(families, levels)

    def tell(score: Score, attempts: list[Attempt]) -> None:
        low, high = score.interval
        click.echo(
            f"{score.family:<14} level {score.level}  {score.right / score.count:6.1%}  "
            f"[{low:.2f}, {high:.2f}]  new wordings {score.new_wording[0]}/{score.new_wording[1]}  "
            f"{score.tokens:5.0f} tokens  {score.capped} capped  {score.looped} looped"
        )
        for attempt in [each for each in attempts if not each.score][:show]:
            click.echo(f"\n{attempt.problem.question}\n{attempt.text}\n  (right: {attempt.problem.answer})\n")

    engine = api.load(model, dtype=dtype, threads=threads)
    try:
        scores: list[Score] | list[Report]
        if samples:
            _torch(None)
            from mull.train.passk import sampled

            scores = sampled(engine, found, chosen, count, samples, seen=_tell)
        else:
            scores = run(engine, found, chosen, count, seen=tell)
    finally:
        engine.close()
    _write(out, scores)


@train.command()
@click.argument("model", required=False)
@click.option("--count", default=50, show_default=True, type=click.IntRange(min=1), help="Problems each.")
@click.option("--levels", default="1,2,3", show_default=True, help="Comma-separated.")
@click.option("--family", "families", multiple=True, help="Default: all. May be repeated.")
@click.option("--threads", type=click.IntRange(min=1), help="Default: all cores.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the shares there, as JSON.")
def study(
    model: str | None,
    count: int,
    levels: str,
    families: tuple[str, ...],
    threads: int | None,
    out: Path | None,
) -> None:
    """What thinking is worth to MODEL (default: the embedded one).

    Accuracy if the thinking is cut at 0, 32, ... 512 tokens and the answer forced; and what becomes of a
    mistake planted in right thoughts: whether it is noticed, and whether the answer is right in the end.
    """
    _writable(out)
    from mull import api
    from mull.train.study import curve, repairs

    found, chosen = _chosen(families, levels)
    engine = api.load(model, threads=threads)

    def tell(shares: list[Share]) -> None:
        row = "  ".join(f"{share.what} {share.right / share.count:4.0%}" for share in shares)
        click.echo(f"{shares[0].family:<14} {row}  of {shares[0].count}")

    try:
        shares = curve(engine, found, chosen, count, seen=tell) + repairs(
            engine, found, chosen, count, seen=tell
        )
    finally:
        engine.close()
    _write(out, shares)


@train.command()
@click.option(
    "--run",
    "runs",
    multiple=True,
    required=True,
    metavar="NAME=FOLDER",
    help="A stage's name and run, e.g. supervised=runs/mine. Repeat it in the order of training.",
)
@click.option(
    "--scores",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="What `mull train evaluate --out` wrote for the model.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New folder of the release.")
def release(runs: tuple[str, ...], scores: Path, out: Path) -> None:
    """Make a finished run into a release: model, manifest and model card in one folder.

    The model is that of the last --run.
    """
    _torch(None)
    from mull.train.manifest import read_scores
    from mull.train.release import release as write

    folders = {}
    for text in runs:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise MullError(f"--run {text}: write it as NAME=FOLDER, e.g. supervised=runs/mine.")
        folders[name] = Path(folder)
    write(folders, [*folders.values()][-1] / "model", read_scores(scores), out)
    click.echo(f"{out}: model, manifest.json, README.md")


def _chosen(names: tuple[str, ...], levels: str) -> tuple[list[Family], list[int]]:
    """Families and levels as they were given; all families if none was."""
    from mull import tasks

    try:
        chosen = [int(level) for level in levels.split(",")]
        found = [tasks.get(name) for name in names or tasks.names()]
        for family in found:
            for level in chosen:
                family.problem("test", level, 0)
    except ValueError as error:
        raise MullError(str(error.args[0])) from None
    return found, chosen


def _writable(out: Path | None) -> None:
    """Raise OSError now where the file cannot be written, not after hours of work."""
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.open("ab").close()


def _write(out: Path | None, found: Sequence[Score | Report | Share]) -> None:
    if out is not None:
        out.write_text(json.dumps([each.json() for each in found], indent=1) + "\n", encoding="utf-8")


def _tell(report: Report) -> None:
    shares = (
        "  ".join(f"{name}@{k} {share:.1%}" for k, share in found.items())
        for name, found in (("pass", report.passed), ("maj", report.majority))
    )
    click.echo(
        f"{report.family:<14} level {report.level}  {'  '.join(shares)}  "
        f"{report.tokens:.0f} tokens  {report.capped:.1%} capped"
    )
