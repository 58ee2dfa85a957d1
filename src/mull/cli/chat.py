"""`mull chat`: a conversation. Old thoughts are dropped from the history, as reasoning models expect."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from mull.cli.grouped import Grouped
from mull.cli.how import How, strategy_options
from mull.cli.options import Model, model_options, read_policy
from mull.cli.terminal import Screen
from mull.errors import MullError

if TYPE_CHECKING:
    from mull.audit import Policy
    from mull.model.chat import Message
    from mull.think.answer import Answer

HELP = """\
/effort high, /strategy vote ...  any option of `mull chat` but those of the model, from here on;
                                  its name alone tells its value, `default` takes back what it was
/think off, /think on             answer at once, or think first
/show                             what has been set
/retry                            the last question again, with another seed
/save FILE                        the trace of the last answer, for `mull trace`
/new                              forget what was said
/quit                             or Ctrl-D; Ctrl-C stops an answer, not the chat
A question of several lines stands between lines of three quotes (\"\"\")."""
# What is read once, when the chat begins.
FIXED = ("model", "runner", "dtype", "device", "context", "threads", "server", "tokenizer", "policy_file")
QUOTES = '"""'


@click.command(cls=Grouped)
@click.option("--policy", "policy_file", help="An operator's rules, as TOML; see docs/audit.md.")
@strategy_options
@model_options
def chat(policy_file: str | None, how: How, **options: Any) -> None:
    """Talk with a model in the terminal, or line by line through a pipe. /help lists what can be changed."""
    policy = read_policy(policy_file)
    conversation = Conversation(click.get_current_context(), how, Model(**options), policy)
    if sys.stdin.isatty():
        import readline  # noqa: F401  (line editing for input())

        click.echo("Ask anything; /help lists commands.", err=True)
    with asyncio.Runner() as runner:
        while (line := _line()) is not None:
            try:
                if line.startswith("/"):
                    if line in ("/quit", "/exit", "/bye"):
                        return
                    conversation.command(runner, *line[1:].split(maxsplit=1))
                elif line:
                    conversation.ask(runner, line)
            except KeyboardInterrupt:
                conversation.note("[stopped; this question is not kept]")
            except MullError as error:
                conversation.note(f"mull: {error}")


class Conversation:
    """What has been said, and how the next answer is made."""

    def __init__(self, ctx: click.Context, how: How, model: Model, policy: Policy | None) -> None:
        self.ctx, self.how, self.model, self.policy = ctx, how, model, policy
        self.begun = {How: how, Model: model}
        self.engine = model.load()
        self.history: list[Message] = []  # each question and its answer
        self.last: Answer | None = None
        self.asked = 0

    def note(self, text: str) -> None:
        Screen(quiet=False).note(text)

    def ask(self, runner: asyncio.Runner, question: str) -> None:
        """Answer, and remember both. What fails or is stopped leaves all as it was."""
        from mull.cli.asking import answer
        from mull.model.chat import Message

        asked = Message("user", question)
        # The embedded model has never seen a second turn: each question stands alone.
        before = self.history if self.engine.model.get("name") != "embedded" else []
        seed, self.asked = self.model.seed + self.asked, self.asked + 1
        self.last = runner.run(
            answer([*before, asked], self.engine, self.model, self.how, seed=seed, policy=self.policy)
        )
        self.history += [asked, Message("assistant", self.last.text)]

    def command(self, runner: asyncio.Runner, name: str = "", value: str = "") -> None:
        """What stands behind a slash. Raises MullError where it cannot be done."""
        match name, value:
            case "help" | "?" | "", "":
                click.echo(HELP, err=True)
            case "new" | "clear", "":
                self.history.clear()
            case "think", "on" | "off":
                self.how = replace(self.how, thinking=0 if value == "off" else None)
            case "show", "":
                self._show()
            case "retry", "":
                if not self.history:
                    raise MullError("nothing has been asked yet.")
                kept, question = self.history, self.history[-2].content
                self.history = kept[:-2]
                try:
                    self.ask(runner, question)
                except BaseException:
                    self.history = kept
                    raise
            case "save", path if path:
                if self.last is None:
                    raise MullError("nothing has been answered yet.")
                self.last.trace.write(path)
            case "set", pair if pair:
                self._set(*pair.split(maxsplit=1))
            case _:
                self._set(name, value)

    def _set(self, name: str, value: str = "") -> None:
        """Change an option, or tell its value."""
        found = self._options().get(name.replace("-", "_"))
        if found is None or found.name is None:
            raise MullError(f"no command /{name}: /help lists them.")
        if found.name in FIXED:
            raise MullError(f"--{name} cannot be changed in a chat: begin another one.")
        part = self.how if hasattr(self.how, found.name) else self.model
        if not value:
            self.note(f"[{name}: {_told(getattr(part, found.name))}]")
            return
        if value == "default":
            wanted = getattr(self.begun[type(part)], found.name)
        else:
            try:
                wanted = found.type_cast_value(self.ctx, value.split() if found.multiple else value)
            except click.BadParameter as error:
                raise MullError(error.message) from None
        changed = replace(part, **{found.name: wanted})
        if isinstance(changed, How):
            _ = changed.options, changed.guards("")  # raises what cannot be asked so
            self.how = changed
        else:
            self.model = changed

    def _options(self) -> dict[str, click.Option]:
        """By every long name that they have."""
        found: dict[str, click.Option] = {}
        for option in self.ctx.command.params:
            if isinstance(option, click.Option):
                names = [name[2:] for name in option.opts if name.startswith("--")]
                found |= {name.replace("-", "_"): option for name in names}
        return found

    def _show(self) -> None:
        """What is set, and how much is remembered."""
        told = []
        for name, option in self._options().items():
            value = getattr(self.how, str(option.name), getattr(self.model, str(option.name), None))
            if value not in (None, (), False):
                told.append(f"{name.replace('_', '-')} {_told(value)}")
        self.note(f"[{', '.join(told)}]")
        self.note(f"[answers remembered: {len(self.history) // 2}]")


def _told(value: Any) -> str:
    return (
        " ".join(map(str, value)) if isinstance(value, tuple) else "not set" if value is None else str(value)
    )


def _line() -> str | None:
    """The next line, or several between quotes; None at the end of input."""
    text = _read("> ")
    if text is None or not text.startswith(QUOTES):
        return text
    lines = [text.removeprefix(QUOTES)]
    while not lines[-1].endswith(QUOTES) and (text := _read(". ")) is not None:
        lines.append(text)
    return "\n".join(lines).removesuffix(QUOTES).strip()


def _read(prompt: str) -> str | None:
    while True:
        try:
            return input(prompt if sys.stdin.isatty() else "").strip()
        except EOFError:
            return None
        except KeyboardInterrupt:
            if not sys.stdin.isatty():
                raise
            click.echo("\n/quit or Ctrl-D ends.", err=True)
