"""`mull replicate`: the embedded model's recipe, whole, on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from mull.errors import MullError


@click.command()
@click.option("--minutes", type=click.FloatRange(min=1), help="How long it may take. Default: 10.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/replicate"), show_default=True)
@click.option("--seed", type=int, help="Of weights and training data. Default: 0.")
@click.option("--resume", is_flag=True, help="Go on with the run in --out after a stop or a crash.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Manifest to compare with. Default: the published one.",
)
@click.option("--threads", type=click.IntRange(min=1), help="Default: all cores.")
def replicate(
    minutes: float | None,
    out: Path,
    seed: int | None,
    resume: bool,
    against: Path | None,
    threads: int | None,
) -> None:
    """Train, evaluate and release a small reasoning model, and compare it with the published one.

    Everything is made here, offline: problems, tokenizer, weights, scores, manifest, model card. Tokens and
    schedule follow from the time and from how fast this machine is. Needs the extra `train`.
    """
    try:
        import torch
    except ImportError:
        raise MullError("training needs torch: pip install 'mull[train]'") from None
    from mull.train.manifest import PUBLISHED
    from mull.train.replicate import Plan, recall
    from mull.train.replicate import replicate as run

    if threads:
        torch.set_num_threads(threads)
    begun = (resume and recall(out)) or (10.0, 0)
    plan = Plan(
        out=out,
        minutes=begun[0] if minutes is None else minutes,
        seed=begun[1] if seed is None else seed,
        against=against or PUBLISHED,
    )
    run(plan, resume, click.echo)
