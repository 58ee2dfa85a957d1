"""Commands with many options list them under headings in their --help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


class Option(click.Option):
    """An option that stands under a heading."""

    def __init__(self, *names: Any, heading: str, **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.heading = heading


class Grouped(click.Command):
    """Its own options first, then each heading's, in the order in which they were given."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for option in self.get_params(ctx):
            if isinstance(option, click.Option) and (row := option.get_help_record(ctx)):
                sections.setdefault(getattr(option, "heading", "Options"), []).append(row)
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def under(heading: str, *names: str, **settings: Any) -> Callable[[Any], Any]:
    """Like `click.option`, under a heading."""
    return click.option(*names, cls=Option, heading=heading, **settings)


def applied(command: Callable[..., Any], *options: Callable[[Any], Any]) -> Callable[..., Any]:
    """The command with these options, in this order."""
    for option in reversed(options):
        command = option(command)
    return command
