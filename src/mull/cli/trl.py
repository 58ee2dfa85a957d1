"""`mull train sft|rl --backend trl`: the options of the TRL backend, and how a command finds its backend."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mull.errors import MullError

if TYPE_CHECKING:
    from mull.train.adapters.trl import Plan

CONFIGS = ("cpu", "fsdp2", "zero3")

backend_option = click.option(
    "--backend",
    type=click.Choice(["mull", "trl"]),
    default="mull",
    show_default=True,
    expose_value=False,
    help="trl: models of real size, with other options (--backend trl --help).",
)


class Backends(click.Group):
    """A group in which `--backend trl` among a command's arguments picks TRL's command of that name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if _backend(args) == "trl" and args[0] in COMMANDS:
            return args[0], COMMANDS[args[0]], args[1:]
        return super().resolve_command(ctx, args)


def _backend(args: list[str]) -> str | None:
    for arg, after in zip(args, [*args[1:], ""], strict=True):
        if arg.startswith("--backend"):
            return after if arg == "--backend" else arg.partition("=")[2]
    return None


_OPTIONS = (
    click.option("-m", "--model", help="Folder or hub name. Default: the embedded model."),
    click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the run."),
    click.option("--steps", type=click.IntRange(1), required=True, help="Updates of the weights."),
    click.option("--family", "families", multiple=True, help="Default: all. May be repeated."),
    click.option("--levels", default="1,2,3", show_default=True, help="Comma-separated."),
    click.option(
        "--count", default=1000, show_default=True, type=click.IntRange(1), help="Problems of each."
    ),
    click.option(
        "--bare", is_flag=True, help="Do not say how to write the answer. The embedded model is never told."
    ),
    click.option("--seed", default=0, show_default=True),
    click.option(
        "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A field of TRL's config; repeatable."
    ),
    click.option("--resume", is_flag=True, help="Continue the run in --out after a stop or a crash."),
    backend_option,
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@_options
def sft(resume: bool, **options: Any) -> None:
    """Supervised training on worked thoughts with TRL's SFTTrainer. The finished model is in OUT/model.

    \b
    On eight GPUs:
      accelerate launch --config_file "$(mull train config fsdp2)" --num_processes 8 \\
        -m mull train sft --backend trl --model Qwen/Qwen2.5-1.5B --steps 500 --out runs/sft
    """
    from mull.train.adapters import trl

    _tell(trl.sft(_plan(**options), resume))


@click.command()
@_options
def rl(resume: bool, **options: Any) -> None:
    """Reinforcement learning with TRL's GRPOTrainer; the scorer is the reward. The model is in OUT/model.

    Dr. GRPO with DAPO's upper clip. Where there is a GPU and vLLM, vLLM samples.

    \b
    On eight GPUs:
      accelerate launch --config_file "$(mull train config fsdp2)" --num_processes 8 \\
        -m mull train rl --backend trl --model runs/sft/model --steps 200 --out runs/rl
    """
    from mull.train.adapters import trl

    _tell(trl.rl(_plan(**options), resume))


COMMANDS: dict[str, click.Command] = {"sft": sft, "rl": rl}


@click.command()
@click.argument("name", type=click.Choice(CONFIGS))
def config(name: str) -> None:
    """Print where a configuration for `accelerate launch --config_file` is.

    cpu: processes on a CPU (gloo); fsdp2: PyTorch's sharding; zero3: DeepSpeed's.
    """
    click.echo(files("mull.train.adapters").joinpath("configs", f"{name}.yaml"))


def _plan(
    model: str | None,
    out: Path,
    steps: int,
    families: tuple[str, ...],
    levels: str,
    count: int,
    bare: bool,
    seed: int,
    settings: tuple[str, ...],
) -> Plan:
    from mull.train.adapters.rows import Selection
    from mull.train.adapters.trl import Plan

    return Plan(
        out=out,
        steps=steps,
        selection=Selection.parse(families, levels, count, bare or model is None),
        model=model,
        seed=seed,
        settings=dict(map(_setting, settings)),
    )


def _setting(text: str) -> tuple[str, Any]:
    """NAME=VALUE; the value is JSON where it can be read so, else text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise MullError(f"--set {text}: write NAME=VALUE, for example learning_rate=2e-6")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _tell(folder: Path) -> None:
    if os.environ.get("RANK", "0") == "0":  # of several processes, the first
        click.echo(f"the model is in {folder}\n  mull train evaluate {folder}")
