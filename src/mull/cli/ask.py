"""`mull ask`: one question, its thoughts and its answer."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import click

from mull.cli.grouped import Grouped
from mull.cli.how import How, strategy_options
from mull.cli.options import Model, model_options, read_policy
from mull.errors import MullError


@click.command(cls=Grouped)
@click.argument("question", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--trace", "trace_file", help="Write all that happens into this file; see `mull trace`.")
@click.option("--policy", "policy_file", help="An operator's rules, as TOML; see docs/audit.md.")
@strategy_options
@model_options
def ask(
    question: str | None,
    as_json: bool,
    trace_file: str | None,
    policy_file: str | None,
    how: How,
    **options: Any,
) -> None:
    """Ask QUESTION; without it (or with -), the question is read from a pipe.

    Thoughts stream to stderr, the answer to stdout. With a strategy of several chains a line tells what they
    do, and the thoughts are those of the chain whose answer is given.
    """
    model = Model(**options)
    text = _question(question)
    policy = read_policy(policy_file)
    engine = model.load()
    from mull.cli.asking import answer
    from mull.model.chat import Message
    from mull.think.trace import Log

    log = Log(trace_file) if trace_file else None
    try:
        given = asyncio.run(
            answer(
                [Message("user", text)],
                engine,
                model,
                how,
                seed=model.seed,
                policy=policy,
                listen=log.hear if log else None,
                silent=as_json,
            )
        )
    finally:
        if log is not None:
            log.close()
    if as_json:
        click.echo(json.dumps({"question": text, **given.json()}, ensure_ascii=False))


def _question(given: str | None) -> str:
    if given is None or given == "-":
        if sys.stdin.isatty():
            raise MullError('no question. Try: mull ask "What is 394 + 323?"')
        given = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    if not given.strip():
        raise MullError("the question is empty.")
    return given.strip()
