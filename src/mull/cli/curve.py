"""`mull curve`: accuracy against tokens, seconds or money, from stored runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mull.cli.options import Model, model_options, price_option
from mull.cli.terminal import DIM, PLAIN, colourful
from mull.errors import MullError

if TYPE_CHECKING:
    from mull.bench.curves import By, Curve
    from mull.bench.record import Price, Run

BYS = ("tokens", "seconds", "money")


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--by", type=click.Choice(BYS), default="tokens", show_default=True, help="What it costs.")
@price_option
@click.option("--budgets", metavar="N,N,...", help="Where chains are cut. Default: powers of two.")
@click.option(
    "--force", is_flag=True, help="Let the model answer at each cut, not only count its last answer by then."
)
@click.option(
    "--data", type=click.Path(path_type=Path), help="For --force: the questions, if the run has none."
)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Draw it: .svg or .png (extra: plot).")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, one a curve.")
@model_options
def curve(
    folders: tuple[Path, ...],
    by: By,
    price: Price | None,
    budgets: str | None,
    force: bool,
    data: Path | None,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Accuracy against cost, of the runs in FOLDERS, without running them again.

    Of several samples a question: pass@k and maj@k over all subsets of k. Of chains whose tokens are known:
    what they would have answered after so many tokens.
    """
    from mull.bench.record import Run

    if out is not None and out.suffix not in (".svg", ".png"):
        raise MullError(f"{out}: curves are drawn as .svg or .png.")
    if by == "money" and price is None:
        raise MullError("what does a token cost? Say --price IN:OUT, money per million.")
    cuts = _budgets(budgets)
    found: list[tuple[str, Curve]] = []
    for folder in folders:
        run = Run.read(folder)
        name = f"{folder.name} " if len(folders) > 1 else ""
        found += [
            (name + each.name, each) for each in _curves(run, price, cuts, force, data, Model(**options))
        ]
    if as_json:
        for name, each in found:
            click.echo(json.dumps({**each.json(), "name": name, "area": each.area(by)}, ensure_ascii=False))
    else:
        click.echo("\n".join(line.rstrip() for name, each in found for line in _table(name, each, by)))
    if out is not None:
        from mull.bench.plot import draw

        draw([(name, each) for name, each in found], by, out)


def _curves(
    run: Run, price: Price | None, budgets: Sequence[int] | None, force: bool, data: Path | None, model: Model
) -> Iterator[Curve]:
    from mull.bench import curves, cuts
    from mull.bench.judge import judge
    from mull.bench.summary import Summary

    yield from curves.by_samples(Summary.of(run), price)
    if not curves.cuttable(run) or run.manifest.judge == "code":
        if force or budgets:
            raise MullError(f"{run.folder}: its answers come from several chains, or are programs; no cuts.")
        return
    at, judged = budgets or curves.usual_budgets(run), judge(run.manifest.judge)
    if not force:
        yield curves.by_budget(run, at, cuts.so_far(run, judged), price)
        return
    engine = model.load()
    try:
        answer = cuts.forced(
            run, judged, engine, _questions(run, data), at, None if model.quiet else _progress
        )
    finally:
        engine.close()
    yield curves.by_budget(run, at, answer, price)


def _questions(run: Run, data: Path | None) -> dict[str, str]:
    """By id, as they were put to the model."""
    asked = {item.id: item.question for item in run.items.values()}
    if data is not None:
        from mull.cli.bench.run import find

        asked |= {item.id: item.question for item in find(run.manifest.suite, data).items}
    return {name: run.manifest.prompt.replace("{question}", text) for name, text in asked.items() if text}


def _table(name: str, curve: Curve, by: By) -> Iterator[str]:
    area = curve.area(by)
    about = f": {curve.about}" if curve.about else ""
    yield f"{name}{about}"
    at = "k" if "@" in curve.name else "after" if len(curve.points) > 1 else ""
    yield f"{at:>8}{by:>14}{'right':>9}{'these questions':>18}{'questions like these':>23}"
    for point in curve.points:
        cost = getattr(point.cost, by)
        inner = point.these.percent() if point.these else ""
        outer = point.like_these.percent()
        yield f"{point.at:>8,}{_cost(cost, by):>14}{point.value:>9.1%}{inner:>18}{outer:>23}"
    if area is not None:
        yield f"{'mean over log cost':>22}{area:>9.1%}"
    yield ""


def _cost(value: float, by: By) -> str:
    return f"{value:,.0f}" if by == "tokens" else f"{value:,.3g}"


def _progress(done: int, total: int) -> None:
    if colourful(sys.stderr):
        end = "" if done < total else "\r\x1b[K"
        sys.stderr.write(f"\r{DIM}{done:,} of {total:,} chains cut and answered{PLAIN}{end}")
        sys.stderr.flush()


def _budgets(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        found = sorted({int(each) for each in text.split(",")})
    except ValueError:
        raise MullError(f"--budgets {text!r}: write token counts, e.g. 64,256,1024.") from None
    if found[0] < 1:
        raise MullError(f"--budgets {text!r}: a chain has at least one token.")
    return found
