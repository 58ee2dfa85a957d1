"""Load and soak: many streams, clients that go and clients that read slowly, for as long as asked.

    python benchmarks/serve.py                     # five minutes
    python benchmarks/serve.py --minutes 30        # `make soak`

A real `mull serve` on the embedded model, in a process of its own, and clients over sockets. First a while
with well-behaved clients: tokens a second against the bare engine with as many chains, measured before and
after. Then the soak: some clients hang up, some read slowly. Told in the end: how requests ended, the gap
between two chunks of a stream (median, 99th percentile), memory of the server over time (slope by least
squares, the first fifth left out), and the pages in use when all is over.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import mull
from mull.guard.choose import guards
from mull.think.line import Line

GOES, SLOW = 0.1, 0.1  # shares of clients that hang up, and that read slowly
LATE = 0.5  # seconds a slow reader waits now and then
WARM = 0.2  # of the time, left out of the slope
DRAWN = 'gen_ai_server_tokens_total{type="output"}'
CONTEXT = 256  # tokens; a small memory for keys and values is soon all touched, and grows no more
LOAD = 20.0  # seconds of each measurement of tokens a second


@dataclass
class Seen:
    """What the clients saw."""

    ends: Counter[str] = field(default_factory=Counter)
    gaps: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    tokens: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)


def question(number: int) -> str:
    names = mull.tasks.names()
    return mull.tasks.get(names[number % len(names)]).problem(split="train", level=2, index=number).question


async def bare(streams: int, seconds: float) -> tuple[float, float]:
    """Tokens a second of the engine alone, with as many chains as there will be streams, and its microseconds
    of processor a token. Guards are those of the server."""
    engine = mull.load(context=CONTEXT)
    worked = time.process_time()
    until = time.perf_counter() + seconds
    drawn = 0

    async def one(seat: int) -> None:
        nonlocal drawn
        number = seat
        while time.perf_counter() < until:
            asked = question(number)
            line = Line(guards=guards(asked, claims="observe"))
            answer = await mull.answer(asked, engine=engine, seed=number, line=line)
            drawn += answer.ledger.generated
            number += streams

    await asyncio.gather(*(one(seat) for seat in range(streams)))
    worked = time.process_time() - worked
    engine.close()
    return drawn / seconds, worked / drawn * 1e6


async def client(port: int, seat: int, streams: int, until: float, seen: Seen, *, well: bool = False) -> None:
    """Ask again and again, mostly as one should, or always (`well`)."""
    chance = random.Random(seat)
    number = seat
    while time.perf_counter() < until:
        number += streams
        manner = 1.0 if well else chance.random()
        goes, slow = manner < GOES, GOES <= manner < GOES + SLOW
        body = {"messages": [{"role": "user", "content": question(number)}], "seed": number, "stream": True,
                "stream_options": {"include_usage": True}}  # fmt: skip
        data = json.dumps(body).encode()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        except OSError:
            seen.ends["no connection"] += 1
            await asyncio.sleep(0.1)
            continue
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        writer.write(f"{head}content-length: {len(data)}\r\nconnection: close\r\n\r\n".encode() + data)
        asked = last = time.perf_counter()
        stops = asked + chance.random() * 0.5 if goes else None
        end = "broken"
        try:
            while True:
                line = await asyncio.wait_for(reader.readline(), 60)
                now = time.perf_counter()
                if not line:
                    break
                if line.startswith(b"data: "):
                    if b'"delta":{"reasoning"' in line or b'"delta":{"content":"' in line:
                        if last == asked:
                            seen.first.append(now - asked)
                        elif not slow:
                            seen.gaps.append(now - last)
                        last = now
                    if line.startswith(b"data: [DONE]"):
                        end = "done"
                        break
                    if usage := re.search(rb'"completion_tokens":(\d+)', line):
                        seen.tokens += int(usage.group(1))
                if stops is not None and now > stops:
                    end = "hung up"
                    break
                if slow and now < until and chance.random() < 0.1:
                    await asyncio.sleep(LATE)
        except (OSError, TimeoutError) as error:
            end = type(error).__name__
        seen.ends[end] += 1
        writer.close()


async def watch_memory(pid: int, until: float, seen: Seen) -> None:
    """Resident megabytes of the server, every second."""
    started = time.perf_counter()
    page = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    while time.perf_counter() < until:
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
        seen.memory.append((time.perf_counter() - started, resident))
        await asyncio.sleep(1)


def processor(pid: int) -> float:
    """Seconds of processor that a process has had."""
    after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after[11]) + int(after[12])) / os.sysconf("SC_CLK_TCK")


def slope(memory: list[tuple[float, float]]) -> float:
    """Megabytes a minute."""
    seconds, megabytes = np.array(memory[int(WARM * len(memory)) :]).T
    return float(np.polyfit(seconds, megabytes, 1)[0] * 60)


def ask(port: int, path: str) -> str:
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
        text: str = reply.read().decode()
    return text


def metric(port: int, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", ask(port, "/metrics"), re.MULTILINE)
    return float(found.group(1)) if found else 0.0


async def soak(streams: int, minutes: float) -> None:
    before = await bare(streams, LOAD)
    command = [sys.executable, "-m", "mull", "serve", "--port", "0", "--running", str(streams)]
    command += ["--context", str(CONTEXT)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        port = int(re.findall(r":(\d+) \(", server.stderr.readline())[0])
        drain = asyncio.create_task(asyncio.to_thread(server.stderr.read))  # its log

        async def crowd(seconds: float, seen: Seen, **how: bool) -> None:
            until = time.perf_counter() + seconds
            seats = range(streams)
            await asyncio.gather(*(client(port, seat, streams, until, seen, **how) for seat in seats))

        async def drawn_in(seconds: float) -> tuple[float, float]:
            await asyncio.sleep(seconds / 4)  # when all have begun
            first, worked = await asyncio.to_thread(metric, port, DRAWN), processor(server.pid)
            await asyncio.sleep(seconds / 2)
            drawn = await asyncio.to_thread(metric, port, DRAWN) - first
            return drawn / (seconds / 2), (processor(server.pid) - worked) / drawn * 1e6

        load, _ = await asyncio.gather(drawn_in(2 * LOAD), crowd(2 * LOAD, Seen(), well=True))
        after = await bare(streams, LOAD)
        alone = (before[0] + after[0]) / 2
        for name, (rate, worked) in (("bare engine, before", before), ("bare engine, after", after)):
            print(
                f"{name:20} {rate:,.0f} tokens/s with {streams} chains, {worked:.0f} µs of processor a token"
            )
        rate, worked = load
        print(f"{'served':20} {rate:,.0f} tokens/s to {streams} streams, {worked:.0f} µs of CPU a token")
        print(f"                     {rate / alone:.0%} of the bare engine", flush=True)
        seen = Seen()
        started = time.perf_counter()
        watching = asyncio.create_task(watch_memory(server.pid, started + 60 * minutes, seen))
        await crowd(60 * minutes, seen)
        seconds = time.perf_counter() - started
        await watching
        await asyncio.sleep(2)
        pages, running = metric(port, "mull_pages_used"), metric(port, "mull_running_requests")
        server.terminate()
        await drain
    gaps, first = np.array(seen.gaps) * 1000, np.array(seen.first) * 1000
    print(f"soak                 {seconds / 60:.1f} min, {GOES:.0%} hang up, {SLOW:.0%} read slowly")
    print(f"requests             {sum(seen.ends.values()):,}: {dict(seen.ends)}")
    print(f"first chunk          median {np.median(first):.0f} ms, 99 % {np.percentile(first, 99):.0f} ms")
    print(f"gap between chunks   median {np.median(gaps):.0f} ms, 99 % {np.percentile(gaps, 99):.0f} ms")
    print(f"memory               {seen.memory[-1][1]:.0f} MB, {slope(seen.memory):+.2f} MB/min")
    print(f"left at the end      {pages:.0f} pages, {running:.0f} requests")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5)
    arguments = parser.parse_args()
    asyncio.run(soak(arguments.streams, arguments.minutes))


if __name__ == "__main__":
    main()
