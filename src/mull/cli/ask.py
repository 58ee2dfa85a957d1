"""`mull ask`: one question, its thoughts and its answer."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from mull.cli.options import How, Model, model_options, strategy_options
from mull.cli.terminal import Screen, harmless
from mull.errors import MullError


@click.command()
@click.argument("question", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--trace", "trace_file", help="Write all that happens into this file; see `mull trace`.")
@strategy_options
@model_options
def ask(question: str | None, as_json: bool, trace_file: str | None, how: How, **options: Any) -> None:
    """Ask QUESTION; without it (or with -), the question is read from a pipe.

    Thoughts stream to stderr, the answer to stdout. With a strategy of several chains a line tells what they
    do, and the thoughts are those of the chain whose answer is given.
    """
    model = Model(**options)
    text = _question(question)
    screen = Screen(quiet=model.quiet or as_json)
    engine = model.load()
    from mull import api
    from mull.cli.live import Live
    from mull.cli.notes import told
    from mull.embedded import stranger
    from mull.engine import Progress
    from mull.model.formats import Piece
    from mull.think.line import Line
    from mull.think.trace import Log, Record, Trace

    if engine.model.get("name") == "embedded" and (warning := stranger(text)):
        screen.note(warning)
    log = Log(trace_file) if trace_file else None
    live = Live(quiet=model.quiet or as_json)

    def show(piece: Piece) -> None:
        live.clear()
        screen.show(piece)

    def hear(record: Record) -> None:
        if log is not None:
            log.hear(record)
        live.hear(record)
        if record["op"] == "note" and (line := told(record)):
            live.clear()
            screen.aside(harmless(line))

    try:
        answer = api.ask(
            text,
            engine=engine,
            strategy=how.strategy,
            effort=how.effort,
            budget=how.budget(model.max_tokens),
            system=model.system,
            seed=model.seed,
            sampling=model.sampling(engine),
            line=Line(guards=how.guards(text)),
            trace=Trace(listen=hear),
            show=None if as_json else show,
            watch=[Progress(screen.reading)],
            **how.options,
        )
    finally:
        live.clear()
        if log is not None:
            log.close()
    if as_json:
        click.echo(json.dumps({"question": text, **answer.json()}, ensure_ascii=False))
        return
    screen.end(answer.text)
    if answer.status == "cut":
        screen.note("[the answer was cut off: raise --max-tokens or --context]")
    elif answer.status == "dropped":
        screen.note("[no line of thought came to an answer: try another --seed, or --strategy vote]")
    for evidence in answer.evidence:
        screen.note(
            harmless(
                f"[{evidence.check}: {evidence.verdict}; {evidence.about} {evidence.found}".strip(" ;") + "]"
            )
        )
    spent = answer.ledger
    rate = spent.generated / spent.seconds if spent.seconds else 0
    chains = f" in {spent.chains} chains" if spent.chains > 1 else ""
    sure = f", confidence {answer.confidence:.2f}" if how.strategy != "think" else ""
    screen.note(
        f"[{spent.generated:,} tokens{chains} in {spent.seconds:.1f} s, {rate:,.0f}/s, {answer.status}{sure}]"
    )


def _question(given: str | None) -> str:
    if given is None or given == "-":
        if sys.stdin.isatty():
            raise MullError('no question. Try: mull ask "What is 394 + 323?"')
        given = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    if not given.strip():
        raise MullError("the question is empty.")
    return given.strip()
