"""A server as a process: started, waited for until it is well, and ended without leaving anything behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import httpx2

from mull.errors import MullError

ASK, ANSWER = 0.5, 5.0  # seconds between two questions for its health, and for it to answer one
GRACE = 30.0  # seconds it has to end by itself


class Process:
    """Runs while the block lasts. Its log goes to our stderr.

    with Process(["vllm", "serve", ...], "http://127.0.0.1:8000") as server:
        server.wait_until_well(1800)
        server.wait()
    """

    def __init__(
        self, command: Sequence[str], url: str, *, environment: Mapping[str, str] | None = None
    ) -> None:
        """`url` is where it will answer, without /v1. Raises MullError where it cannot be started."""
        program = command[0]
        if shutil.which(program) is None:
            raise MullError(f"{program}: not found. Install it, or say where it is.")
        if _answers(url):
            raise MullError(f"{url}: something answers there already. Stop it, or take another --port.")
        self._url = url
        self._name = os.path.basename(program)  # noqa: PTH119 - a name, not a path
        self._popen = subprocess.Popen(
            command,
            stdout=sys.stderr.fileno(),
            stderr=sys.stderr.fileno(),
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            start_new_session=True,  # Ctrl-C comes to us, and we end it
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def wait_until_well(self, seconds: float) -> None:
        """Raises MullError if it ends before, or is not well in time."""
        until = time.monotonic() + seconds
        while not _answers(self._url, well=True):
            if (code := self._popen.poll()) is not None:
                raise MullError(f"{self._name} ended before it was ready (exit status {code}): see its log.")
            if time.monotonic() > until:
                raise MullError(
                    f"{self._name} was not ready within {seconds:.0f} s: see its log, or wait longer."
                )
            time.sleep(ASK)

    def wait(self) -> int:
        """Until it ends; its exit status."""
        return self._popen.wait()

    def stop(self) -> None:
        """End it, and everything it has started: gently first."""
        try:
            if self._popen.poll() is None:
                self._popen.terminate()
                with suppress(subprocess.TimeoutExpired):
                    self._popen.wait(GRACE)
        finally:  # also where a second Ctrl-C ends the waiting
            with suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()


def _answers(url: str, *, well: bool = False) -> bool:
    """Whether somebody answers there; with `well`, that he is."""
    try:
        reply = httpx2.get(f"{url}/health", timeout=ANSWER)
    except httpx2.HTTPError:
        return False
    return not well or reply.status_code == 200
