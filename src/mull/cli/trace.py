"""`mull trace`: what is in a trace, whether the model says it again, and where two of them part."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from mull.cli.terminal import colourful
from mull.cli.tree import clipped, tree
from mull.errors import MullError
from mull.think.trace import Trace
from mull.trace.diff import Diff, as_json, diff
from mull.trace.lives import Lives

if TYPE_CHECKING:
    from mull.engine import LocalEngine
    from mull.trace.replay import Replay

_json = click.option("--json", "in_json", is_flag=True, help="One JSON object instead of text.")


@click.group()
def trace() -> None:
    """Look at traces, as `mull ask --trace FILE` writes them: show, replay, diff."""


@trace.command()
@click.argument("file")
@click.option("--full", is_flag=True, help="With all that was said, also what was taken back.")
@_json
def show(file: str, full: bool, in_json: bool) -> None:
    """FILE as a tree: chains, what they cost, how they ended, and what was noted about them."""
    read = Trace.read(file)
    if in_json:
        click.echo(json.dumps(_summary(read, full), ensure_ascii=False))
    else:
        click.echo(tree(read, full=full, width=_width()))


@trace.command()
@click.argument("file")
@click.option("-m", "--model", help="Folder or hub name. Default: the embedded model, if the trace is of it.")
@click.option(
    "--runner", type=click.Choice(["auto", "cpu", "reference", "torch"]), help="Default: the trace's."
)
@click.option("--dtype", type=click.Choice(["f32", "bf16", "int8"]), help="Default: the trace's.")
@click.option("--device", default="cpu", help="For --runner torch: cpu, cuda.")
@click.option("--threads", type=click.IntRange(1), help="Default: all cores.")
@_json
def replay(file: str, in_json: bool, **options: Any) -> None:
    """Do again what FILE says, and compare each token that is drawn.

    The exit status is 0 if all are equal, and 1 if not.
    """
    from mull.trace.replay import replay as again

    read = Trace.read(file)
    engine = _engine(read, **options)

    def progress(done: int, total: int) -> None:
        sys.stderr.write(f"\r\x1b[K{done:,} of {total:,} tokens")
        sys.stderr.flush()

    bar = colourful(sys.stderr) and not in_json
    try:
        found = asyncio.run(again(read, engine, progress=progress if bar else None))
    finally:
        engine.close()
        if bar:
            sys.stderr.write("\r\x1b[K")
    if in_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        _say_replay(found, engine)
    sys.exit(0 if found.difference is None else 1)


@trace.command("diff")
@click.argument("one")
@click.argument("other")
@_json
def difference(one: str, other: str, in_json: bool) -> None:
    """Where the traces ONE and OTHER part, and what became of their chains. Seconds do not count.

    The exit status is 0 if the same happened in both, and 1 if not.
    """
    found = diff(Trace.read(one), Trace.read(other))
    if in_json:
        click.echo(json.dumps(as_json(found), ensure_ascii=False))
    else:
        click.echo("\n".join(clipped(line, _width()) for line in _told(found)))
    sys.exit(0 if found.same else 1)


def _width() -> int:
    return max(40, shutil.get_terminal_size().columns)


def _summary(read: Trace, full: bool) -> dict[str, Any]:
    lives = Lives()
    for record in read:
        lives.hear(record)
    last = read.records[-1]
    return {
        "asked": {name: value for name, value in read.records[0].items() if name not in ("op", "seconds")},
        "chains": [
            {
                **{name: getattr(life, name) for name in ("number", "parent", "counted", "at", "prompt")},
                **{name: getattr(life, name) for name in ("drawn", "forced", "discarded", "answer", "end")},
                **({"text": life.text} if full else {}),
            }
            for life in lives
        ],
        "notes": read.notes(),
        "spend": asdict(lives.spend()),
        "answer": last if last["op"] == "answer" else None,
    }


def _engine(read: Trace, model: str | None, **options: Any) -> LocalEngine:
    """On what the trace was made, unless options say otherwise; no file has a model loaded unasked."""
    from mull import api

    traced = read.records[0].get("model") or {}
    if model is None and traced.get("name") != "embedded":
        raise MullError(f"the trace is of {traced.get('name') or 'a model without a name'}: say --model.")
    runner = str(traced.get("runner") or "auto").split()[0]
    options["runner"] = options["runner"] or (runner if runner in ("cpu", "reference") else "auto")
    options["dtype"] = options["dtype"] or traced.get("dtype")
    return api.load(model, **options)


def _say_replay(found: Replay, engine: LocalEngine) -> None:
    for name, (traced, here) in found.models.items():
        click.echo(f"another {name}: {traced or 'unknown'} in the trace, {here or 'unknown'} here", err=True)
    first = found.difference
    if first is None:
        click.echo(f"all {found.tokens:,} tokens are equal.")
        return
    expected, drawn = (
        "nothing" if id is None else repr(engine.tokenizer.decode([id]))
        for id in (first.expected, first.found)
    )
    click.echo(f"chain {first.chain}, token {first.position:,}: {expected} in the trace, {drawn} here.")


def _told(found: Diff) -> list[str]:
    lines = [f"{name}: {_short(one)} | {_short(other)}" for name, (one, other) in found.asked.items()]
    if found.parting is None:
        lines.append("the same happened in both.")
    else:
        one, other = found.parting.chains
        place = f" in chain {_pair((one, other))}, at token {found.parting.position:,}"
        outside = one is None and other is None
        lines.append(f"they part{' outside of chains' if outside else place}:")
        lines += [f"  {shown}" for shown in found.parting.happened]
    if found.chains:
        lines.append(f"{'chain':<12}{'tokens':<16}{'answer':<24}end")
    for row in found.chains:
        columns = (_pair(row.chains), _pair(row.tokens), _pair(row.answers))
        cells = [
            f"{clipped(cell, width - 2):<{width}}" for cell, width in zip(columns, (12, 16, 24), strict=True)
        ]
        lines.append(f"{''.join(cells)}{_pair(row.ends)}".rstrip())
    lines.append(f"{found.equal} chains are equal.")
    lines += [f"{name}: {one:,} | {other:,}" for name, (one, other) in found.spend.items()]
    lines += [f"{name}: {_short(one)} | {_short(other)}" for name, (one, other) in found.answer.items()]
    return lines


def _pair(values: tuple[Any, Any]) -> str:
    """One of them where both are equal, else both."""
    one, other = (
        "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value) for value in values
    )
    return one if one == other else f"{one} | {other}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
