"""What a training run ran on: code, packages, processor."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mull.bench.checkout import commit as commit
from mull.runner.cpu import instruction_sets, usable_cores

PACKAGES = ("mull", "numpy", "torch", "tokenizers", "safetensors")


def packages() -> dict[str, str]:
    """Versions of Python and of what numbers can depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def describe() -> dict[str, str | int | float]:
    """Processor, cores in use, memory in GB (10^9 bytes), instruction set of our runner, system."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "memory": round(memory / 1e9, 1),
        "instruction_set": (instruction_sets() or ["none"])[0],
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
