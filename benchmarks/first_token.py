"""How long a user waits for the first token: whole processes, from start to the first byte they print."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from benchmarks.models import Model
from benchmarks.process import ROOT, environment, place

QUESTION = "What is 24 + 13?"
THREADS = 2
DTYPES = {"llama.cpp": "int8", "transformers": "f32", "openvino": "int8"}


def measure(model: Model, peers: Sequence[str], repetitions: int) -> dict[str, Any]:
    """Seconds to the first byte and peak memory of each, caches warm, interleaved.

    Ours is the command line as a user calls it; a peer is the shortest script that prints one token.
    """
    embedded = [] if not model.random else ["--model", str(model.folder)]
    commands = {"mull": [sys.executable, "-m", "mull", "ask", *embedded, "--max-tokens", "64", QUESTION]}
    results: dict[str, Any] = {name: {"seconds": [], "rss": 0} for name in ("mull", *peers)}
    for peer in peers:
        try:
            where = place(model, peer, DTYPES[peer])
        except RuntimeError as error:
            results[peer] = {"error": str(error)}
        else:
            commands[peer] = [where.python, "-m", "benchmarks.peers.first", peer, where.model]
    for repetition in range(repetitions + 1):
        for name, command in commands.items():
            if "error" in results[name] or (name == "transformers" and repetition > 3):
                continue
            seconds, rss, status = _run(command)
            if status:
                results[name] = {"error": f"exit status {status}"}
            elif repetition:  # the first fills the disk's cache
                results[name]["seconds"].append(seconds)
                results[name]["rss"] = rss
    return results


def _run(command: Sequence[str]) -> tuple[float, int, int]:
    """Seconds to the first byte of output, peak memory in bytes, exit status."""
    started = perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(THREADS),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    )
    assert process.stdout is not None
    process.stdout.read(1)
    seconds = perf_counter() - started
    while process.stdout.read(1 << 16):
        pass
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    process.stdout.close()
    return seconds, usage.ru_maxrss * 1024, status
