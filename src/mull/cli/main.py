"""The `mull` command. Subcommands are imported when called, so that `mull --help` stays instant."""

from __future__ import annotations

import sys
from importlib import import_module

import click

COMMANDS = {
    "ask": "Ask one question and see the model think.",
    "audit": "What a model evades: from a run of the audit.",
    "bench": "Measure a model on suites of questions.",
    "chat": "Talk with a model in the terminal.",
    "curve": "Accuracy against tokens, seconds or money, from stored runs.",
    "export": "Write a model for transformers or llama.cpp.",
    "grade": "Whether answers equal the gold answers.",
    "info": "What a checkpoint is and what it needs.",
    "replicate": "Make the embedded model again, in one command.",
    "serve": "Serve a model: OpenAI's API, and a page to watch it think.",
    "tasks": "The procedural task families: list, sample, score.",
    "trace": "Traces of answers: show, replay, compare.",
    "train": "Train a model of your own.",
    "up": "Start a server that others have made: vllm.",
}


class Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"mull.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mull", prog_name="mull")
def cli() -> None:
    """mull: an open reasoning system. Thoughts go to stderr, answers to stdout."""


def main() -> None:
    """Entry point: our own errors, and files that cannot be had, become one line, Ctrl-C a clean end."""
    from mull.errors import MullError

    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except MullError as error:
        click.echo(f"mull: {error}", err=True)
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nmull: interrupted.", err=True)
        sys.exit(130)
    except BrokenPipeError:  # `mull ... | head`: whoever read has had enough
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.filename is None:  # not about a file: nobody but us can do something about it
            raise
        click.echo(f"mull: {error.filename}: {error.strerror}.", err=True)
        sys.exit(1)
