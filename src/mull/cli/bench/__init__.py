"""`mull bench`: suites, runs, and what is made of them. `mull bench SUITE` is `mull bench run SUITE`."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "compare": "Is one run better than another, on the same questions?",
    "export": "Write a run as a log that `inspect view` opens.",
    "import": "Judge outputs of lm-eval, inspect_ai or vLLM, and make a run of them.",
    "list": "The suites there are: rights, settings, known errors.",
    "regrade": "Judge the answers of a run again, and show what that changes.",
    "report": "Runs as one HTML file: numbers, curves, every chain.",
    "run": "Run a suite; the same command goes on where it was stopped.",
    "show": "What a run says: accuracy with intervals, outcomes, pass@k, maj@k, cost.",
}

_MODULES = {"import": "importing"}  # where a command's name cannot be a module's


class _Bench(click.Group):
    """Its commands are imported when called; what is no command is a suite to run."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            args = ["list"]
        elif args[0] not in (*COMMANDS, "-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = _MODULES.get(name, name)
        command: click.Command = getattr(import_module(f"mull.cli.bench.{module}"), module)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Bench, subcommand_metavar="SUITE | COMMAND [OPTIONS]")
def bench() -> None:
    """Measure a model on a suite: `mull bench SUITE`. Without anything: the list of suites."""
