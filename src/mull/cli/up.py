"""`mull up`: start a server that others have made, with the settings that strategies need."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from typing import Any

import click

from mull.errors import CheckpointError, MullError


@click.group()
def up() -> None:
    """Start a server for --server: vllm."""


@up.command(context_settings={"ignore_unknown_options": True})
@click.argument("model")
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--tensor-parallel", "tensor", default=1, type=click.IntRange(1), help="GPUs that share each layer."
)
@click.option(
    "--pipeline-parallel", "pipeline", default=1, type=click.IntRange(1), help="GPUs that share the layers."
)
@click.option("--ray", is_flag=True, help="Over the nodes of the Ray cluster that this machine belongs to.")
@click.option("--context", type=click.IntRange(32), help="Longest chain in tokens. Default: the model's own.")
@click.option("--gpu-gb", type=click.FloatRange(1), help="Memory of one GPU. Default: as nvidia-smi says.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--name", help="The model's name on the server. Default: MODEL.")
@click.option("--program", default="vllm", show_default=True, help="Where vLLM is.")
@click.option("--wait", default=1800.0, show_default=True, help="Seconds it has to be ready.")
@click.option("--plan", is_flag=True, help="Only say what fits, and the command.")
def vllm(
    model: str, more: tuple[str, ...], gpu_gb: float | None, wait: float, plan: bool, **given: Any
) -> None:
    """Start stock `vllm serve` for MODEL (a folder or hub name) and wait until it is ready.

    Its log goes to stderr; Ctrl-C ends it and all it has started. What stands in MORE goes to vLLM as it is,
    e.g. `mull up vllm Qwen/QwQ-32B --tensor-parallel 2 -- --quantization fp8`. vLLM is not part of mull:
    install it in an environment of its own, and name it with --program if it is not on the path.
    """
    from mull.up.process import Process
    from mull.up.vllm import LOCAL, command

    if given["host"] not in LOCAL and not os.environ.get("VLLM_API_KEY"):
        raise MullError("a server that others can reach needs a key: set VLLM_API_KEY, or leave --host out.")
    _say_fit(model, gpu_gb, given["tensor"], given["pipeline"], given["context"])
    said = command(model, more=more, **given)
    click.echo(shlex.join(said), err=not plan)
    if plan:
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    root = f"http://{_reachable(given['host'])}:{given['port']}"
    with Process(said, root) as server:
        server.wait_until_well(wait)
        click.echo(f"ready: mull ask --server {root}/v1 ...")
        code = server.wait()
    sys.exit(code)


def _say_fit(model: str, gpu_gb: float | None, tensor: int, pipeline: int, context: int | None) -> None:
    """What fits, on stderr."""
    from mull.model.checkpoint import Checkpoint
    from mull.up.vllm import fit, gpu_memory

    try:
        files = Checkpoint.open(model, weights=False)
    except CheckpointError as error:
        click.echo(f"[memory is not reckoned: {error}]", err=True)
        return
    memory = int(gpu_gb * 1e9) if gpu_gb else gpu_memory()
    if memory is None:
        click.echo("[memory is not reckoned: no GPU is found here; say --gpu-gb]", err=True)
        return
    stored = sum(path.stat().st_size for path in files.folder.glob("*.safetensors")) or None
    found = fit(files.config, memory, tensor=tensor, pipeline=pipeline, context=context, weights=stored)
    click.echo(f"[{model} on {found}]", err=True)
    if found.chains < 1:
        click.echo(
            "[not one whole chain fits: take more GPUs (--tensor-parallel), a shorter --context, or fewer "
            "bits (--quantization fp8, which this reckoning does not know of)]",
            err=True,
        )


def _reachable(host: str) -> str:
    """Where a server on this host answers from here."""
    return "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host
