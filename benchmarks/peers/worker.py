"""One peer in a process of its own: commands come as JSON lines on stdin, answers go out as JSON lines.

    python -m benchmarks.peers.worker PEER MODEL DTYPE THREADS

prefill  {"prompts", "copies", "room"}  -> {"wall", "cpu"}                 seconds
decode   {"new", "temperature"}         -> {"wall", "cpu", "tokens", "ids"}
call     {"method", "arguments"}        -> {"value"}                       anything else the peer offers
All answers carry "rss": the most memory the process has ever held, in bytes.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.peers import Peer, load


def main() -> None:
    name, model, dtype, threads = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers

    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer | {"rss": peak_memory()}) + "\n")
        answers.flush()

    started = perf_counter()
    try:
        peer = load(name)(model, dtype, int(threads))  # type: ignore[arg-type]
        say({"load": perf_counter() - started})
        for line in sys.stdin:
            say(run(peer, json.loads(line)))
    except Exception as error:  # the other side decides what a failing peer means
        say({"error": f"{type(error).__name__}: {error!s:.300}"})
        raise


def run(peer: Peer, command: dict[str, Any]) -> dict[str, Any]:
    do = command.pop("do")
    if do == "prefill":
        _, times = timed(lambda: peer.prefill(**command))
        return times
    if do == "call":
        return {"value": getattr(peer, command["method"])(**command["arguments"])}
    new, temperature = command["new"], command["temperature"]
    before = {"wall": 0.0, "cpu": 0.0}
    if peer.whole:
        _, before = timed(lambda: peer.decode(1, temperature))
        new += 1
    ids, times = timed(lambda: peer.decode(new, temperature))
    ids = [chain[: command["new"]] for chain in ids]
    return {
        "wall": times["wall"] - before["wall"],
        "cpu": times["cpu"] - before["cpu"],
        "tokens": sum(map(len, ids)),
        "ids": ids if command.get("ids") else None,
    }


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    wall, cpu = perf_counter(), process_time()
    value = work()
    return value, {"wall": perf_counter() - wall, "cpu": process_time() - cpu}


def peak_memory() -> int:
    """Linux's VmHWM; unlike getrusage it does not count the process this one was started from."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    main()
