"""`mull export`: a model in the form other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from mull.errors import MullError


@click.command()
@click.argument("model", required=False)
@click.option("--to", "form", type=click.Choice(["hf", "gguf"]), required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder (hf) or file (gguf).")
@click.option(
    "--dtype",
    type=click.Choice(["f32", "f16", "bf16", "q8_0"]),
    default="bf16",
    show_default=True,
    help="Precision of the weights; q8_0 is llama.cpp's 8-bit.",
)
def export(model: str | None, form: str, out: Path, dtype: str) -> None:
    """Write MODEL (a folder or hub name; default: the embedded one) for transformers or llama.cpp.

    hf is a folder that transformers, vLLM and mull load; gguf is one file for llama.cpp and needs the
    extra `export`.
    """
    from mull.export import folder, gguf
    from mull.model.checkpoint import Checkpoint

    if form == "hf" and dtype == "q8_0":
        raise MullError("q8_0 is a precision of GGUF only. Use --to gguf, or --dtype f32, f16 or bf16.")
    checkpoint = Checkpoint.open(model)
    if form == "hf":
        written = folder.to_folder(checkpoint, out, cast(folder.Dtype, dtype))
        click.echo(f'{written}\n  AutoModelForCausalLM.from_pretrained("{written}")')
    else:
        written = gguf.to_gguf(checkpoint, out, cast(gguf.Dtype, dtype))
        click.echo(f"{written}\n  llama-cli -m {written}")
