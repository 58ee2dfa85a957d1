"""`mull serve`: the model behind OpenAI's API, and a page to watch it think."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from mull.errors import MullError

FIELDS = ("both", "reasoning_content", "reasoning", "inline", "none")  # those of serve/config.py


@click.command()  # fmt: skip
@click.option("-m", "--model", help="Folder or hub name. Default: the embedded model.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any that is free."
)
@click.option(
    "--api-key",
    "keys",
    multiple=True,
    help="Who may ask; repeatable. Also MULL_API_KEY, with commas between several.",
)
@click.option("--api-keys", "keys_file", help="A file with a key on each line.")
@click.option("--allow-host", "hosts", multiple=True, help="A further name of this server.")
@click.option("--name", "names", multiple=True, help="What the model is called; repeatable.")
@click.option(
    "--reasoning-field",
    "reasoning",
    type=click.Choice(FIELDS),
    default="both",
    show_default=True,
    help="Where chat completions give thoughts.",
)
@click.option(
    "--running", type=click.IntRange(1), default=64, show_default=True, help="Requests answered at once."
)
@click.option("--running-per-key", type=click.IntRange(1), help="And of one key.")
@click.option(
    "--waiting",
    type=click.IntRange(1),
    default=256,
    show_default=True,
    help="Requests that may wait; one more is told to come back.",
)
@click.option("--per-minute", type=click.IntRange(1), help="Requests a key may make in a minute.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=600,
    show_default=True,
    help="For one answer: then what there is becomes the answer.",
)
@click.option("--policy", "policy_file", help="The operator's rules, as TOML.")
@click.option("--programs", is_flag=True, help="Allow checks by model-written programs, in a sandbox.")
@click.option("--runner", type=click.Choice(["auto", "cpu", "reference", "torch"]), default="auto")
@click.option("--dtype", type=click.Choice(["f32", "bf16", "int8"]), help="Precision of the weights.")
@click.option("--device", default="cpu", help="For --runner torch: cpu, cuda.")
@click.option("--context", type=click.IntRange(32), help="Longest chain in tokens.")
@click.option("--threads", type=click.IntRange(1), help="Default: all cores.")
@click.option(
    "--server",
    "servers",
    multiple=True,
    metavar="URL",
    help="Serve a model that another server runs; several share the work. Their key: MULL_SERVER_KEY.",
)
@click.option("--tokenizer", help="Of that server's model: folder or hub name. Default: as it says.")
def serve(
    keys: tuple[str, ...],
    keys_file: str | None,
    policy_file: str | None,
    model: str | None,
    runner: str,
    dtype: str | None,
    device: str,
    context: int | None,
    threads: int | None,
    servers: tuple[str, ...],
    tokenizer: str | None,
    **options: Any,
) -> None:
    """Serve a model: OpenAI's API under /v1, and a page under /."""
    try:
        from mull.serve.command import listen
        from mull.serve.config import Settings
    except ModuleNotFoundError as error:
        raise MullError(f'{error.name} is not installed: pip install "mull[serve]".') from None
    from mull import api
    from mull.audit import Policy
    from mull.engine import Engine

    of_environment = (key.strip() for key in os.environ.get("MULL_API_KEY", "").split(","))
    settings = Settings(
        keys=(*keys, *_of_file(keys_file), *filter(None, of_environment)),
        policy=Policy.read(policy_file) if policy_file else None,
        **options,
    )
    engine: Engine
    if servers:
        if runner != "auto" or dtype or threads or device != "cpu":
            raise MullError("--runner, --dtype, --device and --threads are for a model that is run here.")
        from mull.engine.remote import connect

        key = os.environ.get("MULL_SERVER_KEY", "")  # never one of those that are given to this server
        engine = connect(servers, model=model, tokenizer=tokenizer, key=key, context=context)
    else:
        engine = api.load(
            model,
            runner=runner,  # type: ignore[arg-type]
            dtype=dtype,
            device=device,
            context=context,
            threads=threads,
        )
    listen(engine, settings, say=lambda text: click.echo(text, err=True))


def _of_file(path: str | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MullError(f"{path}: the keys cannot be read ({error}).") from None
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
