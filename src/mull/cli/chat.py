"""`mull chat`: a conversation. Old thoughts are dropped from the history, as reasoning models expect."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import click

from mull.cli.options import Model, model_options
from mull.cli.terminal import Screen

HELP = "/new starts over, /quit (or Ctrl-D) ends, Ctrl-C stops an answer."


@click.command()
@model_options
def chat(**options: Any) -> None:
    """Talk with a model in the terminal."""
    model = Model(**options)
    engine = model.load()
    from mull import api
    from mull.embedded import stranger
    from mull.model.chat import Message

    if sys.stdin.isatty():
        import readline  # noqa: F401  (line editing for input())

        click.echo(HELP, err=True)
    history: list[Message] = []
    turn = 0
    while (line := _line()) is not None:
        match line.strip():
            case "":
                continue
            case "/quit" | "/exit":
                return
            case "/new":
                history.clear()
                continue
            case "/help":
                click.echo(HELP, err=True)
                continue
            case question:
                pass
        screen = Screen(quiet=model.quiet)
        embedded = engine.model.get("name") == "embedded"
        if embedded and (warning := stranger(question)):
            screen.note(warning)
        # The embedded model has never seen a second turn: each question stands alone.
        asked = [*([] if embedded else history), Message("user", question)]
        try:
            answer = asyncio.run(
                api.answer(
                    asked,
                    engine=engine,
                    system=model.system,
                    max_tokens=model.max_tokens,
                    seed=model.seed + turn,
                    sampling=model.sampling(engine),
                    show=screen.show,
                )
            )
        except KeyboardInterrupt:
            screen.end("")
            screen.note("[stopped; this question is not kept]")
            continue
        screen.end(answer.text)
        history = [*asked, Message("assistant", answer.text)]
        turn += 1


def _line() -> str | None:
    """The next line, None at the end of input."""
    try:
        return input("> " if sys.stdin.isatty() else "")
    except EOFError:
        return None
