"""Options that `ask`, `chat`, `bench` and `curve` share: which model, on what, and how it samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from mull.cli.grouped import applied, under
from mull.errors import MullError

if TYPE_CHECKING:
    from mull.audit import Policy
    from mull.bench.record import Price
    from mull.engine import LocalEngine, Sampling
    from mull.engine.remote import RemoteEngine

_OPTIONS = (
    under("Model", "-m", "--model",
          help="Folder or hub name, e.g. Qwen/QwQ-32B. Default: the embedded model."),
    under("Model", "--runner", type=click.Choice(["auto", "cpu", "reference", "torch"]), default="auto"),
    under("Model", "--dtype", type=click.Choice(["f32", "bf16", "int8"]), help="Precision of the weights."),
    under("Model", "--device", default="cpu", help="For --runner torch: cpu, cuda."),
    under("Model", "--context", type=click.IntRange(32), help="Longest chain in tokens."),
    under("Model", "--threads", type=click.IntRange(1), help="Default: all cores."),
    under("Model", "--server", multiple=True, metavar="URL",
          help="Have a server think; several share the work."),
    under("Model", "--tokenizer", help="Of the server's model: folder or hub name. Default: as it says."),
    under("Sampling", "--seed", default=0, show_default=True, help="The same seed gives the same answer."),
    under("Sampling", "-t", "--temperature", type=float, help="0 is greedy. Default: the model's own."),
    under("Sampling", "--top-p", type=float, help="Nucleus sampling. Default: the model's own."),
    under("Sampling", "--top-k", type=int, help="Keep the k likeliest tokens. Default: the model's own."),
    under("Options", "-n", "--max-tokens", type=click.IntRange(1), help="Thoughts and answer together."),
    under("Options", "-s", "--system", help="System prompt."),
    under("Options", "-q", "--quiet", is_flag=True, help="Only the answer, no thoughts, no notes."),
)  # fmt: skip


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


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options."""
    return applied(command, *_OPTIONS)


def _priced(_: click.Context, __: click.Parameter, value: str | None) -> Price | None:
    if value is None:
        return None
    try:
        paid, got = map(float, value.split(":"))
    except ValueError:
        paid = got = -1.0
    if not 0 <= min(paid, got) <= max(paid, got) < math.inf:
        raise MullError(f"--price {value!r}: write IN:OUT, money per million tokens, e.g. 0.5:2.")
    return paid, got


price_option = click.option(
    "--price", metavar="IN:OUT", callback=_priced, help="Money per million tokens in and out, e.g. 0.5:2."
)


def read_policy(path: str | None) -> Policy | None:
    """The operator's rules of --policy."""
    if path is None:
        return None
    from mull.audit import Policy

    return Policy.read(path)
