"""What our own stages cannot read (integrals, limits) is asked of sympy, in a process that can be killed.

The process is started when first needed, serves one question at a time, has a limit on its memory, and is
killed when a question takes too long. Without sympy and latex2sympy2_extended (`pip install "mull[grade]"`)
such pairs are undecided. This process never imports sympy.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, Thread
from typing import IO

from mull.check.grade import limits
from mull.check.grade.clean import clean
from mull.check.grade.verdict import Outcome

_COMMAND_NAMES = (
    "int iint oint lim sum prod frac sqrt sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln "
    "log exp pi infty to cdot times left right alpha beta gamma delta epsilon zeta eta theta iota kappa "
    "lambda mu nu xi rho sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Sigma Phi Psi Omega "
    "binom lfloor rfloor lceil rceil partial d"
)

LONGEST = 400  # characters of LaTeX that are handed on
_NESTED = 12  # braces within braces
_DIGITS = 12  # of a number
_STARTS = 3  # tries in a row to start the process
_SHORTEST = 0.05  # seconds; with less left there is no question
_MISSING = 'sympy and latex2sympy2_extended are not installed: pip install "mull[grade]"'

_COMMANDS = frozenset(_COMMAND_NAMES.split())
_NEEDED = re.compile(r"\\(?:int|iint|oint|lim|sum|prod|partial|frac\s*\{\s*d\b)")
_ALLOWED = re.compile(r"(?:\\[A-Za-z]+|[A-Za-z0-9\s+\-*/^_=(){}\[\],.|!'])*")


def equal(left: str, right: str) -> Outcome | None:
    """What sympy says of two answers; None if they are no mathematics that it should see."""
    one, other = _presentable(left), _presentable(right)
    if one is None or other is None or not (_NEEDED.search(one) or _NEEDED.search(other)):
        return None
    if not available():
        return Outcome(None, "symbolic", f"undecided: {_MISSING}")
    return _WORKER.ask(*sorted((one, other)))


def available() -> bool:
    """Whether what the symbolic engine needs is installed."""
    return find_spec("sympy") is not None and find_spec("latex2sympy2_extended") is not None


def warm(seconds: float = 30.0) -> bool:
    """Start the process and wait until it is ready, so that no question has to; False if it fails."""
    return available() and _WORKER.ready(seconds)


def _presentable(text: str) -> str | None:
    """The LaTeX, if it is short, shallow, and made of known commands only."""
    if len(text) > LONGEST:
        return None
    spelling = clean(text)
    if not _ALLOWED.fullmatch(spelling) or re.search(rf"\d{{{_DIGITS + 1}}}", spelling) or "__" in spelling:
        return None
    if not {command[1:] for command in re.findall(r"\\[A-Za-z]+", spelling)} <= _COMMANDS:
        return None
    if re.search(r"(?<!\\)[A-Za-z]{4}", spelling) or re.search(r"\^\s*\{?[^{}]*\^", spelling):
        return None
    depth = deepest = 0
    for character in spelling:
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(character, 0)
        deepest = max(deepest, depth)
    return spelling if deepest <= _NESTED and depth == 0 else None


class _Worker:
    """The process and the thread that reads its answers; questions wait for each other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._is_ready = False
        self._starts = 0

    def ask(self, left: str, right: str) -> Outcome:
        if not self._lock.acquire(timeout=max(0.0, limits.left())):
            return Outcome(None, "limit", "undecided: the symbolic engine is busy")
        try:
            if not self._wait_ready(limits.left()):
                if self._starts >= _STARTS and self._ended():
                    return Outcome(None, "symbolic", "undecided: the symbolic engine does not start")
                return Outcome(None, "limit", "undecided: the symbolic engine is still starting")
            if limits.left() < _SHORTEST:
                return Outcome(None, "limit", "undecided: no time is left")
            return self._question(left, right)
        finally:
            self._lock.release()

    def ready(self, seconds: float) -> bool:
        with self._lock:
            return self._wait_ready(seconds)

    def forget(self) -> None:
        """In the child of a fork: the process belongs to the parent."""
        self._lock = Lock()
        self._process, self._is_ready, self._starts = None, False, 0

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process, self._is_ready = None, False

    def _wait_ready(self, seconds: float) -> bool:
        """Starting goes on after the time is over: the next question may find it done."""
        if self._ended():
            if self._starts >= _STARTS:
                return False
            self._start()
        if not self._is_ready:
            self._is_ready = self._line(seconds) == "ready"
            if self._is_ready:
                self._starts = 0
        return self._is_ready

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _question(self, left: str, right: str) -> Outcome:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps([left, right]) + "\n")
            process.stdin.flush()
        except OSError:
            self.kill()
            return Outcome(None, "symbolic", "undecided: the symbolic engine has stopped")
        line = self._line(limits.left())
        if line is None:
            self.kill()
            return Outcome(None, "limit", "undecided: the symbolic engine took too long")
        if not line:
            self.kill()
            return Outcome(None, "symbolic", "undecided: the symbolic engine has stopped")
        verdict, reason = json.loads(line)
        return Outcome(verdict, "symbolic", reason)

    def _line(self, seconds: float) -> str | None:
        """The next line; empty if the process has ended, None if there is none in time."""
        try:
            return self._answers.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None

    def _start(self) -> None:
        self._is_ready = False
        self._starts += 1
        self._answers = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdout is not None
        Thread(target=_pump, args=(self._process.stdout, self._answers), daemon=True).start()


def _pump(stream: IO[str], answers: queue.Queue[str]) -> None:
    for line in stream:
        answers.put(line.strip())
    answers.put("")


_WORKER = _Worker()
atexit.register(_WORKER.kill)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_WORKER.forget)
