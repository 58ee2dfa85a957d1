"""Runners: one network step for a batch of chains, behind the interface in `base`.

reference  numpy; the definition, and what runs where nothing was compiled
cpu        C; fast, built by the package's build
torch      GPUs; needs the extra `torch`

Nothing is imported before it is asked for.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from typing import Literal, get_args

from mull.errors import MullError
from mull.model.config import Config
from mull.runner.base import Floats, Limits, Rows, Runner

Name = Literal["auto", "cpu", "reference", "torch"]
Dtype = Literal["f32", "bf16", "int8"]
Device = Literal["cpu", "cuda"]

__all__ = ["Device", "Dtype", "Floats", "Limits", "Name", "Rows", "Runner", "describe", "load"]

_NOT_BUILT = (
    "not compiled: no C compiler was found at installation. Install gcc or clang, "
    "then `pip install --force-reinstall --no-deps mull` (or `-e .`)"
)


def load(
    config: Config,
    weights: Mapping[str, Floats],
    *,
    name: str = "auto",
    dtype: str = "f32",
    pages: int,
    page_size: int = 16,
    threads: int | None = None,
    device: str = "cpu",
) -> Runner:
    """A runner for these weights. `auto` is torch on a GPU, else cpu, else reference with a notice.

    dtype    f32, bf16 or int8 (cpu), f32 or bf16 (torch); the reference only has f32
    threads  of the cpu runner; None takes all cores this process may use
    """
    if name not in get_args(Name) or device.split(":")[0] not in get_args(Device):
        raise MullError(
            f"there is no runner {name!r} on {device!r}; choose from {', '.join(get_args(Name))} "
            f"and {', '.join(get_args(Device))}."
        )
    if name == "torch" or (name == "auto" and device != "cpu"):
        if importlib.util.find_spec("torch") is None:
            raise MullError("the torch runner needs torch: pip install 'mull[torch]'.")
        from mull.runner.torch import TorchRunner

        return TorchRunner(config, weights, dtype=dtype, device=device, pages=pages, page_size=page_size)
    if device != "cpu":
        raise MullError(f"the {name} runner has no device {device!r}; use the torch runner.")
    from mull.runner import cpu

    if name == "cpu" or (name == "auto" and cpu.instruction_sets()):
        return cpu.CpuRunner(config, weights, dtype=dtype, pages=pages, page_size=page_size, threads=threads)
    if name == "auto":
        print(f"mull: the fast CPU runner was {_NOT_BUILT}. Using numpy in float32, slower.", file=sys.stderr)
    elif dtype != "f32":
        raise MullError(f"the reference runner has dtype f32 only, not {dtype}.")
    from mull.runner.reference import ReferenceRunner

    return ReferenceRunner(config, weights, pages=pages, page_size=page_size)


def describe() -> list[tuple[str, str]]:
    """Each runner's name, and what it is here or why it is missing. Imports no torch."""
    from mull.runner import cpu

    sets = cpu.instruction_sets()
    found = f"C; {', '.join(sets)}; {cpu.usable_cores()} threads; f32, bf16, int8"
    has_torch = importlib.util.find_spec("torch") is not None
    torch = "PyTorch; CPU or CUDA; f32, bf16" if has_torch else "not installed: pip install 'mull[torch]'"
    return [("cpu", found if sets else _NOT_BUILT), ("reference", "numpy; f32"), ("torch", torch)]
