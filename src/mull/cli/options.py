"""Options that `ask` and `chat` share: which model, on what, and how it samples."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import click

from mull.errors import MullError

if TYPE_CHECKING:
    from mull.engine import LocalEngine, Sampling
    from mull.engine.remote import RemoteEngine
    from mull.guard.choose import Level
    from mull.guard.policy import Guard
    from mull.think.budget import Budget

_OPTIONS = (
    click.option("-m", "--model", help="Folder or hub name, e.g. Qwen/QwQ-32B. Default: the embedded model."),
    click.option("--seed", default=0, show_default=True, help="The same seed gives the same answer."),
    click.option("-t", "--temperature", type=float, help="0 is greedy. Default: the model's own."),
    click.option("--top-p", type=float, help="Nucleus sampling. Default: the model's own."),
    click.option("--top-k", type=int, help="Keep the k likeliest tokens. Default: the model's own."),
    click.option("-n", "--max-tokens", type=click.IntRange(1), help="Thoughts and answer together."),
    click.option("-s", "--system", help="System prompt."),
    click.option("-q", "--quiet", is_flag=True, help="Only the answer, no thoughts, no notes."),
    click.option("--runner", type=click.Choice(["auto", "cpu", "reference", "torch"]), default="auto"),
    click.option("--dtype", type=click.Choice(["f32", "bf16", "int8"]), help="Precision of the weights."),
    click.option("--device", default="cpu", help="For --runner torch: cpu, cuda."),
    click.option("--context", type=click.IntRange(32), help="Longest chain in tokens."),
    click.option(
        "--server", multiple=True, metavar="URL", help="Have a server think; several share the work."
    ),
    click.option("--tokenizer", help="Of the server's model: folder or hub name. Default: as it says."),
    click.option("--threads", type=click.IntRange(1), help="Default: all cores."),
)


# The names of think/strategies.py, which is not imported for --help; a test compares them.
STRATEGIES = ("think", "vote", "best", "check", "plan", "search", "auto")
LEVELS = ("off", "observe", "rescue")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Model:
    """What the shared options say."""

    model: str | None
    seed: int
    temperature: float | None
    top_p: float | None
    top_k: int | None
    max_tokens: int | None
    system: str | None
    quiet: bool
    runner: str
    dtype: str | None
    device: str
    context: int | None
    threads: int | None
    server: tuple[str, ...] = ()
    tokenizer: str | None = None

    def load(self) -> LocalEngine | RemoteEngine:
        """The engine: the model run here, or a server with it."""
        if self.server:
            return self._connect()
        if self.tokenizer:
            raise MullError("--tokenizer is for --server; a model that is run here has its own.")
        from mull import api

        return api.load(
            self.model,
            runner=self.runner,  # type: ignore[arg-type]
            dtype=self.dtype,
            context=self.context,
            threads=self.threads,
            device=self.device,
        )

    def _connect(self) -> RemoteEngine:
        here = {"--runner": self.runner != "auto", "--dtype": self.dtype, "--threads": self.threads}
        for name, given in {**here, "--device": self.device != "cpu"}.items():
            if given:
                raise MullError(f"{name} is for a model that is run here; leave it out with --server.")
        from mull.engine.remote import connect

        return connect(self.server, model=self.model, tokenizer=self.tokenizer, context=self.context)

    def sampling(self, engine: LocalEngine | RemoteEngine) -> Sampling | None:
        """The engine's defaults with what the user changed; None where nothing was."""
        settings = {"temperature": self.temperature, "top_p": self.top_p, "top_k": self.top_k}
        changes = {name: value for name, value in settings.items() if value is not None}
        return replace(engine.sampling, **changes) if changes else None  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class How:
    """What the options of strategies say."""

    strategy: str
    effort: str | None
    chains: int | None
    seconds: float | None
    verify: tuple[str, ...]
    loops: Level
    language: str
    claims: Level

    def guards(self, question: str) -> tuple[Guard, ...]:
        from mull.guard.choose import guards

        return guards(question, loops=self.loops, language=self.language, claims=self.claims)

    def budget(self, tokens: int | None) -> Budget | None:
        from mull.think.budget import Budget

        return Budget(tokens=tokens, seconds=self.seconds) if tokens or self.seconds else None

    @property
    def options(self) -> dict[str, Any]:
        """Of the strategy itself."""
        options: dict[str, Any] = {} if self.chains is None else {"n": self.chains}
        if self.verify:
            from mull.think.verify import Claims, Program

            made = {"claims": Claims(), "program": Program()}
            options["verifiers"] = [made[name] for name in self.verify if name in made] or None
            options["contest"] = "compare" in self.verify
        return options


def strategy_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of strategies, as one argument `how`."""

    @functools.wraps(command)
    def gathered(*args: Any, **options: Any) -> Any:
        how = How(**{each.name: options.pop(each.name) for each in fields(How)})
        return command(*args, how=how, **options)

    for option in (
        click.option("--claims", type=click.Choice(LEVELS), default="observe", show_default=True,
                     help="False arithmetic in the thoughts: noted, or undone (rescue)."),
        click.option("--language", default="auto", show_default=True,
                     help="off, a code (en, zh ...) or auto: for the answer; with auto:lock thoughts, too."),
        click.option("--loops", type=click.Choice(LEVELS), default="rescue", show_default=True,
                     help="Thoughts that go in circles: noted, or rewound and redirected (rescue)."),
        click.option("--verify", multiple=True, type=click.Choice(["claims", "program", "compare"]),
                     help="For best: what weighs solutions; may be repeated; program needs extra `code`."),
        click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Answer within so many."),
        click.option("--chains", type=click.IntRange(1), help="At most so many lines of thought."),
        click.option("--effort", type=click.Choice(EFFORTS), help="How much to think."),
        click.option(
            "--strategy", type=click.Choice(STRATEGIES), default="think", show_default=True,
            help="think: one line of thought; vote: several, most win; best: several, the best verified one; "
            "check: one, its claims checked and repaired; plan: step by step; search: trees of steps; "
            "auto: little for the easy, more for the contested.",
        ),
    ):  # fmt: skip
        gathered = option(gathered)
    return gathered


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
