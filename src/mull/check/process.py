"""A process that is never waited for longer, and never listened to more, than agreed. For POSIX systems."""

from __future__ import annotations

import os
import resource
import selectors
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Literal


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: its exit code (negative: the signal), or what it was killed for; and what it said."""

    code: int
    killed: Literal["", "time", "output"]
    output: bytes
    errors: bytes


def watch(command: Sequence[str], said: bytes, *, seconds: float, output: int, memory: int) -> Ended:
    """Run it in a group and an environment of its own; if it does not end in time, the group is killed.

    said     what it reads from its standard input
    output   bytes that it may write to each of its two outputs before it is killed
    memory   bytes of address space, and no file, where the system can limit another process

    Raises OSError if it cannot be started.
    """
    deadline = monotonic() + seconds
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
        cwd="/",
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    heard = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    killed: Literal["", "time", "output"] = ""
    try:
        _limit(process.pid, seconds, memory)
        left = memoryview(said)
        os.set_blocking(process.stdin.fileno(), False)
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdin, selectors.EVENT_WRITE)
            for number in heard:
                ready.register(number, selectors.EVENT_READ)
            while ready.get_map() and not killed:
                events = ready.select(max(0.0, deadline - monotonic()))
                if not events or monotonic() > deadline:
                    killed = "time"
                for key, _ in events:
                    if key.fileobj is process.stdin:
                        left = _told(key.fd, left)
                        if not left:
                            ready.unregister(process.stdin)
                            process.stdin.close()
                        continue
                    more = os.read(key.fd, 1 << 16)
                    heard[key.fd] += more
                    if not more:
                        ready.unregister(key.fd)
                    elif len(heard[key.fd]) > output:
                        killed = "output"
        if not killed:
            try:
                process.wait(max(0.0, deadline - monotonic()))
            except subprocess.TimeoutExpired:
                killed = "time"
    finally:
        if killed or process.poll() is None:  # until it is waited for, its group's number cannot be another's
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            with suppress(BrokenPipeError):
                pipe.close()
    first, second = (bytes(part[:output]) for part in heard.values())
    return Ended(process.returncode, killed, first, second)


def _told(pipe: int, said: memoryview) -> memoryview:
    """What is still to be said after as much was written as the pipe takes; nothing where nobody listens."""
    try:
        return said[os.write(pipe, said) :] if said else said
    except BlockingIOError:
        return said
    except BrokenPipeError:
        return said[:0]


def _limit(pid: int, seconds: float, memory: int) -> None:
    """What holds even if nobody is left to watch."""
    with suppress(AttributeError, OSError):
        cpu = int(seconds) + 1
        for kind, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CPU, cpu),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.prlimit(pid, kind, (most, most))
