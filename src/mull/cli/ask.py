"""`mull ask`: one question, its thoughts and its answer."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from mull.cli.options import Model, model_options
from mull.cli.terminal import Screen
from mull.errors import MullError


@click.command()
@click.argument("question", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@model_options
def ask(question: str | None, as_json: bool, **options: Any) -> None:
    """Ask QUESTION; without it (or with -), the question is read from a pipe.

    Thoughts stream to stderr, the answer to stdout.
    """
    model = Model(**options)
    text = _question(question)
    screen = Screen(quiet=model.quiet or as_json)
    engine = model.load()
    from mull import api
    from mull.embedded import stranger
    from mull.engine import Progress

    if model.model is None and (warning := stranger(text)):
        screen.note(warning)
    answer = api.ask(
        text,
        engine=engine,
        system=model.system,
        max_tokens=model.max_tokens,
        seed=model.seed,
        sampling=model.sampling(engine),
        show=None if as_json else screen.show,
        watch=[Progress(screen.reading)],
    )
    if as_json:
        click.echo(json.dumps({"question": text, **answer.json()}, ensure_ascii=False))
        return
    screen.end(answer.text)
    if answer.status == "cut":
        screen.note("[the answer was cut off: raise --max-tokens or --context]")
    spent = answer.ledger
    rate = spent.generated / spent.seconds if spent.seconds else 0
    screen.note(f"[{spent.generated} tokens in {spent.seconds:.1f} s, {rate:,.0f}/s, {answer.status}]")


def _question(given: str | None) -> str:
    if given is None or given == "-":
        if sys.stdin.isatty():
            raise MullError('no question. Try: mull ask "What is 394 + 323?"')
        given = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    if not given.strip():
        raise MullError("the question is empty.")
    return given.strip()
