"""Where and on what a benchmark ran: machine, versions, commit, sizes of the models."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.models import Model
from mull.model.shapes import kv_bytes_per_token, parameters
from mull.runner.cpu import instruction_sets

PACKAGES = ("numpy", "torch", "transformers", "llama-cpp-python", "gguf")


def describe(repetitions: int) -> dict[str, Any]:
    """What a reader needs to know to repeat the numbers."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "instruction_set": (instruction_sets() or ["none"])[0],
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        "repetitions": repetitions,
    }


def busy(seconds: float = 1.0) -> float:
    """Cores at work during the next second. Unlike the load average it forgets what is over."""
    before = _idle_ticks()
    time.sleep(seconds)
    idle = (_idle_ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds
    return round(max(0.0, (os.cpu_count() or 1) - idle), 2)


def _idle_ticks() -> int:
    """Of all cores since boot, waiting for disks included."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()
    return int(fields[4]) + int(fields[5])


def commit() -> str:
    """Of the working tree, with a + where tracked files have been changed since."""
    root = Path(__file__).resolve().parents[1]
    git = ["git", "-C", str(root), "describe", "--always", "--dirty=+", "--exclude", "*"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def sizes(model: Model) -> dict[str, Any]:
    """`read`: matrix elements one step reads, that is all but an input embedding that is only looked up."""
    config = model.config
    lookup = 0 if config.tied_embeddings else config.vocab_size * config.hidden_size
    return {
        "title": model.title,
        "parameters": parameters(config),
        "read": parameters(config) - lookup,
        "kv": {"f32": kv_bytes_per_token(config, "f32"), "16": kv_bytes_per_token(config, "bf16")},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
